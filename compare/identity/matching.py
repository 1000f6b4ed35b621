"""Joins what a test reaches with what the index answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from compare.identity.affinity import affinity
from compare.identity.base_rate import surprise
from harness.model.coupling import Hit, LiteralForm, Presence

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from harness.model.coupling import Match, Reached

_FORM_RANK = {LiteralForm.WRITTEN: 0, LiteralForm.PART: 1, LiteralForm.COMPUTED: 2}


def hits(reached: Sequence[Reached], answers: Iterable[Sequence[Match]]) -> tuple[Hit, ...]:
    """The literals that only the production copy holds, the most telling first.

    `answers` are what the index says of `reached`, in the same order. A match in both datasets is reference data and is dropped; so is the same
    place and entity in a less direct form (a number inside a text that is itself a match).
    """
    found: dict[tuple[str, int, int, str], Hit] = {}
    for one, matches in zip(reached, answers, strict=True):
        for match in matches:
            if match.presence is not Presence.LEGACY:
                continue
            hit = Hit(reached=one, match=match)
            place = (one.literal.path, one.literal.line, one.literal.column, match.entity)
            if place not in found or _order(hit) < _order(found[place]):
                found[place] = hit
    return tuple(sorted(found.values(), key=_order))


def signal_bits(hit: Hit) -> float:
    """What a hit is worth before the test is run: the surprise of the match, and a little more where the source calls it what the schema does."""
    literal = hit.reached.literal
    return surprise(hit.match.density) + 6.0 * affinity(literal.name, hit.match.entity)


def _order(hit: Hit) -> tuple[float, int, int, str, int, int, str]:
    literal = hit.reached.literal
    return (-signal_bits(hit), hit.reached.distance, _FORM_RANK[literal.form], literal.path, literal.line, literal.column, hit.match.entity)
