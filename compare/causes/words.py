"""Words of code: sets of them, and how their spellings are compared."""

from __future__ import annotations


def words(text: str) -> frozenset[str]:
    """The words of a text, as a set: so many stand on a line that one can read them."""
    return frozenset(text.split())


def plain(name: str) -> str:
    """A name without case and underscores: `CustomerId` and `customer_id` are the same."""
    return name.replace("_", "").casefold()
