"""Columns that are keys: they differ on the sides by design, and show nothing."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from compare.causes.words import plain

if TYPE_CHECKING:
    from compare.causes.outlines import Column
    from compare.causes.results import Group

_KEY = re.compile(r"(?:\A|_)(?:id|uuid|guid|key|pk)\Z|[a-z](?:Id|ID|Uuid|UUID|Key)\Z|\A(?:ID|Id)\Z", re.ASCII)


_KEY_WORDS = ("id", "uuid", "guid", "key", "no", "nr", "number", "code")


def is_key(column: Column) -> bool:
    """Whether a column is called like a key: nobody adds those up, and they differ on the sides by design."""
    return _KEY.search(column.name) is not None


def is_own_key(group: Group, column: Column) -> bool:
    """Whether it is the key of the table that is read, and not one that leads to another."""
    name, table = plain(column.name), plain((group.outline.tables or ("",))[0])
    return name in {"id", "uuid", "key", f"{table}id", f"{table.rstrip('s')}id"}


def tells_partner(group: Group, column: Column) -> bool:
    """Whether it is the key of a table that is joined only where there is a partner: NULL in it says that there is none."""
    table = plain(column.table or "")
    stems = {"", table, table.rstrip("s")}
    return column.table in group.outline.outer and plain(column.name) in {stem + key for stem in stems for key in _KEY_WORDS}


def is_of_keys(group: Group) -> bool:
    """Whether a statement works out nothing but the largest or smallest key, as for the next one: `SELECT max(id) + 1`."""
    selected = group.outline.selected
    return bool(selected) and all(function in {"max", "min"} and column is not None and is_key(column) for function, column in selected)
