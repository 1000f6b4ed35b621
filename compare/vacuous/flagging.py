"""The agreeing pairs of a run whose passes mean less on shadow."""

from __future__ import annotations

from typing import TYPE_CHECKING

from compare.vacuous.deciding import vacuous_reasons
from compare.vacuous.sampling import passing_on_both
from harness.model import OutcomeClass, RerunKind, VacuousSurvey, Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.model import DeepRecord, Evidence, PairResult, SideEvidence, VacuousReason


def flagged(evidence: Evidence, results: Sequence[PairResult]) -> tuple[dict[str, tuple[VacuousReason, ...]], int]:
    """Why passes mean less on shadow, by test id, and how many passes were measured.

    Only tests that passed on both sides are looked at, in the full run and in the session that was deep; two records of one session are held against
    each other, since both sides ran the same tests in it.
    """
    legacy, shadow = _records(evidence.legacy), _records(evidence.shadow)
    both = legacy.keys() & shadow.keys()
    if not both:
        return {}, 0
    passes = {result.test_id for result in results if result.test_id in both and _passes(result)}
    found = {test_id: vacuous_reasons(legacy[test_id], shadow[test_id]) for test_id in sorted(passes)}
    return {test_id: reasons for test_id, reasons in found.items() if reasons}, len(passes)


def survey_of(evidence: Evidence, measured: int, vacuous: int) -> VacuousSurvey | None:
    """How far a run looked; None where it did not look at all."""
    if not measured:
        return None
    return VacuousSurvey(measured=measured, passing=len(passing_on_both(evidence)), vacuous=vacuous)


def _records(side: SideEvidence) -> dict[str, DeepRecord]:
    """The records of tests that passed, of the sessions that run agreeing tests deep: a sample, or the full run."""
    return {
        record.test_id: record
        for record in side.deep
        if (record.kind is RerunKind.VACUOUS or not record.pair) and record.outcome is not None and record.outcome.kind is OutcomeClass.PASSING
    }


def _passes(result: PairResult) -> bool:
    return result.verdict is Verdict.EQUIVALENT and result.legacy.outcome is not None and result.legacy.outcome.kind is OutcomeClass.PASSING
