"""Which parts of the suite are counted in the full run, to see whether their passes mean the same on both sides (compare.vacuous)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from compare.vacuous import next_sample
from harness.errors import BundleError
from harness.evidence import can_rerun, is_whole, vacuous_plan, write_vacuous
from harness.model import VacuousSampling
from harness.pipeline.floor import other_runs

if TYPE_CHECKING:
    from harness.evidence import Bundle
    from harness.model import Plan, SuiteParts, VacuousPlan


def sample_of(plan: Plan, bundle: Bundle) -> SuiteParts | None:
    """The parts that a run counts, recorded for whoever resumes it and for the next night; None where there are none.

    A part of the suite is no sample of it, a suite whose command is not pytest cannot be counted, and a full run that is deep says it all.
    """
    about = vacuous_plan(bundle)
    if about is None and plan.confirm.vacuous is not VacuousSampling.NEVER and _is_sampled(plan):
        about = next_sample(plan.confirm.vacuous, bundle.header().started_at.toordinal(), _last(bundle))
        write_vacuous(bundle, about)
    return about.parts if about is not None and about.parts.numbers else None


def _is_sampled(plan: Plan) -> bool:
    return is_whole(plan) and can_rerun(plan) and plan.suite.is_pytest and not plan.deep


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
