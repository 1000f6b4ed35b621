"""The sources of a suite: which files are its own, what their lines are, which words are words of code. A companion of shadow_harness_deep.

It runs in the user's test process: Python 3.8 or newer and the standard library alone. PYTEST_DONT_REWRITE
"""

# Objects of pytest are anything at all, hence Any; pathlib touches the file system where os.path does not.
# ruff: noqa: ANN401, PTH100, PTH109, PTH110

from __future__ import annotations

import ast
import contextlib
import os
import re
import sys
import time
from collections import deque
from typing import Any, Callable, Dict, Iterator, List, NamedTuple, Set, Tuple

MOST_SOURCE = 4_000_000  # characters of the sources whose names are words of code

# Kept as they are now: a test may exchange them.
_open, _normpath, _clock, _join, _isabs = open, os.path.normpath, time.time, os.path.join, os.path.isabs

_FOREIGN = frozenset(
    {"site-packages", "dist-packages", ".tox", ".nox", ".venv", "venv", "virtualenv", "__pypackages__", ".eggs", "node_modules", ".git"}
)
_TEST_FOLDERS = frozenset({"test", "tests", "testing", "suite", "suites", "spec", "specs", "e2e", "integration", "functional", "acceptance", "unit"})


class Files:
    """Which files lie under the suite's root, and which of these are the suite's own: its tests, and what lies in the folders of tests."""

    def __init__(self, root: str) -> None:
        self._roots = tuple(dict.fromkeys(one + os.sep for one in (os.path.abspath(root), os.path.realpath(root))))
        self._prefix = os.path.abspath(sys.prefix) + os.sep
        self._directory = os.getcwd()
        self._found: Dict[str, Tuple[str, bool] | None] = {}
        self._folders: Set[str] = set()
        self._flat = False
        self.started = _clock()

    def own_by(self, paths: Set[str]) -> None:
        """Learn from the files that hold tests which folders are the suite's own."""
        for path in paths:
            found = self.under_root(path)
            if found is None:
                continue
            folder = found.rpartition("/")[0]
            if not folder:
                self._flat = True
                continue
            while "/" in folder:
                upper = folder.rpartition("/")[0]
                if upper.rpartition("/")[2] not in _TEST_FOLDERS and not os.path.exists(_join(self._roots[0], upper, "conftest.py")):
                    break
                folder = upper
            self._folders.add(folder + "/")
        self._found.clear()

    def under_root(self, filename: str) -> str | None:
        """The path below the root, None for what lies elsewhere or is installed. No call here touches the file system."""
        if not _isabs(filename):
            filename = _join(self._directory, filename)
        full = _normpath(filename)
        for root in self._roots:
            if full.startswith(root):
                relative = full[len(root) :].replace(os.sep, "/")
                installed = not _FOREIGN.isdisjoint(relative.split("/")) or (full.startswith(self._prefix) and self._prefix.startswith(root))
                return None if installed else relative
        return None

    def of_code(self, filename: str) -> Tuple[str, bool] | None:
        """The path of a code object's file below the root, and whether it is the suite's own; None for others."""
        try:
            return self._found[filename]
        except KeyError:
            path = None if filename.startswith("<") else self.under_root(filename)
            found = self._found[filename] = None if path is None else (path, self._is_own(path))
            return found

    def _is_own(self, path: str) -> bool:
        if self._flat and "/" not in path:
            return True
        return any(path.startswith(folder) for folder in self._folders) or path.rpartition("/")[2] == "conftest.py"

    def function_of(self, item: Any) -> Tuple[str, int] | None:
        """The file and first line of the function of a test."""
        function = getattr(item, "obj", None)
        inner = getattr(getattr(function, "hypothesis", None), "inner_test", None)
        function = inner or function
        for _ in range(20):
            function = getattr(function, "__wrapped__", None) or getattr(function, "__func__", None) or function
        code = getattr(function, "__code__", None)
        if code is None:
            return None
        found = self.of_code(code.co_filename)
        return None if found is None else (found[0], code.co_firstlineno)

    def absolute(self, path: str) -> str:
        """The file itself."""
        return self._roots[0] + path


