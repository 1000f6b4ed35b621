"""Engines for users' databases: without a pool, patient for a while, and with errors that never repeat the URL, which may hold a password."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from sqlalchemy import NullPool, create_engine, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

from harness.errors import ConfigurationError, InfrastructureError
from harness.model import InfrastructureKind

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import URL, Engine

_PATIENCE = 15
"""Seconds that a server may take to accept a connection."""
_CONNECT_SECONDS = dict.fromkeys(("psycopg", "psycopg2", "pymysql", "mysqldb", "mariadbconnector"), "connect_timeout") | {
    "mysqlconnector": "connection_timeout"
}


def engine_of(url: str, *, base: Path, writes: bool = False) -> Engine:
    """An engine whose transactions cannot write, unless it `writes`, where the database knows such a thing. Relative SQLite paths count from `base`.

    Raises ConfigurationError for a URL that cannot be used, and InfrastructureError for an SQLite file that is not there: none is made.
    """
    try:
        parsed = make_url(url)
        if parsed.get_backend_name() == "sqlite":
            return create_engine(_of_file(parsed, base, "rw" if writes else "ro"), poolclass=NullPool, hide_parameters=True)
        options = {"postgresql_readonly": True} if parsed.get_backend_name() == "postgresql" and not writes else {}
        waiting = _CONNECT_SECONDS.get(parsed.get_driver_name())
        return create_engine(
            parsed, poolclass=NullPool, hide_parameters=True, execution_options=options, connect_args={waiting: _PATIENCE} if waiting else {}
        )
    except (ArgumentError, NoSuchModuleError, ImportError) as error:
        raise ConfigurationError(
            f"`database` is no URL that SQLAlchemy can use here ({type(error).__name__})",
            expected="dialect+driver://user@host/name, for example sqlite:///legacy.sqlite, postgresql+psycopg://... or mysql+pymysql://...",
            hint="Install the driver that the URL names (for PostgreSQL: pip install 'shadow-harness[postgres]').",
        ) from None


def _of_file(url: URL, base: Path, mode: str) -> URL:
    name = url.database
    if not name or name == ":memory:" or name.startswith("file:"):
        return url
    path = (base / name).resolve()
    if not path.is_file():
        raise InfrastructureError(
            "the SQLite database of this environment does not exist",
            hint="Make the dataset first, or mend the path in `database`; it counts from the configuration file.",
            kind=InfrastructureKind.DATABASE_UNAVAILABLE,
        )
    return url.set(database=f"file:{quote(str(path))}", query={"mode": mode, "uri": "true"})
