"""Confirmation of candidates: which to rerun, when to stop, and what was decided then (docs/verdicts.md).

The sampling rule looks only at what was seen so far, so each candidate's e-value stays one at the stopping time, and e-BH may be applied to all of
them there: one decision at one stopping time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from compare.ebh import rejected
from compare.evalue import DROP_BELOW, FreshPair, e_value

if TYPE_CHECKING:
    from collections.abc import Sequence

    from compare.difference import Difference
    from harness.model import ConfirmPolicy


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A pair whose outcomes differed in the full run, with its fresh pairs since. The pair that made it a candidate is no evidence."""

    test_id: str
    difference: Difference
    pairs: tuple[FreshPair, ...] = ()

    @property
    def e_value(self) -> float:
        """The e-value after its fresh pairs."""
        return e_value(self.pairs)

    @property
    def dropped(self) -> bool:
        """Whether its e-value ever fell below the bar: dropped candidates are not rerun any more."""
        return any(e_value(self.pairs[: n + 1]) < DROP_BELOW for n in range(len(self.pairs)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where confirmation stands: ids of the confirmed, the dropped and the undecided candidates."""

    confirmed: frozenset[str]
    dropped: frozenset[str]
    open: frozenset[str]


def standing(candidates: Sequence[Candidate], policy: ConfirmPolicy) -> Standing:
    """Decide with what is known now. Dropped candidates keep their place in K, the number of all candidates."""
    dropped = frozenset(candidate.test_id for candidate in candidates if candidate.dropped)
    alive = [candidate for candidate in candidates if candidate.test_id not in dropped]
    decisions = rejected([candidate.e_value for candidate in alive], alpha=policy.alpha, hypotheses=len(candidates))
    confirmed = frozenset(candidate.test_id for candidate, sure in zip(alive, decisions, strict=True) if sure)
    return Standing(
        confirmed=confirmed,
        dropped=dropped,
        open=frozenset(candidate.test_id for candidate in alive) - confirmed,
    )


def to_rerun(candidates: Sequence[Candidate], policy: ConfirmPolicy) -> tuple[str, ...]:
    """Ids of the candidates that the next fresh pair is for, sorted; empty once the stopping time is reached."""
    undecided = standing(candidates, policy).open
    return tuple(sorted(c.test_id for c in candidates if c.test_id in undecided and len(c.pairs) < policy.max_pairs))
