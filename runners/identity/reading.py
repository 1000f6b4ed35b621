"""Streams the chosen columns of one database, and samples of its tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import Select, column, select
from sqlalchemy import table as table_clause

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy import ColumnClause, Connection, Row

    from runners.identity.limits import Pace
    from runners.identity.schema import Table

    Sample = dict[str, list[object]]

_KEPT_CHARACTERS = 200


def sample(connection: Connection, table: Table, rows: int, pace: Pace) -> Sample:
    """Values (not None) of the columns of a table that can identify, from its first rows."""
    names = [one.name for one in table.columns if one.family != "other"]
    whole = {one.name for one in table.columns if one.family == "document"}
    if not names:
        return {}
    taken: Sample = {name: [] for name in names}
    for batch in _batches(connection, _selection(table, names).limit(rows), rows, pace):
        for row in batch:
            for name, value in zip(names, row, strict=True):
                if value is not None and value != "":
                    taken[name].append(value[:_KEPT_CHARACTERS] if isinstance(value, str) and name not in whole else value)
    return taken


def stream(connection: Connection, table: Table, names: Sequence[str], batch_rows: int, pace: Pace) -> Iterator[Sequence[Row[Any]]]:
    """The rows of a table in batches: the columns named, as the driver gives them, and perhaps the key behind them.

    Where the table has a simple key each batch is a statement of its own, so that a time-out is about the database and not about the reader, and no
    statement stays open on a production copy. A row may come twice.
    """
    key = _simple_key(table)
    if key is not None:
        selected = [*names, *({key} - set(names))]
        place, last = selected.index(key), None
        while True:
            rows = _page(connection, _selection(table, selected), key, last, pace.batch(batch_rows))
            if rows:
                yield rows
                pace.took(len(rows))
            if len(rows) < pace.batch(batch_rows):
                return
            last = rows[-1][place]
            if last is None:  # SQLite allows keys without a value: there is no way on from them
                break
    yield from _batches(connection, _selection(table, names), batch_rows, pace)


def _simple_key(table: Table) -> str | None:
    key = table.column(table.primary[0]) if len(table.primary) == 1 else None
    return key.name if key is not None and key.family in {"number", "text"} else None


def _page(connection: Connection, selection: Select[Any], key: str, last: object, rows: int) -> Sequence[Row[Any]]:
    ordered: ColumnClause[Any] = column(key)
    behind = selection if last is None else selection.where(ordered > last)
    return connection.execute(behind.order_by(ordered).limit(rows)).fetchall()


def _selection(table: Table, names: Sequence[str]) -> Select[Any]:
    columns: list[ColumnClause[Any]] = [column(name) for name in names]
    return select(*columns).select_from(table_clause(table.bare, *columns, schema=table.schema))


def _batches(connection: Connection, selection: Select[Any], rows: int, pace: Pace) -> Iterator[Sequence[Row[Any]]]:
    size = pace.batch(rows)
    with connection.execution_options(stream_results=True, max_row_buffer=size).execute(selection) as result:
        while batch := result.fetchmany(size):
            yield batch
            pace.took(len(batch))
