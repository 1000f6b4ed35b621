"""What a patch asks of a dataset: rows, counts, and whether any row is of a kind. Both datasets are only read."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from harness.model.canonical import canonical
from runners.identity.twins import Records

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from harness.model.coupling import Value
    from runners.identity.schema import Table

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_COLON = re.compile(r":(?=\w)")
_SEPARATORS = re.compile(r"[\s-]")
_SHARED = 2
_FOLDING = {"postgresql", "oracle", "snowflake"}
"""Databases in which a name that is not quoted loses its capital letters."""


class Dataset:
    """One side's database."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._preparer = connection.dialect.identifier_preparer
        self.records = Records(connection)
        self.backend = connection.dialect.name
        self._text_type = "char" if self.backend in {"mysql", "mariadb"} else "text"

    def name(self, name: str) -> str:
        """A name as SQL takes it: in quotes only where it has to be."""
        reserved = name.lower() in self._preparer.reserved_words
        folded = self.backend in _FOLDING and name != name.lower()
        return name if _PLAIN.fullmatch(name) and not reserved and not folded else str(self._preparer.quote_identifier(name))

    def table(self, table: Table) -> str:
        """A table's name as SQL takes it."""
        return f"{self.name(table.schema)}.{self.name(table.bare)}" if table.schema else self.name(table.bare)

    def scalar(self, sql: str) -> Any:  # noqa: ANN401  # whatever the driver gives
        """The first value of the first row; None where there is none, or where what is asked for cannot be worked out."""
        try:
            with self._connection.begin_nested():  # what fails in a transaction fails it as a whole, on some databases
                return self._connection.execute(text(as_text(sql))).scalar()
        except SQLAlchemyError:
            return None

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """All rows. Raises SQLAlchemyError, and the connection can go on afterwards."""
        with self._connection.begin_nested():
            return [tuple(row) for row in self._connection.execute(text(as_text(sql)))]

    def has(self, table: Table, condition: str, most: int = 1) -> bool:
        """Whether so many rows of a table meet a condition."""
        return len(self.rows(f"SELECT 1 FROM {self.table(table)} WHERE {condition} LIMIT {most}")) >= most  # noqa: S608  # names are quoted

    def summed(self, column: str, *, is_whole: bool) -> str:
        """The sum of a column, to the cent where it has fractions."""
        if is_whole:
            return f"sum({self.name(column)})"
        total = f"CAST(sum({self.name(column)}) AS numeric)" if self.backend == "postgresql" else f"sum({self.name(column)})"
        return f"round({total}, 2)"

    def holding(self, table: Table, columns: tuple[str, ...], value: Value) -> dict[str, Any] | None:
        """The row that holds a value, also where one of them is written in groups."""
        try:
            with self._connection.begin_nested():
                found = self.records.holding(table, columns, value)
        except SQLAlchemyError:  # a column that cannot be compared with text, such as a UUID of PostgreSQL
            found = None
        if found is not None or not isinstance(value, str) or len(columns) != 1:
            return found
        bare = _SEPARATORS.sub("", value).lower()
        names = ", ".join(self.name(one.name) for one in table.columns)
        plain = f"lower(replace(replace(CAST({self.name(columns[0])} AS {self._text_type}), ' ', ''), '-', ''))"
        rows = self.rows(f"{select(names, self.table(table), f'{plain} = {quoted(bare)}')} LIMIT 1") if bare else []
        return dict(zip((one.name for one in table.columns), rows[0], strict=True)) if rows else None

    def is_enumeration(self, table: Table, column: str) -> bool:
        """Whether rows share the values of a column: two and more have each, on average."""
        every, different = self.rows(f"SELECT count({self.name(column)}), count(DISTINCT {self.name(column)}) FROM {self.table(table)}")[0]  # noqa: S608
        return bool(different) and every / different >= _SHARED

    def holds(self, table: Table, column: str, value: object) -> bool:
        """Whether a column holds a text, however it is spelled."""
        found = self.holding(table, (column,), value) if isinstance(value, str | int) else None
        return found is not None and canonical(found[column]) == canonical(value)


def select(what: str, table: str, where: str) -> str:
    """A statement of which all parts are SQL already."""
    return f"SELECT {what} FROM {table} WHERE {where}"  # noqa: S608  # names are quoted, and values as well


def as_text(sql: str) -> str:
    """SQL as SQLAlchemy's `text` takes it, to which a colon before a word is a parameter."""
    return _COLON.sub(r"\\:", sql)


def quoted(value: object) -> str:
    """A value as it stands in SQL."""
    return str(value) if isinstance(value, int | float) else "'" + str(value).replace("'", "''") + "'"
