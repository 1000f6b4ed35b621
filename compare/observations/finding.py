"""Differences in words: paths, types, and the list that a person gets to see."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from harness.model.observation import ObservationDifference

MOST_LISTED = 200
_NAME = re.compile(r"[A-Za-z_]\w*", re.ASCII)
_WORDS = {
    "null": "null",
    "str": "text",
    "int": "a whole number",
    "float": "a number with decimals",
    "number": "a number",
    "number?": "a large whole number",
    "bool": "true or false",
    "list": "a list",
    "object": "a record",
    "set": "a set",
    "nan": "not a number",
    "inf": "infinity",
    "decimal": "a decimal",
    "datetime": "a time without zone",
    "datetime with zone": "a time with zone",
    "date": "a date",
    "time": "a time of day",
    "timedelta": "a duration",
    "uuid": "a UUID",
    "ip": "an IP address",
    "path": "a file path",
}
Path = tuple[str, ...]
"""Steps from the root: names of keys, `#` with a fingerprint for keys that are not shown, `[*]` for elements, `.*` for entries of a mapping."""


def type_words(types: Iterable[str]) -> str:
    """Types for a person to read: `a whole number or text`."""
    return " or ".join(sorted(_WORDS.get(one, one) for one in types))


def path_text(path: Sequence[str]) -> str:
    """A path as docs/observations.md writes it: `$.orders[*].phone`."""
    return "$" + "".join(_step(step) for step in path)


def _step(step: str) -> str:
    if step.startswith("["):
        return "[*]"
    if step == ".*":
        return step
    if step.startswith("#"):
        return f".<key {step[1:]}>" if len(step) > 1 else ".<key>"
    return f".{step}" if _NAME.fullmatch(step) else f'["{step}"]'


def listed(differences: Iterable[ObservationDifference]) -> tuple[tuple[ObservationDifference, ...], bool]:
    """Equal differences counted together, sorted by place; and whether there are more than are listed."""
    counts: Counter[ObservationDifference] = Counter()
    for difference in differences:
        counts[replace(difference, count=1)] += difference.count
    found = sorted(counts, key=lambda one: one.order)
    return tuple(replace(one, count=counts[one]) for one in found[:MOST_LISTED]), len(found) > MOST_LISTED
