"""Confirmation of candidates: which to rerun, when to stop, and what was decided then (docs/verdicts.md).

Everything here is about the candidates alone, however large the suite. The sampling rule looks only at what was seen so far, so each candidate's
e-value stays one at the stopping time, and e-BH may be applied to all of them there: one decision at one stopping time.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from compare.ebh import rejected
from compare.evalue import DROP_BELOW, FreshPair, course, e_value
from compare.infrastructure import infrastructure_cause
from compare.mass import Outage, outages
from compare.shown import Shown
from harness.model import Side

if TYPE_CHECKING:
    from collections.abc import Sequence

    from compare.difference import Difference
    from compare.order.outcome import OrderOutcome
    from harness.model import Attempt, ConfirmPolicy, Failure

MOST_BEGUN = 2
"""Times `max_pairs`: fresh pairs begun before confirmation ends in any case. Pairs cut short or spoiled can be made up for, but not without end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A pair whose outcomes differed in the full run, with its fresh pairs since. The pair that made it a candidate is no evidence.

    `selects` is the test to run for it (the test that a subtest belongs to; None: itself), `failure` the one it was found with. `pairs` are the
    fresh pairs that count, `spoiled` says of those that do not which side's environment failed and how, `reruns` are the attempts of all. `order` is
    what the search for order-dependence concluded, None where there was none.
    """

    test_id: str
    difference: Difference
    pairs: tuple[FreshPair, ...] = ()
    selects: str | None = None
    failure: Failure | None = None
    spoiled: tuple[tuple[Side, str], ...] = ()
    reruns: tuple[tuple[Attempt | None, Attempt | None], ...] = ()
    order: OrderOutcome | None = None

    @property
    def e_value(self) -> float:
        """The e-value after its fresh pairs, those behind its predecessors among them: the rate that both sides share may be another one there."""
        return e_value((*self.pairs, *(self.order.pairs if self.order else ())))

    @property
    def dropped(self) -> bool:
        """Whether its e-value fell below the bar, and fresh pairs behind its predecessors did not speak for it. Dropped candidates are not rerun."""
        return min(course(self.pairs)) < DROP_BELOW and not (self.order and self.order.revives and self.e_value >= DROP_BELOW)

    @property
    def cause(self) -> str | None:
        """What of the environment the failure it was found with speaks of."""
        return infrastructure_cause(self.failure) if self.failure else None

    def after(self, legacy: Attempt | None, shadow: Attempt | None) -> Candidate:
        """The candidate after one more fresh pair.

        A pair that lacks a side is no evidence, nor one in which what was observed is not known whole. Nor is one that the environment spoiled, that
        is a failure which speaks of the environment while the one it was found with does not speak of the same: leaving such pairs out keeps both
        sides' rates equal wherever they were.
        """
        later = replace(self, reruns=(*self.reruns, (legacy, shadow)))
        if legacy is None or shadow is None:
            return later
        if spoiled := [(attempt.side, cause) for attempt in (legacy, shadow) if (cause := self.spoiled_by(attempt))]:
            return replace(later, spoiled=(*self.spoiled, *spoiled))
        expected, failing = (legacy, shadow) if self.difference.failing is Side.SHADOW else (shadow, legacy)
        fresh = self.difference.failed_in(expected), self.difference.failed_in(failing)
        if fresh[0] is None or fresh[1] is None:
            return later
        return replace(later, pairs=(*self.pairs, (fresh[0], fresh[1])))

    def spoiled_by(self, attempt: Attempt) -> str | None:
        """What of the environment a rerun's failure speaks of, None where it is of the kind that the candidate was found with."""
        failed = attempt.failure is not None and self.difference.failed(attempt.outcome)
        cause = infrastructure_cause(attempt.failure) if failed and attempt.failure else None
        return None if cause == self.cause else cause


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where confirmation stands: ids of the confirmed, the dropped and the undecided candidates, and the outages that are none of these."""

    confirmed: frozenset[str]
    dropped: frozenset[str]
    open: frozenset[str]
    outages: tuple[Outage, ...] = ()


def standing(candidates: Sequence[Candidate], policy: ConfirmPolicy) -> Standing:
    """Decide with what is known now. Dropped candidates and those of an outage keep their place in K, the number of all candidates."""
    down = outages(candidates)
    unreachable = frozenset().union(*(outage.tests for outage in down))
    dropped = frozenset(candidate.test_id for candidate in candidates if candidate.pairs and candidate.dropped) - unreachable
    alive = [candidate for candidate in candidates if candidate.test_id not in dropped and candidate.test_id not in unreachable]
    decisions = rejected([candidate.e_value for candidate in alive], alpha=policy.alpha, hypotheses=len(candidates))
    confirmed = frozenset(candidate.test_id for candidate, sure in zip(alive, decisions, strict=True) if sure)
    return Standing(
        confirmed=confirmed,
        dropped=dropped,
        open=frozenset(candidate.test_id for candidate in alive) - confirmed,
        outages=down,
    )


def to_rerun(candidates: Sequence[Candidate], policy: ConfirmPolicy) -> tuple[str, ...]:
    """Ids of the candidates that the next fresh pair is for, sorted; empty once the stopping time is reached."""
    undecided = standing(candidates, policy).open
    return tuple(sorted(c.test_id for c in candidates if c.test_id in undecided and len(c.pairs) < policy.max_pairs))


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmation:
    """The candidates of a run and how far their confirmation is: all that it needs, independent of the size of the suite.

    `begun` counts the fresh pairs begun, whatever became of them.
    """

    policy: ConfirmPolicy
    candidates: tuple[Candidate, ...] = ()
    begun: int = 0

    @property
    def asked(self) -> frozenset[str]:
        """Ids of the candidates that the next fresh pair is for."""
        if not self.policy.enabled or self.begun >= MOST_BEGUN * self.policy.max_pairs:
            return frozenset()
        return frozenset(to_rerun(self.candidates, self.policy))

    def next_pair(self) -> tuple[str, ...]:
        """Ids of the tests to run in the next fresh pair, sorted; empty once the stopping time is reached."""
        asked = self.asked
        return tuple(sorted({candidate.selects or candidate.test_id for candidate in self.candidates if candidate.test_id in asked}))

    def after_pair(self, legacy: Sequence[Attempt], shadow: Sequence[Attempt]) -> Confirmation:
        """Where confirmation is after a fresh pair showed these attempts. Those of tests it was not for are passed over."""
        asked = self.asked
        one, other = (Shown(side, attempts, pair=self.begun + 1) for side, attempts in ((Side.LEGACY, legacy), (Side.SHADOW, shadow)))
        grown = (c.after(one.of(c.test_id), other.of(c.test_id)) if c.test_id in asked else c for c in self.candidates)
        return Confirmation(policy=self.policy, candidates=tuple(grown), begun=self.begun + 1)

    def standing(self) -> Standing:
        """Decide with what is known now."""
        return standing(self.candidates, self.policy)
