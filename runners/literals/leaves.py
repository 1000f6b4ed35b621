"""The values in data files, each with the place where it stands and the keys that lead to it."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, NamedTuple
from xml.parsers import expat

import tree_sitter_json
import tree_sitter_toml
import yaml
from tree_sitter import Language, Parser

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tree_sitter import Node

Key = tuple[str | int, ...]
_SETTING = re.compile(r"\s*([\w.-]+)\s*[=:]\s*(\S.*?)\s*$")
_LARGEST = 8_000_000
"""Bytes of a data file beyond which it is no test case but a dump."""


class Leaf(NamedTuple):
    """A value in a file. Line and column are 1-based; `end_line` is the last it covers; `key` leads to it: names, and numbers of rows."""

    value: str | int | float
    line: int
    column: int
    end_line: int
    key: Key
    is_comment: bool = False


def leaves_of(name: str, content: bytes) -> tuple[Leaf, ...]:
    """All values in a file, by its suffix; () for one that is not what its name says, or too large to be written by hand."""
    reader = _READERS.get(PurePosixPath(name).suffix)
    if reader is None or len(content) > _LARGEST:
        return ()
    try:
        return tuple(reader(content))
    except (ValueError, yaml.YAMLError, expat.ExpatError, csv.Error, RecursionError):
        return ()


def _json(content: bytes) -> Iterator[Leaf]:
    json.loads(content)
    yield from _json_below(Parser(Language(tree_sitter_json.language())).parse(content).root_node, (), _Columns(content))


def _json_lines(content: bytes) -> Iterator[Leaf]:
    for row, line in enumerate(content.splitlines()):
        if line.strip():
            yield from (leaf._replace(line=row + leaf.line, end_line=row + leaf.end_line, key=(row, *leaf.key)) for leaf in _json(line))


def _json_below(node: Node, key: Key, columns: _Columns) -> Iterator[Leaf]:
    if node.type in {"string", "number"}:
        value = json.loads(node.text or b"null")
        if value != "":
            yield columns.leaf(value, node, key)
    elif node.type == "array":
        for row, child in enumerate(node.named_children):
            yield from _json_below(child, (*key, row), columns)
    elif node.type == "pair":
        name, value = node.child_by_field_name("key"), node.child_by_field_name("value")
        if name is not None and value is not None:
            called = json.loads(name.text or b'""')
            yield columns.leaf(called, name, key)
            yield from _json_below(value, (*key, called), columns)
    else:
        for child in node.named_children:
            yield from _json_below(child, key, columns)


class _Columns:
    """Places counted in characters, from a parser that counts bytes."""

    def __init__(self, content: bytes) -> None:
        self._lines = content.splitlines()

    def leaf(self, value: str | float, node: Node, key: Key) -> Leaf:
        row, byte = node.start_point
        column = len(self._lines[row][:byte].decode("utf-8", "replace")) + 1 if row < len(self._lines) else byte + 1
        return Leaf(value, row + 1, column, node.end_point[0] + 1, key)


def _toml(content: bytes) -> Iterator[Leaf]:
    yield from _toml_below(Parser(Language(tree_sitter_toml.language())).parse(content).root_node, (), _Columns(content))


def _toml_below(node: Node, key: Key, columns: _Columns) -> Iterator[Leaf]:
    if node.type in {"string", "integer", "float"}:
        value = _toml_scalar(node)
        if value is not None and value != "":
            yield columns.leaf(value, node, key)
    elif node.type == "comment":
        yield columns.leaf((node.text or b"").decode("utf-8", "replace"), node, key)._replace(is_comment=True)
    elif node.type in {"pair", "table", "table_array_element"} and node.named_children:
        name, *rest = node.named_children
        called = (name.text or b"").decode("utf-8", "replace").strip("\"'")
        inner = (*key, called)
        if called and name.type in {"bare_key", "quoted_key"}:
            yield columns.leaf(called, name, key)
        for child in rest:
            yield from _toml_below(child, inner, columns)
    else:
        for row, child in enumerate(node.named_children):
            yield from _toml_below(child, (*key, row) if node.type == "array" else key, columns)


def _toml_scalar(node: Node) -> str | int | float | None:
    import tomllib  # noqa: PLC0415  # only where a suite has TOML

    try:
        value = tomllib.loads(f"v = {(node.text or b'').decode('utf-8', 'replace')}")["v"]
    except tomllib.TOMLDecodeError:
        return None
    return value if isinstance(value, str | int | float) and not isinstance(value, bool) else None


def _yaml(content: bytes) -> Iterator[Leaf]:
    for number, line in enumerate(content.decode("utf-8", "replace").splitlines(), 1):
        if line.lstrip().startswith("#"):
            yield Leaf(line.strip(), number, line.index("#") + 1, number, (), is_comment=True)
    documents = list(yaml.compose_all(content, Loader=yaml.SafeLoader))
    for row, document in enumerate(documents):
        if document is not None:
            yield from _yaml_below(document, (row,) if len(documents) > 1 else (), set())


def _yaml_below(node: yaml.Node, key: Key, above: set[int]) -> Iterator[Leaf]:
    if id(node) in above:
        return
    inside = above | {id(node)}
    if isinstance(node, yaml.ScalarNode):
        value = _yaml_scalar(node)
        if value is not None and value != "":
            yield Leaf(value, node.start_mark.line + 1, node.start_mark.column + 1, node.end_mark.line + 1, key)
    elif isinstance(node, yaml.SequenceNode):
        for row, child in enumerate(node.value):
            yield from _yaml_below(child, (*key, row), inside)
    elif isinstance(node, yaml.MappingNode):
        for name, child in node.value:
            yield from _yaml_below(name, key, inside)
            yield from _yaml_below(child, (*key, name.value if isinstance(name, yaml.ScalarNode) else "?"), inside)


def _yaml_scalar(node: yaml.ScalarNode) -> str | int | float | None:
    if node.tag in {"tag:yaml.org,2002:bool", "tag:yaml.org,2002:null"}:
        return None
    if node.tag == "tag:yaml.org,2002:int":
        digits = node.value.replace("_", "")
        return int(digits) if digits.lstrip("+-").isdigit() and not digits.lstrip("+-").startswith("0") else str(node.value)
    return str(node.value)


def _csv(content: bytes) -> Iterator[Leaf]:
    text = content.decode("utf-8-sig", "replace")
    header_line = text.split("\n", 1)[0]
    delimiter = max(",;\t|", key=header_line.count)
    source = io.StringIO(text, newline="")
    lines = text.splitlines()
    reader = csv.reader(source, delimiter=delimiter)
    header: list[str] = []
    before = 0
    for row, cells in enumerate(reader):
        header = header or cells
        line, column = before + 1, 0
        for place, cell in enumerate(cells):
            column = max(column, lines[line - 1].find(cell.split("\n", 1)[0], column)) if line <= len(lines) else 0
            if cell.strip():
                name = header[place] if place < len(header) else str(place)
                yield Leaf(cell.strip(), line, column + 1, reader.line_num, (row - 1, name) if row else ("", name))
            column += len(cell)
        before = reader.line_num


def _xml(content: bytes) -> Iterator[Leaf]:
    reader = _XmlReader(content)
    reader.parser.Parse(content, True)  # noqa: FBT003  # expat's own way to say that this is all
    yield from reader.found


class _XmlReader:
    """Collects attributes, texts and comments. Entities are refused: they can grow without bound."""

    def __init__(self, content: bytes) -> None:
        self.found: list[Leaf] = []
        self.parser = expat.ParserCreate()
        self.parser.StartElementHandler, self.parser.EndElementHandler = self._start, self._end
        self.parser.CharacterDataHandler, self.parser.CommentHandler, self.parser.EntityDeclHandler = self._data, self._comment, self._refuse
        self._lines = content.splitlines()
        self._open: list[str] = []
        self._text: list[tuple[str, int, int]] = []

    def _place(self) -> tuple[int, int]:
        row, column = self.parser.CurrentLineNumber, self.parser.CurrentColumnNumber
        return row, len(self._lines[row - 1][:column].decode("utf-8", "replace")) + 1 if row <= len(self._lines) else 1

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._finish()
        line, column = self._place()
        self._open.append(name)
        self.found.extend(Leaf(value, line, column, line, (*self._open, key)) for key, value in attributes.items() if value.strip())

    def _end(self, _name: str) -> None:
        self._finish()
        self._open.pop()

    def _data(self, text: str) -> None:
        """Take a piece: expat gives a text line by line, and cut around entities."""
        self._text.append((text, *self._place()))

    def _finish(self) -> None:
        told = [piece for piece in self._text if piece[0].strip()]
        if told:
            first, line, column = told[0]
            whole = "".join(text for text, _, _ in self._text).strip()
            self.found.append(Leaf(whole, line, column + len(first) - len(first.lstrip()), told[-1][1], tuple(self._open)))
        self._text = []

    def _comment(self, text: str) -> None:
        line, column = self._place()
        self.found.append(Leaf(text.strip(), line, column, line + text.count("\n"), (), is_comment=True))

    def _refuse(self, *_: object) -> None:
        raise ValueError("an entity is declared")


def _text(content: bytes) -> Iterator[Leaf]:
    for number, line in enumerate(content.decode("utf-8", "replace").splitlines(), 1):
        if line.strip():
            yield Leaf(line.strip(), number, len(line) - len(line.lstrip()) + 1, number, (number - 1,))


def _settings(content: bytes) -> Iterator[Leaf]:
    """`name = value` or `name: value` in a line, under [section]; other lines as they stand."""
    section: Key = ()
    for number, line in enumerate(content.decode("utf-8", "replace").splitlines(), 1):
        text = line.strip()
        if text.startswith(("#", ";", "!")):
            yield Leaf(text, number, line.index(text) + 1, number, (), is_comment=True)
        elif text.startswith("[") and text.endswith("]"):
            section = (text[1:-1],)
        elif (found := _SETTING.match(line)) is not None:
            yield Leaf(found[2], number, found.start(2) + 1, number, (*section, found[1]))
        elif text:
            yield Leaf(text, number, line.index(text) + 1, number, section)


_READERS: dict[str, Callable[[bytes], Iterator[Leaf]]] = {
    ".json": _json,
    ".jsonl": _json_lines,
    ".ndjson": _json_lines,
    ".toml": _toml,
    ".yaml": _yaml,
    ".yml": _yaml,
    ".csv": _csv,
    ".tsv": _csv,
    ".xml": _xml,
    ".sql": _text,
    ".txt": _text,
    **dict.fromkeys((".ini", ".cfg", ".properties"), _settings),
}
