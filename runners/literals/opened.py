"""Which data files of a suite a text in its code means: `"data/cases.json"`, a last piece of a path, a pattern, a bare name."""

from __future__ import annotations

import fnmatch
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from runners.literals.evaluation import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Sequence

_LONGEST = 300


class DataFiles:
    """The data files of a suite by their names."""

    def __init__(self, paths: Sequence[str]) -> None:
        self._paths = tuple(map(PurePosixPath, paths))
        self._by_name: dict[str, list[PurePosixPath]] = {}
        self._by_stem: dict[str, list[PurePosixPath]] = {}
        for path in self._paths:
            self._by_name.setdefault(path.name, []).append(path)
            self._by_stem.setdefault(path.stem, []).append(path)
        self.suffixes = frozenset(path.suffix for path in self._paths)

    def meant(self, text: str, near: str) -> tuple[str, ...]:
        """Files that a text with a suffix means, in code that stands in the file `near`; () for none."""
        if not self._paths or len(text) > _LONGEST or "." not in text or "\n" in text:
            return ()
        pieces = [piece for piece in text.replace("\\", "/").rpartition(UNKNOWN)[2].split("/") if piece not in {"", ".", ".."}]
        if not pieces:
            return ()
        if "*" in pieces[-1]:
            folder = PurePosixPath(near).parent
            matched = [path for path in self._paths if folder in path.parents and fnmatch.fnmatch(path.name, pieces[-1]) and path.suffix]
            return tuple(map(str, matched))
        return self._nearest(self._by_name.get(pieces[-1], []), pieces, near)

    def bare(self, text: str, near: str, suffixes: frozenset[str]) -> tuple[str, ...]:
        """Files that a text without a suffix means, where the code adds one of `suffixes`."""
        if len(text) > _LONGEST or not text or "\n" in text:
            return ()
        pieces = [piece for piece in text.split("/") if piece]
        named = self._by_stem.get(pieces[-1], []) if pieces else []
        return self._nearest([path for path in named if path.suffix in suffixes], [*pieces[:-1], ""], near)

    @staticmethod
    def _nearest(paths: Sequence[PurePosixPath], pieces: Sequence[str], near: str) -> tuple[str, ...]:
        """Those that agree with most of the pieces, and of these those closest to the code."""
        if len(paths) < 2:
            return tuple(map(str, paths))
        here = PurePosixPath(near).parts

        def rank(path: PurePosixPath) -> tuple[int, int]:
            agreeing = 0
            for own, wanted in zip(reversed(path.parts[:-1]), reversed(pieces[:-1]), strict=False):
                if own != wanted:
                    break
                agreeing += 1
            shared = sum(1 for _ in _common(path.parts, here))
            return agreeing, shared

        best = max(map(rank, paths))
        return tuple(str(path) for path in paths if rank(path) == best)


def _common(left: Sequence[str], right: Sequence[str]) -> Sequence[str]:
    length = next((number for number, (one, other) in enumerate(zip(left, right, strict=False)) if one != other), min(len(left), len(right)))
    return left[:length]
