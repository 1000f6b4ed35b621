"""Names for what a patch adds, from those of the schema."""

from __future__ import annotations

import re

_HUMPS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_IRREGULAR = {"people": "person", "children": "child", "men": "man", "women": "woman"}


def snake(name: str) -> str:
    """`InvoiceLine` -> `invoice_line`."""
    return re.sub(r"\W+", "_", _HUMPS.sub("_", name)).lower().strip("_") or "record"


def singular(name: str) -> str:
    """`Customers` -> `customer`, as far as English goes by rule."""
    word = snake(name)
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("sses", "xes", "ches", "shes", "uses")):
        return word[:-2]
    return word[:-1] if word.endswith("s") and not word.endswith(("ss", "us", "is")) else word


def plural(name: str) -> str:
    """`InvoiceLine` -> `invoice_lines`."""
    word = singular(name)
    if word in _IRREGULAR.values():
        return next(many for many, one in _IRREGULAR.items() if one == word)
    if word.endswith("y") and word[-2:-1] not in set("aeiou"):
        return word[:-1] + "ies"
    return word + ("es" if word.endswith(("s", "x", "ch", "sh")) else "s")


def article(word: str) -> str:
    """`a customer`, `an account`."""
    spoken = word.replace("_", " ")
    return f"{'an' if spoken[:1] in set('aeiou') else 'a'} {spoken}"
