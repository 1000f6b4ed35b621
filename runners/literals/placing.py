"""Makes literals of what stands in files: the written value, the pieces of longer texts, each at its place."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from harness.model.coupling import Literal, LiteralForm
from runners.literals.parts import parts_of

if TYPE_CHECKING:
    from harness.model.coupling import Value


class Placing:
    """Literals with their pieces. Files are read again only to find where a piece stands."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._lines = lru_cache(maxsize=256)(self._read)
        self._cached = lru_cache(maxsize=200_000, typed=True)(self._make)

    def written(
        self, value: Value, path: str, line: int, column: int, end_line: int, name: str | None, *, refused: bool = False
    ) -> tuple[Literal, ...]:
        """A value as it stands, and its pieces where it is a text. `column` is 1-based. Of what is `refused`, a path says nothing."""
        found: tuple[Literal, ...] = self._cached(value, path, line, column, end_line, name)
        if not refused or not isinstance(value, str):
            return found
        return tuple(replace(one, name=None) if one.form is LiteralForm.PART and f"/{one.value!s}" in value else one for one in found)

    def pieces(self, text: str, path: str, line: int, column: int, end_line: int, name: str | None = None) -> tuple[Literal, ...]:
        """Only the pieces: of a comment, a docstring."""
        return tuple(self._piece(part.value, part.offset, part.name or name, text, path, line, column, end_line) for part in parts_of(text))

    def _make(self, value: Value, path: str, line: int, column: int, end_line: int, name: str | None) -> tuple[Literal, ...]:
        whole = Literal(value=value, path=path, line=line, column=column, name=name)
        text = value.decode("utf-8", "replace") if isinstance(value, bytes) else value
        return (whole, *self.pieces(text, path, line, column, end_line, name)) if isinstance(text, str) else (whole,)

    def _piece(self, value: str, offset: int, name: str | None, text: str, path: str, line: int, column: int, end_line: int) -> Literal:
        at_line, at_column = self._find(value, text[:offset].count("\n"), path, line, column, end_line)
        return Literal(value=value, path=path, line=at_line, column=at_column, form=LiteralForm.PART, name=name)

    def _find(self, value: str, newlines: int, path: str, line: int, column: int, end_line: int) -> tuple[int, int]:
        """Where a piece stands: on the line that its line breaks lead to, or else the first that holds it; the text's own place where none does."""
        lines = self._lines(path)
        hint = min(line + newlines, end_line)
        for number in (hint, *range(line, end_line + 1)):
            if number <= len(lines):
                found = lines[number - 1].find(value.split("\n", 1)[0], column - 1 if number == line else 0)
                if found >= 0:
                    return number, found + 1
        return line, column

    def _read(self, path: str) -> tuple[str, ...]:
        try:
            return tuple((self._root / path).read_text(encoding="utf-8", errors="replace").split("\n"))
        except OSError:
            return ()
