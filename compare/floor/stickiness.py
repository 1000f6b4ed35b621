"""Whether reruns stick: whether a rerun repeats its predecessor on its side more often than the test's failure rate explains.

Where reruns of a test are independent with one rate, every order of its results is equally likely, given how often it failed. The number of changes
between neighbours (one less than the number of runs) then has the distribution of Stevens ("Distribution of groups in a sequence of alternatives",
Annals of Eugenics 9, 1939) and Wald and Wolfowitz ("On a test whether two samples are from the same population", Annals of Mathematical Statistics
11(2), 1940). Changes of many series add up, and their distribution is the convolution: the test is exact, whatever the rates are.

How strongly they may stick is read from a model: with probability s a rerun repeats its predecessor, and otherwise it draws anew. Changes are then
(1 - s) times as many, while what is expected from the number of failures falls by the mean correlation within a series, so that
changes / expected has the ratio (1 - s) / (1 - c(s)), c(s) = 2 / (R (R - 1)) * sum of (R - j) s^j for j = 1 .. R - 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from itertools import accumulate, pairwise
from math import comb

from compare.floor.interval import crossing, lower_limit
from harness.model import Stickiness, StickinessState, Tally

LEVEL = 0.01
"""The check calls stickiness detected where changes are as few with at most this probability: so often it errs where reruns do not stick."""

HARMLESS = 0.1
"""Up to about this probability that a rerun repeats its predecessor, the error bound holds on the public record of flaky tests (docs/verdicts.md)."""

SURE = 0.95
"""Level of the upper limit that has to be below HARMLESS."""

Series = Sequence[bool]
"""Whether a test failed, rerun by rerun, on one side."""


def stickiness(series: Sequence[Series], earlier: Tally | None = None) -> Stickiness:
    """What series of reruns say. All have the same length, and are as long as they are whatever they showed.

    Detected is what these series show; how strongly reruns may stick at most is told with the counts of `earlier` A/A runs.
    """
    telling = [one for one in series if 0 < sum(one) < len(one)]
    if not telling:
        return Stickiness(state=StickinessState.NOTHING_FLAKY, series=len(series))
    here, length = tallied(telling), len(telling[0])
    p_value = _as_few(telling, here.changes)
    known = plus(earlier or Tally(), here)
    most = _sticking(lower_limit(known.changes, known.steps, miss=1 - SURE) * known.steps / known.expected, length)
    return Stickiness(
        state=_state(p_value, most),
        series=len(telling),
        changes=here.changes,
        expected=here.expected,
        p_value=p_value,
        estimate=_sticking(known.changes / known.expected, length),
        most=most,
    )


def tallied(series: Sequence[Series]) -> Tally:
    """Steps, changes and expected changes of the series that show both results."""
    telling = [one for one in series if 0 < sum(one) < len(one)]
    return Tally(
        steps=sum(len(one) - 1 for one in telling),
        changes=sum(a != b for one in telling for a, b in pairwise(one)),
        expected=sum(2 * sum(one) * (len(one) - sum(one)) / len(one) for one in telling),
    )


def plus(one: Tally, other: Tally) -> Tally:
    """Both counts together."""
    return Tally(**{field.name: getattr(one, field.name) + getattr(other, field.name) for field in fields(Tally)})


def changes_distribution(length: int, failures: int) -> tuple[float, ...]:
    """The probability of 0, 1, ... length - 1 changes in a series, every order being equally likely."""
    passes, orders = length - failures, comb(length, failures)
    if not failures or not passes:
        return (1.0,) + (0.0,) * (length - 1)
    return tuple(_orders(failures, passes, changes + 1) / orders for changes in range(length))


def _orders(failures: int, passes: int, runs: int) -> int:
    """In how many orders there are so many runs."""
    half, odd = divmod(runs, 2)
    if half == 0:
        return 0
    if not odd:
        return 2 * comb(failures - 1, half - 1) * comb(passes - 1, half - 1)
    return comb(failures - 1, half) * comb(passes - 1, half - 1) + comb(failures - 1, half - 1) * comb(passes - 1, half)


def _as_few(series: Sequence[Series], changes: int) -> float:
    """The probability of at most so many changes in all."""
    total = [1.0]
    for one in series:
        total = _convolved(total, changes_distribution(len(one), sum(one)))
    return min(1.0, list(accumulate(total))[changes])


def _convolved(one: Sequence[float], other: Sequence[float]) -> list[float]:
    result = [0.0] * (len(one) + len(other) - 1)
    for place, value in enumerate(one):
        if value:
            for further, factor in enumerate(other):
                result[place + further] += value * factor
    return result


def _sticking(ratio: float, length: int) -> float:
    """The probability of sticking at which changes / expected has this ratio."""
    return crossing(lambda sticking: 1 - _ratio(sticking, length), 1 - ratio)


def _ratio(sticking: float, length: int) -> float:
    if sticking >= 1:
        return 0.0
    correlation = 2 / (length * (length - 1)) * sum((length - lag) * sticking**lag for lag in range(1, length))
    return (1 - sticking) / (1 - correlation)


def _state(p_value: float, most: float) -> StickinessState:
    if p_value <= LEVEL:
        return StickinessState.DETECTED
    return StickinessState.EXCLUDED if most <= HARMLESS else StickinessState.NOT_EXCLUDED
