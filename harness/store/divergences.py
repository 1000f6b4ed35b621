"""Divergences over the nights, listed and one by one, and how often nightly pairs differed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Select, and_, func, select, tuple_

from harness.errors import StoreError
from harness.model import Discordance, DivergenceFilter, DivergenceRow, Page
from harness.store.listing import holds
from harness.store.renames import later_ids
from harness.store.rows import flat
from harness.store.schema import course, discordance, divergence, test, text
from harness.store.standing import Layer, course_of
from harness.store.verbatim import digest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Row

_NOW = divergence.c.layer == int(Layer.CURRENT)
_COURSE = and_(course.c.suite == divergence.c.suite, course.c.layer == divergence.c.layer)
_ORDER = (divergence.c.sort_key, divergence.c.suite)


def page(connection: Connection, where: DivergenceFilter, *, after: str | None, limit: int) -> Page[DivergenceRow]:
    """A page of divergences by test id. Raises StoreError for a key that is not one of this list's."""
    places = _matching(connection, where)
    total = connection.execute(select(func.count()).select_from(places.subquery())).scalar_one()
    if after is not None:
        places = places.where(tuple_(*_ORDER) > tuple_(*_place(connection, after)))
    shown = places.order_by(*_ORDER).limit(limit + 1).subquery()
    query = _rows().join(shown, and_(divergence.c.test_id == shown.c.test_id, divergence.c.suite == shown.c.suite)).where(_NOW).order_by(*_ORDER)
    rows = connection.execute(query).all()
    more = len(rows) > limit
    next_key = (rows[limit - 1].digest + rows[limit - 1].suite).hex() if more else None
    return Page(rows=tuple(row_of(row) for row in rows[:limit]), next_key=next_key, total=total)


def one(connection: Connection, test_id: str, suite: str | None) -> DivergenceRow | None:
    """A divergence by an id that its test has or had; of several suites' the one seen last."""
    number = connection.execute(select(test.c.id).where(test.c.digest == digest(test_id))).scalar()
    if number is None:
        return None
    query = _rows().where(_NOW)
    wanted = query.where(divergence.c.test_id == number)
    if suite is not None:
        wanted = wanted.where(divergence.c.suite == digest(suite))
    found = [row_of(row) for row in connection.execute(wanted)]
    for later_suite, later in () if found else reversed(later_ids(connection, number, suite)):
        row = connection.execute(query.where(divergence.c.test_id == later, divergence.c.suite == digest(later_suite))).one_or_none()
        if row is not None:
            return row_of(row)
    return max(found, key=lambda row: (row.last_seen, row.suite), default=None)


def discordances(connection: Connection) -> Sequence[Discordance]:
    """Of all suites, by suite and test id."""
    now = int(Layer.CURRENT)
    suites = {row.suite: (row.name, row.epoch_nights) for row in connection.execute(select(course).where(course.c.layer == now))}
    query = (
        select(discordance.c.suite, test.c.name, discordance.c.legacy_worse, discordance.c.shadow_worse)
        .join_from(discordance, test, test.c.id == discordance.c.test_id)
        .where(discordance.c.layer == now)
    )
    found = sorted((*suites[suite], name, legacy, shadow) for suite, name, legacy, shadow in connection.execute(query))
    return tuple(
        Discordance(suite=suite, test_id=name, legacy_worse=legacy, shadow_worse=shadow, nights=nights)
        for suite, nights, name, legacy, shadow in found
    )


def row_of(row: Row[Any]) -> DivergenceRow:
    """A divergence from its row joined with test, suite and cluster."""
    return DivergenceRow(suite=row.suite_name, test_id=row.name, **flat(course_of(row)))


def _rows() -> Select[Any]:
    return (
        select(divergence, test.c.name, test.c.digest, course.c.name.label("suite_name"), text.c.value.label("cluster"))
        .join_from(divergence, test, test.c.id == divergence.c.test_id)
        .join(course, _COURSE)
        .outerjoin(text, text.c.id == divergence.c.cluster_id)
    )


def _matching(connection: Connection, where: DivergenceFilter) -> Select[Any]:
    """Keys of the divergences that match."""
    places: Select[Any] = select(divergence.c.test_id, divergence.c.suite, divergence.c.sort_key).where(_NOW)
    if where.states:
        places = places.where(divergence.c.state.in_([state.value for state in where.states]))
    if where.direction is not None:
        places = places.where(divergence.c.direction == where.direction.value)
    if where.cluster is not None:
        places = places.where(divergence.c.cluster_id == select(text.c.id).where(text.c.digest == digest(where.cluster)).scalar_subquery())
    if where.suite is not None:
        places = places.where(divergence.c.suite == digest(where.suite))
    if where.text:
        places = places.join(test, test.c.id == divergence.c.test_id).where(holds(connection, where.text))
    return places


def _place(connection: Connection, key: str) -> tuple[bytes, bytes]:
    """Where a key's divergence stands. Keys are digests of test id and suite: they outlive a rebuild and hold under every filter."""
    try:
        wanted = bytes.fromhex(key)
    except ValueError:
        wanted = b""
    query = select(divergence.c.sort_key, divergence.c.suite).join_from(divergence, test, test.c.id == divergence.c.test_id)
    row = connection.execute(query.where(_NOW, test.c.digest == wanted[:16], divergence.c.suite == wanted[16:])).one_or_none()
    if row is None:
        raise StoreError("the key to continue after is not of this list", expected="the next_key of a page", hint="start at the first page")
    return row.sort_key, row.suite
