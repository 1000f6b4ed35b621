"""Replaces literals of a suite in the test process: a companion of the probe for experiments (docs/experiments.md).

Runs where the probe runs: Python 3.8 or newer, the standard library and pytest alone. Files of the suite stay as they are. Constants of Python
files are exchanged in the syntax tree before it is compiled, so that lines stay the same, and no bytecode of a changed file is written. Of what a
test shows the outcome counts alone, so pytest's assertion rewriting, which takes longer than all the rest of a changed file's import, is carried out
only where a file may look at the messages that it makes. Data files are exchanged when they are opened for reading, in an unnamed file.
PYTEST_DONT_REWRITE

What is to be replaced stands in a file that the variable SHADOW_PROBE_REPLACE names:
    {"replace": [{"path", "line", "column", "old", "new", "part", "computed"}, ...]}
`path` is relative to the suite's root, line and column are 1-based, `part` tells that the value is a piece of a longer text, `computed` that an
expression at this place comes to it: the expression stays, and its result is exchanged where it is this one. The file and the variable are removed
as soon as they are read, since a value may be one of the production copy. What this module writes are numbers alone:
    {"e": "experiment", "replaced": [0, 2]}    which of the entries were found and replaced, since the last such line
"""

# Objects of pytest and of the import system come in several versions here, hence Any; pathlib touches the file system where os.path does not.
# ruff: noqa: ANN401, PTH108, PTH118

from __future__ import annotations

import ast
import builtins
import contextlib
import importlib.machinery
import io
import json
import os
import pathlib
import re
import tempfile
from typing import Any
from xml.sax.saxutils import escape

import pytest
from _pytest.assertion import rewrite

_open = open


class Entry:
    """One literal to be replaced."""

    def __init__(self, number: int, content: dict[str, Any]) -> None:
        self.number = number
        self.line = int(content["line"])
        self.column = int(content["column"])
        self.old = content["old"]
        self.new = content["new"]
        self.part = bool(content["part"])
        self.computed = bool(content.get("computed"))

    def replaced(self, value: Any, near: int = 0) -> Any:
        """The value with the new one in place of the old; None where the old one is not in it. `near` is where a piece should begin."""
        if not self.part:
            return self.new if value.__class__ is self.old.__class__ and value == self.old else None
        if not isinstance(value, str):
            return None
        span = self.span(value, near)
        return None if span is None else value[: span[0]] + str(self.new) + value[span[1] :]

    def exchanged(self, value: Any) -> Any:
        """The result of an expression with the new value in place of the old; None where the old one is not in it."""
        if value.__class__ is not self.old.__class__:
            return None
        if value == self.old:
            return self.new
        span = self.span(value, 0) if isinstance(value, str) else None
        return None if span is None else value[: span[0]] + str(self.new) + value[span[1] :]

    def span(self, text: str, near: int) -> tuple[int, int] | None:
        """Where the old value stands in a text by itself: the place nearest to `near`."""
        found = [one.span() for one in re.finditer(rf"(?<!\w){re.escape(str(self.old))}(?!\w)", text)]
        return min(found, key=lambda span: abs(span[0] - near)) if found else None


