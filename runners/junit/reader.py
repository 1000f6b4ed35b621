"""Reads reports one after the other and yields their cases. Memory does not grow with the size of a file."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.parsers import expat

from harness.errors import EmptySuiteError, InputError
from harness.model import Outcome
from runners.junit.case import Case, Remark, RemarkKind
from runners.junit.document import Document, OtherXmlError
from runners.junit.faults import fault
from runners.junit.sources import chunks_of, listing

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from runners.junit.document import Sink
    from runners.junit.sources import Source
    from runners.redaction import Redaction

MAX_TOKEN = 16 * 1024 * 1024


class Reader:
    """The cases of files and directories, in a stable order: sources as given, files of a directory by path, cases as they stand.

    Iterating reads the files anew; afterwards `count`, `files` and `remarks` say what was met. `root` is the suite's directory, where known:
    absolute paths in tracebacks become relative to it. `redaction` puts tokens into messages, names and ids; without it messages are templates and
    names are as they stand, which is not for what will be written.

    Iterating raises InputError for what cannot be read completely: a file that is missing, not XML, no JUnit report (in a directory such a
    file is passed over with a remark), truncated, or hostile. Cases before the fault have been yielded by then; what is made of them has
    to be thrown away.
    """

    def __init__(self, sources: Sequence[Path], *, root: Path | None = None, redaction: Redaction | None = None) -> None:
        self.sources = tuple(sources)
        self.count = 0
        self.files = 0
        self._root = root
        self._redaction = redaction
        self._remarks: list[Remark] = []

    @property
    def remarks(self) -> tuple[Remark, ...]:
        """What a person should know about the reports read so far."""
        return tuple(self._remarks)

    def __iter__(self) -> Iterator[Case]:
        cases = _Cases()
        for _ in self.read_into(cases):
            yield from cases.take()

    def read_into(self, sink: Sink) -> Iterator[None]:
        """Read the files anew, giving every case to `sink`. Yields after each 64 KiB, so that what piled up can be taken away."""
        self.count = self.files = 0
        self._remarks = []
        for source in listing(self.sources):
            try:
                yield from self._parse(source, sink)
                self.files += 1
            except OtherXmlError as error:
                if not source.found:
                    raise
                self._remarks.append(Remark(kind=RemarkKind.PASSED_OVER, where=str(source.path), message=error.found))

    def require_tests(self) -> None:
        """Raise EmptySuiteError unless the iteration met a case: nothing is never all passed."""
        if self.count:
            return
        where = ", ".join(str(source) for source in self.sources[:3])
        found = f"{self.files} JUnit reports without a single test" if self.files else "no JUnit report among the XML files"
        raise EmptySuiteError(
            found, where=where, expected="at least one <testcase>", hint="check what the test command selected, and that these are its reports"
        )

    def _parse(self, source: Source, sink: Sink) -> Iterator[None]:
        document = Document(source.path, self._root, sink, self._redaction)
        parser = document.parser
        start, chunk, fed, before = b"", b"", 0, self.count
        try:
            for chunk in chunks_of(source.path):
                start = start or chunk[:64]
                parser.Parse(chunk)
                fed += len(chunk)
                self.count = before + document.count
                yield
                if fed - parser.CurrentByteIndex > MAX_TOKEN:
                    raise _too_long(document)
            chunk = b""
            parser.Parse(b"", True)  # noqa: FBT003 - pyexpat takes it by position only
            document.finish()
        except expat.ExpatError as error:
            self.count = before + document.count
            yield
            index = parser.ErrorByteIndex - fed
            offending = chunk[index] if 0 <= index < len(chunk) else None
            raise fault(
                source.path, error, start=start, offending=offending, cases=self.count - before, at_end=not chunk, inside=document.begun
            ) from error
        self.count = before + document.count
        self._remarks += document.remarks
        yield


class _Cases:
    """The cases of a piece of a report, as such."""

    def __init__(self) -> None:
        self._cases: list[Case] = []
        self.add = self._cases.append

    def plain(self, test_id: str, classname: str, name: str, seconds: float | None, suite: tuple[str, ...], line: int, report: Path) -> None:
        self.add(_new_case(Case, (test_id, None, classname, name, suite, Outcome.PASSED, seconds, None, (), line, report)))

    def take(self) -> list[Case]:
        """Those that came since the last time."""
        taken, self._cases[:] = self._cases[:], ()
        return taken


_new_case = tuple.__new__


def read(sources: Sequence[Path], *, root: Path | None = None) -> Iterator[Case]:
    """The cases of `sources`, where remarks do not matter; see `Reader`."""
    return iter(Reader(sources, root=root))


def _too_long(document: Document) -> InputError:
    return InputError(
        f"one tag or comment is longer than {MAX_TOKEN // 2**20} MiB",
        where=document.here(),
        expected="long texts as content of an element, not as an attribute",
        hint="shorten what the tests print into messages and names",
    )
