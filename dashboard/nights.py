"""What the pages about divergences over the nights show, gathered from the store."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from compare.nights import intermittents, now_and_then
from dashboard.filters import PAGE_SIZE, Standing
from harness.model import ConfirmPolicy, DivergenceFilter

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from compare.nights import Intermittent
    from dashboard.decided import DecidedRuns
    from dashboard.filters import DivergenceQuery
    from harness.model import DivergenceRow, HistoryEntry, Page, RenameReason
    from harness.ports import Store

MOST_INTERMITTENT: Final = 500
"""Intermittent tests that one page shows."""

_RUNS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class DivergencesView:
    """A page of divergences over the nights under a filter; `counts` are of all divergences by where they stand."""

    query: DivergenceQuery
    page: Page[DivergenceRow]
    counts: Mapping[Standing, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowedSuite:
    """What the e-processes of one suite rest on: tests whose nightly pair differed in some nights, and nights since suite and data changed last."""

    name: str
    tests: int
    nights: int
    alpha: float


@dataclass(frozen=True, slots=True, kw_only=True)
class IntermittentView:
    """Tests that one side fails more often than the other, over all suites; `total` counts them, `rows` are the first."""

    rows: tuple[Intermittent, ...]
    total: int
    suites: tuple[FollowedSuite, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FormerId:
    """An id that a test had until a run."""

    old: str
    new: str
    reason: RenameReason
    run_id: str
    started_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowedTestView:
    """One test over the nights, under the name it has now: its divergence (None where no night saw one), its runs, the ids it had (newest first)."""

    test_id: str
    divergence: DivergenceRow | None
    history: tuple[HistoryEntry, ...]
    former: tuple[FormerId, ...]
    asked: str | None


def divergences_view(store: Store, query: DivergenceQuery) -> DivergencesView:
    """Gather a page of divergences. Raises StoreError for a key that is not one of this list's."""
    return DivergencesView(
        query=query, page=store.divergences(query.where, after=query.after, limit=PAGE_SIZE), counts=standing_counts(store, query.suite)
    )


def standing_counts(store: Store, suite: str | None = None) -> Mapping[Standing, int]:
    """How many divergences there are, by where they stand."""
    told = (Standing.REOPENED, Standing.CONVERGED, Standing.REMOVED, Standing.ANY)
    counts = {standing: store.divergences(DivergenceFilter(states=standing.states, suite=suite), limit=1).total for standing in told}
    return {Standing.OPEN: max(0, counts[Standing.ANY] - counts[Standing.CONVERGED] - counts[Standing.REMOVED]), **counts}


def intermittent_view(store: Store, decided_runs: DecidedRuns) -> IntermittentView:
    """Judge the nightly pairs of each suite at the level of its newest decided run."""
    alphas: dict[str, float] = {}
    for run in store.runs(limit=_RUNS):
        if run.suite not in alphas and (decided := decided_runs.of(run)) is not None:
            alphas[run.suite] = decided.run.confirm.alpha
    counted = now_and_then(store.discordances())
    rows: list[Intermittent] = []
    suites = []
    for name in sorted({item.suite for item in counted}):
        of_suite = [item for item in counted if item.suite == name]
        alpha = alphas.get(name, ConfirmPolicy().alpha)
        rows += intermittents(of_suite, alpha=alpha)
        suites.append(FollowedSuite(name=name, tests=len(of_suite), nights=of_suite[0].nights, alpha=alpha))
    return IntermittentView(rows=tuple(rows[:MOST_INTERMITTENT]), total=len(rows), suites=tuple(suites))


def view_of_test(store: Store, test_id: str, suite: str | None) -> FollowedTestView | None:
    """Gather one test, also by an id that it had before; None where the store knows nothing of it."""
    found = store.divergence(test_id, suite=suite)
    name = found.test_id if found else test_id
    history = tuple(store.history(name))
    if found is None and not history:
        return None
    return FollowedTestView(
        test_id=name, divergence=found, history=history, former=former_ids(store, name, history), asked=None if name == test_id else test_id
    )


def former_ids(store: Store, test_id: str, history: Sequence[HistoryEntry]) -> tuple[FormerId, ...]:
    """The ids that a test had in the runs of its history, the newest first."""
    found: list[FormerId] = []
    for entry in history:
        now = found[-1].old if found else test_id
        found += [
            FormerId(old=rename.old, new=rename.new, reason=rename.reason, run_id=entry.run_id, started_at=entry.started_at)
            for rename in store.renames(entry.run_id)
            if rename.new == now
        ]
    return tuple(found)


def other_ids(store: Store, test_id: str) -> tuple[str, ...]:
    """Under which other ids a run may hold a test: what it is called now, and what it was called before."""
    followed = store.divergence(test_id)
    name = followed.test_id if followed else test_id
    ids = (name, *(former.old for former in former_ids(store, name, store.history(name))))
    return tuple(dict.fromkeys(other for other in ids if other != test_id))
