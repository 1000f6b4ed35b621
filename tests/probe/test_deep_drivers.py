"""Drivers and clients that the deep probe sees, each once: those that are installed where these tests run."""

from __future__ import annotations

import importlib.util
import shutil
import socket
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from harness.model import HostClass
from tests.probe.test_count import counted, said, slim
from tests.probe.test_deep import mark, only_record, probed
from tests.servers import postgresql

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.probe.conftest import Suite

POSTGRES = {
    "psycopg": """
        import os, psycopg
        from psycopg.rows import dict_row
        def test_a():
            with psycopg.connect(os.environ["DSN"]) as conn:
                conn.execute("CREATE TEMP TABLE t (x int, y text)")
                with conn.cursor() as cursor:
                    cursor.executemany("INSERT INTO t VALUES (%s, %s)", [(1, "a"), (2, "b")])
                assert type(conn) is psycopg.Connection and type(conn.cursor()) is psycopg.Cursor
                assert [row for row in conn.execute("SELECT x FROM t WHERE y <> %(y)s ORDER BY x DESC", {"y": "zz"})] == [(2,), (1,)]
                assert conn.cursor(row_factory=dict_row).execute("SELECT x FROM t WHERE x = 1").fetchone() == {"x": 1}
        """,
    "psycopg-async": """
        import asyncio, os, psycopg
        async def work():
            async with await psycopg.AsyncConnection.connect(os.environ["DSN"]) as conn:
                await conn.execute("CREATE TEMP TABLE t (x int, y text)")
                await conn.cursor().executemany("INSERT INTO t VALUES (%s, %s)", [(1, "a"), (2, "b")])
                found = await conn.execute("SELECT x FROM t WHERE y <> %(y)s ORDER BY x DESC", {"y": "zz"})
                assert [row async for row in found] == [(2,), (1,)]
                assert await (await conn.execute("SELECT x FROM t WHERE x = 1")).fetchone() == (1,)
        def test_a():
            asyncio.run(work())
        """,
    "psycopg2": """
        import os, psycopg2, psycopg2.extensions, psycopg2.extras
        def test_a():
            conn = psycopg2.connect(os.environ["DSN"])
            assert type(conn) is psycopg2.extensions.connection
            with conn.cursor() as cursor:
                assert type(cursor) is psycopg2.extensions.cursor
                cursor.execute("CREATE TEMP TABLE t (x int, y text)")
                cursor.executemany("INSERT INTO t VALUES (%s, %s)", [(1, "a"), (2, "b")])
                cursor.execute("SELECT x FROM t WHERE y <> %(y)s ORDER BY x DESC", {"y": "zz"})
                assert list(cursor) == [(2,), (1,)]
            with conn.cursor(cursor_factory=psycopg2.extras.RealDictCursor) as cursor:
                cursor.execute("SELECT x FROM t WHERE x = 1")
                assert cursor.fetchone() == {"x": 1}
            conn.close()
        """,
    "sqlalchemy": """
        import os
        from sqlalchemy import create_engine, text
        def test_a():
            engine = create_engine(os.environ["DSN"].replace("postgresql:", "postgresql+psycopg:"))
            with engine.connect() as conn:
                conn.execute(text("CREATE TEMP TABLE t (x int, y text)"))
                conn.execute(text("INSERT INTO t VALUES (:x, :y)"), [{"x": 1, "y": "a"}, {"x": 2, "y": "b"}])
                assert conn.execute(text("SELECT x FROM t WHERE y <> :y ORDER BY x DESC"), {"y": "zz"}).scalars().all() == [2, 1]
                assert conn.execute(text("SELECT x FROM t WHERE x = 1")).first() == (1,)
            engine.dispose()
        """,
}
CLIENTS = {
    "flask": """
        import flask
        app = flask.Flask("shop")
        @app.post("/customers/<int:number>")
        def customers(number):
            return {}, 201
        def test_a():
            assert app.test_client().post("/customers/4711?email=a%40example.test", json={"id": 17}).status_code == 201
        """,
    "fastapi": """
        import fastapi
        from fastapi.testclient import TestClient
        app = fastapi.FastAPI()
        @app.post("/customers/{number}", status_code=201)
        def customers(number: int):
            return {}
        def test_a():
            assert TestClient(app).post("/customers/4711?email=a%40example.test", json={"id": 17}).status_code == 201
        """,
    "django": """
        import json, django
        from django.conf import settings
        from django.http import JsonResponse
        from django.urls import path
        settings.configure(ROOT_URLCONF=__name__, ALLOWED_HOSTS=["*"])
        django.setup()
        urlpatterns = [path("customers/<int:number>", lambda request, number: JsonResponse({}, status=201))]
        def test_a():
            from django.test import Client
            sent = Client().post("/customers/4711?email=a%40example.test", json.dumps({"id": 17}), content_type="application/json")
            assert sent.status_code == 201
        """,
    "httpx-async": """
        import asyncio, httpx
        async def work():
            answer = httpx.MockTransport(lambda request: httpx.Response(201))
            async with httpx.AsyncClient(transport=answer, base_url="http://shop.test") as client:
                assert (await client.post("/customers/4711?email=a%40example.test", json={"id": 17})).status_code == 201
        def test_a():
            asyncio.run(work())
        """,
}


