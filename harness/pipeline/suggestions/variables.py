"""Which variables of the test process point at the dataset, and what they hold."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from harness.model import Side
from runners.patching.asked import DataVariable

if TYPE_CHECKING:
    from harness.model import Plan

_URL = re.compile(r"(?P<backend>[a-z0-9]+)(?:\+(?P<driver>\w+))?://")
_ASYNCHRONOUS = {"asyncpg", "aiosqlite", "aiomysql", "asyncmy", "psycopg_async", "aioodbc", "oracledb_async"}
"""Drivers that a synchronous engine cannot be made of."""
_FILE = re.compile(r"[^\s]+\.(?:sqlite3?|db3?)")


def data_variables(plan: Plan) -> tuple[DataVariable, ...]:
    """The variables of `data` that both sides have and that lead to a database, what looks most like a URL first."""
    sides = [plan.of(side).data for side in Side]
    found = [_variable(name, sides[0][name]) for name in sides[0] if name in sides[1]]
    order = {"url": 0, "dsn": 1, "path": 2}
    return tuple(sorted((one for one in found if one.shape in order), key=lambda one: order[one.shape]))


def _variable(name: str, value: str) -> DataVariable:
    url = _URL.match(value)
    if url is not None and url["driver"] in _ASYNCHRONOUS:
        return DataVariable(name=name, shape="other", backend="")
    if url is not None and url["backend"] in {"postgresql", "postgres"}:
        return DataVariable(name=name, shape="url", backend="postgresql")
    if url is not None:
        known = url["backend"] in {"sqlite", "mysql", "mariadb", "oracle", "mssql"}
        return DataVariable(name=name, shape="url" if known else "other", backend=url["backend"])
    if _FILE.fullmatch(value):
        return DataVariable(name=name, shape="path", backend="sqlite")
    if re.search(r"\b(?:dbname|host)\s*=", value):
        return DataVariable(name=name, shape="dsn", backend="postgresql")
    return DataVariable(name=name, shape="other", backend="")
