"""The digest of a suite: equal on both sides, or the comparison means nothing."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_LARGEST = 1_000_000
_SKIPPED = frozenset({"__pycache__", "node_modules", "venv", "site-packages", "build", "dist", "target"})
_DATABASES = frozenset({".sqlite", ".sqlite3", ".db", ".sqlite-journal", ".sqlite-wal", ".sqlite-shm", ".log", ".pyc", ".xml"})


def suite_digest(root: Path) -> str:
    """16 hexadecimal digits over paths and contents of the suite's files.

    Left out: hidden folders, caches, virtual environments, build folders, databases, logs, XML reports; of files above 1 MB only the size counts.
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
            if path.suffix not in _DATABASES and not path.is_symlink():
                yield path
