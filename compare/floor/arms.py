"""Each side against itself: the two arms of a side are put where legacy and shadow stand, and everything that decides a run decides them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from compare.judge import next_pair
from harness.model import Evidence, Side, SideEvidence

if TYPE_CHECKING:
    from collections.abc import Iterable

    from harness.model import Attempt, FloorEvidence, RunHeader


def next_of_arms(run: RunHeader, floor: FloorEvidence, side: Side) -> tuple[str, ...]:
    """Ids of the tests that the next fresh pair of this side's arms is for; empty once the stopping time is reached."""
    return next_pair(arms(run, floor, side))


def arms(run: RunHeader, floor: FloorEvidence, side: Side) -> Evidence:
    """The A/A run of one side as a run: one arm as legacy, the other as shadow."""
    return Evidence(
        run=replace(run, complete=True, confirm=replace(run.confirm, enabled=True)),
        legacy=_arm(Side.LEGACY, floor, (attempt for attempt in floor.one if attempt.side is side)),
        shadow=_arm(Side.SHADOW, floor, (attempt for attempt in floor.two if attempt.side is side)),
    )


def _arm(stands_for: Side, floor: FloorEvidence, attempts: Iterable[Attempt]) -> SideEvidence:
    shown = tuple(replace(attempt, side=stands_for, pair=attempt.pair - 1) for attempt in attempts)
    return SideEvidence(
        side=stands_for,
        collected=floor.plan.sample,
        full=tuple(attempt for attempt in shown if not attempt.pair),
        reruns=tuple(attempt for attempt in shown if attempt.pair),
        finished=True,
    )
