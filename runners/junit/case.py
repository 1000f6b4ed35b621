"""What the reader yields: one case, and remarks about a report that is readable but not as it should be."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path

    from harness.model import Failure, Outcome


class Case(NamedTuple):
    """One `<testcase>`, or an error that a `<testsuite>` carries itself.

    `test_id` is made of what the report says of the case alone (`runners.junit.ids`), so that both sides name it alike. `suite` holds
    the names of the enclosing suites, outermost first, without empty ones. `file` is the case's own attribute, never an absolute path.
    `reruns` are the outcomes of attempts that the tool repeated, as far as it lists them; `outcome` is the last word. `line` is the
    1-based line of the element in `report`.

    A named tuple and not a dataclass, since there may be millions: built in a fifth of the time, which is a third of the whole reading.
    """

    test_id: str
    file: str | None
    classname: str
    name: str
    suite: tuple[str, ...]
    outcome: Outcome
    seconds: float | None
    failure: Failure | None
    reruns: tuple[Outcome, ...]
    line: int
    report: Path


class RemarkKind(StrEnum):
    """What a remark is about."""

    INCOMPLETE = "incomplete"  # a suite declares more tests than the report holds
    PASSED_OVER = "passed_over"  # an XML file in a directory is no JUnit report
    AMBIGUOUS = "ambiguous"  # reruns are listed, but not how the test ended


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """Something a person should know about a report that was read. `where` is file:line; no text of the report stands in `message`
    but names of suites.
    """

    kind: RemarkKind
    where: str
    message: str
