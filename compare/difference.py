"""What it means that the outcomes of a pair differ."""

from __future__ import annotations

from dataclasses import dataclass

from harness.model import Direction, Outcome, OutcomeClass, Side


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


def difference(legacy: Outcome, shadow: Outcome) -> Difference | None:
    """How two outcomes differ; None where they say the same (passed and xpassed agree, and so do all kinds of failure)."""
    if legacy.kind is shadow.kind:
        return None
    failing = Side.LEGACY if legacy.kind.rank > shadow.kind.rank else Side.SHADOW
    expected = shadow.kind if failing is Side.LEGACY else legacy.kind
    return Difference(direction=_direction(legacy, shadow, failing), failing=failing, expected=expected)


def _direction(legacy: Outcome, shadow: Outcome, failing: Side) -> Direction:
    kinds = {legacy.kind, shadow.kind}
    if OutcomeClass.ABSENT in kinds:
        return Direction.LEGACY_ONLY_COLLECTED if failing is Side.SHADOW else Direction.SHADOW_ONLY_COLLECTED
    if OutcomeClass.SKIPPED in kinds:
        return Direction.SKIP_MISMATCH
    return Direction.LEGACY_ONLY_PASS if failing is Side.SHADOW else Direction.SHADOW_ONLY_PASS
