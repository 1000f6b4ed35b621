"""The agreeing pairs of a run whose passes mean less on shadow."""

from __future__ import annotations

from typing import TYPE_CHECKING

from compare.vacuous.deciding import vacuous_reasons
from compare.vacuous.sampling import passing_on_both
from harness.model import OutcomeClass, RerunKind, VacuousSurvey, Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.model import DeepRecord, Evidence, PairResult, SideEvidence, VacuousReason


def flagged(evidence: Evidence, results: Sequence[PairResult]) -> tuple[dict[str, tuple[VacuousReason, ...]], VacuousSurvey | None]:
    """Why passes mean less on shadow, by test id, and how far the run looked: None where it did not look at all.

    Only tests that passed on both sides are looked at; two records of one session are held against each other, since both sides ran the same tests
    in it.
    """
    legacy, shadow = _records(evidence.legacy), _records(evidence.shadow)
    both = legacy.keys() & shadow.keys()
    passes = sorted(result.test_id for result in results if result.test_id in both and _passes(result))
    if not passes:
        return {}, None
    found = {test_id: reasons for test_id in passes if (reasons := vacuous_reasons(legacy[test_id], shadow[test_id]))}
    by_rows = sum(legacy[test_id].lines is None or shadow[test_id].lines is None for test_id in passes)
    return found, VacuousSurvey(measured=len(passes), passing=len(passing_on_both(evidence)), vacuous=len(found), by_rows=by_rows)


def _records(side: SideEvidence) -> dict[str, DeepRecord]:
    """The records of tests that passed, of the full run; earlier versions had sessions of their own for a sample."""
    return {
        record.test_id: record
        for record in side.deep
        if (record.kind is RerunKind.VACUOUS or not record.pair) and record.outcome is not None and record.outcome.kind is OutcomeClass.PASSING
    }


def _passes(result: PairResult) -> bool:
    return result.verdict is Verdict.EQUIVALENT and result.legacy.outcome is not None and result.legacy.outcome.kind is OutcomeClass.PASSING
