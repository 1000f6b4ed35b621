"""Lists of pairs, by page.

A page first finds the positions of its rows from an index alone and then joins what they show, so that neither the number of pairs nor a planner
without statistics makes the first page slow. Totals were counted when the run was stored; only a search for text counts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Select, and_, func, literal_column, select

from harness.errors import StoreError
from harness.model import Page, PairFilter, PairRow, Verdict
from harness.store.rows import direction, frames, outcome
from harness.store.schema import failure, pair, pair_detail, run, tally, test, text
from harness.store.verbatim import digest, folded

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Column, ColumnElement, Row, ScalarSelect

NOT_EQUIVALENT = pair.c.verdict != literal_column("'equivalent'")
"""As the condition of the partial index says it, word for word: planners see then that the index serves."""

DETAIL = and_(pair_detail.c.run_id == pair.c.run_id, pair_detail.c.position == pair.c.position)
"""What joins a pair to its detail."""


def page(connection: Connection, run_id: str, where: PairFilter, *, after: str | None, limit: int) -> Page[PairRow]:
    """A page of pairs by test id. Raises StoreError for a key that is not one of this run's lists."""
    number: int | None = connection.execute(select(run.c.id).where(run.c.name == run_id)).scalar()
    start = -1 if after is None else _position(connection, number, after)
    total = 0 if number is None else _total(connection, number, where)
    if number is None or not total:
        return Page(rows=(), next_key=None, total=0)
    rows = _rows(connection, number, where, start=start, limit=limit + 1)
    more = len(rows) > limit
    shown = rows[:limit]
    return Page(rows=tuple(_pair_row(row) for row in shown), next_key=shown[-1].digest.hex() if more and shown else None, total=total)


def _position(connection: Connection, run_id: int | None, key: str) -> int:
    """Where a key's test stands in the run. Keys are digests of test ids: they outlive a rebuild and hold under every filter."""
    try:
        wanted = bytes.fromhex(key)
    except ValueError:
        wanted = b""
    query = select(pair.c.position).join_from(pair, test, test.c.id == pair.c.test_id).where(pair.c.run_id == run_id, test.c.digest == wanted)
    position: int | None = connection.execute(query).scalar()
    if position is None:
        raise StoreError(
            "the key to continue after is not of this list", expected="the next_key of a page of this run", hint="start at the first page"
        )
    return position


def _total(connection: Connection, run_id: int, where: PairFilter) -> int:
    if where.text:
        matching = _places(connection, run_id, where).subquery()
        return connection.execute(select(func.count()).select_from(matching)).scalar_one()
    counted = select(func.coalesce(func.sum(tally.c.pairs), 0)).where(tally.c.run_id == run_id)
    if where.verdict is not None:
        counted = counted.where(tally.c.verdict == where.verdict.value)
    if where.direction is not None:
        counted = counted.where(tally.c.direction == where.direction.value)
    if where.cluster is not None:
        counted = counted.where(tally.c.cluster_id == _text_id(where.cluster))
    return int(connection.execute(counted).scalar_one())


def _rows(connection: Connection, run_id: int, where: PairFilter, *, start: int, limit: int) -> Sequence[Row[Any]]:
    place = _place(where)
    shown = _places(connection, run_id, where).where(place > start).order_by(place).limit(limit).subquery()
    shown_failure = func.coalesce(pair_detail.c.shadow_failure_id, pair_detail.c.legacy_failure_id)
    query = (
        select(
            pair,
            pair_detail.c.confirmed,
            pair_detail.c.e_value,
            test.c.name,
            test.c.digest,
            text.c.value.label("cluster"),
            failure.c.type,
            failure.c.frames,
        )
        .join_from(shown, pair, and_(pair.c.run_id == run_id, pair.c.position == shown.c.position))
        .join(test, test.c.id == pair.c.test_id)
        .outerjoin(pair_detail, DETAIL)
        .outerjoin(text, text.c.id == pair_detail.c.cluster_id)
        .outerjoin(failure, failure.c.id == shown_failure)
        .order_by(pair.c.position)
    )
    return connection.execute(query).all()


def _place(where: PairFilter) -> Column[int]:
    """The position in the table whose index finds the pairs: the one in whose order a list comes without sorting."""
    return pair.c.position if where.cluster is None else pair_detail.c.position


def _places(connection: Connection, run_id: int, where: PairFilter) -> Select[Any]:
    """Positions of the pairs that match."""
    places: Select[Any] = select(_place(where).label("position")).where(pair.c.run_id == run_id)
    if where.cluster is not None:
        places = places.join_from(pair_detail, pair, DETAIL).where(
            pair_detail.c.run_id == run_id, pair_detail.c.cluster_id == _text_id(where.cluster)
        )
    if where.verdict is not None:
        places = places.where(pair.c.verdict == where.verdict.value)
        if where.verdict is not Verdict.EQUIVALENT:
            places = places.where(NOT_EQUIVALENT)
    if where.direction is not None:
        places = places.where(pair.c.direction == where.direction.value)
    if where.text:
        places = places.join(test, test.c.id == pair.c.test_id).where(holds(connection, where.text))
    return places


def _text_id(value: str) -> ScalarSelect[int]:
    return select(text.c.id).where(text.c.digest == digest(value)).scalar_subquery()


def holds(connection: Connection, wanted: str) -> ColumnElement[bool]:
    """Whether the test id contains a text, whatever the case. Not LIKE: it has characters of its own, and folds ASCII only on SQLite."""
    search = func.instr if connection.dialect.name == "sqlite" else func.strpos
    return search(test.c.folded, folded(wanted)) > 0


def _pair_row(row: Row[Any]) -> PairRow:
    within = frames(row.frames) if row.frames is not None else ()
    return PairRow(
        test_id=row.name,
        verdict=Verdict(row.verdict),
        direction=direction(row.direction),
        confirmed=row.confirmed,
        e_value=row.e_value,
        legacy_outcome=outcome(row.legacy_outcome),
        shadow_outcome=outcome(row.shadow_outcome),
        cluster=row.cluster,
        exception=row.type,
        path=within[-1].path if within else None,
        line=within[-1].line if within else None,
    )
