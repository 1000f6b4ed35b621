"""Which of the agreeing tests are run deep in a night."""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from functools import lru_cache
from typing import TYPE_CHECKING

from harness.model import OutcomeClass

if TYPE_CHECKING:
    from collections.abc import Collection

    from harness.model import Evidence, SideEvidence

WEEK = 7
"""Nights in which a week covers the suite."""

NIGHTS = 28
"""Nights that take turns to cover it: a deep session costs several times a light one, and a night has a bound."""


def passing_on_both(evidence: Evidence) -> tuple[str, ...]:
    """The tests that passed on both sides in the full run, in legacy's order of collection; subtests are looked at with their test."""
    legacy, shadow = _passing(evidence.legacy), _passing(evidence.shadow)
    return tuple(test_id for test_id in evidence.legacy.collected if test_id in legacy and test_id in shadow)


def _passing(side: SideEvidence) -> frozenset[str]:
    return frozenset(attempt.test_id for attempt in side.full if attempt.outcome.kind is OutcomeClass.PASSING)


def due_days(day: int, last: int | None) -> int:
    """How many days' shares of `WEEK` are due on a day (its ordinal): its own, and those of the days since the last night, so that a week covers the
    suite also where there are no nights on its weekend. None is due twice on a day. `last` is None before the first night.
    """
    return 1 if last is None else min(day - last, WEEK)


def in_turn(tests: Collection[str], behind: str | None, *, shares: int, of: int) -> tuple[str, ...]:
    """The tests whose turn it is: so many shares of a suite cut into `of`, in their order of turn from the test on that stands behind `behind`, the
    last one whose turn it was, and from the first on again at the end.

    Files stand one behind the other in an order that scatters neighbours, so that a night imports and sets up few of them; a test that is added or
    gone moves nobody else's turn. Wherever the suite keeps its size, `of` shares are all tests.
    """
    places = sorted((_digest(path := test_id.partition("::")[0]), path, test_id) for test_id in tests)
    first = 0 if behind is None else bisect_right(places, (_digest(path := behind.partition("::")[0]), path, behind))
    count = min(len(places), -(-len(places) * shares // of))
    return tuple(test_id for _, _, test_id in (*places[first:], *places[:first])[:count])


@lru_cache(maxsize=65_536)
def _digest(path: str) -> bytes:
    return hashlib.sha256(path.encode("utf-8", "surrogatepass")).digest()
