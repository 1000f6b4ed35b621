"""Couplings to a property of the data: which one a divergent test needs, by the first result that differs and that its assertion could have seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from compare.causes.assertion import Ask, Sketch
from compare.causes.differing import lacks_values, nullness, values_differ
from compare.causes.figures import named_figure
from compare.causes.finding import Finding, asked_columns, compared_column, is_of_computed, rows_of
from compare.causes.guesses import by_result, by_words
from compare.causes.keys import is_key, is_of_keys, is_own_key, tells_partner
from compare.causes.numbers import aggregate, cardinality, fan_out, is_flag, worked_out
from compare.causes.outlines import ROWS, Column, Role
from compare.causes.windows import time_window, window_in_filter
from harness.model import Pattern, RowOrder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from compare.causes.results import Group

_WRITTEN = frozenset({"str", "decimal", "float"})
"""Types whose values can be written in several ways."""
_COMPARED = (Ask.TEXT, Ask.NUMBER, Ask.THRESHOLD, Ask.FORMAT, Ask.NONE)
"""What is asked of what comes first."""
_FLAGS = frozenset({"bool", "int"})
"""Types of columns that say yes or no."""


def find_pattern(groups: Sequence[Group], sketch: Sketch | None) -> Finding | None:
    """The pattern that explains a divergence; None where no result that the assertion could have seen differs in what it asks."""
    seen = _seen(groups, sketch)
    asked = sketch or None
    for rule in _RULES:
        for group in seen:
            finding = next(rule(group, asked), None) if asked is not None else None
            if finding is not None:
                return finding
    guesses = (guess for group in seen for guess in (*_by_filter(group, None), *by_result(group), *by_words(group, sketch)))
    return next(guesses, None)


def _seen(groups: Sequence[Group], sketch: Sketch | None) -> Sequence[Group]:
    """Statements that read, and ran on both sides, issued where the assertion gets its operands from; else all that the test itself issued."""
    both = (group for group in groups if group.legacy.executions and group.shadow.executions)
    reading = [group for group in both if group.outline.verb in {"select", "with"} and not is_of_keys(group)]
    if sketch is not None and sketch.whole:
        near = [group.issued_at(sketch.lines) for group in reading if not group.places.isdisjoint(sketch.lines)]
        if near:
            return [group for group in near if not _goes_with(group, near, sketch)]
    return [group for group in reading if not group.is_setup] or reading


def _goes_with(count: Group, near: Sequence[Group], sketch: Sketch) -> bool:
    """Whether rows are only counted, and read from the same lines: by `list()`, which asks how many there will be. The assertion is about the rows
    where it names a column of theirs.
    """
    facts, names = count.outline, set(sketch.names)
    counted = facts.counts and not facts.grouped and len(count.column_names) == 1 and not names & set(count.column_names)
    return counted and any(group.outline.tables == facts.tables and group.at == count.at and names & set(group.column_names) for group in near)


# --------------------------------------------------------------------------------------------------------------------------------------------
# What the assertion and the results say together, the most telling first
# --------------------------------------------------------------------------------------------------------------------------------------------


def _format(group: Group, sketch: Sketch) -> Iterator[Finding]:
    if not sketch.has(Ask.FORMAT) or group.only_shadow_finds_none:  # of rows that are not there it is not asked how they are written
        return
    for column, legacy, shadow in asked_columns(group, sketch, Ask.FORMAT):
        if sketch.has(Ask.COUNT) and {(Ask.DISTINCT, column.name), (Ask.FORMAT, column.name)} <= set(sketch.asked_of):
            continue  # how many different pieces there are
        if (legacy.types | shadow.types) & _WRITTEN:
            shown = legacy.formats != shadow.formats or values_differ(legacy, shadow)
            yield Finding(pattern=Pattern.FORMAT, group=group, entity=column, detail="format", shown=shown, asked=True)


def _null(group: Group, sketch: Sketch) -> Iterator[Finding]:
    if not sketch.has(Ask.NONE, Ask.TRUTH) or is_of_computed(group, sketch):
        return
    for column, legacy, shadow in asked_columns(group, sketch, Ask.NONE, Ask.TRUTH):
        counted_by = (Ask.COUNT_EACH, column.name) in sketch.asked_of  # how many have each value is asked, and not whether there is one
        detail = None if counted_by else nullness(legacy, shadow)
        if detail == "null" and tells_partner(group, group.outline.origin(column.name)):
            yield Finding(pattern=Pattern.FAN_OUT, group=group, entity=column, detail="without", asked=True)
        elif detail is not None:
            yield Finding(pattern=Pattern.NULL, group=group, entity=column, detail=detail, asked=True)


def _by_filter(group: Group, sketch: Sketch | None) -> Iterator[Finding]:
    """The statement itself asks for the property: its conditions are met on legacy and not on shadow."""
    facts, asked = group.outline, sketch is not None
    if not group.only_shadow_finds_none:
        return
    if _skips_rows(group):
        yield Finding(pattern=Pattern.CARDINALITY, group=group, entity=rows_of(group), detail="rows", asked=asked)
    yield from window_in_filter(group, asked=asked)
    if facts.anti:
        entity = next(iter(facts.null_tests), Column(facts.tables[-1] if facts.tables else None, ROWS))
        yield Finding(pattern=Pattern.FAN_OUT, group=group, entity=entity, detail="without", asked=asked)
    for function, column in facts.having:
        pattern = Pattern.FAN_OUT if function == "count" else Pattern.AGGREGATE
        yield Finding(pattern=pattern, group=group, entity=column or next(iter(facts.grouped), None) or rows_of(group), detail="having", asked=asked)
    for column in facts.null_tests:
        yield Finding(pattern=Pattern.NULL, group=group, entity=column, detail="filter", asked=asked)
    for column in facts.flags:
        yield Finding(pattern=Pattern.VALUE_SET, group=group, entity=column, detail="filter", asked=asked)
    if facts.patterned or facts.measured:
        entity = next(iter(facts.measured), None) or compared_column(group) or rows_of(group)
        yield Finding(pattern=Pattern.FORMAT, group=group, entity=entity, detail="format", asked=asked)
    yield from _by_comparison(group, sketch)


def _by_own_condition(group: Group, sketch: Sketch) -> Iterator[Finding]:
    """Of several numbers the one that is asked for counts rows under a condition of its own, which none on shadow meets."""
    figure = named_figure(group, sketch)
    if figure is not None:
        yield from _by_filter(figure, sketch)


def _by_comparison(group: Group, sketch: Sketch | None) -> Iterator[Finding]:
    """A column is compared with a value of the source, and none on shadow meets it."""
    compared, asked = compared_column(group), sketch is not None
    if compared is not None and sketch is not None and _matches_signs(group, sketch):
        yield Finding(pattern=Pattern.FORMAT, group=group, entity=compared, detail="format", asked=True)
    if compared is not None and not is_key(compared):
        yield Finding(pattern=Pattern.VALUE_SET, group=group, entity=compared, detail="filter", asked=asked)
    elif compared is not None and not is_own_key(group, compared):
        yield Finding(pattern=Pattern.FAN_OUT, group=group, entity=compared, detail="many", asked=asked)


def _matches_signs(group: Group, sketch: Sketch) -> bool:
    """Whether text is matched by LIKE, and the source says that it is matched by signs alone: `.like("%,%")`."""
    return sketch.has(Ask.FORMAT) and any(one.operator in {"like", "ilike"} for one in group.outline.placeholders)


def _skips_rows(group: Group) -> bool:
    """Whether a later page was asked for, which is empty on shadow: there are not as many rows."""
    return any(
        place.role is Role.LIMITING and place.operator == "offset" and (value.magnitude or 0) > 0
        for one in group.shadow.executions
        for place, value in zip(group.outline.placeholders, one.parameters, strict=False)
    )


def _counted_values(group: Group, sketch: Sketch) -> Iterator[Finding]:
    """`SELECT count(column)` counts what is filled: nothing on shadow."""
    facts = group.outline
    plain_count = facts.counts and not facts.distinct and not facts.grouped and all(function == "count" for function, _ in facts.selected)
    if plain_count and group.only_shadow_finds_none and sketch.has(Ask.TRUTH, Ask.THRESHOLD) and compared_column(group) is None:
        for column in (column for _, column in facts.selected if column is not None and not is_own_key(group, column)):
            yield Finding(pattern=Pattern.NULL, group=group, entity=column, detail="filled", asked=True)


def _counted_beside_all(group: Group, sketch: Sketch) -> Iterator[Finding]:
    """`count(fax)` is held against `count(*)`: on legacy fewer are filled than there are, on shadow all."""
    facts = group.outline
    if facts.grouped or facts.distinct or len(facts.computed) != len(facts.selected):
        return
    named = (one for one in zip(facts.computed, facts.selected, strict=True) if one[0] in sketch.names and one[1][0] == "count")
    counted = [(both, column) for name, (_, column) in named if (both := group.column(name)) is not None]
    for whole, _ in [one for one in counted if one[1] is None]:
        for filled, column in counted:
            if column is not None and filled[0].values != whole[0].values and filled[1].values == whole[1].values:
                yield Finding(pattern=Pattern.NULL, group=group, entity=column, detail="null", asked=True)


def _value_of_group(group: Group, sketch: Sketch) -> Iterator[Finding]:
    """A text is looked up among groups that were counted: shadow has no such group."""
    facts = group.outline
    summed = facts.aggregates and not sketch.has(Ask.THRESHOLD, Ask.NUMBER, Ask.EXTREME, Ask.TOTAL)
    on_top = facts.limited and facts.ordered  # which group is the first
    for column in facts.grouped if (facts.counts or summed) and sketch.has(Ask.TEXT) and not on_top else ():
        both = group.column(column.name)
        if both is not None and "str" in both[0].types and both[0].values != both[1].values:
            yield Finding(pattern=Pattern.VALUE_SET, group=group, entity=column, detail="values", asked=True)


def _value_of_counted(group: Group, sketch: Sketch) -> Iterator[Finding]:
    """Rows are counted that have a value of the source, or a flag, and shadow lacks values of that column."""
    if not sketch.has(Ask.COUNT, Ask.COUNT_EACH) or sketch.has(Ask.DISTINCT, Ask.EXTREME, Ask.FIRST):
        return
    for ask, name in dict.fromkeys(one for one in sketch.asked_of if one[0] in {Ask.TEXT, Ask.TRUTH, Ask.NUMBER}):
        both = group.column(name)
        told = both is not None and (ask is Ask.TEXT or all(map(is_flag, both)))
        if both is not None and told and lacks_values(*both) and not is_key(column := group.outline.resolved(name)):
            yield Finding(pattern=Pattern.VALUE_SET, group=group, entity=column, detail="values", asked=True)


def _ordering(group: Group, sketch: Sketch) -> Iterator[Finding]:
    facts = group.outline
    one_by_one = group.repeated and any(one.role is Role.COMPARED for one in facts.placeholders)
    if one_by_one or is_of_computed(group, sketch) or (facts.grouped and not facts.computed) or sketch.has(Ask.COUNT, Ask.COUNT_EACH):
        return
    several = any(count > 1 for count in (*group.legacy.fetched, *group.shadow.fetched))
    first = (sketch.has(Ask.FIRST) and (several or facts.ordered)) or (facts.limited and bool(facts.ordered) and not facts.paged)
    compared = sketch.has(*_COMPARED)
    for column, legacy, shadow in asked_columns(group, sketch, *(_COMPARED if first and compared else ())):
        if is_key(column) or (Ask.EXTREME, column.name) in sketch.asked_of:
            continue
        if first and compared:
            yield Finding(pattern=Pattern.ORDERING, group=group, entity=column, detail="first", shown=values_differ(legacy, shadow), asked=True)
        elif sketch.has(Ask.SORTED) and legacy.orders != shadow.orders and RowOrder.NONE in legacy.orders | shadow.orders:
            yield Finding(pattern=Pattern.ORDERING, group=group, entity=column, detail="sorted", asked=True)


def _value_set(group: Group, sketch: Sketch) -> Iterator[Finding]:
    if sketch.has(Ask.TEXT, Ask.NUMBER, Ask.THRESHOLD, Ask.DISTINCT):
        for column, legacy, shadow in asked_columns(group, sketch, Ask.TEXT, Ask.NUMBER, Ask.THRESHOLD, Ask.DISTINCT):
            if values_differ(legacy, shadow) and not is_key(column):
                yield Finding(pattern=Pattern.VALUE_SET, group=group, entity=column, detail="values", asked=True)
    if sketch.has(Ask.TRUTH):
        for column, legacy, shadow in asked_columns(group, sketch, Ask.TRUTH):
            if (legacy.types | shadow.types) & _FLAGS and values_differ(legacy, shadow) and not is_key(column):
                yield Finding(pattern=Pattern.VALUE_SET, group=group, entity=column, detail="values", asked=True)


def _rows_at_all(group: Group, sketch: Sketch) -> Iterator[Finding]:
    """Nothing on shadow, and no condition in the statement that says why: a table or view is empty there."""
    chosen = any(one.role is Role.COMPARED for one in group.outline.placeholders)
    if not chosen and group.only_shadow_finds_none and sketch.has(Ask.TRUTH, Ask.NONE, Ask.SOME, Ask.FIRST, Ask.COUNT):
        yield Finding(pattern=Pattern.CARDINALITY, group=group, entity=rows_of(group), detail="rows", asked=True)


_RULES: tuple[Callable[[Group, Sketch], Iterator[Finding]], ...] = (
    time_window,
    _format,
    _null,
    _by_filter,
    _by_own_condition,
    _counted_values,
    _counted_beside_all,
    _value_of_group,
    _value_of_counted,
    fan_out,
    _ordering,
    aggregate,
    cardinality,
    _value_set,
    _rows_at_all,
    worked_out,
)
"""In the order in which they are asked: what names the property outright comes first, values that merely differ (as they always do) last."""
