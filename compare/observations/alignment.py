"""Which elements of two ordered lists belong together, in time n log n: what is unique on both sides holds the rest in place."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

Pair = tuple[int | None, int | None]
"""Positions on both sides; None where a side has no counterpart."""


def align(legacy: Sequence[str], shadow: Sequence[str]) -> list[Pair]:
    """Pairs of positions that may differ, in order; equal elements in their places are left out.

    Lists are given as a text for each element. Equal beginnings and ends are set aside, then elements that occur once on both sides are held
    fixed in the longest run that keeps their order (patience difference), and what lies between them is paired position by position.
    """
    start = 0
    while start < min(len(legacy), len(shadow)) and legacy[start] == shadow[start]:
        start += 1
    end = 0
    while end < min(len(legacy), len(shadow)) - start and legacy[-1 - end] == shadow[-1 - end]:
        end += 1
    pairs: list[Pair] = []
    here, there = start, start
    for next_here, next_there in [*_anchors(legacy, shadow, start, end), (len(legacy) - end, len(shadow) - end)]:
        both = min(next_here - here, next_there - there)
        pairs += [(here + step, there + step) for step in range(both) if legacy[here + step] != shadow[there + step]]
        pairs += [(position, None) for position in range(here + both, next_here)]
        pairs += [(None, position) for position in range(there + both, next_there)]
        here, there = next_here + 1, next_there + 1
    return pairs


def _anchors(legacy: Sequence[str], shadow: Sequence[str], start: int, end: int) -> list[tuple[int, int]]:
    ours, theirs = Counter(legacy[start : len(legacy) - end]), Counter(shadow[start : len(shadow) - end])
    places = {text: place for place, text in enumerate(shadow[: len(shadow) - end]) if place >= start and theirs[text] == 1}
    unique = [
        (place, places[text]) for place, text in enumerate(legacy[: len(legacy) - end]) if place >= start and ours[text] == 1 and text in places
    ]
    return _longest_rising(unique)


def _longest_rising(pairs: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The longest run in which the second positions rise too."""
    tails: list[int] = []
    ends: list[int] = []
    before: list[int | None] = []
    for number, (_, there) in enumerate(pairs):
        at = bisect_left(tails, there)
        before.append(ends[at - 1] if at else None)
        tails[at : at + 1] = [there]
        ends[at : at + 1] = [number]
    run: list[tuple[int, int]] = []
    last = ends[-1] if ends else None
    while last is not None:
        run.append(pairs[last])
        last = before[last]
    return run[::-1]
