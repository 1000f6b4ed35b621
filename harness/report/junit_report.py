"""JUnit XML for the page of a CI system: a divergence is a failure, an infrastructure failure an error in a suite of its own.

Elements and attributes are those of Jenkins' junit-10.xsd, and those that pytest adds to a test case: `file`, `line` and `properties`.
"""

from __future__ import annotations

import math
from array import array
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC
from typing import TYPE_CHECKING, cast
from xml.sax.saxutils import XMLGenerator
from xml.sax.xmlreader import AttributesImpl

from harness.model import Cause, Outcome, Verdict
from harness.report.couplings import coupling_line
from harness.report.escaping import visible, visible_block
from harness.report.findings import Findings, failure_line, outcomes, place, suite_frames
from harness.report.output import open_report

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from io import TextIOBase
    from typing import TextIO

    from harness.model import Comparison, Failure, InfrastructureFailure, PairResult, SideResult
    from harness.report.output import Destination

INFRASTRUCTURE_SUITE = "shadow.infrastructure"


def write_junit(comparison: Comparison, path: Destination) -> None:
    """Write JUnit XML: a test suite for each file of the suite, a test case for each pair. Raises UsageError where it cannot be written."""
    findings = Findings.of(comparison)
    faults = _faults(comparison)
    with open_report(path, "JUnit report") as out:
        xml = _Writer(out)
        xml.document(
            name=f"shadow {comparison.run.suite}",
            tests=findings.totals.tests + len(faults),
            failures=findings.totals.divergent + findings.totals.inconclusive,
            errors=len(faults),
        )
        stamp = comparison.run.started_at.astimezone(UTC).isoformat(timespec="seconds")
        if faults:
            _write_faults(xml, faults, stamp)
        for file, suite in _suites(comparison).items():
            xml.open("testsuite", suite.attributes(name=file or comparison.run.suite, file=file, stamp=stamp))
            for index in suite.members:
                _write_pair(xml, comparison.pairs[index])
            xml.close("testsuite")
        xml.end()


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseName:
    """A test id as CI pages want it. `file` is empty where the id names none."""

    file: str
    classname: str
    name: str

    @classmethod
    def of(cls, test_id: str) -> CaseName:
        """Split `path/test_a.py::TestB::test_c[d]` into its file, the dotted class and the test with its parameters."""
        head, bracket, parameters = test_id.partition("[")
        parts = head.split("::")
        if len(parts) == 1 and not head.endswith(".py"):
            return cls(file="", classname="", name=test_id)
        classname = ".".join([parts[0].removesuffix(".py").replace("/", "."), *parts[1:-1]])
        name = parts[-1] + bracket + parameters
        return cls(file=parts[0], classname=classname, name=name or test_id)


@dataclass(slots=True)
class _Suite:
    """The pairs of one file, as indices into the comparison, and what its element counts."""

    members: array[int] = field(default_factory=lambda: array("L"))
    counts: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0

    def attributes(self, *, name: str, file: str, stamp: str) -> dict[str, str]:
        """Attributes of the `testsuite` element."""
        known = {
            "name": name,
            "tests": str(len(self.members)),
            "failures": str(self.counts["failure"]),
            "errors": "0",
            "skipped": str(self.counts["skipped"]),
            "time": f"{self.seconds:.3f}",
            "timestamp": stamp,
        }
        return known | ({"file": file} if file else {})


def _suites(comparison: Comparison) -> dict[str, _Suite]:
    """Pairs by file, in the order of the test ids."""
    suites: dict[str, _Suite] = {}
    for index, pair in enumerate(comparison.pairs):
        suite = suites.setdefault(CaseName.of(pair.test_id).file, _Suite())
        suite.members.append(index)
        suite.counts[_element(pair)] += 1
        suite.seconds += _seconds(pair) or 0.0
    return suites


def _element(pair: PairResult) -> str:
    """The element that says how a case ended: `failure`, `skipped`, or nothing for a pass."""
    match pair.verdict:
        case Verdict.DIVERGENT | Verdict.INCONCLUSIVE:
            return "failure"
        case Verdict.BOTH_FAILING:
            return "skipped"
        case Verdict.EQUIVALENT if pair.legacy.outcome is pair.shadow.outcome is Outcome.SKIPPED:
            return "skipped"
    return ""


def _seconds(pair: PairResult) -> float | None:
    """Seconds on shadow, or else on legacy."""
    known = (side.seconds for side in (pair.shadow, pair.legacy))
    return next((seconds for seconds in known if seconds is not None and math.isfinite(seconds) and seconds >= 0), None)


def _write_pair(xml: _Writer, pair: PairResult) -> None:
    case = CaseName.of(pair.test_id)
    attributes = {"classname": case.classname, "name": case.name}
    if (seconds := _seconds(pair)) is not None:
        attributes["time"] = f"{seconds:.3f}"
    if case.file:
        attributes["file"] = case.file
        frame = next((frame for frame in reversed(suite_frames(pair.failure)) if frame.path == case.file), None)
        if frame:
            attributes["line"] = str(frame.line)
    element = _element(pair)
    if pair.verdict is Verdict.EQUIVALENT and not element and not pair.couplings:
        xml.leaf("testcase", attributes)
        return
    xml.open("testcase", attributes)
    if pair.couplings and pair.verdict is Verdict.EQUIVALENT:
        _write_properties(xml, pair)
    if pair.verdict is Verdict.EQUIVALENT and element:
        xml.leaf("skipped", {"type": "skipped", "message": "skipped on both sides"})
    elif pair.verdict is not Verdict.EQUIVALENT:
        _write_properties(xml, pair)
        _write_ending(xml, pair, element)
    xml.close("testcase")


