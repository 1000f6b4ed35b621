"""What one test does, counted: a companion of shadow_harness_count (docs/deep.md).

It runs in the user's test process: Python 3.8 or newer and the standard library alone. PYTEST_DONT_REWRITE
"""

# Objects of drivers are anything at all, hence Any.
# ruff: noqa: ANN401

from __future__ import annotations

import contextlib
import functools
import json
import re
from collections import Counter
from typing import TYPE_CHECKING, Any, Callable, Dict, List, NamedTuple, Tuple, Union

if __package__:  # within the harness
    from runners.probe.shadow_harness_deep_lines import Hits, what_ran
    from runners.probe.shadow_harness_deep_sql import Driver, is_about_data, row_values, templated
    from runners.probe.shadow_harness_deep_stack import Whereabouts
    from runners.probe.shadow_harness_deep_values import is_zero
else:  # in the process of a test
    from shadow_harness_deep_lines import Hits, what_ran  # type: ignore[import-not-found,no-redef]  # they lie beside this file
    from shadow_harness_deep_sql import Driver, is_about_data, row_values, templated  # type: ignore[import-not-found,no-redef]
    from shadow_harness_deep_stack import Whereabouts  # type: ignore[import-not-found,no-redef]
    from shadow_harness_deep_values import is_zero  # type: ignore[import-not-found,no-redef]

if TYPE_CHECKING:
    from runners.probe.shadow_harness_deep_source import Files, Outlines

MOST_PLACES = 300  # statements of one test that are told apart
MOST_STATEMENTS = 20_000  # of one test that are looked at
MOST_LOOPS = 300

_AGGREGATE = re.compile(r"\s*select\s+(?:(?:coalesce|round|ifnull|cast)\s*\(\s*)*(?:count|sum|avg|min|max|total)\s*\(", re.IGNORECASE)
_GROUPED = re.compile(r"\bgroup\s+by\b", re.IGNORECASE)
_encode: Callable[[Any], str] = json.JSONEncoder(ensure_ascii=True, separators=(",", ":")).encode

Place = Tuple[str, Union[Tuple[str, int], None]]
"""A statement's template, and the innermost line of the suite's own files that issued it."""


class Tally(Whereabouts):
    """What one test does, or one fixture that several tests see: what the tracing of drivers asks of a recording."""

    def __init__(self, files: Files) -> None:
        super().__init__(files)
        self.phase = "setup"
        self.rows = 0
        self.subtests = self.subtests_skipped = 0
        self._statements = 0
        self._at: Dict[Place, Rows] = {}
        self._offered: List[Counted] = []
        self._cut: Counter[str] = Counter()
        self._unknown: Dict[str, str] = {}

    def statement(self, _make: Any, driver: Driver, text: str) -> Counted:
        """Begin a statement. Of one too many nothing but rows is counted."""
        self._statements += 1
        about = _about(text, driver)
        place: Place | None = None
        if self.phase == "call" and about.data:
            if self._statements <= MOST_STATEMENTS:
                place = (about.sql, self.innermost(4))
            else:
                self._cut["statements"] += 1
        return Counted(self, about, place)

    def rows_at(self, place: Place) -> Rows | None:
        """The rows of a statement at a place; None where there are too many to be told apart."""
        rows = self._at.get(place)
        if rows is None:
            if len(self._at) >= MOST_PLACES:
                self._cut["statements"] += 1
                return None
            rows = self._at[place] = Rows()
        return rows

    def count(self, rows: int) -> None:
        """Count rows that were fetched or affected while the test was set up or ran."""
        if self.phase != "teardown":
            self.rows += rows

    def offered(self, statement: Counted) -> None:
        """Rows that the driver has counted: if nobody fetches them, they were looked at by their number."""
        self._offered.append(statement)

    def fault(self, what: str, error: BaseException) -> None:
        """Say that something could not be counted, for a fault of ours or of a foreign object."""
        self._unknown.setdefault(what, type(error).__name__)

    def untraced(self, what: str, why: str) -> None:
        """Say that something is not seen at all."""
        self._unknown.setdefault(what, why)

    def finish(self) -> None:
        """Take in the rows that nobody fetched."""
        offered, self._offered = self._offered, []
        for statement in offered:
            statement.finish()

    def told(self, own: List[Any] | None, hits: Hits | None, outlines: Outlines) -> str:
        """The record as JSON text, without the id. `own` is the file of the test's function and its first and last line."""
        record: Dict[str, Any] = {
            "statements": [{"sql": sql, "phase": "call", **({} if at is None else {"at": at}), **rows.told()} for (sql, at), rows in self._at.items()]
        }
        counts = {
            "subtests": self.subtests,
            "subtests_skipped": self.subtests_skipped,
            "statements": self._statements,
            "rows": self.rows,
            "requests": 0,
        }
        if own is not None:
            record["own"] = own
        if hits is not None:
            ran = what_ran(hits, outlines)
            counts["assertions"], counts["assertion_runs"] = ran.assertions, ran.assertion_runs
            record["lines"] = {own[0]: ran.lines[own[0]]} if own is not None and own[0] in ran.lines else {}
            record["loops"] = ran.loops[:MOST_LOOPS]
            if len(ran.loops) > MOST_LOOPS:
                self._cut["loops"] += len(ran.loops) - MOST_LOOPS
        record["counts"] = counts
        record["cut"] = [[what, count, "budget"] for what, count in sorted(self._cut.items())]
        record["cut"] += [[what, None, why] for what, why in sorted(self._unknown.items())]
        return _encode(record)


