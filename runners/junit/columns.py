"""Collects the cases of one side, column by column: what is alike in nearly all of them takes no room."""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from itertools import islice
from math import nan
from operator import eq, itemgetter, le
from typing import TYPE_CHECKING, TypeVar

from harness.model import OUTCOMES, AttemptColumns, Outcome
from runners.junit.ledger import Ledger
from runners.junit.reader import Reader

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from harness.model import Failure, Side
    from runners.junit.case import Case, Remark
    from runners.redaction import Redaction

T = TypeVar("T")

_NUMBER = {outcome: number for number, outcome in enumerate(OUTCOMES)}
_PASSED = _NUMBER[Outcome.PASSED]


class Columns:
    """The sink that a side's cases are read into; row n of each column is the n-th case, and what has no entry in `outcomes` has passed.

    `suites` are stretches of cases that lie in the same suites: the first row of each, and the names of these suites.

    Both sides of a run hold nearly the same ids: `known` are the other side's, of which the same strings are used.
    """

    def __init__(self, known: Sequence[str] = ()) -> None:
        self.ids: list[str] = []
        self.seconds = array("d")
        self.outcomes: dict[int, int] = {}
        self.failures: dict[int, Failure] = {}
        self.suites: list[tuple[int, tuple[str, ...]]] = []
        self._suite: tuple[str, ...] | None = None
        self._others = known
        self._by_id: dict[str, str] | None = None

    def plain(self, test_id: str, classname: str, name: str, seconds: float | None, suite: tuple[str, ...], line: int, report: Path) -> None:  # noqa: ARG002 - of `Sink`
        """Take a passed case."""
        ids = self.ids
        if suite is not self._suite:
            self.suites.append((len(ids), suite))
            self._suite = suite
        ids.append(self._known(test_id) if self._others else test_id)
        self.seconds.append(nan if seconds is None else seconds)

    def add(self, case: Case) -> None:
        """Take any other case."""
        row = len(self.ids)
        if case.outcome is not Outcome.PASSED:
            self.outcomes[row] = _NUMBER[case.outcome]
        if case.failure is not None:
            self.failures[row] = case.failure
        self.plain(case.test_id, case.classname, case.name, case.seconds, case.suite, case.line, case.report)

    def extend(self, later: Columns) -> None:
        """Take another sink's cases, as the later ones."""
        begin = len(self.ids)
        self.suites += [(begin + row, suite) for row, suite in later.suites]
        self.outcomes.update((begin + row, outcome) for row, outcome in later.outcomes.items())
        self.failures.update((begin + row, failure) for row, failure in later.failures.items())
        there = self._others[begin : begin + len(later.ids)]
        self.ids += there if there == later.ids else map(self._known, later.ids)
        self.seconds.extend(later.seconds)

    def take(self) -> Columns:
        """The cases so far; what comes is collected anew."""
        taken = Columns()
        taken.ids, taken.seconds, taken.outcomes, taken.failures, taken.suites = self.ids, self.seconds, self.outcomes, self.failures, self.suites
        self.ids, self.seconds, self.outcomes, self.failures, self.suites, self._suite = [], array("d"), {}, {}, [], None
        return taken

    def _known(self, test_id: str) -> str:
        place = len(self.ids)
        if place < len(self._others) and self._others[place] == test_id:  # most tools write the tests of both sides in the same order
            return self._others[place]
        if self._by_id is None:
            self._by_id = dict(zip(self._others, self._others, strict=True))
        return self._by_id.get(test_id, test_id)

    def ledger(self) -> Ledger:
        """The ledger of these cases."""
        ends = [row for row, _ in self.suites[1:]] + [len(self.ids)]
        suites = [suite for (begin, suite), end in zip(self.suites, ends, strict=True) for _ in range(begin, end)]
        return Ledger(self.ids, suites)

    def attempts(self, side: Side, rows: Sequence[int], ids: Sequence[str]) -> AttemptColumns:
        """The attempts that the cases are; `rows` are theirs in the order of their ids, which `ids` are (`rows_by_id`)."""
        outcomes = bytearray([_PASSED]) * len(self.ids)
        for row, outcome in self.outcomes.items():
            outcomes[row] = outcome
        failures, seconds = self.failures, self.seconds
        if not isinstance(rows, range):
            outcomes, seconds = bytearray(in_order(outcomes, rows)), array("d", in_order(seconds, rows))
            failures = {place: failures[row] for place, row in enumerate(rows) if row in failures}
        return AttemptColumns(side=side, ids=ids, outcomes=bytes(outcomes), seconds=seconds, failures=failures)


@dataclass(frozen=True, slots=True, kw_only=True)
class Collected:
    """What reading one side gave: its cases, the remarks on its reports, and how many of these there are."""

    columns: Columns
    remarks: tuple[Remark, ...]
    files: int


def collect(sources: Sequence[Path], root: Path | None, known: Sequence[str] = (), redaction: Redaction | None = None) -> Collected:
    """Read one side; `known`: as in `Columns`. Raises InputError for what cannot be read, EmptySuiteError where there is no test."""
    columns, reader = Columns(known), Reader(sources, root=root, redaction=redaction)
    for _ in reader.read_into(columns):
        pass
    reader.require_tests()
    return Collected(columns=columns, remarks=reader.remarks, files=reader.files)


def rows_by_id(ids: Sequence[str]) -> Sequence[int]:
    """The rows in the order of their ids; where ids are the same, in that of the rows. A range where they stand so already."""
    rows = range(len(ids))
    return rows if all(map(le, ids, islice(ids, 1, None))) else sorted(rows, key=ids.__getitem__)


def in_order(column: Sequence[T], rows: Sequence[int]) -> Sequence[T]:
    """A column in the order of `rows`."""
    if isinstance(rows, range):
        return column
    return itemgetter(*rows)(column)  # type: ignore[no-any-return] # a tuple: rows that are no range are two at least


def repeats(ordered: Sequence[str]) -> bool:
    """Whether an id occurs twice among sorted ids."""
    return any(map(eq, ordered, islice(ordered, 1, None)))
