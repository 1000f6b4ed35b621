"""Following divergences from night to night. What is followed depends on the stored nights and their order alone, never on when they were stored:
the newest night goes on from the state before it, and any other change makes the state again from the first night that is kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, Connection, and_, select

from harness.model import Bearing, Moment, Side, Sighting, Verdict
from harness.model.divergence import bearing, data_epoch, seen, unseen, worse_side
from harness.store.bulk import batches
from harness.store.listing import DETAIL, NOT_EQUIVALENT
from harness.store.rows import direction, outcome
from harness.store.schema import course, fact, pair, pair_detail, rename, run
from harness.store.standing import Layer, Standing, cluster_names, load, overwrite, save

if TYPE_CHECKING:
    from sqlalchemy import Row, Select

    from harness.model import Direction

_AT_ONCE = 900  # ids in a statement: SQLite before 3.32 takes 999 variables
_IS_NIGHT = and_(run.c.complete, run.c.whole, run.c.exit.is_not(None))


@dataclass(frozen=True, slots=True, kw_only=True)
class Night:
    """A run to follow divergences through; `number` is the run's inside this store."""

    number: int
    suite: str
    moment: Moment
    clean_nights: int


def suite_of_night(connection: Connection, run_id: str) -> str | None:
    """The suite that a stored run is a night of, None where it is none: unknown, undecided, incomplete, or a part of a suite."""
    found: str | None = connection.execute(select(run.c.suite).where(run.c.name == run_id, _IS_NIGHT)).scalar()
    return found


def take(connection: Connection, run_id: str, *, before: str | None) -> None:
    """Follow a run that was just stored. `before` is the suite it was a night of until then."""
    night = next(_nights(connection, run.c.name == run_id), None)
    if before is not None:
        drop(connection, before)
    if night is None or night.suite == before:
        return
    last = _until(connection, night.suite, Layer.CURRENT)
    if last is not None and night.moment <= last:
        drop(connection, night.suite)
        return
    standing = load(connection, night.suite, Layer.CURRENT)
    _advance(connection, standing, night)
    save(connection, standing, Layer.CURRENT)


def drop(connection: Connection, suite: str) -> None:
    """Follow a suite again from the first night kept, after one was added in between, replaced or forgotten."""
    standing = load(connection, suite, Layer.CARRIED)
    advance(connection, standing)
    overwrite(connection, standing, Layer.CURRENT)


def is_followed(connection: Connection, suite: str) -> bool:
    """Whether anything is known of a suite's nights, be it that there was none."""
    return _until(connection, suite, Layer.CURRENT) is not None


def follow_everything(connection: Connection) -> None:
    """Follow all suites again."""
    suites = select(run.c.suite).where(_IS_NIGHT).union(select(course.c.name))
    for suite in connection.execute(suites).scalars().all():
        drop(connection, suite)


def advance(connection: Connection, standing: Standing, *, until: Moment | None = None) -> None:
    """Go on through all nights after the standing, in order; where given, none after `until`."""
    after = standing.until
    nights = sorted(_nights(connection, run.c.suite == standing.suite), key=lambda night: night.moment)
    for night in nights:
        if (after is None or night.moment > after) and (until is None or night.moment <= until):
            _advance(connection, standing, night)


def _nights(connection: Connection, where: ColumnElement[bool]) -> Iterator[Night]:
    for row in connection.execute(select(run).where(_IS_NIGHT, where)).all():
        moment = Moment(at=row.started_at, run_id=row.name)
        yield Night(number=row.id, suite=row.suite, moment=moment, clean_nights=row.confirm_clean_nights)


def _until(connection: Connection, suite: str, layer: Layer) -> Moment | None:
    found = connection.execute(
        select(course.c.until_at, course.c.until_run).where(course.c.name == suite, course.c.layer == int(layer))
    ).one_or_none()
    return None if found is None else Moment(at=found.until_at, run_id=found.until_run)


def _advance(connection: Connection, standing: Standing, night: Night) -> None:
    """One night on."""
    epoch = _epoch(connection, night)
    if epoch != standing.epoch:
        standing.begin_epoch(epoch)
    standing.epoch_nights += 1
    standing.until = night.moment
    moved = connection.execute(select(rename.c.old_id, rename.c.new_id).where(rename.c.run_name == night.moment.run_id))
    standing.move({row.old_id: row.new_id for row in moved})
    differing = set()
    clusters = cluster_names(connection, _clusters_of(night))
    for row in _differing(connection, night):
        differing.add(row.test_id)
        _take_pair(standing, night, row, cluster=clusters[row.cluster_id])
    rest = [number for number, of in standing.courses.items() if of.state.is_open and number not in differing]
    present = _present(connection, night, rest)
    for number in rest:
        said = Bearing.AGREED if number in present else Bearing.MISSING
        standing.put(number, unseen(standing.courses[number], said, clean_nights=night.clean_nights))


def _take_pair(standing: Standing, night: Night, row: Row[Any], *, cluster: str | None) -> None:
    said, way, worse = _said(row.verdict, row.direction, row.legacy_outcome, row.shadow_outcome)
    known = standing.courses.get(row.test_id)
    if said is Bearing.DIVERGED:
        sighting = Sighting(direction=way, cluster=cluster, confirmed=bool(row.confirmed))
        standing.put(row.test_id, seen(known, night.moment, sighting))
    elif known is not None and (after := unseen(known, said, clean_nights=night.clean_nights)) is not known:
        standing.put(row.test_id, after)
    if worse is not None:
        standing.count(row.test_id, legacy=int(worse is Side.LEGACY), shadow=int(worse is Side.SHADOW))


@lru_cache(maxsize=1024)  # a run's pairs share few combinations
def _said(verdict: str, way: str | None, legacy: str | None, shadow: str | None) -> tuple[Bearing, Direction | None, Side | None]:
    """What a pair's columns say: of a divergence, how it diverges, and which side did worse."""
    typed = Verdict(verdict), direction(way)
    return bearing(*typed), typed[1], worse_side(*typed, outcome(legacy), outcome(shadow))


def _clusters_of(night: Night) -> Select[tuple[int | None]]:
    """The clusters of a night, by number."""
    return select(pair_detail.c.cluster_id).where(pair_detail.c.run_id == night.number, pair_detail.c.cluster_id.is_not(None))


def _differing(connection: Connection, night: Night) -> Sequence[Row[Any]]:
    """The night's pairs that are not equivalent."""
    query: Select[Any] = (
        select(
            pair.c.test_id,
            pair.c.verdict,
            pair.c.direction,
            pair.c.legacy_outcome,
            pair.c.shadow_outcome,
            pair_detail.c.confirmed,
            pair_detail.c.cluster_id,
        )
        .outerjoin_from(pair, pair_detail, DETAIL)
        .where(pair.c.run_id == night.number, NOT_EQUIVALENT)
    )
    return connection.execute(query).all()


def _present(connection: Connection, night: Night, numbers: Iterable[int]) -> set[int]:
    """Those of some tests that the night has a pair of."""
    found: set[int] = set()
    for chunk in batches(numbers, _AT_ONCE):
        found.update(connection.execute(select(pair.c.test_id).where(pair.c.run_id == night.number, pair.c.test_id.in_(chunk))).scalars())
    return found


def _epoch(connection: Connection, night: Night) -> str:
    sides: dict[str, dict[str, str]] = {side.value: {} for side in Side}
    for row in connection.execute(select(fact).where(fact.c.run_id == night.number)):
        sides[row.side][row.name] = row.value
    return data_epoch(sides[Side.LEGACY.value], sides[Side.SHADOW.value])
