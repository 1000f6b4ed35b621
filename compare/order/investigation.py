"""The search for order-dependence over all candidates of a run, within one budget.

Candidates with the fewest predecessors come first: they cost least. The whole search is decided by what it is sent, step by step: what a bundle
recorded is sent again, and it goes on, or concludes, from there.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from typing import TYPE_CHECKING

from compare.order.search import Bars, Purse, search
from compare.order.task import Answer, Task
from compare.shown import Shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from compare.confirmation import Candidate, Confirmation
    from compare.order.outcome import OrderOutcome
    from harness.model import OrderEvidence, OrderSession, OrderSuspect, Side


def suspected(confirmation: Confirmation) -> dict[str, Side]:
    """The candidates that may be order-dependent, by the test to run, each with the side that depends on the order then.

    They are those that were dropped because both sides agreed alone, and never turned round. Where both pass alone, it is the side seen failing that
    depends on what ran before it; where both fail alone, the other one.
    """
    where = confirmation.standing()
    return {
        candidate.test_id: candidate.difference.failing if not candidate.pairs[-1][0] else candidate.difference.failing.other
        for candidate in confirmation.candidates
        if candidate.test_id in where.dropped and _agreed_alone(candidate)
    }


def _agreed_alone(candidate: Candidate) -> bool:
    last = candidate.pairs[-1]
    return last[0] == last[1] and (True, False) not in candidate.pairs


class Investigation:
    """The search as far as it got; `number` counts the steps done."""

    def __init__(self, confirmation: Confirmation, evidence: OrderEvidence) -> None:
        self._candidates = {candidate.test_id: candidate for candidate in confirmation.candidates}
        self._outcomes: dict[str, OrderOutcome] = {}
        self._steps = self._all(evidence, _bars(confirmation))
        self.number = 0
        self._task = self._advance(None)
        recorded = _by_number(evidence.sessions)
        while self._answered_by(sessions := recorded.get(self.number + 1, [])):
            self.after(sessions)

    def next_task(self) -> Task | None:
        """What to run next; None once the search is over."""
        return self._task

    def after(self, sessions: Iterable[OrderSession]) -> None:
        """Go on with what the sessions of the task at hand showed."""
        if self._task is None:
            raise LookupError("the search is over")
        self.number += 1
        self._task = self._advance(_answer(self._candidates[self._task.test_id], sessions))

    @property
    def outcomes(self) -> Mapping[str, OrderOutcome]:
        """What was concluded so far, by candidate."""
        return self._outcomes

    def _answered_by(self, sessions: Iterable[OrderSession]) -> bool:
        """Whether these are all the sessions of the task at hand."""
        return self._task is not None and {(one.side, one.kind) for one in sessions} == {(side, kind) for side, kind, _ in self._task.sessions()}

    def _advance(self, answer: Answer | None) -> Task | None:
        try:
            return next(self._steps) if answer is None else self._steps.send(answer)
        except StopIteration:
            return None

    def _all(self, evidence: OrderEvidence, bars: Bars) -> Generator[Task, Answer, None]:
        obstacle = evidence.unavailable or f"order budget of {evidence.budget} executions"
        purse = Purse(left=0 if evidence.unavailable else evidence.budget, obstacle=obstacle)
        for suspect in sorted(evidence.suspects, key=_cost):
            candidate = self._candidates.get(suspect.test_id)
            if candidate is not None and candidate.pairs:
                self._outcomes[suspect.test_id] = yield from search(suspect, candidate, purse, bars)


def investigated(confirmation: Confirmation, evidence: OrderEvidence | None) -> Confirmation:
    """The confirmation with what the search for order-dependence showed, where there was one."""
    if evidence is None:
        return confirmation
    outcomes = Investigation(confirmation, evidence).outcomes
    grown = (replace(c, order=outcomes[c.test_id]) if c.test_id in outcomes else c for c in confirmation.candidates)
    return replace(confirmation, candidates=tuple(grown))


def _bars(confirmation: Confirmation) -> Bars:
    """One more confirmed candidate than there are needs an e-value of K / ((r + 1) alpha) (e-BH)."""
    policy, confirmed = confirmation.policy, len(confirmation.standing().confirmed)
    return Bars(
        order=1 / policy.alpha,
        divergent=max(1, len(confirmation.candidates)) / ((confirmed + 1) * policy.alpha),
        most=policy.max_pairs,
    )


def _cost(suspect: OrderSuspect) -> tuple[int, str]:
    return len(suspect.before) + suspect.earlier, suspect.test_id


def _by_number(sessions: Sequence[OrderSession]) -> dict[int, list[OrderSession]]:
    found: dict[int, list[OrderSession]] = {}
    for session in sessions:
        found.setdefault(session.number, []).append(session)
    return found


def _answer(candidate: Candidate, sessions: Iterable[OrderSession]) -> Answer:
    """What sessions say of a candidate; lost where one says nothing, or failed for its environment."""
    failed = {}
    for session in sessions:
        attempt = Shown(session.side, session.attempts, pair=session.number).of(candidate.test_id)
        if attempt is None or not session.whole or candidate.spoiled_by(attempt):
            return Answer(failed=None)
        shown = candidate.difference.failed_in(attempt)
        if shown is None:
            return Answer(failed=None)
        failed[session.side, session.kind] = shown
    return Answer(failed=failed)
