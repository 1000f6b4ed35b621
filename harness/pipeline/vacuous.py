"""A sample of agreeing tests is run deep on both sides, to see whether their passes mean the same (compare.vacuous)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from compare.vacuous import NIGHTS, WEEK, due_days, in_turn, passing_on_both
from harness.errors import BundleError
from harness.evidence import is_whole, vacuous_plan, write_vacuous
from harness.model import RerunKind, Shard, Side, VacuousPlan, VacuousSampling
from harness.pipeline.events import VacuousFinished, VacuousStarted
from harness.pipeline.floor import other_runs
from harness.pipeline.side import SideTask

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.evidence import Bundle
    from harness.model import Evidence, Plan
    from harness.pipeline.events import Event


def plan_vacuous(evidence: Evidence, plan: Plan, bundle: Bundle) -> None:
    """Record which agreeing tests this run runs deep; what an earlier try recorded stays.

    `rotating` takes the share of the suite whose turn it is behind the last night's, and none twice on a day; `weekly` the shares that are due since
    then, at most all. Where a part of the suite is run, where its command is not pytest, or where the full run was deep itself, there is no sample.
    """
    sampling = plan.confirm.vacuous
    if sampling is VacuousSampling.NEVER or plan.deep or not plan.suite.is_pytest or not is_whole(plan) or vacuous_plan(bundle) is not None:
        return
    passing = passing_on_both(evidence)
    day = bundle.header().started_at.toordinal()
    last = _last(bundle)
    if sampling is VacuousSampling.ALL:
        write_vacuous(bundle, VacuousPlan(sample=passing, tests=len(passing), day=day))
        return
    due = due_days(day, last.day if last else None)
    behind = last.last if last else None
    shares, of = (due, WEEK) if sampling is VacuousSampling.WEEKLY else (min(due, 1), NIGHTS)
    found = in_turn(passing, behind, shares=shares, of=of)
    chosen = frozenset(found)
    sample = tuple(test_id for test_id in passing if test_id in chosen)  # as the full run orders them
    write_vacuous(bundle, VacuousPlan(sample=sample, tests=len(passing), day=day, last=found[-1] if found else behind))


def measure_vacuous(bundle: Bundle, *, both: Callable[[Callable[[Side], SideTask]], None], emit: Callable[[Event], None]) -> None:
    """Run the sample deep, both sides at the same time. What was recorded is not run again. Raises what `both` raises."""
    about = vacuous_plan(bundle)
    if about is None or not about.sample:
        return
    emit(VacuousStarted(sample=len(about.sample), tests=about.tests))
    both(lambda side: SideTask(side=side, shard=Shard(), pair=1, kind=RerunKind.VACUOUS, select=about.sample, deep=True, parallel=True))
    emit(VacuousFinished())


def _last(bundle: Bundle) -> VacuousPlan | None:
    """What the last other run of this suite sampled that was sampled and came to its end; None where there is none."""
    for other in other_runs(bundle):
        try:
            about = vacuous_plan(other)
            if about is not None and other.header().complete:
                return about
        except BundleError:
            continue
    return None
