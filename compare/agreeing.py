"""Takes the tests out of a large run that need no further look: both sides ended them in the same way, and without a failure.

They are nearly all. What is left is judged as ever; no `Attempt` is made of the others.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from itertools import compress, islice
from math import isnan
from operator import eq
from typing import TYPE_CHECKING, NamedTuple, overload

from compare.results import AGREE, equivalent, plain
from compare.shown import beginnings_in
from compare.survey import UNREMARKABLE
from harness.model import OUTCOMES, PairResult, Phase, SideResult

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from harness.model import Attempt, AttemptColumns, Outcome

MOST_SHARED = 16_384
"""Durations for which the result of a side is kept to be shared: most tests of a large suite take one of few thousand."""

# Outcomes as numbers, those that are remarkable as one that the other side never has: equal numbers then are agreement.
_LEGACY = bytes(number if outcome in UNREMARKABLE else 254 for number, outcome in enumerate(OUTCOMES)).ljust(256)
_SHADOW = bytes(number if outcome in UNREMARKABLE else 255 for number, outcome in enumerate(OUTCOMES)).ljust(256)


class Apart(NamedTuple):
    """A run's tests in two parts: those that agree, and both sides' attempts of the others."""

    agreeing: Agreeing
    legacy: tuple[Attempt, ...]
    shadow: tuple[Attempt, ...]


def set_apart(legacy: AttemptColumns, shadow: AttemptColumns) -> Apart:
    """Set the tests apart that agree. Judging the others with these as `agreeing` gives what judging all would.

    That holds for sides of which nothing is known but their attempts (no `collected` ids), each with an id of its own.
    """
    left, right = _common(legacy.ids, shadow.ids)
    one, other = legacy.outcomes.translate(_LEGACY), shadow.outcomes.translate(_SHADOW)
    agree = bytearray(map(eq, map(one.__getitem__, left), map(other.__getitem__, right)))
    sides = ((legacy, left), (shadow, right))
    for side, rows in sides:
        for row in side.failures:
            _leave(row, rows, agree)
    others = {side.ids[row] for side, rows in sides for row in _others(len(side), compress(rows, agree))}
    broken = {side.ids[row] for side, _ in sides for row, failure in side.failures.items() if failure.phase is Phase.COLLECT}
    for side, rows in sides:
        for row in _asked_for(side, others, broken):
            _leave(row, rows, agree)
    return Apart(
        Agreeing(legacy, shadow, array("L", compress(left, agree)), array("L", compress(right, agree))),
        tuple(map(legacy.attempt, _others(len(legacy), compress(left, agree)))),
        tuple(map(shadow.attempt, _others(len(shadow), compress(right, agree)))),
    )


def _common(legacy: Sequence[str], shadow: Sequence[str]) -> tuple[Sequence[int], Sequence[int]]:
    """The rows of the tests that both sides have, in the order of ids."""
    if legacy == shadow:
        return range(len(legacy)), range(len(shadow))
    left, right = array("l"), array("l")
    places = dict(zip(shadow, range(len(shadow)), strict=True))
    for row, place in enumerate(map(places.get, legacy)):
        if place is not None:
            left.append(row)
            right.append(place)
    return left, right


def _leave(row: int, rows: Sequence[int], agree: bytearray) -> None:
    """Leave a test of one side to be judged with the others."""
    place = bisect_left(rows, row)
    if place < len(rows) and rows[place] == row:
        agree[place] = False


def _asked_for(side: AttemptColumns, others: Iterable[str], broken: Iterable[str]) -> Iterator[int]:
    """The rows that judging the other tests asks after: the tests that subtests among `others` belong to, and in each unit that could not be
    collected the first test.
    """
    for test_id in others:
        cut = len(test_id) if test_id.endswith("]") else 0
        while (cut := test_id.rfind(" [", 0, cut)) > 0:
            row = bisect_left(side.ids, test_id[:cut])
            if row < len(side) and side.ids[row] == test_id[:cut]:
                yield row
    for beginning in (beginning for unit in broken for beginning in (unit, *beginnings_in(unit))):
        row = bisect_left(side.ids, beginning)
        while row in side.failures and side.failures[row].phase is Phase.COLLECT:
            row += 1
        yield row


def _others(count: int, taken: Iterable[int]) -> Iterable[int]:
    left = bytearray(b"\1") * count
    for row in taken:
        left[row] = 0
    return compress(range(count), left)


class _Sides(dict[float, SideResult]):
    """What is said of a side that ended a test in one way, by its seconds. Looking it up by outcome and seconds would take three times as long."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__()
        self.reason = AGREE.get(outcome.kind, "")
        self._outcome = outcome

    def __missing__(self, seconds: float) -> SideResult:
        side = plain(self._outcome, None if isnan(seconds) else seconds)
        if len(self) < MOST_SHARED:
            self[seconds] = side
        return side


