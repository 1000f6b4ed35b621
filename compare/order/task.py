"""What the search for order-dependence asks to be run next, and what it gets back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.model import RerunKind, Side

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One step: the candidate's test behind `before` on `side`, or (`both_orders`) behind and ahead of `before` on both sides.

    `test` is the test to run, `test_id` the candidate, which may be a subtest of it.
    """

    test_id: str
    test: str
    side: Side
    before: tuple[str, ...]
    both_orders: bool = False

    def sessions(self) -> Iterator[tuple[Side, RerunKind, tuple[str, ...]]]:
        """The sessions that it takes, each in a fresh process, with their tests in order. In which order they are run is left to chance."""
        sides = tuple(Side) if self.both_orders else (self.side,)
        for side in sides:
            yield side, RerunKind.BEHIND, (*self.before, self.test)
            if self.both_orders:
                yield side, RerunKind.AHEAD, (self.test, *self.before)

    @property
    def executions(self) -> int:
        """How many tests it runs."""
        return (len(self.before) + 1) * (4 if self.both_orders else 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Whether the candidate failed, in the sense of its difference, in each of the task's sessions; None where the answer is lost."""

    failed: dict[tuple[Side, RerunKind], bool] | None

    def behind(self, side: Side) -> bool:
        """Whether it failed behind the others."""
        return self._of(side, RerunKind.BEHIND)

    def ahead(self, side: Side) -> bool:
        """Whether it failed ahead of the others."""
        return self._of(side, RerunKind.AHEAD)

    def _of(self, side: Side, kind: RerunKind) -> bool:
        if self.failed is None:
            raise LookupError("this answer is lost")
        return self.failed[side, kind]
