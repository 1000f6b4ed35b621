"""Divergences that one change would mend, with a sentence on what they have in common."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from compare.fingerprint import digest, fingerprint, inner_frame
from harness.model import Cluster, Direction, Outcome, OutcomeClass, Side

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from compare.pairing import Pair
    from harness.model import Failure, ObservationResult, PairResult

_VERBS = {
    OutcomeClass.PASSING: ("passes", "pass"),
    OutcomeClass.XFAILED: ("fails as expected", "fail as expected"),
    OutcomeClass.SKIPPED: ("is skipped", "are skipped"),
    OutcomeClass.FAILING: ("fails", "fail"),
    OutcomeClass.ABSENT: ("is not collected", "are not collected"),
}


def shown_failure(pair: Pair, failing: Side) -> Failure | None:
    """The failure that a differing pair is about: of the side seen failing."""
    attempt = pair.of(failing)
    return attempt.failure if attempt else None


def pair_fingerprint(pair: Pair, failing: Side, direction: Direction) -> str:
    """The fingerprint of a differing pair: of its failure, or where there is none (skips, absences, dead workers) of both sides' outcomes and of its
    module.
    """
    failure = shown_failure(pair, failing)
    if failure is not None:
        return fingerprint(failure)
    outcomes = (attempt.outcome.value if attempt else "" for attempt in (pair.legacy, pair.shadow))
    return digest(direction.value, *outcomes, _module(pair.test_id))


@lru_cache(maxsize=65_536)
def observation_fingerprint(observations: Sequence[ObservationResult]) -> str:
    """The fingerprint of a pair that differs in what it observes: of the first difference's place and kind, and of what each side shows there."""
    found = next(difference for observation in observations for difference in observation.differences)
    return digest("observation", found.place, found.kind.value, found.legacy, found.shadow)


def cluster_id(mark: str, direction: Direction) -> str:
    """The name of the cluster of a fingerprint and direction: the same on every night."""
    return digest("cluster", mark, direction.value)[:12]


def cluster(members: Iterable[tuple[PairResult, Side]]) -> tuple[Cluster, ...]:
    """The clusters of divergences, given with the side seen failing; the largest first, then by id."""
    grouped: dict[str, list[tuple[PairResult, Side]]] = {}
    for result, failing in members:
        if result.cluster:
            grouped.setdefault(result.cluster, []).append((result, failing))
    clusters = [_cluster(name, group) for name, group in grouped.items()]
    return tuple(sorted(clusters, key=lambda c: (-len(c.tests), c.id)))


def _cluster(name: str, group: Sequence[tuple[PairResult, Side]]) -> Cluster:
    """One cluster; the first of its tests by id is shown for all."""
    first, failing = min(group, key=lambda member: member[0].test_id)
    tests = tuple(sorted(result.test_id for result, _ in group))
    said, failure = _said(first, many=len(tests) > 1), first.of(failing).failure
    count = f"{len(tests)} tests {said}" if len(tests) > 1 else f"1 test {said}"
    if first.observations:
        found = next(difference for observation in first.observations for difference in observation.differences)
        passing = f"{len(tests)} tests pass" if len(tests) > 1 else "1 test passes"
        sentence = f"{passing} on both sides and observe{'' if len(tests) > 1 else 's'} different values: {found.sentence}."
        return Cluster(id=name, exception=f"observation: {found.kind.value}", template=found.sentence, frame=None, tests=tests, sentence=sentence)
    if failure is None:
        outcome = first.of(failing).outcome or Outcome.ABSENT
        return Cluster(id=name, exception=outcome.value, template="", frame=None, tests=tests, sentence=f"{count}, in {_module(first.test_id)}.")
    frame = inner_frame(failure)
    place = f" in {frame.path}:{frame.line} ({frame.function})" if frame else ""
    return Cluster(
        id=name,
        exception=failure.type,
        template=failure.template,
        frame=frame,
        tests=tests,
        sentence=f"{count} with {failure.type}{place}.",
    )


def _said(result: PairResult, *, many: bool) -> str:
    """What the sides did, the one that is shown to fail last."""
    if result.direction in {Direction.LEGACY_ONLY_COLLECTED, Direction.SHADOW_ONLY_COLLECTED}:
        side = "legacy" if result.direction is Direction.LEGACY_ONLY_COLLECTED else "shadow"
        return f"{'are' if many else 'is'} collected on {side} only"
    sides = sorted(((result.of(side).outcome or Outcome.ABSENT).kind.rank, side.value, side) for side in Side)
    words = [f"{_VERBS[(result.of(side).outcome or Outcome.ABSENT).kind][many]} on {side.value}" for _, _, side in sides]
    return " and ".join(words)


def _module(test_id: str) -> str:
    return test_id.partition("::")[0]
