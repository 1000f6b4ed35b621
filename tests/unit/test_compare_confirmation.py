"""Confirmation: who is rerun, what counts as evidence, when it ends."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given

from compare.confirmation import MOST_BEGUN
from compare.judge import candidates_of, confirmation_so_far, judge, next_pair
from harness.model import ConfirmPolicy, Evidence, Outcome, Phase, Side, Verdict
from tests.strategies import PROPERTY, REFUSED, Outcomes, failure, night, nights

P, F, S, ABSENT = Outcome.PASSED, Outcome.FAILED, Outcome.SKIPPED, Outcome.ABSENT
OTHERS = {f"m.py::ok{number}": P for number in range(9)}
SAME, AGREE, REVERSE = ({"m.py::x": P}, {"m.py::x": F}), ({"m.py::x": P}, {"m.py::x": P}), ({"m.py::x": F}, {"m.py::x": P})


def one_candidate(*reruns: tuple[dict[str, Outcome], dict[str, Outcome]], policy: ConfirmPolicy | None = None) -> Evidence:
    return night({"m.py::x": P, **OTHERS}, {"m.py::x": F, **OTHERS}, reruns, policy=policy)


def verdict_of(evidence: Evidence, test_id: str = "m.py::x") -> tuple[Verdict, bool | None]:
    (found,) = [pair for pair in judge(evidence).pairs if pair.test_id == test_id]
    return found.verdict, found.confirmed


def test_agreeing_pairs_are_not_rerun() -> None:
    assert next_pair(one_candidate()) == ("m.py::x",)
    assert next_pair(night(OTHERS, OTHERS)) == ()


def test_the_pair_that_made_it_a_candidate_is_no_evidence() -> None:
    (candidate,) = candidates_of(one_candidate())

    assert candidate.e_value == 1


def test_four_fresh_pairs_confirm_a_single_candidate() -> None:
    assert verdict_of(one_candidate(*[SAME] * 3)) == (Verdict.INCONCLUSIVE, False)
    assert next_pair(one_candidate(*[SAME] * 3)) == ("m.py::x",)
    assert verdict_of(one_candidate(*[SAME] * 4)) == (Verdict.DIVERGENT, True)
    assert next_pair(one_candidate(*[SAME] * 4)) == ()


@pytest.mark.parametrize("last", [AGREE, REVERSE])
def test_a_candidate_that_agrees_or_turns_round_is_flaky(last: tuple[dict[str, Outcome], dict[str, Outcome]]) -> None:
    assert verdict_of(one_candidate(last)) == (Verdict.FLAKY, False)
    assert verdict_of(one_candidate(SAME, last)) == (Verdict.FLAKY, False)
    assert next_pair(one_candidate(last)) == ()


def test_a_candidate_that_stays_undecided_is_inconclusive() -> None:
    found = judge(one_candidate(SAME, SAME, policy=ConfirmPolicy(max_pairs=2)))

    assert [pair.verdict for pair in found.pairs if pair.direction] == [Verdict.INCONCLUSIVE]
    assert found.exit == 0
    assert next_pair(one_candidate(SAME, SAME, policy=ConfirmPolicy(max_pairs=2))) == ()


def test_fresh_pairs_after_the_decision_change_nothing() -> None:
    decided, later = judge(one_candidate(*[SAME] * 4)), judge(one_candidate(*[SAME] * 4, AGREE, REVERSE))

    assert later.pairs == decided.pairs


def test_a_pair_that_lacks_a_side_is_no_evidence() -> None:
    (candidate,) = candidates_of(one_candidate(({"m.py::x": P}, {}), ({}, {"m.py::x": F}), SAME))

    assert candidate.pairs == ((False, True),)


def test_confirmation_ends_where_nothing_comes_back() -> None:
    policy = ConfirmPolicy(max_pairs=3)
    confirmation = confirmation_so_far(one_candidate(policy=policy))
    begun = 0
    while confirmation.next_pair():
        confirmation = confirmation.after_pair((), ())
        begun += 1

    assert begun == MOST_BEGUN * policy.max_pairs


def test_a_pair_cut_short_is_made_up_for() -> None:
    reruns = [({"m.py::x": P}, {}), *[SAME] * 4]

    assert verdict_of(one_candidate(*reruns, policy=ConfirmPolicy(max_pairs=4))) == (Verdict.DIVERGENT, True)


def test_failing_means_another_outcome_than_the_other_side_showed() -> None:
    skipped = night({"a": P, **OTHERS}, {"a": S, **OTHERS}, [({"a": P}, {"a": S}), ({"a": P}, {"a": F}), ({"a": S}, {"a": S})])
    (candidate,) = candidates_of(skipped)
    assert candidate.pairs == ((False, True), (False, True), (True, True))

    gone = night({"a": P, **OTHERS}, OTHERS, [({"a": P}, {"a": ABSENT})] * 4)
    assert verdict_of(gone, "a") == (Verdict.DIVERGENT, True)


def test_where_legacy_was_seen_failing_the_sides_change_places() -> None:
    (candidate,) = candidates_of(night({"a": F, **OTHERS}, {"a": P, **OTHERS}, [({"a": F}, {"a": P}), ({"a": P}, {"a": F})]))

    assert candidate.pairs == ((False, True), (True, False))


def test_a_module_that_cannot_be_collected_is_rerun_like_a_test() -> None:
    broken = failure("ImportError", phase=Phase.COLLECT)
    fresh: tuple[Outcomes, Outcomes] = ({"m.py::x": P, "m.py::y": P}, {"m.py": broken, "m.py::x": ABSENT, "m.py::y": ABSENT})
    evidence = night({"m.py::x": P, "m.py::y": P, "n.py::z": P}, {"m.py": broken, "n.py::z": P}, [fresh] * 4)
    found = judge(evidence)

    assert next_pair(night({"m.py::x": P, "n.py::z": P}, {"m.py": broken, "n.py::z": P})) == ("m.py::x",)
    assert [(pair.test_id, pair.verdict, pair.shadow.failed) for pair in found.pairs if pair.direction] == [
        ("m.py::x", Verdict.DIVERGENT, 5),
        ("m.py::y", Verdict.DIVERGENT, 5),
    ]
    assert len(found.clusters) == 1


def test_a_module_without_a_known_test_is_confirmed_as_well() -> None:
    broken = failure("ImportError", phase=Phase.COLLECT)
    found = judge(night({"n.py": broken, **OTHERS}, OTHERS, [({"n.py": broken}, {"n.py": ABSENT})] * 4))

    assert [(pair.test_id, pair.verdict, pair.direction) for pair in found.pairs if pair.direction] == [
        ("n.py", Verdict.DIVERGENT, "shadow_only_collected")
    ]


def test_a_subtest_is_rerun_by_its_test() -> None:
    passing, failing = {"m.py::t": P, "m.py::t [i=1]": P}, {"m.py::t": P, "m.py::t [i=1]": S}

    assert next_pair(night({**passing, **OTHERS}, {**failing, **OTHERS})) == ("m.py::t",)
    assert verdict_of(night({**passing, **OTHERS}, {**failing, **OTHERS}, [(passing, failing)] * 4), "m.py::t [i=1]") == (Verdict.DIVERGENT, True)
    assert verdict_of(night({**passing, **OTHERS}, {"m.py::t": P, **OTHERS}, [(passing, {"m.py::t": P})] * 4), "m.py::t [i=1]") == (
        Verdict.DIVERGENT,
        True,
    )


def test_a_rerun_that_the_environment_spoiled_is_no_evidence() -> None:
    own = failure("AssertionError")
    down = ({"m.py::x": P}, {"m.py::x": REFUSED})
    evidence = night({"m.py::x": P, **OTHERS}, {"m.py::x": own, **OTHERS}, [down] * 12)
    (candidate,) = candidates_of(evidence)
    found = judge(evidence)
    (pair,) = [pair for pair in found.pairs if pair.direction]

    assert candidate.pairs == ()
    assert set(candidate.spoiled) == {(Side.SHADOW, "connection refused")}
    assert pair.verdict is Verdict.INCONCLUSIVE
    assert "lost to the shadow environment: connection refused" in pair.reason
    assert [fault.side for fault in found.infrastructure] == [Side.SHADOW]
    assert found.exit == 3


def test_a_spoiled_rerun_does_not_end_what_the_others_confirm() -> None:
    own = failure("AssertionError")
    down, same = ({"m.py::x": REFUSED}, {"m.py::x": own}), ({"m.py::x": P}, {"m.py::x": own})
    found = judge(night({"m.py::x": P, **OTHERS}, {"m.py::x": own, **OTHERS}, [same, down, same, same, same]))

    assert [pair.verdict for pair in found.pairs if pair.direction] == [Verdict.DIVERGENT]
    assert not found.infrastructure


def test_a_candidate_found_with_a_refused_connection_is_confirmed_by_refused_connections() -> None:
    found = judge(
        night({"m.py::x": P, **OTHERS}, {"m.py::x": REFUSED, **OTHERS}, [({"m.py::x": P}, {"m.py::x": REFUSED})] * 4),
    )

    assert [pair.verdict for pair in found.pairs if pair.direction] == [Verdict.DIVERGENT]


def test_a_rerun_that_failed_in_another_way_is_told() -> None:
    own, other = failure("AssertionError"), failure("KeyError", "<str>")
    found = judge(
        night(
            {"m.py::x": P, **OTHERS},
            {"m.py::x": own, **OTHERS},
            [({"m.py::x": P}, {"m.py::x": own})] * 3 + [({"m.py::x": P}, {"m.py::x": other})],
        )
    )
    (pair,) = [pair for pair in found.pairs if pair.direction]

    assert pair.reason == "passed on legacy, failed on shadow; the same in 4 of 4 fresh pairs, 1 of them with another failure (e = 217.8)"
    assert pair.shadow.failure == own


@PROPERTY
@given(nights())
def test_who_is_confirmed_stays_confirmed_as_pairs_are_added(evidence: Evidence) -> None:
    numbers = sorted({one.pair for side in (evidence.legacy, evidence.shadow) for one in side.reruns})
    earlier: frozenset[str] = frozenset()
    dropped: frozenset[str] = frozenset()
    for last in [0, *numbers]:
        cut = replace(
            evidence,
            legacy=replace(evidence.legacy, reruns=tuple(one for one in evidence.legacy.reruns if one.pair <= last)),
            shadow=replace(evidence.shadow, reruns=tuple(one for one in evidence.shadow.reruns if one.pair <= last)),
        )
        where = confirmation_so_far(cut).standing()
        assert earlier <= where.confirmed
        assert dropped <= where.dropped
        earlier, dropped = where.confirmed, where.dropped


@PROPERTY
@given(nights())
def test_nothing_is_rerun_where_nothing_can_be(evidence: Evidence) -> None:
    assert next_pair(replace(evidence, can_rerun=False)) == ()
    assert next_pair(replace(evidence, run=replace(evidence.run, confirm=replace(evidence.run.confirm, enabled=False)))) == ()
