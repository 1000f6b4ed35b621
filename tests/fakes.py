"""Fakes of the ports, for tests that need one in the way but not under test."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from harness.errors import StoreError
from harness.model import (
    Comparison,
    HistoryEntry,
    Page,
    PairFilter,
    PairResult,
    PairRow,
    Progress,
    RunHeader,
    RunState,
    RunSummary,
    Verdict,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Run:
    header: RunHeader
    state: RunState
    progress: Progress | None = None
    comparison: Comparison | None = None


class MemoryStore:
    """A store that forgets everything when it ends; passes the same suite as the real ones (tests/contract/test_store.py)."""

    def __init__(self) -> None:
        self._runs: dict[str, _Run] = {}
        self.closed = False

    def begin_run(self, run: RunHeader) -> None:
        self._runs[run.id] = _Run(header=run, state=RunState.RUNNING)

    def progress(self, run_id: str, progress: Progress) -> None:
        run = self._runs.get(run_id)
        if run is not None and run.state is RunState.RUNNING:
            self._runs[run_id] = replace(run, progress=progress)

    def save(self, comparison: Comparison) -> None:
        pairs = tuple(comparison.pairs)
        ids = [pair.test_id for pair in pairs]
        if any(first >= second for first, second in pairwise(ids)):
            raise StoreError("the pairs of a comparison are not sorted by test id, or name a test twice")
        state = RunState.COMPLETE if comparison.run.complete else RunState.INCOMPLETE
        self._runs[comparison.run.id] = _Run(header=comparison.run, state=state, comparison=replace(comparison, pairs=pairs))

    def forget(self, run_id: str) -> None:
        self._runs.pop(run_id, None)

    def delete_all(self) -> None:
        self._runs.clear()

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

    def history(self, test_id: str, *, limit: int = 50) -> Sequence[HistoryEntry]:
        found = ((run.header, self.pair(run.header.id, test_id)) for run in self._newest_first())
        return tuple(_entry(header, pair) for header, pair in found if pair is not None)[:limit]

    def mark(self, run_id: str, state: RunState) -> None:
        run = self._runs.get(run_id)
        if run is not None and run.comparison is None:
            self._runs[run_id] = replace(run, state=state)

    def close(self) -> None:
        self.closed = True

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
