"""The e-process over the nights: its expectation is 1 while both sides share a failure rate, so a false alarm is as rare as it says."""

from __future__ import annotations

import math
import random
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compare.ebh import rejected
from compare.nights import intermittents, night_e_value, night_factor, now_and_then
from harness.model import Discordance, Outcome, Side, Verdict
from harness.model.divergence import worse_side

if TYPE_CHECKING:
    from collections.abc import Sequence

COUNTS = st.integers(0, 60)
ALPHA = 0.01


def counted(nights: Sequence[tuple[bool, bool]]) -> tuple[int, int]:
    """Nights in which legacy and shadow did worse, from nights of (legacy failed, shadow failed), counted as the store counts them."""
    sides = [worse_side(Verdict.FLAKY, None, *(Outcome.FAILED if failed else Outcome.PASSED for failed in night)) for night in nights]
    return sides.count(Side.LEGACY), sides.count(Side.SHADOW)


def discordance(test_id: str, legacy: int, shadow: int, nights: int = 60) -> Discordance:
    return Discordance(suite="ledger", test_id=test_id, legacy_worse=legacy, shadow_worse=shadow, nights=nights)


@pytest.mark.parametrize("rate", [0.0, 0.02, 0.3, 0.5, 0.9, 1.0])
@pytest.mark.parametrize("nights", [0, 1, 2, 5])
def test_its_expectation_is_one_at_any_shared_rate(rate: float, nights: int) -> None:
    def probability(*, failed: bool) -> float:
        return rate if failed else 1 - rate

    expectation = sum(
        math.prod(probability(failed=legacy) * probability(failed=shadow) for legacy, shadow in course) * night_e_value(*counted(course))
        for course in product(product((False, True), repeat=2), repeat=nights)
    )

    assert expectation == pytest.approx(1)


@given(rates=st.lists(st.floats(0, 1), min_size=1, max_size=4))
def test_its_expectation_is_one_where_the_shared_rate_changes_from_night_to_night(rates: list[float]) -> None:
    expectation = 0.0
    for course in product(product((False, True), repeat=2), repeat=len(rates)):
        weights = (rate if failed else 1 - rate for night, rate in zip(course, rates, strict=True) for failed in night)
        expectation += math.prod(weights) * night_e_value(*counted(course))

    assert expectation == pytest.approx(1)


@pytest.mark.parametrize("nights", [1, 8, 16])
def test_its_expectation_is_one_whenever_one_stops(nights: int) -> None:
    """Stopped at the first night on which it looks good, over every course of fair coins."""

    def stopped(course: Sequence[int]) -> float:
        worse = 0
        for night, shadow in enumerate(course, start=1):
            worse += shadow
            if night_e_value(night - worse, worse) >= 4:
                return night_e_value(night - worse, worse)
        return night_e_value(nights - worse, worse)

    assert sum(map(stopped, product((0, 1), repeat=nights))) / 2**nights == pytest.approx(1)


@pytest.mark.parametrize("bound", [2, 10, 100])
def test_a_false_alarm_within_any_number_of_nights_is_at_most_as_likely_as_the_bound_says(bound: int) -> None:
    alarmed, going = 0.0, {(0, 0): 1.0}
    for _ in range(200):
        later: dict[tuple[int, int], float] = {}
        for (legacy, shadow), probability in going.items():
            for counts in ((legacy + 1, shadow), (legacy, shadow + 1)):
                if night_e_value(*counts) >= bound:
                    alarmed += probability / 2
                else:
                    later[counts] = later.get(counts, 0) + probability / 2
        going = later

    assert 0 < alarmed <= 1 / bound


@given(legacy=COUNTS, shadow=COUNTS)
def test_it_is_the_product_of_its_factors_in_any_order_and_the_same_for_both_directions(legacy: int, shadow: int) -> None:
    value = night_e_value(legacy, shadow)

    assert value == pytest.approx(night_e_value(shadow, legacy))
    assert night_e_value(legacy + 1, shadow) == pytest.approx(value * night_factor(legacy, legacy + shadow))
    assert night_factor(legacy, legacy + shadow) + night_factor(shadow, legacy + shadow) == pytest.approx(2)


def test_it_stays_a_number_for_any_number_of_nights() -> None:
    assert night_e_value(0, 100_000) == math.inf
    assert 0 < night_e_value(50_000, 50_000) < 1


def test_a_test_that_shadow_alone_fails_one_night_in_five_is_found_in_weeks() -> None:
    quiet = [discordance(f"flaky {number}", 2, 3) for number in range(100)]

    found = intermittents([*quiet, discordance("seldom", 0, 18, nights=90)], alpha=ALPHA)

    assert [(item.test_id, item.failing, item.worse, item.reverse) for item in found] == [("seldom", Side.SHADOW, 18, 0)]
    assert found[0].reason.startswith("in 18 of 90 nights shadow alone did worse, in 0 legacy (e = ")


def test_the_document_says_how_many_nights_it_takes() -> None:
    def needed(hypotheses: int, found: int) -> int:
        return next(nights for nights in range(99) if night_e_value(0, nights) * found * ALPHA >= hypotheses)

    document = (Path(__file__).parents[2] / "docs" / "divergences.md").read_text(encoding="utf-8")
    assert all(f"| {tests:,} | {needed(tests, 1)} | {needed(tests, 10)} |" in document for tests in (10, 100, 1000))


def test_what_differs_every_night_is_left_to_confirmation_whichever_side_does_worse() -> None:
    counts = ((20, 0, 20), (10, 10, 20), (0, 20, 20), (0, 19, 20), (3, 0, 20))
    given = [
        Discordance(suite="s", test_id=str(place), legacy_worse=legacy, shadow_worse=shadow, nights=nights)
        for place, (legacy, shadow, nights) in enumerate(counts)
    ]
    assert [item.test_id for item in now_and_then(given)] == ["3", "4"]


def test_the_strongest_come_first_and_nothing_comes_of_nothing() -> None:
    found = intermittents([discordance("b", 0, 30), discordance("a", 40, 0), discordance("c", 0, 30)], alpha=ALPHA)

    assert [(item.test_id, item.failing) for item in found] == [("a", Side.LEGACY), ("b", Side.SHADOW), ("c", Side.SHADOW)]
    assert intermittents([], alpha=ALPHA) == ()


def test_false_discoveries_stay_within_the_bound_among_tests_chosen_for_having_differed() -> None:
    """Flaky tests of every rate, alike on both sides, over 120 nights, decided after each week: no week may be a lucky one too often."""
    draw = random.Random(20261121)
    rounds, alarms = 150, 0
    for _ in range(rounds):
        counts = [[0, 0] for _ in range(60)]
        rates = [draw.random() ** 2 for _ in counts]
        alarmed = False
        for night in range(1, 121):
            for count, rate in zip(counts, rates, strict=True):
                legacy, shadow = draw.random() < rate, draw.random() < rate
                count[0] += legacy and not shadow
                count[1] += shadow and not legacy
            if night % 7 == 0:
                alarmed = alarmed or any(rejected([night_e_value(*count) for count in counts if any(count)], alpha=0.05))
        alarms += alarmed

    assert alarms <= 0.05 * rounds + 3 * math.sqrt(0.05 * 0.95 * rounds)
