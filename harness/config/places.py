"""Where keys and values stand in a TOML file, read from the syntax tree that tree-sitter makes of it.

The standard library's parser gives the values but no positions; the tree gives positions and no values, and it forgives what the parser
refuses. So a file is parsed by the former first, and what the tree does not show (a later version of TOML) falls back to the table around it.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import tree_sitter_toml
from tree_sitter import Language, Parser

from harness.config.notation import key_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tree_sitter import Node

Key = tuple[str | int, ...]


@dataclass(frozen=True, slots=True, order=True)
class Mark:
    """A place in a file: 1-based line, and 1-based column counted in characters."""

    line: int
    column: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Where each key of a file stands. `file` is its name as shown; `prefix` leads to the configuration's table inside the file."""

    file: str
    prefix: Key = ()
    marks: Mapping[Key, Mark] = field(default_factory=dict)

    def mark(self, key: Key) -> Mark | None:
        """The place of a key (without the prefix), or of the nearest table around it that is written out; None where there is none."""
        full = self.prefix + key
        return next((self.marks[full[:end]] for end in range(len(full), len(self.prefix) - 1, -1) if full[:end] in self.marks), None)

    def where(self, key: Key) -> str:
        """`file:line:column: dotted.key`, for a person and for editors that follow such links."""
        mark = self.mark(key)
        place = f"{self.file}:{mark.line}:{mark.column}" if mark else self.file
        return f"{place}: {key_text(self.prefix + key)}" if key or self.prefix else place


def marks_of(text: str) -> dict[Key, Mark]:
    """The place of every key and array element of a TOML text; a table that is opened twice counts where it stands first."""
    reading = _Reading(text)
    tree = Parser(Language(tree_sitter_toml.language())).parse(text.encode())
    for node in tree.root_node.named_children:
        reading.statement(node)
    return reading.marks


class _Reading:
    """One walk over a tree. `_table` is the key under which the statements below a header stand."""

    def __init__(self, text: str) -> None:
        self.marks: dict[Key, Mark] = {}
        self._lines = [line.encode() for line in text.split("\n")]
        self._table: Key = ()
        self._arrays: dict[Key, int] = {}

    def statement(self, node: Node) -> None:
        if node.type == "pair":
            self._pair(node, self._table)
        elif node.type in {"table", "table_array_element"}:
            self._header(node, repeated=node.type == "table_array_element")
            for child in node.named_children[1:]:
                if child.type == "pair":
                    self._pair(child, self._table)

    def _header(self, node: Node, *, repeated: bool) -> None:
        key: Key = ()
        parts = _parts(node.named_children[0])
        for number, part in enumerate(parts):
            key = (*key, _name(part))
            self._note(key, part)
            if repeated and number == len(parts) - 1:
                self._arrays[key] = self._arrays.get(key, -1) + 1
            if key in self._arrays:
                key = (*key, self._arrays[key])
                self._note(key, part)
        self._table = key

    def _pair(self, node: Node, table: Key) -> None:
        if len(node.named_children) < 2:
            return
        key = table
        for part in _parts(node.named_children[0]):
            key = (*key, _name(part))
            self._note(key, part)
        value = next((child for child in node.named_children[1:] if child.type != "comment"), None)
        if value is not None:
            self._value(value, key)

    def _value(self, node: Node, key: Key) -> None:
        if node.type == "inline_table":
            for child in node.named_children:
                if child.type == "pair":
                    self._pair(child, key)
        elif node.type == "array":
            for index, child in enumerate(child for child in node.named_children if child.type != "comment"):
                self._note((*key, index), child)
                self._value(child, (*key, index))

    def _note(self, key: Key, node: Node) -> None:
        row, byte = node.start_point
        column = len(self._lines[row][:byte].decode(errors="replace"))
        self.marks.setdefault(key, Mark(row + 1, column + 1))


def _parts(node: Node) -> list[Node]:
    """The single keys of a dotted one, which the grammar nests to the left."""
    if node.type != "dotted_key":
        return [node]
    return [part for child in node.named_children for part in _parts(child)]


def _name(node: Node) -> str:
    """What a key is called, its quotes and escapes undone by the same parser that reads the values."""
    text = (node.text or b"").decode()
    try:
        return next(iter(tomllib.loads(f"{text} = 0")))
    except tomllib.TOMLDecodeError:
        return text