class Replacing:
    """The replacements of a session, by file, and which of them were carried out."""

    def __init__(self, root: str, content: dict[str, Any]) -> None:
        self.done: set[int] = set()
        self.ids: dict[Any, Any] = {}
        self.computed: dict[int, Entry] = {}
        self._python: dict[str, list[Entry]] = {}
        self._data: dict[str, list[Entry]] = {}
        for number, one in enumerate(content["replace"]):
            path = os.path.realpath(os.path.join(root, one["path"]))
            files = self._python if path.endswith(".py") else self._data
            entry = Entry(number, one)
            files.setdefault(path, []).append(entry)
            if entry.computed:
                self.computed[number] = entry

    def changes(self, path: str) -> bool:
        """Whether constants of this Python file are to be replaced."""
        return bool(self._python) and os.path.realpath(path) in self._python

    def tree(self, source: bytes, path: str) -> ast.Module:
        """The syntax tree of a Python file with its constants replaced."""
        tree = ast.parse(source, filename=path)
        constants = [node for node in ast.walk(tree) if isinstance(node, ast.Constant)]
        changed: set[tuple[int, bool]] = set()
        entries = self._python[os.path.realpath(path)]
        for entry in entries:
            if entry.computed:
                continue
            found: list[Any] = []
            for node in constants:
                if not node.lineno <= entry.line <= (node.end_lineno or node.lineno) or (id(node), False) in changed:
                    continue
                near = entry.column - 2 - node.col_offset if node.lineno == entry.line else 0
                value = entry.replaced(node.value, max(0, near))
                if value is not None:
                    inside = entry.part and near < 0
                    found.append((inside, abs(node.col_offset + 1 - entry.column), len(found), node, value))
            if found:
                node, value = min(found)[3:]
                self.ids[value.__class__, value] = self.ids.pop((node.value.__class__, node.value), node.value)
                node.value = value
                changed.add((id(node), entry.part))
                self.done.add(entry.number)
        computed = [entry for entry in entries if entry.computed]
        return _Wrapping(self, source, computed).visit(tree) if computed else tree

    def result(self, value: Any, *numbers: int) -> Any:
        """What an expression comes to that one of these entries is about."""
        for number in numbers:
            new = self.computed[number].exchanged(value)
            if new is not None:
                self.ids.setdefault((new.__class__, new), value)
                self.done.add(number)
                value = new
        return value

    def content(self, path: Any) -> bytes | None:
        """The content of a data file with its values replaced; None for any other file."""
        real = os.path.realpath(os.fsdecode(path))
        entries = self._data.get(real)
        if not entries:
            return None
        with _open(real, "rb") as file:
            lines = file.read().decode("utf-8", "surrogateescape").split("\n")
        for entry in sorted(entries, key=lambda one: (one.line, one.column), reverse=True):
            new = _spelled(real, entry.new)
            if new is None or not 0 < entry.line <= len(lines):
                continue
            line = lines[entry.line - 1]
            span = entry.span(line, entry.column - 1)
            if span is not None:
                lines[entry.line - 1] = line[: span[0]] + new + line[span[1] :]
                self.ids[entry.new.__class__, entry.new] = entry.old
                self.done.add(entry.number)
        return "\n".join(lines).encode("utf-8", "surrogateescape")


_RESULT = "@shadow_experiment"
"""The builtin through which results of expressions pass: no name that a suite can write."""
_EXPRESSIONS = (ast.BinOp, ast.JoinedStr, ast.Call, ast.Subscript)


class _Wrapping(ast.NodeTransformer):
    """Puts a call around the expressions that begin where an entry says."""

    def __init__(self, replacing: Replacing, source: bytes, entries: list[Entry]) -> None:
        setattr(builtins, _RESULT, replacing.result)
        lines = source.splitlines()
        self._places: dict[tuple[int, int], list[int]] = {}
        for entry in entries:
            before = lines[entry.line - 1].decode("utf-8", "replace")[: entry.column - 1] if entry.line <= len(lines) else ""
            self._places.setdefault((entry.line, len(before.encode("utf-8"))), []).append(entry.number)

    def visit(self, node: ast.AST) -> Any:
        """The node, or the call around it."""
        if isinstance(node, ast.FormattedValue):
            node.value = self.visit(node.value)  # how it is formatted has to stay
            return node
        numbers = None
        if isinstance(node, _EXPRESSIONS) and isinstance(getattr(node, "ctx", None) or ast.Load(), ast.Load):
            numbers = self._places.get((node.lineno, node.col_offset))
        self.generic_visit(node)
        if not numbers:
            return node
        arguments: list[ast.expr] = [node, *(ast.Constant(number) for number in numbers)]  # type: ignore[list-item]  # one of _EXPRESSIONS
        call = ast.Call(func=ast.Name(id=_RESULT, ctx=ast.Load()), args=arguments, keywords=[])
        return ast.fix_missing_locations(ast.copy_location(call, node))


def _spelled(path: str, value: Any) -> str | None:
    """A value as this kind of file spells it; None where it would have to be written in a way that is not worked out here."""
    text = str(value)
    if path.endswith((".json", ".jsonl", ".ndjson")):
        return json.dumps(text, ensure_ascii=False)[1:-1]
    if path.endswith(".xml"):
        return escape(text, {'"': "&quot;", "'": "&apos;"})
    if path.endswith(".sql"):
        return text.replace("'", "''")
    refused = ",;\t|" if path.endswith((".csv", ".tsv")) else ":#{}[]"
    return None if any(sign in text for sign in "\"'\\\r\n" + refused) else text


