"""Sees modules of drivers and clients being imported, and has them traced then: a companion of shadow_harness_deep and shadow_harness_count.

It runs in the user's test process: Python 3.8 or newer and the standard library alone; it imports nothing that the suite does not import itself.
PYTEST_DONT_REWRITE
"""

# Modules are anything at all, hence Any.
# ruff: noqa: ANN401

from __future__ import annotations

import contextlib
import importlib.abc
import sys
import threading
from typing import Any, Callable, Dict

if __package__:  # within the harness
    from runners.probe import shadow_harness_deep_asyncpg as asyncpg
    from runners.probe import shadow_harness_deep_drivers as drivers
else:  # in the process of a test
    import shadow_harness_deep_asyncpg as asyncpg  # type: ignore[import-not-found,no-redef]  # they lie beside this file
    import shadow_harness_deep_drivers as drivers  # type: ignore[import-not-found,no-redef]

Watched = Dict[str, Callable[[Any], None]]
"""Name of a module -> what traces it once it is imported."""

DATABASES: Watched = {
    "sqlite3.dbapi2": drivers.trace_sqlite3,
    "psycopg2": drivers.trace_psycopg2,
    "psycopg": drivers.trace_psycopg,
    "aiosqlite": drivers.trace_aiosqlite,
    "asyncpg": asyncpg.trace_asyncpg,
    "sqlalchemy": drivers.trace_sqlalchemy,
    **dict.fromkeys(
        (
            "pymysql",
            "MySQLdb",
            "mysql.connector",
            "mariadb",
            "pg8000",
            "pg8000.dbapi",
            "oracledb",
            "cx_Oracle",
            "pymssql",
            "snowflake.connector",
            "duckdb",
            "pyodbc",
        ),
        drivers.trace_dbapi,
    ),
}


def watch(watched: Watched) -> None:
    """Trace what is imported already, and the rest as soon as it is."""
    for name in watched:
        if name in sys.modules:
            _traced(watched, name, sys.modules[name])
    sys.meta_path.insert(0, _Finder(watched))


def _traced(watched: Watched, name: str, module: Any) -> None:
    """Trace a module that was imported. One that is not as expected stays as it is."""
    with contextlib.suppress(Exception):
        watched[name](module)


class _Finder(importlib.abc.MetaPathFinder):
    """Sees modules being imported; it finds nothing itself."""

    def __init__(self, watched: Watched) -> None:
        self._watched = watched
        self._looking = threading.local()

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        if name not in self._watched or getattr(self._looking, "now", False):
            return None
        self._looking.now = True
        try:
            for finder in sys.meta_path:
                find = getattr(finder, "find_spec", None)
                spec = find(name, path, target) if finder is not self and find is not None else None
                if spec is not None:
                    if spec.loader is not None and hasattr(spec.loader, "exec_module"):
                        spec.loader = _Loader(self._watched, spec.loader)
                    return spec
        finally:
            self._looking.now = False
        return None


class _Loader(importlib.abc.Loader):
    """Stands in for a module's loader until the module is executed."""

    def __init__(self, watched: Watched, loader: Any) -> None:
        self._watched = watched
        self._loader = loader

    def create_module(self, spec: Any) -> Any:
        return self._loader.create_module(spec)

    def exec_module(self, module: Any) -> None:
        module.__spec__.loader = module.__loader__ = self._loader
        self._loader.exec_module(module)
        _traced(self._watched, module.__spec__.name, module)


class Unheard:
    """Drivers that keep to DB-API 2.0 and that nobody here has heard of."""

    def __init__(self) -> None:
        self._seen = 0

    def trace(self) -> None:
        """Trace those that were imported since."""
        if len(sys.modules) == self._seen:
            return
        self._seen = len(sys.modules)
        for name, module in list(sys.modules.items()):
            known = getattr(module, "__dict__", {})
            if "apilevel" in known and "paramstyle" in known and "connect" in known and name.partition(".")[0] not in _TRACED_ELSEWHERE:
                with contextlib.suppress(Exception):
                    drivers.trace_dbapi(module)


_TRACED_ELSEWHERE = frozenset(("sqlite3", "_sqlite3", "psycopg2", "psycopg", "sqlalchemy", "django"))
