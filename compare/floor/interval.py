"""The exact interval of confidence of a share (Clopper and Pearson, "The use of confidence or fiducial limits illustrated in the case of the
binomial", Biometrika 26(4), 1934): it covers the true share with at least its level, however small the counts.
"""

from __future__ import annotations

from math import exp, lgamma, log, log1p
from typing import TYPE_CHECKING

from harness.model import Rate

if TYPE_CHECKING:
    from collections.abc import Callable

_STEPS = 60  # halvings of [0, 1]: beyond the precision of a float


def clopper_pearson(count: int, of: int, *, level: float = 0.95) -> Rate:
    """The share `count` / `of` with its two-sided interval; [0, 1] of nothing. Raises ValueError for impossible counts or levels."""
    if not 0 <= count <= of or not 0 < level < 1:
        raise ValueError(f"no share with an interval: {count} of {of} at {level}")
    miss = (1 - level) / 2
    return Rate(count=count, of=of, low=lower_limit(count, of, miss=miss), high=1 - lower_limit(of - count, of, miss=miss), level=level)


def lower_limit(count: int, of: int, *, miss: float) -> float:
    """The share at which so many or more come with probability `miss` only: the one-sided lower limit at level 1 - miss."""
    if count == 0:
        return 0.0
    return crossing(lambda share: at_least(count, of, share), miss)


def at_least(count: int, of: int, share: float) -> float:
    """The probability of `count` or more of `of`, each with this probability."""
    if share <= 0 or share >= 1:
        return float(share >= 1 or count <= 0)
    terms = (_log_choose(of, k) + k * log(share) + (of - k) * log1p(-share) for k in range(count, of + 1))
    return min(1.0, sum(map(exp, terms)))


def crossing(rising: Callable[[float], float], value: float) -> float:
    """Where in [0, 1] a rising function reaches a value, by halving; an end where it never does."""
    low, high = 0.0, 1.0
    for _ in range(_STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if rising(middle) < value else (low, middle)
    return (low + high) / 2


def _log_choose(of: int, count: int) -> float:
    return lgamma(of + 1) - lgamma(count + 1) - lgamma(of - count + 1)
