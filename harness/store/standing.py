"""Where following one suite stands, in memory and as rows. A night's changes are collected here and written once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, and_, delete, insert, select, type_coerce

from harness.model import Course, Direction, DivergenceState, Moment
from harness.store.bulk import Bulk, PostgresBulk, Shared, SqliteBulk, batches
from harness.store.columns import Instant, Verbatim, instant, microseconds
from harness.store.rows import direction, word
from harness.store.schema import course, discordance, divergence, test, text
from harness.store.verbatim import digest, original, sort_key, stored

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Row, Select, Table

    from harness.store.bulk import Row as BulkRow

_AT_ONCE = 900  # ids in a statement: SQLite before 3.32 takes 999 variables


class Layer(IntEnum):
    """Which state of following rows tell."""

    CARRIED = 0  # after the last run that retention removed
    CURRENT = 1  # after the newest night


@dataclass(slots=True)
class Standing:
    """State of following one suite. Tests are named by their numbers; `counts` are the nights in which legacy and shadow did worse.

    `until` is the last run accounted for. `touched` are the tests whose rows differ from those stored; `wiped` tells that no stored count holds.
    """

    suite: str
    until: Moment | None = None
    epoch: str | None = None
    epoch_nights: int = 0
    courses: dict[int, Course] = field(default_factory=dict)
    counts: dict[int, tuple[int, int]] = field(default_factory=dict)
    keys: dict[int, bytes] = field(default_factory=dict)
    touched: set[int] = field(default_factory=set)
    wiped: bool = False

    @property
    def key(self) -> bytes:
        """The digest of the suite's name."""
        return digest(self.suite)

    def put(self, number: int, changed: Course) -> None:
        """Set the course of a test."""
        self.courses[number] = changed
        self.touched.add(number)

    def count(self, number: int, *, legacy: int, shadow: int) -> None:
        """Add nights in which a side did worse."""
        before = self.counts.get(number, (0, 0))
        self.counts[number] = before[0] + legacy, before[1] + shadow
        self.touched.add(number)

    def move(self, renames: Mapping[int, int]) -> None:
        """Let tests go on under other numbers, all at once."""
        courses = {new: self.courses.pop(old) for old, new in renames.items() if old in self.courses}
        counts = {new: self.counts.pop(old) for old, new in renames.items() if old in self.counts}
        self.courses.update(courses)
        self.counts.update(counts)
        self.touched.update(renames, renames.values())

    def begin_epoch(self, epoch: str) -> None:
        """Begin counting anew."""
        self.epoch, self.epoch_nights = epoch, 0
        self.counts.clear()
        self.wiped = True


def bulk_of(connection: Connection) -> Bulk:
    """The fast paths of this database."""
    return SqliteBulk(connection) if connection.dialect.name == "sqlite" else PostgresBulk(connection)


def load(connection: Connection, suite: str, layer: Layer) -> Standing:
    """A suite's standing; an empty one where there is none."""
    standing = Standing(suite)
    found = connection.execute(select(course).where(course.c.suite == standing.key, course.c.layer == layer)).one_or_none()
    if found is None:
        return standing
    standing.until = Moment(at=found.until_at, run_id=found.until_run)
    standing.epoch, standing.epoch_nights = found.epoch, found.epoch_nights
    _load_courses(connection, standing, layer)
    for row in connection.execute(select(discordance).where(_of(discordance, standing, layer))):
        standing.counts[row.test_id] = row.legacy_worse, row.shadow_worse
    return standing


def _load_courses(connection: Connection, standing: Standing, layer: Layer) -> None:
    """Most of the time that following takes goes here: rows are read in stored form, and what many share is made once."""
    moments: dict[tuple[int, str], Moment] = {}
    clusters = cluster_names(connection, select(divergence.c.cluster_id).where(_of(divergence, standing, layer)))
    directions: dict[str | None, Direction | None] = {name: direction(name) for name in (None, *map(str, Direction))}
    states = {str(state): state for state in DivergenceState}

    def moment(*place: Any) -> Moment:  # noqa: ANN401 - two columns
        if place not in moments:
            moments[place] = Moment(at=instant(place[0]), run_id=original(place[1]))
        return moments[place]

    plain = (type_coerce(column, column.type.impl) if isinstance(column.type, Instant | Verbatim) else column for column in divergence.c)
    rows = connection.execute(select(*plain).where(_of(divergence, standing, layer)))
    for number, _, _, key, state, first_at, first_run, last_at, last_run, times, clean, missing, way, cluster, confirmed in rows:
        standing.keys[number] = key
        standing.courses[number] = Course(
            state=states[state],
            first_seen=moment(first_at, first_run),
            last_seen=moment(last_at, last_run),
            nights_seen=times,
            clean_nights=clean,
            missing_nights=missing,
            direction=directions[way],
            cluster=clusters[cluster],
            confirmed=confirmed,
        )


