"""From evidence to verdicts: the one place where a run is decided. Pure; every verdict carries its reason."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from compare.clusters import cluster, cluster_id, pair_fingerprint
from compare.confirmation import Candidate, Standing, standing, to_rerun
from compare.fingerprint import fingerprint
from compare.infrastructure import mass_failure
from compare.pairing import Pair, pair_attempts
from compare.parity import parity
from harness.errors import ExitCode
from harness.model import (
    Attempt,
    Cause,
    Cluster,
    Comparison,
    Evidence,
    InfrastructureFailure,
    OutcomeClass,
    PairResult,
    Remedy,
    Side,
    SideResult,
    Totals,
    Verdict,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


@dataclass(frozen=True, slots=True, kw_only=True)
class _Night:
    """What holds for all pairs of a run."""

    evidence: Evidence
    standing: Standing
    fault: InfrastructureFailure | None


def judge(evidence: Evidence) -> Comparison:
    """Decide every pair of a run.

    The result depends on the attempts alone, not on the order of tests; swapping the sides mirrors every direction.
    """
    pairs = tuple(pair_attempts(evidence))
    candidates = [candidate for pair in pairs if (candidate := pair.candidate())]
    faults = (*evidence.infrastructure, *mass_failures(evidence))
    night = _Night(evidence=evidence, standing=standing(candidates, evidence.run.confirm), fault=_mass_of(faults, evidence))
    results = tuple(_result(pair, night) for pair in pairs)
    finished = all(side.finished for side in (evidence.legacy, evidence.shadow) if side.side in evidence.planned)
    complete = evidence.run.complete and night.fault is None and finished
    totals = _totals(results)
    return Comparison(
        run=replace(evidence.run, complete=complete),
        pairs=results,
        totals=totals,
        exit=_exit(totals, faults, complete=complete),
        clusters=_clusters(pairs, results),
        parity=parity(evidence.legacy.facts, evidence.shadow.facts),
        legacy=evidence.legacy.facts,
        shadow=evidence.shadow.facts,
        infrastructure=faults,
    )


def candidates_of(evidence: Evidence) -> tuple[Candidate, ...]:
    """The candidates of a run as far as it went, with their fresh pairs."""
    return tuple(candidate for pair in pair_attempts(evidence) if (candidate := pair.candidate()))


def next_pair(evidence: Evidence) -> tuple[str, ...]:
    """Ids that the next fresh pair is for; empty once the stopping time is reached, or where the night is an infrastructure failure."""
    if not evidence.run.confirm.enabled or not evidence.can_rerun or mass_failures(evidence):
        return ()
    return to_rerun(candidates_of(evidence), evidence.run.confirm)


def mass_failures(evidence: Evidence) -> tuple[InfrastructureFailure, ...]:
    """The infrastructure failures that the full run of a side amounts to."""
    share = evidence.run.confirm.mass_failure
    found = (mass_failure(side.full, side=side.side, share=share) for side in (evidence.legacy, evidence.shadow))
    return tuple(fault for fault in found if fault)


def _mass_of(faults: Iterable[InfrastructureFailure], evidence: Evidence) -> InfrastructureFailure | None:
    own = set(evidence.infrastructure)
    return next((fault for fault in faults if fault not in own), None)


def _result(pair: Pair, night: _Night) -> PairResult:
    candidate = pair.candidate()
    if candidate is None:
        return _undisputed(pair, night)
    verdict, confirmed, reason = _decide(candidate, pair, night)
    direction, failing = candidate.difference.direction, candidate.difference.failing
    mark = pair_fingerprint(pair, failing, direction)
    divergent = verdict is Verdict.DIVERGENT
    return PairResult(
        test_id=pair.test_id,
        legacy=_side(pair, Side.LEGACY),
        shadow=_side(pair, Side.SHADOW),
        verdict=verdict,
        reason=reason,
        direction=direction,
        confirmed=confirmed,
        e_value=candidate.e_value if candidate.pairs else None,
        fingerprint=mark,
        cluster=cluster_id(mark, direction) if divergent else None,
        cause=Cause.UNKNOWN if divergent else None,
        remedy=Remedy.QUARANTINE_FLAKY if verdict is Verdict.FLAKY else Remedy.NONE,
    )


def _undisputed(pair: Pair, night: _Night) -> PairResult:
    """A pair whose sides agree, or that lacks a side."""
    legacy, shadow = pair.legacy, pair.shadow
    mark = None
    if legacy is None or shadow is None:
        verdict, reason = Verdict.INCONCLUSIVE, _not_run(pair, night)
    elif legacy.outcome.kind is OutcomeClass.FAILING:
        verdict, reason = Verdict.BOTH_FAILING, _both_failing(legacy, shadow)
        mark = fingerprint(shadow.failure) if shadow.failure else None
    else:
        verdict, reason = Verdict.EQUIVALENT, _AGREE[legacy.outcome.kind]
    return PairResult(
        test_id=pair.test_id,
        legacy=_side(pair, Side.LEGACY),
        shadow=_side(pair, Side.SHADOW),
        verdict=verdict,
        reason=reason,
        fingerprint=mark,
    )


def _not_run(pair: Pair, night: _Night) -> str:
    missing = [side for side, attempt in ((Side.LEGACY, pair.legacy), (Side.SHADOW, pair.shadow)) if attempt is None]
    if not night.evidence.planned.issuperset(missing):
        return f"only {missing[0].other.value} was to run (--side), so there is nothing to compare with"
    return f"{' and '.join(missing)} did not get to run it"


_AGREE = {
    OutcomeClass.PASSING: "both sides pass",
    OutcomeClass.XFAILED: "both sides fail as expected (xfail)",
    OutcomeClass.SKIPPED: "both sides skip it",
    OutcomeClass.ABSENT: "neither side collects it",
}


def _both_failing(legacy: Attempt, shadow: Attempt) -> str:
    if legacy.failure and shadow.failure and fingerprint(legacy.failure) != fingerprint(shadow.failure):
        return "both sides fail, in different ways"
    return "both sides fail"


def _decide(candidate: Candidate, pair: Pair, night: _Night) -> tuple[Verdict, bool, str]:
    """Verdict, whether it is confirmed, and why."""
    evidence, where = night.evidence, night.standing
    seen = f"{_outcome(pair.legacy)} on legacy, {_outcome(pair.shadow)} on shadow"
    count = len(candidate.pairs)
    again = sum(pair == (False, True) for pair in candidate.pairs)
    if night.fault is not None:
        return Verdict.INCONCLUSIVE, False, f"{seen}; nothing is concluded, because {night.fault.message}"
    if not evidence.run.confirm.enabled or not evidence.can_rerun:
        return Verdict.DIVERGENT, False, f"{seen}; seen once and not rerun, so no error bound holds"
    if candidate.test_id in where.confirmed:
        return Verdict.DIVERGENT, True, f"{seen}; the same in {again} of {count} fresh pairs (e = {candidate.e_value:.1f})"
    if candidate.test_id in where.dropped:
        return Verdict.FLAKY, False, f"{seen}; the same in {again} of {count} fresh pairs (e = {candidate.e_value:.2g}, dropped below 0.5)"
    if count < evidence.run.confirm.max_pairs:
        return Verdict.INCONCLUSIVE, False, f"{seen}; confirmation ended after {count} fresh pairs, before it could be decided"
    return Verdict.INCONCLUSIVE, False, f"{seen}; the same in {again} of {count} fresh pairs, which neither confirms nor drops it"


def _outcome(attempt: Attempt | None) -> str:
    return attempt.outcome.value if attempt else "not run"


def _side(pair: Pair, side: Side) -> SideResult:
    legacy = side is Side.LEGACY
    attempt = pair.legacy if legacy else pair.shadow
    if attempt is None:
        return SideResult(outcome=None, attempts=0)
    if not pair.reruns:
        return SideResult(
            outcome=attempt.outcome,
            attempts=int(attempt.outcome.kind is not OutcomeClass.ABSENT),
            failed=int(attempt.outcome.kind is OutcomeClass.FAILING),
            seconds=attempt.seconds,
            failure=attempt.failure,
        )
    every = [attempt, *(fresh[0] if legacy else fresh[1] for fresh in pair.reruns)]
    failure = next((one.failure for one in every if one.failure), None)
    return SideResult(
        outcome=attempt.outcome,
        attempts=sum(one.outcome.kind is not OutcomeClass.ABSENT for one in every),
        failed=sum(one.outcome.kind is OutcomeClass.FAILING for one in every),
        seconds=attempt.seconds,
        failure=failure,
    )


def _clusters(pairs: Sequence[Pair], results: Sequence[PairResult]) -> tuple[Cluster, ...]:
    members = []
    for pair, result in zip(pairs, results, strict=True):
        candidate = pair.candidate() if result.cluster else None
        if candidate and result.cluster and result.direction:
            members.append((result.cluster, result.direction, pair, candidate.difference.failing))
    return cluster(members)


def _totals(results: Iterable[PairResult]) -> Totals:
    counts = Counter(result.verdict for result in results)
    return Totals(
        tests=counts.total(),
        equivalent=counts[Verdict.EQUIVALENT],
        divergent=counts[Verdict.DIVERGENT],
        flaky=counts[Verdict.FLAKY],
        both_failing=counts[Verdict.BOTH_FAILING],
        inconclusive=counts[Verdict.INCONCLUSIVE],
    )


def _exit(totals: Totals, faults: Sequence[InfrastructureFailure], *, complete: bool) -> ExitCode:
    if faults or not complete:
        return ExitCode.INFRASTRUCTURE
    return ExitCode.DIVERGENT if totals.divergent else ExitCode.OK