_BLOCKS = ("body", "handlers", "orelse", "finalbody", "cases")


class Outline(NamedTuple):
    """What the source of a file says of its lines. `whole`: line of a statement that runs over several -> its first and last."""

    whole: Dict[int, Tuple[int, int]]
    assertions: Set[int]
    loops: List[Tuple[int, int]]  # line of the header, first line of the body
    idle: Set[int]  # lines that do nothing but leave
    functions: Dict[int, Tuple[int, int]]  # first line, of a decorator or of `def` -> lines of the function


def outline_of(source: str) -> Outline:
    """The outline of a source. Raises SyntaxError or ValueError."""
    found = Outline({}, set(), [], set(), {})
    for node in _statements(ast.parse(source)):
        first, last = node.lineno, getattr(node, "end_lineno", None) or node.lineno
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            found.functions[min([first] + [one.lineno for one in node.decorator_list])] = (first, last)
        body = getattr(node, "body", None)
        if isinstance(body, list) and body:
            if isinstance(node, (ast.For, ast.AsyncFor, ast.While)) and body[0].lineno > first:
                found.loops.append((first, body[0].lineno))
            last = max(first, min(_head_end(node), body[0].lineno - 1))
            if isinstance(node, (ast.With, ast.AsyncWith)) and any(_asserts(item.context_expr) for item in node.items):
                found.assertions.add(max(first, body[0].lineno))  # the line of `with` runs again at its end
        elif isinstance(node, ast.Assert) or (isinstance(node, ast.Expr) and _asserts(node.value)):
            found.assertions.add(first)
        elif _is_idle(node):
            found.idle.add(first)
        if last > first and not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Try)):
            for line in range(first, last + 1):
                found.whole[line] = (first, last)
    return found


def _statements(tree: ast.Module) -> Iterator[ast.stmt]:
    """All statements, outer ones first. Expressions, which are most of a source and hold none, are not looked at."""
    waiting: deque[ast.AST] = deque([tree])
    while waiting:
        node = waiting.popleft()
        if isinstance(node, ast.stmt):
            yield node
        for block in _BLOCKS:
            waiting.extend(getattr(node, block, ()))


def _head_end(node: ast.stmt) -> int:
    parts = [getattr(node, name) for name in ("test", "iter", "subject") if hasattr(node, name)]
    parts += [item.context_expr for item in getattr(node, "items", ())]
    ends: List[int] = [getattr(part, "end_lineno", None) or node.lineno for part in parts]
    return max([node.lineno, *ends])


def _asserts(value: ast.expr) -> bool:
    """Whether an expression is a call of something named assert: `self.assertEqual(...)`, `mock.assert_called_once()`, `assert_that(...)`."""
    if isinstance(value, ast.Await):
        value = value.value
    if not isinstance(value, ast.Call):
        return False
    called = value.func
    name = called.attr if isinstance(called, ast.Attribute) else called.id if isinstance(called, ast.Name) else ""
    return name.startswith("assert")


def _is_idle(node: ast.stmt) -> bool:
    if isinstance(node, ast.Return):
        return node.value is None or isinstance(node.value, ast.Constant)
    return isinstance(node, (ast.Pass, ast.Continue, ast.Break))


class Outlines:
    """The outlines of files, each made when it is first asked for."""

    def __init__(self, files: Files) -> None:
        self._files = files
        self._made: Dict[str, Outline] = {}

    def of(self, path: str) -> Outline:
        """The outline of a file; an empty one where its source cannot be read."""
        try:
            return self._made[path]
        except KeyError:
            try:
                with _open(self._files.absolute(path), "rb") as file:
                    made = outline_of(file.read().decode("utf-8", "replace"))
            except (OSError, SyntaxError, ValueError, RecursionError):
                made = Outline({}, set(), [], set(), {})
            self._made[path] = made
            return made


