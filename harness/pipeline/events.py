"""What happens during a run, in order. Progress bars, the live page and the log are handlers of the same events."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from harness.model import Comparison, InfrastructureFailure, Outcome, Plan, RunHeader, Side


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStarted:
    """A run begins, or goes on where `resumed`; its bundle is at `bundle`."""

    run: RunHeader
    plan: Plan
    bundle: Path
    resumed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvironmentReady:
    """A side's environment is up."""

    side: Side


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectionFinished:
    """A session of the full run knows its tests."""

    side: Side
    tests: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptFinished:
    """A test ended. `pair` is 0 in the full run."""

    side: Side
    test_id: str
    outcome: Outcome
    pair: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionRestarted:
    """A process died or was ended in the tests `guilty`; the rest goes on in a fresh one."""

    side: Side
    reason: str
    guilty: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmationStarted:
    """The full run is over; `candidates` pairs differ and are rerun."""

    candidates: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PairConfirmed:
    """The `number`-th fresh pair is done: so many candidates are confirmed, dropped and open now."""

    number: int
    confirmed: int
    dropped: int
    open: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderSearchStarted:
    """Candidates that agree alone are rerun behind their predecessors, within a budget of executions."""

    suspects: int
    budget: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderSearched:
    """The search for order-dependence is over: so many steps, so many tests that depend on the order."""

    steps: int
    dependent: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FloorStarted:
    """Each side is compared with itself on `sample` tests, and `flaky` tests are rerun again and again."""

    sample: int
    flaky: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FloorMeasured:
    """The A/A run is over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourcesStarted:
    """The suite's source is searched for what only the production copy holds; the identity index is made first, where the data has changed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourcesRead:
    """The search is over: so many known literals, reached by so many tests; `unavailable` says why there was none, else it is empty."""

    literals: int
    tests: int
    unavailable: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExperimentsStarted:
    """So many divergent tests are experimented on, within a budget of executions."""

    tests: int
    budget: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ExperimentsFinished:
    """The experiments are over: so many executions of so many tests; `fault` names the error that ended them early, else it is empty."""

    executions: int
    tests: int
    fault: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class InfrastructureFailed:
    """A fault of an environment or of the harness; the run will be incomplete."""

    failure: InfrastructureFailure


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFinished:
    """Everything is recorded and decided."""

    comparison: Comparison
    bundle: Path


Event = (
    RunStarted
    | EnvironmentReady
    | CollectionFinished
    | AttemptFinished
    | SessionRestarted
    | ConfirmationStarted
    | PairConfirmed
    | OrderSearchStarted
    | OrderSearched
    | FloorStarted
    | FloorMeasured
    | SourcesStarted
    | SourcesRead
    | ExperimentsStarted
    | ExperimentsFinished
    | InfrastructureFailed
    | RunFinished
)
