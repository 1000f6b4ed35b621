"""Divergences that one change would mend, with a sentence on what they have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

from compare.fingerprint import digest, fingerprint, inner_frame
from harness.model import Cluster, Direction, Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from compare.pairing import Pair
    from harness.model import Failure, Side

_WORDS = {
    Direction.LEGACY_ONLY_PASS: "pass on legacy and fail on shadow",
    Direction.SHADOW_ONLY_PASS: "pass on shadow and fail on legacy",
    Direction.LEGACY_ONLY_COLLECTED: "are collected on legacy only",
    Direction.SHADOW_ONLY_COLLECTED: "are collected on shadow only",
    Direction.SKIP_MISMATCH: "are skipped on one side only",
    Direction.OBSERVATION: "pass on both sides and observe different shapes",
    Direction.EFFECT: "pass on both sides and have different effects",
}


def shown_failure(pair: Pair, failing: Side) -> Failure | None:
    """The failure that a differing pair is about: of the side seen failing."""
    attempt = pair.legacy if failing.value == "legacy" else pair.shadow
    return attempt.failure if attempt else None


def pair_fingerprint(pair: Pair, failing: Side, direction: Direction) -> str:
    """The fingerprint of a differing pair: of its failure, or where there is none (skips, absences) of its direction and module."""
    failure = shown_failure(pair, failing)
    if failure is not None:
        return fingerprint(failure)
    return digest(direction.value, pair.test_id.partition("::")[0])


def cluster_id(mark: str, direction: Direction) -> str:
    """The name of the cluster of a fingerprint and direction: the same on every night."""
    return digest("cluster", mark, direction.value)[:12]


def cluster(members: Iterable[tuple[str, Direction, Pair, Side]]) -> tuple[Cluster, ...]:
    """Clusters of differing pairs, given as (cluster id, direction, pair, side seen failing); the largest first, then by id."""
    grouped: dict[str, list[tuple[Direction, Pair, Side]]] = {}
    for name, direction, pair, failing in members:
        grouped.setdefault(name, []).append((direction, pair, failing))
    clusters = [_cluster(name, group) for name, group in grouped.items()]
    return tuple(sorted(clusters, key=lambda c: (-len(c.tests), c.id)))


def _cluster(name: str, group: Sequence[tuple[Direction, Pair, Side]]) -> Cluster:
    group = sorted(group, key=lambda member: member[1].test_id)
    direction, pair, failing = group[0]
    failure = shown_failure(pair, failing)
    tests = tuple(member.test_id for _, member, _ in group)
    count = f"{len(tests)} tests {_WORDS[direction]}" if len(tests) > 1 else f"1 test: {_singular(direction)}"
    if failure is None:
        module = pair.test_id.partition("::")[0]
        return Cluster(
            id=name,
            exception=Outcome.SKIPPED.value if direction is Direction.SKIP_MISMATCH else Outcome.ABSENT.value,
            template="",
            frame=None,
            tests=tests,
            sentence=f"{count}, in {module}.",
        )
    frame = inner_frame(failure)
    place = f" in {frame.path}:{frame.line} ({frame.function})" if frame else ""
    return Cluster(
        id=name,
        exception=failure.type,
        template=failure.message,
        frame=frame,
        tests=tests,
        sentence=f"{count} with {failure.type}{place}.",
    )


def _singular(direction: Direction) -> str:
    first, _, rest = _WORDS[direction].partition(" ")
    verb = {"pass": "passes", "are": "is"}[first]
    return f"{verb} {rest}".replace(" fail ", " fails ").replace(" observe ", " observes ").replace(" have ", " has ")