def cluster_names(connection: Connection, numbers: Select[tuple[int | None]]) -> Mapping[int | None, str | None]:
    """The ids of some clusters by the numbers of these texts, and none of none."""
    found: dict[int | None, str | None] = {None: None}
    for row in connection.execute(select(text.c.id, text.c.value).where(text.c.id.in_(numbers.distinct()))):
        found[row.id] = row.value
    return found


def course_of(row: Row[Any]) -> Course:
    """How a divergence went, from its row joined with its cluster."""
    return Course(
        state=DivergenceState(row.state),
        first_seen=Moment(at=row.first_at, run_id=row.first_run),
        last_seen=Moment(at=row.last_at, run_id=row.last_run),
        nights_seen=row.nights_seen,
        clean_nights=row.clean_nights,
        missing_nights=row.missing_nights,
        direction=direction(row.direction),
        cluster=row.cluster,
        confirmed=row.confirmed,
    )


def save(connection: Connection, standing: Standing, layer: Layer) -> None:
    """Write what changed since the standing was loaded from this layer."""
    if 2 * len(standing.touched) > len(standing.courses):
        overwrite(connection, standing, layer)
        return
    for chunk in batches(standing.touched, _AT_ONCE):
        for table in (divergence, discordance):
            connection.execute(delete(table).where(_of(table, standing, layer), table.c.test_id.in_(chunk)))
    if standing.wiped:
        connection.execute(delete(discordance).where(_of(discordance, standing, layer)))
    _insert(connection, standing, layer, standing.touched)


def overwrite(connection: Connection, standing: Standing, layer: Layer) -> None:
    """Write the whole standing in place of what the layer holds of its suite."""
    for table in (divergence, discordance, course):
        connection.execute(delete(table).where(_of(table, standing, layer)))
    _insert(connection, standing, layer, standing.courses.keys() | standing.counts.keys())


def names(connection: Connection, numbers: Iterable[int]) -> Iterator[tuple[int, str]]:
    """Number and id of some tests."""
    for chunk in batches(numbers, _AT_ONCE):
        for row in connection.execute(select(test.c.id, test.c.name).where(test.c.id.in_(chunk))):
            yield row.id, row.name


def _of(table: Table, standing: Standing, layer: Layer) -> ColumnElement[bool]:
    return and_(table.c.suite == standing.key, table.c.layer == int(layer))


def _insert(connection: Connection, standing: Standing, layer: Layer, tests: Iterable[int]) -> None:
    bulk = bulk_of(connection)
    numbers = sorted(tests)
    followed = [number for number in numbers if number in standing.courses]
    standing.keys.update({number: sort_key(name) for number, name in names(connection, (n for n in followed if n not in standing.keys))})
    texts = Shared[str](bulk, connection, text, digest=digest, row=lambda value: (stored(value),))
    clusters = texts.numbers({cluster for number in followed if (cluster := standing.courses[number].cluster) is not None})
    bulk.insert(divergence, [_course_row(standing, number, layer, clusters) for number in followed])
    counts = ((number, standing.counts[number]) for number in numbers if number in standing.counts)
    bulk.insert(discordance, [(number, standing.key, int(layer), *count) for number, count in counts])
    connection.execute(delete(course).where(_of(course, standing, layer)))
    if standing.until is not None:
        connection.execute(
            insert(course).values(
                suite=standing.key,
                layer=int(layer),
                name=standing.suite,
                until_at=standing.until.at,
                until_run=standing.until.run_id,
                epoch=standing.epoch,
                epoch_nights=standing.epoch_nights,
            )
        )


def _course_row(standing: Standing, number: int, layer: Layer, clusters: Mapping[str, int]) -> BulkRow:
    of = standing.courses[number]
    return (
        number,
        standing.key,
        int(layer),
        standing.keys[number],
        of.state.value,
        microseconds(of.first_seen.at),
        stored(of.first_seen.run_id),
        microseconds(of.last_seen.at),
        stored(of.last_seen.run_id),
        of.nights_seen,
        of.clean_nights,
        of.missing_nights,
        word(of.direction),
        None if of.cluster is None else clusters[of.cluster],
        of.confirmed,
    )
