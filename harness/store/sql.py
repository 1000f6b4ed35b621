"""The store in a database: each method of the port is one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sqlalchemy import update

from harness.model import (
    Comparison,
    Discordance,
    DivergenceFilter,
    DivergenceRow,
    HistoryEntry,
    Page,
    PairFilter,
    PairResult,
    PairRow,
    Progress,
    Rename,
    Retention,
    RunHeader,
    RunOverview,
    RunState,
    RunSummary,
    Tombstone,
)
from harness.store import divergences, listing, reading, retention, writing
from harness.store import renames as renaming
from harness.store.retention import restore as restoring
from harness.store.rows import progress_values
from harness.store.schema import run

if TYPE_CHECKING:
    from datetime import datetime

    from harness.store.database import Database


class SqlStore:
    """See `harness.ports.Store`. Threads may share it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def begin_run(self, run: RunHeader) -> None:
        """See the port."""
        with self._database.writing("recording the run") as connection:
            writing.begin(connection, run)

    def progress(self, run_id: str, progress: Progress) -> None:
        """See the port. A run that is not running any more keeps its state."""
        with self._database.updating("recording progress") as connection:
            running = (run.c.name == run_id) & (run.c.state == RunState.RUNNING.value)
            connection.execute(update(run).where(running).values(progress_values(progress)))

    def save(self, comparison: Comparison, *, renames: Sequence[Rename] = ()) -> None:
        """See the port. Pairs are read once, as a stream; memory does not grow with their number."""
        with self._database.writing("storing the run") as connection:
            writing.save(connection, comparison, renames)

    def forget(self, run_id: str) -> None:
        """See the port. Texts that its pairs shared with other runs' stay."""
        with self._database.writing("forgetting a run") as connection:
            writing.forget(connection, run_id)

    def delete_all(self) -> None:
        """See the port."""
        with self._database.writing("emptying the store") as connection:
            writing.delete_everything(connection)

    def runs(self, *, limit: int = 30, before: str | None = None) -> Sequence[RunSummary]:
        """See the port. Raises StoreError where `before` is unknown."""
        with self._database.reading("listing runs") as connection:
            return reading.runs(connection, limit=limit, before=before)

    def run(self, run_id: str) -> RunSummary | None:
        """See the port."""
        with self._database.reading("reading a run") as connection:
            return reading.one_run(connection, run_id)

    def latest(self) -> RunSummary | None:
        """See the port. A run that died without a decision is passed over."""
        with self._database.reading("reading the latest run") as connection:
            return reading.latest(connection)

    def comparison(self, run_id: str) -> Comparison | None:
        """See the port. None also for a run that died without a decision."""
        with self._database.reading("reading a run") as connection:
            return reading.comparison(connection, run_id)

    def pairs(self, run_id: str, where: PairFilter, *, after: str | None = None, limit: int = 100) -> Page[PairRow]:
        """See the port. A key of a run's list holds under every filter of that run."""
        with self._database.reading("listing pairs") as connection:
            return listing.page(connection, run_id, where, after=after, limit=limit)

    def pair(self, run_id: str, test_id: str) -> PairResult | None:
        """See the port."""
        with self._database.reading("reading a pair") as connection:
            return reading.one_pair(connection, run_id, test_id)

    def history(self, test_id: str, *, limit: int = 50) -> Sequence[HistoryEntry]:
        """See the port."""
        with self._database.reading("reading a history") as connection:
            return reading.history(connection, test_id, limit=limit)

    def comparison_without_pairs(self, run_id: str) -> RunOverview | None:
        """See the port. None also for a run that died without a decision."""
        with self._database.reading("reading a run") as connection:
            return reading.overview(connection, run_id)

    def divergences(self, where: DivergenceFilter, *, after: str | None = None, limit: int = 100) -> Page[DivergenceRow]:
        """See the port. Of ids above 1,000 bytes that begin alike the order is another."""
        with self._database.reading("listing divergences") as connection:
            return divergences.page(connection, where, after=after, limit=limit)

    def divergence(self, test_id: str, *, suite: str | None = None) -> DivergenceRow | None:
        """See the port."""
        with self._database.reading("reading a divergence") as connection:
            return divergences.one(connection, test_id, suite)

    def discordances(self) -> Sequence[Discordance]:
        """See the port."""
        with self._database.reading("reading discordances") as connection:
            return divergences.discordances(connection)

    def renames(self, run_id: str) -> Sequence[Rename]:
        """See the port."""
        with self._database.reading("reading renames") as connection:
            return renaming.of_run(connection, run_id)

    def retain(self, *, now: datetime, keep_runs: int | None = None, since: datetime | None = None) -> Sequence[Tombstone]:
        """See the port."""
        with self._database.writing("removing old runs") as connection:
            return retention.retain(connection, now=now, keep_runs=keep_runs, since=since)

    def tombstone(self, run_id: str) -> Tombstone | None:
        """See the port."""
        with self._database.reading("reading a tombstone") as connection:
            return retention.one_tombstone(connection, run_id)

    def retention(self) -> Retention:
        """See the port."""
        with self._database.reading("reading what was removed") as connection:
            return retention.retention(connection)

    def restore(self, retention: Retention) -> None:
        """See the port."""
        with self._database.writing("restoring what was removed") as connection:
            restoring(connection, retention)

    def mark(self, run_id: str, state: RunState) -> None:
        """See the port. Does nothing where the run is unknown or decided."""
        with self._database.updating("marking a run") as connection:
            undecided = (run.c.name == run_id) & run.c.exit.is_(None)
            connection.execute(update(run).where(undecided).values(state=state.value))

    def close(self) -> None:
        """See the port."""
        self._database.close()
