"""What it means that the outcomes of a pair differ."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from compare.observations import compare_observations
from harness.model import Direction, OutcomeClass, Phase, Side

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.model import Attempt, Observation, ObservationResult, Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A pair whose sides are of different outcome classes, or passed and observed different values.

    `failing` is the side seen failing (d in the formula of `compare.evalue`), `expected` the class of the other side when the candidate was found:
    in a rerun, "failure" of either side means any other class than `expected`. Where the sides differ in what they observed, legacy is the control:
    `reference` is what it observed when the candidate was found, shadow counts as the side seen failing, and in a rerun it is "failure" of either
    side to observe anything else. Where both sides share one distribution of observations, they share one rate of such failures too.
    """

    direction: Direction
    failing: Side
    expected: OutcomeClass
    reference: tuple[Observation, ...] | None = None

    def failed(self, outcome: Outcome) -> bool:
        """Whether an outcome of a rerun counts as a failure for this candidate, whatever was observed."""
        return outcome.kind is not self.expected

    def failed_in(self, attempt: Attempt) -> bool | None:
        """Whether a rerun counts as a failure for this candidate; None where what it observed was cut short before a difference was seen."""
        if self.failed(attempt.outcome):
            return True
        if self.reference is None:
            return False
        results = observed(self.reference, attempt.observations)
        if any(result.differs for result in results):
            return True
        return None if any(result.budget for result in results) else False


def observed(legacy: Sequence[Observation], shadow: Sequence[Observation]) -> tuple[ObservationResult, ...]:
    """What two attempts of one test observed, as far as it differs or was cut short."""
    if [one.digest for one in legacy] == [one.digest for one in shadow] and not any(one.cut for one in (*legacy, *shadow)):
        return ()
    return tuple(result for result in compare_observations(legacy, shadow) if result.differs or result.budget)


def difference(legacy: Attempt, shadow: Attempt) -> Difference | None:
    """How two attempts differ; None where they say the same (passed and xpassed agree, and so do all kinds of failure).

    The side of the worse class is the side seen failing. Where all that is known of a module is that one side could not collect it, the other
    side did so without an error, even if it found no test there: then the error is what is seen failing.
    """
    one, other = legacy.outcome.kind, shadow.outcome.kind
    if one is other:
        return _observed_difference(legacy, shadow)
    failing = Side.LEGACY if _weight(legacy) > _weight(shadow) else Side.SHADOW
    return Difference(
        direction=_direction({one, other}, failing),
        failing=failing,
        expected=other if failing is Side.LEGACY else one,
    )


def _observed_difference(legacy: Attempt, shadow: Attempt) -> Difference | None:
    """How two attempts that passed differ in what they observed."""
    if legacy.outcome.kind is not OutcomeClass.PASSING or not (legacy.observations or shadow.observations):
        return None
    if not any(result.differs for result in observed(legacy.observations, shadow.observations)):
        return None
    return Difference(direction=Direction.OBSERVATION, failing=Side.SHADOW, expected=OutcomeClass.PASSING, reference=legacy.observations)


def _weight(attempt: Attempt) -> int:
    uncollected = attempt.failure is not None and attempt.failure.phase is Phase.COLLECT
    return len(OutcomeClass) if uncollected else attempt.outcome.kind.rank


def _direction(kinds: set[OutcomeClass], failing: Side) -> Direction:
    legacy_is_better = failing is Side.SHADOW
    if OutcomeClass.ABSENT in kinds:
        return Direction.LEGACY_ONLY_COLLECTED if legacy_is_better else Direction.SHADOW_ONLY_COLLECTED
    if OutcomeClass.SKIPPED in kinds:
        return Direction.SKIP_MISMATCH
    return Direction.LEGACY_ONLY_PASS if legacy_is_better else Direction.SHADOW_ONLY_PASS
