"""Values that people write for many reasons: round numbers, years, ports, single words. That one of them meets a record says little.

Base rates (`Match.density`) take what stands in a suite for evenly spread. It is not, and these are where it is densest.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harness.model.coupling import IdentifyingColumn, Match

COMMONPLACE = 2.0**-4
"""The least density that counts for a commonplace value: 4 bits of surprise, which the right name beside it makes enough (docs/couplings.md)."""

FULL_NAMES = 1_000_000
"""So many pairs of first and last name, at the least, might just as well be written: what one of them meets by chance follows from that."""

_YEARS = range(1900, 2101)
_PORTS = frozenset(
    {1433, 1521, 1883, 2181, 2375, 3000, 3128, 3306, 4200, 4222, 4443, 5000, 5173, 5432, 5601, 5672, 6379, 7077, 8000, 8001, 8008, 8080, 8081}
    | {8082, 8086, 8088, 8161, 8200, 8443, 8500, 8888, 8983, 9000, 9042, 9090, 9092, 9200, 9418, 10000, 11211, 15672, 27017, 50000, 50051}
)
_DURATIONS = frozenset({1440, 10080, 525600, 3_600_000, 86_400, 604_800, 86_399, 31_536_000})
_ZEROS = re.compile(r"[1-9][0-9]?0{2,}|[1-9][0-9]*0{3,}")
_RISING, _FALLING = "01234567890123456789", "98765432109876543210"
_FEWEST_OF_REFERENCE = 5
_FEWEST_DIGITS = 4


def is_commonplace(spelling: str) -> bool:
    """Whether a value, given in its canonical spelling (harness.model.canonical), is one that people write for many reasons."""
    family, text = spelling[:2], spelling[2:]
    if family == "n:":
        return _is_common_number(text.removeprefix("-"))
    if family == "t:":
        return " " not in text
    if family == "r:":
        return len(text) < _FEWEST_OF_REFERENCE
    return family == "m:"


def weighed(match: Match, spelling: str, column: IdentifyingColumn | None = None) -> Match:
    """The match with the density that holds for this very value: higher for a commonplace one, lower for a full name of the entity `column`.

    How often an invented name meets a real one is measured by shadow's names (docs/index.md), and a small shadow cannot show that it is seldom.
    """
    density = match.density
    if column is not None and match.content == "name" and spelling.startswith("t:") and " " in spelling:
        density = min(density, (column.legacy_only + column.both) / FULL_NAMES)
    if is_commonplace(spelling):
        density = max(density, COMMONPLACE)
    return match if density == match.density else replace(match, density=density)


def _is_common_number(digits: str) -> bool:
    """Below four digits density alone says enough."""
    if len(digits) < _FEWEST_DIGITS:
        return False
    if len(set(digits)) == 1 or digits in _RISING or digits in _FALLING or _ZEROS.fullmatch(digits):
        return True
    value = int(digits) if len(digits) <= 20 else 0
    return value in _YEARS or value in _PORTS or value in _DURATIONS or any(_is_power_of_two(value + step) for step in (-1, 0, 1))


def _is_power_of_two(value: int) -> bool:
    return value > 0 and value & (value - 1) == 0
