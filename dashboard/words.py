"""The vocabulary in words a reader understands without the glossary."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from harness.errors import ExitCode
from harness.model import Direction, DivergenceState, EndReason, InfrastructureKind, Outcome, RenameReason, RunState, Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import timedelta
    from enum import StrEnum

    from harness.model import ConfirmPolicy

VERDICTS: Final[Mapping[Verdict, str]] = {
    Verdict.DIVERGENT: "the sides differ, and not by chance",
    Verdict.INCONCLUSIVE: "the sides differed, and the reruns decided nothing; counts against readiness",
    Verdict.FLAKY: "the sides differed once; reruns showed that both fail now and then",
    Verdict.BOTH_FAILING: "fails on both sides",
    Verdict.EQUIVALENT: "both sides agree",
}

DIRECTIONS: Final[Mapping[Direction, str]] = {
    Direction.LEGACY_ONLY_PASS: "passes on legacy, not on shadow",
    Direction.SHADOW_ONLY_PASS: "passes on shadow, not on legacy",
    Direction.LEGACY_ONLY_COLLECTED: "collected on legacy, absent on shadow",
    Direction.SHADOW_ONLY_COLLECTED: "collected on shadow, absent on legacy",
    Direction.SKIP_MISMATCH: "skipped on one side only",
    Direction.OBSERVATION: "passes on both sides, with different observations",
    Direction.EFFECT: "passes on both sides, with different effects",
}

OUTCOMES: Final[Mapping[Outcome, str]] = {
    Outcome.PASSED: "the test passed",
    Outcome.FAILED: "the test failed",
    Outcome.ERROR: "set-up or teardown failed",
    Outcome.SKIPPED: "the test was skipped",
    Outcome.XFAILED: "failed, as the test says it does",
    Outcome.XPASSED: "passed, though the test says it fails",
    Outcome.CRASHED: "the process died during the test",
    Outcome.TIMEOUT: "the test exceeded its time",
    Outcome.ABSENT: "this side did not collect the test",
}

STATES: Final[Mapping[RunState, str]] = {
    RunState.RUNNING: "under way",
    RunState.COMPLETE: "every planned test ran on both sides",
    RunState.INCOMPLETE: "not every planned test ran on both sides",
}

COURSES: Final[Mapping[DivergenceState, str]] = {
    DivergenceState.OPEN: "seen, and not enough clean nights since",
    DivergenceState.REOPENED: "seen again after it had converged or was removed",
    DivergenceState.CONVERGED: "both sides agreed for enough nights in a row",
    DivergenceState.REMOVED: "the test is in neither side's suite any more",
}

_RENAMES: Final[Mapping[RenameReason, str]] = {
    RenameReason.SAME_BODY: "the same body under another name or in another place",
    RenameReason.MOVED_FILE: "git knows the file under another name",
}

_EXITS: Final[Mapping[int, str]] = {
    ExitCode.OK: "fine",
    ExitCode.DIVERGENT: "divergences without a waiver, or the gate failed",
    ExitCode.USAGE: "usage or configuration",
    ExitCode.INFRASTRUCTURE: "infrastructure failure or incomplete run",
    ExitCode.UNSAFE: "refused as unsafe",
    ExitCode.INTERRUPTED: "interrupted",
}


def spaced(word: StrEnum | str) -> str:
    """A word of the vocabulary as it is read: `both_failing` as `both failing`."""
    return str(word).replace("_", " ")


def explain(word: StrEnum) -> str:  # noqa: PLR0911 - a line for each kind of word
    """What a verdict, direction, outcome or state means; empty where the word says it already."""
    match word:
        case Verdict():
            return VERDICTS[word]
        case Direction():
            return DIRECTIONS[word]
        case Outcome():
            return OUTCOMES[word]
        case RunState():
            return STATES[word]
        case DivergenceState():
            return COURSES[word]
        case RenameReason():
            return _RENAMES[word]
        case InfrastructureKind() | EndReason():
            return spaced(word)
    return ""


def exit_in_words(code: int | None) -> str:
    """What a run's exit code means, with the code."""
    if code is None:
        return "no exit code: nothing was decided"
    return f"exit {code}: {_EXITS.get(code, 'unknown to this version')}"


def count(number: int, one: str, many: str | None = None) -> str:
    """A number with its noun, thousands separated: `1 test`, `1,204 tests`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def duration(span: timedelta) -> str:
    """A span to read: `48 s`, `2 min 13 s`, `1 h 4 min`."""
    seconds = max(0, round(span.total_seconds()))
    if seconds < 60:
        return f"{seconds} s"
    if seconds < 3600:
        return f"{seconds // 60} min {seconds % 60} s"
    return f"{seconds // 3600:,} h {seconds % 3600 // 60} min"


def test_seconds(seconds: float | None) -> str:
    """The time of one attempt: three digits are enough to compare by."""
    if seconds is None:
        return "time unknown"
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.3g} s"


def e_value(value: float) -> str:
    """An e-value to read: four digits at most, thousands separated."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def evidence_of(value: float) -> str:
    """What an e-value says (Markov's inequality: under one failure rate on both sides, P(e >= x) <= 1/x)."""
    if value < 1:
        return "The reruns speak against a difference: below 0.5 a candidate is dropped as flaky."
    return f"If this test failed equally often on both sides, reruns would give an e-value this large at most once in {e_value(value)} times."


def bound_of(policy: ConfirmPolicy, divergent: int, unconfirmed: int) -> str:
    """What holds of the divergences of a run: its error bound, or that there is none."""
    if not divergent:
        return "No divergence is claimed, so there is none to be wrong about."
    if unconfirmed == divergent:
        return "Unconfirmed: no error bound holds. Nothing was rerun, so a flaky test shows as a divergence."
    share = f"{100 * policy.alpha:.3g} %"
    bound = f"Confirmed by reruns at alpha = {policy.alpha:g}: of the confirmed divergences, at most {share} are expected to be false (e-BH)."
    if unconfirmed:
        return f"{bound} {count(unconfirmed, 'divergence')} unconfirmed: no error bound holds for {'it' if unconfirmed == 1 else 'them'}."
    return bound
