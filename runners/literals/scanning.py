"""Reads the Python files of a suite, on all cores where there is enough to read. Results stay packed until they are asked for."""

from __future__ import annotations

import gc
import marshal
import multiprocessing
import os
from concurrent.futures import ProcessPoolExecutor
from functools import lru_cache
from typing import TYPE_CHECKING

from runners.literals.facts import PythonFacts, facts_from
from runners.literals.python_source import raw_facts

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_WORTH_PROCESSES = 3_000_000
"""Bytes of source below which starting processes costs more than it gains."""
_CHUNK_BYTES = 400_000


class Packed:
    """Facts of many files in the form that processes hand over; opened one at a time."""

    def __init__(self, packed: dict[str, bytes | None]) -> None:
        self._packed = packed
        self.facts = lru_cache(maxsize=2048)(self._open)

    @property
    def unread(self) -> tuple[str, ...]:
        """Files that could not be read as Python."""
        return tuple(path for path, raw in self._packed.items() if raw is None)

    def _open(self, path: str) -> PythonFacts | None:
        raw = self._packed.get(path)
        return None if raw is None else facts_from(marshal.loads(raw))  # noqa: S302  # made by this process or a child of it


def scan_files(root: Path, paths: Sequence[str], processes: int | None = None) -> Packed:
    """Facts of Python files below `root`. `processes`: None lets the amount of source decide, 1 stays in this process."""
    sizes = {path: _size(root / path) for path in paths}
    count = processes or (min(os.cpu_count() or 1, 8) if sum(sizes.values()) >= _WORTH_PROCESSES else 1)
    if count == 1:
        return Packed(_scan_chunk(str(root), list(paths)))
    context = multiprocessing.get_context("spawn")  # the caller may have threads, which a fork would break
    with ProcessPoolExecutor(count, mp_context=context) as pool:
        parts = pool.map(_scan_chunk, *zip(*((str(root), chunk) for chunk in _chunks(sizes)), strict=True))
        found = {path: raw for part in parts for path, raw in part.items()}
    return Packed({path: found[path] for path in paths})


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _chunks(sizes: dict[str, int]) -> list[list[str]]:
    """Lists of files of about the same size, the largest files first, so that no process is left with a large one at the end."""
    chunks: list[list[str]] = [[]]
    filled = 0
    for path in sorted(sizes, key=lambda path: -sizes[path]):
        if filled > _CHUNK_BYTES:
            chunks.append([])
            filled = 0
        chunks[-1].append(path)
        filled += sizes[path]
    return chunks


def _scan_chunk(root: str, paths: list[str]) -> dict[str, bytes | None]:
    """Runs in a process of its own. Syntax trees have no cycles worth looking for, and looking costs a fifth of the time."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        return {path: _packed(os.path.join(root, path)) for path in paths}  # noqa: PTH118  # a Path costs more than the join
    finally:
        if enabled:
            gc.enable()


def _packed(path: str) -> bytes | None:
    try:
        with open(path, "rb") as file:  # noqa: PTH123  # the same
            source = file.read()
    except OSError:
        return None
    raw = raw_facts(source)
    return None if raw is None else marshal.dumps(raw)
