"""The e-value of a candidate: how strongly its fresh pairs speak against both sides sharing one failure rate.

Let x and y tell whether the side that should pass and the side seen failing failed in a pair. A pair multiplies the e-value by the likelihood ratio

    p_a(x) p_b(y) / (p_m(x) p_m(y)),   a = .02, b = .98, m = .5,   p_r(1) = r, p_r(0) = 1 - r.

Under the hypothesis that both sides fail with one and the same rate p, independently, the factor's expectation is
4 (.98 - .96 p)(.02 + .96 p), a parabola with its maximum 1 at p = .5; so the product over fresh pairs is a test supermartingale and its
value at any stopping time an e-value (Ville's inequality; Shafer, "Testing by betting", JRSS A 2021, section 2).
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import accumulate
from operator import mul

EXPECTED_RATE = 0.02
FAILING_RATE = 0.98
NULL_RATE = 0.5
DROP_BELOW = 0.5

FreshPair = tuple[bool, bool]
"""Whether (the side that should pass, the side seen failing) failed in one fresh pair."""


def factor(*, expected_failed: bool, failing_failed: bool) -> float:
    """What one fresh pair multiplies the e-value by: 3.84 for the same direction, .078 for agreement, .0016 for the reverse."""
    return _likelihood(EXPECTED_RATE, failed=expected_failed) * _likelihood(FAILING_RATE, failed=failing_failed) / NULL_RATE**2


def e_value(pairs: Iterable[FreshPair]) -> float:
    """The e-value after these fresh pairs; 1 after none. Its expectation is at most 1 whenever both sides share one failure rate."""
    return course(pairs)[-1]


def course(pairs: Iterable[FreshPair]) -> tuple[float, ...]:
    """The e-value from the start, which is 1, to the last of these fresh pairs: one value more than there are pairs."""
    return tuple(accumulate((factor(expected_failed=x, failing_failed=y) for x, y in pairs), mul, initial=1.0))


def _likelihood(rate: float, *, failed: bool) -> float:
    return rate if failed else 1 - rate
