"""Fakes of the ports, for tests that need one in the way but not under test."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from itertools import groupby, pairwise

from harness.errors import StoreError
from harness.model import (
    Carried,
    ClusterRow,
    Comparison,
    Discordance,
    DivergenceFilter,
    DivergenceRow,
    HistoryEntry,
    Moment,
    Page,
    PairFilter,
    PairResult,
    PairRow,
    Progress,
    RecordedRename,
    Rename,
    Retention,
    RunHeader,
    RunOverview,
    RunState,
    RunSummary,
    Tombstone,
    Verdict,
)
from tests.following import (
    Standing,
    advance,
    carried_standing,
    digest_of,
    discordances_of,
    divergence_key,
    divergence_matches,
    divergence_order,
    divergence_row,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Run:
    header: RunHeader
    state: RunState
    progress: Progress | None = None
    comparison: Comparison | None = None

    @property
    def moment(self) -> Moment:
        return Moment(at=self.header.started_at, run_id=self.header.id)

    @property
    def is_night(self) -> bool:
        return self.comparison is not None and self.header.complete and self.header.whole


class MemoryStore:
    """A store that forgets everything when it ends; passes the same suite as the real ones (tests/contract/test_store.py)."""

    def __init__(self) -> None:
        self._runs: dict[str, _Run] = {}
        self._renames: dict[str, tuple[RecordedRename, ...]] = {}
        self._tombstones: dict[str, Tombstone] = {}
        self._carried: dict[str, Carried] = {}
        self.closed = False

    def begin_run(self, run: RunHeader) -> None:
        self._renames.pop(run.id, None)
        self._tombstones.pop(run.id, None)
        self._runs[run.id] = _Run(header=run, state=RunState.RUNNING)

    def progress(self, run_id: str, progress: Progress) -> None:
        run = self._runs.get(run_id)
        if run is not None and run.state is RunState.RUNNING:
            self._runs[run_id] = replace(run, progress=progress)

    def save(self, comparison: Comparison, *, renames: Sequence[Rename] = ()) -> None:
        pairs = tuple(comparison.pairs)
        ids = [pair.test_id for pair in pairs]
        if any(first >= second for first, second in pairwise(ids)):
            raise StoreError("the pairs of a comparison are not sorted by test id, or name a test twice")
        if len({item.old for item in renames}) < len(renames) or len({item.new for item in renames}) < len(renames):
            raise StoreError("a test id stands twice among the old or the new ids of a run's renames")
        state = RunState.COMPLETE if comparison.run.complete else RunState.INCOMPLETE
        saved = _Run(header=comparison.run, state=state, comparison=replace(comparison, pairs=pairs))
        self._runs[comparison.run.id] = saved
        self._tombstones.pop(comparison.run.id, None)
        self._renames[comparison.run.id] = tuple(RecordedRename(suite=comparison.run.suite, moment=saved.moment, rename=item) for item in renames)

    def forget(self, run_id: str) -> None:
        self._runs.pop(run_id, None)
        self._renames.pop(run_id, None)

    def delete_all(self) -> None:
        for known in (self._runs, self._renames, self._tombstones, self._carried):
            known.clear()

    def runs(self, *, limit: int = 30, before: str | None = None) -> Sequence[RunSummary]:
        newest_first = [_summary(run) for run in self._newest_first()]
        if before is None:
            return tuple(newest_first[:limit])
        places = [place for place, run in enumerate(newest_first, start=1) if run.id == before]
        if not places:
            raise StoreError("the run to continue after is not in the store")
        return tuple(newest_first[places[0] :][:limit])

    def run(self, run_id: str) -> RunSummary | None:
        run = self._runs.get(run_id)
        return None if run is None else _summary(run)

    def latest(self) -> RunSummary | None:
        return next((_summary(run) for run in self._newest_first() if run.comparison is not None), None)

    def comparison(self, run_id: str) -> Comparison | None:
        comparison = self._decided(run_id)
        if comparison is None:
            return None
        return replace(comparison, pairs=tuple(pair for pair in comparison.pairs if pair.verdict is not Verdict.EQUIVALENT))

    def pairs(self, run_id: str, where: PairFilter, *, after: str | None = None, limit: int = 100) -> Page[PairRow]:
        comparison = self._decided(run_id)
        everything = comparison.pairs if comparison is not None else ()
        keys = {_key(pair): pair.test_id for pair in everything}
        if after is not None and after not in keys:
            raise StoreError("the key to continue after is not of this list")
        matching = [pair for pair in everything if _matches(pair, where)]
        rest = [pair for pair in matching if after is None or pair.test_id > keys[after]]
        next_key = _key(rest[limit - 1]) if len(rest) > limit else None
        return Page(rows=tuple(_row(pair) for pair in rest[:limit]), next_key=next_key, total=len(matching))

    def pair(self, run_id: str, test_id: str) -> PairResult | None:
        comparison = self._decided(run_id)
        return next((pair for pair in comparison.pairs if pair.test_id == test_id), None) if comparison is not None else None

    def comparison_without_pairs(self, run_id: str) -> RunOverview | None:
        comparison = self._decided(run_id)
        if comparison is None:
            return None
        shared = {item.name: getattr(comparison, item.name) for item in fields(RunOverview) if item.name not in {"clusters", "unconfirmed"}}
        return RunOverview(
            **shared,
            unconfirmed=sum(pair.verdict is Verdict.DIVERGENT and not pair.confirmed for pair in comparison.pairs),
            clusters=tuple(
                ClusterRow(
                    id=item.id, exception=item.exception, template=item.template, frame=item.frame, tests=len(item.tests), sentence=item.sentence
                )
                for item in comparison.clusters
            ),
        )

    def history(self, test_id: str, *, limit: int = 50) -> Sequence[HistoryEntry]:
        segments = self._segments(test_id)
        found: list[HistoryEntry] = []
        for run in self._newest_first():
            pairs = run.comparison.pairs if run.comparison is not None else ()
            names = {name for name, suite, until in segments if until is None or (run.header.suite == suite and run.header.started_at < until)}
            found += [_entry(run.header, pair) for pair in sorted(pairs, key=lambda pair: digest_of(pair.test_id)) if pair.test_id in names]
        return tuple(found[:limit])

    def divergences(self, where: DivergenceFilter, *, after: str | None = None, limit: int = 100) -> Page[DivergenceRow]:
        everything = self._everything()
        keys = {divergence_key(row): row for row in everything}
        if after is not None and after not in keys:
            raise StoreError("the key to continue after is not of this list")
        matching = [row for row in everything if divergence_matches(row, where)]
        rest = [row for row in matching if after is None or divergence_order(row) > divergence_order(keys[after])]
        next_key = divergence_key(rest[limit - 1]) if len(rest) > limit else None
        return Page(rows=tuple(rest[:limit]), next_key=next_key, total=len(matching))

    def divergence(self, test_id: str, *, suite: str | None = None) -> DivergenceRow | None:
        everything = {(row.suite, row.test_id): row for row in self._everything()}
        found = [row for (of, name), row in everything.items() if name == test_id and suite in {None, of}]
        if found:
            return max(found, key=lambda row: (row.last_seen, row.suite))
        later = ((of, name) for of, name in reversed(self._later_ids(test_id, suite)) if (of, name) in everything)
        return next((everything[key] for key in later), None)

    def discordances(self) -> Sequence[Discordance]:
        return tuple(item for suite in self._suites() for item in discordances_of(suite, self._follow(suite)))

    def renames(self, run_id: str) -> Sequence[Rename]:
        return tuple(item.rename for item in self._renames.get(run_id, ()))

    def retain(self, *, now: datetime, keep_runs: int | None = None, since: datetime | None = None) -> Sequence[Tombstone]:
        if (keep_runs is None) == (since is None) or (keep_runs is not None and keep_runs < 1):
            raise StoreError("retention needs one bound")
        made: list[Tombstone] = []
        ended = sorted((run for run in self._runs.values() if run.state is not RunState.RUNNING), key=lambda run: (run.header.suite, run.moment))
        for suite, group in groupby(ended, lambda run: run.header.suite):
            runs = list(group)
            bound = max((place for place, run in enumerate(runs) if run.is_night), default=len(runs))
            keep = len(runs) - keep_runs if keep_runs is not None else sum(since is not None and run.header.started_at < since for run in runs)
            old = runs[: max(0, min(bound, keep))]
            if old:
                self._carry(suite, old[-1].moment)
            for run in old:
                totals = run.comparison.totals if run.comparison is not None else None
                stone = Tombstone(run_id=run.header.id, suite=suite, started_at=run.header.started_at, removed_at=now, totals=totals)
                del self._runs[run.header.id]
                self._tombstones[stone.run_id] = stone
                made.append(stone)
        return tuple(sorted(made, key=lambda stone: (stone.started_at, stone.run_id)))

    def tombstone(self, run_id: str) -> Tombstone | None:
        return self._tombstones.get(run_id)

    def retention(self) -> Retention:
        renames = sorted((items for items in self._renames.values() if items), key=lambda items: items[0].moment)
        return Retention(
            tombstones=tuple(sorted(self._tombstones.values(), key=lambda stone: (stone.started_at, stone.run_id))),
            carried=tuple(self._carried[suite] for suite in sorted(self._carried)),
            renames=tuple(item for items in renames for item in items),
        )

    def restore(self, retention: Retention) -> None:
        self._tombstones |= {stone.run_id: stone for stone in retention.tombstones}
        self._carried |= {carried.suite: carried for carried in retention.carried}
        for moment, items in groupby(retention.renames, lambda item: item.moment):
            if moment.run_id not in self._runs:
                self._renames[moment.run_id] = tuple(items)

    def mark(self, run_id: str, state: RunState) -> None:
        run = self._runs.get(run_id)
        if run is not None and run.comparison is None:
            self._runs[run_id] = replace(run, state=state)

    def close(self) -> None:
        self.closed = True

    def _suites(self) -> Sequence[str]:
        return sorted({run.header.suite for run in self._runs.values()} | self._carried.keys())

    def _everything(self) -> Sequence[DivergenceRow]:
        found = (divergence_row(suite, name, course) for suite in self._suites() for name, course in self._follow(suite).courses.items())
        return sorted(found, key=divergence_order)

    def _follow(self, suite: str, until: Moment | None = None) -> Standing:
        """A suite's standing after its last night, or after its last one that is not later than `until`."""
        carried = self._carried.get(suite)
        standing = Standing() if carried is None else carried_standing(carried)
        nights = sorted((run for run in self._runs.values() if run.is_night and run.header.suite == suite), key=lambda run: run.moment)
        for run in nights:
            if (carried is None or run.moment > carried.until) and (until is None or run.moment <= until):
                advance(standing, run.comparison, self.renames(run.header.id))
        return standing

    def _carry(self, suite: str, until: Moment) -> None:
        before = self._carried.get(suite)
        if before is not None and before.until > until:
            return
        standing = self._follow(suite, until)
        self._carried[suite] = Carried(
            suite=suite,
            until=until,
            epoch=standing.epoch,
            epoch_nights=standing.epoch_nights,
            divergences=tuple(divergence_row(suite, name, course) for name, course in sorted(standing.courses.items())),
            discordances=tuple(discordances_of(suite, standing)),
        )

    def _segments(self, test_id: str) -> Sequence[tuple[str, str | None, datetime | None]]:
        """Ids of a test, the present one first, with the suite and the time up to which each of the others held."""
        found: list[tuple[str, str | None, datetime | None]] = [(test_id, None, None)]
        while True:
            name, suite, until = found[-1]
            into = [
                item
                for item in self._all_renames()
                if item.rename.new == name and (until is None or (item.suite == suite and item.moment.at < until))
            ]
            if not into:
                return found
            last = max(into, key=lambda item: item.moment)
            found.append((last.rename.old, last.suite, last.moment.at))

    def _later_ids(self, test_id: str, suite: str | None) -> Sequence[tuple[str, str]]:
        found: list[tuple[str, str]] = []
        name, after = test_id, None
        while True:
            away = [
                item
                for item in self._all_renames()
                if item.rename.old == name and suite in {None, item.suite} and (after is None or item.moment.at > after)
            ]
            if not away:
                return found
            chosen = max(away, key=lambda item: item.moment) if after is None else min(away, key=lambda item: item.moment)
            name, suite, after = chosen.rename.new, chosen.suite, chosen.moment.at
            found.append((suite, name))

    def _all_renames(self) -> Sequence[RecordedRename]:
        return [item for items in self._renames.values() for item in items]

    def _decided(self, run_id: str) -> Comparison | None:
        run = self._runs.get(run_id)
        return None if run is None else run.comparison

    def _newest_first(self) -> Sequence[_Run]:
        begun = sorted(enumerate(self._runs.values()), key=lambda item: (item[1].header.started_at, item[0]), reverse=True)
        return [run for _, run in begun]


