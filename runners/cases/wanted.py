"""What a case is to show, and the rows of the production copy that it grows from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from harness.model.case import KeyPlace

if TYPE_CHECKING:
    from harness.model.vocabulary import Pattern
    from runners.identity.schema import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A pattern of a table's rows. `columns` are those concerned (none: the rows themselves), `order` those that the query orders by."""

    pattern: Pattern
    table: Table
    columns: tuple[str, ...]
    order: tuple[str, ...] = ()
    descending: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Root:
    """A row of the production copy that shows what is wanted.

    `whole` names tables of which every row that refers to it is needed, `without` those of which none is; `place` says where its key has to stand;
    `numbers` are values that columns have to have, worked out from both datasets; `outside` names columns whose value has to lie before (-1) or
    behind (1) all that shadow holds; `new` are columns whose value shadow must not hold yet.
    """

    table: Table
    row: Mapping[str, Any] = field(repr=False)
    whole: frozenset[str] = frozenset()
    place: KeyPlace = KeyPlace.ANY
    numbers: Mapping[str, float] = field(default_factory=dict, repr=False)
    outside: Mapping[str, int] = field(default_factory=dict)
    new: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """The rows that a case grows from, and in words what they show."""

    roots: tuple[Root, ...]
    shows: tuple[str, ...]
