"""Answers from an identity index: which columns hold a value, and in which dataset. Reads the file in place; needs no database."""

from __future__ import annotations

import os
from array import array
from itertools import islice
from typing import TYPE_CHECKING, Self

import numpy as np

from harness.errors import InputError
from harness.model.canonical import canonical
from harness.model.coupling import Match, Presence
from runners.identity.layout import ANY_SHAPE, BLOCK, CHECK, ENTRY_BYTES, LOW_BITS, SIDE_BITS, read_header, shape_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from harness.evidence.key import ProjectKey
    from harness.model.coupling import IdentifyingColumn

_BATCH = 32_768
_LOW = np.uint64((1 << LOW_BITS) - 1)
_NO_SHAPE = -1000
_SPAN_BLOCKS = 128
"""Blocks read at once where answers lie close together: 512 kB."""
_PRESENCE = {1: Presence.LEGACY, 2: Presence.SHADOW, 3: Presence.BOTH}
_NOTHING: tuple[Match, ...] = ()


def open_index(path: Path, key: ProjectKey) -> IdentityIndex:
    """Open the index at `path`. Raises InputError for a file that is no index, or that was made under another key."""
    return IdentityIndex(path, key)


class IdentityIndex:
    """An open index. Safe to ask from several threads; close it, or use it in a `with` statement."""

    def __init__(self, path: Path, key: ProjectKey) -> None:
        description, self._first = read_header(path)
        if description.key_check != key.fingerprint(CHECK):
            raise InputError(
                "the identity index was made under another project key",
                where=str(path),
                hint="Use the key it was made with (SHADOW_KEY, or the file `key` of the work directory), or make it again with `shadow index`.",
            )
        self._key = key
        self._profiles = description.profiles
        self._entries = description.entries
        self._referring = description.referring
        self._known: dict[tuple[int | tuple[int, ...], int], tuple[Match, ...]] = {}
        self._file = os.open(path, os.O_RDONLY)
        blocks = -(-self._entries // BLOCK)
        directory = os.pread(self._file, blocks * ENTRY_BYTES, self._first + self._entries * ENTRY_BYTES)
        if len(directory) != blocks * ENTRY_BYTES:
            self.close()
            raise InputError("the identity index is cut short", where=str(path), hint="Make it again with `shadow index`.")
        self._directory = np.frombuffer(directory, np.uint64)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    @property
    def columns(self) -> tuple[IdentifyingColumn, ...]:
        """The columns whose values are in the index, with their counts."""
        return tuple(profile.column for profile in self._profiles)

    @property
    def referring(self) -> tuple[tuple[str, str], ...]:
        """Foreign keys, each with the column under which its values stand."""
        return self._referring

    def lookup(self, values: Iterable[object]) -> list[tuple[Match, ...]]:
        """What is known of each value, in order; () for one that is in neither dataset, or that identifies nobody (None, True, 0.5).

        A tuple is looked up as a composite key.
        """
        answers: list[tuple[Match, ...]] = []
        remaining = iter(values)
        fingerprint = self._key.fingerprint
        while batch := list(islice(remaining, _BATCH)):
            asked, shapes = array("Q"), array("h")
            for value in batch:
                spelled = canonical(value)
                asked.append(0 if spelled is None else int(fingerprint(spelled), 16))
                shapes.append(_NO_SHAPE if spelled is None else shape_of(spelled))
            answers += self._matches(asked, shapes)
        return answers

    def lookup_fingerprints(self, fingerprints: Iterable[str]) -> list[tuple[Match, ...]]:
        """The same for values known only by fingerprints of their canonical spelling; `density` is then the largest of the column's."""
        answers: list[tuple[Match, ...]] = []
        remaining = iter(fingerprints)
        while batch := array("Q", (int(text, 16) for text in islice(remaining, _BATCH))):
            answers += self._matches(batch, None)
        return answers

    def _matches(self, asked: array[int], shapes: array[int] | None) -> list[tuple[Match, ...]]:
        answers = [_NOTHING] * len(asked)
        known = self._known
        for place, low in self._found(np.frombuffer(asked, np.uint64)):
            shape = ANY_SHAPE if shapes is None else shapes[place]
            if shape == _NO_SHAPE:
                continue
            matches = known.get((low, shape))
            if matches is None:
                matches = known[low, shape] = tuple(self._match(bits, shape) for bits in (low if isinstance(low, tuple) else (low,)))
            answers[place] = matches
        return answers

    def _match(self, bits: int, shape: int) -> Match:
        profile = self._profiles[bits >> SIDE_BITS]
        shown = profile.column
        return Match(entity=shown.entity, kind=shown.kind, content=shown.content, presence=_PRESENCE[bits & 3], density=profile.density(shape))

    def _found(self, fingerprints: NDArray[np.uint64]) -> Iterator[tuple[int, int | tuple[int, ...]]]:
        """The place in the batch and the low bits of its entry, or of all of them, for each fingerprint that is in the index."""
        if not len(fingerprints) or not self._entries:
            return
        order = np.argsort(fingerprints, kind="stable")
        wanted = fingerprints[order] << np.uint64(LOW_BITS)
        blocks = np.maximum(np.searchsorted(self._directory, wanted, "left"), 1) - 1
        start = 0
        while start < len(wanted):
            first_block = int(blocks[start])
            behind = int(np.searchsorted(blocks, first_block + _SPAN_BLOCKS, "left"))
            behind = self._close_together(blocks, start, behind)
            entries = self._read(first_block, int(blocks[behind - 1]), int(wanted[behind - 1]))
            asked = wanted[start:behind]
            low = np.searchsorted(entries, asked, "left")
            high = np.searchsorted(entries, asked | _LOW, "right")
            count = high - low
            places = order[start:behind]
            single = np.flatnonzero(count == 1)
            yield from zip(places[single].tolist(), (entries[low[single]] & _LOW).tolist(), strict=True)
            for hit in np.flatnonzero(count > 1).tolist():
                yield int(places[hit]), tuple((entries[low[hit] : high[hit]] & _LOW).tolist())
            start = behind

    @staticmethod
    def _close_together(blocks: NDArray[np.int64], start: int, behind: int) -> int:
        """Cut a span where more than a few blocks between two answers would be read for nothing."""
        gaps = np.flatnonzero(np.diff(blocks[start:behind]) > 4)
        return start + int(gaps[0]) + 1 if len(gaps) else behind

    def _read(self, first_block: int, last_block: int, last_wanted: int) -> NDArray[np.uint64]:
        """Entries of these blocks, and of as many more as the entries of the last fingerprint run on."""
        first, behind = first_block * BLOCK, (last_block + 2) * BLOCK
        while True:
            raw = os.pread(self._file, (min(behind, self._entries) - first) * ENTRY_BYTES, self._first + first * ENTRY_BYTES)
            entries = np.frombuffer(raw, np.uint64)
            if behind >= self._entries or not len(entries) or int(entries[-1]) >> LOW_BITS > last_wanted >> LOW_BITS:
                return entries
            behind += BLOCK
