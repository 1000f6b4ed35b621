"""The difference of two shapes: in types, nullness, formats, enumerations, numbers of elements and keys."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from compare.observations.finding import path_text, type_words
from compare.observations.learned import Learned
from harness.model.observation import ObservationDifference, ObservationKind

if TYPE_CHECKING:
    from compare.observations.finding import Path
    from compare.observations.learned import Sizes, Values
    from harness.model.observation import Observation

_OWN_FORMATS = frozenset({"empty", "blank"})
"""Compared even where free text is among the formats: whatever else is found in free text is found by accident."""


def shape_difference(legacy: Observation, shadow: Observation) -> list[ObservationDifference]:
    """Where two observations recorded as shapes differ. Nothing is said of a part that only one side has seen or that was left out."""
    comparison = _Comparison(legacy.name)
    comparison.places((), Learned.read(json.loads(legacy.tree)), Learned.read(json.loads(shadow.tree)))
    return comparison.found


class _Comparison:
    def __init__(self, name: str) -> None:
        self._name = name
        self.found: list[ObservationDifference] = []

    def places(self, path: Path, legacy: Learned, shadow: Learned) -> None:
        if legacy.cut or shadow.cut:
            return
        if not (legacy.types and shadow.types):  # one side has seen nothing here: an empty list has no elements to tell about
            return
        self._say(path, ObservationKind.NULL, _nullness(legacy.types), _nullness(shadow.types))
        ours, theirs = _without_accidents(legacy.types - {"null"}, shadow.types - {"null"})
        if ours and theirs:
            self._say(path, ObservationKind.TYPE, type_words(ours), type_words(theirs))
        if legacy.formats and shadow.formats:
            self._say(path, ObservationKind.FORMAT, *_formats(legacy.formats, shadow.formats))
        self._values(path, legacy.values, shadow.values)
        self._sizes(path, legacy.size, shadow.size, "element")
        if legacy.items is not None and shadow.items is not None:
            self.places((*path, "[*]"), legacy.items, shadow.items)
        if "object" in legacy.types and "object" in shadow.types:
            self._objects(path, legacy, shadow)

    def _objects(self, path: Path, legacy: Learned, shadow: Learned) -> None:
        if legacy.entries is None and shadow.entries is None:
            self._keys(path, legacy, shadow)
            return
        if (legacy.entries is None and legacy.keys) or (shadow.entries is None and shadow.keys):
            self._say(path, ObservationKind.KEY, _keyed_by(legacy), _keyed_by(shadow))
            return
        self._sizes(path, legacy.entry_count or ("0", "0"), shadow.entry_count or ("0", "0"), "entry")
        if legacy.entries is not None and shadow.entries is not None:
            self._say((*path, ".*"), ObservationKind.FORMAT, *_formats(legacy.key_formats, shadow.key_formats, of="keys "))
            self.places((*path, ".*"), legacy.entries, shadow.entries)

    def _keys(self, path: Path, legacy: Learned, shadow: Learned) -> None:
        for key in sorted(legacy.keys.keys() | shadow.keys.keys()):
            self._say((*path, key), ObservationKind.KEY, _presence(legacy, key), _presence(shadow, key))
            if key in legacy.keys and key in shadow.keys:
                self.places((*path, key), legacy.keys[key], shadow.keys[key])

    def _values(self, path: Path, legacy: Values | None, shadow: Values | None) -> None:
        if legacy is None or shadow is None:
            return
        self._say(path, ObservationKind.ENUMERATION, legacy.words, shadow.words)
        if legacy.count == shadow.count and None not in (legacy.fingerprint, shadow.fingerprint) and legacy.fingerprint != shadow.fingerprint:
            text = f"{legacy.words} on both sides, but not the same"
            self.found.append(self._difference(path, ObservationKind.ENUMERATION, text, text))

    def _sizes(self, path: Path, legacy: Sizes | None, shadow: Sizes | None, unit: str) -> None:
        if legacy is not None and shadow is not None:
            self._say(path, ObservationKind.CARDINALITY, _size(legacy, unit), _size(shadow, unit))

    def _say(self, path: Path, kind: ObservationKind, legacy: str, shadow: str) -> None:
        if legacy != shadow:
            self.found.append(self._difference(path, kind, legacy, shadow))

    def _difference(self, path: Path, kind: ObservationKind, legacy: str, shadow: str) -> ObservationDifference:
        return ObservationDifference(name=self._name, path=path_text(path), kind=kind, legacy=legacy, shadow=shadow)


def _nullness(types: frozenset[str]) -> str:
    if "null" not in types:
        return "never null"
    return "may be null" if len(types) > 1 else "always null"


def _without_accidents(legacy: frozenset[str], shadow: frozenset[str]) -> tuple[frozenset[str], frozenset[str]]:
    """Where both sides have numbers with decimals, those that happen to have none are no other type: JSON writes 10.0 as 10."""
    if "float" in legacy and "float" in shadow:
        return legacy - {"int"}, shadow - {"int"}
    return legacy, shadow


def _formats(legacy: frozenset[str], shadow: frozenset[str], of: str = "") -> tuple[str, str]:
    if "text" in legacy and "text" in shadow:
        free, others = legacy & _OWN_FORMATS, shadow & _OWN_FORMATS
        return (_free_text(free, of), _free_text(others, of))
    return of + " or ".join(sorted(legacy)), of + " or ".join(sorted(shadow))


def _free_text(formats: frozenset[str], of: str) -> str:
    return of + ("may be " + " or ".join(sorted(formats)) if formats else "never empty or blank")


def _presence(learned: Learned, key: str) -> str:
    if key not in learned.keys:
        return "never there"
    return "sometimes missing" if key in learned.optional else "always there"


def _keyed_by(learned: Learned) -> str:
    return "a mapping by data" if learned.entries is not None else "a record with names" if learned.keys else "an empty mapping"


def _size(sizes: Sizes, unit: str) -> str:
    low, high = sizes[0].partition("-")[0], sizes[1].rpartition("-")[2]
    units = {"element": "elements", "entry": "entries"}[unit]
    if low == high:
        return {"0": f"no {units}", "1": f"one {unit}"}.get(low, f"{low} {units}")
    return f"{int(low):,} to {int(high):,} {units}"
