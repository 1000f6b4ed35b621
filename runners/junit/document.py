"""One report, read by expat: elements come in, cases go out. Nothing of the tree is kept but what is open."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Protocol, TypeVar
from xml.parsers import expat

from harness.errors import InputError
from harness.model import Outcome, Phase
from runners.junit.case import Remark, RemarkKind
from runners.junit.elements import OpenCase, OpenSuite, count_of, seconds_of
from runners.junit.failures import TEXT_CHARACTERS
from runners.junit.faults import EXPECTED, GENERATE
from runners.junit.outcomes import RERUNS, Result, ResultKind

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from runners.junit.case import Case
    from runners.redaction import Redaction

    Attributes = dict[str, str]

H = TypeVar("H")

ROOTS = frozenset({"testsuites", "testsuite", "testrun", "gtester"})
MAX_DEPTH = 256

_LOOKS_LIKE_MORE = re.compile(r"[0-9@](?:(?<=@)|[0-9A-Fa-f ().+/-]{6}|[A-Z][0-9]{2}[A-Z])")
"""What every id has in which a value may be recognised (`MAY_HOLD_A_VALUE`), and few others: it is asked of each case."""


class OtherXmlError(InputError):
    """The file is XML, but no JUnit report. In a directory it is passed over."""


class Sink(Protocol):
    """What takes the cases of a report, in the order in which they end."""

    def plain(self, test_id: str, classname: str, name: str, seconds: float | None, suite: tuple[str, ...], line: int, report: Path) -> None:
        """Take a passed case that says no more than its class, name and time, as nearly all do; each argument as in `Case`."""
        ...

    def add(self, case: Case) -> None:
        """Take any other case."""
        ...


class Document:
    """The handlers of one report. Feed `parser`; finished cases go to `sink`.

    pytest writes a failed tear-down behind a failed call as a second `<testcase>`: that one is dropped here, since it is the same test.
    """

    def __init__(self, path: Path, root: Path | None, sink: Sink, redaction: Redaction | None = None) -> None:
        self.path = path
        self.remarks: list[Remark] = []
        self.begun = False
        self._suite_errors = 0
        self.parser = parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.specified_attributes = True  # defaults out of a DTD would multiply
        parser.EntityDeclHandler = self._refuse_entity
        parser.StartElementHandler = self._start_root
        self._sink = sink
        self._redaction = redaction
        self._start, parser.EndElementHandler = self._handlers()
        self._root = root
        self._depth = 0
        self._whole = OpenSuite((), 0, None, 1)
        self._suites: list[OpenSuite] = []
        self._innermost = self._whole
        self._case: OpenCase | None = None
        self._last: Case | None = None
        self._around: list[OpenCase] = []
        self._counts_reports = False
        self._text: list[str] = []
        self._text_depth = 0
        self._room = 0
        self._openers: ByLocalName[Callable[[Attributes], None]] = ByLocalName(
            {
                "testcase": self._open_case,
                "testsuite": self._open_suite,
                "status": self._note_status,
                **{kind.value: self._result_opener(kind) for kind in ResultKind},
                **dict.fromkeys(("disabled", "ignored"), self._result_opener(ResultKind.SKIPPED)),
                **{name: self._rerun_opener(name, outcome) for name, outcome in RERUNS.items()},
            }
        )
        self._closers: ByLocalName[Callable[[], None]] = ByLocalName({"testcase": self._close_case, "testsuite": self._close_suite})

    @property
    def count(self) -> int:
        """Cases that went to the sink so far."""
        return self._whole.cases + sum(suite.cases for suite in self._suites) + self._suite_errors

    def finish(self) -> None:
        """Say what the report as a whole declares but does not hold. To be called once all of it is parsed."""
        if not self.remarks:
            self._check_count(self._whole, "the report")

    def here(self) -> str:
        """The place expat has come to, as errors name it."""
        return f"{self.path}:{self.parser.CurrentLineNumber}:{self.parser.CurrentColumnNumber + 1}"

    # elements

    def _start_root(self, tag: str, attributes: Attributes) -> None:
        local = tag.rpartition(":")[2]
        if local not in ROOTS:
            raise OtherXmlError(f"this is no JUnit report: its root element is <{local[:60]}>", where=self.here(), expected=EXPECTED, hint=GENERATE)
        self.begun = True
        self._whole.line = self.parser.CurrentLineNumber
        if local != "testsuite":
            self._whole.declared = count_of(attributes.get("tests"))
        # pytest counts what it was told of (set-up, tear-down, every subtest), of which a case may have several.
        self._counts_reports = local == "testsuites" and attributes.get("name") == "pytest tests"
        self.parser.StartElementHandler = self._start
        self._start(tag, attributes)

    def _handlers(self) -> tuple[Callable[[str, Attributes], None], Callable[[str], None]]:
        """What expat calls at the start and the end of each element. Closures, since they run a million times and variables are quicker than
        attributes: a case that says no more than class, name and time passes through here and nowhere else, in half the time.
        """
        parser, plain, path = self.parser, self._sink.plain, self.path
        telling = _LOOKS_LIKE_MORE.search if self._redaction is not None else _never
        depth = line = 0
        waiting: Attributes | None = None  # of a case in which nothing was met so far

        def start(tag: str, attributes: Attributes) -> None:
            nonlocal depth, line, waiting
            depth += 1
            if tag == "testcase" and waiting is None and self._case is None:
                waiting, line = attributes, parser.CurrentLineNumber
                return
            self._depth = depth
            if waiting is not None:
                self._case, waiting = OpenCase(waiting, depth - 1, line), None
            self._open(tag, attributes)

        def end(tag: str) -> None:
            nonlocal depth, waiting
            if (attributes := waiting) is None:
                self._depth = depth
                self._close(tag)
                depth -= 1
                return
            waiting = None
            depth -= 1
            if len(attributes) == 3:
                try:
                    classname, name, time = attributes["classname"], attributes["name"], attributes["time"]
                except KeyError:
                    pass
                else:
                    test_id = f"{classname}::{name}"
                    if classname and name and telling(test_id) is None:
                        innermost = self._innermost
                        innermost.cases += 1
                        self._last = None
                        plain(test_id, classname, name, seconds_of(time), innermost.names, line, path)
                        return
            self._add(OpenCase(attributes, depth + 1, line).as_case(self._innermost.names, path, self._root, self._redaction))

        return start, end

    def _open(self, tag: str, attributes: Attributes) -> None:
        if self._depth > MAX_DEPTH:
            hint = "no test tool nests suites that deeply: find out where this file comes from"
            raise InputError(f"elements are nested deeper than {MAX_DEPTH}", where=self.here(), expected=EXPECTED, hint=hint)
        opener = self._openers[tag]
        if opener is not None:
            opener(attributes)

    def _close(self, tag: str) -> None:
        if (closer := self._closers[tag]) is not None:
            closer()
        elif self._depth == self._text_depth:
            self._text_depth = 0
            self.parser.CharacterDataHandler = None

    def _add(self, case: Case) -> None:
        self._innermost.cases += 1
        self._last = case
        self._sink.add(case)

    def _open_suite(self, attributes: Attributes) -> None:
        names = self._innermost.names
        name = attributes.get("name")
        if name and self._redaction is not None:
            name = self._redaction.name(name)
        declared = count_of(attributes.get("tests"))
        self._innermost = OpenSuite((*names, name) if name else names, self._depth, declared, self.parser.CurrentLineNumber)
        self._suites.append(self._innermost)

    def _close_suite(self) -> None:
        suite = self._suites.pop()
        self._innermost = self._suites[-1] if self._suites else self._whole
        if suite.error is not None:
            self._last = suite.as_case(suite.error, self.path, self._root, self._redaction)
            self._sink.add(self._last)
            self._suite_errors += 1
            suite.extra += 1
        self._check_count(suite, f"the suite {suite.names[-1]!r}" if suite.names else "a suite without a name")
        self._innermost.absorb(suite)

    def _open_case(self, attributes: Attributes) -> None:
        if self._case is not None:
            self._around.append(self._case)
        self._case = OpenCase(attributes, self._depth, self.parser.CurrentLineNumber)

    def _close_case(self) -> None:
        opened = self._case
        if opened is None:
            return
        self._case = self._around.pop() if self._around else None
        suite = self._innermost
        case = opened.as_case(suite.names, self.path, self._root, self._redaction)
        if opened.results or opened.reruns:
            suite.extra += len(opened.reruns) + max(0, len(opened.results) - 1)
            if opened.ambiguous:
                message = f"reruns are listed, but not how the test ended: taken as {case.outcome}"
                self.remarks.append(Remark(kind=RemarkKind.AMBIGUOUS, where=f"{self.path}:{case.line}", message=message))
            if self._last is not None and _is_tear_down_of(self._last, case):
                return
        self._add(case)

    # what a case or suite says of itself

    def _result_opener(self, kind: ResultKind) -> Callable[[Attributes], None]:
        def opened(attributes: Attributes) -> None:
            case, suite = self._case, self._innermost
            result = Result(kind, attributes.get("type", ""), attributes.get("message", ""))
            if case is not None:
                if self._depth == case.depth + 1 and case.adds(result):
                    self._take_text_of(result)
            elif kind is not ResultKind.SKIPPED and suite.error is None and self._depth == suite.depth + 1:
                suite.error = result
                self._take_text_of(result)

        return opened

    def _rerun_opener(self, name: str, outcome: Outcome) -> Callable[[Attributes], None]:
        kind = ResultKind.FAILURE if outcome is Outcome.FAILED else ResultKind.ERROR
        stands_in = name.startswith("rerun")

        def opened(attributes: Attributes) -> None:
            case = self._case
            if case is not None and self._depth == case.depth + 1:
                case.reruns += (outcome,)
                if stands_in and case.rerun is None:
                    case.rerun = Result(kind, attributes.get("type", ""), attributes.get("message", ""))
                    self._take_text_of(case.rerun)

        return opened

    def _note_status(self, attributes: Attributes) -> None:
        if self._case is not None and self._depth == self._case.depth + 1:
            self._case.status = attributes.get("result")

    def _take_text_of(self, result: Result) -> None:
        self._text, self._text_depth, self._room = result.text, self._depth, TEXT_CHARACTERS
        self.parser.CharacterDataHandler = self._take_text

    def _take_text(self, data: str) -> None:
        # Taking the handler away in here would make expat hand over the same text again, without end.
        if self._room > 0:
            self._text.append(data[: self._room])
            self._room -= len(data)

    # what is not right

    def _check_count(self, suite: OpenSuite, what: str) -> None:
        if suite.missing and not self._counts_reports:
            message = f"incomplete: {what} declares {suite.declared} tests, {suite.cases} were found"
            self.remarks.append(Remark(kind=RemarkKind.INCOMPLETE, where=f"{self.path}:{suite.line}", message=message))

    def _refuse_entity(self, *_declaration: object) -> None:
        raise InputError(
            "the file declares an entity, which can make a small file expand without end or read other files",
            where=self.here(),
            expected="no <!ENTITY ...>: no test tool writes one",
            hint="do not use this file; find out where it comes from",
        )


class ByLocalName(dict[str, "H | None"]):
    """What to do about an element, by its name without the prefix of a namespace; None for elements that say nothing here."""

    def __missing__(self, tag: str) -> H | None:
        handler = self.get(tag.rpartition(":")[2]) if ":" in tag else None
        if len(self) < 1_000:
            self[tag] = handler
        return handler


def _never(_text: str) -> None:
    """Nothing is looked for."""


def _is_tear_down_of(earlier: Case, later: Case) -> bool:
    return (
        later.failure is not None
        and later.failure.phase is Phase.TEARDOWN
        and earlier.outcome is Outcome.FAILED
        and earlier.test_id == later.test_id
        and earlier.suite == later.suite
    )
