"""The same code makes and loads cases on PostgreSQL and MariaDB: sequences, identities, moments, UUIDs and documents as their drivers give them."""

from __future__ import annotations

from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import URL, create_engine

from harness.evidence.key import ProjectKey
from harness.model import CouplingKind, Pattern
from harness.model.case import Case
from harness.pipeline.cases.document import read_case, write_case
from runners.cases.choosing import choose
from runners.cases.dataset import Dataset
from runners.cases.guard import Guard
from runners.cases.keys import FreeKeys
from runners.cases.loading import delete, insert, statements, there
from runners.cases.making import make
from runners.cases.named import Named
from runners.cases.target import writing
from runners.cases.wanted import Wanted
from runners.identity.building import build_index
from runners.identity.connection import reading
from runners.identity.index import open_index
from tests.integration.test_identity_servers import mariadb, postgres

__all__ = ["mariadb", "postgres"]

KEY = ProjectKey(b"k" * 32)
TABLES = {
    "postgresql": """
        CREATE SCHEMA sales;
        CREATE TABLE customers (id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, token uuid NOT NULL UNIQUE, full_name varchar(60) NOT NULL,
            email text NOT NULL UNIQUE, profile jsonb, active boolean NOT NULL, boss integer REFERENCES customers (id));
        CREATE TABLE sales.orders (order_id serial PRIMARY KEY, customer_id integer NOT NULL REFERENCES customers (id),
            placed_at timestamptz NOT NULL, due date NOT NULL, total numeric(10, 2) NOT NULL)
    """,
    "mysql": """
        CREATE TABLE customers (id integer AUTO_INCREMENT PRIMARY KEY, token char(36) NOT NULL UNIQUE, full_name varchar(60) NOT NULL,
            email varchar(80) NOT NULL UNIQUE, profile json, active boolean NOT NULL, boss integer, FOREIGN KEY (boss) REFERENCES customers (id));
        CREATE TABLE orders (order_id integer AUTO_INCREMENT PRIMARY KEY, customer_id integer NOT NULL, placed_at datetime NOT NULL,
            due date NOT NULL, total numeric(10, 2) NOT NULL, FOREIGN KEY (customer_id) REFERENCES customers (id))
    """,
}


@pytest.fixture(params=[pytest.param("postgres", marks=pytest.mark.postgres), "mariadb"])
def sides(request: pytest.FixtureRequest) -> tuple[str, str]:
    """URLs of two databases; in legacy one customer has many orders."""
    server: URL = request.getfixturevalue(request.param)
    return _filled(server, "Adelheid Ümlauf", 2020, busy=12), _filled(server, "Sam Sample", 2025, busy=2)


def _filled(server: URL, person: str, year: int, *, busy: int) -> str:
    name, kind = f"shadow_{uuid4().hex}", server.get_backend_name()
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    engine.dispose()
    url = server.set(database=name)
    engine = create_engine(url)
    orders = "sales.orders" if kind == "postgresql" else "orders"
    with engine.begin() as connection:
        for statement in TABLES[kind].split(";"):
            connection.exec_driver_sql(statement)
        for number in range(1, 9):
            values = (
                str(uuid4()),
                f"{person} {number}",
                f"{person[:3]}.{year}.{number}@corpus.test",
                f'{{"note": "met {person} in Ulm", "n": {year}}}',
                None if number == 1 else 1,
            )
            connection.exec_driver_sql(
                "INSERT INTO customers (token, full_name, email, profile, active, boss) VALUES (%s, %s, %s, %s, true, %s)", values
            )
            for order in range(busy if number == 3 else 2):
                moment = f"{year}-0{number}-1{order % 10} 08:3{number}:0{order % 10}"
                row = (number, moment, f"{year}-09-0{number}", f"{order + number}.5{number}")
                connection.exec_driver_sql(f"INSERT INTO {orders} (customer_id, placed_at, due, total) VALUES (%s, %s, %s, %s)", row)
    engine.dispose()
    return url.render_as_string(hide_password=False)


def test_a_case_is_made_loaded_and_removed(sides: tuple[str, str], tmp_path: Path) -> None:
    legacy_url, shadow_url = sides
    build_index(legacy_url, shadow_url, key=KEY, into=tmp_path / "index")
    with (
        open_index(tmp_path / "index", KEY) as index,
        reading(legacy_url, base=tmp_path, statement_seconds=60) as one,
        reading(shadow_url, base=tmp_path, statement_seconds=60) as other,
    ):
        legacy, shadow = Dataset(one), Dataset(other)
        named = Named(numbers=(10,))
        table = legacy.table("sales.orders") or legacy.table("orders")
        assert table is not None
        wanted = Wanted(pattern=Pattern.FAN_OUT, table=table, columns=("customer_id",))
        chosen = choose(wanted, legacy, shadow, named)
        made = make(chosen, legacy, shadow, Guard(legacy, shadow, index, named), named, seed="a", fixed_moments=False, most=100)
    case = Case(test_id="t", suite="s", run="r", kind=CouplingKind.PATTERN, entity="orders", rows=made.rows, moments=made.moments)
    write_case(case, tmp_path / "case.toml")
    text = (tmp_path / "case.toml").read_text(encoding="utf-8")
    assert read_case(tmp_path / "case.toml") == case
    assert not [word for word in ("Adelheid", "Ümlauf", "2020") if word in text]
    assert case.counts()[table.name] == 12

    with reading(legacy_url, base=tmp_path, statement_seconds=60) as one, writing(shadow_url, base=tmp_path) as connection:
        target = Dataset(connection)
        before = {name: target.count(found) for name, found in target.tables.items()}
        inserted = insert(case, target, FreeKeys(target, Dataset(one)))
        assert {name: target.count(found) - before[name] for name, found in target.tables.items()} == case.counts()
    with writing(shadow_url, base=tmp_path) as connection:  # what the application adds next does not meet the case's keys
        connection.exec_driver_sql("INSERT INTO customers (token, full_name, email, active) VALUES (%s, 'x', 'x@x.test', true)", (str(uuid4()),))
        target = Dataset(connection)
        assert there(inserted, target) == len(inserted)
        assert len(list(statements([(row, {"a": "it's", "b": None, "c": b"\x01"}) for row in case.rows], connection.dialect))) == len(case.rows)
        assert delete(inserted, target) == len(inserted)
        assert there(inserted, target) == 0
