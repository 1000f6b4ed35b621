"""How the values of a case stand in its file: TOML's own, and texts that begin with `$` for what is decided when it is loaded."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from harness.config.notation import value_text
from harness.model.case import FromAnchor, KeyPlace, NewKey, RowReference

if TYPE_CHECKING:
    from harness.model.case import Cell

_ANCHOR = re.compile(r"\$anchor([+-]\d+)d(.*)", re.DOTALL)
_REFERENCE = re.compile(r"\$([\w-]+)\.(.+)", re.DOTALL)
_PLACES = {"$new": KeyPlace.ANY, "$new first": KeyPlace.FIRST, "$new last": KeyPlace.LAST}
EXPECTED = '"$new", "$new first", "$new last", "$null", "$row.column", "$anchor-12d 08:30:00", "$hex:00ff", or "$$..." for a text that begins with $'


def cell_text(cell: Cell) -> str:
    """A value as the file has it."""
    if cell is None:
        return '"$null"'
    if isinstance(cell, NewKey):
        return value_text(next(text for text, place in _PLACES.items() if place is cell.place))
    if isinstance(cell, RowReference):
        return value_text(reference_text(cell))
    if isinstance(cell, FromAnchor):
        return value_text(f"$anchor{cell.days:+d}d{cell.clock}")
    if isinstance(cell, bytes):
        return value_text(f"$hex:{cell.hex()}")
    return value_text(f"${cell}" if isinstance(cell, str) and cell.startswith("$") else cell)


def reference_text(reference: RowReference) -> str:
    """`$row.column`."""
    return f"${reference.row}.{reference.column}"


def cell_of(value: object) -> Cell:
    """The value that stands in a file. Raises ValueError for a text beginning with `$` that means nothing, and for values that no column has here."""
    if isinstance(value, bool | int | float):
        return value
    if not isinstance(value, str):
        raise ValueError("no value of a column")  # noqa: TRY004 - told as one kind of fault
    if not value.startswith("$") or value.startswith("$$"):
        return value.removeprefix("$")
    return _decided_later(value)


def _decided_later(value: str) -> Cell:
    if value == "$null":
        return None
    if value in _PLACES:
        return NewKey(_PLACES[value])
    if value.startswith("$hex:"):
        return bytes.fromhex(value.removeprefix("$hex:"))
    if (found := _ANCHOR.fullmatch(value)) is not None:
        return FromAnchor(int(found[1]), found[2])
    if (found := _REFERENCE.fullmatch(value)) is not None:
        return RowReference(found[1], found[2])
    raise ValueError("no known meaning")
