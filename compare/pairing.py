"""Pairs the attempts of both sides by test id."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from compare.confirmation import Candidate
from compare.difference import difference
from harness.model import Attempt, Outcome, Phase, Side

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from harness.model import Evidence, SideEvidence


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A test's attempts on both sides. A side is None where it was to run the test and did not get to it."""

    test_id: str
    legacy: Attempt | None
    shadow: Attempt | None
    reruns: tuple[tuple[Attempt, Attempt], ...] = ()

    def candidate(self) -> Candidate | None:
        """The candidate that this pair is, with its fresh pairs; None where its outcomes agree or one is missing."""
        if self.legacy is None or self.shadow is None:
            return None
        differs = difference(self.legacy.outcome, self.shadow.outcome)
        if differs is None:
            return None
        fresh = tuple(
            (differs.failed(shadow.outcome), differs.failed(legacy.outcome))
            if differs.failing is Side.LEGACY
            else (differs.failed(legacy.outcome), differs.failed(shadow.outcome))
            for legacy, shadow in self.reruns
        )
        return Candidate(test_id=self.test_id, difference=differs, pairs=fresh)


def pair_attempts(evidence: Evidence) -> Iterator[Pair]:
    """Every test of either side once, sorted by test id."""
    legacy, shadow = _settled(evidence.legacy, evidence.shadow), _settled(evidence.shadow, evidence.legacy)
    reruns = _fresh_pairs(evidence)
    for test_id in sorted(legacy.keys() | shadow.keys()):
        yield Pair(test_id=test_id, legacy=legacy[test_id], shadow=shadow[test_id], reruns=reruns.get(test_id, ()))


def _settled(side: SideEvidence, other: SideEvidence) -> dict[str, Attempt | None]:
    """For every id of either side what this side showed: its attempt, `absent`, the failure of its module's collection, or None (not run)."""
    broken, attempts = _split_collection_errors(side.full, pair=0)
    other_broken, other_attempts = _split_collection_errors(other.full, pair=0)
    mine = set(side.collected) | attempts.keys()
    ids = mine | set(other.collected) | other_attempts.keys()
    modules = {_module(test_id) for test_id in ids}
    ids |= {module for module in broken.keys() | other_broken.keys() if module not in modules}
    settled: dict[str, Attempt | None] = {}
    for test_id in ids:
        attempt = attempts.get(test_id)
        if attempt is None and test_id not in mine:
            attempt = _not_collected(test_id, side=side.side, pair=0, broken=broken) if side.finished or side.collected else None
        settled[test_id] = attempt
    return settled


def _not_collected(test_id: str, *, side: Side, pair: int, broken: Mapping[str, Attempt]) -> Attempt:
    error = broken.get(test_id) or broken.get(_module(test_id))
    if error is not None:
        return replace(error, test_id=test_id)
    return Attempt(test_id=test_id, side=side, pair=pair, outcome=Outcome.ABSENT)


def _split_collection_errors(attempts: Iterable[Attempt], *, pair: int) -> tuple[dict[str, Attempt], dict[str, Attempt]]:
    """Collection errors by module, and attempts of tests by id, of one pair number."""
    broken: dict[str, Attempt] = {}
    tests: dict[str, Attempt] = {}
    for attempt in attempts:
        if attempt.pair != pair:
            continue
        collecting = attempt.failure is not None and attempt.failure.phase is Phase.COLLECT
        (broken if collecting else tests)[attempt.test_id] = attempt
    return broken, tests


def _fresh_pairs(evidence: Evidence) -> dict[str, tuple[tuple[Attempt, Attempt], ...]]:
    """Fresh pairs by test id, in the order of their numbers. A pair that lacks a side is no evidence."""
    sides = {side.side: _reruns_by_pair(side) for side in (evidence.legacy, evidence.shadow)}
    legacy, shadow = sides[Side.LEGACY], sides[Side.SHADOW]
    pairs: dict[str, list[tuple[Attempt, Attempt]]] = {}
    for number in sorted(legacy.keys() & shadow.keys()):
        for test_id in legacy[number].keys() & shadow[number].keys():
            pairs.setdefault(test_id, []).append((legacy[number][test_id], shadow[number][test_id]))
    return {test_id: tuple(fresh) for test_id, fresh in pairs.items()}


def _reruns_by_pair(side: SideEvidence) -> dict[int, dict[str, Attempt]]:
    """Attempts of reruns by pair number and test id; a test whose module could not be collected has that failure."""
    numbers = {attempt.pair for attempt in side.reruns}
    grouped: dict[int, dict[str, Attempt]] = {}
    for number in numbers:
        broken, tests = _split_collection_errors(side.reruns, pair=number)
        grouped[number] = {
            test_id: _not_collected(test_id, side=side.side, pair=number, broken=broken) if attempt.outcome is Outcome.ABSENT else attempt
            for test_id, attempt in tests.items()
        }
        for module, attempt in broken.items():
            grouped[number].setdefault(module, attempt)
    return grouped


def _module(test_id: str) -> str:
    """The part of a pytest node id that names its module."""
    return test_id.partition("::")[0]
