"""What every report says of a comparison, decided once: counts, the error bound, the headline, where a failure shows."""

from __future__ import annotations

import math
import re
import sys
from collections import Counter
from dataclasses import dataclass
from datetime import UTC
from typing import TYPE_CHECKING, Self

from harness.model import Totals, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from harness.model import Comparison, Failure, Frame, PairResult, RunHeader

BY_URGENCY = (Verdict.DIVERGENT, Verdict.INCONCLUSIVE, Verdict.FLAKY, Verdict.BOTH_FAILING)
"""The verdicts that ask for a look, the most urgent first."""

EFFECTS_UNCHECKED = (
    "Side effects are not checked by this version: nothing here says that no email, message, payment or webhook left either environment."
)

NO_CONFIRMATION = "No error bound holds"

NO_PROMISE = "No share of false ones among the divergences can be promised: reruns may not be independent of each other, as a warning says."

# Absolute paths and paths out of the suite's root name places of the machine, not of the suite.
_OUTSIDE_SUITE = re.compile(r"[A-Za-z]:|[/\\]|\.\.(/|$)")
_DATASET_FACTS = ("data.kind", "data.dataset", "dataset")


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorBound:
    """Whether at most `alpha` of the divergences listed are expected to be false, with the reason. `label` heads a bound that does not hold."""

    alpha: float
    holds: bool
    reason: str
    label: str = "Unconfirmed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """Counts and sentences about a comparison. `totals` is counted from its pairs; `unconfirmed` counts divergent pairs."""

    totals: Totals
    unconfirmed: int
    bound: ErrorBound
    headline: str
    advice: str

    @classmethod
    def of(cls, comparison: Comparison) -> Self:
        """One pass over the pairs that are remarkable."""
        remarkable, tests = comparison.remarkable, len(comparison.pairs)
        counts = Counter(pair.verdict for pair in remarkable)
        counts[Verdict.EQUIVALENT] += tests - len(remarkable)
        unconfirmed = sum(pair.verdict is Verdict.DIVERGENT and not pair.confirmed for pair in remarkable)
        totals = Totals(tests=tests, **{verdict.value: counts[verdict] for verdict in Verdict})
        return cls(
            totals=totals,
            unconfirmed=unconfirmed,
            bound=_bound(comparison, totals, unconfirmed),
            headline=_headline(comparison, totals),
            advice=_advice(comparison, totals),
        )

    def count(self, verdict: Verdict) -> int:
        """Pairs with this verdict."""
        return int(getattr(self.totals, verdict.value))


def vacuous_pairs(comparison: Comparison) -> tuple[PairResult, ...]:
    """The pairs whose pass means less on shadow, by test id."""
    if comparison.vacuity is None or not comparison.vacuity.vacuous:
        return ()
    return tuple(pair for pair in comparison.remarkable if pair.vacuous)


def vacuous_sentence(comparison: Comparison) -> str | None:
    """How many passes mean less on shadow, of how many that were measured; None where none were."""
    found = comparison.vacuity
    if found is None:
        return None
    partly = f", {found.by_rows:,} by their rows alone" if found.by_rows else ""
    of = f"{number(found.measured, 'pass', 'passes')} measured{partly}, of {found.passing:,} on both sides"
    return f"{number(found.vacuous, 'pass means', 'passes mean')} less on shadow ({of})."


def with_verdict(comparison: Comparison, verdict: Verdict) -> Iterator[PairResult]:
    """The pairs with a verdict, by test id."""
    pairs = comparison.pairs if verdict is Verdict.EQUIVALENT else comparison.remarkable
    return (pair for pair in pairs if pair.verdict is verdict)


def in_suite(frame: Frame) -> bool:
    """Whether a frame is a place of the suite: a path relative to its root and a 1-based line."""
    return bool(frame.path) and frame.line >= 1 and not _OUTSIDE_SUITE.match(frame.path)


def suite_frames(failure: Failure | None) -> tuple[Frame, ...]:
    """The frames of a failure inside the suite, from the test inwards."""
    return tuple(frame for frame in failure.frames if in_suite(frame)) if failure else ()


def place(failure: Failure | None) -> Frame | None:
    """Where a failure shows: its innermost frame inside the suite."""
    return next(reversed(suite_frames(failure)), None)


def outcomes(pair: PairResult) -> str:
    """Both outcomes in words: `legacy passed, shadow failed`."""
    return ", ".join(f"{side} {result.outcome or 'not run'}" for side, result in (("legacy", pair.legacy), ("shadow", pair.shadow)))


def failure_line(failure: Failure | None) -> str:
    """Type and message template of a failure; empty where there is none."""
    if failure is None:
        return ""
    return f"{failure.type}: {failure.message}" if failure.message else failure.type


def number(count: int, one: str, many: str | None = None) -> str:
    """A number with its noun: `1 test`, `1,204 tests`."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def finite(value: float | None) -> float | None:
    """The value as JSON can carry it: None for what is no number, the largest number for infinity."""
    if value is None or math.isnan(value):
        return None
    return max(-sys.float_info.max, min(sys.float_info.max, value))


