"""Reads the schema of a dataset's database, so that a difference between the sides shows. Reads no row."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING
from urllib.parse import quote

from sqlalchemy import NullPool, create_engine, inspect, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

from harness.errors import ConfigurationError, InfrastructureError

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import URL, Engine, Inspector

_PATIENCE = 15
"""Seconds that a server may take to accept a connection."""
_CONNECT_SECONDS = {"psycopg": "connect_timeout", "psycopg2": "connect_timeout", "pymysql": "connect_timeout", "mysqldb": "connect_timeout"}


def schema_facts(url: str, *, base: Path) -> dict[str, str]:
    """A fact for each table, `schema.TABLE`, that changes with its columns and keys.

    `url` is an SQLAlchemy URL; a relative SQLite path counts from `base`. Raises ConfigurationError for a URL that cannot be used and
    InfrastructureError where the database does not answer. Neither repeats the URL, which may hold a password.
    """
    engine = _read_only_engine(url, base)
    try:
        with engine.connect() as connection:
            inspector = inspect(connection)
            return {f"schema.{table}": _table_digest(inspector, table) for table in sorted(inspector.get_table_names())}
    except (SQLAlchemyError, OSError, RuntimeError) as error:  # drivers raise some of their own
        raise InfrastructureError(
            f"the {engine.dialect.name} database could not be read: {type(error).__name__}",
            hint="See that `database` of this environment points at a database that answers, or leave the key out.",
        ) from None
    finally:
        engine.dispose()


def _read_only_engine(url: str, base: Path) -> Engine:
    """An engine whose transactions cannot write, where the database knows such a thing."""
    try:
        parsed = make_url(url)
        if parsed.get_backend_name() == "sqlite":
            return create_engine(_read_only_file(parsed, base), poolclass=NullPool)
        options = {"postgresql_readonly": True} if parsed.get_backend_name() == "postgresql" else {}
        waiting = _CONNECT_SECONDS.get(parsed.get_driver_name())
        return create_engine(parsed, poolclass=NullPool, execution_options=options, connect_args={waiting: _PATIENCE} if waiting else {})
    except (ArgumentError, NoSuchModuleError, ImportError) as error:
        raise ConfigurationError(
            f"`database` is no URL that SQLAlchemy can use here ({type(error).__name__})",
            expected="dialect+driver://user@host/name, for example sqlite:///legacy.sqlite or postgresql+psycopg://...",
            hint="Install the driver that the URL names (for PostgreSQL: pip install 'shadow-harness[postgres]').",
        ) from None


def _read_only_file(url: URL, base: Path) -> URL:
    name = url.database
    if not name or name == ":memory:" or name.startswith("file:"):
        return url
    path = (base / name).resolve()
    if not path.is_file():
        raise InfrastructureError(
            "the SQLite database of this environment does not exist",
            hint="Make the dataset first, or mend the path in `database`; it counts from the configuration file.",
        )
    return url.set(database=f"file:{quote(str(path))}", query={"mode": "ro", "uri": "true"})


def _table_digest(inspector: Inspector, table: str) -> str:
    columns = [(column["name"], str(column["type"]), bool(column["nullable"])) for column in inspector.get_columns(table)]
    primary = inspector.get_pk_constraint(table).get("constrained_columns", [])
    foreign = sorted((tuple(key["constrained_columns"]), key["referred_table"]) for key in inspector.get_foreign_keys(table))
    return hashlib.sha256(repr((columns, primary, foreign)).encode()).hexdigest()[:12]
