"""A synthetic case: what a few rows of shadow's data have to look like so that a test finds what it needs. Its values are invented."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harness.model.vocabulary import CouplingKind, Outcome, Pattern


class KeyPlace(StrEnum):
    """Where a new key stands among those of shadow's data."""

    ANY = "any"
    FIRST = "first"  # before all others
    LAST = "last"  # behind all others


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key that is chosen when the case is loaded: one that neither dataset has."""

    place: KeyPlace = KeyPlace.ANY


@dataclass(frozen=True, slots=True)
class RowReference:
    """The value of a column of another row of the case."""

    row: str
    column: str


@dataclass(frozen=True, slots=True)
class FromAnchor:
    """A moment counted from the anchor, the day of the latest moment in shadow's data: `days` from there, and the time of day as text, empty for a
    date.
    """

    days: int
    clock: str = ""


Cell = NewKey | RowReference | FromAnchor | bool | int | float | str | bytes | None
"""A value of a row. None is NULL."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseRow:
    """A row to be inserted. `name` is what other rows of the case call it, `table` has the schema in front where it is not the default one."""

    name: str
    table: str
    cells: tuple[tuple[str, Cell], ...]

    def cell(self, column: str) -> Cell:
        """The value of a column; None also where the case says nothing of it."""
        return next((value for name, value in self.cells if name == column), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class NeededChange:
    """A literal of the suite that names a real record and has to name the case's: 1-based line and column, `to` is what it becomes."""

    path: str
    line: int
    column: int
    to: RowReference


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A case. `facts` say what of the real rows was kept, in words; `named` are columns (`Table.Column`) in which a value stands that the test's own
    source names. Rows stand in the order in which they can be inserted. `moments` are columns whose latest value is the anchor. `note` says why
    the rows do not suffice, where that is known.
    """

    test_id: str
    suite: str
    run: str
    kind: CouplingKind
    entity: str
    rows: tuple[CaseRow, ...]
    pattern: Pattern | None = None
    sentence: str = ""
    facts: tuple[str, ...] = ()
    named: tuple[str, ...] = ()
    changes: tuple[NeededChange, ...] = ()
    moments: tuple[str, ...] = ()
    note: str = ""

    def counts(self) -> dict[str, int]:
        """Rows of each table."""
        found: dict[str, int] = {}
        for row in self.rows:
            found[row.table] = found.get(row.table, 0) + 1
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldValue:
    """A value of a case that the production copy holds. Says where it stands in the case, and never what it is."""

    row: str
    column: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InsertedRow:
    """A row that was inserted, as it is found again: its table and the columns that tell it, with their values of shadow's data."""

    name: str
    table: str
    key: tuple[tuple[str, str | int | float | None], ...] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What a test did before and after a case was loaded; None where it did not run to an end, and then `obstacle` may say why."""

    legacy_before: Outcome | None
    shadow_before: Outcome | None
    legacy_after: Outcome | None
    shadow_after: Outcome | None
    obstacle: str = ""

    @property
    def holds(self) -> bool:
        """Whether the case makes the test pass on shadow: it does not without, it does with it, and legacy passes all the while."""
        outcomes = (self.legacy_before, self.shadow_before, self.legacy_after, self.shadow_after)
        return all(one is not None for one in outcomes) and [one is not None and one.kind.value == "passing" for one in outcomes] == [
            True,
            False,
            True,
            True,
        ]
