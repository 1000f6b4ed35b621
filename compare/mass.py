"""Faults of an environment that show in many tests at once: a side that fails as a whole, and outages that many candidates share."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from compare.fingerprint import attempt_fingerprint, fingerprint, inner_frame
from compare.infrastructure import infrastructure_cause, unreached_by_fixture
from harness.model import InfrastructureFailure, InfrastructureKind, OutcomeClass

if TYPE_CHECKING:
    from collections.abc import Iterable

    from compare.confirmation import Candidate
    from harness.model import Attempt, Side

LEAST_ALIKE = 5
"""Fewer tests with one fingerprint are no mass failure and no outage, however small the suite: three tests of three may well need one fixture."""

SHARE_OF_CANDIDATES = 0.2
"""Of the candidates that one side failed in, the share that makes failures of one cause, but at different places, an outage."""

_UNREACHED = "a fixture could not reach the environment"


class Tally:
    """Counts the tests of one side's full run and how they fail. A test is what was collected and run; absent ones are none of that side's."""

    def __init__(self, side: Side) -> None:
        self.side = side
        self.tests = 0
        self._alike: Counter[str] = Counter()
        self._known: Counter[str] = Counter()
        self._shape: dict[str, str] = {}

    def add(self, attempt: Attempt) -> None:
        """Count one test."""
        kind = attempt.outcome.kind
        self.tests += kind is not OutcomeClass.ABSENT
        if kind is not OutcomeClass.FAILING:
            return
        mark, failure = attempt_fingerprint(attempt), attempt.failure
        self._alike[mark] += 1
        if mark not in self._shape:
            self._shape[mark] = f"{failure.type}: {failure.template}" if failure else attempt.outcome.value
        if failure and (cause := infrastructure_cause(failure) or (_UNREACHED if unreached_by_fixture(failure) else None)):
            self._known[cause] += 1

    def mass_failure(self, share: float) -> InfrastructureFailure | None:
        """The infrastructure failure that the side's full run amounts to, or None.

        It is one where more than `share` of its tests fail in one and the same way, or in ways known to be the environment's.
        """
        known = self._known.total()
        if known > share * self.tests:
            message = f"{known} of {self.tests} tests failed because of the environment, most often: {_most(self._known)[0]}"
            return self._failure(message)
        mark, count = _most(self._alike)
        if count > share * self.tests and count >= LEAST_ALIKE:
            return self._failure(f"{count} of {self.tests} tests failed in one and the same way: {self._shape[mark]}")
        return None

    def _failure(self, message: str) -> InfrastructureFailure:
        return InfrastructureFailure(
            kind=InfrastructureKind.MASS_FAILURE,
            side=self.side,
            message=f"{self.side.value}: {message}",
            hint=f"See why the {self.side.value} environment is down, and run again; nothing was concluded about single tests. If these failures are "
            "real, raise [confirm] mass_failure.",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Outage:
    """Candidates of one side that fail for one cause in the environment: one infrastructure failure, and no divergences."""

    side: Side
    cause: str
    tests: frozenset[str]

    def failure(self) -> InfrastructureFailure:
        """The infrastructure failure that it is reported as."""
        return InfrastructureFailure(
            kind=InfrastructureKind.MASS_FAILURE,
            side=self.side,
            message=f"{self.side.value}: {len(self.tests)} tests that differ failed because of the environment: {self.cause}",
            hint=f"Mend the {self.side.value} environment, and run again; nothing was concluded about these tests, everything about the others.",
        )


def outages(candidates: Iterable[Candidate]) -> tuple[Outage, ...]:
    """The outages that candidates speak of, by side and cause.

    Failures of one cause are an outage where at least five share a fingerprint (one place in the suite that could not reach its service), or where
    they are at least five and a fifth of all candidates that this side failed in. Fewer are confirmed or dropped like any other candidate.
    """
    failed: Counter[Side] = Counter()
    causes: dict[tuple[Side, str], list[Candidate]] = defaultdict(list)
    for candidate in candidates:
        side = candidate.difference.failing
        failed[side] += 1
        if cause := candidate.cause:
            causes[side, cause].append(candidate)
    found = []
    for (side, cause), members in sorted(causes.items()):
        tests = members if len(members) >= SHARE_OF_CANDIDATES * failed[side] else _at_one_place(members)
        if len(tests) >= LEAST_ALIKE:
            found.append(Outage(side=side, cause=cause, tests=frozenset(test.test_id for test in tests)))
    return tuple(found)


def spoiled_confirmation(undecided: Iterable[Candidate]) -> tuple[InfrastructureFailure, ...]:
    """The infrastructure failures, by side and cause, that kept candidates from being decided: their fresh pairs were lost to them."""
    lost = Counter(why for candidate in undecided for why in set(candidate.spoiled))
    return tuple(
        InfrastructureFailure(
            kind=InfrastructureKind.MASS_FAILURE,
            side=side,
            message=f"{side.value}: {count} candidates could not be decided, because fresh pairs failed for the environment: {cause}",
            hint=f"See why the {side.value} environment went down during confirmation, and run again.",
        )
        for (side, cause), count in sorted(lost.items())
    )


def _at_one_place(members: Iterable[Candidate]) -> list[Candidate]:
    """Those that share a fingerprint with enough others; a failure without a frame tells no place."""
    places: dict[str, list[Candidate]] = defaultdict(list)
    for member in members:
        if member.failure and inner_frame(member.failure):
            places[fingerprint(member.failure)].append(member)
    return [member for group in places.values() if len(group) >= LEAST_ALIKE for member in group]


def _most(counted: Counter[str]) -> tuple[str, int]:
    """The most frequent and its count, the first by name where several are; ("", 0) of nothing."""
    return max(counted.items(), key=lambda item: (item[1], item[0]), default=("", 0))
