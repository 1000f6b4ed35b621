"""The search for order-dependence: whom it is about, what it tries, what it concludes, what it costs."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compare.judge import confirmation_so_far, judge
from compare.order import Investigation, suspected
from compare.order.shortening import shorten
from harness.model import (
    ConfirmPolicy,
    Evidence,
    OrderEvidence,
    OrderSession,
    OrderSuspect,
    Outcome,
    PairResult,
    RerunKind,
    Side,
    Verdict,
)
from tests.strategies import PROPERTY, attempt, night

if TYPE_CHECKING:
    from compare.order.task import Task

P, F = Outcome.PASSED, Outcome.FAILED
OTHERS = {f"m.py::ok{number:02}": P for number in range(20)}
BEFORE = tuple(OTHERS)
Fails = Callable[[Side, tuple[str, ...]], bool]
"""Whether the victim fails on a side behind these tests."""


def agreeing_alone(alone: Outcome = P, *, policy: ConfirmPolicy | None = None) -> Evidence:
    return night({**OTHERS, "m.py::x": P}, {**OTHERS, "m.py::x": F}, [({"m.py::x": alone}, {"m.py::x": alone})], policy=policy)


def suspect(side: Side = Side.SHADOW, before: tuple[str, ...] = BEFORE, earlier: int = 0) -> OrderSuspect:
    return OrderSuspect(test_id="m.py::x", side=side, before=before, earlier=earlier)


def step(number: int, task: Task, fails: Fails) -> list[OrderSession]:
    sessions = []
    for side, kind, order in task.sessions():
        failed = fails(side, order[: order.index(task.test)])
        shown = (attempt(task.test_id, side, F if failed else P, pair=number),)
        sessions.append(OrderSession(number=number, kind=kind, side=side, attempts=shown))
    return sessions


def searched(evidence: Evidence, fails: Fails, *, about: OrderSuspect | None = None, budget: int = 300, steps: int | None = None) -> Evidence:
    """The run with its search, carried out until the end or for so many steps."""
    order = evidence.order or OrderEvidence(budget=budget, suspects=(about or suspect(),))
    search = Investigation(confirmation_so_far(evidence), order)
    sessions = list(order.sessions)
    while (task := search.next_task()) and (steps is None or search.number < steps):
        done = step(search.number + 1, task, fails)
        sessions += done
        search.after(done)
    return replace(evidence, order=replace(order, sessions=tuple(sessions)))


def decided(evidence: Evidence) -> PairResult:
    (pair,) = [pair for pair in judge(evidence).pairs if pair.test_id == "m.py::x"]
    return pair


def executions(evidence: Evidence) -> int:
    assert evidence.order
    search, total = Investigation(confirmation_so_far(evidence), replace(evidence.order, sessions=())), 0
    by_number: dict[int, list[OrderSession]] = {}
    for session in evidence.order.sessions:
        by_number.setdefault(session.number, []).append(session)
    while (task := search.next_task()) and search.number + 1 in by_number:
        total += task.executions
        search.after(by_number[search.number + 1])
    return total


def behind(polluter: str, *sides: Side) -> Fails:
    return lambda side, before: side in sides and polluter in before


def test_suspects_are_those_that_agree_alone() -> None:
    assert suspected(confirmation_so_far(agreeing_alone())) == {"m.py::x": Side.SHADOW}
    assert suspected(confirmation_so_far(agreeing_alone(F))) == {"m.py::x": Side.LEGACY}
    confirmed = night({**OTHERS, "m.py::x": P}, {**OTHERS, "m.py::x": F}, [({"m.py::x": P}, {"m.py::x": F})] * 4)
    turned = night({**OTHERS, "m.py::x": P}, {**OTHERS, "m.py::x": F}, [({"m.py::x": F}, {"m.py::x": P})])
    assert suspected(confirmation_so_far(confirmed)) == suspected(confirmation_so_far(turned)) == {}


def test_a_victim_on_one_side_only_diverges_and_its_polluter_is_named() -> None:
    found = decided(searched(agreeing_alone(), behind("m.py::ok07", Side.SHADOW)))

    assert (found.verdict, found.confirmed, found.direction) == (Verdict.DIVERGENT, True, "legacy_only_pass")
    assert found.order is not None
    assert (found.order.side, found.order.behind, found.order.shortest) == (Side.SHADOW, ("m.py::ok07",), True)
    assert "order-dependent: on shadow it fails behind m.py::ok07, and passes ahead of it" in found.reason
    assert "in that order on both sides, the sides differ in 6 of 6 fresh pairs (e = 252.0)" in found.reason


def test_a_victim_on_both_sides_is_flaky_and_its_polluter_is_named() -> None:
    found = decided(searched(agreeing_alone(), behind("m.py::ok07", *Side)))

    assert (found.verdict, found.confirmed) == (Verdict.FLAKY, False)
    assert found.order is not None
    assert (found.order.behind, found.order.rounds) == (("m.py::ok07",), 4)
    assert "in that order on both sides, the sides differ in 0 of 4 fresh pairs" in found.reason


def test_a_test_that_needs_another_before_it_names_that_one() -> None:
    found = decided(searched(agreeing_alone(F), lambda _, before: "m.py::ok03" not in before, about=suspect(Side.LEGACY)))

    assert found.verdict is Verdict.FLAKY
    assert found.order is not None
    assert (found.order.side, found.order.behind) == (Side.LEGACY, ("m.py::ok03",))
    assert "on legacy it passes behind m.py::ok03, and fails ahead of it" in found.reason


def test_two_tests_that_pollute_together_are_both_named() -> None:
    both = ("m.py::ok15", "m.py::ok18")
    found = decided(searched(agreeing_alone(), lambda side, before: side is Side.SHADOW and set(both) <= set(before), budget=1000))

    assert found.order is not None
    assert (found.order.behind, found.order.shortest) == (both, True)


def test_who_agrees_behind_its_predecessors_stays_flaky() -> None:
    found = decided(searched(agreeing_alone(), lambda *_: False))

    assert (found.verdict, found.order) == (Verdict.FLAKY, None)
    assert found.reason.endswith("dropped below 0.5); the same behind all 20 tests that ran before it on shadow")


def test_a_flaky_test_is_not_called_order_dependent() -> None:
    answers = iter([True, *[False, True] * 50])
    found = decided(searched(agreeing_alone(), lambda *_: next(answers)))

    assert (found.verdict, found.order) == (Verdict.FLAKY, None)


def test_what_the_budget_did_not_allow_is_said() -> None:
    far = suspect(before=BEFORE, earlier=480)
    partly = decided(searched(agreeing_alone(), lambda *_: False, about=far))
    assert "the same behind the last 20 of 500 tests that ran before it on shadow; the others were not tried: order budget of 300" in partly.reason
    never = decided(searched(agreeing_alone(), lambda *_: False, about=far, budget=0))
    assert "whether it depends on the 500 tests that ran before it on shadow was not looked into: order budget of 0" in never.reason


def test_a_side_that_cannot_be_told_the_order_says_so() -> None:
    evidence = agreeing_alone()
    order = OrderEvidence(budget=300, suspects=(suspect(before=()),), unavailable="only pytest can be told the order of tests")

    assert decided(replace(evidence, order=order)).reason.endswith(
        "whether it depends on the order of tests was not looked into: only pytest can be told the order of tests"
    )


def test_a_session_that_broke_off_concludes_nothing() -> None:
    evidence = agreeing_alone()
    order = OrderEvidence(budget=300, suspects=(suspect(),))
    task = Investigation(confirmation_so_far(evidence), order).next_task()
    assert task is not None
    (session,) = step(1, task, lambda *_: True)
    found = decided(replace(evidence, order=replace(order, sessions=(replace(session, whole=False),))))

    assert (found.verdict, found.order) == (Verdict.FLAKY, None)
    assert found.reason.endswith("could not be told: a process ended early")


def test_evidence_behind_predecessors_goes_on_from_where_it_stood_alone() -> None:
    found = decided(searched(agreeing_alone(), behind("m.py::ok07", Side.SHADOW)))

    assert found.e_value == pytest.approx(0.0784 * 3.8416**6)


def test_both_orders_are_run_on_both_sides() -> None:
    evidence = searched(agreeing_alone(), behind("m.py::ok07", Side.SHADOW))
    assert evidence.order
    last = max(session.number for session in evidence.order.sessions)

    assert {(session.side, session.kind) for session in evidence.order.sessions if session.number == last} == {
        (side, kind) for side in Side for kind in (RerunKind.BEHIND, RerunKind.AHEAD)
    }


@PROPERTY
@given(st.integers(0, 19), st.booleans(), st.integers(0, 300), st.integers(0, 30))
def test_a_search_that_was_interrupted_ends_like_one_that_was_not(place: int, on_both: bool, budget: int, steps: int) -> None:  # noqa: FBT001
    fails = behind(BEFORE[place], *(tuple(Side) if on_both else (Side.SHADOW,)))
    whole = searched(agreeing_alone(), fails, budget=budget)
    resumed = searched(searched(agreeing_alone(), fails, budget=budget, steps=steps), fails)

    assert resumed == whole
    assert executions(whole) <= budget


@PROPERTY
@given(st.integers(1, 40), st.data())
def test_what_is_left_is_as_short_as_it_can_be(size: int, data: st.DataObject) -> None:
    tests = tuple(f"t{number}" for number in range(size))
    needed = data.draw(st.sets(st.sampled_from(tests), min_size=1, max_size=4))
    best, tried = _shortened(tests, lambda chosen: needed <= set(chosen))

    assert set(best) == needed
    assert list(best) == [test for test in tests if test in needed]
    if len(needed) == 1:
        assert tried <= 2 * size + 8


def _shortened(tests: tuple[str, ...], shows: Callable[[Iterable[str]], bool]) -> tuple[tuple[str, ...], int]:
    search, best, tried = shorten(tests), tests, 0
    try:
        chosen = next(search)
        while True:
            tried += len(chosen)
            shown = shows(chosen)
            best = chosen if shown and len(chosen) < len(best) else best
            chosen = search.send(shown)
    except StopIteration:
        return best, tried
