"""One side's evidence, put together from its sessions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.model import SideEvidence

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from harness.evidence.session import Session
    from harness.model import Attempt, DeepRecord, Shard, Side


def side_evidence(
    side: Side, sessions: Iterable[Session], *, shards: set[Shard], facts: Mapping[str, str], deep: tuple[DeepRecord, ...] = ()
) -> SideEvidence:
    """Put a side's sessions together. A test that several sessions of the full run report counts once, as first reported."""
    full: dict[str, Attempt] = {}
    reruns: dict[tuple[int, str], Attempt] = {}
    collected: dict[str, None] = {}
    last: dict[Shard, Session] = {}
    recorded: dict[str, str] = {}
    for session in sessions:
        if session.name.pair:
            for attempt in session.attempts:
                reruns.setdefault((attempt.pair, attempt.test_id), attempt)
            continue
        recorded = recorded or dict(session.facts)
        last[session.name.shard] = session
        collected.update(dict.fromkeys(session.collected))
        for attempt in session.attempts:
            full.setdefault(attempt.test_id, attempt)
    finished = bool(shards) and all(shard in last and last[shard].finished for shard in shards) and all(test in full for test in collected)
    return SideEvidence(
        side=side,
        collected=tuple(collected),
        full=tuple(full.values()),
        reruns=tuple(reruns.values()),
        facts={**recorded, **facts},
        finished=finished,
        deep=deep,
    )
