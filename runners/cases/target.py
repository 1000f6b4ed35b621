"""A connection that may write: to shadow's database, and to no other."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from sqlalchemy import event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError

from harness.errors import InfrastructureError, UnsafeError
from harness.model import InfrastructureKind
from runners.database import data_state
from runners.engines import engine_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import Any

    from sqlalchemy import Connection

_PORTS = {"postgresql": 5432, "mysql": 3306, "mariadb": 3306}
_HERE = {None, "", "localhost", "127.0.0.1", "::1"}


@contextlib.contextmanager
def writing(url: str, *, base: Path) -> Iterator[Connection]:
    """A connection in one transaction, which is committed where nothing is raised. Relative SQLite paths count from `base`.

    Raises ConfigurationError for a URL that cannot be used, InfrastructureError where the database does not answer or refuses what is written; never
    with a value.
    """
    engine = engine_of(url, base=base, writes=True)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _with_keys)
    try:
        with engine.begin() as connection:
            yield connection
    except (SQLAlchemyError, OSError, RuntimeError) as error:
        raise InfrastructureError(
            f"the {engine.dialect.name} database could not be written: {_kind(error)}",
            hint="Nothing was changed. See that its user may write, that its rows are those that the case was made for, and that its schema is.",
            kind=InfrastructureKind.DATABASE_UNAVAILABLE,
        ) from None
    finally:
        engine.dispose()


def _kind(error: Exception) -> str:
    return f"{type(error).__name__} ({type(error.orig).__name__})" if isinstance(error, DBAPIError) and error.orig else type(error).__name__


def _with_keys(raw: Any, _record: object) -> None:  # noqa: ANN401  # a connection of whichever driver
    """SQLite looks at foreign keys only where it is told to."""
    raw.execute("PRAGMA foreign_keys = ON")


def place_of(url: str, base: Path) -> str:
    """What two URLs of one database have in common: its kind, host, port and name, without user and password."""
    try:
        parsed = make_url(url)
    except ArgumentError:
        return url
    kind = parsed.get_backend_name()
    if kind == "sqlite":
        return f"sqlite:{(base / (parsed.database or '')).resolve()}"
    host = "" if parsed.host in _HERE else str(parsed.host).casefold()
    return f"{kind}://{host}:{parsed.port or _PORTS.get(kind, '')}/{parsed.database or ''}"


def refuse_legacy(target: str, legacy: str, *, base: Path) -> None:
    """Raise UnsafeError where a database that would be written is legacy's: at the same place, or with the same data."""
    if place_of(target, base) == place_of(legacy, base):
        raise UnsafeError(
            "the database that would be written is legacy's", hint="Cases are loaded into shadow's database alone: see `database` of shadow."
        )
    if data_state(target, base=base) == data_state(legacy, base=base):
        raise UnsafeError(
            "the database that would be written holds the same data as legacy's",
            hint="It is the production copy under another name, or a copy of it; load the case into synthetic data.",
        )
