"""What the store answers: rows for pages and histories. Nothing of SQLAlchemy leaves the store."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from harness.model.attempt import Frame
    from harness.model.comparison import ParityDifference, Totals
    from harness.model.evidence import InfrastructureFailure, RunHeader
    from harness.model.vacuous import VacuousSurvey
    from harness.model.vocabulary import Direction, Outcome, RunState, Verdict

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """Where a running run stands. `step` is a step of the pipeline; counts are of finished attempts of the full run; `total` is None until known."""

    step: str
    legacy_done: int = 0
    shadow_done: int = 0
    total: int | None = None
    candidates: int = 0
    pair: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSummary:
    """A line of the history. `totals` and `exit` are None while the run is under way."""

    id: str
    suite: str
    started_at: datetime
    finished_at: datetime | None
    state: RunState
    totals: Totals | None
    exit: int | None
    progress: Progress | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PairRow:
    """A line of the list of pairs. `path` and `line` are the frame inside the suite where the failure shows."""

    test_id: str
    verdict: Verdict
    direction: Direction | None
    confirmed: bool | None
    e_value: float | None
    legacy_outcome: Outcome | None
    shadow_outcome: Outcome | None
    cluster: str | None
    exception: str | None
    path: str | None
    line: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PairFilter:
    """Which pairs to list: all given conditions hold. `text` is looked for in the test id, case-insensitively."""

    verdict: Verdict | None = None
    direction: Direction | None = None
    cluster: str | None = None
    text: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Generic[T]):
    """A page by key: pass `next_key` as `after` for the next one; None on the last. `total` counts all that match."""

    rows: tuple[T, ...]
    next_key: str | None
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryEntry:
    """One run's verdict on one test, newest first in a history."""

    run_id: str
    started_at: datetime
    verdict: Verdict
    direction: Direction | None
    legacy_outcome: Outcome | None
    shadow_outcome: Outcome | None
    e_value: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterRow:
    """A cluster with the number of its tests in place of their ids."""

    id: str
    exception: str
    template: str
    frame: Frame | None
    tests: int
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOverview:
    """A decided run without its pairs, however many there are. `unconfirmed` counts the divergent pairs that were not confirmed."""

    run: RunHeader
    totals: Totals
    exit: int
    unconfirmed: int
    clusters: tuple[ClusterRow, ...]
    parity: tuple[ParityDifference, ...]
    legacy: Mapping[str, str]
    shadow: Mapping[str, str]
    infrastructure: tuple[InfrastructureFailure, ...]
    warnings: tuple[str, ...]
    vacuity: VacuousSurvey | None = None
