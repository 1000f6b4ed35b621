"""How surprising a match is, given how often a value that means something else would match by chance."""

from __future__ import annotations

import math

from harness.model.coupling import Match, Presence

ENOUGH_BITS = 10.0
"""A match this surprising (one in a thousand by chance) can stand as a signal; below it a second, independent one is needed."""
_MOST_BITS = 40.0


def surprise(density: float) -> float:
    """-log2 of the chance of an accidental match, in bits; 0 says nothing, 40 is the most that is counted.

    Shannon's self-information: bits of independent signals add up.
    """
    return _MOST_BITS if density <= 0 else min(_MOST_BITS, max(0.0, -math.log2(density)))


def expected_by_chance(densities: tuple[float, ...]) -> float:
    """How many of a test's values would match if none of them meant a record: the sum of their densities."""
    return math.fsum(densities)


def stands_alone(match: Match) -> bool:
    """Whether a match is a signal without another: in the production copy only, and too surprising to be chance."""
    return match.presence is Presence.LEGACY and surprise(match.density) >= ENOUGH_BITS
