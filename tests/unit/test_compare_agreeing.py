"""Tests that agree, set apart before a run is judged: whatever the run, its decision is the same as without."""

from __future__ import annotations

from array import array
from dataclasses import replace
from math import nan

from hypothesis import given

from compare.agreeing import set_apart
from compare.judge import judge
from harness.model import OUTCOMES, Attempt, AttemptColumns, Evidence, Outcome, Side, SideEvidence
from tests.strategies import PROPERTY, failure, night, nights

P, F = Outcome.PASSED, Outcome.FAILED


def columns(side: SideEvidence) -> AttemptColumns:
    attempts = sorted(side.full, key=lambda attempt: attempt.test_id)
    return AttemptColumns(
        side=side.side,
        ids=[attempt.test_id for attempt in attempts],
        outcomes=bytes(OUTCOMES.index(attempt.outcome) for attempt in attempts),
        seconds=array("d", (nan if attempt.seconds is None else attempt.seconds for attempt in attempts)),
        failures={row: attempt.failure for row, attempt in enumerate(attempts) if attempt.failure},
    )


def from_files(evidence: Evidence) -> Evidence:
    """The run as JUnit files give it: attempts, and nothing else."""
    sides = (replace(side, collected=(), reruns=(), finished=True) for side in (evidence.legacy, evidence.shadow))
    legacy, shadow = sides
    return replace(evidence, legacy=legacy, shadow=shadow, planned=frozenset(Side), can_rerun=False)


@PROPERTY
@given(nights().map(from_files))
def test_a_run_is_decided_as_if_nothing_had_been_set_apart(evidence: Evidence) -> None:
    apart = set_apart(columns(evidence.legacy), columns(evidence.shadow))
    rest = replace(evidence, legacy=replace(evidence.legacy, full=apart.legacy), shadow=replace(evidence.shadow, full=apart.shadow))
    found, expected = judge(rest, apart.agreeing), judge(evidence)

    assert len(found.pairs) == len(expected.pairs)
    assert list(found.pairs) == list(expected.pairs)
    assert [found.pairs[place] for place in range(len(found.pairs))] == list(expected.pairs)
    assert found.pairs[1:-1] == expected.pairs[1:-1]
    assert replace(found, pairs=expected.pairs) == expected


def test_nothing_but_what_differs_is_made_an_attempt() -> None:
    evidence = from_files(night({f"a::{n}": P for n in range(50)}, {f"a::{n}": F if n == 7 else P for n in range(50)}))
    apart = set_apart(columns(evidence.legacy), columns(evidence.shadow))
    assert [attempt.test_id for attempt in (*apart.legacy, *apart.shadow)] == ["a::7", "a::7"]
    assert len(apart.agreeing) == 49
    assert apart.agreeing[0].test_id == "a::0"


def test_equal_durations_share_their_result_and_an_unknown_one_stays_unknown() -> None:
    attempts = [Attempt(test_id=name, side=Side.LEGACY, outcome=P, seconds=seconds) for name, seconds in (("a", 0.5), ("b", 0.5), ("c", None))]
    sides = [columns(SideEvidence(side=side, full=tuple(replace(one, side=side) for one in attempts))) for side in Side]
    first, second, third = set_apart(*sides).agreeing
    assert first.legacy is second.legacy
    assert third.shadow.seconds is None


def test_a_test_asked_after_by_others_is_left_with_them() -> None:
    evidence = from_files(night({"m.py::t": P, "m.py::t [i=1]": P}, {"m.py::t": P, "m.py::t [i=1]": failure()}))
    apart = set_apart(columns(evidence.legacy), columns(evidence.shadow))
    assert [attempt.test_id for attempt in apart.legacy] == ["m.py::t", "m.py::t [i=1]"]
