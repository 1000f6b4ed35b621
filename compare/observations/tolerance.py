"""Numbers that are equal within a tolerance."""

from __future__ import annotations

from typing import TYPE_CHECKING

from compare.observations.nodes import LARGE, kind_of
from harness.model.observation import ObservationBudget

if TYPE_CHECKING:
    from collections.abc import Sequence

    from compare.observations.budgets import Spending
    from compare.observations.nodes import Node

_LARGEST_COUNT = 9_999
"""Whole numbers above it travel as fingerprints (the probe's rule)."""


class Tolerance:
    """Up to which difference numbers count as equal; with a width of 0 none travel."""

    def __init__(self, width: float, spending: Spending) -> None:
        self.width = width
        self._spending = spending

    def agree(self, legacy: Node, shadow: Node) -> bool:
        """Whether two leaves are equal within the tolerance, or cannot be told apart: then that is kept as a budget that ran out."""
        if isinstance(legacy, float | int) and isinstance(shadow, float | int):
            return abs(legacy - shadow) <= self.width
        numbers = [node for node in (legacy, shadow) if isinstance(node, float | int)]
        kinds = {kind_of(legacy), kind_of(shadow)}
        if LARGE not in kinds or not kinds <= {LARGE, "number"}:
            return False
        if numbers and abs(numbers[0]) + self.width <= _LARGEST_COUNT:
            return False
        self._spending.out(ObservationBudget.IDENTIFIER)
        return True

    def covers(self, legacy: Node, shadow: Node) -> bool:
        """Whether two nodes are equal within the tolerance, part by part."""
        if isinstance(legacy, float | int) and isinstance(shadow, float | int):
            return abs(legacy - shadow) <= self.width
        if isinstance(legacy, dict) and isinstance(shadow, dict):
            return legacy.keys() == shadow.keys() and all(self.covers(part, shadow[name]) for name, part in legacy.items())
        if isinstance(legacy, list) and isinstance(shadow, list):
            return len(legacy) == len(shadow) and all(map(self.covers, legacy, shadow))
        return legacy == shadow

    def uncovered(self, legacy: Sequence[Node], shadow: Sequence[Node]) -> tuple[list[Node], list[Node]]:
        """What is left when each element has been paired with the first that equals it within the tolerance."""
        theirs = list(shadow)
        ours = []
        for node in legacy:
            place = next((place for place, other in enumerate(theirs) if self.covers(node, other)), None)
            if place is None:
                ours.append(node)
            else:
                del theirs[place]
        return ours, theirs

    def beyond(self, legacy: Sequence[float], shadow: Sequence[float]) -> tuple[list[Node], list[Node]]:
        """What is left of two sorted lists of numbers when as many as can be have been paired within the tolerance."""
        ours: list[Node] = []
        theirs: list[Node] = []
        here = there = 0
        while here < len(legacy) and there < len(shadow):
            apart = legacy[here] - shadow[there]
            if abs(apart) <= self.width:
                here, there = here + 1, there + 1
            elif apart < 0:
                ours.append(legacy[here])
                here += 1
            else:
                theirs.append(shadow[there])
                there += 1
        return [*ours, *legacy[here:]], [*theirs, *shadow[there:]]
