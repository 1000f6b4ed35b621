"""Following divergences over the nights, as plainly as it can be said: what stores are held against (tests/fakes.py)."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, fields

from harness.model import (
    Bearing,
    Carried,
    Comparison,
    Course,
    Discordance,
    DivergenceFilter,
    DivergenceRow,
    Moment,
    Rename,
    Side,
    Sighting,
)
from harness.model.divergence import bearing, data_epoch, seen, unseen, worse_side


@dataclass(slots=True)
class Standing:
    """Where following a suite stands: made anew from its nights each time it is asked for."""

    epoch: str | None = None
    epoch_nights: int = 0
    courses: dict[str, Course] = field(default_factory=dict)
    counts: dict[str, tuple[int, int]] = field(default_factory=dict)


def advance(standing: Standing, comparison: Comparison | None, renames: Sequence[Rename]) -> None:
    """One night on."""
    assert comparison is not None
    moment = Moment(at=comparison.run.started_at, run_id=comparison.run.id)
    epoch = data_epoch(comparison.legacy, comparison.shadow)
    if epoch != standing.epoch:
        standing.epoch, standing.epoch_nights = epoch, 0
        standing.counts.clear()
    standing.epoch_nights += 1
    standing.courses |= {item.new: standing.courses.pop(item.old) for item in renames if item.old in standing.courses}
    standing.counts |= {item.new: standing.counts.pop(item.old) for item in renames if item.old in standing.counts}
    enough = comparison.run.confirm.clean_nights
    missing = set(standing.courses) - {pair.test_id for pair in comparison.pairs}
    for pair in comparison.pairs:
        said, course = bearing(pair.verdict, pair.direction), standing.courses.get(pair.test_id)
        if said is Bearing.DIVERGED:
            sighting = Sighting(direction=pair.direction, cluster=pair.cluster, confirmed=bool(pair.confirmed))
            standing.courses[pair.test_id] = seen(course, moment, sighting)
        elif course is not None:
            standing.courses[pair.test_id] = unseen(course, said, clean_nights=enough)
        worse = worse_side(pair.verdict, pair.direction, pair.legacy.outcome, pair.shadow.outcome)
        if worse is not None:
            legacy, shadow = standing.counts.get(pair.test_id, (0, 0))
            standing.counts[pair.test_id] = legacy + (worse is Side.LEGACY), shadow + (worse is Side.SHADOW)
    for name in missing:
        standing.courses[name] = unseen(standing.courses[name], Bearing.MISSING, clean_nights=enough)


def carried_standing(carried: Carried) -> Standing:
    return Standing(
        carried.epoch,
        carried.epoch_nights,
        {row.test_id: row for row in carried.divergences},
        {item.test_id: (item.legacy_worse, item.shadow_worse) for item in carried.discordances},
    )


def divergence_row(suite: str, test_id: str, course: Course) -> DivergenceRow:
    return DivergenceRow(suite=suite, test_id=test_id, **{item.name: getattr(course, item.name) for item in fields(Course)})


def discordances_of(suite: str, standing: Standing) -> Sequence[Discordance]:
    return [
        Discordance(suite=suite, test_id=name, legacy_worse=legacy, shadow_worse=shadow, nights=standing.epoch_nights)
        for name, (legacy, shadow) in sorted(standing.counts.items())
    ]


def digest_of(text: str) -> bytes:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def divergence_order(row: DivergenceRow) -> tuple[str, bytes]:
    return row.test_id, digest_of(row.suite)


def divergence_key(row: DivergenceRow) -> str:
    return (digest_of(row.test_id) + digest_of(row.suite)).hex()


def divergence_matches(row: DivergenceRow, where: DivergenceFilter) -> bool:
    return (
        (not where.states or row.state in where.states)
        and where.direction in {None, row.direction}
        and where.cluster in {None, row.cluster}
        and where.suite in {None, row.suite}
        and (where.text or "").casefold() in row.test_id.casefold()
    )
