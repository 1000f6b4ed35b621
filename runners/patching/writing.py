"""Writes the code that takes a record from the dataset: a fixture, a method of a test case, or a function."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from runners.patching.access import Access, Kind
from runners.patching.dataset import as_text
from runners.patching.naming import article, plural, singular
from runners.patching.source import UnpatchableError

if TYPE_CHECKING:
    from collections.abc import Collection

    from runners.patching.asked import DataVariable
    from runners.patching.dataset import Dataset
    from runners.patching.records import Record

_LONGEST_LINE = 84
_PATH_PREFIX = "sqlite:///"


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """How a file is written."""

    quote: str
    step: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """Lines of code, and the imports that they need."""

    lines: tuple[str, ...]
    imports: frozenset[str]


def statement_of(record: Record, dataset: Dataset, count: int, extra: Collection[str]) -> tuple[str, ...]:
    """The query for so many rows of a record, clause by clause."""
    own = dataset.table(record.table)
    columns = [f"{own}.*" if extra else "*", *(f"({record.extra[alias]}) AS {alias}" for alias in sorted(extra))]
    order = ", ".join(dataset.name(name) for name in record.table.primary) or dataset.name(record.table.columns[0].name)
    where = [f"{'WHERE' if number == 0 else '  AND'} {condition}" for number, condition in enumerate(record.conditions)]
    return (f"SELECT {', '.join(columns)}", f"FROM {own}", *where, f"ORDER BY {order}", f"LIMIT {count}")


def subquery_of(record: Record, dataset: Dataset, column: str, row: int) -> str:
    """The value of a column of the same row, as part of another statement."""
    where = f" WHERE {' AND '.join(record.conditions)}" if record.conditions else ""
    own, name = dataset.table(record.table), dataset.name(column)
    if record.table.primary == (column,) and not row:
        return f"(SELECT min({name}) FROM {own}{where})"  # noqa: S608  # names are quoted
    order = ", ".join(dataset.name(one) for one in record.table.primary) or name
    return f"(SELECT {name} FROM {own}{where} ORDER BY {order} LIMIT 1{f' OFFSET {row}' if row else ''})"  # noqa: S608  # names are quoted


def sentence_of(record: Record, count: int) -> str:
    """The docstring."""
    if count == 1:
        return f"{article(singular(record.table.bare)).capitalize()} of whichever dataset the tests run on."
    return f"{count} {plural(record.table.bare).replace('_', ' ')} of whichever dataset the tests run on."


def asked_of(access: Access, statement: tuple[str, ...], count: int, style: Style, *, name: str, gives_dicts: bool = False) -> Written:
    """The body of a function that asks an access for rows. `name` is how it is called there; `gives_dicts` tells that its rows are dictionaries."""
    step = style.step
    match access.kind:
        case Kind.CONNECTION | Kind.SESSION:
            return _through_sqlalchemy(name, statement, count, style)
        case Kind.ENGINE:
            inner = _through_sqlalchemy("connection", statement, count, style)
            return Written(lines=(f"with {name}.connect() as connection:", *(step + line for line in inner.lines)), imports=inner.imports)
        case Kind.FACTORY:
            inner = _through_sqlalchemy("session", statement, count, style)
            return Written(lines=(f"with {name}() as session:", *(step + line for line in inner.lines)), imports=inner.imports)
        case Kind.DBAPI:
            return Written(
                lines=("cursor = " + name + ".cursor()", *_through_cursor("cursor", statement, count, style, gives_dicts=gives_dicts)),
                imports=frozenset(),
            )
    return Written(lines=_through_cursor(name, statement, count, style, gives_dicts=gives_dicts), imports=frozenset())


def asked_of_variable(variable: DataVariable, statement: tuple[str, ...], count: int, style: Style, *, modules: Collection[str]) -> Written:
    """The body of a function that opens the database which a variable names. `modules` are those that the project imports.

    Raises UnpatchableError where it is not known how.
    """
    place = f"os.environ[{style.quote}{variable.name}{style.quote}]"
    step = style.step
    if variable.shape == "url" and "sqlalchemy" in modules:
        inner = _through_sqlalchemy("connection", statement, count, style)
        lines = (f"with create_engine({place}).connect() as connection:", *(step + line for line in inner.lines))
        return Written(lines=lines, imports=inner.imports | {"import os", "from sqlalchemy import create_engine"})
    if variable.backend == "sqlite" and variable.shape in {"path", "url"}:
        name = f"{place}.removeprefix({style.quote}{_PATH_PREFIX}{style.quote})" if variable.shape == "url" else place
        driver, opened = "sqlite3", f"sqlite3.connect({name})"
    elif variable.backend == "postgresql" and (driver := next((one for one in ("psycopg", "psycopg2") if one in modules), "")):
        opened = f"{driver}.connect({place})"
    else:
        raise UnpatchableError(f"how the tests reach the database could not be told (of {variable.name})")
    inner_lines = ("cursor = connection.cursor()", *_through_cursor("cursor", statement, count, style, gives_dicts=False))
    lines = (f"with contextlib.closing({opened}) as connection:", *(step + line for line in inner_lines))
    return Written(lines=lines, imports=frozenset({"import contextlib", "import os", f"import {driver}"}))


def function_of(head: str, sentence: str, body: Written, style: Style, *, decorator: str = "", indent: str = "") -> str:
    """A whole function."""
    quotes = style.quote * 3 if style.quote == '"' else '"""'
    lines = [*([decorator] if decorator else []), head, f"{style.step}{quotes}{sentence}{quotes}", *(style.step + line for line in body.lines)]
    return "".join(f"{indent}{line}".rstrip() + "\n" for line in lines)


