"""A real PostgreSQL server for the tests that need one: Debian's programs, a folder of its own, a Unix socket, gone afterwards."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import create_engine
from sqlalchemy.engine import URL

_SETTINGS = ("listen_addresses=", "fsync=off", "synchronous_commit=off", "full_page_writes=off", "autovacuum=off")


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[URL]:
    """URL of the maintenance database of a server that lives as long as the session. Its texts sort by the rules of English, not by bytes."""
    programs = _programs()
    folder = Path(tempfile.mkdtemp(prefix="shadow-pg-", dir="/tmp"))
    user = _user()
    if user is not None:
        os.chown(folder, user.pw_uid, user.pw_gid)
    data = folder / "data"
    try:
        locale = ("--encoding=UTF8", "--locale=C.UTF-8", "--locale-provider=icu", "--icu-locale=en")
        _call(user, programs / "initdb", "-D", data, "-U", "shadow", "--auth=trust", "--no-sync", *locale)
        options = " ".join(f"-c {setting}" for setting in (*_SETTINGS, f"unix_socket_directories={folder}"))
        _call(user, programs / "pg_ctl", "start", "-w", "-D", data, "-l", folder / "log", "-o", options)
        try:
            yield URL.create("postgresql+psycopg", username="shadow", database="postgres", query={"host": str(folder)})
        finally:
            _call(user, programs / "pg_ctl", "stop", "-D", data, "-m", "immediate")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


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


def _programs() -> Path:
    """Where initdb and pg_ctl are: the newest version that Debian installed, or on PATH."""
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    found = str(installed[-1]) if installed else shutil.which("initdb")
    if found is None:
        reason = "PostgreSQL's server programs are missing: apt-get install postgresql"
        if "postgres" in os.environ.get("SHADOW_TEST_REQUIRE", "").split(","):
            pytest.fail(reason)
        pytest.skip(reason)
    return Path(found).parent


def _user() -> pwd.struct_passwd | None:
    """Whom the server runs as: PostgreSQL refuses root; None is oneself."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name: entry for entry in pwd.getpwall()}
    return names.get("postgres") or names["nobody"]


def _call(user: pwd.struct_passwd | None, *command: str | Path) -> None:
    ended = subprocess.run(
        command,
        cwd="/",
        check=False,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        user=None if user is None else user.pw_uid,
        group=None if user is None else user.pw_gid,
        extra_groups=None if user is None else [],
    )
    if ended.returncode:
        pytest.fail(f"{Path(command[0]).name} failed: {ended.stderr}")
