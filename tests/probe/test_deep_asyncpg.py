"""Statements on asyncpg, by a driver that keeps to its ways without a server."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from runners.probe import shadow_harness_deep_drivers as drivers
from runners.probe import shadow_harness_deep_values as deep
from runners.probe.shadow_harness_deep_asyncpg import trace_asyncpg


class Record:
    """A row that has keys and values, and is no tuple."""

    def __init__(self, **values: object) -> None:
        self._values = values

    def keys(self) -> Any:
        return self._values.keys()

    def values(self) -> Any:
        return self._values.values()


@pytest.fixture
def connection(monkeypatch: pytest.MonkeyPatch) -> tuple[Any, list[Any]]:
    """A traced connection, and the statements that were recorded."""

    class Connection:
        async def _execute(self, query: str, _args: Any, limit: int, *, return_status: bool = False) -> Any:
            if "missing" in query:
                raise LookupError(query)
            rows = [Record(x=1, y="a"), Record(x=2, y=None)][: limit or None] if query.startswith("SELECT") else []
            return (rows, b"INSERT 0 1", True) if return_status else rows

        async def _executemany(self, _query: str, _args: Any) -> None: ...

        async def execute(self, query: str, *args: object) -> str:
            if args:
                return str((await self._execute(query, args, 0, return_status=True))[1])
            return "UPDATE 3"

        async def fetch(self, query: str, *args: object) -> Any:
            return await self._execute(query, args, 0)

        async def executemany(self, query: str, args: Any) -> None:
            await self._executemany(query, args)

    statements: list[Any] = []
    recording = SimpleNamespace(
        phase="call", values=deep.Values(bytes(32)), frames=lambda: (None, None), cut=lambda *_: None, count_rows=lambda _: None, knows=lambda _: True
    )

    def begun(kind: Any, *told: object) -> Any:
        statements.append(kind(recording, *told))
        return statements[-1]

    recording.statement = begun
    recording.fault = lambda what, error: pytest.fail(f"{what}: {error!r}")
    monkeypatch.setattr(drivers, "_current", lambda: recording)
    trace_asyncpg(SimpleNamespace(Connection=Connection))
    return Connection(), statements


def test_what_is_asked_and_answered_is_recorded(connection: tuple[Any, list[Any]]) -> None:
    conn, statements = connection

    async def work() -> None:
        await conn.execute("BEGIN;")
        await conn.fetch("SELECT x, y FROM t WHERE x < $1", 3)
        await conn.execute("INSERT INTO t VALUES ($1)", 3)
        await conn.execute("UPDATE t SET x = 0")
        await conn.executemany("INSERT INTO t VALUES ($1)", [(1,), (2,)])
        with pytest.raises(LookupError):
            await conn.fetch("SELECT x FROM missing")

    asyncio.run(work())
    select, insert, update, many, failed = (one.finish() for one in statements)
    assert (select["sql"], select["fetched"], select["exhausted"]) == ("SELECT x, y FROM t WHERE x < $1".replace("$1", "?"), 2, True)
    assert [(one["name"], one["null"]) for one in select["columns"]] == [("x", False), ("y", True)]
    assert len(select["parameters"]) == 1
    assert (insert["affected"], update["affected"], many["sets"], failed["failed"]) == (1, 3, 2, True)
