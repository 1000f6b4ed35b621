"""A system under test that runs in the tests' own process: both its answers and its statements were seen, and the assertion speaks of the answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from compare.causes.assertion import Ask

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from compare.causes.answers import Answers
    from compare.causes.assertion import Sketch
    from compare.causes.results import ColumnResult, Group
    from harness.model import DeepRecord


def behind(seen: Sequence[Group], answered: Sequence[Answers], sketch: Sketch | None) -> tuple[Group, ...]:
    """The statements behind what the assertion names of an answer: those that read a column of that name; else those that came to the same values on
    both sides, as the one of five counts that a report shows under this name. Empty where none is told apart so.

    A list that is read page by page is counted for each page as well, and a report is worked out of many numbers: these are none of the matter. What
    is merely read on the way to a count (`get(customer["id"])`) names nothing.
    """
    if sketch is None or not sketch.whole or not answered:
        return ()
    names = {name for _, name in sketch.asked_of} or set(() if sketch.has(Ask.COUNT, Ask.COUNT_EACH) else sketch.names)
    named = tuple(group for group in seen if names.intersection(group.column_names))
    told = [_values(both) for one in answered for name in names if (both := one.column(name)) is not None]
    return named or tuple(group for group in seen if any(values is not None and values in told for values in map(_values, _columns(group))))


def without_counts(seen: Sequence[Group], answered: Sequence[Answers], sketch: Sketch | None) -> tuple[Group, ...]:
    """The statements without the count that goes with each page of a list, where the assertion asks of members of the records in it, and of nothing
    else: the system under test may call them otherwise than its columns.
    """
    asked = {name for _, name in sketch.asked_of} if sketch is not None and sketch.whole else set()
    members = {name for one in answered if not one.request.single for name in one.column_names if name not in one.outline.computed}
    paged = {group.outline.tables for group in seen if group.outline.paged}
    if not asked or not asked <= members:
        return tuple(seen)
    return tuple(group for group in seen if not (_only_counts(group) and group.outline.tables in paged))


def runs_inside(records: Iterable[DeepRecord]) -> bool:
    """Whether some test was seen to ask over HTTP and to have the answer worked out in its own process, by no line of the suite."""
    return any(one.requests and any(each.touches_data and each.at is None for each in one.statements) for one in records)


def without_data(records: Sequence[DeepRecord]) -> bool:
    """Whether a test was answered on both sides and no statement was needed for it."""
    return len(records) > 1 and all(one.requests and not any(each.touches_data for each in one.statements) for one in records)


def _only_counts(group: Group) -> bool:
    facts = group.outline
    return facts.counts and not facts.grouped and len(group.column_names) == 1


def _columns(group: Group) -> list[tuple[ColumnResult, ColumnResult]]:
    return [both for name in group.column_names if (both := group.column(name)) is not None]


def _values(both: tuple[ColumnResult, ColumnResult]) -> tuple[frozenset[str], frozenset[str]] | None:
    """The values of a column on both sides, None where they are not listed or do not differ: these tell nothing apart."""
    legacy, shadow = both
    return (legacy.values, shadow.values) if legacy.values and shadow.values and legacy.values != shadow.values else None
