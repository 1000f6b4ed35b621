"""The difference of lists without order: the known bad case of DeepDiff, which is given only what it ends with in a second."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from compare.observations.nodes import LARGE, canonical, kind_of, parts, plain
from compare.observations.structure import ELEMENT, NO_ELEMENT, deep_difference, made, unnamed
from harness.model.observation import ObservationBudget, ObservationKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from compare.observations.budgets import Spending
    from compare.observations.finding import Path
    from compare.observations.nodes import Node
    from compare.observations.tolerance import Tolerance
    from harness.model.observation import ObservationDifference


def of_unordered(
    name: str, path: Path, legacy: Sequence[Node], shadow: Sequence[Node], tolerance: Tolerance, spending: Spending
) -> list[ObservationDifference]:
    """The differences of two lists without order: elements without an equal, and where few are left, which parts of them differ.

    `path` is that of any element.
    """
    ours, theirs = _without_equals(legacy, shadow)
    kinds = {kind_of(part) for node in (*ours, *theirs) for part in parts(node)} if tolerance.width else set()
    if LARGE in kinds and ours and theirs:
        spending.out(ObservationBudget.IDENTIFIER)
        return []
    if kinds == {"number"}:
        ours, theirs = tolerance.beyond(_sorted(ours), _sorted(theirs))
        return _lone(name, path, len(ours), len(theirs))
    if not ours or not theirs or ("number" not in kinds and not any(isinstance(node, dict | list) for node in (*ours, *theirs))):
        return _lone(name, path, len(ours), len(theirs))
    return _paired(name, path, ours, theirs, tolerance if "number" in kinds else None, spending)


def _paired(
    name: str, path: Path, ours: list[Node], theirs: list[Node], tolerance: Tolerance | None, spending: Spending
) -> list[ObservationDifference]:
    """What differs in elements that have no equal. Where it is not worked out, they still differ, unless a tolerance might make them equal."""
    unproven = [] if tolerance else unnamed(name, path, max(len(ours), len(theirs)))
    if not spending.afford(sum(1 for node in ours for _ in parts(node)) * len(theirs)):
        spending.out(ObservationBudget.ROWS)
        return unproven
    if tolerance:
        ours, theirs = tolerance.uncovered(ours, theirs)
        if not ours or not theirs:
            return _lone(name, path, len(ours), len(theirs))
    width = tolerance.width if tolerance else None
    found = deep_difference(name, path[:-1], [plain(node) for node in ours], [plain(node) for node in theirs], spending, within=width)
    return unproven if found is None else found or unproven


def _without_equals(legacy: Sequence[Node], shadow: Sequence[Node]) -> tuple[list[Node], list[Node]]:
    """What is left of two multisets when equal elements have cancelled out."""
    ours: list[Node] = []
    theirs: list[Node] = []
    unmatched = Counter(canonical(node) for node in shadow)
    for node in legacy:
        text = canonical(node)
        if unmatched[text]:
            unmatched[text] -= 1
        else:
            ours.append(node)
    for node in shadow:
        text = canonical(node)
        if unmatched[text]:
            unmatched[text] -= 1
            theirs.append(node)
    return ours, theirs


def _sorted(numbers: Sequence[Node]) -> list[float]:
    return sorted(number for number in numbers if isinstance(number, float | int))


def _lone(name: str, path: Path, ours: int, theirs: int) -> list[ObservationDifference]:
    """Elements of one side that have no equal on the other."""
    found = []
    if ours:
        found.append(made(name, path, ObservationKind.ELEMENT, ELEMENT, NO_ELEMENT, ours))
    if theirs:
        found.append(made(name, path, ObservationKind.ELEMENT, NO_ELEMENT, ELEMENT, theirs))
    return found