class Words:
    """The words of code: names that stand in the sources of the suite and of what it tests, and a fixed vocabulary. Texts in them are none."""

    def __init__(self, files: Files, vocabulary: Callable[[], Any]) -> None:
        self._files = files
        self._vocabulary = vocabulary
        self._known: Set[str] | None = None
        self._members: Set[str] = set()
        self._looked = 0

    def knows(self, word: str) -> bool:
        """Whether a word is one of code."""
        if self._known is None:
            self._known = set(self._vocabulary()) | _WEB_WORDS
        lower = word.lower()
        if lower in self._known:
            return True
        if len(sys.modules) > self._looked:
            self._looked = len(sys.modules)
            self._learn(self._known)
        return lower in self._known

    def member(self, text: str, *, shared: bool) -> str:
        """The name of a member of an answer; `{}` for one that may be data.

        What the sources take out of a record by it (`row["city"]`) is a name where several records have it (`shared`), and else where it is plainly
        one of code: a mapping may have real names for keys.
        """
        if self.knows_all(text):
            return text
        plainly = "_" in text or re.search(r"[a-z][A-Z]", text) or text in _FIELDS
        return text if text in self._members and text.isidentifier() and (shared or plainly) else "{}"

    def knows_all(self, text: str) -> bool:
        """Whether a text is made of words of code and nothing else, but for a version such as `v2`."""
        if not re.fullmatch(r"[A-Za-z0-9_.-]{1,80}", text):
            return False
        parts = [part for part in re.split(r"[_.-]+|(?<=[a-z])(?=[A-Z])", text) if part]
        return bool(parts) and all(re.fullmatch(r"v\d{1,2}", part) or (part.isalpha() and self.knows(part)) for part in parts)

    def _learn(self, known: Set[str]) -> None:
        left = MOST_SOURCE
        for module in list(sys.modules.values()):
            path = getattr(module, "__dict__", {}).get("__file__")
            if not isinstance(path, str) or not path.endswith(".py") or self._files.under_root(path) is None:
                continue
            with contextlib.suppress(OSError, SyntaxError, ValueError, RecursionError):
                with _open(path, "rb") as file:
                    source = file.read(left).decode("utf-8", "replace")
                left -= len(source)
                for node in ast.walk(ast.parse(source)):
                    self._members.update(_members(node))
                    for name in _names(node):
                        known.update(part.lower() for part in re.split(r"_+|(?<=[a-z0-9])(?=[A-Z])", name) if len(part) > 1)
                        known.add(name.lower())
            if left <= 0:
                break


_WEB = """
    api rest graphql rpc page pages per size sort sorted filter filters query search offset cursor from since until before after expand include
    fields format locale lang tags tag email phone admin internal public private health healthz ping ready live metrics docs openapi login logout
    register session sessions tokens accounts account users profile settings me my self items item details summary export import upload download
    report reports archive latest recent active history notes note addresses address carts cart checkout payments refunds subscriptions plans tickets
    events messages notifications webhooks callback static assets files images uploads employees staff vendors suppliers stores shops films rentals
    loans bookings reservations appointments patients claims policies statements balances transfers cards branches"""
_WEB_WORDS = frozenset(_WEB.split())
_COMMON = """
    id name title label kind type state status code number total count sum amount price balance currency quantity minutes hours days date day time
    year month city country region postcode zip street phone fax mobile mail email role level score rate average min max first last text body
    note created updated closed opened paid due active enabled members rows result results value values version url path size weight length"""
_FIELDS = frozenset(_COMMON.split())
"""Names of members that are so common that they are nobody's."""


def _names(node: ast.AST) -> List[str]:
    return [value for value in (getattr(node, name, None) for name in ("id", "attr", "arg", "name")) if isinstance(value, str)]


def _members(node: ast.AST) -> List[str]:
    """The names by which members are taken out of something: `row["city"]`, `row.get("city")`."""
    held: Any = None
    if isinstance(node, ast.Subscript):
        held = getattr(node.slice, "value", node.slice)  # before Python 3.9 an index is wrapped
        held = node.slice if isinstance(node.slice, ast.Constant) else held
    elif isinstance(node, ast.Call) and node.args and isinstance(node.func, ast.Attribute) and node.func.attr in ("get", "pop", "itemgetter"):
        held = node.args[0]
    return [held.value] if isinstance(held, ast.Constant) and isinstance(held.value, str) else []
