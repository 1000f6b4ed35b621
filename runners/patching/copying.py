"""A private copy of a suite with some files changed: what is large, and every database, is linked and not copied."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_LEFT_OUT = frozenset({".git", ".hg", ".shadow", "__pycache__", ".pytest_cache", ".mypy_cache", ".ruff_cache", ".hypothesis"})
_LARGEST = 256 * 1024
_SQLITE = b"SQLite format 3\x00"


@contextlib.contextmanager
def private_copy(root: Path, base: Path, texts: Mapping[str, str], *, link: bool = True) -> Iterator[Path]:
    """The root of a copy of the suite, with the `texts` of changed files by path; it is gone afterwards. Raises OSError.

    What lies beside the suite's root below `base` is linked, so that what tests reach through parent folders is there. Without `link`, as
    containers need it, everything below the root is copied.
    """
    folder = Path(tempfile.mkdtemp(prefix="shadow-patch-"))
    try:
        inside = root.relative_to(base) if root.is_relative_to(base) else Path()
        here, there = (base, folder) if root.is_relative_to(base) else (root, folder)
        if not inside.parts:  # a folder that others may enter, called like the suite's own
            there = folder / (root.name or "suite")
            _make(there, here)
        for part in inside.parts:
            for one in here.iterdir():
                if one.name != part and one.name not in _LEFT_OUT:
                    (there / one.name).symlink_to(one)
            here, there = here / part, there / part
            _make(there, here)
        _copy(here, there, link=link)
        for path, text in texts.items():
            target = there / path
            target.unlink(missing_ok=True)
            with target.open("w", encoding="utf-8", newline="") as file:
                file.write(text)
        yield there
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _copy(here: Path, there: Path, *, link: bool) -> None:
    for one in here.iterdir():
        target = there / one.name
        if one.name in _LEFT_OUT:
            continue
        if one.is_dir() and not one.is_symlink():
            if link and (one.name == "node_modules" or (one / "pyvenv.cfg").exists()):
                target.symlink_to(one)
                continue
            _make(target, one)
            _copy(one, target, link=link)
        elif one.is_file() and not (link and _is_heavy(one)):
            shutil.copyfile(one, target)
            shutil.copymode(one, target)
        elif not link and one.is_symlink() and not one.readlink().is_absolute():
            target.symlink_to(one.readlink())  # a container has no other folder than this one
        elif one.exists():
            target.symlink_to(one.resolve())


def _make(folder: Path, like: Path) -> None:
    """A folder that those may read who may read the other: a container's tests run as another user."""
    folder.mkdir()
    folder.chmod(like.stat().st_mode & 0o777 | 0o700)


def _is_heavy(path: Path) -> bool:
    if path.suffix == ".py":
        return False
    if path.stat().st_size > _LARGEST:
        return True
    with path.open("rb") as file:
        return file.read(len(_SQLITE)) == _SQLITE
