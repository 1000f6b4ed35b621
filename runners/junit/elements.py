"""The elements that are open while a report is read: suites, and the case under way."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from harness.model import Outcome, Phase
from runners.junit.case import Case
from runners.junit.failures import failure_of
from runners.junit.ids import SUITE_ITSELF, portable, test_id, unit_id
from runners.junit.outcomes import Result, ResultKind, outcome_of, phase_of

if TYPE_CHECKING:
    from pathlib import Path

    from harness.model import Failure
    from runners.redaction import Redaction


@dataclass(slots=True)
class OpenSuite:
    """A suite that is open, or the report as a whole. `names` are those of the suites around it and its own, without empty ones; `cases`
    counts what it holds, `extra` the results beyond one a case; both with the suites inside it. `declared` is its `tests` attribute.
    """

    names: tuple[str, ...]
    depth: int
    declared: int | None
    line: int
    cases: int = 0
    extra: int = 0
    error: Result | None = None

    @property
    def missing(self) -> bool:
        """Whether it declares more tests than were found, however its tool counts reruns and second results."""
        return self.declared is not None and self.declared > self.cases + self.extra

    def absorb(self, inner: OpenSuite) -> None:
        """Count what a suite inside this one held."""
        self.cases += inner.cases
        self.extra += inner.extra

    def as_case(self, error: Result, report: Path, root: Path | None, redaction: Redaction | None = None) -> Case:
        """The error that the suite itself carries, as a case of its own."""
        owner = self.names[-1] if self.names else ""
        identity = test_id(None, owner, SUITE_ITSELF, self.names)
        failure = failure_of(error, Phase.SETUP, root, redaction)
        return Case(identity, None, owner, SUITE_ITSELF, self.names, Outcome.ERROR, None, failure, (), self.line, report)


@dataclass(slots=True)
class OpenCase:
    """A case of which the end has not been seen. `rerun` is the first of its `rerun...` elements: it stands in where no result follows."""

    attributes: dict[str, str]
    depth: int
    line: int
    results: tuple[Result, ...] = ()
    reruns: tuple[Outcome, ...] = ()
    rerun: Result | None = None
    status: str | None = None

    @property
    def ambiguous(self) -> bool:
        """Whether reruns are listed, but not how the test ended."""
        return self.rerun is not None and not self.results

    def adds(self, result: Result) -> bool:
        """Note a result; whether it is the first that says failure or error, of which the content is wanted."""
        first = result.kind is not ResultKind.SKIPPED and all(earlier.kind is ResultKind.SKIPPED for earlier in self.results)
        self.results += (result,)
        return first

    def as_case(self, suite: tuple[str, ...], report: Path, root: Path | None, redaction: Redaction | None = None) -> Case:
        """The finished case; `suite` are the names of the suites around it."""
        get = self.attributes.get
        name = get("name") or get("path") or ""
        classname = get("classname") or get("class") or ""
        file = get("file")
        if file:
            file = portable(file)
        time = get("time")
        status = self.status or get("status") or get("result")
        outcome, failure = self._ending(status, root, redaction)
        phase = failure.phase if failure is not None else None
        identity = test_id(file, classname, name, suite) if phase is not Phase.COLLECT else unit_id(file, classname, name)
        if redaction is not None and redaction.name(identity) != identity:
            classname, name, called = redaction.name(classname), redaction.name(name), identity
            identity = test_id(file, classname, name, suite) if phase is not Phase.COLLECT else unit_id(file, classname, name)
            redaction.raw[identity] = called
        return Case(
            test_id=identity,
            file=file or None,
            classname=classname,
            name=name,
            suite=suite,
            outcome=outcome,
            seconds=seconds_of(time) if time else None,
            failure=failure,
            reruns=self.reruns,
            line=self.line,
            report=report,
        )

    def _ending(self, status: str | None, root: Path | None, redaction: Redaction | None) -> tuple[Outcome, Failure | None]:
        # A test that was rerun because it failed has not passed until the report says so.
        results = (self.rerun,) if self.rerun is not None and not self.results else self.results
        outcome = outcome_of(results, status)
        failing = next((result for result in results if result.kind is not ResultKind.SKIPPED), None)
        return outcome, failure_of(failing, phase_of(failing), root, redaction) if failing is not None else None


@lru_cache(maxsize=4096)  # most tests are quick, so that a few thousand values recur, and are kept once
def seconds_of(text: str) -> float | None:
    """A `time` attribute in seconds, thousands set off by commas or not; None where it is no such number."""
    try:
        seconds = float(text)
    except ValueError:
        try:
            seconds = float(text.replace(",", ""))
        except ValueError:
            return None
    return seconds if 0 <= seconds < math.inf else None


def count_of(text: str | None) -> int | None:
    """A `tests` attribute; None where it is no number."""
    return int(text) if text and len(text) <= 12 and text.isascii() and text.isdigit() else None
