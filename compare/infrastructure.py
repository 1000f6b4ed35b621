"""Failures that speak of the environment and not of the test, and nights that are made of them (docs/verdicts.md)."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from compare.fingerprint import fingerprint
from harness.model import InfrastructureFailure, InfrastructureKind, OutcomeClass

if TYPE_CHECKING:
    from collections.abc import Iterable

    from harness.model import Attempt, Failure, Side

LEAST_ALIKE = 5
"""Fewer tests with one fingerprint are no mass failure, however small the suite: three tests of three may well need one fixture."""

_BY_TYPE = {
    "ConnectionRefusedError": "connection refused",
    "ConnectionResetError": "connection reset",
    "ConnectionAbortedError": "connection reset",
    "BrokenPipeError": "connection reset",
    "MemoryError": "out of memory",
}
_BY_PHRASE = (
    ("connection refused", "connection refused"),
    ("could not connect", "connection refused"),
    ("unable to connect", "connection refused"),
    ("can't connect", "connection refused"),
    ("connection reset", "connection reset"),
    ("server closed the connection", "connection reset"),
    ("connection timed out", "time-out"),
    ("connection timeout", "time-out"),
    ("name or service not known", "name not resolved"),
    ("temporary failure in name resolution", "name not resolved"),
    ("no space left on device", "disk full"),
    ("disk full", "disk full"),
    ("disk is full", "disk full"),
    ("out of memory", "out of memory"),
    ("cannot allocate memory", "out of memory"),
    ("too many open files", "too many open files"),
)


def infrastructure_cause(failure: Failure) -> str | None:
    """What of the environment a failure speaks of ("connection refused", "disk full", ...), None where it may well be the test's own."""
    by_type = _BY_TYPE.get(failure.type.rpartition(".")[2])
    if by_type:
        return by_type
    message = failure.message.lower()
    return next((cause for phrase, cause in _BY_PHRASE if phrase in message), None)


def mass_failure(attempts: Iterable[Attempt], *, side: Side, share: float) -> InfrastructureFailure | None:
    """The infrastructure failure that a side's full run amounts to, or None.

    It is one where more than `share` of its tests fail in one and the same way, or in ways known to be the environment's.
    """
    total = 0
    alike: Counter[str] = Counter()
    known: Counter[str] = Counter()
    example: dict[str, Failure] = {}
    for attempt in attempts:
        total += 1
        if attempt.failure is None or attempt.outcome.kind is not OutcomeClass.FAILING:
            continue
        mark = fingerprint(attempt.failure)
        alike[mark] += 1
        example.setdefault(mark, attempt.failure)
        if cause := infrastructure_cause(attempt.failure):
            known[cause] += 1
    if known.total() > share * total:
        cause = known.most_common(1)[0][0]
        return _mass(side, f"{known.total()} of {total} tests failed because of the environment, most often: {cause}")
    if alike:
        mark, count = alike.most_common(1)[0]
        if count > share * total and count >= LEAST_ALIKE:
            shape = example[mark]
            return _mass(side, f"{count} of {total} tests failed in one and the same way: {shape.type}: {shape.message}")
    return None


def _mass(side: Side, message: str) -> InfrastructureFailure:
    return InfrastructureFailure(
        kind=InfrastructureKind.MASS_FAILURE,
        side=side,
        message=f"{side.value}: {message}",
        hint=f"See why the {side.value} environment is down, and run again; nothing was concluded about single tests. If these failures are real, "
        "raise [confirm] mass_failure.",
    )
