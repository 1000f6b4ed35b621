"""Answers of an HTTP interface beside each other, as if they were results of statements: what a test sees of the data that asks another process."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from compare.causes.outlines import Column, Outline, Placeholder, Role
from compare.causes.results import Group, SideResults
from compare.causes.words import plain, words
from harness.model import DeepStatement

if TYPE_CHECKING:
    from compare.causes.assertion import Sketch
    from harness.model import DeepRecord, DeepRequest

_REFUSED = 400
_PAGING = words(
    "page size limit offset cursor per sort order ordering by fields include expand format lang locale skip take first last direction desc asc"
)
_COUNTS = words("total count n num number rows entries quantity size length hits found")
_UNITS = words(
    """minutes hours days nights weeks months years seconds points miles km kilometers meters grams kilos cents dollars euros percents bytes pixels
    degrees status address units pieces yes credits"""
)
_NUMBERS = frozenset({"int", "float", "decimal"})
_PREFIX = re.compile(r"api|rest|public|v\d{1,2}")
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[a-z]+")


@dataclass(frozen=True, kw_only=True)
class Answers(Group):
    """Answers of one route on both sides. `request` is the first, `asked` are the members of which the assertion speaks."""

    request: DeepRequest
    asked: frozenset[str] = frozenset()

    @cached_property
    def outline(self) -> Outline:
        """The route as if it were a statement: its path a table, its query conditions, and what it works out computed columns."""
        table = route(self.request)
        computed = tuple(name for name in self.column_names if self._is_computed(name))
        return Outline(
            verb="select",
            tables=(table,),
            placeholders=_placeholders(self.request, table),
            selected=tuple(("count" if self._counts(name) else "sum", Column(table, name)) for name in computed),
            counts=any(self._counts(name) for name in computed),
            grouped=tuple(Column(table, name) for name in computed if self._counts_partners(name)),
            ordered=tuple(Column(table, one.name) for one in self.request.query if one.name and "sort" in one.name.lower()),
            computed=computed,
        )

    def _is_computed(self, name: str) -> bool:
        """Whether a member is worked out of many records: a number in an answer that is about no record, or one that stands beside a list."""
        both = self.column(name)
        if both is None or name not in self.asked or not all(side.types and side.types <= _NUMBERS for side in both):
            return False
        if self.request.single:
            return not self._is_of_a_kind(name) and (self._is_of_a_route or not _is_about_a_record(self.request))
        return _is_count(name) or self._counts_partners(name)

    @cached_property
    def _is_of_a_route(self) -> bool:
        """Whether the path has one word on both sides, and both answer: `/reports/overview` is no record, for records have other keys on shadow."""
        places = range(len(self.request.segments))
        asked = [[one.parameters[place] for side in (self.legacy, self.shadow) for one in side.executions] for place in places]
        both = bool(self.legacy.executions and self.shadow.executions)
        return both and all({value.format for value in each} == {"text"} and len({value.fingerprints for value in each}) == 1 for each in asked)

    def _is_of_a_kind(self, name: str) -> bool:
        """Whether a member says how many there are of one kind, and shadow has none of it: `frozen_accounts`."""
        both = self.column(name)
        parts = _WORD.findall(name)
        plural = len(parts) > 1 and parts[-1].endswith("s") and parts[-1].lower() not in _UNITS
        return both is not None and plural and (both[1].low, both[1].high) == (0, 0) and both[0].low != 0

    def _counts_partners(self, name: str) -> bool:
        """Whether each record of a list says how many of something it has: whole numbers called in the plural, and by no unit."""
        word = (_WORD.findall(name) or [""])[-1].lower()
        whole = all(side.types == {"int"} for side in self.column(name) or ())
        return not self.request.single and whole and word.endswith("s") and not word.endswith("ss") and word not in _UNITS and not _is_count(name)

    def _counts(self, name: str) -> bool:
        return (_is_count(name) or self._counts_partners(name)) and not any({"float", "decimal"} & side.types for side in self.column(name) or ())


def answers(legacy: DeepRecord | None, shadow: DeepRecord | None, sketch: Sketch | None) -> tuple[Answers, ...]:
    """The answers of both sides by route, in the order in which they came first. Those that were refused hold no data."""
    found: dict[str, tuple[list[DeepRequest], list[DeepRequest]]] = {}
    for number, record in enumerate((legacy, shadow)):
        for request in record.requests if record else ():
            if request.rows is not None and (request.status or 0) < _REFUSED:
                found.setdefault(_shape(request), ([], []))[number].append(request)
    asked = frozenset(sketch.names) if sketch else frozenset()
    return tuple(
        Answers(
            sql=shape,
            legacy=SideResults(executions=tuple(map(_statement, one))),
            shadow=SideResults(executions=tuple(map(_statement, other))),
            request=(one or other)[0],
            asked=asked,
        )
        for shape, (one, other) in found.items()
    )


def route(request: DeepRequest) -> str:
    """A request as a person writes it: `GET /customers/{}`."""
    return f"{request.method} {request.path}"


def _is_about_a_record(request: DeepRequest) -> bool:
    """Whether a part of the path chooses a record: none that stands at its beginning does, which is no word of code for once."""
    parts = [part for part in request.path.strip("/").split("/") if not _PREFIX.fullmatch(part)]
    return "{}" in parts[1:]


def _shape(request: DeepRequest) -> str:
    return " ".join([route(request), *sorted({one.name or "" for one in request.query})])


def _is_count(name: str) -> bool:
    parts = [part.lower() for part in _WORD.findall(name)]
    return bool(parts) and (parts[-1] in _COUNTS or parts[0] in _COUNTS)


def _statement(request: DeepRequest) -> DeepStatement:
    return DeepStatement(
        sql=_shape(request),
        parameters=(*request.segments, *request.query),
        fetched=0 if _says_none(request) else request.rows or 0,
        columns=request.columns,
        at=request.at,
        through=request.through,
        phase=request.phase,
    )


def _says_none(request: DeepRequest) -> bool:
    """Whether an answer about no record says that there was nothing to count."""
    numbers = [one for one in request.columns if set(one.types) <= _NUMBERS]
    return request.single and len(numbers) == len(request.columns) > 0 and all(not one.types or (one.low == 0 and one.high == 0) for one in numbers)


def _placeholders(request: DeepRequest, table: str) -> tuple[Placeholder, ...]:
    parts = request.path.split("/")
    places = [number for number, part in enumerate(parts) if part == "{}"]
    found = [
        Placeholder(Role.COMPARED, Column(table, "id" if number == len(parts) - 1 else f"{parts[number - 1]}_id"), "=")
        if number > 1
        else Placeholder(Role.OTHER)
        for number in places
    ][: len(request.segments)]
    return (*found, *(_condition(one.name or "", table) for one in request.query))


def _condition(name: str, table: str) -> Placeholder:
    paging = any(plain(part) in _PAGING for part in _WORD.findall(name)) or plain(name) in {"n", "top"}
    return Placeholder(Role.LIMITING) if paging else Placeholder(Role.COMPARED, Column(table, name), "=")
