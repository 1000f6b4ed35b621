"""The difference of two values recorded as keyed fingerprints: equal parts are pruned, rows go by key, what is left goes to DeepDiff."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import TYPE_CHECKING

from compare.observations.alignment import align
from compare.observations.budgets import MAX_DEPTH, MAX_UNEQUAL, Spending
from compare.observations.nodes import CUT, canonical, elements_of, holds_cut, is_cut, kind_of, outline, rows_of
from compare.observations.structure import of_residue, unnamed
from compare.observations.tolerance import Tolerance
from compare.observations.unordered import of_unordered
from harness.model.observation import ObservationBudget

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from compare.observations.finding import Path
    from compare.observations.nodes import Node
    from harness.model.observation import Observation, ObservationDifference

_LISTS = frozenset({"list", "rows", "unordered"})


def exact_difference(legacy: Observation, shadow: Observation) -> tuple[list[ObservationDifference], ObservationBudget | None]:
    """Where two observations recorded value by value differ, and the budget that ran out, if one did. Every difference is proven."""
    tolerances = [side.tolerance for side in (legacy, shadow) if side.tolerance is not None]
    spending = Spending()
    pruning = _Pruning(legacy.name, Tolerance(min(tolerances, default=0.0), spending), spending, was_cut=bool(legacy.cut or shadow.cut))
    left = pruning.node((), json.loads(legacy.tree), json.loads(shadow.tree))
    found = pruning.found + (of_residue(legacy.name, left, spending) if left is not None else [])
    if not (found or spending.ran_out or tolerances or pruning.was_cut):  # the digests differ, so this cannot be
        found = unnamed(legacy.name, ())
    return found, spending.ran_out


class _Pruning:
    """Goes down both trees at once. What it returns of two nodes is what is left of each for DeepDiff; None where nothing is."""

    def __init__(self, name: str, tolerance: Tolerance, spending: Spending, *, was_cut: bool) -> None:
        self._name = name
        self._tolerance = tolerance
        self._spending = spending
        self._unequal = 0
        self.was_cut = was_cut
        self.found: list[ObservationDifference] = []

    def node(self, path: Path, legacy: Node, shadow: Node) -> tuple[Node, Node] | None:
        """Prune two nodes at one place."""
        if len(path) > MAX_DEPTH:
            self._spending.out(ObservationBudget.DEPTH)
            return None
        if legacy == shadow or is_cut(legacy) or is_cut(shadow) or not self._go_on():
            return None
        if isinstance(legacy, dict | list) and isinstance(shadow, dict | list):
            return self._containers(path, legacy, shadow)
        if self._tolerance.agree(legacy, shadow):
            return None
        self._unequal += 1
        return outline(legacy), outline(shadow)

    def _go_on(self) -> bool:
        """Whether more differences are still worth looking for."""
        if self._unequal > MAX_UNEQUAL:
            self._spending.out(ObservationBudget.DIFFERENCES)
        return self._unequal <= MAX_UNEQUAL

    def _containers(self, path: Path, legacy: dict[str, Node] | list[Node], shadow: dict[str, Node] | list[Node]) -> tuple[Node, Node] | None:
        kinds = kind_of(legacy), kind_of(shadow)
        if isinstance(legacy, list) and isinstance(shadow, list):
            return self._lists(path, legacy, shadow)
        if isinstance(legacy, dict) and isinstance(shadow, dict) and kinds[0] == kinds[1] and kinds[0] in ("object", "rows"):
            whole = CUT not in legacy and CUT not in shadow
            return self._members(path, legacy, shadow, whole=whole) if kinds[0] == "object" else self._rows(path, legacy, shadow, whole=whole)
        if kinds[0] == kinds[1] or _LISTS.issuperset(kinds):  # rows of which some have no key: where they stood is not known any more
            if not (self.was_cut and (holds_cut(legacy) or holds_cut(shadow))):
                self._unordered(path, elements_of(legacy), elements_of(shadow))
            return None
        self._unequal += 1
        return outline(legacy), outline(shadow)

    def _members(self, path: Path, legacy: Mapping[str, Node], shadow: Mapping[str, Node], *, whole: bool) -> tuple[Node, Node] | None:
        """Members by name. Where one side was cut, what only the other has proves nothing."""
        ours: dict[str, Node] = {}
        theirs: dict[str, Node] = {}
        for name in sorted(legacy.keys() | shadow.keys()):
            if name in legacy and name in shadow:
                left = self.node((*path, name), legacy[name], shadow[name])
                if left is not None:
                    ours[name], theirs[name] = left
            elif whole and self._go_on():
                self._unequal += 1
                if name in legacy:
                    ours[name] = outline(legacy[name])
                else:
                    theirs[name] = outline(shadow[name])
        return (ours, theirs) if ours or theirs else None

    def _lists(self, path: Path, legacy: Sequence[Node], shadow: Sequence[Node]) -> tuple[Node, Node] | None:
        """Lists in order, by position where something was left out or is equal within a tolerance only."""
        open_end = bool(legacy and is_cut(legacy[-1])) or bool(shadow and is_cut(shadow[-1]))
        by_place = (self.was_cut and (holds_cut([*legacy]) or holds_cut([*shadow]))) or (self._tolerance.width > 0 and len(legacy) == len(shadow))
        if by_place:
            pairs = [(at if at < len(legacy) else None, at if at < len(shadow) else None) for at in range(max(len(legacy), len(shadow)))]
        else:
            pairs = align([canonical(node) for node in legacy], [canonical(node) for node in shadow])
        ours = {f"[{number}]": legacy[here] for number, (here, _) in enumerate(pairs) if here is not None}
        theirs = {f"[{number}]": shadow[there] for number, (_, there) in enumerate(pairs) if there is not None}
        return self._members(path, ours, theirs, whole=not open_end)

    def _rows(self, path: Path, legacy: dict[str, Node], shadow: dict[str, Node], *, whole: bool) -> tuple[Node, Node] | None:
        """Rows by their keys; those that share a key are told apart like elements of an unordered list."""
        ours, theirs = _by_key(rows_of(legacy)), _by_key(rows_of(shadow))
        single: tuple[dict[str, Node], dict[str, Node]] = ({}, {})
        for key in sorted(ours.keys() | theirs.keys()):
            here, there = ours.get(key, []), theirs.get(key, [])
            if len(here) <= 1 and len(there) <= 1:
                single[0].update((f"[{key}]", node) for node in here)
                single[1].update((f"[{key}]", node) for node in there)
            elif whole and not (self.was_cut and (holds_cut(here) or holds_cut(there))):
                self._unordered(path, here, there)
        return self._members(path, *single, whole=whole)

    def _unordered(self, path: Path, legacy: Sequence[Node], shadow: Sequence[Node]) -> None:
        self.found += of_unordered(self._name, (*path, "[*]"), legacy, shadow, self._tolerance, self._spending)


def _by_key(rows: Sequence[tuple[str, Node]]) -> dict[str, list[Node]]:
    found: defaultdict[str, list[Node]] = defaultdict(list)
    for key, node in rows:
        found[key].append(node)
    return found
