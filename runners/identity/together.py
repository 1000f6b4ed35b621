"""Chooses rows to stand for several records at once: a different one for each, and those that belong together as their records do."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from harness.model.canonical import canonical

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from runners.identity.schema import Table

    Row = dict[str, Any]
    Find = Callable[[str, str, object], Sequence[Row]]
    """Rows of a table, by its name, that hold a value in a column."""

_MOST_STEPS = 1_000
"""Rows that are tried before no choice is held to fit: a few records of some hundred rows each take fewer."""


class Reference(Protocol):
    """A column of a table that holds keys of another."""

    @property
    def table(self) -> str:
        """The name of the table that refers."""

    @property
    def column(self) -> str:
        """Its column."""

    @property
    def referred(self) -> str:
        """The column of the other table whose values it holds."""


@dataclass(slots=True)
class Record:
    """One row of legacy with the columns of the asked values that it holds, by their number: those that name it, and `extra` ones that stand in it
    as well. `beside` are canonical spellings of what else the test reaches.
    """

    table: Table
    row: Row
    asked: dict[int, tuple[str, ...]] = field(default_factory=dict)
    extra: dict[int, tuple[str, ...]] = field(default_factory=dict)
    beside: frozenset[str] = frozenset()
    _expected: dict[str, str] | None = field(default=None, init=False)

    def _beside_it(self) -> dict[str, str]:
        """Columns whose value the test names too, and is not asked for by: with that value's spelling."""
        own = {name for columns in (*self.asked.values(), *self.extra.values()) for name in columns}
        spelled = {name: canonical(value) for name, value in self.row.items() if isinstance(value, str) and name not in own}
        return {name: spelling for name, spelling in spelled.items() if spelling is not None and spelling in self.beside}

    def agrees(self, row: Row) -> bool:
        """Whether a row holds the same in these columns: otherwise a test that fails with it says nothing. What is asked for is known by then."""
        if self._expected is None:
            self._expected = self._beside_it()
        return all(canonical(row.get(name)) == spelling for name, spelling in self._expected.items())

    def is_named_by(self, row: Row, named: frozenset[str]) -> bool:
        """Whether the test names this row as well: then it means that one, and it stands for no other."""
        return any(canonical(" ".join(str(row.get(name)) for name in columns)) in named for columns in self.asked.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What there is to choose from: `records`, rows for each by their merit, and the ways in which one's table refers to another's, by their places.

    `fits` says whether a row may stand for a record at all, and `find` gives rows beyond those that are ranked.
    """

    records: Sequence[Record]
    ranked: Sequence[Sequence[Row]]
    references: Mapping[tuple[int, int], Sequence[Reference]]
    fits: Callable[[int, Row], bool]
    find: Find

    def rows(self) -> list[Row] | None:
        """A row for each record; None where no choice was found that keeps them apart and together as they are."""
        places = range(len(self.records))
        for order in (places, reversed(places)):
            found = _Search(self).filled(tuple(order), {})
            if found is not None:
                return [found[place] for place in places]
        return None

    def candidates(self, place: int, chosen: Mapping[int, Row]) -> Iterator[Row]:
        """Rows for a record beside those that are chosen."""
        record = self.records[place]
        bound: Sequence[Row] | None = None
        for other, row in chosen.items():
            for holder, held, reference in self._between(place, other):
                if not self._is_tied(holder, held, reference):
                    continue
                name, value = (reference.column, row.get(reference.referred)) if holder == place else (reference.referred, row.get(reference.column))
                bound = self.find(record.table.name, name, value) if value is not None else ()
        for row in self.ranked[place] if bound is None else (row for row in bound if self.fits(place, row)):
            if all(self._stays(place, row, other, one) for other, one in chosen.items()):
                yield row

    def _stays(self, place: int, row: Row, other: int, one: Row) -> bool:
        """Whether two rows are to each other as their records are."""
        if self.records[place].table.name == self.records[other].table.name and row == one:
            return False
        for holder, held, reference in self._between(place, other):
            mine, theirs = (row, one) if holder == place else (one, row)
            value = mine.get(reference.column)
            tied = value is not None and value == theirs.get(reference.referred)
            if tied != self._is_tied(holder, held, reference):
                return False
        return True

    def _between(self, one: int, other: int) -> Iterator[tuple[int, int, Reference]]:
        for holder, held in ((one, other), (other, one)):
            for reference in self.references.get((holder, held), ()):
                yield holder, held, reference

    def _is_tied(self, holder: int, held: int, reference: Reference) -> bool:
        value = self.records[holder].row.get(reference.column)
        return value is not None and value == self.records[held].row.get(reference.referred)


@dataclass(slots=True)
class _Search:
    """Tries rows one after another, and goes back where the next record finds none."""

    choice: Choice
    steps: int = 0

    def filled(self, order: tuple[int, ...], chosen: dict[int, Row]) -> dict[int, Row] | None:
        if not order:
            return chosen
        place, *rest = order
        for row in self.choice.candidates(place, chosen):
            self.steps += 1
            if self.steps > _MOST_STEPS:
                return None
            found = self.filled(tuple(rest), {**chosen, place: row})
            if found is not None:
                return found
        return None
