"""The same code reads PostgreSQL and MariaDB: schemas, keys, types as their drivers give them, read only and with a time-out."""

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
from sqlalchemy import URL, create_engine, make_url

from harness.errors import InfrastructureError
from harness.evidence.key import ProjectKey
from harness.model.coupling import Presence
from runners.identity.building import build_index
from runners.identity.connection import reading
from runners.identity.index import open_index
from runners.identity.limits import ReadLimits
from tests.servers import postgresql

KEY = ProjectKey(b"k" * 32)


def _as(name: str, *command: object, scratch: Path | None = None) -> None:
    """Run a command as somebody; `scratch` is where it may put files of its own, since not everybody may write to /tmp everywhere."""
    user = pwd.getpwnam(name) if os.geteuid() == 0 else None
    identity = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []} if user else {}
    subprocess.run(
        [str(part) for part in command],
        check=True,
        capture_output=True,
        cwd="/tmp",
        env={**os.environ, **({"TMPDIR": str(scratch)} if scratch else {})},
        **identity,
    )  # type: ignore[call-overload]  # absent for oneself


@pytest.fixture(scope="module")
def postgres() -> Iterator[URL]:
    with postgresql() as folder:
        yield URL.create("postgresql+psycopg", username="shadow", database="postgres", query={"host": str(folder)})


@pytest.fixture(scope="module")
def mariadb() -> Iterator[URL]:
    server, install = shutil.which("mariadbd", path="/usr/sbin:/usr/bin"), shutil.which("mariadb-install-db")
    pytest.importorskip("pymysql")
    if server is None or install is None:
        pytest.skip("MariaDB's server programs are not installed")
    folder = Path(tempfile.mkdtemp(prefix="shadow-maria-", dir="/tmp"))
    common = (f"--datadir={folder}/data", "--no-defaults")
    if os.geteuid() == 0:
        shutil.chown(folder, "nobody")
    _as("nobody", install, "--no-defaults", f"--datadir={folder}/data", "--auth-root-authentication-method=normal", "--skip-test-db", scratch=folder)
    user = pwd.getpwnam("nobody") if os.geteuid() == 0 else None
    identity = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []} if user else {}
    process = subprocess.Popen(  # type: ignore[call-overload]  # absent for oneself
        [server, common[1], common[0], "--skip-networking", f"--socket={folder}/socket", f"--pid-file={folder}/pid", "--innodb-buffer-pool-size=16M"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "TMPDIR": str(folder)},
        **identity,
    )
    try:
        _wait_for(f"{folder}/socket", process)
        yield URL.create("mysql+pymysql", username="root", database="mysql", query={"unix_socket": f"{folder}/socket"})
    finally:
        process.terminate()
        process.wait()
        shutil.rmtree(folder, ignore_errors=True)


def _wait_for(socket: str, process: subprocess.Popen[bytes]) -> None:
    """Until the server answers; its own tool waits between tries."""
    command = ["mariadb-admin", "--no-defaults", f"--socket={socket}", "--user=root", "--wait=30", "--connect-timeout=5", "ping"]
    assert subprocess.run(command, check=False, capture_output=True).returncode == 0, "MariaDB does not answer"
    assert process.poll() is None


@pytest.fixture(params=[pytest.param("postgres", marks=pytest.mark.postgres), "mariadb"])
def sides(request: pytest.FixtureRequest) -> tuple[str, str]:
    """URLs of two databases with a few customers each."""
    server: URL = request.getfixturevalue(request.param)
    return _filled(server, first=11, host="real.test"), _filled(server, first=9011, host="corpus.test")


def _filled(server: URL, *, first: int, host: str) -> str:
    name = f"shadow_{uuid4().hex}"
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    engine.dispose()
    url = server.set(database=name)
    is_postgres = url.get_backend_name() == "postgresql"
    engine = create_engine(url)
    with engine.begin() as connection:
        uuid_type, big = ("uuid", "numeric(12,0)") if is_postgres else ("binary(16)", "decimal(12,0)")
        connection.exec_driver_sql(
            f"CREATE TABLE customer (id bigint PRIMARY KEY, token {uuid_type} UNIQUE, email varchar(80) UNIQUE, tax {big}, born date, vip boolean)",
        )
        connection.exec_driver_sql(
            "CREATE TABLE invoice (no varchar(20) PRIMARY KEY, customer_id bigint REFERENCES customer (id), total decimal(9,2))"
        )
        if is_postgres:
            connection.exec_driver_sql("CREATE SCHEMA sales")
            connection.exec_driver_sql("CREATE TABLE sales.deal (deal_no integer PRIMARY KEY)")
            connection.exec_driver_sql(f"INSERT INTO sales.deal VALUES ({first + 500})")
        for number in range(first, first + 5):
            token = f"'{number:032x}'" if is_postgres else f"X'{number:032x}'"
            connection.exec_driver_sql(f"INSERT INTO customer VALUES ({number}, {token}, 'c{number}@{host}', {number}000, '2000-01-01', true)")
            connection.exec_driver_sql(f"INSERT INTO invoice VALUES ('R-{number}-A', {number}, 9.99)")
    engine.dispose()
    return url.render_as_string(hide_password=False)


def test_a_server_is_indexed_like_a_file(sides: tuple[str, str], tmp_path: Path) -> None:
    summary = build_index(*sides, key=KEY, into=tmp_path / "index", limits=ReadLimits(batch_rows=2, statement_seconds=30))
    columns = {column.entity: column for column in summary.columns}
    assert {"customer.id", "customer.token", "customer.email", "invoice.no", "invoice.customer_id"} <= columns.keys()
    assert not {"customer.born", "customer.vip", "invoice.total"} & columns.keys()
    assert columns["invoice.customer_id"].covered_by == "customer.id"
    with open_index(tmp_path / "index", KEY) as index:
        values = [11, "C12@REAL.TEST", f"{13:032x}", "r-14-a", 9011, 10]
        found = [{match.entity: match.presence for match in matches} for matches in index.lookup(values)]
    assert found == [
        {"customer.id": Presence.LEGACY},
        {"customer.email": Presence.LEGACY},
        {"customer.token": Presence.LEGACY},
        {"invoice.no": Presence.LEGACY},
        {"customer.id": Presence.SHADOW},
        {},
    ]
    if make_url(sides[0]).get_backend_name() == "postgresql":
        assert columns["sales.deal.deal_no"].legacy_only == 1


def test_a_server_cannot_be_written_to(sides: tuple[str, str], tmp_path: Path) -> None:
    with pytest.raises(InfrastructureError), reading(sides[0], base=tmp_path, statement_seconds=5) as connection:
        connection.exec_driver_sql("DELETE FROM invoice")


def test_a_server_ends_a_statement_that_takes_too_long(sides: tuple[str, str], tmp_path: Path) -> None:
    asleep = "SELECT pg_sleep(60)" if make_url(sides[0]).get_backend_name() == "postgresql" else "SELECT sleep(60)"
    with pytest.raises(InfrastructureError), reading(sides[0], base=tmp_path, statement_seconds=1) as connection:
        connection.exec_driver_sql(asleep).all()