def moment(time: datetime | None) -> str | None:
    """RFC 3339 in UTC with milliseconds, as in `2026-11-21T02:00:00.000Z`."""
    if time is None:
        return None
    return time.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def period(run: RunHeader) -> str:
    """From when to when a run was, for people: `2026-11-21 02:00:00 to 02:02:13 UTC`."""
    start = run.started_at.astimezone(UTC)
    if run.finished_at is None:
        return f"{start:%Y-%m-%d %H:%M:%S} UTC, not finished"
    end = run.finished_at.astimezone(UTC)
    return f"{start:%Y-%m-%d %H:%M:%S} to {end:{'%H:%M:%S' if end.date() == start.date() else '%Y-%m-%d %H:%M:%S'}} UTC"


def dataset(facts: Mapping[str, str]) -> str | None:
    """What the facts of a side say about the kind of its dataset; None where they say nothing."""
    return next((facts[name] for name in _DATASET_FACTS if name in facts), None)


def _bound(comparison: Comparison, totals: Totals, unconfirmed: int) -> ErrorBound:
    alpha = comparison.run.confirm.alpha
    if unconfirmed:
        verb = "was" if unconfirmed == 1 else "were"
        of = f"the only divergence {verb}" if totals.divergent == 1 else f"{unconfirmed:,} of {totals.divergent:,} divergences {verb}"
        return ErrorBound(alpha=alpha, holds=False, reason=f"{NO_CONFIRMATION}: {of} not confirmed by fresh pairs, so flaky tests may be among them.")
    if comparison.floor is not None and comparison.floor.caveat:
        return ErrorBound(alpha=alpha, holds=False, reason=NO_PROMISE, label="Not promised")
    if not totals.divergent:
        return ErrorBound(alpha=alpha, holds=True, reason="No divergence is claimed, so none can be false.")
    return ErrorBound(
        alpha=alpha,
        holds=True,
        reason=f"Every divergence was confirmed by fresh pairs: at most {alpha * 100:g} % of them are expected to be false.",
    )


def _headline(comparison: Comparison, totals: Totals) -> str:
    if comparison.infrastructure:
        return f"The run failed: {number(len(comparison.infrastructure), 'infrastructure failure')}. The verdicts are no basis for a decision."
    if not comparison.run.complete:
        return "The run is incomplete. The verdicts are no basis for a decision."
    if totals.divergent:
        verb = "diverges" if totals.divergent == 1 else "diverge"
        clusters = f", in {number(len(comparison.clusters), 'cluster')}" if comparison.clusters else ""
        return f"{totals.divergent:,} of {number(totals.tests, 'test')} {verb}{clusters}."
    if totals.inconclusive:
        return f"No test is known to diverge, and {number(totals.inconclusive, 'test is', 'tests are')} undecided."
    return f"No test diverges: {totals.equivalent:,} of {number(totals.tests, 'test')} {'agrees' if totals.tests == 1 else 'agree'} on both sides."


def _advice(comparison: Comparison, totals: Totals) -> str:
    if comparison.infrastructure:
        return "Mend the environment first, then run again."
    if not comparison.run.complete:
        return f"Finish it with: shadow run --resume {comparison.run.id}"
    if totals.divergent:
        return "Start with the largest cluster: its tests are mended by one change."
    if totals.inconclusive:
        return "Undecided tests count against readiness: run again, or allow more fresh pairs."
    return "Nothing to mend on this run."
