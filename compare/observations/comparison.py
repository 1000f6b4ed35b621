"""From the observations of both sides to a result for each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from compare.observations.exact import exact_difference
from compare.observations.finding import listed
from compare.observations.shape import shape_difference
from harness.errors import BundleError
from harness.model.observation import ObservationBudget, ObservationDifference, ObservationKind, ObservationResult, ObservationStatus

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from harness.model.observation import Observation

_LOCAL = frozenset({ObservationBudget.DEPTH, ObservationBudget.UNREADABLE, ObservationBudget.KEY})
"""What was left out of a shape for these is marked where it was left out, and the rest is whole."""


def compare_observations(legacy: Sequence[Observation], shadow: Sequence[Observation]) -> tuple[ObservationResult, ...]:
    """One result for each observation of either side, sorted by test id, name and number, by which they are paired.

    Swapping the sides mirrors the results. Raises BundleError for a tree that is none.
    """
    ours, theirs = ({(one.test_id, one.name, one.number): one for one in side} for side in (legacy, shadow))
    return tuple(_result(ours.get(key), theirs.get(key)) for key in sorted(ours.keys() | theirs.keys()))


def _result(legacy: Observation | None, shadow: Observation | None) -> ObservationResult:
    known = legacy or shadow
    if known is None:  # there is no key without an observation
        raise AssertionError
    if legacy is None or shadow is None:
        texts = ("not observed", "observed") if legacy is None else ("observed", "not observed")
        return _with(known, [ObservationDifference(name=known.name, path="$", kind=ObservationKind.ABSENT, legacy=texts[0], shadow=texts[1])])
    if legacy.compare is not shadow.compare:
        found = ObservationDifference(
            name=known.name, path="$", kind=ObservationKind.TYPE, legacy=f"compared by {legacy.compare}", shadow=f"compared by {shadow.compare}"
        )
        return _with(known, [found])
    cut = legacy.cut or shadow.cut
    if legacy.digest == shadow.digest:
        return _with(known, [], cut)
    if shadow.digest < legacy.digest:  # one order for both, so that swapping the sides can change nothing
        return _unequal(shadow, legacy).mirrored()
    return _unequal(legacy, shadow)


def _unequal(one: Observation, other: Observation) -> ObservationResult:
    cuts = {side.cut for side in (one, other) if side.cut is not None}
    cut = min(cuts, default=None)
    if ObservationBudget.UNKNOWN in cuts or one.holds_shape != other.holds_shape or (one.holds_shape and not cuts <= _LOCAL):
        return _with(one, [], cut)
    try:
        if one.holds_shape:
            return _with(one, shape_difference(one, other), cut)
        differences, budget = exact_difference(one, other)
    except RecursionError:
        return _with(one, [], ObservationBudget.DEPTH)
    except (KeyError, TypeError, ValueError, AttributeError):
        raise BundleError(
            "the tree of an observation is damaged",
            where=f"{one.test_id}, observation {one.number} of {one.name}",
            expected="a tree as docs/observations.md describes it",
            hint="Restore the bundle from a copy, or run the suite again.",
        ) from None
    return _with(one, differences, cut or budget)


def _with(known: Observation, differences: Iterable[ObservationDifference], budget: ObservationBudget | None = None) -> ObservationResult:
    found, more = listed(differences)
    budget = budget or (ObservationBudget.DIFFERENCES if more else None)
    different = ObservationStatus.DIFFERENT if found else ObservationStatus.EQUAL
    return ObservationResult(
        test_id=known.test_id,
        name=known.name,
        number=known.number,
        compare=known.compare,
        status=different if budget is None else ObservationStatus.CUT_SHORT,
        differences=found,
        budget=budget,
    )
