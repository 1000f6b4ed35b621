"""Which tests an A/A run is about: a sample of the suite that rotates, and tests that were flaky tonight."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from compare.confirmation import Confirmation

SERIES_TESTS, SERIES_RERUNS = 20, 16
"""Flaky tests whose reruns are looked at for stickiness, and how often each is rerun on each side: 640 executions. On a public record of flaky tests
that many detect reruns that stick with probability .5 every time, and exclude that they stick at all in every second A/A run, in nearly every one
after four (docs/verdicts.md)."""


def rotating(tests: Iterable[str], *, size: int, rotation: int) -> tuple[str, ...]:
    """The sample of the A/A run number `rotation`, from 0: the tests stand in an order by the digest of their ids, and each sample follows the last.

    So it depends on nothing but the ids, mixes all parts of the suite, and has covered the suite after as many A/A runs as it has samples.
    """
    ring = sorted(set(tests), key=_digest)
    if len(ring) <= size:
        return tuple(ring)
    begin = rotation * size % len(ring)
    return tuple((ring + ring)[begin : begin + size])


def flaky_tests(confirmation: Confirmation, *, rotation: int, most: int = SERIES_TESTS) -> tuple[str, ...]:
    """Tests that were flaky tonight, and not for their order: candidates that fresh pairs dropped."""
    dropped = confirmation.standing().dropped
    tests = (c.selects or c.test_id for c in confirmation.candidates if c.test_id in dropped and not (c.order and c.order.dependence))
    return rotating(tests, size=most, rotation=rotation)


def _digest(test_id: str) -> bytes:
    return hashlib.sha256(test_id.encode("utf-8", "surrogatepass")).digest()
