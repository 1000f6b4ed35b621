"""Connections to users' databases that can only read, give up in time, and never repeat the URL, which may hold a password."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING, Any

from sqlalchemy import event
from sqlalchemy.exc import SQLAlchemyError

from harness.errors import InfrastructureError
from harness.model import InfrastructureKind
from runners.engines import engine_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from sqlalchemy import Connection, Engine

_SQLITE_STEPS = 10_000
"""Instructions of SQLite's machine between two looks at the clock."""


@contextlib.contextmanager
def reading(url: str, *, base: Path, statement_seconds: int) -> Iterator[Connection]:
    """A connection in one transaction that cannot write, where the database knows such a thing, and whose statements end in time.

    Relative SQLite paths count from `base`. Raises ConfigurationError for a URL that cannot be used, InfrastructureError where the database does not
    answer or ends a statement.
    """
    engine = engine_of(url, base=base)
    _limit(engine, statement_seconds)
    try:
        with engine.connect() as connection:
            yield connection
    except (SQLAlchemyError, OSError, RuntimeError) as error:  # drivers raise some of their own
        raise InfrastructureError(
            f"the {engine.dialect.name} database could not be read: {_kind(error)}",
            hint="See that `database` of this environment points at a database that answers; a larger statement time-out or a slower pace may help.",
            kind=InfrastructureKind.DATABASE_UNAVAILABLE,
        ) from None
    finally:
        engine.dispose()


def _kind(error: Exception) -> str:
    original = getattr(error, "orig", None)
    return type(error).__name__ if original is None else f"{type(error).__name__} ({type(original).__name__})"


def _limit(engine: Engine, seconds: int) -> None:
    """Make every connection of the engine read only and its statements end in time. Each database says it in its own words."""

    def prepare(raw: Any, _record: object) -> None:  # noqa: ANN401  # a connection of whichever driver
        name = engine.dialect.name
        if name == "sqlite":
            _Deadline(seconds).watch(raw, engine)
            return
        cursor = raw.cursor()
        for statement in _session_statements(name, seconds, is_mariadb=bool(getattr(engine.dialect, "is_mariadb", False))):
            cursor.execute(statement)
        cursor.close()
        raw.commit()

    event.listen(engine, "connect", prepare)


def _session_statements(name: str, seconds: int, *, is_mariadb: bool) -> tuple[str, ...]:
    if name == "postgresql":
        return ("SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY", f"SET SESSION statement_timeout = {seconds * 1000}")
    if name == "mariadb" or (name == "mysql" and is_mariadb):
        return ("SET SESSION TRANSACTION READ ONLY", f"SET SESSION max_statement_time = {seconds}")
    if name == "mysql":
        return ("SET SESSION TRANSACTION READ ONLY", f"SET SESSION max_execution_time = {seconds * 1000}")
    return ()


class _Deadline:
    """Ends SQLite's statements in time: it has no setting for that, but calls back every so many instructions."""

    def __init__(self, seconds: int, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._monotonic = monotonic
        self._until = float("inf")

    def watch(self, raw: Any, engine: Engine) -> None:  # noqa: ANN401  # a connection of whichever driver
        if not self._seconds or not hasattr(raw, "set_progress_handler"):
            return
        event.listen(engine, "before_cursor_execute", self._starts)
        raw.set_progress_handler(self._is_over, _SQLITE_STEPS)

    def _starts(self, *_: object) -> None:
        self._until = self._monotonic() + self._seconds

    def _is_over(self) -> int:
        return int(self._monotonic() > self._until)
