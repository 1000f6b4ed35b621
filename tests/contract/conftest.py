"""Databases of a real PostgreSQL server for the tests that need one."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import uuid4

import pytest
from sqlalchemy import create_engine
from sqlalchemy.engine import URL

from tests.servers import ENGLISH, postgresql


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[URL]:
    """URL of the maintenance database of a server that lives as long as the session. Its texts sort by the rules of English, not by bytes."""
    with postgresql(locale=ENGLISH) as folder:
        yield URL.create("postgresql+psycopg", username="shadow", database="postgres", query={"host": str(folder)})


@pytest.fixture
def postgres_url(postgres_server: URL) -> str:
    """URL of a fresh, empty database."""
    return _new_database(postgres_server)


@pytest.fixture(scope="session")
def shared_postgres_url(postgres_server: URL) -> str:
    """URL of one database for tests that empty it themselves: ten times as fast as a fresh one."""
    return _new_database(postgres_server)


def _new_database(server: URL) -> str:
    """Make a database; it goes with its server."""
    name = f"shadow_{uuid4().hex}"
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    engine.dispose()
    return server.set(database=name).render_as_string(hide_password=False)
