"""One Python file of a suite: its text, its syntax tree, and edits at exact places."""

from __future__ import annotations

import ast
import io
import tokenize
from bisect import bisect_left, bisect_right
from collections import deque
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef
_ENOUGH_STRINGS = 20
"""Strings of a file that tell how it quotes."""


class UnpatchableError(Exception):
    """No sound patch can be made; the message says why, in words that disclose nothing."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Edit:
    """Characters `start` to before `end` of a file become `new`. `path` is relative to the suite's root."""

    path: str
    start: int
    end: int
    new: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class StringToken:
    """A string as it is written: `prefix` and `quote` as they stand, the text between from `inner` to before `inner_end`."""

    start: int
    end: int
    prefix: str
    quote: str

    @property
    def inner(self) -> int:
        """Where the text between the quotes begins."""
        return self.start + len(self.prefix) + len(self.quote)

    @property
    def inner_end(self) -> int:
        """Where it ends."""
        return self.end - len(self.quote)

    @property
    def is_formatted(self) -> bool:
        """Whether it is an f-string."""
        return "f" in self.prefix.lower()


class Source:
    """A parsed file. Raises SyntaxError and ValueError for what cannot be parsed; what is known to parse is parsed when it is first asked for."""

    def __init__(self, path: str, text: str, *, parses: bool = False) -> None:
        self.path = path
        self.text = text
        self._near: dict[int, dict[ast.AST, ast.AST]] = {}
        if not parses:
            self.tree = ast.parse(text)
        self._lines = text.split("\n")
        starts = [0]
        for line in self._lines:
            starts.append(starts[-1] + len(line) + 1)
        self._starts = starts

    @cached_property
    def tree(self) -> ast.Module:
        """Its syntax."""
        return ast.parse(self.text)

    @cached_property
    def _tops(self) -> list[int]:
        """The offset of the line on which each statement of the module begins, its decorators with it."""
        return [self.line_start(_first_line(node)) for node in self.tree.body]

    def _parents_in(self, place: int) -> dict[ast.AST, ast.AST]:
        """The nodes of a statement of the module, each with the one it stands in."""
        if place not in self._near:
            top = self.tree.body[place]
            self._near[place] = {top: self.tree, **{child: parent for parent in ast.walk(top) for child in ast.iter_child_nodes(parent)}}
        return self._near[place]

    @cached_property
    def used(self) -> frozenset[str]:
        """What the file reads by name: names, attributes, and texts, which may name something."""
        found: set[str] = set()
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
                found.add(node.id)
            elif isinstance(node, ast.Attribute):
                found.add(node.attr)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.add(node.value)
        return frozenset(found)

    def at(self, line: int, column: int) -> int:
        """The offset of a 1-based line and column, which counts characters."""
        return self._starts[line - 1] + column - 1

    def line_start(self, line: int) -> int:
        """The offset at which a 1-based line begins; the end of the text behind the last."""
        return min(self._starts[min(line, len(self._starts)) - 1], len(self.text))

    def start(self, node: ast.AST) -> int:
        """Where a node begins."""
        return self._offset(getattr(node, "lineno", 1), getattr(node, "col_offset", 0))

    def end(self, node: ast.AST) -> int:
        """Behind a node's last character."""
        return self._offset(getattr(node, "end_lineno", 1), getattr(node, "end_col_offset", 0))

    def of(self, node: ast.AST) -> str:
        """A node's text."""
        return self.text[self.start(node) : self.end(node)]

    def parents(self, node: ast.AST) -> Iterator[ast.AST]:
        """What a statement or expression stands in, innermost first."""
        last = bisect_right(self._tops, self.line_start(getattr(node, "lineno", 1))) - 1
        for place in range(last, -1, -1):  # it is in the first of them, but where statements share a line
            parents = self._parents_in(place)
            if node in parents:
                break
        else:
            return
        here = parents.get(node)
        while here is not None:
            yield here
            here = parents.get(here)

    def covering(self, offset: int) -> Iterator[ast.expr]:
        """The expressions that hold a character, innermost first."""
        found = [(end - start, node) for start, end, node in self._expressions_at(offset) if start <= offset < end]
        yield from (node for _, node in sorted(found, key=lambda one: one[0]))

    def _expressions_at(self, offset: int) -> Iterator[tuple[int, int, ast.expr]]:
        """The expressions on the line of a character, outer ones first: a file has thousands elsewhere."""
        line = bisect_right(self._starts, offset)
        waiting: deque[ast.AST] = deque([self.tree])
        while waiting:
            for node in ast.iter_child_nodes(waiting.popleft()):
                if _first_line(node, line) <= line <= (getattr(node, "end_lineno", None) or line):
                    waiting.append(node)
                    if isinstance(node, ast.expr):
                        yield self.start(node), self.end(node), node

    def raw_at(self, line: int, column: int) -> str:
        """The number or text at a 1-based place as it is written there, without quotes; "" where there is none."""
        if line > len(self._lines):
            return ""
        offset = self.at(line, column)
        node = next((one for one in self.covering(offset) if isinstance(one, ast.Constant)), None)
        token = self.string_at(offset)
        if token is not None:
            return self.text[token.inner : token.inner_end]
        return self.of(node) if node is not None else ""

    @cached_property
    def statements(self) -> tuple[ast.stmt, ...]:
        """Its statements, also those inside of functions, outer ones first; expressions, which are most of a file, are not looked at."""
        found: list[ast.stmt] = []
        waiting: deque[ast.AST] = deque([self.tree])
        while waiting:
            node = waiting.popleft()
            if isinstance(node, ast.stmt):
                found.append(node)
            for block in ("body", "orelse", "finalbody", "handlers", "cases"):
                inner = getattr(node, block, ())
                waiting.extend(inner if isinstance(inner, list) else ())
        return tuple(found)

    @property
    def import_statements(self) -> Iterator[ast.Import | ast.ImportFrom]:
        """Its imports."""
        yield from (node for node in self.statements if isinstance(node, ast.Import | ast.ImportFrom))

    @cached_property
    def imports(self) -> dict[str, tuple[str, int, str | None]]:
        """The names that the file imports: each with its module, how many folders up that counts from, and the name there (None for a module)."""
        found: dict[str, tuple[str, int, str | None]] = {}
        for node in self.import_statements:
            if isinstance(node, ast.ImportFrom):
                for alias in node.names:
                    found.setdefault(alias.asname or alias.name, (node.module or "", node.level, alias.name))
            else:
                for alias in node.names:
                    found.setdefault(
                        alias.asname or alias.name.partition(".")[0], (alias.name if alias.asname else alias.name.partition(".")[0], 0, None)
                    )
        return found

    def string_at(self, offset: int) -> StringToken | None:
        """The string in which a character stands."""
        piece = self._piece_at(offset)
        strings = self._strings if piece is None else self._strings_of(piece)
        return next((token for token in strings if token.start <= offset < token.end), None)

    def _piece_at(self, offset: int) -> ast.stmt | ast.expr | None:
        """The statement without a body, or the decorator, in which a character stands."""
        for statement in self.statements:
            pieces = getattr(statement, "decorator_list", ()) if hasattr(statement, "body") else (statement,)
            for piece in pieces:
                if self.start(piece) <= offset < self.end(piece):
                    found: ast.stmt | ast.expr = piece
                    return found
        return None

    def around(self, start: int, end: int) -> tuple[int, int]:
        """Where the statements of the module begin and end between which some characters stand, in whole lines."""
        lines = [top for top, before in zip(self._tops, (None, *self.tree.body), strict=False) if before is None or self.end(before) < top]
        first, behind = bisect_right(lines, start), bisect_left(lines, end)
        return lines[first - 1] if first else 0, lines[behind] if behind < len(lines) else len(self.text)

    def replaced(self, node: ast.AST, new: str) -> Edit:
        """A node's text replaced."""
        return Edit(path=self.path, start=self.start(node), end=self.end(node), new=new)

    def inserted(self, offset: int, new: str) -> Edit:
        """Text put in at an offset."""
        return Edit(path=self.path, start=offset, end=offset, new=new)

    def indent_of(self, node: ast.AST) -> str:
        """The white space before the line on which a node begins."""
        line = self._lines[getattr(node, "lineno", 1) - 1]
        return line[: len(line) - len(line.lstrip())]

    @cached_property
    def quote(self) -> str:
        """The quote that the file prefers."""
        plain = [token.quote for token in islice(self._tokens(0, 1), _ENOUGH_STRINGS) if len(token.quote) == 1]
        return "'" if plain.count("'") > plain.count('"') else '"'

    @cached_property
    def step(self) -> str:
        """What one level of indentation is."""
        for node in self.statements:
            if isinstance(node, FunctionNode | ast.ClassDef) and node.body[0].lineno > node.lineno:
                return self.indent_of(node.body[0])[len(self.indent_of(node)) :] or "    "
        return "    "

    def functions(self) -> Iterator[FunctionNode]:
        """Every function, outer ones first."""
        yield from (node for node in self.statements if isinstance(node, FunctionNode))

    @cached_property
    def _strings(self) -> list[StringToken]:
        return list(self._tokens(0, 1))

    def _strings_of(self, piece: ast.stmt | ast.expr) -> Iterator[StringToken]:
        yield from self._tokens(self.start(piece), piece.lineno, self.end(piece))

    def _tokens(self, first: int, line: int, last: int | None = None) -> Iterator[StringToken]:
        """The strings of a piece of the text, which begins on this line."""

        def offset(place: tuple[int, int]) -> int:
            return first + place[1] if place[0] == 1 else self._starts[line + place[0] - 2] + place[1]

        opened: list[tuple[int, str, str]] = []
        for token in tokenize.generate_tokens(io.StringIO(self.text[first:last]).readline):
            name = tokenize.tok_name[token.type]
            start, end = offset(token.start), offset(token.end)
            if name == "STRING":
                prefix = token.string[: min(token.string.find(one) for one in "\"'" if one in token.string)]
                rest = token.string[len(prefix) :]
                yield StringToken(start=start, end=end, prefix=prefix, quote=rest[:3] if rest[:3] in {'"""', "'''"} else rest[0])
            elif name == "FSTRING_START":
                quote = token.string.lstrip("fFrRbBuU")
                opened.append((start, token.string[: -len(quote)], quote))
            elif name == "FSTRING_END" and opened:
                began, prefix, quote = opened.pop()
                yield StringToken(start=began, end=end, prefix=prefix, quote=quote)

    def _offset(self, line: int, column: int) -> int:
        """The offset of an ast position, whose column counts bytes of UTF-8."""
        text = self._lines[line - 1]
        return self._starts[line - 1] + (column if text.isascii() else len(text.encode()[:column].decode(errors="replace")))


