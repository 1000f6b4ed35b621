"""The Python files of a project as a patch reads them: those of the suite, and what they import from beside it."""

from __future__ import annotations

import ast
import re
from pathlib import Path, PurePosixPath
from types import MappingProxyType
from typing import TYPE_CHECKING

from runners.patching.source import FunctionNode, Source

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_MOST_FILES = 300
NOTHING_CHANGED: Mapping[str, Source] = MappingProxyType({})
_IMPORT = re.compile(r"^[ \t]*(?:import|from)[ \t].*$", re.MULTILINE)


class Project:
    """Reads files below a root, each once. Paths are relative to the root, with forward slashes."""

    def __init__(self, root: Path, suite: Iterable[str]) -> None:
        self.root = root
        self.suite = tuple(suite)
        self._texts: dict[str, str | None] = {}
        self._sources: dict[str, Source | None] = {}
        self._imported: dict[tuple[str, str], tuple[Source, str] | None] = {}
        self._modules: dict[tuple[str, str, int], Source | None] = {}

    def source(self, path: str, changed: Mapping[str, Source] = NOTHING_CHANGED) -> Source | None:
        """A file, as it is then where a patch has `changed` it; None where it is not there or cannot be parsed."""
        if path in changed:
            return changed[path]
        if path not in self._sources:
            text = self._text(path)
            try:
                self._sources[path] = None if text is None else Source(path, text)
            except (SyntaxError, ValueError):
                self._sources[path] = None
        return self._sources[path]

    def _text(self, path: str) -> str | None:
        if path not in self._texts:
            try:
                with (self.root / path).open(encoding="utf-8", newline="") as file:
                    self._texts[path] = file.read()
            except (OSError, ValueError):
                self._texts[path] = None
        return self._texts[path]

    def naming(self, name: str, changed: Mapping[str, Source]) -> list[str]:
        """The Python files of the suite in which a word stands, those first in which it stands most often; of those that a patch has `changed`, what
        they are then counts.
        """
        word = re.compile(rf"\b{name}\b")
        found: list[tuple[int, str]] = []
        for path in self.suite:
            text = changed[path].text if path in changed else self._text(path)
            if text is not None and (count := len(word.findall(text))):
                found.append((-count, path))
        return [path for _, path in sorted(found)]

    def conftests(self, path: str) -> list[str]:
        """The conftest.py files that a file sees, the nearest first."""
        return [found for parent in PurePosixPath(path).parents if (self.root / (found := str(parent / "conftest.py"))).is_file()]

    def module(self, source: Source, module: str | None, level: int = 0) -> Source | None:
        """The file of a module that another imports; None where it is not of this project."""
        key = (str(PurePosixPath(source.path).parent), module or "", level)
        if key not in self._modules:
            self._modules[key] = self._module(source, module, level)
        return self._modules[key]

    def _module(self, source: Source, module: str | None, level: int) -> Source | None:
        parts = module.split(".") if module else []
        if level:
            folder = PurePosixPath(source.path).parent
            for _ in range(level - 1):
                folder = folder.parent
            folders = [folder]
        else:
            folders = [PurePosixPath(), PurePosixPath("src"), *PurePosixPath(source.path).parents]
        for folder in folders:
            base = folder.joinpath(*parts)
            for name in (f"{base}.py", str(base / "__init__.py")):
                if (self.root / name).is_file():
                    return self.source(name)
        return None

    def imported(self, source: Source, name: str) -> tuple[Source, str] | None:
        """Where a name that a file imports comes from: the file, and its name there ("" for a module)."""
        key = (source.path, name)
        if key not in self._imported:
            self._imported[key] = self._import(source, name)
        return self._imported[key]

    def _import(self, source: Source, name: str) -> tuple[Source, str] | None:
        if name not in source.imports:
            return None
        module, level, original = source.imports[name]
        if original is None:
            found = self.module(source, module)
            return None if found is None else (found, "")
        inside = self.module(source, f"{module}.{original}" if module else original, level)
        if inside is not None:
            return inside, ""
        found = self.module(source, module, level)
        return None if found is None else (found, original)

    def imported_modules(self) -> frozenset[str]:
        """The modules that files of a project import. Files whose imports are written like those of others in their folder are not parsed, and of the
        others no more than some hundred.
        """
        found: set[str] = set()
        waiting = list(self.suite)
        seen: set[str] = set()
        known: set[tuple[str, str]] = set()
        parsed = 0
        while waiting and parsed < _MOST_FILES:
            path = waiting.pop()
            if path in seen:
                continue
            seen.add(path)
            lines = {(str(PurePosixPath(path).parent), line) for line in _IMPORT.findall(self._text(path) or "")}
            source = None if lines <= known and not any(line.endswith("\\") for _, line in lines) else self.source(path)
            if source is None:
                continue
            parsed += 1
            known |= lines
            for node in source.import_statements:
                names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
                if isinstance(node, ast.ImportFrom):
                    names = [node.module or ""] if not node.level else []
                    inner = self.module(source, node.module, node.level)
                    waiting += [inner.path] if inner is not None else []
                for name in names:
                    found |= {name, name.partition(".")[0]}
                    inner = self.module(source, name)
                    waiting += [inner.path] if inner is not None and isinstance(node, ast.Import) else []
        return frozenset(found)


def dotted(node: ast.AST) -> str:
    """`a.b.c` of names and attributes; "" for anything else."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        inner = dotted(node.value)
        return f"{inner}.{node.attr}" if inner else ""
    return ""


def fixture_scope(function: ast.AST) -> str | None:
    """The scope of a pytest fixture; None for any other function."""
    for decorator in function.decorator_list if isinstance(function, FunctionNode) else ():
        called = decorator.func if isinstance(decorator, ast.Call) else decorator
        if dotted(called) not in {"pytest.fixture", "fixture", "pytest_asyncio.fixture"}:
            continue
        for keyword in decorator.keywords if isinstance(decorator, ast.Call) else ():
            if keyword.arg == "scope" and isinstance(keyword.value, ast.Constant):
                return str(keyword.value.value)
        return "function"
    return None


def parameters(function: FunctionNode) -> list[ast.arg]:
    """The named parameters of a function."""
    return [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]


def definition(body: Iterable[ast.AST], name: str) -> FunctionNode | ast.ClassDef | None:
    """A function or class by its name."""
    return next((node for node in body if isinstance(node, FunctionNode | ast.ClassDef) and node.name == name), None)


def module_value(source: Source, name: str) -> ast.expr | None:
    """What a module assigns to a name, once."""
    found = None
    for node in source.tree.body:
        if isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            if any(isinstance(target, ast.Name) and target.id == name for target in targets):
                found = node.value
    return found
