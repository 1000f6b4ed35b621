"""Nodes of a tree of fingerprints: leaves are `type:fingerprint`, a type alone, or a number where a tolerance asked for it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, TypeAlias, cast

if TYPE_CHECKING:
    from collections.abc import Iterator

Node: TypeAlias = "str | float | list[Node] | dict[str, Node]"

CUT, ROWS, SET, UNORDERED = "!cut", "!rows", "!set", "!unordered"
LARGE = "number?"
"""The type of whole numbers that may be identifiers, and so travel as fingerprints although a tolerance was asked for."""
_LISTS = {ROWS: "rows", SET: "set", UNORDERED: "unordered"}

canonical = json.JSONEncoder(sort_keys=True, separators=(",", ":")).encode


def kind_of(node: Node) -> str:
    """The type of a leaf, or `object`, `list`, `rows`, `set`, `unordered`."""
    if isinstance(node, dict):
        return next((kind for mark, kind in _LISTS.items() if mark in node), "object")
    if isinstance(node, list):
        return "list"
    return node.partition(":")[0] if isinstance(node, str) else "number"


def rows_of(node: dict[str, Node]) -> list[tuple[str, Node]]:
    """Rows with the fingerprints of their keys."""
    return cast("list[tuple[str, Node]]", node[ROWS])


def elements_of(node: Node) -> list[Node]:
    """The elements of a list or set of any kind."""
    if isinstance(node, list):
        return node
    if not isinstance(node, dict):
        raise TypeError("a leaf has no elements")
    if ROWS in node:
        return [row for _, row in rows_of(node)]
    return cast("list[Node]", node[SET] if SET in node else node[UNORDERED])


def outline(node: Node) -> Node:
    """A node without its inside, as DeepDiff is to see it."""
    if isinstance(node, dict | list):
        return {"object": "object", "set": "set"}.get(kind_of(node), "list")
    return node


def plain(node: Node) -> Node:
    """A node in which only lists without order are lists: DeepDiff is told to ignore the order of lists, whatever is ordered is a mapping."""
    if isinstance(node, list):
        return {f"[{number}]": plain(part) for number, part in enumerate(node)}
    if not isinstance(node, dict):
        return node
    kind = kind_of(node)
    if kind == "rows":
        return {f"[{key}]": plain(row) for key, row in _told_apart(rows_of(node))}
    if kind in ("set", "unordered"):
        return [plain(part) for part in elements_of(node)]
    return {name: plain(part) for name, part in node.items()}


def _told_apart(rows: list[tuple[str, Node]]) -> Iterator[tuple[str, Node]]:
    """Rows with keys that are unique."""
    seen: dict[str, int] = {}
    for key, row in rows:
        seen[key] = seen.get(key, 0) + 1
        yield (key if seen[key] == 1 else f"{key} {seen[key]}"), row


def parts(node: Node) -> Iterator[Node]:
    """A node and everything within it."""
    stack = [node]
    while stack:
        top = stack.pop()
        yield top
        if isinstance(top, dict):
            stack.extend(top.values())
        elif isinstance(top, list):
            stack.extend(top)


def is_cut(node: Node) -> bool:
    """Whether a node stands for what was left out."""
    return isinstance(node, dict) and node.keys() == {CUT}


def holds_cut(node: Node) -> bool:
    """Whether something was left out of a node."""
    return any(isinstance(part, dict) and CUT in part for part in parts(node))
