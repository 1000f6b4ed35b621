"""E-values and e-BH: the formulas, and the bound that is promised, computed exactly."""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from itertools import combinations, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compare.confirmation import Candidate, standing, to_rerun
from compare.difference import Difference
from compare.ebh import rejected, threshold
from compare.evalue import DROP_BELOW, FreshPair, course, e_value, factor
from harness.model import ConfirmPolicy, Direction, OutcomeClass, Side
from tests.strategies import PROPERTY

SAME, AGREE_FAILING, AGREE_PASSING, REVERSE = (False, True), (True, True), (False, False), (True, False)
DIFFERS = Difference(direction=Direction.LEGACY_ONLY_PASS, failing=Side.SHADOW, expected=OutcomeClass.PASSING)
RATES = [Fraction(n, 20) for n in range(21)]
E_VALUES = st.one_of(st.floats(min_value=0, max_value=1e9), st.sampled_from([0.0, 1.0, 100.0, 3.8416**5, 3.8416**7, float("inf")]))


def test_what_a_fresh_pair_multiplies_by() -> None:
    found = {pair: round(factor(expected_failed=pair[0], failing_failed=pair[1]), 4) for pair in (SAME, AGREE_FAILING, AGREE_PASSING, REVERSE)}

    assert found == {SAME: 3.8416, AGREE_FAILING: 0.0784, AGREE_PASSING: 0.0784, REVERSE: 0.0016}


def test_an_e_value_is_the_product_over_fresh_pairs() -> None:
    assert e_value([]) == 1
    assert e_value([SAME, SAME, REVERSE]) == pytest.approx(3.8416**2 * 0.0016)
    assert course([SAME, AGREE_PASSING]) == pytest.approx((1.0, 3.8416, 3.8416 * 0.0784))


def exact(pairs: tuple[FreshPair, ...]) -> Fraction:
    """The e-value without rounding."""
    found = Fraction(1)
    for x, y in pairs:
        likelihood = (Fraction(2, 100) if x else Fraction(98, 100)) * (Fraction(98, 100) if y else Fraction(2, 100))
        found *= likelihood * 4
    return found


@PROPERTY
@given(st.lists(st.tuples(st.booleans(), st.booleans()), max_size=12).map(tuple))
def test_e_values_are_computed_without_loss(pairs: tuple[FreshPair, ...]) -> None:
    assert e_value(pairs) == pytest.approx(float(exact(pairs)), rel=1e-12)


@PROPERTY
@given(st.fractions(min_value=0, max_value=1))
def test_the_expected_factor_is_at_most_one_for_every_shared_failure_rate(rate: Fraction) -> None:
    chance = {True: rate, False: 1 - rate}

    assert sum(chance[x] * chance[y] * exact(((x, y),)) for x in chance for y in chance) <= 1


# The tree of all courses that confirmation can take with two kinds of candidates: some whose sides share a failure rate, and some that diverge at
# every run. At each step the production code says who is rerun. A course is a tuple with the fresh pairs of each candidate.

Courses = tuple[tuple[FreshPair, ...], ...]
OUTCOMES: tuple[FreshPair, ...] = (SAME, AGREE_PASSING, REVERSE)


def candidates(courses: Courses) -> list[Candidate]:
    return [Candidate(test_id=str(number), difference=DIFFERS, pairs=pairs) for number, pairs in enumerate(courses)]


def stopped(noisy: int, diverging: int, policy: ConfirmPolicy) -> dict[Courses, tuple[frozenset[str], tuple[tuple[int, int, int], ...]]]:
    """Every course at its stopping time, with who is confirmed there; both kinds of agreement are one branch."""
    ended: dict[Courses, frozenset[str]] = {}

    def walk(courses: Courses) -> None:
        asked = to_rerun(candidates(courses), policy)
        if not asked:
            ended[courses] = standing(candidates(courses), policy).confirmed
            return
        rerun = [number for number in map(int, asked) if number < noisy]
        for outcomes in product(OUTCOMES, repeat=len(rerun)):
            shown = dict(zip(rerun, outcomes, strict=True)) | {number: SAME for number in map(int, asked) if number >= noisy}
            walk(tuple((*pairs, shown[number]) if number in shown else pairs for number, pairs in enumerate(courses)))

    walk(((),) * (noisy + diverging))
    return {courses: (confirmed, tuple(_counts(pairs) for pairs in courses[:noisy])) for courses, confirmed in ended.items()}


