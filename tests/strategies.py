"""Evidence for tests of the pure core: written out by hand, and drawn by hypothesis."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from harness.model import Attempt, ConfirmPolicy, Direction, Evidence, Failure, Frame, Outcome, Phase, RunHeader, Side, SideEvidence

Outcomes = Mapping[str, Outcome | Failure | None]
"""Test id -> outcome; a Failure stands for `failed` with that failure (for `error` where its phase is not the call), None for not run."""

PROPERTY = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=60)
"""For properties over whole runs: bounded in examples, never in time."""

STARTED = datetime(2026, 11, 2, 1, 30, tzinfo=UTC)
MIRROR = {
    Direction.LEGACY_ONLY_PASS: Direction.SHADOW_ONLY_PASS,
    Direction.SHADOW_ONLY_PASS: Direction.LEGACY_ONLY_PASS,
    Direction.LEGACY_ONLY_COLLECTED: Direction.SHADOW_ONLY_COLLECTED,
    Direction.SHADOW_ONLY_COLLECTED: Direction.LEGACY_ONLY_COLLECTED,
    Direction.SKIP_MISMATCH: Direction.SKIP_MISMATCH,
    None: None,
}


def failure(
    kind: str = "AssertionError", message: str = "assert <n> == <n>", *, at: str | None = "suite/test_a.py", line: int = 7, phase: Phase = Phase.CALL
) -> Failure:
    frames = (Frame(path=at, line=line, function="check"),) if at else ()
    return Failure(type=kind, message=message, phase=phase, frames=frames)


REFUSED = failure("ConnectionRefusedError", "[Errno <n>] Connection refused", at="suite/conftest.py")


def attempt(test_id: str, side: Side, outcome: Outcome | Failure, *, pair: int = 0) -> Attempt:
    if isinstance(outcome, Failure):
        word = Outcome.FAILED if outcome.phase is Phase.CALL else Outcome.ERROR
        return Attempt(test_id=test_id, side=side, pair=pair, outcome=word, seconds=0.25, failure=outcome)
    return Attempt(test_id=test_id, side=side, pair=pair, outcome=outcome, seconds=0.25)


def one_side(side: Side, full: Outcomes, reruns: Sequence[Outcomes] = (), *, finished: bool = True) -> SideEvidence:
    return SideEvidence(
        side=side,
        collected=tuple(
            test_id
            for test_id, outcome in full.items()
            if " [" not in test_id and not (isinstance(outcome, Failure) and outcome.phase is Phase.COLLECT)
        ),
        full=tuple(attempt(test_id, side, outcome) for test_id, outcome in full.items() if outcome is not None),
        reruns=tuple(
            attempt(test_id, side, outcome, pair=number)
            for number, outcomes in enumerate(reruns, start=1)
            for test_id, outcome in outcomes.items()
            if outcome is not None
        ),
        finished=finished and None not in full.values(),
    )


def night(
    legacy: Outcomes,
    shadow: Outcomes,
    reruns: Sequence[tuple[Outcomes, Outcomes]] = (),
    *,
    policy: ConfirmPolicy | None = None,
    can_rerun: bool = True,
    planned: frozenset[Side] = frozenset(Side),
) -> Evidence:
    """Evidence of one run; `reruns` are the fresh pairs in order, each as (legacy's, shadow's) outcomes."""
    return Evidence(
        run=RunHeader(id="20261102T013000Z-0001", suite="videostore", started_at=STARTED, confirm=policy or ConfirmPolicy(), complete=True),
        legacy=one_side(Side.LEGACY, legacy, [fresh[0] for fresh in reruns]),
        shadow=one_side(Side.SHADOW, shadow, [fresh[1] for fresh in reruns]),
        can_rerun=can_rerun,
        planned=planned,
    )


def mirrored(evidence: Evidence) -> Evidence:
    """The same run with the sides swapped."""

    def as_side(side: SideEvidence, name: Side) -> SideEvidence:
        return replace(
            side,
            side=name,
            full=tuple(replace(one, side=name) for one in side.full),
            reruns=tuple(replace(one, side=name) for one in side.reruns),
        )

    return replace(
        evidence,
        legacy=as_side(evidence.shadow, Side.LEGACY),
        shadow=as_side(evidence.legacy, Side.SHADOW),
        planned=frozenset(side.other for side in evidence.planned),
    )


# Ids whose characters mean something to pairing come often: modules, classes, packages, parameters, subtests.
TESTS = st.sampled_from(
    [
        f"suite/test_{module}.py::{name}"
        for module in "ab"
        for name in ("test_x", "test_y[1]", "test_y[a [b]]", "TestC::test_z", "TestC::test_w[p::q/r]")
    ]
)
SUBTESTS = st.builds(lambda test, key: f"{test} [{key}]", TESTS, st.sampled_from(["i=1", "i=2", "a [b"]))
UNITS = st.sampled_from(["suite/test_a.py", "suite/test_b.py", "suite/test_b.py::TestC", "suite", "suite/__init__.py", "suite/test_empty.py"])
FAILURES = st.sampled_from(
    [
        failure(),
        failure(line=9),
        failure("KeyError", "<str>", at="suite/helpers.py"),
        failure("ValueError", "", at=None),
        failure("TypeError", "", phase=Phase.SETUP),
        REFUSED,
        failure("TimeoutError", "timed out", at=None),
    ]
)
OUTCOMES = st.one_of(st.sampled_from([outcome for outcome in Outcome if outcome is not Outcome.ABSENT]), FAILURES)
COLLECT_ERRORS = st.builds(failure, st.just("ImportError"), st.just("cannot import name <str>"), phase=st.just(Phase.COLLECT))


@st.composite
def showings(draw: st.DrawFn) -> Outcomes:
    """What one side showed in its full run; some tests it did not get to."""
    tests = draw(st.dictionaries(TESTS, OUTCOMES, max_size=8))
    subtests = draw(st.dictionaries(SUBTESTS, OUTCOMES, max_size=3))
    units = draw(st.dictionaries(UNITS, COLLECT_ERRORS, max_size=2))
    waiting = draw(st.dictionaries(TESTS, st.none(), max_size=1))
    return {**waiting, **units, **subtests, **tests}


@st.composite
def fresh(draw: st.DrawFn) -> Outcomes:
    """What one side showed in a fresh pair: mostly of the same tests, at times nothing of some."""
    tests = draw(st.dictionaries(st.one_of(TESTS, SUBTESTS, UNITS), st.one_of(OUTCOMES, st.just(Outcome.ABSENT)), max_size=12))
    return {**tests, **draw(st.dictionaries(UNITS, COLLECT_ERRORS, max_size=1))}


@st.composite
def nights(draw: st.DrawFn) -> Evidence:
    """Any run: complete or not, confirmed or not, with modules that cannot be collected, subtests and environments that fail."""
    policy = ConfirmPolicy(
        enabled=draw(st.booleans()) or draw(st.booleans()),
        alpha=draw(st.sampled_from([0.01, 0.05, 0.5])),
        max_pairs=draw(st.integers(1, 6)),
        mass_failure=draw(st.sampled_from([0.2, 0.6, 1.0])),
    )
    planned = draw(st.sampled_from([frozenset(Side), frozenset(Side), frozenset({Side.LEGACY}), frozenset({Side.SHADOW})]))
    evidence = night(
        draw(showings()) if Side.LEGACY in planned else {},
        draw(showings()) if Side.SHADOW in planned else {},
        draw(st.lists(st.tuples(fresh(), fresh()), max_size=6)),
        policy=policy,
        can_rerun=draw(st.sampled_from([True, True, False])),
        planned=planned,
    )
    return replace(
        evidence,
        legacy=replace(evidence.legacy, finished=evidence.legacy.finished and Side.LEGACY in planned),
        shadow=replace(evidence.shadow, finished=evidence.shadow.finished and Side.SHADOW in planned),
    )
