"""Model values as rows, and rows as model values."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from harness.model import (
    Cause,
    ConfirmPolicy,
    Course,
    Direction,
    Failure,
    Frame,
    Outcome,
    PairResult,
    Phase,
    Progress,
    Remedy,
    RunHeader,
    RunState,
    RunSummary,
    SideResult,
    Totals,
    Verdict,
)
from harness.store.findings import pair_findings_of
from harness.store.verbatim import original, stored

if TYPE_CHECKING:
    from collections.abc import Mapping
    from enum import StrEnum

    from sqlalchemy import Row

    from harness.store.bulk import Row as BulkRow


def pair_row(run_id: int, position: int, result: PairResult, *, tests: Mapping[str, int], texts: Mapping[str, int]) -> BulkRow:
    """A row of `pair`, in the order of its columns."""
    legacy, shadow = result.legacy, result.shadow
    return (
        run_id,
        position,
        tests[result.test_id],
        result.verdict._value_,
        result.direction and result.direction._value_,
        legacy.outcome and legacy.outcome._value_,
        legacy.seconds,
        shadow.outcome and shadow.outcome._value_,
        shadow.seconds,
        texts[result.reason],
    )


def detail_row(result: PairResult, *, texts: Mapping[str, int], failures: Mapping[Failure, int]) -> BulkRow:
    """The columns of `pair_detail` after run and position."""
    legacy, shadow = result.legacy, result.shadow
    return (
        result.confirmed,
        result.e_value,
        legacy.attempts,
        legacy.failed,
        legacy.failure and failures[legacy.failure],
        shadow.attempts,
        shadow.failed,
        shadow.failure and failures[shadow.failure],
        None if result.fingerprint is None else texts[result.fingerprint],
        None if result.cluster is None else texts[result.cluster],
        result.cause and result.cause._value_,
        result.remedy._value_,
    )


NO_DETAIL: BulkRow = (None, None, 1, 0, None, 1, 0, None, None, None, None, Remedy.NONE.value)
"""What the absence of a row in `pair_detail` stands for."""


def failure_row(failure: Failure) -> BulkRow:
    """The columns of `failure` after id and digest."""
    return (stored(failure.type), stored(failure.message), failure.phase.value, _frames(failure))


def failure_digest(failure: Failure) -> bytes:
    """16 bytes that stand for the shape of a failure."""
    return hashlib.blake2b(json.dumps(failure_row(failure)).encode(), digest_size=16).digest()


def _frames(failure: Failure) -> str:
    return json.dumps([(stored(frame.path), frame.line, stored(frame.function)) for frame in failure.frames], separators=(",", ":"))


def frames(text: str) -> tuple[Frame, ...]:
    """The frames of a row of `failure`."""
    return tuple(Frame(path=original(path), line=line, function=original(function)) for path, line, function in json.loads(text))


def word(member: StrEnum | None) -> str | None:
    """An enumeration's value as a plain text: drivers do not take its members. Rows of pairs read `_value_`, three times as fast."""
    return None if member is None else member.value


def failure_of(row: Row[Any]) -> Failure:
    """A failure from a row of `failure`."""
    return Failure(type=row.type, message=row.message, phase=Phase(row.phase), frames=frames(row.frames))


def pair_of(row: Row[Any], failures: Mapping[int, Failure]) -> PairResult:
    """A pair from its row joined with test, detail and texts; `failures` holds those it names."""
    detailed = row.remedy is not None
    return PairResult(
        test_id=row.test,
        legacy=SideResult(
            outcome=outcome(row.legacy_outcome),
            attempts=row.legacy_attempts if detailed else 1,
            failed=row.legacy_failed if detailed else 0,
            seconds=row.legacy_seconds,
            failure=None if row.legacy_failure_id is None else failures[row.legacy_failure_id],
        ),
        shadow=SideResult(
            outcome=outcome(row.shadow_outcome),
            attempts=row.shadow_attempts if detailed else 1,
            failed=row.shadow_failed if detailed else 0,
            seconds=row.shadow_seconds,
            failure=None if row.shadow_failure_id is None else failures[row.shadow_failure_id],
        ),
        verdict=Verdict(row.verdict),
        reason=row.reason,
        direction=direction(row.direction),
        confirmed=row.confirmed,
        e_value=row.e_value,
        fingerprint=row.fingerprint,
        cluster=row.cluster,
        cause=None if row.cause is None else Cause(row.cause),
        remedy=Remedy(row.remedy) if detailed else Remedy.NONE,
        **pair_findings_of(row.findings),
    )


def outcome(text: str | None) -> Outcome | None:
    """An outcome column."""
    return None if text is None else Outcome(text)


def direction(text: str | None) -> Direction | None:
    """A direction column."""
    return None if text is None else Direction(text)


def header_values(header: RunHeader) -> dict[str, object]:
    """The columns of `run` that a header fills."""
    return {
        "name": header.id,
        "suite": header.suite,
        "started_at": header.started_at,
        "finished_at": header.finished_at,
        "complete": header.complete,
        "harness_version": header.harness_version,
        "confirm_enabled": header.confirm.enabled,
        "confirm_alpha": header.confirm.alpha,
        "confirm_max_pairs": header.confirm.max_pairs,
        "confirm_mass_failure": header.confirm.mass_failure,
        "confirm_clean_nights": header.confirm.clean_nights,
        "whole": header.whole,
    }


def header_of(row: Row[Any]) -> RunHeader:
    """The header from a row of `run`."""
    return RunHeader(
        id=row.name,
        suite=row.suite,
        started_at=row.started_at,
        finished_at=row.finished_at,
        complete=row.complete,
        harness_version=row.harness_version,
        confirm=ConfirmPolicy(
            enabled=row.confirm_enabled,
            alpha=row.confirm_alpha,
            max_pairs=row.confirm_max_pairs,
            mass_failure=row.confirm_mass_failure,
            clean_nights=row.confirm_clean_nights,
        ),
        whole=row.whole,
    )


def totals_values(totals: Totals) -> dict[str, object]:
    """The columns of `run` that totals fill."""
    return {name: getattr(totals, name) for name in Totals.__dataclass_fields__}


def totals_of(row: Row[Any]) -> Totals:
    """The totals from a row of `run` of a decided run."""
    return Totals(**{name: getattr(row, name) for name in Totals.__dataclass_fields__})


def flat(course: Course) -> dict[str, Any]:
    """The fields that a divergence has of its course."""
    return {name: getattr(course, name) for name in Course.__dataclass_fields__}


def progress_values(progress: Progress | None) -> dict[str, object]:
    """The columns of `run` that progress fills."""
    return {
        "step": progress and progress.step,
        "legacy_done": progress and progress.legacy_done,
        "shadow_done": progress and progress.shadow_done,
        "expected": progress and progress.total,
        "candidates": progress and progress.candidates,
        "confirmation_pair": progress and progress.pair,
    }


def summary_of(row: Row[Any]) -> RunSummary:
    """A line of the history from a row of `run`."""
    return RunSummary(
        id=row.name,
        suite=row.suite,
        started_at=row.started_at,
        finished_at=row.finished_at,
        state=RunState(row.state),
        totals=None if row.exit is None else totals_of(row),
        exit=row.exit,
        progress=_progress_of(row),
    )


def _progress_of(row: Row[Any]) -> Progress | None:
    if row.step is None:
        return None
    return Progress(
        step=row.step,
        legacy_done=row.legacy_done,
        shadow_done=row.shadow_done,
        total=row.expected,
        candidates=row.candidates,
        pair=row.confirmation_pair,
    )
