"""Writes the little YAML that an override needs: JSON, which is YAML, and Compose's tags `!reset` and `!override`."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Reset:
    """Takes away what the files before this one say under a key."""


@dataclass(frozen=True, slots=True)
class Replaced:
    """Replaces, instead of adding to, what the files before this one say under a key."""

    value: Node


Node = str | int | bool | Sequence["Node"] | Mapping[str, "Node"] | Reset | Replaced


def to_yaml(node: Node, *, indent: str = "") -> str:
    """A node as text. A `$` in a string is doubled, so that Compose does not read a variable there."""
    deeper = indent + "  "
    match node:
        case Reset():
            return "!reset null"
        case Replaced(value):
            return f"!override {to_yaml(value, indent=indent)}"
        case str():
            return _quoted(node.replace("$", "$$"))
        case bool() | int():
            return json.dumps(node)
        case Mapping():
            entries = [f"{deeper}{_quoted(key)}: {to_yaml(value, indent=deeper)}" for key, value in node.items()]
            return "{\n" + ",\n".join(entries) + f"\n{indent}}}" if entries else "{}"
        case _:
            return "[" + ", ".join(to_yaml(value, indent=deeper) for value in node) + "]"


_ESCAPE = re.compile(r"\\(?:u(d[89ab][0-9a-f]{2})\\u(d[c-f][0-9a-f]{2})|.)")


def _quoted(text: str) -> str:
    """A string of JSON, except that YAML writes a character beyond the first plane as one escape and not as two."""
    return _ESCAPE.sub(_joined, json.dumps(text))


def _joined(escape: re.Match[str]) -> str:
    high, low = escape.groups()
    if high is None:
        return escape.group()
    return f"\\U{0x10000 + ((int(high, 16) - 0xD800) << 10) + int(low, 16) - 0xDC00:08x}"
