"""What is wrong with a file that expat refuses, in words that say what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.parsers import expat
from xml.parsers.expat import errors

from harness.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

EXPECTED = "a JUnit XML report: <testsuites> or <testsuite> with <testcase> elements"
WRITE_AGAIN = "the tool that wrote it was probably killed or ran out of disk space: run it again"
GENERATE = "give the JUnit XML file that the test tool writes (pytest --junit-xml, Surefire, jest-junit, gotestsum, ...)"

_CODE = errors.codes
_CUT_OFF = frozenset(_CODE[text] for text in (errors.XML_ERROR_NO_ELEMENTS, errors.XML_ERROR_UNCLOSED_TOKEN, errors.XML_ERROR_PARTIAL_CHAR)) | {
    _CODE[errors.XML_ERROR_UNCLOSED_CDATA_SECTION]
}
_INVALID = _CODE[errors.XML_ERROR_INVALID_TOKEN]
_HINTS = {
    _CODE[errors.XML_ERROR_JUNK_AFTER_DOC_ELEMENT]: "several reports were written into one file: give each a file of its own",
    _CODE[errors.XML_ERROR_MISPLACED_XML_PI]: "something stands before <?xml ...?>: let nothing else write into the report",
    _CODE[errors.XML_ERROR_INCORRECT_ENCODING]: "the file is not in the encoding that its first line declares: have the tool write UTF-8",
    _CODE[errors.XML_ERROR_TAG_MISMATCH]: "two processes may have written into one file: give each a file of its own",
}
_OTHER_FORMATS = (
    ((b"{", b"["), "JSON"),
    ((b"PK\x03\x04",), "a zip archive"),
    ((b"%PDF",), "a PDF"),
    ((b"<!doctype html", b"<html"), "an HTML page"),
    ((b"TAP version", b"1..", b"ok ", b"not ok "), "TAP"),
)


def fault(path: Path, error: expat.ExpatError, *, start: bytes, offending: int | None, cases: int, at_end: bool, inside: bool) -> InputError:
    """The error for a file that is not well-formed.

    `start`: its first bytes; `offending`: the byte expat stopped at, where known; `cases`: how many cases were read before; `at_end`: all
    bytes were given to expat; `inside`: the root element has begun.
    """
    where = f"{path}:{error.lineno}:{error.offset + 1}"
    before = f"; {cases} test cases were read before" if cases else ""
    if at_end and not start.strip():
        return InputError("the file is empty", where=str(path), expected=EXPECTED, hint=WRITE_AGAIN)
    if at_end and error.code in _CUT_OFF:
        what = "the file ends in the middle" if inside else "the file ends before its first element"
        return InputError(f"{what}: it is truncated{before}", where=where, expected="every element closed", hint=WRITE_AGAIN)
    if not inside and (other := _other_format(start)):
        return InputError(f"this is {other}, not XML", where=str(path), expected=EXPECTED, hint=GENERATE)
    text = errors.messages.get(error.code, "not well-formed")
    hint = _HINTS.get(error.code, "the tool that wrote the report is at fault: correct this line, or write the report again")
    if error.code == _INVALID and offending is not None:
        text, hint = _invalid(offending, text, hint)
    return InputError(f"not well-formed XML: {text}{before}", where=where, expected=EXPECTED if not inside else None, hint=hint)


def _invalid(byte: int, text: str, hint: str) -> tuple[str, str]:
    if byte >= 0x80:
        return "bytes that are not valid UTF-8", "have the tool write UTF-8, or declare the encoding it writes in the first line"
    if byte < 0x20 or byte == 0x7F:
        return (
            f"the control character 0x{byte:02x}",
            "XML does not allow it: have the tool leave terminal codes out of its report (for example --no-color)",
        )
    if byte in b"<&":
        return f"a bare {chr(byte)!r}", "the tool that wrote the report did not escape it: mend the tool, or correct this line"
    return text, hint


def _other_format(start: bytes) -> str | None:
    head = start.lstrip(b"\xef\xbb\xbf \t\r\n")[:40].lower()
    return next((name for marks, name in _OTHER_FORMATS if head.startswith(tuple(mark.lower() for mark in marks))), None)