def _counts(pairs: tuple[FreshPair, ...]) -> tuple[int, int, int]:
    return pairs.count(SAME), pairs.count(AGREE_PASSING), pairs.count(REVERSE)


@cache
def trees(noisy: int, diverging: int, alpha: float, max_pairs: int) -> dict[Courses, tuple[frozenset[str], tuple[tuple[int, int, int], ...]]]:
    return stopped(noisy, diverging, ConfirmPolicy(alpha=alpha, max_pairs=max_pairs))


def probability(counts: tuple[int, int, int], rate: Fraction) -> Fraction:
    """Of a course, where both sides fail with one rate, independently."""
    one = rate * (1 - rate)
    same, agree, reverse = counts
    return one ** (same + reverse) * (1 - 2 * one) ** agree


@pytest.mark.parametrize("max_pairs", [1, 2, 3, 6, 12])
@pytest.mark.parametrize("alpha", [0.01, 0.2])
@pytest.mark.parametrize("diverging", [0, 3, 60])
def test_the_expectation_of_e_at_the_stopping_time_is_at_most_one(max_pairs: int, alpha: float, diverging: int) -> None:
    tree = trees(1, diverging, alpha, max_pairs)

    for rate in RATES:
        chances = {courses: probability(counts[0], rate) for courses, (_, counts) in tree.items()}
        assert sum(chances.values()) == 1
        assert sum(chance * exact(courses[0]) for courses, chance in chances.items()) <= 1


@pytest.mark.parametrize("diverging", [0, 2, 30])
def test_expectations_hold_where_candidates_stop_each_other(diverging: int) -> None:
    tree = trees(2, diverging, 0.2, 4)

    for one, other in product(RATES[::2], repeat=2):
        chances = {courses: probability(counts[0], one) * probability(counts[1], other) for courses, (_, counts) in tree.items()}
        assert sum(chances.values()) == 1
        for number in range(2):
            assert sum(chance * exact(courses[number]) for courses, chance in chances.items()) <= 1


@pytest.mark.parametrize("diverging", [0, 1, 5, 60])
@pytest.mark.parametrize("alpha", [0.01, 0.05, 0.2])
def test_the_false_discovery_rate_is_within_alpha_at_every_failure_rate(alpha: float, diverging: int) -> None:
    tree = trees(2, diverging, alpha, 4)

    for one, other in product(RATES[::2], repeat=2):
        rate = sum(
            probability(counts[0], one) * probability(counts[1], other) * Fraction(len(confirmed & {"0", "1"}), max(1, len(confirmed)))
            for confirmed, counts in tree.values()
        )
        assert rate <= alpha


@pytest.mark.parametrize("diverging", [0, 1, 60])
@pytest.mark.parametrize("alpha", [0.01, 0.2])
def test_the_bound_holds_for_tests_that_always_fail_together(alpha: float, diverging: int) -> None:
    """Two candidates that show the same in every fresh pair, as tests of one shaky service do."""
    tree = trees(2, diverging, alpha, 4)
    together = {courses: values for courses, values in tree.items() if courses[0] == courses[1]}

    for rate in RATES:
        chances = [(confirmed, probability(counts[0], rate)) for confirmed, counts in together.values()]
        assert sum(chance for _, chance in chances) == 1
        assert sum(chance * Fraction(len(confirmed & {"0", "1"}), max(1, len(confirmed))) for confirmed, chance in chances) <= alpha


