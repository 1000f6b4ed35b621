"""Passes that mean less on shadow: what was sampled for them, and why one is."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from harness.model.deep_statement import DeepPlace  # noqa: TC001 - who reads stored results looks the types of fields up here


class VacuousSampling(StrEnum):
    """Which tests are counted in the full run, to see whether their passes mean the same on both sides."""

    NEVER = "never"
    ROTATING = "rotating"  # one part of the suite each night, all within 28 nights
    WEEKLY = "weekly"  # larger parts, all within a week
    ALL = "all"


class VacuousKind(StrEnum):
    """What a pass had less of on shadow."""

    ROWS = "rows"  # none, where legacy touched some
    ASSERTIONS = "assertions"
    LINES = "lines"  # of the test's own function
    SUBTESTS = "subtests"
    LOOP = "loop"  # rounds of one: none, where legacy made some


_NOUNS = {
    VacuousKind.ROWS: "rows touched",
    VacuousKind.ASSERTIONS: "assertions run",
    VacuousKind.LINES: "lines of its own run",
    VacuousKind.SUBTESTS: "subtests run",
    VacuousKind.LOOP: "rounds of the loop",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class VacuousReason:
    """One way in which a pass means less on shadow, with the counts of both sides. `place` is the line it is about, None for the whole test."""

    kind: VacuousKind
    legacy: int
    shadow: int
    place: DeepPlace | None = None

    @property
    def sentence(self) -> str:
        """It for a person to read: `rows touched at tests/test_a.py:7: 40 on legacy, 0 on shadow`."""
        at = f" at {self.place}" if self.place else ""
        return f"{_NOUNS[self.kind]}{at}: {self.legacy} on legacy, {self.shadow} on shadow"


@dataclass(frozen=True, slots=True, kw_only=True)
class SuiteParts:
    """Some of the `of` parts that a suite is cut into by the ids of its tests, by number from 1."""

    numbers: tuple[int, ...]
    of: int

    def __str__(self) -> str:
        """As the probe takes it: `1,2/7`."""
        return f"{','.join(map(str, self.numbers))}/{self.of}"


@dataclass(frozen=True, slots=True, kw_only=True)
class VacuousPlan:
    """What a run counts in its full run: the `parts` whose turn it is on its `day` (an ordinal). `last` is the last part so far whose turn it was."""

    parts: SuiteParts
    last: int
    day: int


@dataclass(frozen=True, slots=True, kw_only=True)
class VacuousSurvey:
    """How far a run looked for passes that mean less on shadow: it measured so many tests of those that passed on both sides, `by_rows` of them by
    rows and subtests alone, since it is not known which lines ran, and so many passes were vacuous.
    """

    measured: int
    passing: int
    vacuous: int
    by_rows: int = 0