def needed(*names: str) -> None:
    """Skip where one of these is not installed."""
    for name in names:
        if importlib.util.find_spec(name) is None:
            pytest.skip(f"{name} is not installed")


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """A server of its own; what leads to it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with postgresql(superuser="suite", port=port):
        yield f"postgresql://suite@127.0.0.1:{port}/postgres"


@pytest.mark.postgres
@pytest.mark.parametrize("driver", POSTGRES)
def test_statements_on_postgresql(suite: Suite, server: str, driver: str) -> None:
    needed(driver.partition("-")[0])
    suite.write(test_a=POSTGRES[driver])
    session = probed(suite, DSN=server)
    assert session.outcomes == {"test_a.py::test_a": "passed"}, session.output
    record = only_record(session)
    create, insert, many, one = (statement for statement in record.statements if statement.touches_data)
    assert create.sql == "CREATE TEMP TABLE t (x int, y text)"
    assert (insert.sets, insert.affected) == (2, 2)
    assert many.sql == "SELECT x FROM t WHERE y <> :y ORDER BY x DESC"
    assert [(value.name, value.fingerprints) for value in many.parameters] == [("y", (mark("zz"),))]
    assert (many.fetched, one.fetched, one.parameters[0].inline) == (2, 1, True)
    assert all(statement.at and statement.at.path == "test_a.py" for statement in record.statements)
    assert not record.cut
    counts = counted(suite, DSN=server)
    assert counts.outcomes == session.outcomes
    assert said(slim(counts)["test_a"]) == said(slim(session)["test_a"])


@pytest.mark.parametrize("client", CLIENTS)
def test_requests_to_the_application_itself(suite: Suite, client: str) -> None:
    needed(*{"fastapi": ("fastapi", "httpx")}.get(client, (client.partition("-")[0],)))
    suite.write(test_a=CLIENTS[client])
    session = probed(suite, "-W", "ignore")
    assert session.outcomes == {"test_a.py::test_a": "passed"}, session.output
    (request,) = only_record(session).requests
    assert (request.method, request.host, request.path, request.status) == ("POST", HostClass.TEST_CLIENT, "/customers/{}", 201)
    assert request.segments[0].fingerprints == (mark(4711),)
    assert [(value.name, value.fingerprints) for value in request.query] == [("email", (mark("a@example.test"),))]
    assert [(value.name, value.fingerprints) for value in request.body] == [("id", (mark(17),))]
    assert request.at is not None


def test_the_sample_and_its_outcomes_stay_the_same(suite: Suite) -> None:
    sample = Path(__file__).parents[2] / "compose" / "demo"
    shutil.copytree(sample, suite.root, dirs_exist_ok=True)
    for side in ("legacy", "shadow"):
        outcomes = []
        variables = {"DATABASE_URL": f"sqlite:///{suite.root}/{side}.sqlite", "STATEMENTS_ENABLED": "1"}
        for session in (probed(suite, deep=False, **variables), probed(suite, **variables), counted(suite, **variables)):
            changing = {"flaky", "nightly"}
            outcomes.append({test: outcome for test, outcome in session.outcomes.items() if not any(word in test for word in changing)})
        assert outcomes[0] == outcomes[1] == outcomes[2]
        assert len(outcomes[0]) > 20
