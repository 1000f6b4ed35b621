"""Sorts more entries than memory holds: sorted runs in one temporary file, cut at the same 256 places, merged a cut at a time."""

from __future__ import annotations

import tempfile
from array import array
from typing import TYPE_CHECKING, Self

import numpy as np

from runners.identity.layout import ENTRY_BYTES, LOW_BITS, SIDE_BITS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from numpy.typing import NDArray

_RUN = 2_000_000
"""Entries sorted in memory at a time: 16 MB."""
_CUTS = np.arange(1, 256, dtype=np.uint64) << np.uint64(56)


class EntrySorter:
    """Takes entries in any order and gives them back sorted, one for each fingerprint and column, with the sides of all that were taken together."""

    def __init__(self, folder: Path) -> None:
        self._file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115  # lives as long as this object, see __exit__
        self._buffer = array("Q")
        self._runs: list[tuple[int, NDArray[np.int64]]] = []
        self._written = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def extend(self, entries: Iterable[int]) -> None:
        """Take entries."""
        self._buffer.extend(entries)
        if len(self._buffer) >= _RUN:
            self._flush()

    def merged(self) -> Iterator[NDArray[np.uint64]]:
        """All entries in order, in pieces."""
        self._flush()
        for cut in range(256):
            pieces = [self._piece(start, places, cut) for start, places in self._runs]
            joined = np.sort(np.concatenate(pieces)) if pieces else np.empty(0, np.uint64)
            if len(joined):
                yield _united(joined)

    def _flush(self) -> None:
        if not self._buffer:
            return
        run = _united(np.sort(np.frombuffer(self._buffer, np.uint64)))
        self._buffer = array("Q")
        cuts = np.searchsorted(run, _CUTS)
        self._runs.append((self._written, np.concatenate(([0], cuts, [len(run)])).astype(np.int64)))
        self._file.seek(self._written * ENTRY_BYTES)
        self._file.write(run.tobytes())
        self._written += len(run)

    def _piece(self, start: int, places: NDArray[np.int64], cut: int) -> NDArray[np.uint64]:
        first, behind = int(places[cut]), int(places[cut + 1])
        self._file.seek((start + first) * ENTRY_BYTES)
        return np.frombuffer(self._file.read((behind - first) * ENTRY_BYTES), np.uint64)


def _united(ordered: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """One entry for each fingerprint and column, on all sides that it was seen on."""
    names = ordered >> np.uint64(SIDE_BITS)
    first = np.flatnonzero(np.concatenate(([True], names[1:] != names[:-1])))
    sides = np.bitwise_or.reduceat(ordered & np.uint64((1 << SIDE_BITS) - 1), first)
    return (names[first] << np.uint64(SIDE_BITS)) | sides


def entry(fingerprint: int, column: int, side: int) -> int:
    """An entry from its parts."""
    return fingerprint << LOW_BITS | column << SIDE_BITS | side
