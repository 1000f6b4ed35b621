"""Pairs: every test of either side once, gaps filled in with what is known."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given

from compare.difference import difference
from compare.pairing import Pair, pair_attempts
from harness.model import Direction, Evidence, Outcome, OutcomeClass, Phase, Side
from tests.strategies import PROPERTY, attempt, failure, night, nights

P, F, E, S = Outcome.PASSED, Outcome.FAILED, Outcome.ERROR, Outcome.SKIPPED
BROKEN = failure("ImportError", "cannot import name <str>", phase=Phase.COLLECT)


def outcomes(evidence: Evidence) -> dict[str, tuple[str | None, str | None]]:
    return {
        pair.test_id: (pair.legacy.outcome.value if pair.legacy else None, pair.shadow.outcome.value if pair.shadow else None)
        for pair in pair_attempts(evidence)
    }


@PROPERTY
@given(nights())
def test_every_test_of_either_side_appears_once_and_in_order(evidence: Evidence) -> None:
    ids = [pair.test_id for pair in pair_attempts(evidence)]

    assert ids == sorted(set(ids))
    assert set(ids) >= {one.test_id for side in (evidence.legacy, evidence.shadow) for one in side.full if not _uncollected(one.failure)}
    assert set(ids) >= {*evidence.legacy.collected, *evidence.shadow.collected}


def _uncollected(found: object) -> bool:
    return getattr(found, "phase", None) is Phase.COLLECT


def test_a_test_that_a_side_did_not_collect_is_absent_there() -> None:
    assert outcomes(night({"a::x": P, "a::y": P}, {"a::y": P, "a::z": P})) == {
        "a::x": ("passed", "absent"),
        "a::y": ("passed", "passed"),
        "a::z": ("absent", "passed"),
    }


def test_a_test_that_a_side_collected_and_did_not_get_to_is_not_absent() -> None:
    assert outcomes(night({"a::x": P}, {"a::x": None})) == {"a::x": ("passed", None)}


def test_nothing_is_absent_from_a_side_that_did_not_end() -> None:
    evidence = night({"a::x": P, "b::y": P}, {"a::x": P})
    stopped = replace(evidence, shadow=replace(evidence.shadow, finished=False))

    assert outcomes(stopped) == {"a::x": ("passed", "passed"), "b::y": ("passed", None)}


@pytest.mark.parametrize("unit", ["suite/test_a.py", "suite/test_a.py::TestC", "suite", "suite/__init__.py"])
def test_tests_below_what_could_not_be_collected_have_that_error(unit: str) -> None:
    test = "suite/test_a.py::TestC::test_z[p::q/r]"
    pairs = list(pair_attempts(night({test: P}, {unit: BROKEN})))

    assert [(pair.test_id, pair.shadow and pair.shadow.outcome, pair.shadow and pair.shadow.failure) for pair in pairs] == [(test, E, BROKEN)]


def test_a_class_that_could_not_be_collected_leaves_the_rest_of_its_module_alone() -> None:
    evidence = night({"m.py::C::x": P, "m.py::y": P, "m.py::z": P}, {"m.py::C": BROKEN, "m.py::y": P})

    assert outcomes(evidence) == {"m.py::C::x": ("passed", "error"), "m.py::y": ("passed", "passed"), "m.py::z": ("passed", "absent")}


def test_a_module_that_neither_side_knows_a_test_of_stands_for_itself() -> None:
    assert outcomes(night({"m.py": BROKEN, "n.py::x": P}, {"m.py": BROKEN, "n.py::x": P})) == {
        "m.py": ("error", "error"),
        "n.py::x": ("passed", "passed"),
    }


@pytest.mark.parametrize("broken", [Side.LEGACY, Side.SHADOW])
def test_a_part_of_a_suite_leaves_out_what_one_side_could_not_import_and_the_other_had_nothing_to_run_of(broken: Side) -> None:
    one, other = {"a::x": P}, {"a::x": P, "b": BROKEN}
    evidence = night(one, other) if broken is Side.SHADOW else night(other, one)
    part = replace(evidence, run=replace(evidence.run, whole=False))
    unfinished = replace(part, legacy=replace(part.legacy, finished=False), shadow=replace(part.shadow, finished=False))

    assert outcomes(part) == {"a::x": ("passed", "passed")}
    assert set(outcomes(unfinished)) == {"a::x", "b"}


def test_a_module_collected_without_tests_on_the_other_side_is_collected_there_only() -> None:
    (pair,) = pair_attempts(night({"m.py": BROKEN}, {}))
    assert pair.legacy is not None
    assert pair.shadow is not None
    found = difference(pair.legacy, pair.shadow)

    assert found is not None
    assert (found.direction, found.failing, found.expected) == (Direction.SHADOW_ONLY_COLLECTED, Side.LEGACY, OutcomeClass.ABSENT)


def test_a_subtest_that_was_not_reached_shares_the_failure_of_its_test() -> None:
    broken = failure("KeyError", "<str>")
    legacy = {"m.py::t": P, "m.py::t [i=1]": P, "m.py::t [i=2]": P}
    (_, first, second) = pair_attempts(night(legacy, {"m.py::t": broken, "m.py::t [i=1]": P}))

    assert first.shadow is not None
    assert first.shadow.outcome is P
    assert second.shadow is not None
    assert (second.shadow.outcome, second.shadow.failure) == (F, broken)


def test_a_subtest_is_absent_where_its_test_went_on_to_the_end_without_it() -> None:
    one = failure("AssertionError", "assert <n> == <n>")
    legacy = {"m.py::t": P, "m.py::t [i=1]": P, "m.py::t [i=2]": P}

    assert outcomes(night(legacy, {"m.py::t": P, "m.py::t [i=1]": P}))["m.py::t [i=2]"] == ("passed", "absent")
    assert outcomes(night(legacy, {"m.py::t": one, "m.py::t [i=1]": one}))["m.py::t [i=2]"] == ("passed", "absent")


def test_a_subtest_is_selected_by_its_test_and_brackets_in_parameters_mean_nothing() -> None:
    tests = {"m.py::t": P, "m.py::t [i=1]": P, "m.py::u[a [b]]": P}
    selected = {pair.test_id: pair.selects for pair in pair_attempts(night(tests, tests))}

    assert selected == {"m.py::t": "m.py::t", "m.py::t [i=1]": "m.py::t", "m.py::u[a [b]]": "m.py::u[a [b]]"}


def between(legacy: Outcome, shadow: Outcome) -> tuple[str, str, str] | None:
    found = difference(attempt("x", Side.LEGACY, legacy), attempt("x", Side.SHADOW, shadow))
    return (found.direction.value, found.failing.value, found.expected.value) if found else None


@pytest.mark.parametrize(
    ("legacy", "shadow", "expected"),
    [
        (P, F, ("legacy_only_pass", "shadow", "passing")),
        (Outcome.TIMEOUT, Outcome.XPASSED, ("shadow_only_pass", "legacy", "passing")),
        (P, Outcome.XFAILED, ("legacy_only_pass", "shadow", "passing")),
        (F, Outcome.XFAILED, ("shadow_only_pass", "legacy", "xfailed")),
        (S, P, ("skip_mismatch", "legacy", "passing")),
        (S, F, ("skip_mismatch", "shadow", "skipped")),
        (P, Outcome.ABSENT, ("legacy_only_collected", "shadow", "passing")),
        (Outcome.ABSENT, F, ("shadow_only_collected", "legacy", "failing")),
        (P, Outcome.XPASSED, None),
        (F, Outcome.CRASHED, None),
    ],
)
def test_the_direction_of_a_difference(legacy: Outcome, shadow: Outcome, expected: tuple[str, str, str] | None) -> None:
    assert between(legacy, shadow) == expected


@pytest.mark.parametrize("legacy", list(Outcome))
@pytest.mark.parametrize("shadow", list(Outcome))
def test_swapping_sides_mirrors_a_difference(legacy: Outcome, shadow: Outcome) -> None:
    swap = str.maketrans({"L": "S", "S": "L"})
    one, other = between(legacy, shadow), between(shadow, legacy)

    def turned(text: str) -> str:
        return text.replace("legacy", "L").replace("shadow", "S").translate(swap).replace("L", "legacy").replace("S", "shadow")

    assert (one is None) == (other is None)
    if one and other:
        assert other == (turned(one[0]), turned(one[1]), one[2])


def test_a_pair_gives_the_attempt_of_a_side() -> None:
    one, other = attempt("x", Side.LEGACY, P), attempt("x", Side.SHADOW, F)

    assert Pair("x", one, other, "x").of(Side.LEGACY) is one
    assert Pair("x", one, other, "x").of(Side.SHADOW) is other
