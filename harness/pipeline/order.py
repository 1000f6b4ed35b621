"""Order-dependence: candidates that agree alone are rerun behind and ahead of their predecessors (compare.order)."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from compare.order import Investigation, suspected
from harness.evidence import order_evidence, order_session, predecessors, write_order
from harness.model import OrderEvidence, OrderSuspect, Shard, Side
from harness.pipeline.events import OrderSearched, OrderSearchStarted
from harness.pipeline.side import SideTask

if TYPE_CHECKING:
    from collections.abc import Callable

    from compare.confirmation import Confirmation
    from compare.order import Task
    from harness.evidence import Bundle
    from harness.model import OrderSession, Plan
    from harness.pipeline.events import Event

_ONLY_PYTEST = "only pytest can be told the order of tests"


def search_order(
    confirmation: Confirmation, plan: Plan, bundle: Bundle, *, carry_out: Callable[[SideTask], None], emit: Callable[[Event], None]
) -> None:
    """Search behind which tests the candidates that agree alone differ, within the order budget. A search that an earlier try began is gone on with.

    Each step is a session on one side, or four in random order; one that was cut short is run again from its beginning. Raises InfrastructureError,
    and what `carry_out` raises.
    """
    evidence = order_evidence(bundle) or _begun(confirmation, plan, bundle)
    if not evidence.suspects:
        return
    search = Investigation(confirmation, evidence)
    if search.next_task() is None:
        return
    emit(OrderSearchStarted(suspects=len(evidence.suspects), budget=evidence.budget))
    while (task := search.next_task()) is not None:
        search.after(_carried_out(task, search.number + 1, plan, bundle, carry_out))
    found = [outcome.dependence for outcome in search.outcomes.values() if outcome.dependence]
    emit(OrderSearched(steps=search.number, dependent=len(found)))


def _begun(confirmation: Confirmation, plan: Plan, bundle: Bundle) -> OrderEvidence:
    """The search before its first step, recorded where there is anybody to search for."""
    asked, budget = suspected(confirmation), plan.confirm.order_budget
    tests = {candidate.test_id: candidate.selects or candidate.test_id for candidate in confirmation.candidates if candidate.test_id in asked}
    if not plan.suite.is_pytest:
        suspects = [OrderSuspect(test_id=test_id, side=side, before=()) for test_id, side in asked.items()]
        evidence = OrderEvidence(budget=budget, suspects=tuple(suspects), unavailable=_ONLY_PYTEST)
    else:
        ran = {side: predecessors(bundle, side, {tests[i] for i in asked if asked[i] is side}, most=budget // 2) for side in Side}
        suspects = []
        for test_id, side in asked.items():
            before, earlier = ran[side].get(tests[test_id], ((), 0))
            if before or earlier:
                suspects.append(OrderSuspect(test_id=test_id, side=side, before=before, earlier=earlier))
        evidence = OrderEvidence(budget=budget, suspects=tuple(suspects))
    if evidence.suspects:
        write_order(bundle, evidence)
    return evidence


def _carried_out(task: Task, number: int, plan: Plan, bundle: Bundle, carry_out: Callable[[SideTask], None]) -> list[OrderSession]:
    """Run the sessions of a step in random order, as far as they are not recorded."""
    sessions = list(task.sessions())
    random.Random(f"{plan.seed} {bundle.header().id} order {number}").shuffle(sessions)  # noqa: S311 - an order, no secret
    found = []
    for side, kind, tests in sessions:
        session = order_session(bundle, number, kind, side)
        if session is None:
            bundle.drop_pair(number, kind, side=side)
            carry_out(SideTask(side=side, shard=Shard(), pair=number, kind=kind, select=tests))
            session = order_session(bundle, number, kind, side)
        if session is not None:
            found.append(session)
    return found