class Rows:
    """The rows that one statement at one place touched."""

    __slots__ = ("affected", "fetched")

    def __init__(self) -> None:
        self.fetched = 0
        self.affected: int | None = None

    def told(self) -> Dict[str, int]:
        """What is written of it."""
        return {"fetched": self.fetched} if self.affected is None else {"fetched": self.fetched, "affected": self.affected}


class _About(NamedTuple):
    """What is to be known of a statement's text. `one_row`: it is an aggregate, whose one row may say that there was nothing."""

    sql: str
    data: bool
    one_row: bool


@functools.lru_cache(maxsize=2048)
def _about(text: str, driver: Driver) -> _About:
    sql = templated(text, driver).sql
    return _About(sql, is_about_data(sql), _AGGREGATE.match(sql) is not None and _GROUPED.search(sql) is None)


class Counted:
    """One execution of a statement: what the tracing of drivers asks of one."""

    __slots__ = ("_about", "_exhausted", "_fetched", "_offered", "_place", "_rows", "_tally", "hands_out_rows")
    takes_parameters = False

    def __init__(self, tally: Tally, about: _About, place: Place | None) -> None:
        self._tally = tally
        self._about = about
        self._place = place
        self._rows: Rows | None = None
        self._fetched = self._offered = 0
        self._exhausted = False
        self.hands_out_rows = False

    def bind(self, parameters: Any) -> None:
        """Parameters are nothing to be counted."""

    def bind_all(self, sets: Any) -> None:
        """The same."""

    def bind_more(self, parameters: Any, number: int) -> None:
        """The same."""

    def failed(self, _sql: str) -> None:
        """It raised: what it would have touched is not known."""

    def _succeeded(self) -> None:
        if self._place is not None:
            self._rows, self._place = self._tally.rows_at(self._place), None

    def ran(self, cursor: Any) -> None:
        """It was executed: rows are to be fetched, or were affected."""
        self._succeeded()
        with contextlib.suppress(Exception):  # a driver may refuse to tell
            count = cursor.rowcount
            if cursor.description is None:
                if type(count) is int and count >= 0:
                    self.affected(count)
                return
            self.hands_out_rows = True
            if type(count) is int and count > 0:
                self._offered = count
                self._tally.offered(self)

    def describe(self, _description: Any) -> None:
        """It hands out rows."""
        self._succeeded()
        self.hands_out_rows = True

    def affected(self, rows: int) -> None:
        """It wrote so many rows."""
        self._succeeded()
        if self._about.data:
            self._tally.count(rows)
        if self._rows is not None:
            self._rows.affected = (self._rows.affected or 0) + rows

    def take(self, rows: Any, *, exhausted: bool = False) -> None:
        """Count rows as they were handed out."""
        self._exhausted = self._exhausted or exhausted
        count = len(rows)
        if not count:
            return
        self._fetched += count
        if self._about.data:
            self._tally.count(count)
        if self._rows is not None and not (self._about.one_row and self._fetched == 1 and _is_nothing(rows[0])):
            self._rows.fetched += count

    def finish(self) -> None:
        """Rows that the driver counted and nobody fetched were looked at by their number at most."""
        if not self._fetched and not self._exhausted:
            if self._about.data:
                self._tally.count(self._offered)
            if self._rows is not None:
                self._rows.fetched += self._offered


def _is_nothing(row: Any) -> bool:
    """Whether the one row of an aggregate says that there was nothing to count."""
    values = row_values(row)
    return values is not None and all(value is None or is_zero(value) for value in values)
