"""Puts simulated rows into a database, or into a file that PostgreSQL reads at its start."""

from __future__ import annotations

import gzip
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import func, insert, select, text
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateIndex, CreateTable

from ledger.engine import open_engine
from ledger.schema import METADATA, NUMBERED

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy import Connection, Table

    from simulation.world import Rows


def load(rows: Rows, url: str) -> None:
    """Create the tables in the empty database at `url` and fill them."""
    engine = open_engine(url)
    with engine.begin() as conn:
        METADATA.create_all(conn)
        for table in METADATA.sorted_tables:
            if rows[table.name]:
                conn.execute(insert(table), rows[table.name])
        if conn.dialect.name == "postgresql":
            _move_sequences(conn)
    if engine.dialect.name == "sqlite":
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
            conn.execute(text("VACUUM"))
    engine.dispose()


def write_sqlite(rows: Rows, path: Path) -> None:
    """Write a new SQLite file; one that is there is replaced."""
    path.unlink(missing_ok=True)
    load(rows, f"sqlite:///{path}")


def write_sql(rows: Rows, path: Path) -> None:
    """Write a compressed script for `psql`, with the same bytes for the same rows."""
    with path.open("wb") as raw, gzip.GzipFile("", "wb", 9, raw, mtime=0) as packed:
        for line in _script(rows):
            packed.write(f"{line}\n".encode())


def _move_sequences(conn: Connection) -> None:
    for table in NUMBERED:
        (key,) = table.primary_key.columns
        last = conn.execute(select(func.max(key))).scalar_one()
        sequence = f"{table.name}_{key.name}_seq"
        conn.execute(select(func.setval(sequence, last)))


def _script(rows: Rows) -> Iterator[str]:
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
    yield "SET client_encoding = 'UTF8';"
    yield "BEGIN;"
    for table in METADATA.sorted_tables:
        yield f"{str(CreateTable(table).compile(dialect=dialect)).strip()};"
        yield from _copy(table, rows)
        for index in sorted(table.indexes, key=lambda each: str(each.name)):
            yield f"{CreateIndex(index).compile(dialect=dialect)};"
    for table in NUMBERED:
        (key,) = table.primary_key.columns
        last = max(row[key.name] for row in rows[table.name])
        yield f"SELECT setval('{table.name}_{key.name}_seq', {last});"
    yield "COMMIT;"
    yield "ANALYZE;"


def _copy(table: Table, rows: Rows) -> Iterator[str]:
    names = [column.name for column in table.columns]
    yield f"COPY {table.name} ({', '.join(names)}) FROM stdin;"
    for row in rows[table.name]:
        yield "\t".join(_field(row[name]) for name in names)
    yield "\\."


def _field(value: object) -> str:
    if value is None:
        return "\\N"
    if isinstance(value, datetime):
        return value.isoformat(sep=" ")
    return str(value).replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n")
