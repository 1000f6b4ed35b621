"""Inserts the rows of a case, deletes exactly these again, and writes both as SQL."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from harness.errors import InputError, UsageError
from harness.model.case import FromAnchor, InsertedRow, NewKey, RowReference
from runners.cases.moments import anchor_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sqlalchemy import Connection, Dialect

    from harness.model.case import Case, CaseRow, Cell
    from runners.cases.dataset import Dataset
    from runners.cases.keys import Keys

Values = dict[str, Any]


def resolved(case: Case, keys: Keys, anchor: date | None) -> list[tuple[CaseRow, Values]]:
    """The rows with everything decided: keys, what refers to them, moments. Raises UsageError for a moment without an anchor."""
    known: dict[tuple[str, str], Any] = {}
    rows: list[tuple[CaseRow, Values]] = []
    for row in case.rows:
        values = {name: _value(row, name, cell, known, keys, anchor) for name, cell in row.cells}
        known |= {(row.name, name): value for name, value in values.items()}
        rows.append((row, values))
    return rows


def _value(row: CaseRow, name: str, cell: Cell, known: Mapping[tuple[str, str], Any], keys: Keys, anchor: date | None) -> Any:  # noqa: ANN401
    if isinstance(cell, NewKey):
        return keys.new(row.table, name, cell.place)
    if isinstance(cell, RowReference):
        return known[cell.row, cell.column]
    if isinstance(cell, FromAnchor):
        if anchor is None:
            raise UsageError(
                "moments of this case count from the latest day in shadow's data, which cannot be read", hint="Name the day with --anchor YYYY-MM-DD."
            )
        return f"{anchor + timedelta(days=cell.days)}{cell.clock}"
    return cell


def insert(case: Case, target: Dataset, keys: Keys) -> tuple[InsertedRow, ...]:
    """Insert a case's rows and say how each is found again. Raises InputError where a table or column is not there; drivers' errors pass through."""
    _refuse_foreign(case, target)
    inserted = []
    for row, values in resolved(case, keys, anchor_of(target, case.moments)):
        _execute(target.connection, _insertion(target, row.table, list(values)), list(values.values()))
        inserted.append(_found_again(row, values, target))
    return tuple(inserted)


def delete(rows: Sequence[InsertedRow], target: Dataset) -> int:
    """Delete rows, the last first, and say how many were there. Each is deleted by its key, or by all its values where the table has none."""
    count = 0
    for row in reversed(rows):
        table = target.tables.get(row.table)
        if table is None:
            continue
        conditions = " AND ".join(
            f"{_quoted(target.connection.dialect, name)} IS NULL"
            if value is None
            else f"{_quoted(target.connection.dialect, name)} = {_mark(target.connection.dialect)}"
            for name, value in row.key
        )
        values = [value for _, value in row.key if value is not None]
        count += _execute(target.connection, f"DELETE FROM {_name(target, row.table)} WHERE {conditions}", values)  # noqa: S608  # names are quoted
    return count


def there(rows: Sequence[InsertedRow], target: Dataset) -> int:
    """How many of these rows are still in the database."""
    return sum(bool(target.rows(table, dict(row.key), most=1)) for row in rows if (table := target.tables.get(row.table)) is not None)


def statements(rows: Sequence[tuple[CaseRow, Values]], target: Dialect) -> Iterator[str]:
    """INSERT statements of a dialect."""
    for row, values in rows:
        name = ".".join(_quoted(target, part) for part in row.table.split("."))
        columns = ", ".join(_quoted(target, one) for one in values)
        told = ", ".join(_literal(value, target.name) for value in values.values())
        yield f"INSERT INTO {name} ({columns}){_overriding(target)} VALUES ({told});"  # noqa: S608  # names and values are quoted


def _refuse_foreign(case: Case, target: Dataset) -> None:
    for row in case.rows:
        table = target.tables.get(row.table)
        if table is None:
            raise InputError(f"the database has no table {row.table}", hint="Make the case again: the schema has changed.")
        missing = next((name for name, _ in row.cells if table.column(name) is None), None)
        if missing is not None:
            raise InputError(f"{row.table} has no column {missing}", hint="Make the case again: the schema has changed.")


def _found_again(row: CaseRow, values: Values, target: Dataset) -> InsertedRow:
    table = target.tables[row.table]
    by = table.primary if table.primary and all(name in values for name in table.primary) else tuple(values)
    return InsertedRow(name=row.name, table=row.table, key=tuple((name, values[name]) for name in by if not isinstance(values[name], bytes)))


def _execute(connection: Connection, statement: str, values: Sequence[Any]) -> int:
    """By the driver itself, so that the database turns text into the column's own type: moments, UUIDs, documents, enumerations."""
    return connection.exec_driver_sql(statement, tuple(values)).rowcount


def _insertion(target: Dataset, table: str, columns: Sequence[str]) -> str:
    dialect = target.connection.dialect
    names = ", ".join(_quoted(dialect, name) for name in columns)
    marks = ", ".join(_mark(dialect) for _ in columns)
    return f"INSERT INTO {_name(target, table)} ({names}){_overriding(dialect)} VALUES ({marks})"  # noqa: S608  # names are quoted


def _overriding(dialect: Dialect) -> str:
    """PostgreSQL refuses a key that it always counts itself, unless it is told so."""
    return " OVERRIDING SYSTEM VALUE" if dialect.name == "postgresql" else ""


def _name(target: Dataset, table: str) -> str:
    found = target.tables[table]
    parts = (found.schema, found.bare) if found.schema else (found.bare,)
    return ".".join(_quoted(target.connection.dialect, part) for part in parts)


def _quoted(dialect: Dialect, name: str) -> str:
    return dialect.identifier_preparer.quote_identifier(name).replace("%%", "%")


def _mark(dialect: Dialect) -> str:
    return "?" if dialect.paramstyle == "qmark" else "%s"


def _literal(value: Any, dialect: str) -> str:  # noqa: ANN401  # of any column
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return str(value).upper() if dialect != "sqlite" else str(int(value))
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, bytes):
        return f"'\\x{value.hex()}'" if dialect == "postgresql" else f"X'{value.hex()}'"
    text = str(value).replace("'", "''")
    return "'" + (text.replace("\\", "\\\\") if dialect in {"mysql", "mariadb"} else text) + "'"
