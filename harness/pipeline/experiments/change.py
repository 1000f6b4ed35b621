"""What an experiment changes of one test, and which changes may share a process."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from harness.model.coupling import Value
    from harness.pipeline.experiments.trials import Trial
    from harness.pipeline.experiments.values import Place, Subject

    Spelling = Callable[[Value, Value | None], Value | None]

Spot = tuple[str, int, int]
"""Path, line and column."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """A literal of the suite and what stands in its stead: `place.old` becomes `new`."""

    place: Place
    new: Value = field(repr=False)

    @property
    def spot(self) -> Spot:
        """Its place."""
        return self.place.path, self.place.line, self.place.column


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One execution to be: a trial's test with these literals exchanged, or with these settings, or as it is, for a control.

    `reach` are the places of all literals that the test reaches: another test of the session must not change one of them.
    """

    trial: Trial
    exchanges: tuple[Exchange, ...] = ()
    settings: tuple[tuple[str, str], ...] = ()
    reach: frozenset[Spot] = frozenset()

    def disturbs(self, other: Change) -> bool:
        """Whether the two cannot be told apart, or one might change what the other shows, in one process."""
        if self.trial.apart or other.trial.apart or self.settings != other.settings:
            return True
        mine, theirs = set(self.exchanges), set(other.exchanges)
        if any(one.spot in other.reach for one in mine - theirs) or any(one.spot in self.reach for one in theirs - mine):
            return True
        return bool({one.spot for one in mine} & {one.spot for one in theirs - mine}) or self._is_named_like(other)

    def _is_named_like(self, other: Change) -> bool:
        """Whether parametrised cases could no longer be told by their values: two different ones would become one and the same."""
        if "[" not in self.trial.select and "[" not in other.trial.select:
            return False
        became = {(one.new.__class__, one.new): one.place.old for one in self.exchanges}
        return any(became.get((one.new.__class__, one.new), one.place.old) != one.place.old for one in other.exchanges)


def grouped(changes: Iterable[Change]) -> list[tuple[Change, ...]]:
    """The changes in as few sessions as a greedy colouring finds, the largest first; in each none disturbs another. Their order is kept."""
    groups: list[list[Change]] = []
    for change in changes:
        place = next((group for group in groups if not any(change.disturbs(one) for one in group)), None)
        if place is None:
            groups.append([change])
        else:
            place.append(change)
    return [tuple(group) for group in sorted(groups, key=len, reverse=True)]


def exchanges_of(subjects: Sequence[Subject], values: Sequence[Value | None], spell: Spelling, *, everywhere: bool) -> tuple[Exchange, ...]:
    """What is exchanged for a set of values, `everywhere` or only where it explains. `spell` writes a new value like the one that it replaces."""
    found: dict[tuple[Spot, Value], Exchange] = {}
    for subject, new in zip(subjects, values, strict=True):
        for place in (*subject.places, *(subject.elsewhere if everywhere else ())) if new is not None else ():
            spelled = spell(place.old, new)
            if spelled is not None:
                spot = (place.path, place.line, place.column)
                found.setdefault((spot, place.old if place.computed or place.part else ""), Exchange(place=place, new=spelled))
    return tuple(found.values())


def write_exchanges(path: Path, changes: Sequence[Change]) -> Mapping[str, frozenset[int]]:
    """Write what a session exchanges (mode 0600), and return the numbers of its entries by test id. The session removes the file once it has read it.

    Raises OSError.
    """
    entries: dict[str, int] = {}
    numbers = {change.trial.test_id: frozenset(entries.setdefault(_entry(one), len(entries)) for one in change.exchanges) for change in changes}
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write('{"replace": [' + ", ".join(entries) + "]}")
    return numbers


def _entry(one: Exchange) -> str:
    place = one.place
    entry: dict[str, object] = {"path": place.path, "line": place.line, "column": place.column, "part": place.part, "old": place.old, "new": one.new}
    return json.dumps({**entry, "computed": True} if place.computed else entry)
