"""What DeepDiff makes of the parts that pruning has left.

DeepDiff returns an empty result, as if both sides were equal, when one of its bounds is reached: its statistics are read after every call.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, cast

from compare.observations.budgets import MAX_DIFFS, MAX_PASSES
from compare.observations.finding import path_text, type_words
from compare.observations.nodes import kind_of
from harness.model.observation import ObservationBudget, ObservationDifference, ObservationKind

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from compare.observations.budgets import Spending
    from compare.observations.finding import Path
    from compare.observations.nodes import Node

ELEMENT, NO_ELEMENT = "an element", "none equal to it"
_PRESENT, _ABSENT = "there", "not there"
_BOUNDS = ("MAX PASS LIMIT REACHED", "MAX DIFF LIMIT REACHED")


class _Level(Protocol):
    """One difference as DeepDiff's tree view has it."""

    t1: Node
    t2: Node
    report_type: str

    def path(self, *, output_format: str) -> Sequence[str | int]: ...


class _Found(Protocol):
    def get_stats(self) -> Mapping[str, bool]: ...
    def values(self) -> Sequence[Sequence[_Level]]: ...


def of_residue(name: str, left: tuple[Node, Node], spending: Spending) -> list[ObservationDifference]:
    """The differences of what pruning has left of both sides: members and elements by name, leaves and outlines."""
    found = deep_difference(name, (), *left, spending)
    return found or unnamed(name, ())


def deep_difference(
    name: str, path: Path, legacy: Node, shadow: Node, spending: Spending, *, within: float | None = None
) -> list[ObservationDifference] | None:
    """What DeepDiff finds at `path`, lists taken without order; None where one of its bounds was reached and its result means nothing."""
    from deepdiff import DeepDiff  # noqa: PLC0415 it takes half a second to import, and most comparisons find all equal

    found = cast(
        "_Found",
        DeepDiff(
            {"$": legacy},
            {"$": shadow},
            view="tree",
            ignore_order=True,
            report_repetition=True,
            ignore_private_variables=False,  # which names with two underscores would be
            math_epsilon=within,
            threshold_to_diff_deeper=0,
            cutoff_distance_for_pairs=1,
            cutoff_intersection_for_pairs=1,
            max_diffs=MAX_DIFFS,
            max_passes=MAX_PASSES,
        ),
    )
    statistics = found.get_stats()
    if any(statistics[bound] for bound in _BOUNDS):
        spending.out(ObservationBudget.PASSES)
        return None
    return [_difference(name, path, level) for levels in found.values() for level in levels]


def _difference(name: str, path: Path, level: _Level) -> ObservationDifference:
    steps = (*path, *_steps(level.path(output_format="list")))
    absent = _is_absent(level.t1), _is_absent(level.t2)
    if any(absent) or level.report_type == "repetition_change":
        element = bool(steps) and steps[-1].startswith("[")
        texts = (ELEMENT, NO_ELEMENT) if element else (_PRESENT, _ABSENT)
        kind = ObservationKind.ELEMENT if element else ObservationKind.KEY
        return made(name, steps, kind, *(texts[::-1] if absent[0] else texts))
    ours, theirs = kind_of(level.t1), kind_of(level.t2)
    if ours == theirs:
        text = f"not the same value ({type_words([ours])})"
        return made(name, steps, ObservationKind.VALUE, text, text)
    kind = ObservationKind.NULL if "null" in (ours, theirs) else ObservationKind.TYPE
    return made(name, steps, kind, type_words([ours]), type_words([theirs]))


def _steps(found: Sequence[str | int]) -> Iterator[str]:
    for step in found[1:]:
        yield "[*]" if isinstance(step, int) else step


def _is_absent(side: object) -> bool:
    return type(side).__name__ == "NotPresent"


def unnamed(name: str, path: Path, number: int = 1) -> list[ObservationDifference]:
    """A difference that is proven, but not worked out."""
    text = "elements that have no equal on the other side" if path else "not the same on both sides"
    return [made(name, path, ObservationKind.ELEMENT if path else ObservationKind.VALUE, text, text, number)]


def made(name: str, path: Path, kind: ObservationKind, legacy: str, shadow: str, number: int = 1) -> ObservationDifference:
    """A difference at a path of steps."""
    return ObservationDifference(name=name, path=path_text(path), kind=kind, legacy=legacy, shadow=shadow, count=number)
