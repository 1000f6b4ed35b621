"""A pattern that was found, and what the rules that find one ask of a statement's result."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from compare.causes.outlines import ROWS, Column, Role
from harness.model import Strength

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compare.causes.assertion import Ask, Sketch
    from compare.causes.results import ColumnResult, Group
    from harness.model import Pattern


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


def asked_columns(group: Group, sketch: Sketch, *asks: Ask) -> Iterator[tuple[Column, ColumnResult, ColumnResult]]:
    """The columns of a result of which the assertion asks something of this kind, nearest first; the only one there is where it names none."""
    names = [name for name in sketch.about(*asks) if name in group.column_names]
    names += [group.column_names[number] for number in sketch.positions if number < len(group.column_names)]
    if not names and len(group.column_names) == 1:
        names = list(group.column_names)
    for name in dict.fromkeys(names):
        both = group.column(name)
        if both is not None:
            yield group.outline.resolved(name), *both


def is_of_computed(group: Group, sketch: Sketch) -> bool:
    """Whether the assertion may be about what the statement counts or sums up: not where it speaks of other columns of the result alone."""
    facts = group.outline
    named = [name for name in sketch.names if name in group.column_names]
    named += [group.column_names[number] for number in sketch.positions if number < len(group.column_names)]
    computed = {name.casefold() for name in facts.computed}
    return bool(facts.selected) and (not named or not computed or any(name.casefold() in computed for name in named))


def asked_functions(group: Group, sketch: Sketch) -> tuple[tuple[str, Column | None], ...]:
    """What a statement counts and sums up, with the columns of that: of several, what the assertion names, as far as it is told which is whose."""
    facts = group.outline
    named = {name.casefold() for name in sketch.names}
    named |= {group.column_names[number].casefold() for number in sketch.positions if number < len(group.column_names)}
    if len(facts.computed) != len(facts.selected):
        return facts.selected
    return tuple(one for name, one in zip(facts.computed, facts.selected, strict=True) if name.casefold() in named) or facts.selected


def compared_column(group: Group) -> Column | None:
    """The column that a value given in the source is compared with; that by which rows of something else are joined on is none."""
    chosen_by = (one.column for one in group.outline.placeholders if one.role is Role.COMPARED and one.chooses)
    return next((column for column in chosen_by if column is not None), None)


def rows_of(group: Group) -> Column:
    """The table that is read, where the finding is about its rows."""
    facts = group.outline
    return Column(facts.tables[0] if facts.tables else None, ROWS)
