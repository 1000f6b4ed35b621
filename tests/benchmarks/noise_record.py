"""A public record of flaky tests, and what its tests show when they are run: drawn from their true failure rates."""

from __future__ import annotations

import csv
import gzip
import random
from dataclasses import dataclass, replace
from pathlib import Path

from harness.model import Attempt, Failure, Frame, Outcome, Phase, Side


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """Real tests with their failure rates, and for each its passing and its failing attempt on either side."""

    ids: tuple[str, ...]
    rates: tuple[float, ...]
    passing: dict[Side, tuple[Attempt, ...]]
    failing: dict[Side, tuple[Attempt, ...]]

    def shown(self, side: Side, test: int, *, failed: bool, pair: int) -> Attempt:
        """The attempt of a rerun."""
        return replace((self.failing if failed else self.passing)[side][test], pair=pair)


def read_record(path: Path) -> Record:
    """The tests of a record that ran at least once. Raises OSError or KeyError where it cannot be read."""
    opened = gzip.open if path.suffix == ".gz" else open
    ids, rates = [], []
    with opened(path, "rt", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            failing, passing = int(row["failing_runs"]), int(row["passing_runs"])
            if failing + passing:
                ids.append(f"{row['project']}::{row['test']}")
                rates.append(failing / (failing + passing))
    return Record(
        ids=tuple(ids),
        rates=tuple(rates),
        passing={side: tuple(Attempt(test_id=name, side=side, outcome=Outcome.PASSED) for name in ids) for side in Side},
        failing={side: tuple(Attempt(test_id=name, side=side, outcome=Outcome.FAILED, failure=_failure(name)) for name in ids) for side in Side},
    )


def _failure(name: str) -> Failure:
    place = Frame(path=name.partition("#")[0], line=1, function=name.partition("#")[2])
    return Failure(type="AssertionError", message="assert <n> == <n>", phase=Phase.CALL, frames=(place,))


class Draws:
    """What every test would show in its first run, its second, and so on, on either side of one night. Every method sees the same."""

    def __init__(self, record: Record, injected: frozenset[int], *, sticky: float, seed: str) -> None:
        self._record = record
        self._injected = injected
        self._sticky = sticky
        self._seed = seed
        self._drawn: dict[tuple[Side, int], tuple[random.Random, list[bool]]] = {}

    def failed(self, side: Side, test: int, run: int) -> bool:
        """Whether a test fails in a run of one side: 0 is the full run, n its n-th rerun."""
        if test in self._injected:
            return side is Side.SHADOW
        rate = self._record.rates[test]
        if rate in {0, 1}:
            return bool(rate)
        chance, drawn = self._drawn.get((side, test)) or self._begin(side, test)
        while len(drawn) <= run:
            repeats = bool(drawn) and chance.random() < self._sticky
            drawn.append(drawn[-1] if repeats else chance.random() < rate)
        return drawn[run]

    def _begin(self, side: Side, test: int) -> tuple[random.Random, list[bool]]:
        begun = self._drawn[side, test] = (random.Random(f"{self._seed} {side.value} {test}"), [])
        return begun

    def full(self, side: Side) -> tuple[Attempt, ...]:
        """The full run of one side."""
        attempts = list(self._record.passing[side])
        for test, rate in enumerate(self._record.rates):
            if (rate or test in self._injected) and self.failed(side, test, 0):
                attempts[test] = self._record.failing[side][test]
        return tuple(attempts)
