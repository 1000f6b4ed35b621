"""Runs, histories and whole comparisons read back. Lists of pairs are read by `listing`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Select, and_, false, func, or_, select, true, union

from harness.errors import StoreError
from harness.model import (
    Cluster,
    ClusterRow,
    Comparison,
    Failure,
    Frame,
    HistoryEntry,
    InfrastructureFailure,
    InfrastructureKind,
    PairResult,
    ParityDifference,
    RunOverview,
    RunSummary,
    Side,
    Verdict,
)
from harness.store.findings import run_findings_of
from harness.store.listing import DETAIL, NOT_EQUIVALENT
from harness.store.renames import Segment, segments
from harness.store.rows import direction, failure_of, header_of, outcome, pair_of, summary_of, totals_of
from harness.store.schema import (
    cluster,
    cluster_test,
    fact,
    failure,
    infrastructure,
    pair,
    pair_detail,
    pair_finding,
    parity,
    run,
    test,
    text,
    warning,
)
from harness.store.verbatim import digest

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Row, Table

_reason, _fingerprint, _cluster = text.alias("reason"), text.alias("fingerprint"), text.alias("cluster_text")
_NEWEST_FIRST = (run.c.started_at.desc(), run.c.id.desc())


def runs(connection: Connection, *, limit: int, before: str | None) -> Sequence[RunSummary]:
    """Runs, newest first. Raises StoreError where `before` is unknown."""
    query = select(run).order_by(*_NEWEST_FIRST).limit(limit)
    if before is not None:
        last = connection.execute(select(run.c.started_at, run.c.id).where(run.c.name == before)).one_or_none()
        if last is None:
            raise StoreError("the run to continue after is not in the store", expected="the id of a run in this list")
        query = query.where(or_(run.c.started_at < last.started_at, and_(run.c.started_at == last.started_at, run.c.id < last.id)))
    return tuple(summary_of(row) for row in connection.execute(query))


def one_run(connection: Connection, run_id: str) -> RunSummary | None:
    """One run, None where it is unknown."""
    row = connection.execute(select(run).where(run.c.name == run_id)).one_or_none()
    return None if row is None else summary_of(row)


def latest(connection: Connection) -> RunSummary | None:
    """The newest run that is decided; one that died without a decision is passed over."""
    row = connection.execute(select(run).where(run.c.exit.is_not(None)).order_by(*_NEWEST_FIRST).limit(1)).one_or_none()
    return None if row is None else summary_of(row)


def comparison(connection: Connection, run_id: str) -> Comparison | None:
    """A decided run with everything but its equivalent pairs."""
    row = connection.execute(select(run).where(run.c.name == run_id, run.c.exit.is_not(None))).one_or_none()
    if row is None:
        return None
    return Comparison(
        run=header_of(row),
        pairs=tuple(_pairs(connection, and_(pair.c.run_id == row.id, NOT_EQUIVALENT))),
        totals=totals_of(row),
        exit=row.exit,
        clusters=tuple(_clusters(connection, row.id)),
        parity=_parity(connection, row.id),
        legacy=_facts(connection, row.id, Side.LEGACY),
        shadow=_facts(connection, row.id, Side.SHADOW),
        infrastructure=tuple(_infrastructure(item) for item in _list(connection, infrastructure, row.id)),
        warnings=tuple(item.text for item in _list(connection, warning, row.id)),
        **run_findings_of(row.findings),
    )


def overview(connection: Connection, run_id: str) -> RunOverview | None:
    """A decided run with everything but its pairs."""
    row = connection.execute(select(run).where(run.c.name == run_id, run.c.exit.is_not(None))).one_or_none()
    if row is None:
        return None
    unconfirmed = (
        select(func.count())
        .select_from(pair)
        .outerjoin(pair_detail, DETAIL)
        .where(pair.c.run_id == row.id, NOT_EQUIVALENT, pair.c.verdict == Verdict.DIVERGENT.value, pair_detail.c.confirmed.is_not(true()))
    )
    return RunOverview(
        run=header_of(row),
        totals=totals_of(row),
        exit=row.exit,
        unconfirmed=connection.execute(unconfirmed).scalar_one(),
        clusters=tuple(_cluster_rows(connection, row.id)),
        parity=_parity(connection, row.id),
        legacy=_facts(connection, row.id, Side.LEGACY),
        shadow=_facts(connection, row.id, Side.SHADOW),
        infrastructure=tuple(_infrastructure(item) for item in _list(connection, infrastructure, row.id)),
        warnings=tuple(item.text for item in _list(connection, warning, row.id)),
        vacuity=run_findings_of(row.findings)["vacuity"],
    )


def one_pair(connection: Connection, run_id: str, test_id: str) -> PairResult | None:
    """One pair with both failures, None where it is unknown."""
    number = select(run.c.id).where(run.c.name == run_id).scalar_subquery()
    test_number = select(test.c.id).where(test.c.digest == digest(test_id)).scalar_subquery()
    return next(iter(_pairs(connection, and_(pair.c.run_id == number, pair.c.test_id == test_number))), None)


def history(connection: Connection, test_id: str, *, limit: int) -> Sequence[HistoryEntry]:
    """What became of one test over the runs, newest first, under every id it had."""
    names = [_under(segment) for segment in segments(connection, test_id)]
    query = (
        select(run.c.name, run.c.started_at, pair, pair_detail.c.e_value)
        .join_from(pair, run, run.c.id == pair.c.run_id)
        .join(test, test.c.id == pair.c.test_id)
        .outerjoin(pair_detail, DETAIL)
        .where(or_(false(), *names))
        .order_by(*_NEWEST_FIRST, test.c.digest)
        .limit(limit)
    )
    return tuple(
        HistoryEntry(
            run_id=row.name,
            started_at=row.started_at,
            verdict=Verdict(row.verdict),
            direction=direction(row.direction),
            legacy_outcome=outcome(row.legacy_outcome),
            shadow_outcome=outcome(row.shadow_outcome),
            e_value=row.e_value,
        )
        for row in connection.execute(query)
    )


def _under(segment: Segment) -> ColumnElement[bool]:
    """The pairs of a test under one of its ids."""
    if segment.before is None:
        return pair.c.test_id == segment.number
    return and_(pair.c.test_id == segment.number, run.c.suite == segment.suite, run.c.started_at < segment.before)


def _pairs(connection: Connection, where: ColumnElement[bool]) -> Sequence[PairResult]:
    query = (
        select(
            pair,
            *(column for column in pair_detail.c if column.name not in pair.c),
            test.c.name.label("test"),
            _reason.c.value.label("reason"),
            _fingerprint.c.value.label("fingerprint"),
            _cluster.c.value.label("cluster"),
            pair_finding.c.content.label("findings"),
        )
        .join_from(pair, test, test.c.id == pair.c.test_id)
        .join(_reason, _reason.c.id == pair.c.reason_id)
        .outerjoin(pair_detail, DETAIL)
        .outerjoin(pair_finding, and_(pair_finding.c.run_id == pair.c.run_id, pair_finding.c.position == pair.c.position))
        .outerjoin(_fingerprint, _fingerprint.c.id == pair_detail.c.fingerprint_id)
        .outerjoin(_cluster, _cluster.c.id == pair_detail.c.cluster_id)
        .where(where)
        .order_by(pair.c.position)
    )
    failures = _failures(connection, where)
    return [pair_of(row, failures) for row in connection.execute(query)]


def _failures(connection: Connection, where: ColumnElement[bool]) -> Mapping[int, Failure]:
    """The failures of some pairs, each once, by id."""
    named = union(
        *(
            select(column).join_from(pair, pair_detail, DETAIL).where(where, column.is_not(None))
            for column in (pair_detail.c.legacy_failure_id, pair_detail.c.shadow_failure_id)
        ),
    )
    return {row.id: failure_of(row) for row in connection.execute(select(failure).where(failure.c.id.in_(named)))}


def _clusters(connection: Connection, run_id: int) -> Sequence[Cluster]:
    members = connection.execute(
        select(cluster_test.c.cluster_position, test.c.name)
        .join_from(cluster_test, test, test.c.id == cluster_test.c.test_id)
        .where(cluster_test.c.run_id == run_id)
        .order_by(cluster_test.c.position),
    )
    tests = {position: tuple(row.name for row in rows) for position, rows in groupby(members, lambda row: row.cluster_position)}
    shown = _cluster_list(connection, run_id)
    return [
        Cluster(
            id=row.id, exception=row.exception, template=row.template, frame=_frame(row), tests=tests.get(row.position, ()), sentence=row.sentence
        )
        for row in shown
    ]


def _cluster_rows(connection: Connection, run_id: int) -> Sequence[ClusterRow]:
    place = cluster_test.c.cluster_position
    counted = select(place, func.count().label("tests")).where(cluster_test.c.run_id == run_id).group_by(place)
    tests = {row.cluster_position: row.tests for row in connection.execute(counted)}
    shown = _cluster_list(connection, run_id)
    return [
        ClusterRow(
            id=row.id, exception=row.exception, template=row.template, frame=_frame(row), tests=tests.get(row.position, 0), sentence=row.sentence
        )
        for row in shown
    ]


def _cluster_list(connection: Connection, run_id: int) -> Sequence[Row[Any]]:
    query = (
        select(cluster, text.c.value.label("id"))
        .join_from(cluster, text, text.c.id == cluster.c.cluster_id)
        .where(cluster.c.run_id == run_id)
        .order_by(cluster.c.position)
    )
    return connection.execute(query).all()


def _frame(row: Row[Any]) -> Frame | None:
    return None if row.frame_path is None else Frame(path=row.frame_path, line=row.frame_line, function=row.frame_function)


def _parity(connection: Connection, run_id: int) -> tuple[ParityDifference, ...]:
    rows = _list(connection, parity, run_id)
    return tuple(ParityDifference(name=row.name, legacy=row.legacy, shadow=row.shadow) for row in rows)


def _infrastructure(row: Row[Any]) -> InfrastructureFailure:
    side = None if row.side is None else Side(row.side)
    return InfrastructureFailure(kind=InfrastructureKind(row.kind), message=row.message, hint=row.hint, side=side)


def _facts(connection: Connection, run_id: int, side: Side) -> Mapping[str, str]:
    return {row.name: row.value for row in _list(connection, fact, run_id) if row.side == side.value}


def _list(connection: Connection, table: Table, run_id: int) -> Sequence[Row[Any]]:
    query: Select[Any] = select(table).where(table.c.run_id == run_id).order_by(table.c.position)
    return connection.execute(query).all()
