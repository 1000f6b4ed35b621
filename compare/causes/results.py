"""Statements of both sides beside each other, by their shape: what each came to, and in what the sides differ."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Self

from compare.causes.outlines import Role
from compare.causes.sql import outline
from harness.model import DeepPlace, DeepRecord, DeepStatement, Phase, RowOrder

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from compare.causes.outlines import Outline

_PARTS = frozenset({"extract", "date_part", "date_trunc", "strftime", "year", "month", "quarter", "week", "day"})
DATES = frozenset({"date", "datetime", "datetime with zone"})
"""Types and formats of moments."""


@dataclass(frozen=True, kw_only=True)
class ColumnResult:
    """One column of all results of a shape on a side, taken together. `low` and `high` are magnitude classes."""

    null: bool = False
    types: frozenset[str] = frozenset()
    formats: frozenset[str] = frozenset()
    distinct: int = 0
    values: frozenset[str] | None = frozenset()
    low: int | None = None
    high: int | None = None
    orders: frozenset[RowOrder] = frozenset()

    @property
    def filled(self) -> bool:
        """Whether any row held a value."""
        return bool(self.types)

    @property
    def is_moment(self) -> bool:
        """Whether it holds dates."""
        return bool(DATES & (self.types | self.formats))


@dataclass(frozen=True, kw_only=True)
class SideResults:
    """All executions of a shape on a side. `fetched` holds the rows of each; `columns` are taken together."""

    executions: tuple[DeepStatement, ...] = ()

    @cached_property
    def fetched(self) -> tuple[int, ...]:
        """Rows of each execution; a single row that holds nothing but NULL and 0 counts as none."""
        return tuple(0 if found_nothing(one) else one.rows for one in self.executions)

    @cached_property
    def columns(self) -> dict[str, ColumnResult]:
        """The columns by name."""
        found: dict[str, list[DeepColumn]] = {}
        for statement in self.executions:
            for column in statement.columns:
                found.setdefault(column.name, []).append(column)
        return {name: _together(several) for name, several in found.items()}


if TYPE_CHECKING:
    from harness.model import DeepColumn


def found_nothing(statement: DeepStatement) -> bool:
    """Whether a statement found no row, or a single one that says so: a sum or count of none."""
    if statement.rows == 0:
        return True
    facts = outline(statement.sql)
    if statement.fetched != 1 or not (facts.selected or (facts.verb == "select" and "exists" in statement.sql.lower())) or facts.grouped:
        return False
    return bool(statement.columns) and all(not column.types or (column.low == 0 and column.high == 0) for column in statement.columns)


def _together(columns: Sequence[DeepColumn]) -> ColumnResult:
    lows = [one.low for one in columns if one.low is not None]
    highs = [one.high for one in columns if one.high is not None]
    values: frozenset[str] | None = frozenset()
    for one in columns:
        if values is not None:
            values = None if one.values is None and one.distinct else values | frozenset(one.values or ())
    return ColumnResult(
        null=any(one.null for one in columns),
        types=frozenset(kind for one in columns for kind in one.types),
        formats=frozenset(format_ for one in columns for format_ in one.formats),
        distinct=max((one.distinct for one in columns), default=0),
        values=values,
        low=min(lows, default=None),
        high=max(highs, default=None),
        orders=frozenset(one.order for one in columns if one.order is not None),
    )


@dataclass(frozen=True, kw_only=True)
class Group:
    """A shape of statement on both sides, in the order of its first execution. `at` are the places of the suite that issued it."""

    sql: str
    legacy: SideResults
    shadow: SideResults

    @cached_property
    def outline(self) -> Outline:
        """What the template says."""
        return outline(self.sql)

    @cached_property
    def places(self) -> frozenset[DeepPlace]:
        """The lines of any files under the root that led to it."""
        return frozenset(
            place for side in (self.legacy, self.shadow) for one in side.executions for place in (*one.through, *([one.at] if one.at else []))
        )

    @cached_property
    def at(self) -> DeepPlace | None:
        """The suite's own line that issued it first."""
        return next((one.at for side in (self.legacy, self.shadow) for one in side.executions if one.at), None)

    def issued_at(self, lines: Collection[DeepPlace]) -> Self:
        """Without the executions that no line of these led to: setUpClass may have asked the same of other rows. As it is where a side has none."""
        sides = [
            SideResults(executions=tuple(one for one in side.executions if not {one.at, *one.through}.isdisjoint(lines)))
            for side in (self.legacy, self.shadow)
        ]
        return replace(self, legacy=sides[0], shadow=sides[1]) if all(side.executions for side in sides) else self

    @property
    def is_setup(self) -> bool:
        """Whether fixtures alone issued it."""
        return all(one.phase is not Phase.CALL for side in (self.legacy, self.shadow) for one in side.executions)

    @property
    def only_shadow_finds_none(self) -> bool:
        """Rows on legacy, none on shadow."""
        return bool(self.shadow.fetched) and any(self.legacy.fetched) and not any(self.shadow.fetched)

    @property
    def rows_differ(self) -> bool:
        """Whether the most, the fewest or all rows together differ."""
        one, other = self.legacy.fetched, self.shadow.fetched
        return bool(one and other) and (max(one), min(one), sum(one)) != (max(other), min(other), sum(other))

    @property
    def repeated(self) -> bool:
        """Whether it was executed again and again: once for each row of something else, and not for each page of a list."""
        return max(len(self.legacy.executions), len(self.shadow.executions)) > 2 and not self._by_page

    @cached_property
    def _by_page(self) -> bool:
        """Whether all executions ask for the same, but for the page: what is bound elsewhere stays as it is, or stands in the statement itself."""
        places = self.outline.placeholders
        several = (*self.legacy.executions, *self.shadow.executions)
        if not places or any(len(one.parameters) != len(places) for one in several):
            return False
        bound = [
            [value for place, value in zip(places, one.parameters, strict=True) if place.role is not Role.LIMITING and not value.inline]
            for one in several
        ]
        return all(value.fingerprints for value in bound[0]) and all(
            [value.fingerprints for value in one] == [value.fingerprints for value in bound[0]] for one in bound
        )

    @property
    def is_dated(self) -> bool:
        """Whether the result itself is made of parts of dates: `SELECT DISTINCT year(begun)`."""
        named = any(name.partition("(")[0].casefold() in _PARTS for name in self.column_names)
        return bool(self.outline.calendar) and (named or self.outline.dated)

    @cached_property
    def column_names(self) -> tuple[str, ...]:
        """The columns of its results."""
        return tuple(dict.fromkeys([*self.legacy.columns, *self.shadow.columns]))

    def column(self, name: str) -> tuple[ColumnResult, ColumnResult] | None:
        """A column on legacy and on shadow; None where a side does not have it."""
        one, other = self.legacy.columns.get(name), self.shadow.columns.get(name)
        return None if one is None or other is None else (one, other)


def groups(legacy: DeepRecord | None, shadow: DeepRecord | None) -> tuple[Group, ...]:
    """What both sides read or wrote, by shape. A side that has no record has no executions."""
    found: dict[str, tuple[list[DeepStatement], list[DeepStatement]]] = {}
    for number, record in enumerate((legacy, shadow)):
        for statement in record.statements if record else ():
            if statement.touches_data:
                found.setdefault(statement.shape, ([], []))[number].append(statement)
    return tuple(
        Group(
            sql=one[0][0].sql if one[0] else one[1][0].sql, legacy=SideResults(executions=tuple(one[0])), shadow=SideResults(executions=tuple(one[1]))
        )
        for one in found.values()
    )
