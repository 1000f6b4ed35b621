"""Which of the agreeing tests are run deep in a night."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from harness.model import OutcomeClass

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from harness.model import Evidence, SideEvidence

PARTS = 7
"""Parts that a suite is cut into: one for each night of a week."""


def passing_on_both(evidence: Evidence) -> tuple[str, ...]:
    """The tests that passed on both sides in the full run, in legacy's order of collection; subtests are looked at with their test."""
    legacy, shadow = _passing(evidence.legacy), _passing(evidence.shadow)
    return tuple(test_id for test_id in evidence.legacy.collected if test_id in legacy and test_id in shadow)


def _passing(side: SideEvidence) -> frozenset[str]:
    return frozenset(attempt.test_id for attempt in side.full if attempt.outcome.kind is OutcomeClass.PASSING)


def due_parts(day: int, last: int | None) -> frozenset[int]:
    """The parts that are due on a day (its ordinal): that of the day and those of the days since the last night, so that a week covers the suite also
    where there are no nights on its weekend. None is due twice on a day. `last` is None before the first night.
    """
    first = day if last is None else max(last + 1, day - PARTS + 1)
    return frozenset(one % PARTS for one in range(first, day + 1))


def sampled(tests: Iterable[str], parts: Collection[int]) -> tuple[str, ...]:
    """The tests of these parts, in the order given. The part of a test depends on nothing but its id, so a week covers the suite as it grows."""
    return tuple(test_id for test_id in tests if part_of(test_id) in parts)


def part_of(test_id: str) -> int:
    """The part of a test, from 0."""
    return int.from_bytes(hashlib.sha256(test_id.encode("utf-8", "surrogatepass")).digest()[:8], "big") % PARTS
