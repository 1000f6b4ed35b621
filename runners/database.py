"""Reads the schema of a dataset's database, so that a difference between the sides shows, and whether its data changed. Returns no value of it."""

from __future__ import annotations

import hashlib
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

from sqlalchemy import Column, Integer, MetaData, Numeric, Table, func, inspect, literal, select
from sqlalchemy.exc import SQLAlchemyError

from harness.errors import InfrastructureError
from harness.model import InfrastructureKind
from runners.engines import engine_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection, Engine, Inspector

_ROWS = 1_000_000
"""Rows of a table that are counted at most: it stays a matter of a second."""


def schema_facts(url: str, *, base: Path) -> dict[str, str]:
    """A fact for each table, `schema.TABLE`, that changes with its columns and keys.

    `url` is an SQLAlchemy URL; a relative SQLite path counts from `base`. Raises ConfigurationError for a URL that cannot be used and
    InfrastructureError where the database does not answer. Neither repeats the URL, which may hold a password.
    """
    engine = engine_of(url, base=base)
    with _reading(engine) as connection:
        inspector = inspect(connection)
        return {f"schema.{table}": _table_digest(inspector, table) for table in sorted(inspector.get_table_names())}


def data_state(url: str, *, base: Path) -> str:
    """64 hexadecimal digits that change with the data, as far as a short look tells. To be fingerprinted with the project key, never written.

    Of an SQLite file every byte counts, and its write-ahead log. Of other databases the number of rows of each table, up to a million, and its
    largest key where that is one number: rows changed in place are not seen. Raises as `schema_facts` does.
    """
    engine = engine_of(url, base=base)
    file = engine.url.database or ""
    if engine.url.get_backend_name() == "sqlite" and "mode" in engine.url.query:
        engine.dispose()
        return _file_state(Path(unquote(file.removeprefix("file:"))))
    with _reading(engine) as connection:
        inspector = inspect(connection)
        states = [(name, _table_state(connection, inspector, name)) for name in sorted(inspector.get_table_names())]
    return hashlib.sha256(repr(states).encode()).hexdigest()


@contextmanager
def _reading(engine: Engine) -> Iterator[Connection]:
    try:
        with engine.connect() as connection:
            yield connection
    except (SQLAlchemyError, OSError, RuntimeError) as error:  # drivers raise some of their own
        raise InfrastructureError(
            f"the {engine.dialect.name} database could not be read: {type(error).__name__}",
            hint="See that `database` of this environment points at a database that answers, or leave the key out.",
            kind=InfrastructureKind.DATABASE_UNAVAILABLE,
        ) from None
    finally:
        engine.dispose()


def _table_digest(inspector: Inspector, table: str) -> str:
    columns = [(column["name"], str(column["type"]), bool(column["nullable"])) for column in inspector.get_columns(table)]
    primary = inspector.get_pk_constraint(table).get("constrained_columns", [])
    foreign = sorted((tuple(key["constrained_columns"]), key["referred_table"]) for key in inspector.get_foreign_keys(table))
    return hashlib.sha256(repr((columns, primary, foreign)).encode()).hexdigest()[:12]


def _file_state(path: Path) -> str:
    hashed = hashlib.sha256()
    for part in (path, path.with_name(path.name + "-wal")):
        try:
            with part.open("rb") as file:
                hashed.update(hashlib.file_digest(file, "sha256").digest())
        except FileNotFoundError:
            hashed.update(b"none")
        except OSError as error:
            raise InfrastructureError(
                f"the sqlite database could not be read: {type(error).__name__}",
                hint="Give this user leave to read the file, or leave `database` out.",
                kind=InfrastructureKind.DATABASE_UNAVAILABLE,
            ) from None
    return hashed.hexdigest()


def _table_state(connection: Connection, inspector: Inspector, name: str) -> tuple[int | None, str | None]:
    """How many rows a table has, up to a million, and its largest key, where that is one number; None where it may not be read."""
    keys = set(inspector.get_pk_constraint(name).get("constrained_columns", []))
    columns = [Column(column["name"], column["type"]) for column in inspector.get_columns(name) if column["name"] in keys]
    table = Table(name, MetaData(), *columns)
    one_number = len(columns) == 1 and isinstance(columns[0].type, Integer | Numeric)
    rows = select(literal(1)).select_from(table).limit(_ROWS).subquery()
    try:
        count = connection.execute(select(func.count()).select_from(rows)).scalar_one()
        key = connection.execute(select(func.max(columns[0]))).scalar() if one_number else None
    except SQLAlchemyError:
        connection.rollback()
        return None, None
    return count, None if key is None else str(key)
