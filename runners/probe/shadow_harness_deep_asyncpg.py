"""asyncpg, which keeps to no common interface: a companion of shadow_harness_deep (docs/deep.md).

It runs in the user's test process: Python 3.8 or newer and the standard library alone; asyncpg is looked at when the suite has imported it.
PYTEST_DONT_REWRITE
"""

# Objects of the driver are anything at all, hence Any.
# ruff: noqa: ANN401

from __future__ import annotations

import functools
import inspect
import re
import sys
from typing import Any, Callable

if __package__:  # within the harness
    from runners.probe import shadow_harness_deep_drivers as drivers
    from runners.probe.shadow_harness_deep_sql import Driver, Statement
else:  # in the process of a test
    import shadow_harness_deep_drivers as drivers  # type: ignore[import-not-found,no-redef]
    from shadow_harness_deep_sql import Driver, Statement  # type: ignore[import-not-found,no-redef]  # they lie beside this file

_DRIVER = Driver("asyncpg", "numeric")
_DATA = re.compile(r"\s*\(*\s*(?:select|insert|update|delete|with|merge|values|call|truncate|table)\b", re.IGNORECASE)
_AFFECTED = re.compile(r"[A-Z]+ (?:\d+ )?(\d+)\Z")
_SLOT = "_shadow_statement"


def trace_asyncpg(module: Any) -> None:
    """Trace the connections of asyncpg, in place. What SQLAlchemy runs on them is recorded there."""
    kind = module.Connection
    for name, traced in (("_execute", _asked), ("_executemany", _asked_often), ("execute", _executed)):
        plain = kind.__dict__.get(name)
        if inspect.isfunction(plain) and not getattr(plain, _SLOT, False):
            made = traced(plain)
            made._shadow_statement = True  # type: ignore[attr-defined]  # noqa: SLF001 it is ours
            setattr(kind, name, made)


def _begun(query: Any) -> Any:
    """The statement that begins now; None where no test runs, where it is not about data, or where SQLAlchemy sent it."""
    recording = drivers._current()  # noqa: SLF001 a companion
    if recording is None or not isinstance(query, str) or not _DATA.match(query):
        return None
    frame = sys._getframe(2).f_back  # noqa: SLF001 no other way to the caller
    for _ in range(4):
        if frame is None:
            break
        if str(frame.f_globals.get("__name__", "")).startswith("sqlalchemy."):
            return None
        frame = frame.f_back
    try:
        return recording.statement(Statement, _DRIVER, query)
    except Exception as error:  # noqa: BLE001 the suite must not fail because of its observer
        recording.fault("statements", error)
        return None


def _asked(plain: Callable[..., Any]) -> Callable[..., Any]:
    """The traced form of what `fetch`, `fetchrow`, `fetchval` and `execute` with arguments come to."""

    @functools.wraps(plain)
    async def ask(self: Any, query: Any, args: Any, limit: Any, *more: Any, **options: Any) -> Any:
        __tracebackhide__ = True
        statement = _begun(query)
        if statement is None:
            return await plain(self, query, args, limit, *more, **options)
        drivers._observe(lambda: statement.bind(tuple(args)))  # noqa: SLF001 a companion
        try:
            result = await plain(self, query, args, limit, *more, **options)
        except BaseException:
            drivers._observe(lambda: statement.failed(query))  # noqa: SLF001
            raise
        drivers._observe(lambda: _answered(statement, result, limit))  # noqa: SLF001
        return result

    return ask


def _asked_often(plain: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(plain)
    async def ask(self: Any, query: Any, args: Any, *more: Any, **options: Any) -> Any:
        __tracebackhide__ = True
        statement = _begun(query)
        if statement is None:
            return await plain(self, query, args, *more, **options)
        if isinstance(args, (list, tuple)):
            drivers._observe(lambda: statement.bind_all([tuple(one) for one in args]))  # noqa: SLF001
        try:
            return await plain(self, query, args, *more, **options)
        except BaseException:
            drivers._observe(lambda: statement.failed(query))  # noqa: SLF001
            raise

    return ask


def _executed(plain: Callable[..., Any]) -> Callable[..., Any]:
    """The traced form of `execute`, which goes another way where it has no arguments."""

    @functools.wraps(plain)
    async def execute(self: Any, query: Any, *args: Any, **options: Any) -> Any:
        __tracebackhide__ = True
        statement = None if args else _begun(query)
        try:
            result = await plain(self, query, *args, **options)
        except BaseException:
            if statement is not None:
                drivers._observe(lambda: statement.failed(query))  # noqa: SLF001
            raise
        if statement is not None:
            drivers._observe(lambda: _affected(statement, result))  # noqa: SLF001
        return result

    return execute


def _answered(statement: Any, result: Any, limit: Any) -> None:
    """Take in the rows, or of a statement that writes how many."""
    rows, status = (result[0], result[1]) if isinstance(result, tuple) else (result, None)
    if isinstance(status, bytes):
        status = status.decode("ascii", "replace")
    if status and not rows:
        _affected(statement, status)
        return
    rows = list(rows or ())
    statement.describe([(name,) for name in rows[0].keys()] if rows else [])  # noqa: SIM118 no dictionary
    statement.take([tuple(row.values()) for row in rows], exhausted=not limit or len(rows) < limit)


def _affected(statement: Any, status: Any) -> None:
    found = _AFFECTED.match(str(status))
    if found is None:
        return
    if str(status).startswith("SELECT"):
        statement.describe([])
        statement.take([()] * min(int(found.group(1)), 1_000_000))
        return
    statement.affected(int(found.group(1)))
