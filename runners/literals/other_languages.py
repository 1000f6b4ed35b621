"""Literals and names of source files that are not Python, by Pygments' lexers."""

from __future__ import annotations

import ast
import re
from bisect import bisect_right
from typing import TYPE_CHECKING, Any, NamedTuple

from pygments.lexers import get_lexer_for_filename
from pygments.token import Token
from pygments.util import ClassNotFound

if TYPE_CHECKING:
    from harness.model.coupling import Value

_QUOTES = "\"'`"
_STRING_EDGE = re.compile(r"^[a-zA-Z@$]*(\"\"\"|'''|[\"'`])|(\"\"\"|'''|[\"'`])$")


class Tokens(NamedTuple):
    """What the lexer says of a file: literals (value, line, 0-based column, last line, comment or not) and names with their lines."""

    literals: tuple[tuple[Value, int, int, int, bool], ...]
    names: tuple[tuple[str, int], ...]
    lines: tuple[str, ...]


def tokens_of(name: str, text: str) -> Tokens:
    """Literals and names of a source file; none where Pygments has no lexer for it."""
    try:
        lexer = get_lexer_for_filename(name, stripnl=False, ensurenl=False)
    except ClassNotFound:
        return Tokens((), (), ())
    collecting = _Collecting(text)
    for offset, kind, found in lexer.get_tokens_unprocessed(text):
        collecting.take(offset, kind, found)
    collecting.finish()
    return Tokens(tuple(collecting.literals), tuple(collecting.names), tuple(text.split("\n")))


class _Collecting:
    """Takes a lexer's tokens one by one. It may give one text in several."""

    def __init__(self, text: str) -> None:
        self.literals: list[tuple[Value, int, int, int, bool]] = []
        self.names: list[tuple[str, int]] = []
        self._starts = [0, *(found.end() for found in re.finditer("\n", text))]
        self._pending, self._pending_at = "", 0

    def take(self, offset: int, kind: Any, found: str) -> None:  # noqa: ANN401  # Pygments has no type for kinds of tokens
        if kind in Token.Literal.String and kind not in Token.Literal.String.Doc:
            if self._is_closed() and found[:1] in _QUOTES:
                self.finish()
            self._pending_at = self._pending_at if self._pending else offset
            self._pending += found
            return
        self.finish()
        line, column = self._place(offset)
        if kind in Token.Literal.Number:
            number = _number(found)
            if number is not None:
                self.literals.append((number, line, column, line, False))
        elif kind in Token.Comment or kind in Token.Literal.String.Doc:
            self.literals.append((found, line, column, line + found.count("\n"), True))
        elif kind in Token.Name:
            self.names.append((found, line))

    def finish(self) -> None:
        """Keep the text that was being read."""
        value = _STRING_EDGE.sub("", _STRING_EDGE.sub("", self._pending))
        if value:
            line, column = self._place(self._pending_at)
            self.literals.append((value, line, column, self._place(self._pending_at + len(self._pending))[0], False))
        self._pending = ""

    def _is_closed(self) -> bool:
        return len(self._pending) > 1 and self._pending[0] in _QUOTES and self._pending[0] == self._pending[-1]

    def _place(self, offset: int) -> tuple[int, int]:
        line = bisect_right(self._starts, offset)
        return line, offset - self._starts[line - 1]


def _number(text: str) -> int | None:
    try:
        value = ast.literal_eval(text.rstrip("lLuUnN").replace("_", ""))
    except (ValueError, SyntaxError):
        return None
    return value if isinstance(value, int) else None
