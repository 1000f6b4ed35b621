"""Verdicts: what follows from a run's evidence, whatever the order of its tests and whichever side is called legacy."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compare.clusters import cluster_id
from compare.fingerprint import fingerprint
from compare.judge import candidates_of, judge, next_pair
from compare.parity import parity
from harness.errors import ExitCode
from harness.model import Direction, Evidence, Failure, Frame, Outcome, PairResult, Phase, Side, SideEvidence, Verdict
from tests.strategies import MIRROR, PROPERTY, REFUSED, failure, mirrored, night, nights

P, F, S, ABSENT = Outcome.PASSED, Outcome.FAILED, Outcome.SKIPPED, Outcome.ABSENT
HEX = set("0123456789abcdef")


def by_id(evidence: Evidence) -> dict[str, PairResult]:
    return {pair.test_id: pair for pair in judge(evidence).pairs}


# Properties


def stirred(side: SideEvidence, chance: random.Random) -> SideEvidence:
    return replace(
        side,
        collected=tuple(chance.sample(side.collected, len(side.collected))),
        full=tuple(chance.sample(side.full, len(side.full))),
        reruns=tuple(chance.sample(side.reruns, len(side.reruns))),
    )


@PROPERTY
@given(nights(), st.integers())
def test_the_decision_does_not_depend_on_the_order_of_tests(evidence: Evidence, seed: int) -> None:
    chance = random.Random(seed)
    other = replace(evidence, legacy=stirred(evidence.legacy, chance), shadow=stirred(evidence.shadow, chance))

    assert judge(other) == judge(evidence)
    assert next_pair(other) == next_pair(evidence)


@PROPERTY
@given(nights())
def test_swapping_the_sides_mirrors_verdict_and_direction(evidence: Evidence) -> None:
    one, other = judge(evidence), judge(mirrored(evidence))

    assert one.totals == other.totals
    assert one.exit == other.exit
    for pair, turned in zip(one.pairs, other.pairs, strict=True):
        assert (turned.test_id, turned.verdict, turned.confirmed, turned.e_value) == (pair.test_id, pair.verdict, pair.confirmed, pair.e_value)
        assert turned.direction is MIRROR[pair.direction]
        assert (turned.legacy, turned.shadow) == (pair.shadow, pair.legacy)
    assert next_pair(mirrored(evidence)) == next_pair(evidence)
    assert [sorted(group.tests) for group in sorted(one.clusters, key=lambda g: g.tests)] == [
        sorted(group.tests) for group in sorted(other.clusters, key=lambda g: g.tests)
    ]


@PROPERTY
@given(nights())
def test_a_pair_with_itself_is_equivalent(evidence: Evidence) -> None:
    twin = mirrored(evidence).legacy
    same = replace(evidence, legacy=twin, shadow=evidence.shadow, planned=frozenset(Side))
    found = judge(same)

    assert not found.totals.divergent
    assert not candidates_of(same)
    assert next_pair(same) == ()
    for pair in found.pairs:
        if pair.legacy.outcome is None:
            assert pair.verdict is Verdict.INCONCLUSIVE
        else:
            assert pair.verdict is (Verdict.BOTH_FAILING if pair.legacy.outcome.kind == "failing" else Verdict.EQUIVALENT)
        assert pair.direction is None
        assert pair.legacy == pair.shadow


@PROPERTY
@given(nights())
def test_what_is_decided_holds_together(evidence: Evidence) -> None:
    found = judge(evidence)
    totals = found.totals

    assert totals.tests == len(found.pairs)
    assert totals.tests == totals.equivalent + totals.divergent + totals.flaky + totals.both_failing + totals.inconclusive
    clustered = [test_id for group in found.clusters for test_id in group.tests]
    assert sorted(clustered) == [pair.test_id for pair in found.pairs if pair.verdict is Verdict.DIVERGENT]
    for pair in found.pairs:
        assert pair.reason
        assert (pair.direction is None) == (pair.confirmed is None)
        assert not pair.confirmed or (pair.verdict is Verdict.DIVERGENT and pair.e_value is not None)
        assert (pair.cluster is not None) == (pair.verdict is Verdict.DIVERGENT)
        assert all(side.failed <= side.attempts for side in (pair.legacy, pair.shadow))
    if found.infrastructure:
        assert found.exit == ExitCode.INFRASTRUCTURE


# Verdicts


@pytest.mark.parametrize(
    ("legacy", "shadow", "verdict", "reason"),
    [
        (P, P, "equivalent", "both sides pass"),
        (P, Outcome.XPASSED, "equivalent", "both sides pass"),
        (S, S, "equivalent", "both sides skip it"),
        (Outcome.XFAILED, Outcome.XFAILED, "equivalent", "both sides fail as expected (xfail)"),
        (F, Outcome.CRASHED, "both_failing", "both sides fail"),
        (failure(), failure(line=99), "both_failing", "both sides fail"),
        (failure(), failure("KeyError"), "both_failing", "both sides fail, in different ways"),
        (P, None, "inconclusive", "shadow did not get to run it"),
        (None, None, "inconclusive", "legacy and shadow did not get to run it"),
        (P, F, "divergent", "passed on legacy, failed on shadow; seen once and not rerun, so no error bound holds"),
        (S, P, "divergent", "skipped on legacy, passed on shadow; seen once and not rerun, so no error bound holds"),
    ],
)
def test_every_verdict_has_its_reason(legacy: Outcome | Failure | None, shadow: Outcome | Failure | None, verdict: str, reason: str) -> None:
    (pair,) = judge(night({"x": legacy}, {"x": shadow}, can_rerun=False)).pairs

    assert (pair.verdict, pair.reason) == (verdict, reason)
    assert pair.e_value is None
    assert pair.confirmed is (False if verdict == "divergent" else None)


def test_a_side_that_was_not_planned_leaves_nothing_to_compare() -> None:
    evidence = night({"x": P}, {}, planned=frozenset({Side.LEGACY}))
    found = judge(replace(evidence, shadow=replace(evidence.shadow, finished=False)))

    assert [(pair.verdict, pair.reason) for pair in found.pairs] == [
        (Verdict.INCONCLUSIVE, "only legacy was to run (--side), so there is nothing to compare with")
    ]
    assert found.exit == 0
    assert found.run.complete


def test_a_run_that_did_not_end_is_incomplete() -> None:
    found = judge(night({"x": P, "y": P}, {"x": P, "y": None}))

    assert not found.run.complete
    assert found.exit == ExitCode.INFRASTRUCTURE


def test_confirmation_that_was_interrupted_says_so() -> None:
    (pair,) = judge(night({"x": P}, {"x": F})).pairs

    assert pair.reason == "passed on legacy, failed on shadow; confirmation ended after 0 fresh pairs, before it could be decided"


def test_a_confirmed_divergence_counts_all_attempts() -> None:
    own = failure()
    (pair,) = judge(night({"x": P}, {"x": own}, [({"x": P}, {"x": own})] * 4)).pairs

    assert (pair.verdict, pair.confirmed, pair.direction) == (Verdict.DIVERGENT, True, Direction.LEGACY_ONLY_PASS)
    assert (pair.legacy.attempts, pair.legacy.failed, pair.shadow.attempts, pair.shadow.failed) == (5, 0, 5, 5)
    assert pair.e_value == pytest.approx(3.8416**4)
    assert pair.reason == "passed on legacy, failed on shadow; the same in 4 of 4 fresh pairs (e = 217.8)"


def test_a_flaky_test_shows_the_failure_it_was_found_with() -> None:
    own, later = failure(), failure("KeyError")
    (pair,) = judge(night({"x": own}, {"x": P}, [({"x": P}, {"x": later})])).pairs

    assert pair.verdict is Verdict.FLAKY
    assert pair.failure == own
    assert pair.shadow.failure is None


# Clusters and fingerprints


def test_divergences_with_one_fingerprint_are_a_cluster_whatever_the_line() -> None:
    own = {"a.py::x": failure(at="h.py", line=3), "a.py::y": failure(at="h.py", line=8), "b.py::z": failure("KeyError", "<str>", at="h.py")}
    found = judge(night({**dict.fromkeys(own, P), "c.py::ok": P}, {**own, "c.py::ok": P}, can_rerun=False))

    assert [(group.tests, group.sentence) for group in found.clusters] == [
        (("a.py::x", "a.py::y"), "2 tests pass on legacy and fail on shadow with AssertionError in h.py:3 (check)."),
        (("b.py::z",), "1 test passes on legacy and fails on shadow with KeyError in h.py:7 (check)."),
    ]


@pytest.mark.parametrize(
    ("legacy", "shadow", "exception", "sentence"),
    [
        (P, None, "absent", "1 test is collected on legacy only, in m.py."),
        (None, P, "absent", "1 test is collected on shadow only, in m.py."),
        (P, S, "skipped", "1 test passes on legacy and is skipped on shadow, in m.py."),
        (F, S, "failed", "1 test is skipped on shadow and fails on legacy, in m.py."),
        (P, Outcome.CRASHED, "crashed", "1 test passes on legacy and fails on shadow, in m.py."),
        (Outcome.XFAILED, P, "xfailed", "1 test passes on shadow and fails as expected on legacy, in m.py."),
        (S, failure(), "AssertionError", "1 test is skipped on legacy and fails on shadow with AssertionError in suite/test_a.py:7 (check)."),
    ],
)
def test_a_cluster_says_what_its_tests_have_in_common(
    legacy: Outcome | None, shadow: Outcome | Failure | None, exception: str, sentence: str
) -> None:
    sides = [{"z.py::ok": P, **({} if outcome is None else {"m.py::x": outcome})} for outcome in (legacy, shadow)]
    (group,) = judge(night(sides[0], sides[1], can_rerun=False)).clusters

    assert (group.exception, group.sentence) == (exception, sentence)


def test_a_cluster_keeps_its_id_over_nights() -> None:
    """A change of either is a new version of the algorithm: its name is part of every fingerprint."""
    own = Failure(type="KeyError", message="<str>", phase=Phase.CALL, frames=(Frame(path="suite/a.py", line=3, function="find"),))

    assert fingerprint(own) == "b5f7963e28a29003"
    assert cluster_id(fingerprint(own), Direction.LEGACY_ONLY_PASS) == "7b3093189bfa"


def test_fingerprints_tell_failures_apart() -> None:
    marks = [
        fingerprint(failure()),
        fingerprint(failure("KeyError")),
        fingerprint(failure(message="assert <n> < <n>")),
        fingerprint(failure(at="suite/other.py")),
        fingerprint(failure(at=None)),
        fingerprint(failure("\ud800")),
    ]

    assert len(set(marks)) == len(marks)
    assert all(len(mark) == 16 and set(mark) <= HEX for mark in marks)
    assert fingerprint(failure(phase=Phase.SETUP)) == fingerprint(failure())


def test_absences_of_one_module_are_a_cluster_and_those_of_another_are_not() -> None:
    legacy = {"m.py::x": P, "m.py::y": P, "n.py::z": P, "o.py::ok": P}

    assert [group.tests for group in judge(night(legacy, {"o.py::ok": P}, can_rerun=False)).clusters] == [
        ("m.py::x", "m.py::y"),
        ("n.py::z",),
    ]


# Parity


def test_parity_names_what_differs_apart_from_the_data() -> None:
    legacy = {"python": "3.11.9", "timezone": "UTC", "dataset": "production_copy", "data.DATABASE_URL": "a1", "plugin.xdist": "3.8"}
    shadow = {"python": "3.12.1", "timezone": "UTC", "dataset": "synthetic", "data.DATABASE_URL": "b2"}

    assert [(found.name, found.legacy, found.shadow) for found in parity(legacy, shadow)] == [
        ("plugin.xdist", "3.8", None),
        ("python", "3.11.9", "3.12.1"),
    ]


def test_a_side_that_recorded_nothing_does_not_differ_in_everything() -> None:
    assert parity({"python": "3.11.9"}, {}) == ()


@PROPERTY
@given(st.dictionaries(st.text(max_size=3), st.text(max_size=3)), st.dictionaries(st.text(max_size=3), st.text(max_size=3)))
def test_parity_mirrors(legacy: dict[str, str], shadow: dict[str, str]) -> None:
    assert [(found.name, found.shadow, found.legacy) for found in parity(legacy, shadow)] == [
        (found.name, found.legacy, found.shadow) for found in parity(shadow, legacy)
    ]


def test_an_empty_run_is_decided_too() -> None:
    found = judge(night({}, {}))

    assert found.pairs == ()
    assert found.exit == 0


def test_nothing_of_a_refused_connection_of_both_sides_is_a_divergence() -> None:
    assert judge(night({"x": REFUSED}, {"x": REFUSED, "y": P}, can_rerun=False)).totals.both_failing == 1
