"""How TOML writes keys and values, and what it calls their types."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_LONGEST = 60


def kind_of(value: object) -> str:
    """The TOML type of a parsed value, with its article; says nothing of the value itself."""
    kinds: tuple[tuple[type, str], ...] = (
        (bool, "a boolean"),
        (int, "an integer"),
        (float, "a number"),
        (str, "a string"),
        (datetime, "a date-time"),
        (date, "a date"),
        (time, "a time"),
        (Mapping, "a table"),
        (Sequence, "an array"),
    )
    return next((name for kind, name in kinds if isinstance(value, kind)), "a value")


def key_text(key: Sequence[str | int]) -> str:
    """A dotted key, quoted where TOML quotes it; an element of an array is counted from 1: `suite.args (item 2)`."""
    parts: list[str] = []
    for part in key:
        if isinstance(part, int):
            parts.append(f" (item {part + 1})")
        else:
            shown = part if _BARE_KEY.fullmatch(part) else string_text(part)
            parts.append(f".{shown}" if parts else shown)
    return "".join(parts)


def string_text(text: str) -> str:
    """A basic string on one line; JSON escapes the same characters as TOML but for DEL, and has no other that TOML lacks."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007F")


def value_text(value: object) -> str:
    """A value as TOML writes it inline."""
    if isinstance(value, str):
        return string_text(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        inner = ", ".join(f"{key_text((name,))} = {value_text(item)}" for name, item in value.items())
        return f"{{ {inner} }}" if inner else "{}"
    if isinstance(value, Sequence):
        return f"[{', '.join(value_text(item) for item in value)}]"
    return str(value)


def short_text(value: object) -> str:
    """A value for a message, cut where it is long. Only for keys that never hold anything confidential."""
    text = value_text(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."
