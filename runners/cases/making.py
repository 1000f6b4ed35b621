"""Makes a case: the neighbourhood of what was chosen, with invented values."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from harness.errors import UnsafeError
from harness.model.case import CaseRow, HeldValue, NewKey, RowReference
from runners.cases.inventing import Inventor
from runners.cases.neighbourhood import Neighbourhood
from runners.cases.sums import Sums

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.model.case import Cell
    from runners.cases.dataset import Dataset
    from runners.cases.guard import Guard
    from runners.cases.named import Named
    from runners.cases.neighbourhood import Member
    from runners.cases.wanted import Chosen
    from runners.identity.schema import Table

_SEEDS = 4
"""How often a case is invented anew where something of it is one of legacy's after all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """The rows of a case, with what was kept, and for every root (in the order of `Chosen.roots`) the name of its row."""

    rows: tuple[CaseRow, ...]
    facts: tuple[str, ...]
    named: tuple[str, ...]
    moments: tuple[str, ...]
    roots: tuple[str, ...] = field(default=())


def make(chosen: Chosen, legacy: Dataset, shadow: Dataset, guard: Guard, named: Named, *, seed: str, fixed_moments: bool, most: int) -> Made:
    """Invent a case. The same `seed` and datasets give the same one. Raises UsageError for one that is too large, and UnsafeError where values that
    legacy does not hold cannot be invented.
    """
    around = Neighbourhood(chosen.roots, legacy, shadow, most=most)
    held: Sequence[HeldValue] = ()
    for number in range(_SEEDS):
        inventor = Inventor(legacy, shadow, guard, named, seed=f"{seed}:{number}", fixed_moments=fixed_moments)
        cells = inventor.cells(around.members)
        sums = Sums(around.members, cells, guard, named)
        sums.put_right()
        rows = tuple(CaseRow(name=one.name, table=one.table.name, cells=tuple(of.items())) for one, of in zip(around.members, cells, strict=True))
        held = held_values(rows, legacy, shadow, guard)
        if not held:
            moments = inventor.moments
            facts = (
                *chosen.shows,
                *_counts(rows),
                *_kept(around.members, rows, fixed=moments is not None and moments.is_fixed),
                *sums.facts,
                *around.notes,
            )
            roots = tuple(next(one.name for one in around.members if one.root is root) for root in chosen.roots)
            used = moments.columns if moments is not None and not moments.is_fixed else ()
            return Made(rows=rows, facts=tuple(dict.fromkeys(facts)), named=tuple(sorted(inventor.named)), moments=used, roots=roots)
    raise UnsafeError(
        f"no case can be made without a value of the production copy: {held[0].column} of {held[0].row}, {held[0].reason}",
        hint="Write this value by hand in another form.",
    )


def _counts(rows: Sequence[CaseRow]) -> list[str]:
    counts: dict[str, int] = {}
    for row in rows:
        counts[row.table] = counts.get(row.table, 0) + 1
    return [f"rows: {', '.join(f'{count} of {table}' for table, count in counts.items())}"]


def _kept(members: Sequence[Member], rows: Sequence[CaseRow], *, fixed: bool) -> list[str]:
    nulls = sorted({f"{row.table}.{name}" for row in rows for name, cell in row.cells if cell is None})
    told = [f"NULL where it is NULL in legacy: {', '.join(nulls)}"] if nulls else []
    told.append("length, letters, digits and signs of texts; sign and size of numbers; a value that stands twice stands twice")
    told.append("moments in the same period, moved by some days" if fixed else "moments as far from each other and from the latest one as in legacy")
    return [*told, *([] if len(members) > 1 else ["a row by itself"])]


def held_values(rows: Sequence[CaseRow], legacy: Dataset, shadow: Dataset, guard: Guard) -> list[HeldValue]:
    """The values of a case that the production copy holds and that may not be written."""
    found: list[HeldValue] = []
    for row in rows:
        table = shadow.table(row.table) or legacy.table(row.table)
        if table is None:
            continue
        led = {name for link in shadow.up(table.name) for name in link.columns}
        for name, cell in row.cells:
            reason = _of_key(shadow, table.name, name, cell) if name in led else _of_value(guard, table, name, cell)
            if reason is not None:
                found.append(HeldValue(row=row.name, column=f"{row.table}.{name}", reason=reason))
    return found


def _of_value(guard: Guard, table: Table, name: str, cell: Cell) -> str | None:
    return guard.held(table, name, cell) if isinstance(cell, str | int | float) else None


def _of_key(shadow: Dataset, table: str, name: str, cell: Cell) -> str | None:
    """A key that leads to a row which is not of the case leads to one of shadow."""
    if cell is None or isinstance(cell, RowReference | NewKey):
        return None
    for link in shadow.up(table):
        if name in link.columns:
            referred = link.referred[link.columns.index(name)]
            if shadow.has(shadow.tables[link.parent], referred, cell):
                return None
    return "it leads to a row that shadow does not have"
