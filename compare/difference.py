"""What it means that the outcomes of a pair differ."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.model import Direction, OutcomeClass, Phase, Side

if TYPE_CHECKING:
    from harness.model import Attempt, Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A pair whose sides are of different outcome classes.

    `failing` is the side seen failing (d in the formula of `compare.evalue`), `expected` the class of the other side when the candidate was found:
    in a rerun, "failure" of either side means any other class than `expected`.
    """

    direction: Direction
    failing: Side
    expected: OutcomeClass

    def failed(self, outcome: Outcome) -> bool:
        """Whether an outcome of a rerun counts as a failure for this candidate."""
        return outcome.kind is not self.expected


def difference(legacy: Attempt, shadow: Attempt) -> Difference | None:
    """How two attempts differ; None where they say the same (passed and xpassed agree, and so do all kinds of failure).

    The side of the worse class is the side seen failing. Where all that is known of a module is that one side could not collect it, the other
    side did so without an error, even if it found no test there: then the error is what is seen failing.
    """
    one, other = legacy.outcome.kind, shadow.outcome.kind
    if one is other:
        return None
    failing = Side.LEGACY if _weight(legacy) > _weight(shadow) else Side.SHADOW
    return Difference(
        direction=_direction({one, other}, failing),
        failing=failing,
        expected=other if failing is Side.LEGACY else one,
    )


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
