"""Retention: removing old runs, the tombstones they leave, and what has to be carried on without them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, delete, insert, select

from harness.errors import StoreError
from harness.model import Carried, Discordance, DivergenceRow, Moment, Retention, RunState, Tombstone, Totals
from harness.store import following, renames, standing, writing
from harness.store.rows import flat, totals_of, totals_values
from harness.store.schema import course, run, tombstone
from harness.store.standing import Layer, Standing

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Row

_Run = tuple[Moment, "Row[Any]"]


def retain(connection: Connection, *, now: datetime, keep_runs: int | None, since: datetime | None) -> Sequence[Tombstone]:
    """Remove old runs and return their tombstones, oldest first. Raises StoreError unless exactly one bound is given."""
    if (keep_runs is None) == (since is None) or (keep_runs is not None and keep_runs < 1):
        raise StoreError("retention needs one bound", expected="how many of the newest runs to keep, at least 1, or the date from which to keep them")
    made: list[Tombstone] = []
    rows = connection.execute(select(run).where(run.c.state != RunState.RUNNING.value)).all()
    known = sorted(((Moment(at=row.started_at, run_id=row.name), row) for row in rows), key=lambda item: (item[1].suite, item[0]))
    for suite, of_suite in groupby(known, lambda item: item[1].suite):
        old = _old(list(of_suite), keep_runs=keep_runs, since=since)
        if old:
            _carry(connection, suite, until=old[-1][0])
            made += [_bury(connection, row, now) for _, row in old]
    return tuple(sorted(made, key=lambda item: (item.started_at, item.run_id)))


def one_tombstone(connection: Connection, run_id: str) -> Tombstone | None:
    """What is left of a run that retention removed."""
    row = connection.execute(select(tombstone).where(tombstone.c.run_name == run_id)).one_or_none()
    return None if row is None else _tombstone(row)


def retention(connection: Connection) -> Retention:
    """What bundles no longer tell."""
    stones = [_tombstone(row) for row in connection.execute(select(tombstone))]
    suites = connection.execute(select(course.c.name).where(course.c.layer == int(Layer.CARRIED))).scalars().all()
    return Retention(
        tombstones=tuple(sorted(stones, key=lambda item: (item.started_at, item.run_id))),
        carried=tuple(_carried(connection, suite) for suite in sorted(suites)),
        renames=tuple(renames.everything(connection)),
    )


def restore(connection: Connection, kept: Retention) -> None:
    """Put back what bundles no longer tell. Renames of runs that are in the store are theirs and left alone."""
    stored_runs = set(connection.execute(select(run.c.name)).scalars())
    for stone in kept.tombstones:
        connection.execute(delete(tombstone).where(tombstone.c.run_name == stone.run_id))
        _insert(connection, stone)
    foreign = [item for item in kept.renames if item.moment.run_id not in stored_runs]
    for run_id in {item.moment.run_id for item in foreign}:
        renames.forget(connection, run_id)
    renames.record(connection, foreign)
    for carried in kept.carried:
        standing.overwrite(connection, _standing(connection, carried), Layer.CARRIED)
        following.drop(connection, carried.suite)


def _old(runs: Sequence[_Run], *, keep_runs: int | None, since: datetime | None) -> Sequence[_Run]:
    """The runs of a suite that may go: none of those to keep, and none from the newest night on."""
    nights = [place for place, (_, row) in enumerate(runs) if row.complete and row.whole and row.exit is not None]
    bound = nights[-1] if nights else len(runs)
    if keep_runs is not None:
        return runs[: min(bound, max(0, len(runs) - keep_runs))]
    return [item for item in runs[:bound] if since is not None and item[0].at < since]


def _carry(connection: Connection, suite: str, *, until: Moment) -> None:
    """Bring what is carried up to the last run that goes."""
    carried = standing.load(connection, suite, Layer.CARRIED)
    if carried.until is not None and carried.until > until:
        return
    following.advance(connection, carried, until=until)
    carried.until = until
    standing.save(connection, carried, Layer.CARRIED)
    if not following.is_followed(connection, suite):
        following.drop(connection, suite)


def _bury(connection: Connection, row: Row[Any], now: datetime) -> Tombstone:
    totals = None if row.exit is None else totals_of(row)
    stone = Tombstone(run_id=row.name, suite=row.suite, started_at=row.started_at, removed_at=now, totals=totals)
    writing.remove(connection, row.name)
    _insert(connection, stone)
    return stone


def _insert(connection: Connection, stone: Tombstone) -> None:
    totals = dict.fromkeys(Totals.__dataclass_fields__) if stone.totals is None else totals_values(stone.totals)
    times = {"started_at": stone.started_at, "removed_at": stone.removed_at}
    connection.execute(insert(tombstone).values(run_name=stone.run_id, suite=stone.suite, **times, **totals))


def _tombstone(row: Row[Any]) -> Tombstone:
    totals = None if row.tests is None else totals_of(row)
    return Tombstone(run_id=row.run_name, suite=row.suite, started_at=row.started_at, removed_at=row.removed_at, totals=totals)


def _carried(connection: Connection, suite: str) -> Carried:
    kept = standing.load(connection, suite, Layer.CARRIED)
    if kept.until is None:
        raise StoreError("a suite is carried on from no run")
    tests = dict(standing.names(connection, kept.courses.keys() | kept.counts.keys()))
    followed = (DivergenceRow(suite=suite, test_id=tests[number], **flat(of)) for number, of in kept.courses.items())
    counted = (
        Discordance(suite=suite, test_id=tests[number], legacy_worse=legacy, shadow_worse=shadow, nights=kept.epoch_nights)
        for number, (legacy, shadow) in kept.counts.items()
    )
    return Carried(
        suite=suite,
        until=kept.until,
        epoch=kept.epoch,
        epoch_nights=kept.epoch_nights,
        divergences=tuple(sorted(followed, key=lambda item: item.test_id)),
        discordances=tuple(sorted(counted, key=lambda item: item.test_id)),
    )


def _standing(connection: Connection, carried: Carried) -> Standing:
    items: Iterable[DivergenceRow | Discordance] = (*carried.divergences, *carried.discordances)
    numbers = renames.numbered(connection, (item.test_id for item in items))
    return Standing(
        carried.suite,
        until=carried.until,
        epoch=carried.epoch,
        epoch_nights=carried.epoch_nights,
        courses={numbers[item.test_id]: item for item in carried.divergences},
        counts={numbers[item.test_id]: (item.legacy_worse, item.shadow_worse) for item in carried.discordances},
    )