@pytest.mark.parametrize("noisy", [0, 1, 2])
@pytest.mark.parametrize("diverging", [1, 2, 60])
def test_what_diverges_at_every_run_is_always_confirmed(noisy: int, diverging: int) -> None:
    policy = ConfirmPolicy()
    alone = [Candidate(test_id=str(number), difference=DIFFERS) for number in range(noisy + diverging)]
    for _ in range(policy.max_pairs):
        asked = to_rerun(alone, policy)
        alone = [
            Candidate(test_id=one.test_id, difference=DIFFERS, pairs=(*one.pairs, SAME if number >= noisy else AGREE_PASSING))
            if one.test_id in asked
            else one
            for number, one in enumerate(alone)
        ]

    assert standing(alone, policy).confirmed == {str(number) for number in range(noisy, noisy + diverging)}
    assert standing(alone, policy).dropped == {str(number) for number in range(noisy)}


def test_a_candidate_is_dropped_for_good_once_its_e_value_was_below_the_bar() -> None:
    back = Candidate(test_id="x", difference=DIFFERS, pairs=(AGREE_PASSING, *(SAME,) * 11))

    assert back.e_value > 1 > DROP_BELOW
    assert standing([back], ConfirmPolicy()).dropped == {"x"}
    assert not to_rerun([back], ConfirmPolicy())


def test_dropped_candidates_still_count() -> None:
    noise = [Candidate(test_id=f"noise{number}", difference=DIFFERS, pairs=(AGREE_PASSING,)) for number in range(9)]
    real = Candidate(test_id="real", difference=DIFFERS, pairs=(SAME,) * 4)

    assert standing([real], ConfirmPolicy()).confirmed == {"real"}
    assert standing([real, *noise], ConfirmPolicy()).open == {"real"}


@st.composite
def policies_and_e_values(draw: st.DrawFn) -> tuple[list[float], float, int]:
    values = draw(st.lists(E_VALUES, max_size=7))
    return values, draw(st.sampled_from([0.01, 0.05, 0.3, 0.9])), len(values) + draw(st.integers(0, 5))


@PROPERTY
@given(policies_and_e_values())
def test_e_bh_rejects_the_largest_set_that_supports_itself(drawn: tuple[list[float], float, int]) -> None:
    """Brute force over all sets: one is self-consistent where each of its e-values is at least K / (alpha times its size)."""
    values, alpha, hypotheses = drawn
    consistent = [
        chosen
        for size in range(len(values) + 1)
        for chosen in combinations(range(len(values)), size)
        if all(values[index] * size * alpha >= hypotheses for index in chosen)
    ]
    largest = max(consistent, key=len)
    found = {index for index, sure in enumerate(rejected(values, alpha=alpha, hypotheses=hypotheses)) if sure}

    assert len(found) == len(largest)
    assert all(set(chosen) <= found for chosen in consistent)


@PROPERTY
@given(policies_and_e_values(), st.randoms(use_true_random=False))
def test_e_bh_does_not_depend_on_the_order(drawn: tuple[list[float], float, int], chance: object) -> None:
    values, alpha, hypotheses = drawn
    shuffled = list(values)
    chance.shuffle(shuffled)  # type: ignore[attr-defined] # hypothesis' Random

    assert threshold(values, alpha=alpha, hypotheses=hypotheses) == threshold(shuffled, alpha=alpha, hypotheses=hypotheses)


def test_equal_e_values_share_one_answer() -> None:
    assert rejected([100.0, 100.0, 1.0], alpha=0.02) == (True, True, False)
    assert rejected([], alpha=0.01) == ()


@pytest.mark.parametrize(("values", "alpha", "hypotheses"), [([1.0], 0.0, 1), ([1.0], 1.0, 1), ([1.0, 1.0], 0.01, 1)])
def test_e_bh_refuses_what_has_no_meaning(values: list[float], alpha: float, hypotheses: int) -> None:
    with pytest.raises(ValueError, match=r"alpha|hypotheses"):
        threshold(values, alpha=alpha, hypotheses=hypotheses)
