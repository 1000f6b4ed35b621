"""From pairs and what was decided of them to results, each with its reason."""

from __future__ import annotations

from dataclasses import MISSING, dataclass, fields, replace
from functools import lru_cache
from sys import intern
from typing import TYPE_CHECKING, cast

from compare.clusters import cluster_id, observation_fingerprint, pair_fingerprint
from compare.difference import observed
from compare.fingerprint import attempt_fingerprint, fingerprint
from harness.model import Cause, Direction, OutcomeClass, PairResult, Remedy, Side, SideResult, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from compare.confirmation import Candidate, Standing
    from compare.pairing import Pair
    from harness.model import Attempt, ConfirmPolicy, Failure, InfrastructureFailure, ObservationResult, Outcome

AGREE = {
    OutcomeClass.PASSING: "both sides pass",
    OutcomeClass.XFAILED: "both sides fail as expected (xfail)",
    OutcomeClass.SKIPPED: "both sides skip it",
    OutcomeClass.ABSENT: "neither side collects it",
}
"""Why a pair is equivalent, by the class that both sides are of."""

_TOLD = 3
"""Observations in a reason; `PairResult.observations` has all."""

_EQUIVALENT, _NO_REMEDY = Verdict.EQUIVALENT, Remedy.NONE
_NAMED = frozenset({"direction", "confirmed", "e_value", "fingerprint", "cluster", "cause", "order", "remedy"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Night:
    """What holds for all pairs of a run. `fault` is the mass failure that keeps anything from being concluded; `rerun` tells whether fresh pairs
    could be run at all.
    """

    standing: Standing
    policy: ConfirmPolicy
    rerun: bool
    fault: InfrastructureFailure | None


def undisputed(pair: Pair, planned: frozenset[Side]) -> PairResult:
    """The result of a pair whose sides agree, or that lacks a side."""
    test_id, legacy, shadow, _ = pair
    if legacy is None or shadow is None:
        return PairResult(test_id=test_id, legacy=_once(legacy), shadow=_once(shadow), verdict=Verdict.INCONCLUSIVE, reason=_not_run(pair, planned))
    if (kind := legacy.outcome.kind) is OutcomeClass.FAILING:
        return PairResult(
            test_id=test_id,
            legacy=_once(legacy),
            shadow=_once(shadow),
            verdict=Verdict.BOTH_FAILING,
            reason=_both_failing(legacy, shadow),
            fingerprint=fingerprint(shadow.failure) if shadow.failure else None,
        )
    result = equivalent(test_id, plain(legacy.outcome, legacy.seconds), plain(shadow.outcome, shadow.seconds), AGREE[kind])
    if not (legacy.observations or shadow.observations):
        return result
    cut = observed(legacy.observations, shadow.observations)
    if cut:  # what was cut short is never shown as equal
        return replace(result, verdict=Verdict.INCONCLUSIVE, reason=f"{result.reason}; {_sentence(cut)}", observations=cut)
    count = len(shadow.observations)
    return replace(result, reason=f"{result.reason}, and what they observe agrees ({count} observation{'s' if count > 1 else ''})")


def equivalent(test_id: str, legacy: SideResult, shadow: SideResult, reason: str) -> PairResult:
    """The result of a pair whose sides ended it in the same class, which is none of failures; `reason` is one of `AGREE`."""
    draft = _Draft()
    draft.test_id = test_id
    draft.legacy = legacy
    draft.shadow = shadow
    draft.verdict = _EQUIVALENT
    draft.reason = reason
    draft.direction = draft.confirmed = draft.e_value = draft.fingerprint = draft.cluster = draft.cause = draft.order = None
    draft.remedy = _NO_REMEDY
    for name, default in _Draft.rest:
        setattr(draft, name, default)
    draft.__class__ = PairResult  # type: ignore[assignment] # it has the same slots
    return cast("PairResult", draft)


class _Draft:
    """A result that is being made, with room for what a `PairResult` holds: a frozen one takes seven times as long to fill, which is half of the
    time of a comparison of a million tests. `equivalent` fills all of it: what it does not name (`rest`) with its default.
    """

    __slots__ = tuple(field.name for field in fields(PairResult))
    rest = tuple((field.name, field.default) for field in fields(PairResult) if field.default is not MISSING and field.name not in _NAMED)

    if TYPE_CHECKING:

        def __setattr__(self, name: str, value: object) -> None: ...


def disputed(pair: Pair, candidate: Candidate, night: Night) -> PairResult:
    """The result of a pair whose sides differ."""
    verdict, confirmed, reason = _decide(candidate, pair, night)
    direction = candidate.difference.direction
    observations = _observations(pair) if direction is Direction.OBSERVATION else ()
    mark = observation_fingerprint(observations) if observations else pair_fingerprint(pair, candidate.difference.failing, direction)
    divergent = verdict is Verdict.DIVERGENT
    return PairResult(
        test_id=pair.test_id,
        legacy=_side(pair.legacy, (legacy for legacy, _ in candidate.reruns)) if candidate.reruns else _once(pair.legacy),
        shadow=_side(pair.shadow, (shadow for _, shadow in candidate.reruns)) if candidate.reruns else _once(pair.shadow),
        verdict=verdict,
        reason=reason,
        direction=direction,
        confirmed=confirmed,
        e_value=candidate.e_value if candidate.pairs else None,
        fingerprint=mark,
        cluster=cluster_id(mark, direction) if divergent else None,
        cause=Cause.UNKNOWN if divergent else None,
        remedy=Remedy.QUARANTINE_FLAKY if verdict is Verdict.FLAKY else Remedy.NONE,
        order=candidate.order.dependence if candidate.order else None,
        observations=observations,
    )


def _observations(pair: Pair) -> tuple[ObservationResult, ...]:
    """What the sides of a pair observed, as far as it differs or was cut short."""
    return observed(pair.legacy.observations, pair.shadow.observations) if pair.legacy and pair.shadow else ()


def _sentence(observations: Sequence[ObservationResult]) -> str:
    """The first of them, those that differ before those that were cut short, and how many more there are."""
    told = sorted(observations, key=lambda one: not one.differs)[:_TOLD]
    more = len(observations) - len(told)
    return "; ".join(one.sentence for one in told) + (f"; and {more} more" if more else "")


def _decide(candidate: Candidate, pair: Pair, night: Night) -> tuple[Verdict, bool, str]:
    """Verdict, whether it is confirmed, and why."""
    where, seen = night.standing, _seen(candidate, pair)
    outage = next((outage for outage in where.outages if candidate.test_id in outage.tests), None)
    if night.fault is not None:
        return Verdict.INCONCLUSIVE, False, f"{seen}; nothing is concluded, because {night.fault.message}"
    if outage is not None:
        others = f"{outage.cause} on {outage.side.value}, as in {len(outage.tests) - 1} others"
        return Verdict.INCONCLUSIVE, False, f"{seen}; {others}: a fault of the environment, and no divergence"
    if not night.rerun:
        return Verdict.DIVERGENT, False, intern(f"{seen}; seen once and not rerun, so no error bound holds")
    if candidate.test_id in where.confirmed:
        return Verdict.DIVERGENT, True, f"{seen}; {_again(candidate)}{_in_order(candidate)} (e = {candidate.e_value:.1f})"
    if candidate.test_id in where.dropped:
        return Verdict.FLAKY, False, f"{seen}; {_again(candidate)} (e = {candidate.e_value:.2g}, dropped below 0.5){_in_order(candidate)}"
    return Verdict.INCONCLUSIVE, False, f"{seen}; {_undecided(candidate, night.policy)}{_in_order(candidate)}"


def _seen(candidate: Candidate, pair: Pair) -> str:
    """What the full run showed of a pair whose sides differ."""
    if candidate.difference.direction is Direction.OBSERVATION:
        return f"both sides pass and observe different values: {_sentence(_observations(pair))}"
    return f"{_outcome(pair.legacy)} on legacy, {_outcome(pair.shadow)} on shadow"


def _undecided(candidate: Candidate, policy: ConfirmPolicy) -> str:
    if candidate.spoiled:
        side, cause = candidate.spoiled[-1]
        return f"{_again(candidate)}; not decided, because fresh pairs were lost to the {side.value} environment: {cause}"
    if candidate.order is not None and candidate.order.revives:
        return f"{_again(candidate)} alone, but not behind its predecessors (e = {candidate.e_value:.2g})"
    if len(candidate.pairs) < policy.max_pairs:
        return f"confirmation ended after {_number(len(candidate.pairs))}, before it could be decided"
    return f"{_again(candidate)}, which neither confirms nor drops it"


def _in_order(candidate: Candidate) -> str:
    """What the search for order-dependence showed, to be appended; empty where there was none."""
    order = candidate.order
    if order is None:
        return ""
    passing = candidate.difference.direction in {Direction.LEGACY_ONLY_PASS, Direction.SHADOW_ONLY_PASS}
    words = ("fails", "passes") if passing else (f"differs from what {candidate.difference.failing.other.value} showed", "does not")
    full, alone = words[::-1] if candidate.pairs[-1][0] else words
    sentence = f"; {order.sentence(full=full, alone=alone)}"
    same = sum(pair == (False, True) for pair in order.pairs)
    both = f"; in that order on both sides, the sides differ in {same} of {_number(len(order.pairs))}" if order.pairs else ""
    return sentence + both


def _again(candidate: Candidate) -> str:
    """How often the fresh pairs showed the same, and whether in the same way."""
    same = sum(pair == (False, True) for pair in candidate.pairs)
    text = f"the same in {same} of {_number(len(candidate.pairs))}"
    otherwise = _otherwise(candidate)
    return f"{text}, {otherwise} of them with another failure" if otherwise else text


def _otherwise(candidate: Candidate) -> int:
    """In how many reruns the side seen failing failed in another way than in the full run."""
    if candidate.failure is None:
        return 0
    first, shadow = fingerprint(candidate.failure), candidate.difference.failing is Side.SHADOW
    failed = (rerun[shadow] for rerun in candidate.reruns)
    return sum(attempt is not None and attempt.outcome.kind is OutcomeClass.FAILING and attempt_fingerprint(attempt) != first for attempt in failed)


def _number(pairs: int) -> str:
    return "1 fresh pair" if pairs == 1 else f"{pairs} fresh pairs"


def _not_run(pair: Pair, planned: frozenset[Side]) -> str:
    missing = [side for side in Side if pair.of(side) is None]
    if not planned.issuperset(missing):
        return f"only {missing[0].other.value} was to run (--side), so there is nothing to compare with"
    return f"{' and '.join(missing)} did not get to run it"


def _both_failing(legacy: Attempt, shadow: Attempt) -> str:
    if legacy.failure and shadow.failure and fingerprint(legacy.failure) != fingerprint(shadow.failure):
        return "both sides fail, in different ways"
    return "both sides fail"


def _outcome(attempt: Attempt | None) -> str:
    return attempt.outcome.value if attempt else "not run"


def _once(attempt: Attempt | None) -> SideResult:
    """The result of a side that ran a test once, or not at all."""
    if attempt is None:
        return _NOT_RUN
    if attempt.failure is None:
        return plain(attempt.outcome, attempt.seconds)
    return _side(attempt, ())


def _side(attempt: Attempt | None, reruns: Iterable[Attempt | None]) -> SideResult:
    """The result of a side: what the full run showed, and how often it failed in all attempts."""
    if attempt is None:
        return _NOT_RUN
    kinds = [one.outcome.kind for one in (attempt, *reruns) if one is not None]
    return _result(
        attempt.outcome,
        attempt.seconds,
        attempt.failure,
        attempts=sum(kind is not OutcomeClass.ABSENT for kind in kinds),
        failed=sum(kind is OutcomeClass.FAILING for kind in kinds),
    )


def _result(outcome: Outcome, seconds: float | None, failure: Failure | None, *, attempts: int, failed: int) -> SideResult:
    return SideResult(outcome=outcome, attempts=attempts, failed=failed, seconds=seconds, failure=failure)


@lru_cache(maxsize=16384)  # most tests of a large suite pass in one of few thousand durations: they share their result
def plain(outcome: Outcome, seconds: float | None) -> SideResult:
    """The result of a side that ran a test once and has no failure to show."""
    kind = outcome.kind
    return _result(outcome, seconds, None, attempts=int(kind is not OutcomeClass.ABSENT), failed=int(kind is OutcomeClass.FAILING))


_NOT_RUN = SideResult(outcome=None, attempts=0)
