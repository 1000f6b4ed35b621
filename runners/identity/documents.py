"""What identifies somebody inside of JSON documents."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from runners.identity.content import content_of_one

_MOST_LEAVES = 200
_LONGEST = 100_000
_DEEPEST = 6


def leaves(document: object) -> list[str]:
    """The texts of a document, given as its driver does: parsed, or as JSON; none for what cannot be read."""
    if isinstance(document, str | bytes):
        try:
            document = json.loads(document) if len(document) <= _LONGEST else None
        except (ValueError, RecursionError):
            return []
    return [text for text, _ in zip(_texts(document, _DEEPEST), range(_MOST_LEAVES), strict=False)]


def _texts(value: object, depth: int) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif depth and isinstance(value, Mapping):
        for one in value.values():
            yield from _texts(one, depth - 1)
    elif depth and isinstance(value, list | tuple):
        for one in value:
            yield from _texts(one, depth - 1)


def identifying(document: object) -> list[str]:
    """The texts of a document that identify somebody."""
    return [text for text in leaves(document) if content_of_one(text) is not None]
