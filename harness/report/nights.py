"""What a report adds to one run from the nights around it: how many divergences are followed, and the tests that diverge now and then."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.report.findings import number

if TYPE_CHECKING:
    from compare.nights import Intermittent


@dataclass(frozen=True, slots=True, kw_only=True)
class Nights:
    """Where the divergences of the run's suite stand in the store, which may have seen later nights than this run.

    `new` counts those that this run saw first, None where it was no night (docs/divergences.md); the others count states. `intermittent` are the
    tests that one side fails more often than the other, the strongest first; a share `alpha` of them at most is expected to be false.
    """

    new: int | None
    open: int
    reopened: int
    converged: int
    removed: int
    alpha: float
    intermittent: tuple[Intermittent, ...] = ()

    @property
    def sentence(self) -> str:
        """The counts in words."""
        new = f"; this run saw {self.new:,} of them first" if self.new else ""
        removed = f", {self.removed:,} removed" if self.removed else ""
        followed = number(self.open + self.reopened, "divergence is open", "divergences are open")
        return f"{followed} ({self.reopened:,} reopened), {self.converged:,} converged{removed}{new}."

    @property
    def bound(self) -> str:
        """What holds of the intermittent ones."""
        return f"One side fails them more often than the other, night after night; at most {self.alpha * 100:g} % of them are expected to be false."
