"""Reads the schema of a dataset's database, so that a difference between the sides shows. Reads no row."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from sqlalchemy import create_engine, inspect
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

from harness.errors import ConfigurationError, InfrastructureError

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import Engine, Inspector


def schema_facts(url: str, *, base: Path) -> dict[str, str]:
    """A fact for each table, `schema.TABLE`, that changes with its columns and keys.

    `url` is an SQLAlchemy URL; a relative SQLite path counts from `base`. Raises ConfigurationError for a URL that cannot be used and
    InfrastructureError where the database does not answer. Neither repeats the URL, which may hold a password.
    """
    engine = _read_only_engine(url, base)
    try:
        inspector = inspect(engine)
        return {f"schema.{table}": _table_digest(inspector, table) for table in sorted(inspector.get_table_names())}
    except SQLAlchemyError as error:
        raise InfrastructureError(
            f"the {engine.dialect.name} database could not be read: {type(error).__name__}",
            hint="See that `database` of this environment points at a database that answers, or leave the key out.",
        ) from None
    finally:
        engine.dispose()


def _read_only_engine(url: str, base: Path) -> Engine:
    try:
        engine = create_engine(url)
    except (ArgumentError, NoSuchModuleError, ImportError) as error:
        raise ConfigurationError(
            f"`database` is no URL that SQLAlchemy can use here ({type(error).__name__})",
            expected="dialect+driver://user@host/name, for example sqlite:///legacy.sqlite or postgresql+psycopg://...",
            hint="Install the driver that the URL names (for PostgreSQL: pip install 'shadow-harness[postgres]').",
        ) from None
    name = engine.url.database
    if engine.dialect.name != "sqlite" or not name or name == ":memory:" or name.startswith("file:"):
        return engine
    engine.dispose()
    path = (base / name).resolve()
    if not path.is_file():
        raise InfrastructureError(
            "the SQLite database of this environment does not exist",
            where=str(path),
            hint="Make the dataset first, or mend the path in `database`; it counts from the configuration file.",
        )
    return create_engine(f"sqlite:///file:{path}?mode=ro&uri=true")


def _table_digest(inspector: Inspector, table: str) -> str:
    columns = [(column["name"], str(column["type"]), bool(column["nullable"])) for column in inspector.get_columns(table)]
    primary = inspector.get_pk_constraint(table).get("constrained_columns", [])
    foreign = sorted((tuple(key["constrained_columns"]), key["referred_table"]) for key in inspector.get_foreign_keys(table))
    return hashlib.sha256(repr((columns, primary, foreign)).encode()).hexdigest()[:12]
