"""One database behind the store: how it is connected to, and the three kinds of transaction the store needs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Engine, create_engine, event

from harness.store.faults import translated

if TYPE_CHECKING:
    from sqlalchemy.engine import URL

_WAIT = 60  # seconds that one SQLite writer waits for another; a night of a million pairs is stored in a few
_CACHE = 64 * 1024  # kibibytes of SQLite's page cache: the indexes of digests are filled in random order
_LOG_LIMIT = 64 * 1024 * 1024  # bytes that SQLite's log is cut to after a large transaction
_ADVISORY_LOCK = 0x736861646F77  # "shadow": the same for migrations and writers, so that neither meets the other half-way


class Database:
    """An engine and its transactions. Writers that hand out ids are one at a time; readers see one state, whole, and never wait for a writer."""

    def __init__(self, url: URL) -> None:
        self.url = url
        self.is_sqlite = url.get_backend_name() == "sqlite"
        self._engine = _sqlite(url) if self.is_sqlite else _postgres(url)

    @contextmanager
    def reading(self, doing: str) -> Iterator[Connection]:
        """A read-only transaction over one snapshot. `doing` names the step for errors; raises StoreError, as all three do."""
        with translated(self.url, doing), self._engine.connect() as connection:
            if not self.is_sqlite:
                connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            with connection.begin():
                yield connection

    @contextmanager
    def writing(self, doing: str) -> Iterator[Connection]:
        """A transaction of the only writer: what it reads stays true until it commits."""
        with self.updating(doing) as connection:
            if not self.is_sqlite:
                connection.exec_driver_sql("SELECT pg_advisory_xact_lock(%s)", (_ADVISORY_LOCK,))
            yield connection

    @contextmanager
    def updating(self, doing: str) -> Iterator[Connection]:
        """A short transaction that changes rows already there."""
        with translated(self.url, doing), self._engine.connect() as connection:
            connection = connection.execution_options(shadow_begin="BEGIN IMMEDIATE")  # noqa: PLW2901 - the same connection, marked
            with connection.begin():
                yield connection

    def keep_log_apart(self) -> None:
        """Turn on SQLite's write-ahead log, so that readers and a writer do not wait for each other. The file remembers it."""
        if self.is_sqlite:
            with self._engine.connect().execution_options(shadow_begin=None) as connection:  # it cannot be changed inside a transaction
                connection.exec_driver_sql("PRAGMA journal_mode = WAL")

    def close(self) -> None:
        """Release connections."""
        self._engine.dispose()


def _sqlite(url: URL) -> Engine:
    engine = create_engine(url, hide_parameters=True, connect_args={"timeout": _WAIT})
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    return engine


def _postgres(url: URL) -> Engine:
    """Read committed, whatever the server's default: a writer must see what was committed while it waited for its lock."""
    return create_engine(url, hide_parameters=True, pool_pre_ping=True, isolation_level="READ COMMITTED")


def _prepare(connection: Any, _record: object) -> None:  # noqa: ANN401 - a connection of the driver, which SQLAlchemy leaves untyped
    connection.isolation_level = None  # transactions begin where `_begin` says, schema changes included
    for pragma in ("foreign_keys = ON", "synchronous = NORMAL", f"cache_size = -{_CACHE}", f"journal_size_limit = {_LOG_LIMIT}"):
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: Connection) -> None:
    statement = connection.get_execution_options().get("shadow_begin", "BEGIN")
    if statement is not None:
        connection.exec_driver_sql(statement)
