"""Tests that go on under another id: what runs brought, and the ids under which a test is to be found."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import Connection, delete, select

from harness.errors import StoreError
from harness.model import Moment, RecordedRename, Rename, RenameReason
from harness.store.bulk import Shared
from harness.store.columns import microseconds
from harness.store.schema import rename, test
from harness.store.standing import bulk_of
from harness.store.verbatim import digest, folded, stored

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Select

    from harness.model import RunHeader

_old, _new = test.alias("old_test"), test.alias("new_test")


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """An id that a test had: the number of the id, and for ids it has no more the suite and the run that changed it."""

    number: int
    suite: str | None = None
    before: datetime | None = None


def write(connection: Connection, run: RunHeader, renames: Sequence[Rename]) -> None:
    """Store what a run brought. Raises StoreError where an old or a new id stands twice."""
    if len({item.old for item in renames}) < len(renames) or len({item.new for item in renames}) < len(renames):
        raise StoreError("a test id stands twice among the old or the new ids of a run's renames", expected="each old and each new id once")
    moment = Moment(at=run.started_at, run_id=run.id)
    record(connection, [RecordedRename(suite=run.suite, moment=moment, rename=item) for item in renames])


def record(connection: Connection, recorded: Sequence[RecordedRename]) -> None:
    """Store renames of any runs; those of one run in their order."""
    numbers = numbered(connection, (name for item in recorded for name in (item.rename.old, item.rename.new)))
    positions: dict[str, int] = {}
    rows = []
    for item in recorded:
        position = positions.get(item.moment.run_id, 0)
        positions[item.moment.run_id] = position + 1
        old, new = numbers[item.rename.old], numbers[item.rename.new]
        place = (stored(item.moment.run_id), position, stored(item.suite), microseconds(item.moment.at))
        rows.append((*place, old, new, item.rename.reason.value))
    bulk_of(connection).insert(rename, rows)


def numbered(connection: Connection, ids: Iterable[str]) -> Mapping[str, int]:
    """The numbers of test ids, new ones for those never seen."""
    tests = Shared[str](bulk_of(connection), connection, test, digest=digest, row=lambda name: (stored(name), folded(name)))
    return tests.numbers(set(ids))


def forget(connection: Connection, run_id: str) -> None:
    """Remove what a run brought."""
    connection.execute(delete(rename).where(rename.c.run_name == run_id))


def of_run(connection: Connection, run_id: str) -> Sequence[Rename]:
    """What a run brought, in order."""
    return tuple(item.rename for item in _recorded(connection, _all().where(rename.c.run_name == run_id).order_by(rename.c.position)))


def everything(connection: Connection) -> Sequence[RecordedRename]:
    """All renames, in the order of runs."""
    return _recorded(connection, _all().order_by(rename.c.at, rename.c.run_name, rename.c.position))


def segments(connection: Connection, test_id: str) -> Sequence[Segment]:
    """The ids under which the history of a test is to be found, the present one first."""
    number = connection.execute(select(test.c.id).where(test.c.digest == digest(test_id))).scalar()
    found = [] if number is None else [Segment(number=number)]
    while found:
        last = found[-1]
        query = select(rename).where(rename.c.new_id == last.number).order_by(rename.c.at.desc(), rename.c.run_name.desc()).limit(1)
        if last.before is not None:
            query = query.where(rename.c.at < last.before, rename.c.suite == last.suite)
        row = connection.execute(query).one_or_none()
        if row is None:
            break
        found.append(Segment(number=row.old_id, suite=row.suite, before=row.at))
    return tuple(found)


def later_ids(connection: Connection, number: int, suite: str | None) -> Sequence[tuple[str, int]]:
    """Suite and number under which a test went on, and went on again; the last is the one it has now."""
    found: list[tuple[str, int]] = []
    after: datetime | None = None
    while True:
        query = select(rename).where(rename.c.old_id == (found[-1][1] if found else number)).limit(1)
        query = query.order_by(rename.c.at.desc(), rename.c.run_name.desc()) if after is None else query.order_by(rename.c.at, rename.c.run_name)
        if suite is not None:
            query = query.where(rename.c.suite == suite)
        if after is not None:
            query = query.where(rename.c.at > after)
        row = connection.execute(query).one_or_none()
        if row is None:
            return tuple(found)
        suite, after = row.suite, row.at
        found.append((row.suite, row.new_id))


def _all() -> Select[tuple[object, ...]]:
    return (
        select(rename, _old.c.name.label("old"), _new.c.name.label("new"))
        .join_from(rename, _old, _old.c.id == rename.c.old_id)
        .join(_new, _new.c.id == rename.c.new_id)
    )


def _recorded(connection: Connection, query: Select[tuple[object, ...]]) -> Sequence[RecordedRename]:
    return tuple(
        RecordedRename(
            suite=row.suite,
            moment=Moment(at=row.at, run_id=row.run_name),
            rename=Rename(old=row.old, new=row.new, reason=RenameReason(row.reason)),
        )
        for row in connection.execute(query)
    )
