"""What one side showed of every test, gaps filled in: tests below a module that could not be collected, subtests, tests that are absent."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import replace
from functools import cached_property
from operator import attrgetter
from typing import TYPE_CHECKING

from harness.model import Attempt, Outcome, OutcomeClass, Phase

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from harness.model import Side

BY_ID = attrgetter("test_id")


class Shown:
    """One side in the full run (`pair` 0) or in one fresh pair.

    `collected` are the ids that the side collected, as far as that is known; `whole` tells that it ran everything, so that what it does not show it
    does not have. `tests` are its attempts sorted by id, `broken` the errors of what could not be collected, `waiting` the ids it did not get to.
    """

    def __init__(self, side: Side, attempts: Sequence[Attempt], *, pair: int = 0, collected: Iterable[str] = (), whole: bool = False) -> None:
        self.side = side
        self.pair = pair
        self.whole = whole
        broken = [one for one in attempts if (failure := one.failure) is not None and failure.phase is Phase.COLLECT]
        self.broken = {attempt.test_id: attempt for attempt in broken}
        self.tests = sorted(attempts if not broken else (one for one in attempts if self.broken.get(one.test_id) is not one), key=BY_ID)
        self.waiting = frozenset(test_id for test_id in collected if test_id not in self.attempts)

    @cached_property
    def attempts(self) -> dict[str, Attempt]:
        """Its attempts by id. Made only where they are looked up: for a large suite whose sides ran the same tests they never are."""
        return {attempt.test_id: attempt for attempt in self.tests}

    def of(self, test_id: str) -> Attempt | None:
        """What this side showed of a test: its attempt, the error of its module, or `absent`; None where it did not get to the test."""
        attempt = self.attempts.get(test_id)
        if attempt is not None and attempt.outcome is not Outcome.ABSENT:
            return attempt
        if test_id in self.waiting:
            return None
        if self.broken and (error := next((self.broken[unit] for unit in units_above(test_id) if unit in self.broken), None)):
            return replace(error, test_id=test_id)
        if parent := self.parent(test_id):
            return self._unreached(test_id, self.attempts[parent])
        return attempt or (self._absent(test_id) if self.whole else None)

    def parent(self, test_id: str) -> str | None:
        """The test that a subtest belongs to, None where this side ran no such test. A subtest's id is its test's id and ` [key]`."""
        if not test_id.endswith("]"):
            return None
        cut = len(test_id)
        while (cut := test_id.rfind(" [", 0, cut)) > 0:
            if test_id[:cut] in self.attempts:
                return test_id[:cut]
        return None

    def has_test_in(self, unit: str) -> bool:
        """Whether this side knows a test in a module, class or package (or of that very name)."""
        beginnings = beginnings_in(unit)
        for beginning in (unit, *beginnings):
            place = bisect_left(self.tests, beginning, key=BY_ID)
            if place < len(self.tests) and _lies_in(self.tests[place].test_id, unit, beginnings):
                return True
        return any(_lies_in(test_id, unit, beginnings) for test_id in self.waiting)

    def _unreached(self, test_id: str, parent: Attempt) -> Attempt:
        """A subtest that this side does not show shares the fate of its test, unless that test went on to its end without it."""
        if parent.outcome.kind is OutcomeClass.PASSING or parent.outcome is Outcome.ABSENT or parent.test_id in self._failed_by_subtest:
            return self._absent(test_id)
        return replace(parent, test_id=test_id)

    @cached_property
    def _failed_by_subtest(self) -> frozenset[str]:
        """Tests that count as failed because of a subtest alone: the probe gives them the failure of that subtest."""
        found = ((self.parent(attempt.test_id), attempt) for attempt in self.tests if attempt.failure and " [" in attempt.test_id)
        return frozenset(parent for parent, attempt in found if parent and self.attempts[parent].failure == attempt.failure)

    def _absent(self, test_id: str) -> Attempt:
        return Attempt(test_id=test_id, side=self.side, pair=self.pair, outcome=Outcome.ABSENT)


def units_above(test_id: str) -> Iterator[str]:
    """The test itself and what it lies in, innermost first: class, module, packages. Brackets hold parameters and are no part of that."""
    name = test_id.partition("[")[0]
    yield test_id
    while "::" in name:
        name = name.rpartition("::")[0]
        yield name
    while "/" in name:
        name = name.rpartition("/")[0]
        yield f"{name}/__init__.py"
        yield name


def beginnings_in(unit: str) -> tuple[str, str]:
    """How the ids of tests begin that lie in a module, class or package."""
    return f"{unit}::", f"{unit.removesuffix('/__init__.py')}/"


def _lies_in(test_id: str, unit: str, beginnings: tuple[str, ...]) -> bool:
    return test_id == unit or test_id.startswith(beginnings)
