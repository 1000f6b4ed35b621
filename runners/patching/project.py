"""The Python files of a project as a patch reads them: those of the suite, and what they import from beside it."""

from __future__ import annotations

import ast
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from runners.patching.source import FunctionNode, Source

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_MOST_FILES = 300


class Project:
    """Reads files below a root, each once. Paths are relative to the root, with forward slashes."""

    def __init__(self, root: Path, suite: Iterable[str]) -> None:
        self.root = root
        self.suite = tuple(suite)
        self._sources: dict[str, Source | None] = {}
        self._imported: dict[tuple[str, str], tuple[Source, str] | None] = {}
        self._modules: dict[tuple[str, str, int], Source | None] = {}

    def source(self, path: str) -> Source | None:
        """A file; None where it is not there or cannot be parsed."""
        if path not in self._sources:
            try:
                with (self.root / path).open(encoding="utf-8", newline="") as file:
                    self._sources[path] = Source(path, file.read())
            except (OSError, SyntaxError, ValueError):
                self._sources[path] = None
        return self._sources[path]

    def sources(self) -> Iterator[Source]:
        """The Python files of the suite."""
        yield from (found for path in self.suite if (found := self.source(path)) is not None)

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
        """The modules that files of a project import; a look at no more than some hundred files."""
        found: set[str] = set()
        waiting = list(self.sources())
        seen: set[str] = set()
        while waiting and len(seen) < _MOST_FILES:
            source = waiting.pop()
            if source.path in seen:
                continue
            seen.add(source.path)
            for node in source.import_statements:
                names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
                if isinstance(node, ast.ImportFrom):
                    names = [node.module or ""] if not node.level else []
                    inner = self.module(source, node.module, node.level)
                    waiting += [inner] if inner is not None else []
                for name in names:
                    found |= {name, name.partition(".")[0]}
                    inner = self.module(source, name)
                    waiting += [inner] if inner is not None and isinstance(node, ast.Import) else []
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
