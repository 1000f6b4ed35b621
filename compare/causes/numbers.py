"""Patterns of numbers: how many each has, how many there are, what they come to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from compare.causes.assertion import Ask, Sketch
from compare.causes.differing import numbers_differ, spread, values_differ
from compare.causes.finding import Finding, asked_columns, asked_functions, compared_column, is_of_computed, rows_of
from compare.causes.keys import is_key
from compare.causes.outlines import AGGREGATES
from harness.model import Pattern

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compare.causes.outlines import Column
    from compare.causes.results import ColumnResult, Group


def fan_out(group: Group, sketch: Sketch) -> Iterator[Finding]:
    """How many of something each has."""
    facts = group.outline
    one, other = group.legacy.fetched, group.shadow.fetched
    counted = sketch.has(Ask.COUNT_EACH) or (sketch.has(Ask.EXTREME, Ask.SOME) and (sketch.has(Ask.COUNT, Ask.TRUTH) or not sketch.whole))
    if group.repeated and counted and one and other and not facts.selected and (max(one) != max(other) or min(one) != min(other)):
        detail = "many" if max(one) > max(other) else "few"
        yield Finding(pattern=Pattern.FAN_OUT, group=group, entity=compared_column(group) or rows_of(group), detail=detail, asked=True)
    lonely = [0 in counts for counts in (one, other)]
    if group.repeated and sketch.has(Ask.TRUTH, Ask.NONE) and one and other and not facts.selected and lonely[0] != lonely[1]:
        yield Finding(pattern=Pattern.FAN_OUT, group=group, entity=compared_column(group) or rows_of(group), detail="few", asked=True)
    counts = [column for function, column in asked_functions(group, sketch) if function == "count"]
    by_group = counts and (facts.grouped or (group.repeated and facts.placeholders))
    if by_group and is_of_computed(group, sketch) and (numbers_differ(group) or group.rows_differ):
        entity = next(filter(None, counts), None) or next(iter(facts.grouped), None)
        yield Finding(pattern=Pattern.FAN_OUT, group=group, entity=entity or rows_of(group), detail="many", asked=True)
    for column, legacy, shadow in asked_columns(group, sketch, Ask.COUNT_EACH, Ask.COUNT, Ask.TRUTH, Ask.FORMAT, Ask.EXTREME):
        if "list" in legacy.types | shadow.types and values_differ(legacy, shadow) and not sketch.has(Ask.TEXT, Ask.DISTINCT):
            yield Finding(pattern=Pattern.FAN_OUT, group=group, entity=column, detail="many", asked=True)
    if sketch.has(Ask.COUNT_EACH) and not group.repeated and not facts.selected:
        for column, legacy, shadow in asked_columns(group, sketch, *(() if sketch.names else (Ask.COUNT_EACH,))):
            parts = legacy.values is None is shadow.values and (Ask.COUNT_EACH, column.name) in sketch.asked_of  # of many values
            if parts or spread(group.legacy.fetched, legacy) != spread(group.shadow.fetched, shadow):
                yield Finding(pattern=Pattern.FAN_OUT, group=group, entity=column, detail="many", asked=True)


def aggregate(group: Group, sketch: Sketch) -> Iterator[Finding]:
    """A sum, mean or extreme."""
    facts = group.outline
    summed = [column for function, column in asked_functions(group, sketch) if function in AGGREGATES]
    if summed and is_of_computed(group, sketch) and (numbers_differ(group) or group.rows_differ):
        entity = next(filter(None, summed), None)
        pattern, detail = (Pattern.TIME_WINDOW, "reach") if entity in facts.calendar else (Pattern.AGGREGATE, "sum")
        if entity is not None and _is_of_a_value(group, sketch, entity):
            pattern, detail = Pattern.VALUE_SET, "values"
        yield Finding(pattern=pattern, group=group, entity=entity or rows_of(group), detail=detail, asked=True)
    if sketch.has(Ask.TOTAL, Ask.EXTREME):
        for column, legacy, shadow in asked_columns(group, sketch, Ask.TOTAL, Ask.EXTREME):
            spans = legacy.is_moment and sketch.has(Ask.TOTAL) and not sketch.has(Ask.MOMENT)
            if is_flag(legacy) and is_flag(shadow) and not sketch.has(Ask.EXTREME):
                if values_differ(legacy, shadow):
                    yield Finding(pattern=Pattern.VALUE_SET, group=group, entity=column, detail="values", asked=True)
                continue
            if spans or ({"int", "float", "decimal"} & legacy.types and not legacy.is_moment and not is_key(column)):
                shown = values_differ(legacy, shadow) or group.rows_differ or (legacy.low, legacy.high) != (shadow.low, shadow.high)
                yield Finding(pattern=Pattern.AGGREGATE, group=group, entity=column, detail="sum", shown=shown, asked=True)
    yield from _beyond(group, sketch)


def _beyond(group: Group, sketch: Sketch) -> Iterator[Finding]:
    """Whether any of many different numbers lies beyond one asks how far they reach: `any(row["km"] > 500 for row in rows)` is `max(...) > 500`."""
    if not sketch.has(Ask.SOME) or sketch.has(Ask.COUNT, Ask.COUNT_EACH, Ask.MOMENT):
        return
    for name in dict.fromkeys(name for ask, name in sketch.asked_of if ask is Ask.THRESHOLD):
        both = group.column(name)
        if both is None or both[0].values is not None or both[0].is_moment or not {"int", "float", "decimal"} & both[0].types:
            continue
        column = group.outline.resolved(name)
        if not is_key(column):
            yield Finding(pattern=Pattern.AGGREGATE, group=group, entity=column, detail="sum", asked=True)


def is_flag(column: ColumnResult) -> bool:
    """Whether a column holds 0 and 1 alone: a sum of them counts the rows that have the flag."""
    return column.types <= {"int", "bool"} and column.filled and (column.low, column.high) in {(0, 0), (0, 1), (1, 1)}


def _is_of_a_value(group: Group, sketch: Sketch, summed: Column) -> bool:
    """Whether only rows with a value of the source are summed up, and shadow comes to nothing: `sum(state = ?)`."""
    told = [both[1] for name in sketch.names if (both := group.column(name)) is not None]
    of_value = any(one.column == summed and not one.chooses for one in group.outline.placeholders)
    return of_value and bool(told) and all(not one.filled or one.low == 0 == one.high for one in told)


def cardinality(group: Group, sketch: Sketch) -> Iterator[Finding]:
    """How many there are, or how many different ones."""
    facts = group.outline
    if sketch.has(Ask.COUNT, Ask.COUNT_EACH) and sketch.has(Ask.DISTINCT):
        for column, legacy, shadow in asked_columns(group, sketch, Ask.DISTINCT):
            yield Finding(
                pattern=Pattern.CARDINALITY,
                group=group,
                entity=column,
                detail="distinct",
                shown=values_differ(legacy, shadow) or legacy.distinct != shadow.distinct,
                asked=True,
            )
    counts = [column for function, column in asked_functions(group, sketch) if function == "count"]
    if counts and not facts.grouped and numbers_differ(group):
        entity = next(filter(None, counts), None)
        yield Finding(pattern=Pattern.CARDINALITY, group=group, entity=entity or rows_of(group), detail="rows", asked=True)
    if sketch.has(Ask.COUNT, Ask.COUNT_EACH, Ask.FIRST) and group.rows_differ and not is_of_computed(group, sketch):
        yield Finding(pattern=Pattern.CARDINALITY, group=group, entity=rows_of(group), detail="rows", asked=sketch.has(Ask.COUNT, Ask.COUNT_EACH))


def worked_out(group: Group, sketch: Sketch) -> Iterator[Finding]:
    """The assertion is about what the system under test works out of rows, and names no column: of numbers in them that differ, or of dates."""
    about_numbers = sketch.has(Ask.TOTAL, Ask.EXTREME, Ask.THRESHOLD) or (sketch.has(Ask.SOME) and sketch.has(Ask.NUMBER))
    named = {name for ask, name in sketch.asked_of if ask in {Ask.TOTAL, Ask.EXTREME, Ask.NUMBER, Ask.THRESHOLD}}
    if not (sketch.whole and about_numbers) or named & set(group.column_names) or group.outline.selected:
        return
    numbers = [
        (0 if "decimal" in both[0].types or "float" in both[0].types else 1, group.outline.resolved(name))
        for name in group.column_names
        if (both := group.column(name)) is not None and {"int", "float", "decimal"} & both[0].types and values_differ(*both)
    ]
    for _, column in sorted((one for one in numbers if not is_key(one[1])), key=lambda one: one[0]):
        yield Finding(pattern=Pattern.AGGREGATE, group=group, entity=column, detail="sum", asked=sketch.has(Ask.TOTAL))
    moments = [name for name in group.column_names if (both := group.column(name)) is not None and both[0].is_moment and values_differ(*both)]
    if not numbers and len(moments) > 1 and not sketch.has(Ask.MOMENT):  # how long something took
        entity = group.outline.resolved(moments[-1])
        yield Finding(pattern=Pattern.AGGREGATE, group=group, entity=entity, detail="sum", asked=sketch.has(Ask.TOTAL))
