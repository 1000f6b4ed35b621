"""Which files are the suite: where tests lie, and what lies with them."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from harness.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_SKIPPED = frozenset({"__pycache__", "node_modules", "site-packages", "venv", "env", "build", "dist", "target", "vendor"})
_PYTHON_TEST = re.compile(r"(?:test_.*|.*_tests?|tests?|conftest)\.py")
_OTHER_TEST = re.compile(
    r".*[._-](?:test|spec|tests|specs)\.(?:[jt]sx?|mjs|cjs|rb|exs|php|dart|kt|scala|swift|go|rs|cs|groovy)|"
    r"(?:Test[A-Z].*|.*(?:Test|Tests|Spec|IT))\.(?:java|kt|scala|groovy|cs|php|swift)|.*\.feature|test_.*\.(?:rb|sh|bats|js)|.*\.bats",
)
DATA_SUFFIXES = frozenset(
    {".json", ".jsonl", ".ndjson", ".yaml", ".yml", ".toml", ".csv", ".tsv", ".xml", ".sql", ".txt", ".ini", ".cfg", ".properties"}
)
CODE_SUFFIXES = frozenset(
    {".js", ".jsx", ".ts", ".tsx", ".mjs", ".cjs", ".rb", ".go", ".java", ".kt", ".scala", ".groovy", ".cs", ".php", ".rs", ".swift", ".dart"}
    | {".ex", ".exs", ".sh", ".bats", ".feature"},
)
_KEPT_BESIDE = frozenset({"data", "fixtures", "resources", "testdata", "test_data", "files", "helpers", "support", "factories", "cassettes", "cases"})


@dataclass(frozen=True, slots=True, kw_only=True)
class SuiteFiles:
    """Files of a suite, as paths relative to its root with forward slashes, sorted."""

    root: Path
    python: tuple[str, ...]
    code: tuple[str, ...]
    data: tuple[str, ...]


def suite_files(root: Path, paths: Sequence[str | Path] | None = None) -> SuiteFiles:
    """What belongs to the suite: all below `paths` (relative to `root`, or absolute below it); without them the folders in which tests lie.

    Where tests lie in the root itself, only the files beside them and folders of data and helpers belong, for the application lies there too.
    Raises InputError for a path that is not there.
    """
    found = {name for path in paths for name in _below(root, _checked(root, Path(path)))} if paths else set(_found(root))
    python = sorted(name for name in found if name.endswith(".py"))
    code = sorted(name for name in found if PurePosixPath(name).suffix in CODE_SUFFIXES)
    data = sorted(name for name in found if PurePosixPath(name).suffix in DATA_SUFFIXES)
    return SuiteFiles(root=root, python=tuple(python), code=tuple(code), data=tuple(data))


def is_test_file(name: str) -> bool:
    """Whether a file's name says that tests are in it."""
    base = PurePosixPath(name).name
    return _PYTHON_TEST.fullmatch(base) is not None or _OTHER_TEST.fullmatch(base) is not None


def _checked(root: Path, path: Path) -> Path:
    full = path if path.is_absolute() else root / path
    if not full.exists():
        raise InputError("there is no such file or folder in the suite", where=str(path), hint="Paths count from the suite's root.")
    return full


def _found(root: Path) -> Iterator[str]:
    with_tests = {str(PurePosixPath(name).parent) for name in _below(root, root) if is_test_file(name)}
    for name in _below(root, root):
        folders = [str(parent) for parent in PurePosixPath(name).parents]
        in_data = len(folders) > 1 and PurePosixPath(name).parts[0] in _KEPT_BESIDE
        with_root = "." in with_tests and (folders[0] == "." or in_data)
        if any(folder in with_tests for folder in folders if folder != ".") or with_root or (in_data and PurePosixPath(name).suffix in DATA_SUFFIXES):
            yield name


def _below(root: Path, start: Path) -> Iterator[str]:
    if start.is_file():
        yield start.relative_to(root).as_posix()
        return
    for folder, folders, names in os.walk(start):
        folders[:] = sorted(name for name in folders if name not in _SKIPPED and not name.startswith("."))
        inside = Path(folder).relative_to(root)
        yield from ((inside / name).as_posix() for name in names if not name.startswith("."))
