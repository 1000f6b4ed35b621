"""What a test reaches in a suite that is not written in Python: its block, by indentation, and what the names in it are defined as.

Weaker than for Python: which definition a name means is told by the name alone.
"""

from __future__ import annotations

import re
from collections import defaultdict
from functools import lru_cache
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, NamedTuple

from harness.model.coupling import LiteralForm, LiteralSource, Reached
from runners.literals.full_names import full_names
from runners.literals.other_languages import Tokens, tokens_of
from runners.literals.placing import Placing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from harness.model.coupling import Literal
    from runners.literals.leaves import Leaf
    from runners.literals.opened import DataFiles

_FURTHEST = 4
_CLOSING = re.compile(r"\s*(?:[)}\]]|end\b)")
_KEYWORD = r"(?:const|let|var|val|final|static|def|func|fun|function|class|readonly|string|int|long|String|Integer|self\.|this\.|@)"
_COMMON = frozenset(
    {"describe", "it", "test", "expect", "assert", "require", "import", "this", "self", "i", "t", "done", "console", "String", "Integer"}
)


class _Block(NamedTuple):
    path: str
    first: int
    last: int


class OtherReach:
    """Answers for the files of one suite."""

    def __init__(self, root: Path, paths: Sequence[str], data: DataFiles, leaves: Callable[[str], tuple[Leaf, ...]]) -> None:
        self._root = root
        self._paths = tuple(paths)
        self._data = data
        self._leaves = leaves
        self._placing = Placing(root)
        self._tokens = lru_cache(maxsize=4096)(self._read)
        self._defined: dict[str, dict[str, list[_Block]]] = {}

    def of(self, test_id: str) -> tuple[Reached, ...]:
        """Literals of the test whose file, class and name an id gives, nearest first."""
        found: dict[tuple[str, int, int, object], Reached] = {}
        waiting = [(block, LiteralSource.BODY, 0) for block in self._blocks_of(test_id)]
        seen = {block for block, _, _ in waiting}
        while waiting:
            block, source, distance = waiting.pop(0)
            for reached in self._in_block(block, source, distance):
                literal = reached.literal
                found.setdefault((literal.path, literal.line, literal.column, literal.value), reached)
            for target in self._named_in(block) if distance < _FURTHEST else ():
                if target not in seen:
                    seen.add(target)
                    by = LiteralSource.CONSTANT if target.first == target.last else LiteralSource.HELPER
                    waiting.append((target, by, distance + 1))
        return tuple(sorted(found.values(), key=lambda one: (one.distance, one.literal.path, one.literal.line, one.literal.column)))

    def all_of(self, path: str) -> Iterator[Reached]:
        """Every literal of one file."""
        last = len(self._tokens(path).lines)
        yield from (one for one in self._in_block(_Block(path, 1, last), LiteralSource.BODY, 0) if one.source is not LiteralSource.DATA_FILE)

    def _read(self, path: str) -> Tokens:
        try:
            return tokens_of(PurePosixPath(path).name, (self._root / path).read_text(encoding="utf-8", errors="replace"))
        except OSError:
            return Tokens((), (), ())

    def _in_block(self, block: _Block, source: LiteralSource, distance: int) -> Iterator[Reached]:
        for value, line, column, end_line, is_comment in self._tokens(block.path).literals:
            if not block.first <= line <= block.last:
                continue
            if is_comment:
                literals = self._placing.pieces(str(value), block.path, line, column + 1, end_line)
                yield from (Reached(literal=one, source=LiteralSource.COMMENT, distance=distance) for one in literals)
                continue
            literals = self._placing.written(value, block.path, line, column + 1, end_line, self._called(block.path, line, column))
            yield from (Reached(literal=one, source=source, distance=distance) for one in literals)
            if isinstance(value, str):
                yield from self._in_files(self._data.meant(value, block.path), distance + 1)

    def _in_files(self, paths: Sequence[str], distance: int) -> Iterator[Reached]:
        for path in paths:
            for leaf in self._leaves(path):
                name = next((str(key) for key in reversed(leaf.key) if isinstance(key, str)), None)
                literals: tuple[Literal, ...] = self._placing.written(leaf.value, path, leaf.line, leaf.column, leaf.end_line, name)
                kept = [one for one in literals if not leaf.is_comment or one.form is LiteralForm.PART]
                source = LiteralSource.COMMENT if leaf.is_comment else LiteralSource.DATA_FILE
                yield from (Reached(literal=one, source=source, distance=distance) for one in kept)
            names = full_names(path, self._leaves(path))
            yield from (Reached(literal=one, source=LiteralSource.DATA_FILE, distance=distance) for one in names)

    def _called(self, path: str, line: int, column: int) -> str | None:
        """What the code in front of a literal calls it: `customerId: 17`, `$id = 17`."""
        lines = self._tokens(path).lines
        found = re.search(r"([A-Za-z_]\w*)[\"']?\s*(?::=|=>|[:=])\s*$", lines[line - 1][:column]) if line <= len(lines) else None
        return found.group(1) if found else None

    def _blocks_of(self, test_id: str) -> list[_Block]:
        """Where a test's name stands, as a text or as the name of a function, and the lines below that belong to it."""
        file, *rest = test_id.split("::")
        names = [part for part in re.split(r"::|\.| > |\\s+\u203a\\s+", "::".join(rest)) if part] if rest else [file]
        wanted = {"::".join(rest).rpartition("::")[2], names[-1], re.sub(r"[\[(].*$", "", names[-1]).strip()} if names else set()
        places = [path for path in self._paths if path == file or path.endswith("/" + file) or file.endswith("/" + path)]
        if not places:
            stems = {part for one in test_id.split("::") for part in one.split(".")}
            places = [path for path in self._paths if PurePosixPath(path).name.split(".")[0] in stems] or list(self._paths)
        return [self._block(path, line) for path in places for line in self._lines_named(path, wanted)]

    def _lines_named(self, path: str, wanted: set[str]) -> list[int]:
        tokens = self._tokens(path)
        texts = [line for value, line, _, _, is_comment in tokens.literals if not is_comment and isinstance(value, str) and _ends(value, wanted)]
        if texts:
            return texts
        functions = [line for name, line in tokens.names if name in wanted and self._defines(tokens.lines[line - 1], name)]
        return functions or [number for number, line in enumerate(tokens.lines, 1) if any(line.strip().endswith(name) for name in wanted if name)][:1]

    @staticmethod
    def _defines(line: str, name: str) -> bool:
        return re.search(rf"\b(?:def|func|fun|function|void|Task|fn|public|async)\b[^=;]*\b{re.escape(name)}\b", line) is not None

    def _block(self, path: str, line: int) -> _Block:
        """From a line to where its indentation ends."""
        lines = self._tokens(path).lines
        depth = _indentation(lines[line - 1])
        last = line
        for number in range(line + 1, len(lines) + 1):
            text = lines[number - 1]
            if text.strip() and _indentation(text) <= depth:
                if text.strip() == "{":  # an opening brace on a line of its own
                    continue
                return _Block(path, line, number if _CLOSING.match(text) else last)
            last = number
        return _Block(path, line, last)

    def _named_in(self, block: _Block) -> Iterator[_Block]:
        suffix = PurePosixPath(block.path).suffix
        for name, line in self._tokens(block.path).names:
            if block.first <= line <= block.last and name not in _COMMON:
                blocks = self._definitions(suffix).get(name, ())
                here = [one for one in blocks if one.path == block.path]
                yield from here or blocks

    def _definitions(self, suffix: str) -> dict[str, list[_Block]]:
        """Where names are defined in the files of one language: assigned, or named by a keyword."""
        if suffix not in self._defined:
            found: dict[str, list[_Block]] = defaultdict(list)
            for path in self._paths:
                if PurePosixPath(path).suffix == suffix:
                    tokens = self._tokens(path)
                    for name, line in tokens.names:
                        if re.search(
                            rf"(?:^|[^\w.]){_KEYWORD}\b[^=;(){{}}]*{re.escape(name)}\b|^\s*{re.escape(name)}\s*(?::=|=(?!=))", tokens.lines[line - 1]
                        ):
                            found[name].append(self._block(path, line))
            self._defined[suffix] = found
        return self._defined[suffix]


def _ends(value: str, wanted: set[str]) -> bool:
    return value in wanted or any(name.endswith(" " + value) for name in wanted)


def _indentation(line: str) -> int:
    return len(line.expandtabs(4)) - len(line.expandtabs(4).lstrip())
