"""The A/A run: each side against itself on a sample, and flaky tests again and again (compare.floor)."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from compare.floor import SERIES_RERUNS, counted, flaky_tests, next_of_arms, rotating
from harness.errors import BundleError
from harness.evidence import Bundle, floor_evidence, floor_plan, is_whole, write_floor
from harness.model import AAFrequency, FloorPlan, RerunKind, Shard, Side, Tally
from harness.pipeline.events import FloorMeasured, FloorStarted
from harness.pipeline.maintenance import bundle_paths
from harness.pipeline.side import SideTask

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from compare.confirmation import Confirmation
    from harness.model import Evidence, Plan
    from harness.pipeline.events import Event

WEEK = timedelta(days=7) - timedelta(hours=12)
"""A weekly A/A run is due that long after the last one: nights do not begin at the same minute."""

FIRST = timedelta(hours=12)
"""The first weekly A/A run is due that long after the oldest run that is kept: on the second night, and not when a project is first tried."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """An A/A run that is to be made: the sample, and what is known of those before it."""

    sample: tuple[str, ...]
    tests: int
    rotation: int
    earlier: Tally
    why: str


def due(evidence: Evidence, plan: Plan, bundle: Bundle) -> Due | None:
    """Whether each side is to be compared with itself in this run. One that an earlier try began is gone on with.

    `weekly` means: a week has passed since the last A/A run of this suite, or there was none yet and this is not its first night. Where a part of the
    suite is run, only an A/A run asked for by name (`--aa`) is made.
    """
    begun = floor_plan(bundle)
    if begun is not None:
        return Due(sample=begun.sample, tests=begun.tests, rotation=begun.rotation, earlier=begun.earlier, why=begun.why)
    frequency = plan.confirm.aa
    if frequency is AAFrequency.NEVER or (frequency is AAFrequency.WEEKLY and not is_whole(plan)):
        return None
    before = list(other_runs(bundle))
    last = next((other for other in before if floor_plan(other) is not None and other.header().complete), None)
    if frequency is AAFrequency.WEEKLY:
        since = last or next(reversed(before), None)
        if since is None or bundle.header().started_at - since.header().started_at < (WEEK if last else FIRST):
            return None
    tests = _on_both_sides(evidence)
    known = floor_evidence(last) if last else None
    rotation = known.plan.rotation + 1 if known else 0
    return Due(
        sample=rotating(tests, size=plan.confirm.aa_sample, rotation=rotation),
        tests=len(tests),
        rotation=rotation,
        earlier=counted(last.header(), known) if last and known else Tally(),
        why="asked for" if frequency is AAFrequency.NOW else frequency.value,
    )


def measure_floor(
    wanted: Due, confirmation: Confirmation, plan: Plan, bundle: Bundle, *, carry_out: Callable[[SideTask], None], emit: Callable[[Event], None]
) -> None:
    """Make an A/A run. What was recorded of it is not run again. Raises InfrastructureError, and what `carry_out` raises."""
    about = floor_plan(bundle)
    if about is None:
        about = FloorPlan(
            sample=wanted.sample,
            flaky=flaky_tests(confirmation, rotation=wanted.rotation),
            reruns=SERIES_RERUNS,
            tests=wanted.tests,
            rotation=wanted.rotation,
            why=wanted.why,
            earlier=wanted.earlier,
        )
        write_floor(bundle, about)
    emit(FloorStarted(sample=len(about.sample), flaky=len(about.flaky)))
    arms = _Arms(plan, bundle, carry_out)
    for number in range(1, (about.reruns if about.flaky else 0) + 1):
        arms.run(number, about.flaky, [(side, RerunKind.SERIES) for side in Side])
    arms.run(1, about.sample, [(side, kind) for side in Side for kind in (RerunKind.ONE, RerunKind.TWO)])
    for side in Side:
        _confirm(side, arms, bundle)
    emit(FloorMeasured())


def _confirm(side: Side, arms: _Arms, bundle: Bundle) -> None:
    """Rerun what differs between a side and itself as fresh pairs, until the stopping time."""
    number = 1
    while True:
        while chosen := bundle.pair_selection(number + 1, RerunKind.ONE, side=side) or bundle.pair_selection(number + 1, RerunKind.TWO, side=side):
            number += 1
            arms.run(number, chosen, [(side, RerunKind.ONE), (side, RerunKind.TWO)])
        recorded = floor_evidence(bundle)
        chosen = next_of_arms(bundle.header(), recorded, side) if recorded else ()
        if not chosen:
            return
        number += 1
        arms.run(number, chosen, [(side, RerunKind.ONE), (side, RerunKind.TWO)])


class _Arms:
    """Runs the same tests in the same order once for each of several sessions, which take turns at random."""

    def __init__(self, plan: Plan, bundle: Bundle, carry_out: Callable[[SideTask], None]) -> None:
        self._seed = f"{plan.seed} {bundle.header().id}"
        self._carry_out = carry_out

    def run(self, number: int, tests: tuple[str, ...], sessions: list[tuple[Side, RerunKind]]) -> None:
        """Run them; those that are recorded as a whole are not run again."""
        if not tests:
            return
        chance = random.Random(f"{self._seed} {number} {sessions}")  # noqa: S311 - an order, no secret
        tests = tuple(chance.sample(tests, len(tests)))
        for side, kind in chance.sample(sessions, len(sessions)):
            self._carry_out(SideTask(side=side, shard=Shard(), pair=number, kind=kind, select=tests))


def _on_both_sides(evidence: Evidence) -> tuple[str, ...]:
    """The tests that both sides ran; subtests are run by their test."""
    legacy, shadow = ([attempt.test_id for attempt in side.full] for side in (evidence.legacy, evidence.shadow))
    both = set(legacy).intersection(shadow)
    collected = frozenset(evidence.legacy.collected)
    return tuple(test_id for test_id in both if test_id in collected or not collected)


def other_runs(bundle: Bundle) -> Iterator[Bundle]:
    """The other runs of the same suite, newest first; those that cannot be read are passed over."""
    suite = bundle.header().suite
    for path in reversed(list(bundle_paths(bundle.path.parent))):
        if path.name == bundle.path.name:
            continue
        try:
            other = Bundle.open(path)
            if other.header().suite == suite:
                yield other
        except BundleError:
            continue
