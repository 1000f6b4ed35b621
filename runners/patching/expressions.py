"""Expressions that stand for a value: a column of a row, in the type and the spelling of what stood there."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from runners.patching.project import dotted, parameters
from runners.patching.source import Edit, UnpatchableError
from runners.patching.syntax import argument_names, values_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from runners.patching.asked import Spot
    from runners.patching.places import Parameter
    from runners.patching.records import Ref
    from runners.patching.source import Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Expression:
    """How a row is called at a place, and the quote that may be used there."""

    row: str
    quote: str

    def column(self, name: str) -> str:
        """A column of it."""
        return f"{self.row}[{self.quote}{name}{self.quote}]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """A rewritten list of parameters: `argument` carries the position, of which there are `positions`."""

    edits: frozenset[Edit]
    argument: str
    positions: int


def as_value(row: Expression, ref: Ref, spot: Spot, quote: str) -> str:
    """The expression in place of a literal."""
    if len(ref.fields) > 1:
        other = "'" if quote == '"' else '"'
        inner = Expression(row=row.row.replace(quote, other), quote=other)
        return f"f{quote}{' '.join('{' + inner.column(name) + '}' for name in ref.fields)}{quote}"
    column, stored, old = row.column(ref.fields[0]), ref.stored[0], spot.value
    if isinstance(old, str):
        return _styled(column, stored, old, quote)
    if isinstance(old, int) and isinstance(stored, str):
        return f"int({column})"
    if isinstance(old, float) and isinstance(stored, Decimal | str):
        return f"float({column})"
    return column


def as_part(row: Expression, ref: Ref, spot: Spot, quote: str) -> str:
    """The replacement field in place of some characters of a text."""
    if len(ref.fields) > 1:
        return " ".join("{" + row.column(name) + "}" for name in ref.fields)
    column, stored, old = row.column(ref.fields[0]), ref.stored[0], str(spot.value)
    if isinstance(stored, str):
        return "{" + _styled(column, stored, old, quote) + "}"
    padded = f":0{len(old)}d" if old.isdecimal() and old.startswith("0") and len(old) > 1 else ""
    return "{" + column + padded + "}"


def in_rows(rows: str, refs: Sequence[tuple[int, Ref]], spots: Sequence[Spot], quote: str, *, count: int) -> str:
    """The list in place of a list of literals; each reference with its row, of which there are `count`."""
    if [row for row, _ in refs] == list(range(count)) and len({ref.fields for _, ref in refs}) == 1 and count > 1:
        return f"[{as_value(Expression(row='one', quote=quote), refs[0][1], spots[0], quote)} for one in {rows}]"
    called = [f"{rows}[{row}]" if count > 1 else rows for row, _ in refs]
    values = (as_value(Expression(row=row, quote=quote), ref, spot, quote) for row, (_, ref), spot in zip(called, refs, spots, strict=True))
    return f"[{', '.join(values)}]"


def _styled(column: str, stored: object, old: str, quote: str) -> str:
    """A text in the spelling of the one that stood there: padded, in another case, in groups, between wildcards."""
    bare = old.strip("%")
    if bare != old and bare:
        before, after = old[: len(old) - len(old.lstrip("%"))], old[len(old.rstrip("%")) :]
        return f"{quote}{before}{quote} + {_styled(column, stored, bare, quote)} + {quote}{after}{quote}"
    if not isinstance(stored, str):
        padded = f".zfill({len(old)})" if old.isdecimal() and old.startswith("0") and len(old) > 1 else ""
        return f"str({column}){padded}"
    methods = ("upper", "lower", "title", "swapcase") if old != stored else ()
    method = next((one for one in methods if getattr(stored, one)() == old), "swapcase" if methods and old.lower() == stored.lower() else "")
    groups = old.split(" ")
    if not method and len(groups) > 2 and "".join(groups) == stored and len({len(group) for group in groups[:-1]}) == 1:
        size = len(groups[0])
        return f"{quote} {quote}.join({column}[at : at + {size}] for at in range(0, len({column}), {size}))"
    return f"{column}.{method}()" if method else column


def rewritten_parameters(source: Source, groups: Sequence[Sequence[Parameter]], refs: Mapping[Spot, Ref], rows: Mapping[int, int]) -> Parameters:
    """`parametrize` over positions in place of records. Raises UnpatchableError where some of the values are no records."""
    first = groups[0][0]
    call, function = first.call, first.consumer.function
    names, listed, rows_source = argument_names(call.args[0]), first.rows, first.source
    gone = [group[0].name for group in groups]
    for group in groups:
        if len({refs[one.spot].fields for one in group}) > 1:
            raise UnpatchableError("the parameters name different columns of their records")
    positions = _positions(rows, len(listed.elts), alone=len(names) == 1)
    if not all({one.number for one in group} >= set(rows) for group in groups):
        raise UnpatchableError("what is expected of the records stands in some of the parameters only")
    argument = "position" if not re.search(r"\bposition\b", source.of(function)) else f"{gone[0]}_position"
    kept = [name for name in names if name not in gone]
    edits: set[Edit] = set()
    if not kept:
        edits.add(source.replaced(call.args[0], f"{source.quote}{argument}{source.quote}"))
        plain = sorted(positions.values()) == list(range(len(listed.elts))) and not any(isinstance(one, ast.Call) for one in listed.elts)
        inside = ", ".join(_position(rows_source, row, positions[number]) for number, row in enumerate(listed.elts))
        edits.add(rows_source.replaced(listed, f"range({len(listed.elts)})" if plain else f"[{inside}]"))
    else:
        order = [argument, *kept]
        quote = source.quote
        sequence = not isinstance(call.args[0], ast.Constant)
        shown = f"({', '.join(f'{quote}{one}{quote}' for one in order)})" if sequence else f"{quote}{', '.join(order)}{quote}"
        edits.add(source.replaced(call.args[0], shown))
        for number, row in enumerate(listed.elts):
            edits.add(rows_source.replaced(row, _row(rows_source, row, names, kept, positions[number])))
    for number, one in enumerate(one for one in parameters(function) if one.arg in gone):
        edits.add(source.replaced(one, argument) if number == 0 else _without_parameter(source, one))
    return Parameters(edits=frozenset(edits), argument=argument, positions=max(positions.values()) + 1)


def _positions(rows: Mapping[int, int], count: int, *, alone: bool) -> dict[int, int]:
    """The position of each set of parameters; those that name no known record get one, where nothing else stands beside them."""
    found = dict(rows)
    for number in range(count):
        if number not in found:
            if not alone:
                raise UnpatchableError("some of the parameters are no records of the production copy")
            found[number] = max(found.values()) + 1
    return found


def _row(source: Source, row: ast.expr, names: Sequence[str], kept: Sequence[str], position: int) -> str:
    """A set of parameters with a position in place of what is taken from the record."""
    left = [source.of(value) for name, value in zip(names, values_of(row, len(names)), strict=False) if name in kept]
    inside = ", ".join([str(position), *left])
    if not isinstance(row, ast.Call):
        return f"({inside})"
    return f"{dotted(row.func)}({inside}{''.join(f', {source.of(one)}' for one in row.keywords)})"


def _position(source: Source, row: ast.expr, place: int) -> str:
    if isinstance(row, ast.Call):
        extra = "".join(f", {source.of(one)}" for one in row.keywords)
        return f"{dotted(row.func)}({place}{extra})"
    return str(place)


def _without_parameter(source: Source, one: ast.arg) -> Edit:
    """A parameter taken out, with the comma before it."""
    start, end = source.start(one), source.end(one)
    comma = source.text.rfind(",", 0, start)
    return Edit(path=source.path, start=comma, end=end, new="")
