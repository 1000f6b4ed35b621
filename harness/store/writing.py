"""Storing runs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from sqlalchemy import Connection, delete, func, insert, select, text, update

from harness.errors import StoreError
from harness.model import Cluster, Comparison, Direction, Failure, PairResult, Rename, RunHeader, RunState, Side, Verdict
from harness.store import following, renames, schema
from harness.store.bulk import Shared, batches
from harness.store.findings import pair_findings, run_findings
from harness.store.rows import NO_DETAIL, detail_row, failure_digest, failure_row, header_values, pair_row, progress_values, totals_values, word
from harness.store.standing import bulk_of
from harness.store.verbatim import digest, folded, stored

if TYPE_CHECKING:
    from sqlalchemy import Table

    from harness.store.bulk import Row

_BATCH = 5_000  # pairs held as rows at a time
_WORTH_ANALYZING = 10_000  # pairs that change what PostgreSQL's planner should know

_UNDECIDED = dict.fromkeys(("exit", "findings", "tests", "equivalent", "divergent", "flaky", "both_failing", "inconclusive"))


def begin(connection: Connection, header: RunHeader) -> None:
    """Record that a run is under way, in place of what was known of it."""
    before = following.suite_of_night(connection, header.id)
    _replace(connection, header, {"state": RunState.RUNNING.value, **_UNDECIDED})
    if before is not None:
        following.drop(connection, before)


def save(connection: Connection, comparison: Comparison, moved: Sequence[Rename]) -> None:
    """Store a decided run in place of what was known of it. Pairs are read once, in batches.

    Raises StoreError where they are not sorted, or an id stands twice among the renames.
    """
    before = following.suite_of_night(connection, comparison.run.id)
    state = RunState.COMPLETE if comparison.run.complete else RunState.INCOMPLETE
    decided = {"state": state.value, "exit": comparison.exit, "findings": run_findings(comparison), **totals_values(comparison.totals)}
    _Writer(connection, _replace(connection, comparison.run, decided)).write(comparison)
    renames.write(connection, comparison.run, moved)
    following.take(connection, comparison.run.id, before=before)


def forget(connection: Connection, run_id: str) -> None:
    """Remove one run; what stands once for many runs stays."""
    before = following.suite_of_night(connection, run_id)
    remove(connection, run_id)
    renames.forget(connection, run_id)
    if before is not None:
        following.drop(connection, before)


def remove(connection: Connection, run_id: str) -> None:
    """Remove a run's own rows; what follows from it stays."""
    number = _number(connection, run_id)
    if number is not None:
        _empty(connection, number)
        connection.execute(delete(schema.run).where(schema.run.c.id == number))


def delete_everything(connection: Connection) -> None:
    """Empty all tables."""
    if connection.dialect.name == "postgresql":  # deleting shared rows one by one would look for each in every pair ever stored
        names = ", ".join(f'"{name}"' for name in schema.metadata.tables)
        connection.execute(text(f"TRUNCATE {names}"))
        return
    for table in reversed(schema.metadata.sorted_tables):
        connection.execute(delete(table))


def _replace(connection: Connection, header: RunHeader, values: dict[str, object]) -> int:
    """Write the run's own row, forget everything below it, and return its number."""
    columns = {**header_values(header), **progress_values(None), **values}
    renames.forget(connection, header.id)
    connection.execute(delete(schema.tombstone).where(schema.tombstone.c.run_name == header.id))
    number = _number(connection, header.id)
    if number is None:
        highest: int = connection.execute(select(func.coalesce(func.max(schema.run.c.id), 0))).scalar_one()
        connection.execute(insert(schema.run).values(id=highest + 1, **columns))
        return highest + 1
    connection.execute(update(schema.run).where(schema.run.c.id == number).values(columns))
    _empty(connection, number)
    return number


def _number(connection: Connection, run_id: str) -> int | None:
    number: int | None = connection.execute(select(schema.run.c.id).where(schema.run.c.name == run_id)).scalar()
    return number


def _empty(connection: Connection, number: int) -> None:
    for table in schema.OF_A_RUN:
        connection.execute(delete(table).where(table.c.run_id == number))