def _through_sqlalchemy(name: str, statement: tuple[str, ...], count: int, style: Style) -> Written:
    rows = "one()" if count == 1 else "all()"
    lines = _text(tuple(as_text(line) for line in statement), style)
    lines = (f"query = text({lines[0]}", *lines[1:-1], f"{lines[-1]})") if len(lines) > 1 else (f"query = text({lines[0]})",)
    return Written(lines=(*lines, f"return {name}.execute(query).mappings().{rows}"), imports=frozenset({"from sqlalchemy import text"}))


def _through_cursor(name: str, statement: tuple[str, ...], count: int, style: Style, *, gives_dicts: bool) -> tuple[str, ...]:
    lines = _text(statement, style)
    asked = (f"{name}.execute({lines[0]}", *lines[1:-1], f"{lines[-1]})") if len(lines) > 1 else (f"{name}.execute({lines[0]})",)
    if gives_dicts:
        return (*asked, f"return dict({name}.fetchone())" if count == 1 else f"return [dict(row) for row in {name}.fetchall()]")
    names = f"names = [column[0] for column in {name}.description]"
    rows = f"dict(zip(names, {name}.fetchone()))" if count == 1 else f"[dict(zip(names, row)) for row in {name}.fetchall()]"
    return (*asked, names, f"return {rows}")


def _text(statement: tuple[str, ...], style: Style) -> tuple[str, ...]:
    """A statement as a string of Python, on one line where it fits."""
    whole = " ".join(line.strip() for line in statement)
    if len(whole) <= _LONGEST_LINE and not ("'" in whole and '"' in whole):
        return (_string(whole, style),)
    first, *rest = [_string(f"{line} " if number < len(statement) - 1 else line, style) for number, line in enumerate(statement)]
    return ("", *(style.step + line for line in (first, *rest)), "")


def _string(text: str, style: Style) -> str:
    quote = style.quote if style.quote not in text else ("'" if style.quote == '"' else '"')
    if quote in text or "\\" in text:
        return json.dumps(text, ensure_ascii=False)
    return f"{quote}{text}{quote}"
