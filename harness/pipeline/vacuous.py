"""A sample of agreeing tests is run deep on both sides, to see whether their passes mean the same (compare.vacuous)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from compare.vacuous import NIGHTS, WEEK, due_parts, next_part, passing_on_both, sampled
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

    `rotating` takes the part of the suite behind the last night's, and none twice on a day; `weekly` the parts that are due since then, at most all.
    Where a part of the suite is run, where its command is not pytest, or where the full run was deep itself, there is no sample.
    """
    sampling = plan.confirm.vacuous
    if sampling is VacuousSampling.NEVER or plan.deep or not plan.suite.is_pytest or not is_whole(plan) or vacuous_plan(bundle) is not None:
        return
    passing = passing_on_both(evidence)
    day = bundle.header().started_at.toordinal()
    last = _last(bundle)
    sample, part = passing, last.part if last else None
    if sampling is VacuousSampling.WEEKLY:
        sample = sampled(passing, due_parts(day, last.day if last else None), of=WEEK)
    elif sampling is VacuousSampling.ROTATING:
        is_due = last is None or last.day < day
        part = next_part(part) if is_due else part
        sample = sampled(passing, {part} if is_due and part is not None else (), of=NIGHTS)
    write_vacuous(bundle, VacuousPlan(sample=sample, tests=len(passing), day=day, part=part))


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
