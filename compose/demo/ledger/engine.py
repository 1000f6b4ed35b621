"""The way to the database: one engine from `DATABASE_URL`."""

from __future__ import annotations

import os
from typing import Any

from sqlalchemy import Engine, create_engine, event


def open_engine(url: str | None = None) -> Engine:
    """Open the database at `url`, or at `DATABASE_URL` where none is given.

    SQLite keeps its journal in memory, so that a transaction which is rolled back
    leaves no file beside the database.
    """
    engine = create_engine(url or os.environ["DATABASE_URL"])
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: object) -> None:  # noqa: ANN401 - DB-API has no type
    connection.execute("PRAGMA journal_mode = MEMORY")
    connection.execute("PRAGMA foreign_keys = ON")
