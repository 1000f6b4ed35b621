"""What was decided of a run: pairs with their verdicts, clusters, parity."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from harness.model.vocabulary import Remedy, Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from harness.model.attempt import Failure, Frame
    from harness.model.cause import Coupling, ExperimentResult
    from harness.model.evidence import InfrastructureFailure, RunHeader
    from harness.model.observation import ObservationResult
    from harness.model.rerun import Floor, OrderDependence
    from harness.model.suggestion import Suggestion
    from harness.model.vacuous import VacuousReason, VacuousSurvey
    from harness.model.vocabulary import Cause, Direction, Outcome, Side


@dataclass(frozen=True, slots=True, kw_only=True)
class SideResult:
    """One side of a pair. `outcome` and `failure` are of the full run, None where the side did not get to run it; `attempts` and `failed`
    count all attempts.
    """

    outcome: Outcome | None
    attempts: int = 1
    failed: int = 0
    seconds: float | None = None
    failure: Failure | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PairResult:
    """A test's attempts on both sides and what follows from them: the primary row everywhere.

    `confirmed` is None unless the pair differed; `e_value` is None where nothing was rerun; `reason` is for a person to read;
    `fingerprint` names the failure (`compare.fingerprint`), `cluster` the divergences that share one. `observations` are those of the full run that
    differ or were cut short, `couplings` what the test depends on in the real data, `vacuous` why its pass means less on shadow,
    `experiments` what was tried on it, `suggestion` what can be done about it.
    """

    test_id: str
    legacy: SideResult
    shadow: SideResult
    verdict: Verdict
    reason: str
    direction: Direction | None = None
    confirmed: bool | None = None
    e_value: float | None = None
    fingerprint: str | None = None
    cluster: str | None = None
    cause: Cause | None = None
    remedy: Remedy = Remedy.NONE
    order: OrderDependence | None = None
    observations: tuple[ObservationResult, ...] = ()
    couplings: tuple[Coupling, ...] = ()
    vacuous: tuple[VacuousReason, ...] = ()
    experiments: tuple[ExperimentResult, ...] = ()
    suggestion: Suggestion | None = None

    def of(self, side: Side) -> SideResult:
        """The result of one side."""
        return self.legacy if side.value == "legacy" else self.shadow

    @property
    def is_remarkable(self) -> bool:
        """Whether more is to be said of it than that both sides agree."""
        return bool(self.verdict is not Verdict.EQUIVALENT or self.vacuous or self.couplings or self.order or self.observations)

    @property
    def failure(self) -> Failure | None:
        """The failure to show: shadow's, or else legacy's."""
        return self.shadow.failure or self.legacy.failure


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """Divergences with one fingerprint, mended by one change. `sentence` says what they have in common."""

    id: str
    exception: str
    template: str
    frame: Frame | None
    tests: tuple[str, ...]
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ParityDifference:
    """A fact that differs between the sides apart from the data; None where a side does not have it."""

    name: str
    legacy: str | None
    shadow: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """Counts of pairs by verdict."""

    tests: int = 0
    equivalent: int = 0
    divergent: int = 0
    flaky: int = 0
    both_failing: int = 0
    inconclusive: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """A run with everything decided. `pairs` are sorted by test id; `exit` is the exit code that a command gives for it."""

    run: RunHeader
    pairs: Sequence[PairResult]
    totals: Totals
    exit: int
    clusters: tuple[Cluster, ...] = ()
    parity: tuple[ParityDifference, ...] = ()
    legacy: Mapping[str, str] = field(default_factory=dict)
    shadow: Mapping[str, str] = field(default_factory=dict)
    infrastructure: tuple[InfrastructureFailure, ...] = ()
    warnings: tuple[str, ...] = ()
    floor: Floor | None = None
    vacuity: VacuousSurvey | None = None
    latent: tuple[Coupling, ...] = ()

    @property
    def remarkable(self) -> Sequence[PairResult]:
        """The pairs of which more is to be said than that both sides agree, by test id. In a large suite they are few, and the others need not be
        looked at.
        """
        known: Sequence[PairResult] | None = getattr(self.pairs, "remarkable", None)
        return tuple(pair for pair in self.pairs if pair.is_remarkable) if known is None else known
