"""What each page shows, gathered from the store before a template sees it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dashboard.charts import history_chart, totals_bar
from dashboard.decided import cluster_of
from dashboard.filters import PAGE_SIZE
from dashboard.nights import former_ids, standing_counts
from dashboard.words import bound_of
from harness.model import PairFilter, RunState, Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from dashboard.charts import HistoryChart, Segment
    from dashboard.decided import DecidedRuns
    from dashboard.filters import PairQuery, Standing
    from dashboard.nights import FormerId
    from harness.model import ClusterRow, ConfirmPolicy, DivergenceRow, HistoryEntry, Page, PairResult, PairRow, RunOverview, RunSummary
    from harness.ports import Store

FIRST_PAIRS = 10
HISTORY = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """A fact of both sides; None where a side does not have it. `differs` where parity says so."""

    name: str
    legacy: str | None
    shadow: str | None
    differs: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RunView:
    """One run: `decided` is None while it runs and where it died without a decision; `facts` are those of both sides."""

    run: RunSummary
    decided: RunOverview | None
    bar: tuple[Segment, ...]
    bound: str | None
    unconfirmed: bool
    first: Page[PairRow] | None
    facts: tuple[Fact, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class OverviewView:
    """The front page: runs under way, the latest decided run, later ones that died without a decision, the history (newest first), and how many
    divergences there are over the nights.
    """

    running: tuple[RunSummary, ...]
    died: tuple[RunSummary, ...]
    latest: RunView | None
    runs: tuple[RunSummary, ...]
    chart: HistoryChart | None
    standing: Mapping[Standing, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunsView:
    """A page of the history; `older` is the run id to continue after, None on the last page."""

    runs: tuple[RunSummary, ...]
    older: str | None
    first: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PairsView:
    """A page of a run's pairs under a filter."""

    run: RunSummary
    query: PairQuery
    page: Page[PairRow]


@dataclass(frozen=True, slots=True, kw_only=True)
class PairView:
    """One pair with its cluster, and what became of the test over the runs (newest first), with the ids it had. `confirm` is how the run confirmed
    divergences, `divergence` how the test goes over the nights, `asked` the id that was asked for where the run knows the test under another.
    """

    run: RunSummary
    pair: PairResult
    confirm: ConfirmPolicy | None
    cluster: ClusterRow | None
    history: tuple[HistoryEntry, ...]
    former: tuple[FormerId, ...]
    divergence: DivergenceRow | None
    asked: str | None


def overview(store: Store, decided_runs: DecidedRuns) -> OverviewView:
    """Gather the front page."""
    runs = tuple(store.runs(limit=HISTORY))
    latest = store.latest()
    return OverviewView(
        running=tuple(run for run in runs if run.state is RunState.RUNNING),
        died=tuple(run for run in runs if run.state is RunState.INCOMPLETE and not run.totals and (not latest or run.started_at > latest.started_at)),
        latest=run_view(store, decided_runs, latest) if latest else None,
        runs=runs,
        chart=history_chart(_same_suite(runs, latest)),
        standing=standing_counts(store),
    )


def run_view(store: Store, decided_runs: DecidedRuns, run: RunSummary) -> RunView:
    """Gather one run."""
    decided = decided_runs.of(run)
    if decided is None:
        return RunView(run=run, decided=None, bar=(), bound=None, unconfirmed=False, first=None)
    before = _complete_before(store, run)
    return RunView(
        run=run,
        decided=decided,
        bar=totals_bar(run.totals, before.totals if before else None) if run.totals else (),
        bound=bound_of(decided.run.confirm, decided.totals.divergent, decided.unconfirmed),
        unconfirmed=decided.unconfirmed > 0,
        first=store.pairs(run.id, PairFilter(verdict=Verdict.DIVERGENT), limit=FIRST_PAIRS),
        facts=_facts(decided),
    )


def runs_view(store: Store, before: str | None) -> RunsView:
    """Gather a page of the history."""
    runs = tuple(store.runs(limit=HISTORY + 1, before=before))
    shown = runs[:HISTORY]
    return RunsView(runs=shown, older=shown[-1].id if len(runs) > HISTORY else None, first=before is None)


def pairs_view(store: Store, run: RunSummary, query: PairQuery) -> PairsView:
    """Gather a page of pairs. Raises StoreError for a key that is not one of this list's."""
    page = store.pairs(run.id, query.where, after=query.after, limit=PAGE_SIZE)
    return PairsView(run=run, query=query, page=page)


def pair_view(store: Store, decided_runs: DecidedRuns, run: RunSummary, pair: PairResult, *, asked: str) -> PairView:
    """Gather one pair; `asked` is the id in the address."""
    decided = decided_runs.of(run)
    history = tuple(store.history(pair.test_id))
    return PairView(
        run=run,
        pair=pair,
        confirm=decided.run.confirm if decided else None,
        cluster=cluster_of(decided, pair.cluster),
        history=history,
        former=former_ids(store, pair.test_id, history),
        divergence=store.divergence(pair.test_id, suite=run.suite),
        asked=None if asked == pair.test_id else asked,
    )


def _complete_before(store: Store, run: RunSummary) -> RunSummary | None:
    """The run that changes are told against: counts of incomplete runs are low for want of results, so none is compared."""
    if run.state is not RunState.COMPLETE:
        return None
    earlier = store.runs(limit=HISTORY, before=run.id)
    return next((other for other in earlier if other.state is RunState.COMPLETE and other.suite == run.suite), None)


def _same_suite(runs: Sequence[RunSummary], latest: RunSummary | None) -> tuple[RunSummary, ...]:
    return tuple(run for run in runs if latest is None or run.suite == latest.suite)


def _facts(decided: RunOverview) -> tuple[Fact, ...]:
    differing = {difference.name for difference in decided.parity}
    names = sorted(set(decided.legacy) | set(decided.shadow))
    return tuple(Fact(name=name, legacy=decided.legacy.get(name), shadow=decided.shadow.get(name), differs=name in differing) for name in names)
