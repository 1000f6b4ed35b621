"""From what the tools write about a case to an outcome (the table in docs/junit.md)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from harness.model import Outcome, Phase

if TYPE_CHECKING:
    from collections.abc import Sequence


class ResultKind(StrEnum):
    """The elements that say how a case ended, by their names."""

    FAILURE = "failure"
    ERROR = "error"
    SKIPPED = "skipped"


@dataclass(slots=True)
class Result:
    """One element of a case that says how it ended. `text` holds the first characters of its content, in pieces."""

    kind: ResultKind
    type: str
    message: str
    text: list[str] = field(default_factory=list)


RERUNS = {
    "rerunFailure": Outcome.FAILED,
    "flakyFailure": Outcome.FAILED,
    "rerunError": Outcome.ERROR,
    "flakyError": Outcome.ERROR,
}

_SKIPPED = ("skipped", "skip", "disabled", "notrun", "not_run", "notexecuted", "notrunnable", "ignored", "pending", "inconclusive", "suppressed")
_STATUS = {
    **dict.fromkeys(_SKIPPED, Outcome.SKIPPED),
    **dict.fromkeys(("failed", "fail", "failure"), Outcome.FAILED),
    **dict.fromkeys(("error", "errored", "broken"), Outcome.ERROR),
    **dict.fromkeys(("timeout", "timedout", "timed_out"), Outcome.TIMEOUT),
    **dict.fromkeys(("crash", "crashed", "aborted"), Outcome.CRASHED),
}
_TIMEOUT_TYPES = frozenset({"timeout", "test timeout", "org.junit.runners.model.testtimedoutexception"})
_TIMEOUT_MESSAGE = re.compile(r"timeout$|(?:failed: )?timeout \(>.{1,30}\) from pytest-timeout", re.IGNORECASE)
_CRASH_TYPES = frozenset({"test abort", "test abort with signal"})
_CRASH_MESSAGE = re.compile(r"worker '\w+' crashed while running")
_PHASES = {
    "failed on setup with": Phase.SETUP,
    "failed on teardown with": Phase.TEARDOWN,
    "collection failure": Phase.COLLECT,
}

_PHASE_WORDS = tuple(_PHASES)


def outcome_of(results: Sequence[Result], status: str | None) -> Outcome:
    """How a case ended, by its results and, where these leave it open, by its `status`."""
    said = _STATUS.get(status.strip().lower()) if status else None
    if not results:
        return said or Outcome.PASSED
    failing = [result for result in results if result.kind is not ResultKind.SKIPPED]
    if not failing:
        return _of_skipped(results[0])
    if said in {Outcome.TIMEOUT, Outcome.CRASHED}:
        return said
    return _of_failing(failing)


def phase_of(result: Result) -> Phase:
    """Where the failure arose, where pytest says so in its words; else the call."""
    if not result.message.startswith(_PHASE_WORDS):
        return Phase.CALL
    return next(phase for words, phase in _PHASES.items() if result.message.startswith(words))


def _of_skipped(result: Result) -> Outcome:
    if result.type.lower() in {"pytest.xfail", "xfail"}:
        return Outcome.XFAILED
    if result.message.startswith("xfail-marked test passes unexpectedly"):
        return Outcome.XPASSED
    return Outcome.SKIPPED


def _of_failing(failing: Sequence[Result]) -> Outcome:
    for result in failing:
        if result.type.lower() in _TIMEOUT_TYPES or _TIMEOUT_MESSAGE.match(result.message):
            return Outcome.TIMEOUT
        if result.type in _CRASH_TYPES or _CRASH_MESSAGE.match(result.message):
            return Outcome.CRASHED
    # A call that failed outweighs a tear-down that failed after it.
    return Outcome.FAILED if any(result.kind is ResultKind.FAILURE for result in failing) else Outcome.ERROR
