"""Which tests are counted in a night, and which of them passed on both sides."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.model import OutcomeClass, SuiteParts, VacuousPlan, VacuousSampling

if TYPE_CHECKING:
    from harness.model import Evidence, SideEvidence

WEEK = 7
"""Parts of the suite of which each day has one, so that a week covers it."""

NIGHTS = 28
"""Parts that take turns where a night is to cost less."""


def passing_on_both(evidence: Evidence) -> tuple[str, ...]:
    """The tests that passed on both sides in the full run, in legacy's order of collection; subtests are looked at with their test."""
    legacy, shadow = _passing(evidence.legacy), _passing(evidence.shadow)
    return tuple(test_id for test_id in evidence.legacy.collected if test_id in legacy and test_id in shadow)


def _passing(side: SideEvidence) -> frozenset[str]:
    return frozenset(attempt.test_id for attempt in side.full if attempt.outcome.kind is OutcomeClass.PASSING)


def next_sample(sampling: VacuousSampling, day: int, last: VacuousPlan | None) -> VacuousPlan:
    """What the run of a day (its ordinal) counts, behind what the `last` one did, which is None for the first.

    `weekly` takes a part for each day since the last night, so that a week covers the suite also where there are no nights on its weekend, at most
    all; `rotating` takes one. Neither takes any twice on a day.
    """
    if sampling is VacuousSampling.ALL:
        return VacuousPlan(parts=SuiteParts(numbers=(1,), of=1), last=1, day=day)
    due, of = (WEEK, WEEK) if sampling is VacuousSampling.WEEKLY else (1, NIGHTS)
    days = 1 if last is None else max(0, day - last.day)
    before = last.last if last is not None and last.parts.of == of else 0
    numbers = tuple((before + step) % of + 1 for step in range(min(days, due)))
    return VacuousPlan(parts=SuiteParts(numbers=numbers, of=of), last=numbers[-1] if numbers else before, day=day)
