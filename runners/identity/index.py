"""Answers from an identity index: which columns hold a value, and in which dataset. Reads the file in place; needs no database."""

from __future__ import annotations

import os
from itertools import islice
from typing import TYPE_CHECKING, Self

import numpy as np

from harness.errors import InputError
from harness.model.canonical import canonical
from harness.model.coupling import Match, Presence
from runners.identity.layout import BLOCK, CHECK, ENTRY_BYTES, LOW_BITS, SIDE_BITS, read_header

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from harness.evidence.key import ProjectKey
    from harness.model.coupling import IdentifyingColumn

_BATCH = 65_536
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
        self._known: dict[tuple[bytes, int], tuple[Match, ...]] = {}
        self._file = os.open(path, os.O_RDONLY)
        blocks = -(-self._entries // BLOCK)
        self._directory = np.frombuffer(os.pread(self._file, blocks * ENTRY_BYTES, self._first + self._entries * ENTRY_BYTES), np.uint64)
        if len(self._directory) != blocks:
            self.close()
            raise InputError("the identity index is cut short", where=str(path), hint="Make it again with `shadow index`.")

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

    def lookup(self, values: Iterable[object]) -> list[tuple[Match, ...]]:
        """What is known of each value, in order; () for one that is in neither dataset, or that identifies nobody (None, True, 0.5).

        A tuple is looked up as a composite key.
        """
        answers: list[tuple[Match, ...]] = []
        remaining = iter(values)
        while batch := list(islice(remaining, _BATCH)):
            spelled = [canonical(value) for value in batch]
            asked = [text for text in spelled if text is not None]
            shapes = [_shape(text) for text in asked]
            fingerprint = self._key.fingerprint
            found = iter(self._matches(np.array([int(fingerprint(text), 16) for text in asked], np.uint64), asked, shapes))
            answers += [_NOTHING if text is None else next(found) for text in spelled]
        return answers

    def lookup_fingerprints(self, fingerprints: Iterable[str]) -> list[tuple[Match, ...]]:
        """The same for values known only by fingerprints of their canonical spelling; `density` is then the largest of the column's."""
        answers: list[tuple[Match, ...]] = []
        remaining = iter(fingerprints)
        while batch := list(islice(remaining, _BATCH)):
            answers += self._matches(np.array([int(text, 16) for text in batch], np.uint64), None, None)
        return answers

    def _matches(self, fingerprints: NDArray[np.uint64], asked: Sequence[str] | None, shapes: Sequence[int] | None) -> list[tuple[Match, ...]]:
        answers = [_NOTHING] * len(fingerprints)
        for place, low in self._found(fingerprints):
            shape = -1 if shapes is None else shapes[place]
            known = (low, shape)
            matches = self._known.get(known)
            if matches is None:
                matches = self._known[known] = tuple(
                    self._match(int(bits), None if asked is None else asked[place]) for bits in np.frombuffer(low, np.uint16)
                )
            answers[place] = matches
        return answers

    def _match(self, bits: int, asked: str | None) -> Match:
        profile = self._profiles[bits >> SIDE_BITS]
        density = profile.highest if asked is None else profile.density(asked)
        shown = profile.column
        return Match(entity=shown.entity, kind=shown.kind, content=shown.content, presence=_PRESENCE[bits & 3], density=density)

    def _found(self, fingerprints: NDArray[np.uint64]) -> Iterator[tuple[int, bytes]]:
        """The place in the batch and the low bits of all entries, for each fingerprint that is in the index."""
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
            high = np.searchsorted(entries, asked | np.uint64((1 << LOW_BITS) - 1), "right")
            for hit in np.flatnonzero(high > low).tolist():
                bits = (entries[low[hit] : high[hit]] & np.uint64((1 << LOW_BITS) - 1)).astype(np.uint16)
                yield int(order[start + hit]), bits.tobytes()
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


def _shape(canonical_text: str) -> int:
    """What the base rate depends on besides the column: the family, and of whole numbers how many digits."""
    return len(canonical_text) - 2 if canonical_text.startswith("n:") and canonical_text[2] != "-" else -ord(canonical_text[0])
