"""The schema of a database found: made, upgraded or refused."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect
from sqlalchemy.exc import OperationalError

from harness.errors import StoreError
from harness.store.faults import REBUILD, place
from harness.store.following import follow_everything
from harness.store.schema import VERSION, VERSION_TABLE, metadata

if TYPE_CHECKING:
    from harness.store.database import Database

_MIGRATIONS = Path(__file__).parent / "migrations"
_ONE_AT_A_TIME = threading.Lock()  # Alembic keeps the migration under way in a global
_PATIENCE = 60.0  # seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """What stands in a database: the schema version, None where there is none, and the names of its tables."""

    version: str | None
    tables: frozenset[str]


def migrate(database: Database) -> None:
    """Bring the schema to `VERSION`, in one transaction and behind a lock. Raises StoreError for a database that is newer, foreign or damaged."""
    with database.reading("looking at the store's schema") as connection:
        _refuse_other_encodings(database, connection)
        if _is_current(database, connection):
            return
    _keep_log_apart(database)
    with _ONE_AT_A_TIME, database.writing("bringing the store's schema up to date") as connection:
        if not _is_current(database, connection):
            upgrade(connection, "head")
            follow_everything(connection)


def upgrade(connection: Connection, version: str) -> None:
    """Run the migrations up to a version inside the connection's transaction."""
    from alembic.command import upgrade as run_migrations  # noqa: PLC0415 - a quarter of a second that an up-to-date store need not wait
    from alembic.config import Config  # noqa: PLC0415 - the same

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    run_migrations(config, version)


def _is_current(database: Database, connection: Connection) -> bool:
    """Whether nothing is to be done; False where a migration can do it; raises StoreError where none can."""
    found = _look(connection)
    if found.version == VERSION:
        missing = sorted(set(metadata.tables) - found.tables)
        if missing:
            raise StoreError(f"the store has lost its tables {', '.join(missing)}", where=place(database.url), hint=REBUILD)
        return True
    if not found.tables:
        return False
    if found.version is None and VERSION_TABLE in found.tables:
        raise StoreError("the store's schema was left half-made: it says no version", where=place(database.url), hint=REBUILD)
    if found.version is None:
        raise StoreError(
            f"this database is not a store: it has tables, but none that says its schema version (this program's is {VERSION})",
            where=place(database.url),
            expected="an empty database, or one that shadow made",
            hint=REBUILD,
        )
    if found.version > VERSION:
        raise StoreError(
            f"the store's schema is version {found.version}; this program knows versions up to {VERSION}",
            where=place(database.url),
            hint=f"upgrade shadow-harness, or {REBUILD}",
        )
    return False


def _refuse_other_encodings(database: Database, connection: Connection) -> None:
    if database.is_sqlite:
        return
    encoding = connection.exec_driver_sql("SHOW server_encoding").scalar()
    if encoding != "UTF8":
        raise StoreError(
            f"the database holds text as {encoding}",
            where=place(database.url),
            expected="a database that can hold any test id: UTF8",
            hint="make it with CREATE DATABASE ... ENCODING 'UTF8' TEMPLATE template0",
        )


def _look(connection: Connection) -> _Found:
    inspector = inspect(connection)
    tables = frozenset(inspector.get_table_names())
    version = None
    if VERSION_TABLE in tables:
        version = connection.exec_driver_sql(f"SELECT version_num FROM {VERSION_TABLE}").scalar()  # noqa: S608 - a constant
    return _Found(version=version, tables=tables)


def _keep_log_apart(database: Database) -> None:
    """SQLite does not wait for a lock while it changes to its write-ahead log, so two that open a new store at once have to ask again."""
    end = time.monotonic() + _PATIENCE
    while True:
        try:
            database.keep_log_apart()
        except OperationalError as error:
            if "locked" not in str(error.orig) or time.monotonic() > end:
                raise
            time.sleep(0.01)
        else:
            return
