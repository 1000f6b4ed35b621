"""A sample of agreeing tests is run deep on both sides, to see whether their passes mean the same (compare.vacuous)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from compare.vacuous import due_parts, passing_on_both, sampled
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

    `rotating` takes the parts of the suite that are due since the last night, at most all. Where a part of the suite is run, where its command is not
    pytest, or where the full run was deep itself, there is no sample.
    """
    sampling = plan.confirm.vacuous
    if sampling is VacuousSampling.NEVER or plan.deep or not plan.suite.is_pytest or not is_whole(plan) or vacuous_plan(bundle) is not None:
        return
    passing = passing_on_both(evidence)
    day = bundle.header().started_at.toordinal()
    sample = passing if sampling is VacuousSampling.ALL else sampled(passing, due_parts(day, _last_day(bundle)))
    write_vacuous(bundle, VacuousPlan(sample=sample, tests=len(passing), day=day))


def measure_vacuous(bundle: Bundle, *, both: Callable[[Callable[[Side], SideTask]], None], emit: Callable[[Event], None]) -> None:
    """Run the sample deep, both sides at the same time. What was recorded is not run again. Raises what `both` raises."""
    about = vacuous_plan(bundle)
    if about is None or not about.sample:
        return
    emit(VacuousStarted(sample=len(about.sample), tests=about.tests))
    both(lambda side: SideTask(side=side, shard=Shard(), pair=1, kind=RerunKind.VACUOUS, select=about.sample, deep=True, parallel=True))
    emit(VacuousFinished())


def _last_day(bundle: Bundle) -> int | None:
    """The day of the last other run of this suite that was sampled and came to its end; None where there is none."""
    for other in other_runs(bundle):
        try:
            about = vacuous_plan(other)
            if about is not None and other.header().complete:
                return about.day
        except BundleError:
            continue
    return None
