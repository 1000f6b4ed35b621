"""One side's full run as columns: what a suite of a million tests is held in, where an `Attempt` for each would be too much."""

from __future__ import annotations

from dataclasses import dataclass
from math import isnan
from typing import TYPE_CHECKING, Final

from harness.model.attempt import Attempt
from harness.model.vocabulary import Outcome

if TYPE_CHECKING:
    from array import array
    from collections.abc import Iterator, Mapping, Sequence

    from harness.model.attempt import Failure
    from harness.model.vocabulary import Side

OUTCOMES: Final = tuple(Outcome)
"""What the numbers in `AttemptColumns.outcomes` mean: the outcome at that place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptColumns:
    """The attempts of one side's full run, sorted by test id; row n of every column is one attempt.

    `outcomes` holds places in `OUTCOMES`; `seconds` are of type "d", NaN where unknown; `failures` has the rows that have one.
    """

    side: Side
    ids: Sequence[str]
    outcomes: bytes
    seconds: array[float]
    failures: Mapping[int, Failure]

    def __len__(self) -> int:
        """How many attempts there are."""
        return len(self.ids)

    def __iter__(self) -> Iterator[Attempt]:
        """The attempts themselves."""
        return map(self.attempt, range(len(self.ids)))

    def attempt(self, row: int) -> Attempt:
        """The attempt of one row."""
        seconds = self.seconds[row]
        return Attempt(
            test_id=self.ids[row],
            side=self.side,
            outcome=OUTCOMES[self.outcomes[row]],
            seconds=None if isnan(seconds) else seconds,
            failure=self.failures.get(row),
        )
