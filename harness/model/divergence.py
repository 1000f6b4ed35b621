"""Divergences over runs: what a night says of a test, how the item that is followed goes on from night to night, and what outlives retention.

A *night* is a complete run of the whole suite on both sides. Nights of one suite are ordered by the time they started, then by run id. Everything
here depends on that order and on what the nights showed, so it comes out the same however often, and in whatever order, runs are stored.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from harness.model.vocabulary import Direction, Outcome, Side, Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from typing import TypeVar

    from harness.model.comparison import Totals

    C = TypeVar("C", bound="Course")


class DivergenceState(StrEnum):
    """Where a divergence stands."""

    OPEN = "open"
    CONVERGED = "converged"  # its sides agreed for so many nights in a row as the policy asks for
    REOPENED = "reopened"  # seen again after it had converged or was removed
    REMOVED = "removed"  # its test was in neither side's suite for as many nights in a row

    @property
    def is_open(self) -> bool:
        """Whether there is still something to do: open or reopened."""
        return self in {DivergenceState.OPEN, DivergenceState.REOPENED}


class RenameReason(StrEnum):
    """Why two test ids are held for one test."""

    SAME_BODY = "same_body"  # the test function's body is the same, and no other test has it
    MOVED_FILE = "moved_file"  # git tells that the file was renamed


class Bearing(StrEnum):
    """What a night says of a divergence."""

    DIVERGED = "diverged"  # seen
    AGREED = "agreed"  # clean
    DIFFERED = "differed"  # the sides differed and it was no divergence (flaky, not decided): not clean either
    SILENT = "silent"  # both sides failed, or one did not get to it: nothing was learned
    MISSING = "missing"  # neither side's suite has the test


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Moment:
    """A run's place in time; the order of these is the order of nights."""

    at: datetime
    run_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """What a night shows of a divergence that it saw."""

    direction: Direction | None
    cluster: str | None
    confirmed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """How a divergence went so far. `first_seen` outlives its run.

    `nights_seen` counts all nights that saw it; `clean_nights` and `missing_nights` those since it was seen or differed last, and stand still once
    it has converged or was removed. `direction` and `cluster` are those of the last sighting; `confirmed` tells whether any night confirmed it.
    """

    state: DivergenceState
    first_seen: Moment
    last_seen: Moment
    nights_seen: int
    clean_nights: int
    missing_nights: int
    direction: Direction | None
    cluster: str | None
    confirmed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DivergenceRow(Course):
    """A divergence: one test of one suite, followed over the nights under the name it has now."""

    suite: str
    test_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DivergenceFilter:
    """Which divergences to list: all given conditions hold. No `states` means all; `text` is looked for in the test id, case-insensitively."""

    states: tuple[DivergenceState, ...] = ()
    direction: Direction | None = None
    cluster: str | None = None
    text: str | None = None
    suite: str | None = None


