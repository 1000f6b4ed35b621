"""The file: where it is found, and how its text becomes tables with places."""

from __future__ import annotations

import codecs
import os
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from harness.config.places import Key, Places, marks_of
from harness.config.problems import FaultyConfigurationError, Problem
from harness.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping

FILE_NAME = "shadow.toml"
PYPROJECT = "pyproject.toml"
PYPROJECT_TABLE: Key = ("tool", "shadow")

_INIT = "run `shadow init` to write one, or name a file with --config"
_POSITION = re.compile(r"(?P<what>.*?) ?\(at (?:line (?P<line>\d+), column (?P<column>\d+)|end of document)\)", re.DOTALL)
_MENTIONS_SHADOW = re.compile(rb"tool\s*\.\s*[\"']?shadow\b")
_HINTS = {
    "Invalid value": "text is written in quotes, and booleans as true or false",
    "Cannot overwrite a value": "a key may stand once",
    "Expected '=' after a key": "a line is `key = value`, a table's head is `[table]`, and keys with spaces or dots are quoted",
    "Expected newline or end of document": 'one `key = value` a line; text is written in quotes, and a quote inside it as \\"',
    "Unescaped": "write '\\\\' for a backslash, or the text in single quotes",
    "Illegal character": "a string ends on its line, unless it stands in three quotes",
    "Invalid statement": "a line is `key = value` or `[table]`",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A file read: its absolute path, the configuration's table in it, and where the keys stand."""

    path: Path
    table: Mapping[str, object]
    places: Places


def find(start: Path) -> Path:
    """The nearest `shadow.toml`, or `pyproject.toml` with `[tool.shadow]`, in a directory or its parents. Raises ConfigurationError."""
    directory = Path(os.path.abspath(start))  # noqa: PTH100 - parents as the caller sees them, links not followed
    for folder in (directory, *directory.parents):
        if os.path.lexists(folder / FILE_NAME):
            return folder / FILE_NAME
        if _has_table(folder / PYPROJECT):
            return folder / PYPROJECT
    raise ConfigurationError(
        "no configuration was found",
        where=str(directory),
        expected=f"{FILE_NAME}, or {PYPROJECT} with [tool.shadow], here or in a parent directory",
        hint=_INIT,
    )


def _has_table(path: Path) -> bool:
    """Whether a pyproject.toml is ours. One that cannot be parsed is when it mentions the table: its fault is then reported."""
    try:
        content = path.read_bytes()
    except OSError:
        return False
    try:
        tool = tomllib.loads(content.decode("utf-8-sig")).get("tool")
    except (ValueError, RecursionError):
        return bool(_MENTIONS_SHADOW.search(content))
    return isinstance(tool, dict) and "shadow" in tool


def read(path: Path) -> Document:
    """Read and parse one file. Raises ConfigurationError for a file that cannot be read, is empty, or is no TOML."""
    path = Path(os.path.abspath(path))  # noqa: PTH100 - relative paths start where the caller sees the file, links not followed
    shown = _shown(path)
    text = _text(path, shown)
    table = _parsed(text, shown)
    places = Places(file=shown, prefix=PYPROJECT_TABLE if path.name == PYPROJECT else (), marks=marks_of(text))
    for part in places.prefix:
        inner = table.get(str(part))
        if not isinstance(inner, dict):
            raise ConfigurationError(
                "there is no table [tool.shadow]", where=shown, expected="[tool.shadow.suite] and [tool.shadow.environments]", hint=_INIT
            )
        table = inner
    if not table:
        raise ConfigurationError(
            "the configuration is empty", where=shown, expected="[suite] and [environments]", hint="run `shadow init` to write one"
        )
    return Document(path=path, table=table, places=places)


def _shown(path: Path) -> str:
    """The file as messages name it: relative where it lies below the working directory."""
    try:
        return str(path.relative_to(Path.cwd()))
    except (OSError, ValueError):
        return str(path)


def _text(path: Path, shown: str) -> str:
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise ConfigurationError("there is no such file", where=shown, expected="a configuration file", hint=_INIT) from None
    except IsADirectoryError:
        hint = f"name the file in it, such as {shown}/{FILE_NAME}"
        raise ConfigurationError("this is a directory", where=shown, expected="a configuration file", hint=hint) from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else "its name is no path"
        raise ConfigurationError(
            f"the file cannot be read: {reason}", where=shown, expected="a readable file", hint="look at its permissions"
        ) from None
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise ConfigurationError("the file is UTF-16", where=shown, expected="UTF-8", hint="save it as UTF-8")
    content = content.removeprefix(codecs.BOM_UTF8)
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        before = content[: error.start].decode(errors="replace").split("\n")
        where = f"{shown}:{len(before)}:{len(before[-1]) + 1}"
        raise ConfigurationError("here stands a byte that is not UTF-8", where=where, expected="UTF-8", hint="save the file as UTF-8") from None


def _parsed(text: str, shown: str) -> dict[str, object]:
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise ConfigurationError("arrays or tables are nested too deeply", where=shown, expected="a configuration") from None
    except ValueError as error:  # TOMLDecodeError, or an integer of more digits than Python converts
        raise FaultyConfigurationError((_syntax_problem(str(error), text, shown),)) from None


def _syntax_problem(message: str, text: str, shown: str) -> Problem:
    match = _POSITION.fullmatch(message)
    what = match["what"] if match else message if message.startswith("Expected") else "a value that cannot be read"
    lines = text.split("\n")
    line = int(match["line"]) if match and match["line"] else len(lines)
    column = int(match["column"]) if match and match["column"] else len(lines[-1]) + 1
    return Problem(
        file=shown,
        line=line if match else None,
        column=column if match else None,
        key="",
        found=f"this is not TOML: {what}",
        expected="TOML 1.0",
        hint=next((hint for start, hint in _HINTS.items() if what.startswith(start)), None),
    )
