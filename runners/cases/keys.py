"""Chooses keys for new rows: such as neither dataset has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from sqlalchemy import text

from harness.model.case import KeyPlace

if TYPE_CHECKING:
    from runners.cases.dataset import Dataset
    from runners.identity.schema import Table

_AT_ONCE = 500


class Keys(Protocol):
    """Where new keys come from."""

    def new(self, table: str, column: str, place: KeyPlace) -> int:
        """A key that is free."""
        ...


class FreeKeys:
    """Keys that are free in the database that is written and in legacy's."""

    def __init__(self, target: Dataset, legacy: Dataset) -> None:
        self._target, self._legacy = target, legacy
        self._given: dict[tuple[str, str], set[int]] = {}

    def new(self, table: str, column: str, place: KeyPlace) -> int:
        """The next free key: from the table's own sequence where it has one (PostgreSQL), else beside the keys that are there."""
        theirs = self._target.tables[table]
        given = self._given.setdefault((table, column), set())
        key = self._of_sequence(theirs, column) if place is KeyPlace.ANY else None
        if key is None:
            key = self._beside(theirs, column, place, given)
        given.add(key)
        return key

    def _of_sequence(self, table: Table, column: str) -> int | None:
        if self._target.connection.dialect.name != "postgresql":
            return None
        quote = self._target.connection.dialect.identifier_preparer.quote
        name = f"{quote(table.schema)}.{quote(table.bare)}" if table.schema else quote(table.bare)
        found = self._target.connection.execute(text("SELECT pg_get_serial_sequence(:name, :column)"), {"name": name, "column": column}).scalar()
        if found is None:
            return None
        for _ in range(_AT_ONCE * 20):
            key = int(self._target.connection.execute(text("SELECT nextval(CAST(:name AS regclass))"), {"name": found}).scalar_one())
            if not self._taken(table, column, [key]):
                return key
        return None

    def _beside(self, table: Table, column: str, place: KeyPlace, given: set[int]) -> int:
        way = -1 if place is KeyPlace.FIRST else 1
        edge = int(self._target.extreme("min" if way < 0 else "max", table, column) or 0)
        edge = min(given | {edge}) if way < 0 else max(given | {edge})
        tried = [edge + way * step for step in range(1, _AT_ONCE + 1)]
        taken = self._taken(table, column, tried)
        free = next((key for key in tried if key not in taken), None)
        if free is not None:
            return free
        mine = self._legacy.table(table.name)
        other = int((self._legacy.extreme("min" if way < 0 else "max", mine, column) if mine is not None else None) or 0)
        return (min(edge, other) if way < 0 else max(edge, other)) + way

    def _taken(self, table: Table, column: str, keys: list[int]) -> set[object]:
        mine = self._legacy.table(table.name)
        in_legacy = self._legacy.existing(mine, column, keys) if mine is not None and mine.column(column) is not None else set()
        return in_legacy | self._target.existing(table, column, keys)


class CountedKeys:
    """Keys counted up from a number, for a database that cannot be asked."""

    def __init__(self, first: int) -> None:
        self._next = first

    def new(self, table: str, column: str, place: KeyPlace) -> int:  # noqa: ARG002  # as Keys has it
        """The next number."""
        self._next += 1
        return self._next - 1
