"""One look over a run's full run: which tests differ, and whether a side failed as a whole."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING

from compare.clusters import shown_failure
from compare.confirmation import Candidate, Confirmation
from compare.difference import difference
from compare.mass import Tally
from compare.pairing import pair_attempts
from harness.model import Outcome, Side

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from compare.pairing import Pair
    from harness.model import Attempt, Evidence, InfrastructureFailure


UNREMARKABLE = frozenset({Outcome.PASSED, Outcome.XPASSED, Outcome.XFAILED, Outcome.SKIPPED})
"""Outcomes that are agreement and nothing else where both sides have the same one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """The pairs that differ, each with the candidate it makes, sorted by test id; and the infrastructure failures that whole sides amount to."""

    differing: tuple[tuple[Pair, Candidate], ...]
    mass_failures: tuple[InfrastructureFailure, ...]


def survey(evidence: Evidence, undisputed: Callable[[Pair], None] = lambda _: None, *, agreeing: int = 0) -> Survey:
    """Look at every test once, in the order of test ids; pairs that agree or lack a side are handed to `undisputed`.

    `agreeing` counts tests that were found to agree before and are not in the evidence (`compare.agreeing`).
    """
    tallies = {side: Tally(side) for side in Side}
    differing = []
    for pair in pair_attempts(evidence):
        _, legacy, shadow, _ = pair
        if legacy is not None and shadow is not None and _is_plain(legacy, shadow):
            agreeing += 1  # nearly every test of a large suite: no more is done for it than has to be
            undisputed(pair)
            continue
        for attempt in (legacy, shadow):
            if attempt is not None:
                tallies[attempt.side].add(attempt)
        if candidate := candidate_of(pair):
            differing.append((pair, candidate))
        else:
            undisputed(pair)
    for tally in tallies.values():
        tally.tests += agreeing
    share = evidence.run.confirm.mass_failure
    faults = (tally.mass_failure(share) for tally in tallies.values())
    return Survey(differing=tuple(differing), mass_failures=tuple(fault for fault in faults if fault))


def _is_plain(legacy: Attempt, shadow: Attempt) -> bool:
    return legacy.outcome is shadow.outcome and legacy.outcome in UNREMARKABLE and not (legacy.observations or shadow.observations)


def candidate_of(pair: Pair) -> Candidate | None:
    """The candidate that a pair is; None where it agrees or an attempt is missing."""
    legacy, shadow = pair.legacy, pair.shadow
    if legacy is None or shadow is None:
        return None
    differs = difference(legacy, shadow)
    if differs is None:
        return None
    return Candidate(test_id=pair.test_id, difference=differs, selects=pair.selects, failure=shown_failure(pair, differs.failing))


def confirmation_of(evidence: Evidence, candidates: Iterable[Candidate]) -> Confirmation:
    """How far the confirmation of these candidates got with the fresh pairs that were recorded, pair by pair.

    A recorded attempt counts only where its candidate was still open then: what is decided stays decided.
    """
    confirmation = Confirmation(policy=evidence.run.confirm, candidates=tuple(candidates))
    legacy, shadow = _by_pair(evidence.legacy.reruns), _by_pair(evidence.shadow.reruns)
    for number in sorted(legacy.keys() | shadow.keys()):
        confirmation = confirmation.after_pair(legacy.get(number, ()), shadow.get(number, ()))
    return confirmation


def _by_pair(reruns: Iterable[Attempt]) -> dict[int, list[Attempt]]:
    number = attrgetter("pair")
    return {pair: list(attempts) for pair, attempts in groupby(sorted(reruns, key=number), key=number)}
