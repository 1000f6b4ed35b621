"""From what an A/A run recorded to what it measured, in numbers and in words."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from compare.floor.arms import arms
from compare.floor.interval import clopper_pearson
from compare.floor.stickiness import HARMLESS, LEVEL, SURE, plus, stickiness, tallied
from compare.infrastructure import infrastructure_cause
from compare.judge import judge
from harness.model import Floor, OutcomeClass, Side, StickinessState, Tally, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.model import Attempt, Evidence, FloorEvidence, Rate, RunHeader, Stickiness


def measured(evidence: Evidence) -> Floor | None:
    """What the A/A run of a run measured; None where there was none."""
    floor = evidence.floor
    if floor is None:
        return None
    tally = counted(evidence.run, floor)
    once, confirmed = clopper_pearson(tally.once, tally.tests), clopper_pearson(tally.confirmed, tally.tests)
    sticking = stickiness(_series(floor), floor.plan.earlier)
    complete = evidence.decided
    return Floor(
        plan=floor.plan,
        once=once,
        confirmed=confirmed,
        stickiness=sticking,
        executions=len(floor.series) + len(floor.one) + len(floor.two),
        complete=complete,
        sentences=(_rates(floor, once, confirmed), _sticking(sticking)),
        caveat=_caveat(sticking),
    )


def counted(run: RunHeader, floor: FloorEvidence) -> Tally:
    """The counts of this A/A run and of those before it, both sides together. Where stickiness was detected, its counts begin anew."""
    tests = once = confirmed = 0
    for side in Side:
        pairs = [pair for pair in judge(arms(run, floor, side)).pairs if pair.legacy.outcome and pair.shadow.outcome]
        tests += len(pairs)
        once += sum(pair.direction is not None for pair in pairs)
        confirmed += sum(pair.verdict is Verdict.DIVERGENT for pair in pairs)
    series = _series(floor)
    known = plus(floor.plan.earlier, replace(tallied(series), tests=tests, once=once, confirmed=confirmed))
    if stickiness(series, floor.plan.earlier).state is StickinessState.DETECTED:
        return replace(known, steps=0, changes=0, expected=0.0)
    return known


def _series(floor: FloorEvidence) -> list[tuple[bool, ...]]:
    return list(_found_series(floor))


def _found_series(floor: FloorEvidence) -> Iterator[tuple[bool, ...]]:
    """Whether a test failed, rerun by rerun: a series for each flaky test and side. Those with a gap or a fault of the environment are left out."""
    found: dict[tuple[Side, str], dict[int, Attempt]] = {}
    for attempt in floor.series:
        found.setdefault((attempt.side, attempt.test_id), {})[attempt.pair] = attempt
    for side in Side:
        for test_id in floor.plan.flaky:
            shown = found.get((side, test_id), {})
            reruns = [shown[number] for number in sorted(shown)]
            if len(reruns) == floor.plan.reruns and not any(one.failure and infrastructure_cause(one.failure) for one in reruns):
                yield tuple(one.outcome.kind is not OutcomeClass.PASSING for one in reruns)


def _rates(floor: FloorEvidence, once: Rate, confirmed: Rate) -> str:
    plan = floor.plan
    so_far = f", {plan.rotation + 1} A/A runs so far" if plan.rotation else ""
    return (
        f"Each side against itself (A/A, {plan.why}) on {len(plan.sample)} of {plan.tests} tests: {confirmed.count} of {confirmed.of} comparisons "
        f"ended as a false divergence, which is {_share(confirmed)}{so_far}; seen once and not confirmed, it would be {once.count}, "
        f"which is {_share(once)}."
    )


def _share(rate: Rate) -> str:
    share = rate.count / rate.of if rate.of else 0.0
    return f"{share * 100:.2g} % ({rate.level * 100:g} % interval {rate.low * 100:.2g} to {rate.high * 100:.2g} %)"


def _sticking(found: Stickiness) -> str:
    if found.state is StickinessState.NOTHING_FLAKY:
        return "Whether reruns repeat their predecessor could not be measured: no result of the reruns changed, so nothing could stick."
    return (
        f"Reruns changed their result {found.changes} times in {found.series} series of flaky tests, {found.expected:.1f} times are expected where "
        f"they do not repeat their predecessor (p = {found.p_value:.2g})."
    )


def _caveat(found: Stickiness) -> str | None:
    if found.state is StickinessState.DETECTED:
        return (
            f"The error bound cannot be promised here: reruns repeat their predecessor more often than the failure rates of tests explain "
            f"({found.changes} changes where {found.expected:.1f} are expected, p = {found.p_value:.2g}, level {LEVEL:g}), about "
            f"{(found.estimate or 0) * 100:.0f} % of them. Look for what outlives a test process: caches, files, rows, services that are not reset."
        )
    if found.state is StickinessState.NOT_EXCLUDED:
        return (
            f"The error bound cannot be promised here: that reruns repeat their predecessor was not seen, and cannot be excluded yet. The "
            f"series of flaky tests so far leave room for up to {(found.most or 0) * 100:.0f} % of reruns ({SURE * 100:g} % limit); the bound stands "
            f"up to {HARMLESS * 100:g} %. More A/A runs tell."
        )
    return None
