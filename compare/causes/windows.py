"""Patterns of time: the period that a statement asks for, and how far the dates of a column reach."""

from __future__ import annotations

from typing import TYPE_CHECKING

from compare.causes.assertion import Ask, Sketch
from compare.causes.differing import numbers_differ, values_differ
from compare.causes.finding import Finding, asked_columns, is_of_computed
from compare.causes.outlines import Column, Role
from compare.causes.results import DATES
from harness.model import Pattern

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compare.causes.results import Group
    from harness.model import DeepValue

_COMPARING = frozenset({Ask.TEXT, Ask.NUMBER, Ask.THRESHOLD, Ask.FORMAT, Ask.NONE})
_FOR_EVER = 7
"""The class of dates from 100,000 days on."""


def time_window(group: Group, sketch: Sketch) -> Iterator[Finding]:
    """A period that the statement asks for, or dates that the assertion asks of a column."""
    if (
        group.only_shadow_finds_none
        or is_of_computed(group, sketch)
        or (group.rows_differ and sketch.has(Ask.COUNT, Ask.COUNT_EACH, Ask.TRUTH, Ask.TOTAL))
        or (group.is_dated and sketch.has(Ask.TEXT, Ask.NUMBER, Ask.DISTINCT))
    ):
        yield from window_in_filter(group, asked=True)
    asked = {name for ask, name in sketch.asked_of if ask in {Ask.EXTREME, Ask.TEXT, Ask.THRESHOLD, Ask.TOTAL}}
    compared = {name for ask, name in sketch.asked_of if ask in _COMPARING}
    for column, legacy, shadow in asked_columns(group, sketch):
        on_top = sketch.has(Ask.FIRST) and (Ask.EXTREME, column.name) in sketch.asked_of  # `min(calls, key=arrived)["purpose"] == "repair"`
        if on_top and compared and column.name not in compared:
            continue
        if (
            legacy.is_moment
            and ((Ask.NONE, column.name) not in sketch.asked_of or sketch.has(Ask.MOMENT))
            and (
                sketch.has(Ask.MOMENT)
                or (Ask.THRESHOLD, column.name) in sketch.asked_of
                or ((Ask.FORMAT, column.name) in sketch.asked_of and legacy.formats == shadow.formats)  # a piece of it: the year
                or (
                    sketch.has(Ask.EXTREME, Ask.TEXT, Ask.THRESHOLD)
                    and not sketch.has(Ask.COUNT, Ask.COUNT_EACH, Ask.TOTAL)
                    and (column.name in asked or (not _finds_no_rows(group) and (len(group.column_names) == 1 or not asked)))
                )
            )
        ):
            shown = (legacy.low, legacy.high) != (shadow.low, shadow.high) or values_differ(legacy, shadow)
            yield Finding(pattern=Pattern.TIME_WINDOW, group=group, entity=column, detail="reach", shown=shown, asked=True)


def _finds_no_rows(group: Group) -> bool:
    """Whether shadow has no row of this kind: then it is not asked when any of them was, unless the assertion names the column."""
    return group.only_shadow_finds_none and not group.outline.selected


def window_in_filter(group: Group, *, asked: bool) -> Iterator[Finding]:
    """A comparison with a date in the statement itself, and a result that differs."""
    if not (group.rows_differ or numbers_differ(group)):
        return
    column = None if _sums_up_both(group) or _lists_both(group) else _date_filter(group)
    if column is not None:
        yield Finding(pattern=Pattern.TIME_WINDOW, group=group, entity=column, detail="window", asked=asked)


def _sums_up_both(group: Group) -> bool:
    """Whether a number is made of many rows and both sides had some: the window lies within the data of both, and the number is what differs."""
    amounts = group.outline.aggregates and not any(both[0].is_moment for name in group.column_names if (both := group.column(name)) is not None)
    return amounts and any(group.legacy.fetched) and any(group.shadow.fetched)


def _lists_both(group: Group) -> bool:
    """Whether different values are listed or counted, and both sides had some: the window lies within the data of both."""
    return group.outline.distinct and not group.is_dated and any(group.legacy.fetched) and any(group.shadow.fetched)


def _date_filter(group: Group) -> Column | None:
    facts = group.outline
    for statement in (*group.legacy.executions[:1], *group.shadow.executions[:1]):
        if len(facts.placeholders) != len(statement.parameters):
            continue
        for place, value in zip(facts.placeholders, statement.parameters, strict=True):
            if place.role is Role.COMPARED and place.column is not None and ({value.type, value.format or ""} & DATES) and _bounds(value):
                return place.column
    return facts.calendar[0] if facts.calendar and facts.verb != "insert" else None


def _bounds(moment: DeepValue) -> bool:
    """Whether a date bounds anything: what lies hundreds of years away stands for no bound."""
    return moment.magnitude is None or abs(moment.magnitude) < _FOR_EVER
