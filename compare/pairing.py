"""Pairs the attempts of both sides by test id."""

from __future__ import annotations

from heapq import merge
from typing import TYPE_CHECKING, NamedTuple

from compare.shown import BY_ID, Shown
from harness.model import Side

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.model import Attempt, Evidence, SideEvidence


class Pair(NamedTuple):
    """A test's attempts in the full run. A side is None where it was to run the test and did not get to it.

    A named tuple and not a dataclass, since there is one for every test of a suite: built in a quarter of the time.
    """

    test_id: str
    legacy: Attempt | None
    shadow: Attempt | None
    selects: str
    """The test to select in order to run it again: itself, or the test that a subtest belongs to."""

    def of(self, side: Side) -> Attempt | None:
        """The attempt of one side."""
        return self.legacy if side is Side.LEGACY else self.shadow


def pair_attempts(evidence: Evidence) -> Iterator[Pair]:
    """Every test of either side once, sorted by test id."""
    legacy, shadow = _full_run(evidence.legacy), _full_run(evidence.shadow)
    pairs = _joined(legacy, shadow)
    if others := sorted(_known_otherwise(legacy, shadow, whole=evidence.run.whole)):
        return merge(pairs, (_pair(test_id, legacy, shadow) for test_id in others), key=BY_ID)
    return pairs


def _full_run(side: SideEvidence) -> Shown:
    return Shown(side.side, side.full, collected=side.collected, whole=side.finished)


def _joined(legacy: Shown, shadow: Shown) -> Iterator[Pair]:
    """Tests that at least one side ran: both sides' attempts, sorted by id, walked together."""
    left, right = iter(legacy.tests), iter(shadow.tests)
    one, other = next(left, None), next(right, None)
    while one is not None and other is not None:
        test_id = one.test_id
        if test_id == other.test_id:
            yield Pair(test_id, one, other, test_id if test_id[-1:] != "]" else _selected(test_id, legacy, shadow))
            one, other = next(left, None), next(right, None)
        elif test_id < other.test_id:
            yield _pair(test_id, legacy, shadow)
            one = next(left, None)
        else:
            yield _pair(other.test_id, legacy, shadow)
            other = next(right, None)
    while one is not None:
        yield _pair(one.test_id, legacy, shadow)
        one = next(left, None)
    while other is not None:
        yield _pair(other.test_id, legacy, shadow)
        other = next(right, None)


def _known_otherwise(legacy: Shown, shadow: Shown, *, whole: bool) -> set[str]:
    """Ids of what neither side ran: tests that were only collected, and modules that could not be, where neither side knows a test in them.

    Where only a part of the suite was to run (not `whole`), such a module of one side alone is left out if the other side ran to its end: the tests
    collected there are of another part, and pytest tells of a module that cannot be imported whether or not a test of it was asked for.
    """
    waiting = {test_id for test_id in legacy.waiting | shadow.waiting if not (test_id in legacy.attempts or test_id in shadow.attempts)}
    broken = legacy.broken.keys() | shadow.broken.keys()
    if not whole:
        broken = {unit for unit in broken if (unit in legacy.broken or not legacy.whole) and (unit in shadow.broken or not shadow.whole)}
    return waiting | {unit for unit in broken if not (legacy.has_test_in(unit) or shadow.has_test_in(unit))}


def _pair(test_id: str, legacy: Shown, shadow: Shown) -> Pair:
    return Pair(test_id, legacy.of(test_id), shadow.of(test_id), _selected(test_id, legacy, shadow))


def _selected(test_id: str, legacy: Shown, shadow: Shown) -> str:
    if " [" not in test_id:
        return test_id
    return legacy.parent(test_id) or shadow.parent(test_id) or test_id