class Agreeing(Sequence[PairResult]):
    """The results of tests that agree, sorted by test id. They are made when they are looked at: a million of them would take 150 MB."""

    def __init__(self, legacy: AttemptColumns, shadow: AttemptColumns, left: Sequence[int], right: Sequence[int]) -> None:
        self._legacy, self._shadow = legacy, shadow
        self._left, self._right = left, right
        self._sides = tuple(_Sides(outcome) for outcome in OUTCOMES)

    def __len__(self) -> int:
        return len(self._left)

    @overload
    def __getitem__(self, index: int) -> PairResult: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[PairResult, ...]: ...
    def __getitem__(self, index: int | slice) -> PairResult | tuple[PairResult, ...]:
        if isinstance(index, slice):
            return tuple(self._results(self._left[index], self._right[index]))
        return next(self._results((self._left[index],), (self._right[index],)))

    def __iter__(self) -> Iterator[PairResult]:
        return self._results(self._left, self._right)

    def _results(self, left: Sequence[int], right: Sequence[int]) -> Iterator[PairResult]:
        """Results of the same outcome and duration share what is said of a side."""
        ids, numbers, one, other = self._legacy.ids, self._legacy.outcomes, self._legacy.seconds, self._shadow.seconds
        every = self._sides
        for row, place in zip(left, right, strict=True):
            sides = every[numbers[row]]
            yield equivalent(ids[row], sides[one[row]], sides[other[place]], sides.reason)

    def before(self, test_id: str) -> int:
        """How many of them stand before a test id."""
        return bisect_left(self._left, bisect_left(self._legacy.ids, test_id))


class Merged(Sequence[PairResult]):
    """All results of a run, sorted by test id: those that agree, which are made when they are looked at, and the others."""

    def __init__(self, agreeing: Agreeing, others: Sequence[PairResult]) -> None:
        """`others` are sorted by test id."""
        self._agreeing, self._others = agreeing, others
        self._places = array("L", (agreeing.before(other.test_id) for other in others))
        """Of each of the others, how many of those that agree stand before it."""

    @property
    def remarkable(self) -> Sequence[PairResult]:
        """Those of which more is to be said than that both sides agree, without a look at the others."""
        return tuple(pair for pair in self._others if pair.is_remarkable)

    def __len__(self) -> int:
        return len(self._agreeing) + len(self._others)

    @overload
    def __getitem__(self, index: int) -> PairResult: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[PairResult, ...]: ...
    def __getitem__(self, index: int | slice) -> PairResult | tuple[PairResult, ...]:
        if isinstance(index, slice):
            return tuple(self[place] for place in range(*index.indices(len(self))))
        place = range(len(self))[index]
        before = bisect_right(range(len(self._others)), place, key=lambda other: self._places[other] + other)
        if before and self._places[before - 1] + before - 1 == place:
            return self._others[before - 1]
        return self._agreeing[place - before]

    def __iter__(self) -> Iterator[PairResult]:
        agreeing, begin = iter(self._agreeing), 0
        for other, place in zip(self._others, self._places, strict=True):
            yield from islice(agreeing, place - begin)
            yield other
            begin = place
        yield from agreeing

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and len(self) == len(other) and all(map(eq, self, other))

    __hash__ = None  # type: ignore[assignment] # as for any value that is compared element by element and may be large
