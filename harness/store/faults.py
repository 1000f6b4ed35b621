"""What databases raise, as StoreError: enough of the driver's words to act on, and none of the values of a statement."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sqlalchemy.exc import DBAPIError, OperationalError, SQLAlchemyError

from harness.errors import StoreError

if TYPE_CHECKING:
    from sqlalchemy.engine import URL

REBUILD = "move the database away, or name another with --store, and make it again with `shadow store rebuild`"


def place(url: URL) -> str:
    """The store's URL as messages show it: without password and options."""
    return url.set(query={}).render_as_string(hide_password=True)


@contextmanager
def translated(url: URL, doing: str) -> Iterator[None]:
    """Raise what the database says inside as a StoreError; `doing` names the step, as in "opening the store"."""
    try:
        yield
    except SQLAlchemyError as error:
        raise StoreError(f"{doing} failed: {_said(error)}", where=place(url), hint=_hint(error)) from error


def _said(error: SQLAlchemyError) -> str:
    """The driver's own words where they name a place or a state; the code alone where they may quote a value."""
    if not isinstance(error, DBAPIError) or error.orig is None:
        return type(error).__name__
    fault = error.orig
    state = getattr(fault, "sqlstate", None)
    if isinstance(fault, sqlite3.Error) or state is None:
        lines = str(fault).splitlines()
        return f"{type(fault).__name__}: {lines[0]}" if lines else type(fault).__name__
    return f"{type(fault).__name__} ({state})"


def _hint(error: SQLAlchemyError) -> str | None:
    said = str(error.orig) if isinstance(error, DBAPIError) else ""
    if "not a database" in said or "malformed" in said:
        return REBUILD
    if "locked" in said:
        return "another program holds the database; end it or try again"
    if "unable to open" in said or "readonly" in said or "is full" in said:
        return "check that the folder exists, may be written to, and has room"
    return "check that the server runs and takes these credentials" if isinstance(error, OperationalError) else None
