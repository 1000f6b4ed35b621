"""Patterns where the assertion says little: what the results or the words of the message leave no choice about."""

from __future__ import annotations

from typing import TYPE_CHECKING

from compare.causes.assertion import Ask, Sketch
from compare.causes.differing import nullness, numbers_differ, values_differ
from compare.causes.finding import Finding, rows_of
from compare.causes.outlines import AGGREGATES
from harness.model import Pattern

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compare.causes.results import Group


def by_result(group: Group) -> Iterator[Finding]:
    """What the results alone say, where nothing of the assertion is known: only what leaves no choice."""
    facts = group.outline
    if facts.aggregates and numbers_differ(group):
        entity = next((column for function, column in facts.selected if function in AGGREGATES and column), None)
        yield Finding(pattern=Pattern.AGGREGATE, group=group, entity=entity or rows_of(group), detail="sum")
    if facts.counts and numbers_differ(group):
        yield Finding(pattern=Pattern.FAN_OUT if facts.grouped else Pattern.CARDINALITY, group=group, entity=rows_of(group), detail="rows")
    for name in group.column_names if len(group.column_names) == 1 else ():
        both = group.column(name)
        detail = nullness(*both) if both else None
        if detail is not None:
            yield Finding(pattern=Pattern.NULL, group=group, entity=group.outline.resolved(name), detail=detail)


def by_words(group: Group, sketch: Sketch | None) -> Iterator[Finding]:
    """What the words of the message allow, where the source is not at hand."""
    if sketch is None or sketch.whole or group.outline.selected:
        return
    moments = [name for name in group.column_names if (both := group.column(name)) is not None and both[0].is_moment and values_differ(*both)]
    if sketch.has(Ask.MOMENT) and len(moments) == 1:
        yield Finding(pattern=Pattern.TIME_WINDOW, group=group, entity=group.outline.resolved(moments[0]), detail="reach")
    if sketch.has(Ask.COUNT) and (sketch.has(Ask.DISTINCT) or group.rows_differ):
        yield Finding(pattern=Pattern.CARDINALITY, group=group, entity=rows_of(group), detail="rows")
