"""Couplings to a property of the data: which one a divergent test needs, by the first result that differs and that its assertion could have seen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from compare.causes.assertion import Ask, Sketch
from compare.causes.differing import lacks_values, nullness, numbers_differ, spread, values_differ
from compare.causes.keys import is_key, is_of_keys, is_own_key
from compare.causes.results import DATES
from compare.causes.sql import AGGREGATES, ROWS, Column, Role
from harness.model import Pattern, RowOrder, Strength

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from compare.causes.results import ColumnResult, Group
    from harness.model import DeepValue


_WRITTEN = frozenset({"str", "decimal", "float"})
"""Types whose values can be written in several ways."""
_FLAGS = frozenset({"bool", "int"})
"""Types of columns that say yes or no."""
_FOR_EVER = 7
"""The class of dates from 100,000 days on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A pattern with the statement that shows it. `entity` is its column, or the table where it is about rows; `shown` tells that the results of both
    sides differ in it, `asked` that the assertion asks for it.
    """

    pattern: Pattern
    group: Group
    entity: Column
    detail: str
    shown: bool = True
    asked: bool = False

    @property
    def strength(self) -> Strength | None:
        """`likely` where results and assertion agree, `possible` where only one of them says so."""
        return Strength.LIKELY if self.shown and self.asked else Strength.POSSIBLE if self.shown or self.asked else None


def find_pattern(groups: Sequence[Group], sketch: Sketch | None) -> Finding | None:
    """The pattern that explains a divergence; None where no result that the assertion could have seen differs in what it asks."""
    seen = _seen(groups, sketch)
    asked = sketch or None
    for rule in _RULES:
        for group in seen:
            finding = next(rule(group, asked), None) if asked is not None else None
            if finding is not None:
                return finding
    guesses = (guess for group in seen for guess in (*_by_filter(group, None), *_by_result(group), *_by_words(group, sketch)))
    return next(guesses, None)


def _seen(groups: Sequence[Group], sketch: Sketch | None) -> Sequence[Group]:
    """Statements that read, and ran on both sides, issued where the assertion gets its operands from; else all that the test itself issued."""
    both = (group for group in groups if group.legacy.executions and group.shadow.executions)
    reading = [group for group in both if group.outline.verb in {"select", "with"} and not is_of_keys(group)]
    if sketch is not None and sketch.whole:
        near = [group for group in reading if not group.places.isdisjoint(sketch.lines)]
        if near:
            return near
    return [group for group in reading if not group.is_setup] or reading


# --------------------------------------------------------------------------------------------------------------------------------------------
# What the assertion and the results say together, the most telling first
# --------------------------------------------------------------------------------------------------------------------------------------------


def _columns(group: Group, sketch: Sketch, *asks: Ask) -> Iterator[tuple[Column, ColumnResult, ColumnResult]]:
    """The columns of a result of which the assertion asks something of this kind, nearest first; the only one there is where it names none."""
    names = [name for name in sketch.about(*asks) if name in group.column_names]
    names += [group.column_names[number] for number in sketch.positions if number < len(group.column_names)]
    if not names and len(group.column_names) == 1:
        names = list(group.column_names)
    for name in dict.fromkeys(names):
        both = group.column(name)
        if both is not None:
            yield group.outline.resolved(name), *both


def _computes(group: Group, sketch: Sketch) -> bool:
    """Whether the assertion may be about what the statement counts or sums up: not where it speaks of other columns of the result alone."""
    facts = group.outline
    named = [name for name in sketch.names if name in group.column_names]
    named += [group.column_names[number] for number in sketch.positions if number < len(group.column_names)]
    computed = {name.casefold() for name in facts.computed}
    return bool(facts.selected) and (not named or not computed or any(name.casefold() in computed for name in named))


def _time_window(group: Group, sketch: Sketch) -> Iterator[Finding]:
    if (
        group.only_shadow_finds_none
        or _computes(group, sketch)
        or (group.rows_differ and sketch.has(Ask.COUNT, Ask.COUNT_EACH, Ask.TRUTH, Ask.TOTAL))
        or (group.is_dated and sketch.has(Ask.TEXT, Ask.NUMBER, Ask.DISTINCT))
    ):
        yield from _window_in_filter(group, asked=True)
    asked = {name for ask, name in sketch.asked_of if ask in {Ask.EXTREME, Ask.TEXT, Ask.THRESHOLD, Ask.TOTAL}}
    for column, legacy, shadow in _columns(group, sketch):
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
                    and (len(group.column_names) == 1 or not asked or column.name in asked)
                )
            )
        ):
            shown = (legacy.low, legacy.high) != (shadow.low, shadow.high) or values_differ(legacy, shadow)
            yield Finding(pattern=Pattern.TIME_WINDOW, group=group, entity=column, detail="reach", shown=shown, asked=True)


def _window_in_filter(group: Group, *, asked: bool) -> Iterator[Finding]:
    """A comparison with a date in the statement itself, and a result that differs."""
    if not (group.rows_differ or numbers_differ(group)):
        return
    column = None if _sums_up_both(group) else _date_filter(group)
    if column is not None:
        yield Finding(pattern=Pattern.TIME_WINDOW, group=group, entity=column, detail="window", asked=asked)


def _sums_up_both(group: Group) -> bool:
    """Whether a number is made of many rows and both sides had some: the window lies within the data of both, and the number is what differs."""
    amounts = group.outline.aggregates and not any(both[0].is_moment for name in group.column_names if (both := group.column(name)) is not None)
    return amounts and any(group.legacy.fetched) and any(group.shadow.fetched)


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


def _format(group: Group, sketch: Sketch) -> Iterator[Finding]:
    if not sketch.has(Ask.FORMAT) or group.only_shadow_finds_none:  # of rows that are not there it is not asked how they are written
        return
    for column, legacy, shadow in _columns(group, sketch, Ask.FORMAT):
        if sketch.has(Ask.COUNT) and {(Ask.DISTINCT, column.name), (Ask.FORMAT, column.name)} <= set(sketch.asked_of):
            continue  # how many different pieces there are
        if (legacy.types | shadow.types) & _WRITTEN:
            shown = legacy.formats != shadow.formats or values_differ(legacy, shadow)
            yield Finding(pattern=Pattern.FORMAT, group=group, entity=column, detail="format", shown=shown, asked=True)


def _null(group: Group, sketch: Sketch) -> Iterator[Finding]:
    if not sketch.has(Ask.NONE, Ask.TRUTH) or _computes(group, sketch):
        return
    for column, legacy, shadow in _columns(group, sketch, Ask.NONE, Ask.TRUTH):
        counted_by = (Ask.COUNT_EACH, column.name) in sketch.asked_of  # how many have each value is asked, and not whether there is one
        detail = None if counted_by else nullness(legacy, shadow)
        if detail is not None:
            yield Finding(pattern=Pattern.NULL, group=group, entity=column, detail=detail, asked=True)


def _by_filter(group: Group, sketch: Sketch | None) -> Iterator[Finding]:
    """The statement itself asks for the property: its conditions are met on legacy and not on shadow."""
    facts, asked = group.outline, sketch is not None
    if not group.only_shadow_finds_none:
        return
    yield from _window_in_filter(group, asked=asked)
    if facts.anti:
        entity = next(iter(facts.null_tests), Column(facts.tables[-1] if facts.tables else None, ROWS))
        yield Finding(pattern=Pattern.FAN_OUT, group=group, entity=entity, detail="without", asked=asked)
    for function, column in facts.having:
        pattern = Pattern.FAN_OUT if function == "count" else Pattern.AGGREGATE
        yield Finding(pattern=pattern, group=group, entity=column or next(iter(facts.grouped), None) or _table(group), detail="having", asked=asked)
    for column in facts.null_tests:
        yield Finding(pattern=Pattern.NULL, group=group, entity=column, detail="filter", asked=asked)
    for column in facts.flags:
        yield Finding(pattern=Pattern.VALUE_SET, group=group, entity=column, detail="filter", asked=asked)
    if facts.patterned or facts.measured:
        entity = next(iter(facts.measured), None) or _compared(group) or _table(group)
        yield Finding(pattern=Pattern.FORMAT, group=group, entity=entity, detail="format", asked=asked)
    compared = _compared(group)
    if compared is not None and not is_key(compared):
        yield Finding(pattern=Pattern.VALUE_SET, group=group, entity=compared, detail="filter", asked=asked)
    elif compared is not None and not is_own_key(group, compared):
        yield Finding(pattern=Pattern.FAN_OUT, group=group, entity=compared, detail="many", asked=asked)


def _counted_values(group: Group, sketch: Sketch) -> Iterator[Finding]:
    """`SELECT count(column)` counts what is filled: nothing on shadow."""
    facts = group.outline
    plain_count = facts.counts and not facts.distinct and not facts.grouped and all(function == "count" for function, _ in facts.selected)
    if plain_count and group.only_shadow_finds_none and sketch.has(Ask.TRUTH, Ask.THRESHOLD) and _compared(group) is None:
        for column in (column for _, column in facts.selected if column is not None and not is_own_key(group, column)):
            yield Finding(pattern=Pattern.NULL, group=group, entity=column, detail="filled", asked=True)


def _compared(group: Group) -> Column | None:
    """The column that a value given in the source is compared with; that by which rows of something else are joined on is none."""
    return next((one.column for one in group.outline.placeholders if one.role is Role.COMPARED and one.column is not None), None)


def _table(group: Group) -> Column:
    facts = group.outline
    return Column(facts.tables[0] if facts.tables else None, ROWS)


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
    """Rows are counted that have a value of the source, and shadow lacks values of that column."""
    if not sketch.has(Ask.COUNT, Ask.COUNT_EACH) or sketch.has(Ask.DISTINCT, Ask.EXTREME, Ask.FIRST):
        return
    for name in dict.fromkeys(name for ask, name in sketch.asked_of if ask is Ask.TEXT):
        both = group.column(name)
        if both is not None and lacks_values(*both) and not is_key(column := group.outline.resolved(name)):
            yield Finding(pattern=Pattern.VALUE_SET, group=group, entity=column, detail="values", asked=True)


def _fan_out(group: Group, sketch: Sketch) -> Iterator[Finding]:
    facts = group.outline
    one, other = group.legacy.fetched, group.shadow.fetched
    counted = sketch.has(Ask.COUNT_EACH) or (sketch.has(Ask.EXTREME, Ask.SOME) and (sketch.has(Ask.COUNT, Ask.TRUTH) or not sketch.whole))
    if group.repeated and counted and one and other and not facts.selected and (max(one) != max(other) or min(one) != min(other)):
        detail = "many" if max(one) > max(other) else "few"
        yield Finding(pattern=Pattern.FAN_OUT, group=group, entity=_compared(group) or _table(group), detail=detail, asked=True)
    lonely = [0 in counts for counts in (one, other)]
    if group.repeated and sketch.has(Ask.TRUTH, Ask.NONE) and one and other and not facts.selected and lonely[0] != lonely[1]:
        yield Finding(pattern=Pattern.FAN_OUT, group=group, entity=_compared(group) or _table(group), detail="few", asked=True)
    by_group = facts.counts and (facts.grouped or (group.repeated and facts.placeholders))
    if by_group and _computes(group, sketch) and (numbers_differ(group) or group.rows_differ):
        entity = next((column for function, column in facts.selected if function == "count" and column), None) or next(iter(facts.grouped), None)
        yield Finding(pattern=Pattern.FAN_OUT, group=group, entity=entity or _table(group), detail="many", asked=True)
    for column, legacy, shadow in _columns(group, sketch, Ask.COUNT_EACH, Ask.COUNT, Ask.TRUTH, Ask.FORMAT, Ask.EXTREME):
        if "list" in legacy.types | shadow.types and values_differ(legacy, shadow) and not sketch.has(Ask.TEXT, Ask.DISTINCT):
            yield Finding(pattern=Pattern.FAN_OUT, group=group, entity=column, detail="many", asked=True)
    if sketch.has(Ask.COUNT_EACH) and not group.repeated and not facts.selected:
        for column, legacy, shadow in _columns(group, sketch):
            parts = legacy.values is None is shadow.values and (Ask.COUNT_EACH, column.name) in sketch.asked_of  # of many values
            if parts or spread(group.legacy.fetched, legacy) != spread(group.shadow.fetched, shadow):
                yield Finding(pattern=Pattern.FAN_OUT, group=group, entity=column, detail="many", asked=True)


def _ordering(group: Group, sketch: Sketch) -> Iterator[Finding]:
    facts = group.outline
    one_by_one = group.repeated and any(one.role is Role.COMPARED for one in facts.placeholders)
    if one_by_one or _computes(group, sketch) or (facts.grouped and not facts.computed) or sketch.has(Ask.COUNT, Ask.COUNT_EACH):
        return
    several = any(count > 1 for count in (*group.legacy.fetched, *group.shadow.fetched))
    first = (sketch.has(Ask.FIRST) and (several or facts.ordered)) or (facts.limited and bool(facts.ordered))
    compared = sketch.has(Ask.TEXT, Ask.NUMBER, Ask.THRESHOLD, Ask.FORMAT, Ask.NONE)
    for column, legacy, shadow in _columns(group, sketch):
        if is_key(column) or (Ask.EXTREME, column.name) in sketch.asked_of:
            continue
        if first and compared:
            yield Finding(pattern=Pattern.ORDERING, group=group, entity=column, detail="first", shown=values_differ(legacy, shadow), asked=True)
        elif sketch.has(Ask.SORTED) and legacy.orders != shadow.orders and RowOrder.NONE in legacy.orders | shadow.orders:
            yield Finding(pattern=Pattern.ORDERING, group=group, entity=column, detail="sorted", asked=True)


def _aggregate(group: Group, sketch: Sketch) -> Iterator[Finding]:
    facts = group.outline
    if facts.aggregates and _computes(group, sketch) and (numbers_differ(group) or group.rows_differ):
        entity = next((column for function, column in facts.selected if function in AGGREGATES and column), None)
        pattern, detail = (Pattern.TIME_WINDOW, "reach") if entity in facts.calendar else (Pattern.AGGREGATE, "sum")
        yield Finding(pattern=pattern, group=group, entity=entity or _table(group), detail=detail, asked=True)
    if sketch.has(Ask.TOTAL, Ask.EXTREME):
        for column, legacy, shadow in _columns(group, sketch, Ask.TOTAL, Ask.EXTREME):
            spans = legacy.is_moment and sketch.has(Ask.TOTAL) and not sketch.has(Ask.MOMENT)
            if spans or ({"int", "float", "decimal"} & legacy.types and not legacy.is_moment and not is_key(column)):
                shown = values_differ(legacy, shadow) or group.rows_differ or (legacy.low, legacy.high) != (shadow.low, shadow.high)
                yield Finding(pattern=Pattern.AGGREGATE, group=group, entity=column, detail="sum", shown=shown, asked=True)


def _cardinality(group: Group, sketch: Sketch) -> Iterator[Finding]:
    facts = group.outline
    if sketch.has(Ask.COUNT, Ask.COUNT_EACH) and sketch.has(Ask.DISTINCT):
        for column, legacy, shadow in _columns(group, sketch, Ask.DISTINCT):
            yield Finding(
                pattern=Pattern.CARDINALITY,
                group=group,
                entity=column,
                detail="distinct",
                shown=values_differ(legacy, shadow) or legacy.distinct != shadow.distinct,
                asked=True,
            )
    if facts.counts and not facts.grouped and numbers_differ(group):
        entity = next((column for function, column in facts.selected if function == "count" and column), None)
        yield Finding(pattern=Pattern.CARDINALITY, group=group, entity=entity or _table(group), detail="rows", asked=True)
    if sketch.has(Ask.COUNT, Ask.COUNT_EACH, Ask.FIRST) and group.rows_differ and not _computes(group, sketch):
        yield Finding(pattern=Pattern.CARDINALITY, group=group, entity=_table(group), detail="rows", asked=sketch.has(Ask.COUNT, Ask.COUNT_EACH))


def _value_set(group: Group, sketch: Sketch) -> Iterator[Finding]:
    if sketch.has(Ask.TEXT, Ask.NUMBER, Ask.THRESHOLD, Ask.DISTINCT):
        for column, legacy, shadow in _columns(group, sketch, Ask.TEXT, Ask.NUMBER, Ask.THRESHOLD, Ask.DISTINCT):
            if values_differ(legacy, shadow) and not is_key(column):
                yield Finding(pattern=Pattern.VALUE_SET, group=group, entity=column, detail="values", asked=True)
    if sketch.has(Ask.TRUTH):
        for column, legacy, shadow in _columns(group, sketch, Ask.TRUTH):
            if (legacy.types | shadow.types) & _FLAGS and values_differ(legacy, shadow) and not is_key(column):
                yield Finding(pattern=Pattern.VALUE_SET, group=group, entity=column, detail="values", asked=True)


def _worked_out(group: Group, sketch: Sketch) -> Iterator[Finding]:
    """The assertion is about what the system under test works out of rows, and names no column: of numbers in them that differ."""
    about_numbers = sketch.has(Ask.TOTAL, Ask.EXTREME) or (sketch.has(Ask.SOME) and sketch.has(Ask.NUMBER, Ask.THRESHOLD))
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


def _rows_at_all(group: Group, sketch: Sketch) -> Iterator[Finding]:
    """Nothing on shadow, and no condition in the statement that says why: a table or view is empty there."""
    chosen = any(one.role is Role.COMPARED for one in group.outline.placeholders)
    if not chosen and group.only_shadow_finds_none and sketch.has(Ask.TRUTH, Ask.NONE, Ask.SOME, Ask.FIRST, Ask.COUNT):
        yield Finding(pattern=Pattern.CARDINALITY, group=group, entity=_table(group), detail="rows", asked=True)


def _by_result(group: Group) -> Iterator[Finding]:
    """What the results alone say, where nothing of the assertion is known: only what leaves no choice."""
    facts = group.outline
    if facts.aggregates and numbers_differ(group):
        entity = next((column for function, column in facts.selected if function in AGGREGATES and column), None)
        yield Finding(pattern=Pattern.AGGREGATE, group=group, entity=entity or _table(group), detail="sum")
    if facts.counts and numbers_differ(group):
        yield Finding(pattern=Pattern.FAN_OUT if facts.grouped else Pattern.CARDINALITY, group=group, entity=_table(group), detail="rows")
    for name in group.column_names if len(group.column_names) == 1 else ():
        both = group.column(name)
        detail = nullness(*both) if both else None
        if detail is not None:
            yield Finding(pattern=Pattern.NULL, group=group, entity=group.outline.resolved(name), detail=detail)


def _by_words(group: Group, sketch: Sketch | None) -> Iterator[Finding]:
    """What the words of the message allow, where the source is not at hand."""
    if sketch is None or sketch.whole or group.outline.selected:
        return
    moments = [name for name in group.column_names if (both := group.column(name)) is not None and both[0].is_moment and values_differ(*both)]
    if sketch.has(Ask.MOMENT) and len(moments) == 1:
        yield Finding(pattern=Pattern.TIME_WINDOW, group=group, entity=group.outline.resolved(moments[0]), detail="reach")
    if sketch.has(Ask.COUNT) and (sketch.has(Ask.DISTINCT) or group.rows_differ):
        yield Finding(pattern=Pattern.CARDINALITY, group=group, entity=_table(group), detail="rows")


_RULES: tuple[Callable[[Group, Sketch], Iterator[Finding]], ...] = (
    _time_window,
    _format,
    _null,
    _by_filter,
    _counted_values,
    _value_of_group,
    _value_of_counted,
    _fan_out,
    _ordering,
    _aggregate,
    _cardinality,
    _value_set,
    _rows_at_all,
    _worked_out,
)
"""In the order in which they are asked: what names the property outright comes first, values that merely differ (as they always do) last."""