_active: Any = None
_LOOKS_AT_MESSAGES = b"AssertionError"


def begin(path: str, root: str) -> None:
    """Read what is to be replaced, remove the file, and exchange what imports and opens files. Before anything of the suite is imported."""
    global _active  # noqa: PLW0603 one session, one set of replacements
    with _open(path, encoding="utf-8") as file:
        content = json.load(file)
    with contextlib.suppress(OSError):
        os.unlink(path)
    _active = Replacing(root, content)
    _exchange_imports(_active)
    _exchange_opening(_active)


def _exchange_imports(replacing: Replacing) -> None:
    loader: Any = importlib.machinery.SourceFileLoader
    hook: Any = rewrite.AssertionRewritingHook
    get_code, exec_module = loader.get_code, hook.exec_module

    def get_code_replaced(self: Any, fullname: str) -> Any:
        if not replacing.changes(self.path):
            return get_code(self, fullname)
        return compile(replacing.tree(self.get_data(self.path), self.path), self.path, "exec", dont_inherit=True)

    def exec_module_replaced(self: Any, module: Any) -> None:
        path = module.__spec__.origin
        if path is None or not replacing.changes(path):
            exec_module(self, module)
            return
        self._rewritten_names[module.__name__] = pathlib.Path(path)
        with _open(path, "rb") as file:
            source = file.read()
        tree = replacing.tree(source, path)
        if _LOOKS_AT_MESSAGES in source:
            rewrite.rewrite_asserts(tree, source, path, self.config)
        exec(compile(tree, path, "exec", dont_inherit=True), module.__dict__)  # noqa: S102 a module of the suite, as pytest does it

    loader.get_code = get_code_replaced
    hook.exec_module = exec_module_replaced


def _exchange_opening(replacing: Replacing) -> None:
    def open_replaced(
        file: Any,
        mode: str = "r",
        buffering: int = -1,
        encoding: str | None = None,
        errors: str | None = None,
        newline: str | None = None,
        closefd: bool = True,  # noqa: FBT001, FBT002 as open() has it
        opener: Any = None,
    ) -> Any:
        if isinstance(file, (str, bytes, os.PathLike)) and not set("wax+") & set(mode):
            content = None
            with contextlib.suppress(OSError, ValueError, TypeError):
                content = replacing.content(file)
            if content is not None:
                given = content
                return _open(file, mode, buffering, encoding, errors, newline, closefd, lambda _path, _flags: _unnamed(given))
        return _open(file, mode, buffering, encoding, errors, newline, closefd, opener)

    builtins.open = open_replaced
    io.open = open_replaced  # pathlib looks here
    accessor: Any = getattr(pathlib, "_NormalAccessor", None)
    if getattr(accessor, "open", None) is _open:  # Python 3.10 has looked already
        accessor.open = staticmethod(open_replaced)


def _unnamed(content: bytes) -> int:
    """A descriptor of a file without a name that holds this content, at its beginning."""
    with tempfile.TemporaryFile() as file:
        file.write(content)
        file.flush()
        file.seek(0)
        return os.dup(file.fileno())


class Reporting:
    """Keeps the ids of parametrised tests as they are without replacements, and says at the end which were carried out."""

    def __init__(self, out: Any) -> None:
        self._out = out
        self._said: set[int] = set()

    @pytest.hookimpl(tryfirst=True)
    def pytest_make_parametrize_id(self, val: Any) -> str | None:
        """A new value is called like the old one, so that the test keeps its id."""
        if isinstance(val, (str, int, float)) and (val.__class__, val) in _active.ids:
            return str(_active.ids[val.__class__, val])
        return None

    def pytest_collection_finish(self) -> None:
        """Say which literals were replaced at import."""
        self._say()

    def pytest_runtest_logfinish(self) -> None:
        """Say which literals a test came upon: the next one may end the process."""
        self._say()

    def _say(self) -> None:
        new = _active.done - self._said
        if new:
            self._said |= new
            self._out.line(json.dumps({"e": "experiment", "replaced": sorted(new)}, separators=(",", ":")))


def register(config: Any, out: Any) -> None:
    """Take part in a session whose lines go to `out`."""
    config.pluginmanager.register(Reporting(out), "shadow-probe-experiment")