def _write_properties(xml: _Writer, pair: PairResult) -> None:
    known = {
        "shadow.test_id": pair.test_id,
        "shadow.verdict": pair.verdict.value,
        "shadow.direction": pair.direction and pair.direction.value,
        "shadow.confirmed": None if pair.confirmed is None else str(pair.confirmed).lower(),
        "shadow.e_value": None if pair.e_value is None else f"{pair.e_value:.4g}",
        "shadow.cluster": pair.cluster,
    }
    xml.open("properties", {})
    for name, value in (*known.items(), *_coupling_properties(pair)):
        if value is not None:
            xml.leaf("property", {"name": name, "value": value})
    xml.close("properties")


def _coupling_properties(pair: PairResult) -> Iterator[tuple[str, str | None]]:
    """Why a pair diverges and what to do, as far as that is known; a coupling each under the same name."""
    if pair.cause not in {None, Cause.UNKNOWN}:
        yield "shadow.cause", pair.cause and pair.cause.value
        yield "shadow.remedy", pair.remedy.value
    yield from (("shadow.latent" if one.latent else "shadow.coupling", coupling_line(one)) for one in pair.couplings)
    if pair.suggestion is not None:
        yield "shadow.suggestion", pair.suggestion.command


def _write_ending(xml: _Writer, pair: PairResult, element: str) -> None:
    body = _explanation(pair)
    if not element:
        xml.leaf("system-out", {}, body)
        return
    kind = (pair.direction or pair.verdict).value if pair.verdict is Verdict.DIVERGENT else pair.verdict.value
    about = ": ".join(part for part in (outcomes(pair), failure_line(pair.failure)) if part)
    xml.leaf(element, {"type": kind, "message": about}, body)


def _explanation(pair: PairResult) -> str:
    lines = [f"{pair.verdict.value}: {pair.reason}"]
    frame = place(pair.failure)
    if frame:
        lines.append(f"at {visible(frame.path)}:{frame.line} in {visible(frame.function)}")
    lines += [line for name, side in (("legacy", pair.legacy), ("shadow", pair.shadow)) for line in _side_lines(name, side)]
    return "\n".join(lines)


def _side_lines(name: str, side: SideResult) -> list[str]:
    head = f"{name}: {side.outcome or 'not run'}"
    if side.attempts > 1:
        head += f" (failed {side.failed} of {side.attempts} attempts)"
    return [head, *_failure_lines(side.failure)]


def _failure_lines(failure: Failure | None) -> list[str]:
    if failure is None:
        return []
    return [f"  {failure_line(failure)}", *(f"    {visible(f.path)}:{f.line} in {visible(f.function)}" for f in suite_frames(failure))]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fault:
    """An infrastructure failure under a name that no other one of the run has."""

    name: str
    kind: str
    message: str
    hint: str


def _faults(comparison: Comparison) -> list[_Fault]:
    """What makes the run as a whole an error: its infrastructure failures, or else that it is incomplete."""
    if not comparison.infrastructure and not comparison.run.complete:
        hint = f"finish it with: shadow run --resume {comparison.run.id}"
        return [_Fault(name="run: incomplete", kind="incomplete", message="the run did not finish", hint=hint)]
    seen: Counter[str] = Counter()
    return [_named(fault, seen) for fault in comparison.infrastructure]


def _named(fault: InfrastructureFailure, seen: Counter[str]) -> _Fault:
    name = f"{fault.side or 'run'}: {fault.kind}"
    seen[name] += 1
    again = f" ({seen[name]})" if seen[name] > 1 else ""
    return _Fault(name=name + again, kind=fault.kind.value, message=fault.message, hint=fault.hint)


def _write_faults(xml: _Writer, faults: list[_Fault], stamp: str) -> None:
    count = str(len(faults))
    known = {"name": INFRASTRUCTURE_SUITE, "tests": count, "failures": "0", "errors": count, "skipped": "0", "time": "0.000", "timestamp": stamp}
    xml.open("testsuite", known)
    for fault in faults:
        xml.open("testcase", {"classname": INFRASTRUCTURE_SUITE, "name": fault.name, "time": "0.000"})
        xml.leaf("error", {"type": fault.kind, "message": fault.message}, f"{fault.message}\ndo: {fault.hint}")
        xml.close("testcase")
    xml.close("testsuite")


class _Writer:
    """Elements as they come, an element a line. Every text passes the escaping here and nowhere else."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._xml = XMLGenerator(cast("TextIOBase", out), "utf-8", short_empty_elements=True)

    def document(self, *, name: str, tests: int, failures: int, errors: int) -> None:
        self._out.write('<?xml version="1.0" encoding="utf-8"?>\n')
        self.open("testsuites", {"name": name, "tests": str(tests), "failures": str(failures), "errors": str(errors)})

    def open(self, name: str, attributes: Mapping[str, str]) -> None:
        self._start(name, attributes)
        self._xml.ignorableWhitespace("\n")

    def close(self, name: str) -> None:
        self._xml.endElement(name)
        self._xml.ignorableWhitespace("\n")

    def leaf(self, name: str, attributes: Mapping[str, str], text: str = "") -> None:
        self._start(name, attributes)
        if text:
            self._xml.characters(visible_block(text))
        self.close(name)

    def end(self) -> None:
        self.close("testsuites")

    def _start(self, name: str, attributes: Mapping[str, str]) -> None:
        self._xml.startElement(name, AttributesImpl({key: visible(value) for key, value in attributes.items()}))