class _Writer:
    """Writes what belongs to one run."""

    def __init__(self, connection: Connection, run_id: int) -> None:
        self._connection = connection
        self._run_id = run_id
        self._bulk = bulk_of(connection)
        self._tests = Shared[str](self._bulk, connection, schema.test, digest=digest, row=lambda name: (stored(name), folded(name)))
        self._texts = Shared[str](self._bulk, connection, schema.text, digest=digest, row=lambda value: (stored(value),))
        self._failures = Shared[Failure](self._bulk, connection, schema.failure, digest=failure_digest, row=failure_row)

    def write(self, comparison: Comparison) -> None:
        """Everything below the run's own row."""
        self._write_pairs(comparison.pairs)
        self._write_clusters(comparison.clusters)
        self._write_list(schema.parity, ((_text(item.name), _text(item.legacy), _text(item.shadow)) for item in comparison.parity))
        self._write_list(schema.fact, _fact_rows(comparison))
        self._write_list(
            schema.infrastructure,
            ((item.kind.value, stored(item.message), stored(item.hint), word(item.side)) for item in comparison.infrastructure),
        )
        self._write_list(schema.warning, ((stored(warning),) for warning in comparison.warnings))

    def _write_pairs(self, pairs: Iterable[PairResult]) -> None:
        counts: Counter[tuple[Verdict, Direction | None, str | None]] = Counter()
        position = 0
        for batch in batches(_in_order(pairs), _BATCH):
            self._write_batch(batch, position)
            counts.update((pair.verdict, pair.direction, pair.cluster) for pair in batch)
            position += len(batch)
        clusters = self._texts.numbers(cluster for _, _, cluster in counts if cluster is not None)
        self._write_list(
            schema.tally,
            (
                (verdict.value, word(direction), None if cluster is None else clusters[cluster], count)
                for (verdict, direction, cluster), count in counts.items()
            ),
        )
        if position >= _WORTH_ANALYZING and self._connection.dialect.name == "postgresql":
            self._connection.execute(text("ANALYZE pair, pair_detail, test"))

    def _write_batch(self, batch: Sequence[PairResult], start: int) -> None:
        tests = self._tests.numbers(pair.test_id for pair in batch)
        texts = self._texts.numbers(
            {pair.reason for pair in batch} | {name for pair in batch for name in (pair.fingerprint, pair.cluster) if name is not None}
        )
        failures = self._failures.numbers({side.failure for pair in batch for side in (pair.legacy, pair.shadow) if side.failure is not None})
        rows = [pair_row(self._run_id, position, pair, tests=tests, texts=texts) for position, pair in enumerate(batch, start=start)]
        self._bulk.insert(schema.pair, rows)
        details = ((position, detail_row(pair, texts=texts, failures=failures)) for position, pair in enumerate(batch, start=start))
        findings = ((position, pair_findings(pair)) for position, pair in enumerate(batch, start=start))
        self._bulk.insert(schema.pair_finding, [(self._run_id, position, content) for position, content in findings if content is not None])
        self._bulk.insert(schema.pair_detail, [(self._run_id, position, *detail) for position, detail in details if detail != NO_DETAIL])

    def _write_clusters(self, clusters: Sequence[Cluster]) -> None:
        texts = self._texts.numbers(cluster.id for cluster in clusters)
        self._write_list(schema.cluster, (_cluster_row(cluster, texts[cluster.id]) for cluster in clusters))
        members = ((place, test_id) for place, cluster in enumerate(clusters) for test_id in cluster.tests)
        position = 0
        for batch in batches(members, _BATCH):
            tests = self._tests.numbers(test_id for _, test_id in batch)
            rows = [(self._run_id, number, place, tests[test_id]) for number, (place, test_id) in enumerate(batch, start=position)]
            self._bulk.insert(schema.cluster_test, rows)
            position += len(batch)

    def _write_list(self, table: Table, rows: Iterable[Row]) -> None:
        self._bulk.insert(table, [(self._run_id, position, *row) for position, row in enumerate(rows)])


def _in_order(pairs: Iterable[PairResult]) -> Iterator[PairResult]:
    """The pairs, as long as each comes after the one before: positions are what lists are paged by."""
    before: str | None = None
    for pair in pairs:
        if before is not None and pair.test_id <= before:
            raise StoreError("the pairs of a comparison are not sorted by test id, or name a test twice", expected="one pair a test, in order")
        before = pair.test_id
        yield pair


def _cluster_row(cluster: Cluster, number: int) -> Row:
    frame = cluster.frame
    where = (stored(frame.path), frame.line, stored(frame.function)) if frame else (None, None, None)
    return (number, stored(cluster.exception), stored(cluster.template), *where, stored(cluster.sentence))


def _fact_rows(comparison: Comparison) -> Iterator[Row]:
    for side, facts in ((Side.LEGACY, comparison.legacy), (Side.SHADOW, comparison.shadow)):
        for name, value in facts.items():
            yield (side.value, stored(name), stored(value))


def _text(value: str | None) -> str | None:
    return None if value is None else stored(value)
