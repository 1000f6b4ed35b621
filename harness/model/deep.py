"""What a test did on a side, as the deep probe saw it (docs/deep.md): statements, requests, files, variables, lines.

No value of the data is in any of it: values travel as keyed fingerprints of their canonical spelling, with their type and their magnitude class.
That class of a number is 0 for 0, 1 for 1, 2 for 2 to 9, 3 for 10 to 99 and so on, negative below zero; that of a moment is of its distance from the
day of recording in days, negative where it lies in the future.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Self

from harness.model.deep_statement import DeepColumn, DeepPlace, DeepStatement, DeepValue, RowOrder, touches_data
from harness.model.rerun import RerunKind
from harness.model.vocabulary import Phase

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from harness.model.vocabulary import Outcome, Side


class HostClass(StrEnum):
    """Whom a request went to."""

    LOOPBACK = "loopback"
    OTHER = "other"
    TEST_CLIENT = "test_client"  # the application itself, without a network


@dataclass(frozen=True, slots=True, kw_only=True)
class DeepRequest:
    """One HTTP request. `path` is a template: segments that are no words of code are `{}`, and stand in `segments` in this order.

    `status` is None where no response came. `rows` counts the records of a JSON answer, None where it is not known; `columns` are their members and
    what stands around them (a total), `single` tells that it is about one record, or none, and not about a list.
    """

    method: str
    host: HostClass
    path: str
    segments: tuple[DeepValue, ...] = ()
    query: tuple[DeepValue, ...] = ()
    body: tuple[DeepValue, ...] = ()
    status: int | None = None
    rows: int | None = None
    single: bool = False
    columns: tuple[DeepColumn, ...] = ()
    at: DeepPlace | None = None
    through: tuple[DeepPlace, ...] = ()
    phase: Phase = Phase.CALL
    client: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeepFile:
    """A file under the suite's root that was opened; parts of its name that may be data are `{}`."""

    path: str
    written: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DeepLines:
    """The lines of one of the suite's own files that ran, as ranges with both ends."""

    path: str
    ranges: tuple[tuple[int, int], ...]

    def lines(self) -> frozenset[int]:
        """The lines one by one."""
        return frozenset(line for first, last in self.ranges for line in range(first, last + 1))


@dataclass(frozen=True, slots=True, kw_only=True)
class DeepLoop:
    """A loop of the suite's own files whose header ran, and how often its body did."""

    place: DeepPlace
    rounds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DeepCut:
    """What is not whole in a record: `what` names it, `left_out` counts what is missing (None: not known), `why` says what the reason was."""

    what: str
    left_out: int | None = None
    why: str = "budget"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeepCounts:
    """Totals of a test, also of what was cut from the lists.

    `assertions` counts the assertions of the suite's own files that ran, each one once, `assertion_runs` how often they did; both are None where
    lines are unknown. `rows` were fetched or affected by all statements.
    """

    assertions: int | None = None
    assertion_runs: int | None = None
    subtests: int = 0
    subtests_skipped: int = 0
    statements: int = 0
    rows: int = 0
    requests: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class DeepRecord:
    """What one test did in one attempt. `pair` and `kind` say in which session (pair 0 is the full run), `outcome` how it
    ended, None where that is not known.

    `variables` are names of environment variables that were read, `at_import` those read before the first test. `own` are the first and last line of
    the test's function, `lines` its and other lines of the suite's own files that ran; None where they are unknown, for which `cut` has the reason.
    """

    test_id: str
    side: Side
    pair: int = 0
    kind: RerunKind = RerunKind.PAIR
    outcome: Outcome | None = None
    statements: tuple[DeepStatement, ...] = ()
    requests: tuple[DeepRequest, ...] = ()
    files: tuple[DeepFile, ...] = ()
    variables: tuple[str, ...] = ()
    at_import: tuple[str, ...] = ()
    lines: tuple[DeepLines, ...] | None = None
    loops: tuple[DeepLoop, ...] = ()
    own: tuple[DeepPlace, DeepPlace] | None = None
    counts: DeepCounts = DeepCounts()
    cut: tuple[DeepCut, ...] = ()

    @classmethod
    def from_line(cls, line: Mapping[str, Any], side: Side, *, pair: int = 0, kind: RerunKind = RerunKind.PAIR) -> Self:
        """The record of a line `deep` of a session file; KeyError, TypeError or ValueError where it is not as docs/deep.md says."""
        if not isinstance(line["id"], str):
            raise TypeError("a test id is text")
        own, lines = line.get("own"), line.get("lines")
        return cls(
            test_id=line["id"],
            side=side,
            pair=pair,
            kind=kind,
            statements=tuple(map(_statement, line.get("statements", ()))),
            requests=tuple(map(_request, line.get("requests", ()))),
            files=tuple(DeepFile(path=_text(path), written=bool(written)) for path, written in line.get("files", ())),
            variables=tuple(map(_text, line.get("variables", ()))),
            at_import=tuple(map(_text, line.get("at_import", ()))),
            lines=None if lines is None else tuple(DeepLines(path=path, ranges=tuple((int(a), int(b)) for a, b in lines[path])) for path in lines),
            loops=tuple(DeepLoop(place=DeepPlace(path=path, line=int(at)), rounds=int(rounds)) for path, at, rounds in line.get("loops", ())),
            own=None if own is None else (DeepPlace(path=own[0], line=int(own[1])), DeepPlace(path=own[0], line=int(own[2]))),
            counts=_counts(line.get("counts", {})),
            cut=tuple(DeepCut(what=_text(what), left_out=None if count is None else int(count), why=_text(why)) for what, count, why in line["cut"]),
        )

    @classmethod
    def slim_from_line(cls, line: Mapping[str, Any], side: Side, *, pair: int = 0, kind: RerunKind = RerunKind.PAIR) -> Self:
        """The slim record of a line, without making the whole one first. Raises as `from_line` does, for what it looks at."""
        own, lines = line.get("own"), line.get("lines")
        kept = {
            **line,
            "statements": [_of_rows(one) for one in line.get("statements", ()) if touches_data(_text(one["sql"]))],
            "lines": None if lines is None else {path: lines[path] for path in lines if own is not None and path == own[0]},
        }
        record = cls.from_line({name: kept[name] for name in kept.keys() - _BEYOND_ROWS}, side, pair=pair, kind=kind)
        return replace(record, statements=tuple(one.slim() if one.columns else one for one in record.statements))

    def slim(self) -> Self:
        """What of it tells whether a pass means anything: without parameters, columns, requests, files, variables and lines beyond its own."""
        own = self.own[0].path if self.own else None
        return replace(
            self,
            statements=tuple(one.slim() for one in self.statements if one.touches_data),
            requests=(),
            files=(),
            variables=(),
            at_import=(),
            lines=None if self.lines is None else tuple(file for file in self.lines if file.path == own),
        )

    @property
    def own_lines(self) -> frozenset[int] | None:
        """The lines of the test's own function that ran; None where they are unknown."""
        if self.own is None or self.lines is None:
            return None
        first, last = self.own
        ran = next((file.lines() for file in self.lines if file.path == first.path), frozenset())
        return frozenset(line for line in ran if first.line <= line <= last.line)