OPEN_DIVERGENCES = DivergenceFilter(states=(DivergenceState.OPEN, DivergenceState.REOPENED))
"""Those with something left to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Discordance:
    """How often the nightly pair of a test differed since the suite's or the data's digest changed last, by the side that did worse.

    `nights` counts the nights since then. `compare.nights` turns the counts into the e-process of DESIGN section 6, rule 5.
    """

    suite: str
    test_id: str
    legacy_worse: int
    shadow_worse: int
    nights: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Rename:
    """A test that goes on under another id."""

    old: str
    new: str
    reason: RenameReason


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedRename:
    """A rename and the run that brought it."""

    suite: str
    moment: Moment
    rename: Rename


@dataclass(frozen=True, slots=True, kw_only=True)
class Tombstone:
    """What is left of a run that retention removed, so that links to it have an answer. `totals` is None for one that was never decided."""

    run_id: str
    suite: str
    started_at: datetime
    removed_at: datetime
    totals: Totals | None

    @property
    def sentence(self) -> str:
        """The answer to a link."""
        removed = f"run {self.run_id} of {self.started_at:%Y-%m-%d %H:%M} UTC was removed by retention on {self.removed_at:%Y-%m-%d}"
        if self.totals is None:
            return f"{removed}; it had no result"
        return f"{removed}; it had {self.totals.tests} tests, {self.totals.divergent} of them divergent"


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """Where following one suite stood after the last run that retention removed, `until`. Runs up to there are no nights any more.

    `epoch` is the `data_epoch` of its last night, None before the first, and `epoch_nights` the nights since it began.
    """

    suite: str
    until: Moment
    epoch: str | None = None
    epoch_nights: int = 0
    divergences: tuple[DivergenceRow, ...] = ()
    discordances: tuple[Discordance, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """What bundles no longer tell: kept beside them, so that a rebuild gives the same store again."""

    tombstones: tuple[Tombstone, ...] = ()
    carried: tuple[Carried, ...] = ()
    renames: tuple[RecordedRename, ...] = ()


def bearing(verdict: Verdict, direction: Direction | None) -> Bearing:
    """What a pair says of a divergence of its test."""
    if verdict is Verdict.DIVERGENT:
        return Bearing.DIVERGED
    if verdict is Verdict.EQUIVALENT:
        return Bearing.AGREED
    return Bearing.SILENT if direction is None else Bearing.DIFFERED


def seen(course: Course | None, moment: Moment, sighting: Sighting) -> Course:
    """A divergence after a night that saw it; None for one that was never seen before."""
    if course is None:
        return Course(
            state=DivergenceState.OPEN,
            first_seen=moment,
            last_seen=moment,
            nights_seen=1,
            clean_nights=0,
            missing_nights=0,
            direction=sighting.direction,
            cluster=sighting.cluster,
            confirmed=sighting.confirmed,
        )
    return replace(
        course,
        state=course.state if course.state.is_open else DivergenceState.REOPENED,
        last_seen=moment,
        nights_seen=course.nights_seen + 1,
        clean_nights=0,
        missing_nights=0,
        direction=sighting.direction,
        cluster=sighting.cluster,
        confirmed=course.confirmed or sighting.confirmed,
    )


def unseen(course: C, night: Bearing, *, clean_nights: int) -> C:
    """A divergence after a night that did not see it. `clean_nights` in a row make it converged, or removed where its test is missing."""
    if not course.state.is_open or night is Bearing.SILENT:
        return course
    if night is Bearing.DIFFERED:
        return replace(course, clean_nights=0, missing_nights=0)
    clean = course.clean_nights + 1 if night is Bearing.AGREED else course.clean_nights
    missing = course.missing_nights + 1 if night is Bearing.MISSING else 0
    state = course.state
    if missing and missing >= clean_nights:
        state = DivergenceState.REMOVED
    elif clean >= clean_nights:
        state = DivergenceState.CONVERGED
    return replace(course, state=state, clean_nights=clean, missing_nights=missing)


def worse_side(verdict: Verdict, direction: Direction | None, legacy: Outcome | None, shadow: Outcome | None) -> Side | None:
    """The side that did worse in a nightly pair; None where the pair does not count as discordant.

    Pairs that stayed inconclusive do not count: they are those that an outage of one side made differ, and leaving them out takes nothing from
    either direction as long as both sides share one failure rate.
    """
    if verdict not in {Verdict.DIVERGENT, Verdict.FLAKY} or legacy is None or shadow is None or legacy.kind is shadow.kind:
        return None
    if direction in {Direction.LEGACY_ONLY_PASS, Direction.LEGACY_ONLY_COLLECTED}:
        return Side.SHADOW
    if direction in {Direction.SHADOW_ONLY_PASS, Direction.SHADOW_ONLY_COLLECTED}:
        return Side.LEGACY
    return Side.LEGACY if legacy.kind.rank > shadow.kind.rank else Side.SHADOW


def data_epoch(legacy: Mapping[str, str], shadow: Mapping[str, str]) -> str:
    """16 hexadecimal digits that change with the digest of the suite or of the data of either side; `legacy` and `shadow` are facts of a run.

    Facts that count: `suite.digest`, `dataset`, and all that begin with `data.` or `schema.`.
    """
    sides = [sorted((name, value) for name, value in facts.items() if _of_the_data(name)) for facts in (legacy, shadow)]
    return hashlib.sha256(json.dumps(sides).encode("ascii")).hexdigest()[:16]


def _of_the_data(name: str) -> bool:
    return name in {"suite.digest", "dataset"} or name.startswith(("data.", "schema."))
