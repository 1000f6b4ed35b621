"""What a comparison may cost, counted in work and not in time, so that the same observations always give the same result."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harness.model.observation import ObservationBudget

MAX_DEPTH = 100
MAX_UNEQUAL = 6_000
"""Unequal parts that are handed to DeepDiff: about half a second of its work."""
MAX_PAIRING = 25_000
"""Work in telling which elements of unordered lists belong together: parts of one side times elements of the other; about a second of DeepDiff."""
MAX_DIFFS = 200_000
MAX_PASSES = 20_000
"""Bounds of DeepDiff itself, behind the others."""


class Spending:
    """What one comparison has spent. The first budget that ran out is kept."""

    def __init__(self) -> None:
        self.ran_out: ObservationBudget | None = None
        self._pairing = MAX_PAIRING

    def out(self, budget: ObservationBudget) -> None:
        """Keep that a budget ran out."""
        self.ran_out = self.ran_out or budget

    def afford(self, work: int) -> bool:
        """Whether so much work of pairing can still be done; it is then spent."""
        if work > self._pairing:
            return False
        self._pairing -= work
        return True
