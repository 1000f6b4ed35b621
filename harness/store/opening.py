"""Opening a store: the URL as a person writes it, the database it names, its schema brought up to date."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from harness.errors import StoreError
from harness.store.database import Database
from harness.store.faults import place, translated
from harness.store.migration import migrate
from harness.store.sql import SqlStore

if TYPE_CHECKING:
    from harness.ports import Store

_EXPECTED = "a path, sqlite:///PATH or postgresql+psycopg://USER@HOST/DATABASE"


def open_store(url: str) -> Store:
    """Open the store at a URL or a bare path (an SQLite file), making or upgrading its schema.

    Folders above an SQLite file are made. Safe to call from several processes at once. Raises StoreError where the database cannot be reached,
    belongs to something else, or is of a newer schema than this program knows.
    """
    parsed = _parsed(url)
    if parsed.get_backend_name() == "sqlite":
        _make_folder(parsed)
    try:
        database = Database(parsed)
    except ImportError as error:
        raise StoreError(
            "the driver of PostgreSQL is not installed",
            where=place(parsed),
            hint="pip install 'shadow-harness[postgres]'",
        ) from error
    try:
        with translated(parsed, "opening the store"):
            migrate(database)
    except BaseException:
        database.close()
        raise
    return SqlStore(database)


def _parsed(url: str) -> URL:
    if "://" not in url:
        return URL.create("sqlite", database=url)
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise StoreError("the store's URL cannot be read", expected=_EXPECTED) from error
    if parsed.drivername in {"postgresql", "postgres"}:
        parsed = parsed.set(drivername="postgresql+psycopg")
    if parsed.drivername not in {"sqlite", "postgresql+psycopg"}:
        raise StoreError(f"{parsed.drivername} is no database the store can live in", expected=_EXPECTED)
    return parsed


def _make_folder(url: URL) -> None:
    if url.database in {None, "", ":memory:"}:
        raise StoreError("a store in memory would be forgotten", expected=_EXPECTED)
    folder = Path(str(url.database)).parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(
            f"the store's folder cannot be made: {error.strerror}",
            where=place(url),
            hint="name another place with --store",
        ) from error
