"""Which of the agreeing tests are run deep in a night."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from harness.model import OutcomeClass

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from harness.model import Evidence, SideEvidence

WEEK = 7
"""Parts that a suite is cut into where a week is to cover it."""

NIGHTS = 28
"""Parts that it is cut into where each night takes one: a deep session costs several times a light one, and a night has a bound."""


def passing_on_both(evidence: Evidence) -> tuple[str, ...]:
    """The tests that passed on both sides in the full run, in legacy's order of collection; subtests are looked at with their test."""
    legacy, shadow = _passing(evidence.legacy), _passing(evidence.shadow)
    return tuple(test_id for test_id in evidence.legacy.collected if test_id in legacy and test_id in shadow)


def _passing(side: SideEvidence) -> frozenset[str]:
    return frozenset(attempt.test_id for attempt in side.full if attempt.outcome.kind is OutcomeClass.PASSING)


def due_parts(day: int, last: int | None) -> frozenset[int]:
    """The parts of `WEEK` that are due on a day (its ordinal): that of the day and those of the days since the last night, so that a week covers the
    suite also where there are no nights on its weekend. None is due twice on a day. `last` is None before the first night.
    """
    first = day if last is None else max(last + 1, day - WEEK + 1)
    return frozenset(one % WEEK for one in range(first, day + 1))


def next_part(last: int | None) -> int:
    """The part of `NIGHTS` that a night takes: the one behind the last night's. `last` is None before the first night."""
    return 0 if last is None else (last + 1) % NIGHTS


def sampled(tests: Iterable[str], parts: Collection[int], *, of: int) -> tuple[str, ...]:
    """The tests of these parts of a suite cut into `of`, in the order given. The part of a test depends on nothing but its id, so that the parts
    cover the suite as it grows.
    """
    return tuple(test_id for test_id in tests if part_of(test_id, of) in parts)


def part_of(test_id: str, of: int) -> int:
    """The part of a test, from 0."""
    return int.from_bytes(hashlib.sha256(test_id.encode("utf-8", "surrogatepass")).digest()[:8], "big") % of