_BEYOND_ROWS = frozenset({"requests", "files", "variables", "at_import"})
_BEYOND_ROWS_OF_STATEMENT = frozenset({"parameters", "columns", "through"})


def _of_rows(line: Mapping[str, Any]) -> Mapping[str, Any]:
    """What of a statement tells how many rows it touched: columns only where they may say that the one row means nothing."""
    left_out = _BEYOND_ROWS_OF_STATEMENT - ({"columns"} if line.get("fetched") == 1 else set())
    return {name: line[name] for name in line.keys() - left_out}


def _counts(counts: Mapping[str, Any]) -> DeepCounts:
    assertions, runs = counts.get("assertions"), counts.get("assertion_runs")
    return DeepCounts(
        assertions=None if assertions is None else int(assertions),
        assertion_runs=None if runs is None else int(runs),
        subtests=int(counts.get("subtests", 0)),
        subtests_skipped=int(counts.get("subtests_skipped", 0)),
        statements=int(counts.get("statements", 0)),
        rows=int(counts.get("rows", 0)),
        requests=int(counts.get("requests", 0)),
    )


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("text is expected")
    return value


def _place(place: Sequence[Any] | None) -> DeepPlace | None:
    return None if place is None else DeepPlace(path=_text(place[0]), line=int(place[1]))


def _places(places: Sequence[Sequence[Any]]) -> tuple[DeepPlace, ...]:
    return tuple(DeepPlace(path=_text(path), line=int(line)) for path, line in places)


def _value(value: Mapping[str, Any]) -> DeepValue:
    return DeepValue(
        type=_text(value["type"]),
        format=value.get("format"),
        fingerprints=tuple(value.get("fingerprints", ())),
        magnitude=value.get("magnitude"),
        name=value.get("name"),
        inline=bool(value.get("inline", False)),
    )


def _values(values: Sequence[Mapping[str, Any]]) -> tuple[DeepValue, ...]:
    return tuple(map(_value, values))


def _column(column: Mapping[str, Any]) -> DeepColumn:
    values, order = column.get("values"), column.get("order")
    return DeepColumn(
        name=_text(column["name"]),
        types=tuple(column["types"]),
        formats=tuple(column.get("formats", ())),
        null=bool(column["null"]),
        distinct=int(column["distinct"]),
        values=None if values is None else tuple(values),
        order=None if order is None else RowOrder(order),
        low=column.get("low"),
        high=column.get("high"),
    )


def _statement(line: Mapping[str, Any]) -> DeepStatement:
    affected = line.get("affected")
    return DeepStatement(
        sql=_text(line["sql"]),
        parameters=_values(line.get("parameters", ())),
        fetched=int(line.get("fetched", 0)),
        affected=None if affected is None else int(affected),
        exhausted=bool(line.get("exhausted", False)),
        failed=bool(line.get("failed", False)),
        sets=int(line.get("sets", 1)),
        columns=tuple(map(_column, line.get("columns", ()))),
        at=_place(line.get("at")),
        through=_places(line.get("through", ())),
        phase=Phase(line.get("phase", "call")),
        driver=line.get("driver", ""),
    )


def _request(line: Mapping[str, Any]) -> DeepRequest:
    status = line.get("status")
    return DeepRequest(
        method=_text(line["method"]),
        host=HostClass(line["host"]),
        path=_text(line["path"]),
        segments=_values(line.get("segments", ())),
        query=_values(line.get("query", ())),
        body=_values(line.get("body", ())),
        status=None if status is None else int(status),
        rows=None if line.get("rows") is None else int(line["rows"]),
        single=bool(line.get("single", False)),
        columns=tuple(map(_column, line.get("columns", ()))),
        at=_place(line.get("at")),
        through=_places(line.get("through", ())),
        phase=Phase(line.get("phase", "call")),
        client=line.get("client", ""),
    )
