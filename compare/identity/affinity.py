"""Whether the source calls a literal what the schema calls its column: `GERMAN_CUSTOMER_ID` and `Customer.CustomerId`."""

from __future__ import annotations

import re

_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_GENERAL = frozenset(
    {
        "id",
        "ids",
        "key",
        "pk",
        "no",
        "nr",
        "num",
        "number",
        "code",
        "ref",
        "uuid",
        "guid",
        "value",
        "name",
        "test",
        "the",
        "of",
        "a",
        "in",
        "default",
    },
)


def affinity(name: str | None, entity: str) -> float:
    """Share of the telling words of the entity (table and column, without `id`, `number` and the like) that `name` holds too: 0.0 to 1.0.

    Words are compared without case and plural. A `name` of None, or without a telling word, has none.
    """
    if not name:
        return 0.0
    wanted = _telling(entity)
    return len(wanted & _telling(name)) / len(wanted) if wanted else 0.0


def _telling(text: str) -> frozenset[str]:
    return frozenset(_singular(word) for word in (found.lower() for found in _WORDS.findall(text)) if word not in _GENERAL)


def _singular(word: str) -> str:
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith("ses") and len(word) > 4:
        return word[:-2]
    return word[:-1] if word.endswith("s") and not word.endswith("ss") and len(word) > 3 else word