def _summary(run: _Run) -> RunSummary:
    return RunSummary(
        id=run.header.id,
        suite=run.header.suite,
        started_at=run.header.started_at,
        finished_at=run.header.finished_at,
        state=run.state,
        totals=None if run.comparison is None else run.comparison.totals,
        exit=None if run.comparison is None else run.comparison.exit,
        progress=run.progress,
    )


def _key(pair: PairResult) -> str:
    return hashlib.sha256(pair.test_id.encode("utf-8", "surrogatepass")).hexdigest()


def _matches(pair: PairResult, where: PairFilter) -> bool:
    return (
        where.verdict in {None, pair.verdict}
        and where.direction in {None, pair.direction}
        and where.cluster in {None, pair.cluster}
        and (where.text or "").casefold() in pair.test_id.casefold()
    )


def _row(pair: PairResult) -> PairRow:
    failure = pair.failure
    frame = failure.frames[-1] if failure is not None and failure.frames else None
    return PairRow(
        test_id=pair.test_id,
        verdict=pair.verdict,
        direction=pair.direction,
        confirmed=pair.confirmed,
        e_value=pair.e_value,
        legacy_outcome=pair.legacy.outcome,
        shadow_outcome=pair.shadow.outcome,
        cluster=pair.cluster,
        exception=failure.type if failure is not None else None,
        path=frame.path if frame is not None else None,
        line=frame.line if frame is not None else None,
    )


def _entry(header: RunHeader, pair: PairResult) -> HistoryEntry:
    return HistoryEntry(
        run_id=header.id,
        started_at=header.started_at,
        verdict=pair.verdict,
        direction=pair.direction,
        legacy_outcome=pair.legacy.outcome,
        shadow_outcome=pair.shadow.outcome,
        e_value=pair.e_value,
    )
