"""What was learned of one place of an observed value, as read from a recorded shape."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

Sizes = tuple[str, str]
"""The smallest and the largest class of numbers of elements seen: 0, 1, 2-9, 10-99, ..."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Values:
    """Distinct values among many: how many (None: too many for an enumeration), and a keyed fingerprint of the set."""

    count: int | None
    fingerprint: str | None = None

    @property
    def words(self) -> str:
        """For a person to read."""
        if self.count is None:
            return "many distinct values"
        return f"{self.count} distinct value" + ("s" if self.count != 1 else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Learned:
    """One place in all elements that have it: docs/observations.md describes each part. `cut` names why its inside was not looked at."""

    types: frozenset[str] = frozenset()
    formats: frozenset[str] = frozenset()
    values: Values | None = None
    size: Sizes | None = None
    items: Learned | None = None
    keys: Mapping[str, Learned] = field(default_factory=dict)
    optional: frozenset[str] = frozenset()
    entry_count: Sizes | None = None
    key_formats: frozenset[str] = frozenset()
    entries: Learned | None = None
    cut: str | None = None

    @classmethod
    def read(cls, node: Mapping[str, Any]) -> Learned:
        """The place of a parsed tree; KeyError, TypeError or ValueError where it is none."""
        values, items, entries = node.get("values"), node.get("items"), node.get("map")
        return cls(
            types=frozenset(node.get("types", ())),
            formats=frozenset(node.get("formats", ())),
            values=None if values is None else Values(count=values["n"], fingerprint=values.get("set")),
            size=_sizes(node.get("size")),
            items=None if items is None else cls.read(items),
            keys={name: cls.read(place) for name, place in node.get("keys", {}).items()},
            optional=frozenset(node.get("optional", ())),
            entry_count=_sizes(node.get("map_size")),
            key_formats=frozenset(node.get("map_keys", ())),
            entries=None if entries is None else cls.read(entries),
            cut=node.get("cut"),
        )


def _sizes(pair: tuple[str, str] | None) -> Sizes | None:
    if pair is None:
        return None
    low, high = pair
    return low, high
