"""From tests behind which a candidate shows something to as few of them as it takes.

First by bisection: where one test alone is the reason, as nearly always (a polluter, a state setter), the half that holds it is known from the other
half, so that n tests cost about n executions. Where that does not end in a test that shows it, ddmin does the rest (Zeller and Hildebrandt,
"Simplifying and isolating failure-inducing input", IEEE TSE 28(2), 2002, section 3); what it ends with is 1-minimal: none of it can be left out.
"""

from __future__ import annotations

from collections.abc import Generator
from itertools import pairwise

Tests = tuple[str, ...]
Shortening = Generator[Tests, bool, None]
"""Yields tests to be tried, and is sent whether the candidate showed it behind them. Ends where nothing more can be left out."""


def shorten(tests: Tests) -> Shortening:
    """Shorten a list that is known to show it. Alone, the candidate is known not to. The shortest list that showed it so far is the result."""
    yield from _ddmin((yield from _single(tests)))


def _single(tests: Tests) -> Generator[Tests, bool, Tests]:
    """Look for one test that is the reason, the later ones first; returns the fewest tests that showed it."""
    known, at_hand = tests, tests
    while len(at_hand) > 1:
        middle = len(at_hand) // 2
        at_hand, other = at_hand[middle:], at_hand[:middle]
        if (yield at_hand):
            known = at_hand
        else:
            at_hand = other
    return at_hand if at_hand == known or (yield at_hand) else known


def _ddmin(tests: Tests) -> Shortening:
    parts = 2
    while len(tests) > 1:
        chunks = _cut(tests, parts)
        smaller = None
        for chunk in reversed(chunks):
            if (yield chunk):
                smaller, parts = chunk, 2
                break
        if smaller is None and parts > 2:  # of two parts, the complement of one is the other
            for chunk in chunks:
                complement = tuple(test for test in tests if test not in chunk)
                if (yield complement):
                    smaller, parts = complement, parts - 1
                    break
        if smaller is not None:
            tests = smaller
        elif parts >= len(tests):
            return
        else:
            parts = min(len(tests), 2 * parts)


def _cut(tests: Tests, parts: int) -> list[Tests]:
    size, rest = divmod(len(tests), parts)
    bounds = [number * size + min(number, rest) for number in range(parts + 1)]
    return [tests[begin:end] for begin, end in pairwise(bounds) if end > begin]
