"""The bodies of a suite's test functions, as digests: by them a test that was renamed or moved is known again."""

from __future__ import annotations

import ast
import hashlib
import os
import sys
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

_LARGEST = 1_000_000
_SKIPPED = frozenset({"__pycache__", "node_modules", "venv", "site-packages", "build", "dist", "target"})
_MARK = b"def test"
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass(frozen=True, slots=True, kw_only=True)
class FileBodies:
    """Test functions of one file. `file` is the digest of its content; `tests` are digests of bodies by `Class::function`."""

    file: str
    tests: Mapping[str, str] = field(default_factory=dict)


def test_bodies(root: Path) -> Mapping[str, str]:
    """Digests of the bodies of a suite's test functions, by test id without parameters."""
    return by_function(suite_bodies(root))


def by_function(files: Mapping[str, FileBodies]) -> Mapping[str, str]:
    """The same, from what is known of each file."""
    return {f"{path}::{name}": digest for path, of in files.items() for name, digest in of.tests.items()}


def suite_bodies(root: Path, known: Mapping[str, FileBodies] | None = None) -> Mapping[str, FileBodies]:
    """Test functions of the Python files under a suite's root, by relative path with forward slashes.

    A test function is one whose name begins with `test`, at the top of a file or in classes. Files without one are left out, and so are those that
    cannot be read as Python, hidden and foreign folders. What `known` tells of a file with the same content is not read again.
    """
    before = {of.file: of for of in (known or {}).values()}
    found = {}
    for path in _files(root):
        content = _read(path)
        if _MARK in content:
            digest = hashlib.sha256(content).hexdigest()[:32]
            bodies = before.get(digest) or FileBodies(file=digest, tests=_tests(content))
            found[path.relative_to(root).as_posix()] = bodies
    return found


def dialect() -> str:
    """What digests of bodies depend on beside the bodies: the version of Python that read them."""
    return f"{sys.version_info.major}.{sys.version_info.minor}"


def _files(root: Path) -> Iterator[Path]:
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if not name.startswith(".") and name not in _SKIPPED)
        yield from (Path(folder, name) for name in sorted(names) if name.endswith(".py"))


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes() if path.stat().st_size <= _LARGEST else b""
    except OSError:
        return b""


def _tests(content: bytes) -> Mapping[str, str]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what Python thinks of the suite's escapes is no concern of ours
            tree = ast.parse(content)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return {}
    return dict(_functions(tree.body, ""))


def _functions(body: list[ast.stmt], within: str) -> Iterator[tuple[str, str]]:
    for node in body:
        if isinstance(node, _FUNCTIONS) and node.name.startswith("test"):
            yield within + node.name, _digest(node)
        elif isinstance(node, ast.ClassDef):
            yield from _functions(node.body, f"{within}{node.name}::")


def _digest(function: ast.FunctionDef | ast.AsyncFunctionDef) -> str:
    """Of everything but the name: decorators, arguments and statements, without their positions and comments."""
    hashed = hashlib.sha256(type(function).__name__.encode())
    for node in (*function.decorator_list, function.args, *function.body):
        hashed.update(_dumped(node).encode("utf-8", "surrogatepass") + b"\0")
    return hashed.hexdigest()[:16]


def _dumped(node: ast.AST) -> str:
    try:
        return ast.dump(node)
    except RecursionError:
        return type(node).__name__
