"""The digest of a suite: equal on both sides and from night to night, or the comparison means nothing."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_LARGEST = 1_000_000
_SKIPPED = frozenset({"__pycache__", "node_modules", "venv", "site-packages", "build", "dist", "target"})
_SOURCES = frozenset(
    {".bats", ".c", ".cc", ".cfg", ".cjs", ".cpp", ".cs", ".csv", ".ex", ".exs", ".feature", ".go", ".gradle", ".groovy", ".h", ".hpp", ".hs", ".ini"}
    | {".java", ".js", ".jsx", ".kt", ".kts", ".lua", ".m", ".mjs", ".mm", ".php", ".pl", ".pm", ".properties", ".ps1", ".py", ".pyi", ".pyx", ".r"}
    | {".rb", ".robot", ".rs", ".scala", ".sh", ".sql", ".swift", ".t", ".tcl", ".toml", ".ts", ".tsx", ".vue", ".yaml", ".yml"}
)
"""What people write. What runs leave behind (reports, logs, databases, screenshots, counters) is no part of a suite."""


def suite_digest(root: Path) -> str:
    """16 hexadecimal digits over paths and contents of the suite's sources and tables.

    Left out: hidden folders, caches, virtual environments, build folders, and every file whose ending is not one of a source, so that a report
    written among the tests changes nothing; of files above 1 MB only the size counts.
    """
    hashed = hashlib.sha256()
    for path in _files(root):
        hashed.update(os.fsencode(path.relative_to(root)) + b"\0")
        try:
            size = path.stat().st_size
            content = path.read_bytes() if size <= _LARGEST else str(size).encode()
        except OSError:
            content = b""
        hashed.update(hashlib.sha256(content).digest())
    return hashed.hexdigest()[:16]


def _files(root: Path) -> Iterator[Path]:
    for where, names, files in os.walk(root):
        folder = Path(where)
        names[:] = sorted(name for name in names if not name.startswith(".") and name not in _SKIPPED and not (folder / name / "pyvenv.cfg").exists())
        for name in sorted(files):
            path = folder / name
            if path.suffix.lower() in _SOURCES and not path.is_symlink():
                yield path
