"""The A/A floor: what is sampled, what is counted, with which interval, and whether reruns stick."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise, permutations
from math import comb

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compare.floor import counted, flaky_tests, measured, next_of_arms, rotating
from compare.floor.interval import at_least, clopper_pearson
from compare.floor.stickiness import changes_distribution, stickiness
from compare.judge import confirmation_so_far
from harness.model import Attempt, Evidence, FloorEvidence, FloorPlan, Outcome, Side, StickinessState, Tally
from harness.pipeline.verdict import decide
from harness.report.findings import Findings
from tests.strategies import PROPERTY, attempt, failure, night

P, F = Outcome.PASSED, Outcome.FAILED
TESTS = tuple(f"m.py::t{number:02}" for number in range(40))


def series(*, rate: float, sticking: float, count: int, length: int, seed: str) -> list[list[bool]]:
    chance = random.Random(seed)
    found = []
    for _ in range(count):
        one = [chance.random() < rate]
        while len(one) < length:
            one.append(one[-1] if chance.random() < sticking else chance.random() < rate)
        found.append(one)
    return found


def floor_of(plan: FloorPlan, shown: Sequence[Sequence[bool]] = (), arms: tuple[Outcome, Outcome] = (P, P), pairs: int = 0) -> FloorEvidence:
    """Legacy's and shadow's series of the flaky tests in turn; in both arms of legacy the first test of the sample shows `arms`."""
    keys = [(side, test) for side in Side for test in plan.flaky]
    found = [
        attempt(test, side, F if failed else P, pair=number)
        for (side, test), one in zip(keys, shown, strict=True)
        for number, failed in enumerate(one, start=1)
    ]
    one: list[Attempt] = []
    two: list[Attempt] = []
    for side in Side:
        for arm, outcome in ((one, arms[0]), (two, arms[1])):
            arm += [attempt(test, side, outcome if side is Side.LEGACY and test == plan.sample[0] else P, pair=1) for test in plan.sample]
            arm += [attempt(plan.sample[0], side, outcome, pair=2 + number) for number in range(pairs) if side is Side.LEGACY]
    return FloorEvidence(plan=plan, series=tuple(found), one=tuple(one), two=tuple(two))


def plan_of(*, sample: int = 20, flaky: int = 0, earlier: Tally | None = None, rotation: int = 0) -> FloorPlan:
    return FloorPlan(
        sample=TESTS[:sample], flaky=TESTS[20 : 20 + flaky], reruns=10, tests=40, rotation=rotation, why="weekly", earlier=earlier or Tally()
    )


def with_floor(floor: FloorEvidence) -> Evidence:
    return replace(night(dict.fromkeys(TESTS, P), dict.fromkeys(TESTS, P)), floor=floor)


@PROPERTY
@given(st.sets(st.text(min_size=1, max_size=8), min_size=1, max_size=50), st.integers(1, 20), st.integers(0, 30))
def test_samples_rotate_through_the_whole_suite(tests: set[str], size: int, begin: int) -> None:
    rounds = range(begin, begin + -(-len(tests) // size))
    seen: set[str] = set()
    for rotation in rounds:
        sample = rotating(tests, size=size, rotation=rotation)
        assert len(set(sample)) == len(sample) == min(size, len(tests))
        assert sample == rotating(sorted(tests), size=size, rotation=rotation)
        seen.update(sample)
    assert seen == tests


def test_flaky_tests_are_the_dropped_candidates() -> None:
    evidence = night(
        {**dict.fromkeys(TESTS, P), "m.py::flaky": P, "m.py::real": P},
        {**dict.fromkeys(TESTS, P), "m.py::flaky": F, "m.py::real": F},
        [({"m.py::flaky": P, "m.py::real": P}, {"m.py::flaky": P, "m.py::real": F})],
    )

    assert flaky_tests(confirmation_so_far(evidence), rotation=0) == ("m.py::flaky",)


@pytest.mark.parametrize(
    ("count", "of", "low", "high"), [(0, 10, 0.0, 0.3085), (1, 10, 0.0025, 0.4450), (5, 20, 0.0866, 0.4910), (10, 10, 0.6915, 1.0)]
)
def test_intervals_are_those_of_the_tables(count: int, of: int, low: float, high: float) -> None:
    found = clopper_pearson(count, of)

    assert (found.low, found.high) == pytest.approx((low, high), abs=5e-5)


@PROPERTY
@given(st.integers(1, 40), st.floats(0.01, 0.99))
def test_intervals_cover_with_their_level(of: int, share: float) -> None:
    covered = 0.0
    for count in range(of + 1):
        rate = clopper_pearson(count, of)
        if rate.low <= share <= rate.high:
            covered += at_least(count, of, share) - (at_least(count + 1, of, share) if count < of else 0.0)
    assert covered >= 0.95 - 1e-9


@pytest.mark.parametrize(("length", "failures"), [(5, 2), (6, 3), (7, 1), (4, 4), (4, 0)])
def test_changes_are_distributed_as_over_all_orders(length: int, failures: int) -> None:
    orders = set(permutations([True] * failures + [False] * (length - failures)))
    counted = [sum(sum(a != b for a, b in pairwise(order)) == changes for order in orders) for changes in range(length)]

    assert len(orders) == comb(length, failures)
    assert changes_distribution(length, failures) == pytest.approx([count / len(orders) for count in counted])


def test_stickiness_is_told_by_the_changes() -> None:
    free = stickiness(series(rate=0.5, sticking=0.0, count=120, length=10, seed="free"))
    stuck = stickiness(series(rate=0.5, sticking=0.5, count=40, length=10, seed="stuck"))
    few = stickiness([[True, False, False, True, True, False, False, True, True, False]])
    none = stickiness([[False] * 10, [True] * 10])

    assert [found.state for found in (free, stuck, few, none)] == [
        StickinessState.EXCLUDED,
        StickinessState.DETECTED,
        StickinessState.NOT_EXCLUDED,
        StickinessState.NOTHING_FLAKY,
    ]
    assert stuck.estimate == pytest.approx(0.5, abs=0.15)


@pytest.mark.parametrize("rate", [0.1, 0.5])
def test_independent_reruns_are_called_sticky_as_seldom_as_stated(rate: float) -> None:
    found = [stickiness(series(rate=rate, sticking=0.0, count=12, length=10, seed=f"{rate} {number}")) for number in range(300)]

    assert sum(one.state is StickinessState.DETECTED for one in found) <= 9  # 300 at a level of 1 %: more comes once in a thousand


@pytest.mark.parametrize("sticking", [0.1, 0.3, 0.5])
def test_the_upper_limit_covers_how_strongly_reruns_stick(sticking: float) -> None:
    found = [stickiness(series(rate=0.4, sticking=sticking, count=20, length=10, seed=f"{sticking} {number}")) for number in range(150)]

    assert sum((one.most or 0.0) >= sticking for one in found) >= 0.93 * 150


def test_a_false_divergence_between_a_side_and_itself_is_counted() -> None:
    plan = plan_of()
    evidence = with_floor(floor_of(plan, arms=(P, F)))
    assert evidence.floor
    assert next_of_arms(evidence.run, evidence.floor, Side.LEGACY) == (plan.sample[0],)
    assert next_of_arms(evidence.run, evidence.floor, Side.SHADOW) == ()

    found = measured(with_floor(floor_of(plan, arms=(P, F), pairs=4)))
    assert found is not None
    assert (found.once.count, found.confirmed.count, found.confirmed.of) == (1, 1, 40)
    assert found.confirmed.low < 1 / 40 < found.confirmed.high


def test_counts_of_earlier_a_a_runs_are_added() -> None:
    found = measured(with_floor(floor_of(plan_of(earlier=Tally(tests=360, once=3, confirmed=1), rotation=9))))

    assert found is not None
    assert (found.confirmed.count, found.confirmed.of, found.once.count) == (1, 400, 3)
    assert "10 A/A runs so far" in found.sentences[0]


def test_stickiness_is_excluded_with_what_earlier_a_a_runs_showed() -> None:
    here = series(rate=0.5, sticking=0.0, count=6, length=10, seed="here")
    much = Tally(steps=3600, changes=1980, expected=2000.0)

    assert stickiness(here).state is StickinessState.NOT_EXCLUDED
    assert stickiness(here, much).state is StickinessState.EXCLUDED


def test_once_stickiness_was_detected_its_counts_begin_anew() -> None:
    before = Tally(tests=40, once=1, steps=3600, changes=1980, expected=2000.0)
    plan = plan_of(flaky=20, earlier=before)
    stuck = with_floor(floor_of(plan, series(rate=0.5, sticking=0.7, count=40, length=10, seed="x")))
    free = with_floor(floor_of(plan, series(rate=0.5, sticking=0.0, count=40, length=10, seed="x")))
    assert stuck.floor
    assert free.floor
    after, going_on = counted(stuck.run, stuck.floor), counted(free.run, free.floor)

    assert (after.tests, after.steps, after.changes) == (80, 0, 0)
    assert going_on.steps > before.steps


def test_where_reruns_stick_every_report_says_that_no_bound_can_be_promised() -> None:
    shown = series(rate=0.5, sticking=0.7, count=40, length=10, seed="x")
    decided = decide(with_floor(floor_of(plan_of(flaky=20), shown)))

    assert decided.floor is not None
    assert decided.floor.stickiness.state is StickinessState.DETECTED
    assert decided.warnings == (decided.floor.caveat,)
    assert decided.warnings[0].startswith("The error bound cannot be promised here: reruns repeat their predecessor more often")
    assert not Findings.of(decided).bound.holds


def test_where_too_little_is_flaky_to_tell_it_is_said() -> None:
    decided = decide(with_floor(floor_of(plan_of(flaky=1), series(rate=0.5, sticking=0.0, count=2, length=10, seed="y"))))

    assert "cannot be excluded" in decided.warnings[0]
    assert decide(with_floor(floor_of(plan_of()))).warnings == ()


def test_series_that_the_environment_spoiled_are_left_out() -> None:
    down = failure("ConnectionRefusedError", "[Errno <n>] Connection refused", at="suite/conftest.py")
    plan = plan_of(flaky=1)
    floor = floor_of(plan, series(rate=0.5, sticking=0.0, count=2, length=10, seed="z"))
    spoiled = replace(floor, series=(attempt(plan.flaky[0], Side.LEGACY, down, pair=1), *floor.series[1:]))
    found, before = measured(with_floor(spoiled)), measured(with_floor(floor))

    assert found is not None
    assert before is not None
    assert (before.stickiness.series, found.stickiness.series) == (2, 1)