def applied(text: str, edits: Iterable[Edit]) -> str:
    """The text with its edits. Raises UnpatchableError where two of them overlap."""
    parts: list[str] = []
    done = 0
    for edit in sorted(set(edits)):
        if edit.start < done:
            raise UnpatchableError("two changes meet at the same place")
        parts += [text[done : edit.start], edit.new]
        done = edit.end
    return "".join((*parts, text[done:]))


def changed(sources: Mapping[str, Source], edits: Iterable[Edit]) -> dict[str, Source]:
    """The files that edits change, by path, as they are then. Raises UnpatchableError where edits overlap, or the result is no Python."""
    by_path: dict[str, list[Edit]] = {}
    for edit in edits:
        by_path.setdefault(edit.path, []).append(edit)
    new = {path: applied(sources[path].text, own) for path, own in sorted(by_path.items())}
    found: dict[str, Source] = {}
    for path, text in new.items():
        if text == sources[path].text:
            continue
        try:
            found[path] = Source(path, text, parses=_still_parses(sources[path], text, by_path[path]))
        except (SyntaxError, ValueError):
            raise UnpatchableError(f"the change would not parse ({path})") from None
    return found


def _still_parses(old: Source, new: str, edits: Sequence[Edit]) -> bool:
    """Whether it is plain that a file still parses: the statements of the module around its changes do by themselves, and end with their line."""
    begin, end = old.around(min(edit.start for edit in edits), max(edit.end for edit in edits))
    piece = new[begin : len(new) - (len(old.text) - end)]
    if end < len(old.text) and not piece.endswith("\n"):
        return False
    try:
        ast.parse(piece)
    except (SyntaxError, ValueError):
        return False
    return True


def _first_line(node: ast.AST, default: int = 1) -> int:
    """The line on which a node begins, its decorators with it."""
    own: int = getattr(node, "lineno", default)
    return min((own, *(int(one.lineno) for one in getattr(node, "decorator_list", ()))))
