"""The search for one candidate: does it differ behind its predecessors, behind which of them, and is that so time and again on either side."""

from __future__ import annotations

import math
from collections.abc import Generator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from compare.evalue import DROP_BELOW, course, e_value, factor
from compare.order.outcome import OrderOutcome, OrderState
from compare.order.shortening import shorten
from compare.order.task import Answer, Task

if TYPE_CHECKING:
    from compare.confirmation import Candidate
    from harness.model import OrderSuspect

Search = Generator[Task, Answer, OrderOutcome]

_WORTH_TRYING = 8
"""Fewer of its nearest predecessors are not tried: where the budget allows no more, it is kept for others."""

_SAME = factor(expected_failed=False, failing_failed=True)


@dataclass(slots=True, kw_only=True)
class Purse:
    """What is left of the order budget, in executions."""

    left: int
    obstacle: str

    def pay(self, task: Task) -> bool:
        """Take what a task costs, if it is there."""
        if task.executions > self.left:
            return False
        self.left -= task.executions
        return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Bars:
    """What evidence it takes: `order` for the statement that order matters, `divergent` for a confirmed divergence; `most` rounds at most."""

    order: float
    divergent: float
    most: int


def search(suspect: OrderSuspect, candidate: Candidate, purse: Purse, bars: Bars) -> Search:
    """Search for one candidate. What it is sent decides how it goes on, so that a replay of what was recorded gives the same again."""
    outcome = OrderOutcome(suspect=suspect, state=OrderState.NOT_TRIED, obstacle=purse.obstacle)
    before = suspect.before[max(0, len(suspect.before) - reach(purse.left, candidate, bars)) :]
    if not before or len(before) < min(_WORTH_TRYING, len(suspect.before)):
        return outcome
    alone = candidate.pairs[-1][0]

    def probe(tests: tuple[str, ...]) -> Generator[Task, Answer, bool | None]:
        task = Task(test_id=candidate.test_id, test=candidate.selects or candidate.test_id, side=suspect.side, before=tests)
        if not purse.pay(task):
            return None
        answer = yield task
        return None if answer.failed is None else answer.behind(suspect.side) != alone

    shown = yield from probe(before)
    if not shown:
        return replace(outcome, state=OrderState.LOST if shown is None else OrderState.AGREED, behind=before)
    shortening, shortest = shorten(before), False
    try:
        tests = next(shortening)
        while (shown := (yield from probe(tests))) is not None:
            before = tests if shown and len(tests) < len(before) else before
            tests = shortening.send(shown)
    except StopIteration:
        shortest = True
    return (yield from _rounds(replace(outcome, behind=before, shortest=shortest), candidate, purse, bars))


def reach(left: int, candidate: Candidate, bars: Bars) -> int:
    """Behind how many tests a candidate can be tried, so that enough is left to find out which of them matter, and to prove it for one of them."""
    rounds = min(bars.most, math.ceil(math.log(max(bars.divergent / candidate.e_value, bars.order)) / math.log(_SAME)))
    return max(0, (left - 8 * rounds - 8) // 2)


def _rounds(outcome: OrderOutcome, candidate: Candidate, purse: Purse, bars: Bars) -> Search:
    """Fresh pairs in both orders until both questions are answered: does order matter here, and do the sides differ in this order."""
    side, failing = outcome.suspect.side, candidate.difference.failing
    alone = candidate.pairs[-1][0]
    task = Task(test_id=candidate.test_id, test=candidate.selects or candidate.test_id, side=side, before=outcome.behind, both_orders=True)
    while len(outcome.orders) < bars.most:
        if not purse.pay(task):
            return replace(outcome, state=OrderState.DEPENDENT if e_value(outcome.orders) >= bars.order else OrderState.NOT_FINISHED)
        answer = yield task
        if answer.failed is None:
            return replace(outcome, state=OrderState.LOST)
        outcome = replace(
            outcome,
            orders=(*outcome.orders, (answer.ahead(side) != alone, answer.behind(side) != alone)),
            pairs=(*outcome.pairs, (answer.behind(failing.other), answer.behind(failing))),
        )
        if min(course(outcome.orders)) < DROP_BELOW:
            return replace(outcome, state=OrderState.PASSING)
        if e_value(outcome.orders) >= bars.order and _settled(outcome, candidate, bars):
            return replace(outcome, state=OrderState.DEPENDENT)
    return replace(outcome, state=OrderState.DEPENDENT if e_value(outcome.orders) >= bars.order else OrderState.PASSING)


def _settled(outcome: OrderOutcome, candidate: Candidate, bars: Bars) -> bool:
    """Whether the fresh pairs behind the predecessors confirm a difference, or speak against one."""
    return not outcome.revives or candidate.e_value * e_value(outcome.pairs) >= bars.divergent
