"""Confirmation: what differs is rerun as fresh pairs until the stopping time (compare.confirmation)."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from compare.judge import confirmation_so_far
from harness.errors import InfrastructureError
from harness.model import InfrastructureKind, Outcome, Shard, Side
from harness.pipeline.events import ConfirmationStarted, PairConfirmed
from harness.pipeline.side import SideTask

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from compare.confirmation import Confirmation
    from harness.evidence import Bundle
    from harness.model import Attempt, Evidence, Plan
    from harness.pipeline.events import Event


def confirm(evidence: Evidence, plan: Plan, bundle: Bundle, *, carry_out: Callable[[SideTask], None], emit: Callable[[Event], None]) -> Confirmation:
    """Rerun the candidates of a full run until the stopping time, and return where confirmation is then.

    `carry_out` runs one side of a fresh pair. A pair that an earlier try left half-done is completed first.

    Raises InfrastructureError, and what `carry_out` raises.
    """
    number = bundle.last_pair()
    deep = _Deep(plan, bundle, number)
    chance = random.Random(f"{plan.seed} {evidence.run.id} {number}")  # noqa: S311 - an order, no secret
    if number:
        ids = bundle.pair_selection(number)
        _fresh_pair(number, ids, chance, plan, carry_out, deep=deep.wanted(number, ids))
        deep.take(number)
        evidence = bundle.evidence()
    confirmation = confirmation_so_far(evidence)
    if not confirmation.next_pair():
        return confirmation
    emit(ConfirmationStarted(candidates=len(confirmation.candidates)))
    known = {side.side: frozenset(attempt.test_id for attempt in side.full) for side in (evidence.legacy, evidence.shadow)}
    del evidence  # confirmation needs the candidates alone, however large the suite
    while chosen := confirmation.next_pair():
        number += 1
        ids = tuple(chance.sample(chosen, len(chosen)))
        _fresh_pair(number, ids, chance, plan, carry_out, deep=deep.wanted(number, ids))
        deep.take(number)
        shown = {side: bundle.pair_attempts(side, number) for side in Side}
        if not plan.suite.is_pytest:
            _refuse_lost(shown, known, bundle, number)
        confirmation = confirmation.after_pair(shown[Side.LEGACY], shown[Side.SHADOW])
        where = confirmation.standing()
        emit(PairConfirmed(number=number, confirmed=len(where.confirmed), dropped=len(where.dropped), open=len(where.open)))
    return confirmation


MOST_DEEP = 3
"""Fresh pairs that are deep at most: the first, and later ones where a test has no deep record yet, for one that died on its way."""


class _Deep:
    """Which tests have a deep record on each side."""

    def __init__(self, plan: Plan, bundle: Bundle, number: int) -> None:
        self._able = plan.suite.is_pytest
        self._bundle = bundle
        self._recorded: dict[Side, set[str]] = {side: set() for side in Side}
        self._pairs = 0
        for earlier in range(1, number):
            self.take(earlier)

    def wanted(self, number: int, ids: Sequence[str]) -> bool:
        """Whether a fresh pair is to be deep."""
        if not self._able or self._pairs >= MOST_DEEP:
            return False
        return number == 1 or any(not recorded.issuperset(ids) for recorded in self._recorded.values())

    def take(self, number: int) -> None:
        """Take in the records of a fresh pair."""
        if not self._able or self._pairs >= MOST_DEEP:
            return
        found = {side: {record.test_id for record in self._bundle.deep(side, pair=number)} for side in Side}
        self._pairs += any(found.values())
        for side, recorded in found.items():
            self._recorded[side] |= recorded


def _fresh_pair(number: int, ids: tuple[str, ...], chance: random.Random, plan: Plan, carry_out: Callable[[SideTask], None], *, deep: bool) -> None:
    """One fresh pair: the same tests in the same order, each side in a process of its own, one side after the other in random order."""
    sides = [side.side for side in plan.sides]
    chance.shuffle(sides)
    for side in sides:
        carry_out(SideTask(side=side, shard=Shard(), pair=number, select=ids, deep=deep))


def _refuse_lost(shown: Mapping[Side, Sequence[Attempt]], known: Mapping[Side, frozenset[str]], bundle: Bundle, number: int) -> None:
    """Raise InfrastructureError where `[suite] rerun` reported nothing of a test that the full run has a result of: the command does not reach it,
    and the pair is no evidence.
    """
    for side, attempts in shown.items():
        lost = [attempt.test_id for attempt in attempts if attempt.outcome is Outcome.ABSENT and attempt.test_id in known[side]]
        if lost:
            details = [session.end.detail for session in bundle.pair_sessions(side, number) if session.end and session.end.detail]
            bundle.drop_pair(number)
            raise InfrastructureError(
                f"{side.value}: [suite] rerun reported no result for {len(lost)} of its tests, {lost[0]!a} for one; {' '.join(details)}",
                hint="Run the command by hand for that test: its placeholders must name the one test, and its JUnit XML must give it the same file, "
                "class and name as the full run does.",
                kind=InfrastructureKind.COMMAND_FAILED,
            )
