"""How often confirmation errs among truly flaky tests, and what it costs.

python -m tests.benchmarks.noise --csv FILE [--nights N] [--inject N[,N...]] [--sticky P] [--alpha A] [--seed S]

FILE is a public record of real tests with how often each failed in identical runs (columns project, test, failing_runs, passing_runs; may be
compressed). Each night both sides draw every test's outcome from its own failure rate; `--inject` tests that never failed are made to fail on
shadow at every run. The evidence goes through the production code: who is a candidate, who is rerun, when it ends, and the verdict. With --sticky, a
rerun repeats its predecessor on its side with that probability, as on a machine with a warm cache or a poisoned container.

Prints JSON. Beside the harness stand, on the same draws, one dual run, retries of the failing test (a failure counts where it fails again in the
first, or in each of five), and the three-way scheme of candidate, primary and secondary, in which a second legacy run shows what is noise.
`fdr` is the mean over nights of the share of false ones among the reported divergences, `extra` what is run beyond one dual run, as a share of it.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
import math
import random
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from compare.judge import confirmation_so_far, judge
from harness.model import Attempt, ConfirmPolicy, Evidence, Failure, Frame, Outcome, Phase, RunHeader, Side, SideEvidence, Verdict

FALSE_DISCOVERIES, EXTRA = 0.01, 0.025
"""What the harness promises: the most of false ones among its confirmed divergences, and the most it runs beyond a dual run with 60 injected."""

_STARTED = datetime(2026, 1, 1, 1, 30, tzinfo=UTC)


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Reported:
    """What a method reports of one night: the tests it calls divergent, and how many executions it took beyond the dual run."""

    tests: frozenset[int]
    executions: int = 0
    flaky: int = 0
    inconclusive: int = 0


@dataclass(slots=True, kw_only=True)
class Figures:
    """A method's figures over all nights."""

    dual_run: int
    false: list[int] = field(default_factory=list)
    share: list[float] = field(default_factory=list)
    missed: int = 0
    injected: int = 0
    executions: list[int] = field(default_factory=list)
    flaky: int = 0
    inconclusive: int = 0

    def add(self, reported: Reported, injected: frozenset[int]) -> None:
        """Count one night."""
        false = len(reported.tests - injected)
        self.false.append(false)
        self.share.append(false / max(1, len(reported.tests)))
        self.missed += len(injected - reported.tests)
        self.injected += len(injected)
        self.executions.append(reported.executions)
        self.flaky += reported.flaky
        self.inconclusive += reported.inconclusive

    def summary(self) -> dict[str, float]:
        """The figures to print."""
        nights = len(self.false)
        error = statistics.stdev(self.share) / math.sqrt(nights) if nights > 1 else 0.0
        return {
            "fdr": round(statistics.fmean(self.share), 5),
            "fdr_standard_error": round(error, 5),
            "false_a_night": round(statistics.fmean(self.false), 3),
            "nights_with_a_false_one": sum(map(bool, self.false)),
            "injected": self.injected,
            "missed": self.missed,
            "extra": round(statistics.fmean(self.executions) / self.dual_run, 5),
            "extra_max": round(max(self.executions) / self.dual_run, 5),
        }


def harness(record: Record, draws: Draws, evidence: Evidence) -> Reported:
    """The night as the harness decides it: candidates, fresh pairs until the stopping time, verdicts."""
    confirmation = confirmation_so_far(evidence)
    candidates = {candidate.test_id for candidate in confirmation.candidates}
    places = {name: test for test, name in enumerate(record.ids) if name in candidates}
    reruns: dict[Side, list[Attempt]] = {side: [] for side in Side}
    while selected := confirmation.next_pair():
        pair = confirmation.begun + 1
        tests = [places[name] for name in selected]
        shown = {side: [record.shown(side, test, failed=draws.failed(side, test, pair), pair=pair) for test in tests] for side in Side}
        confirmation = confirmation.after_pair(shown[Side.LEGACY], shown[Side.SHADOW])
        for side in Side:
            reruns[side] += shown[side]
    decided = judge(
        replace(
            evidence,
            legacy=replace(evidence.legacy, reruns=tuple(reruns[Side.LEGACY])),
            shadow=replace(evidence.shadow, reruns=tuple(reruns[Side.SHADOW])),
        )
    )
    return Reported(
        tests=frozenset(places[pair.test_id] for pair in decided.pairs if pair.verdict is Verdict.DIVERGENT and pair.confirmed),
        executions=sum(map(len, reruns.values())),
        flaky=decided.totals.flaky,
        inconclusive=decided.totals.inconclusive,
    )


Differing = Sequence[tuple[int, Side]]
"""Tests whose sides differ in the dual run, each with the side seen failing."""


def dual_run(_: Draws, differing: Differing) -> Reported:
    """Every difference is reported."""
    return Reported(tests=frozenset(test for test, _ in differing))


def retries(draws: Draws, differing: Differing, *, most: int) -> Reported:
    """The failing side's test is run again, at most so often; reported where it fails each time."""
    executions, kept = 0, set()
    for test, failing in differing:
        again = next((run for run in range(1, most + 1) if not draws.failed(failing, test, run)), None)
        executions += again or most
        if again is None:
            kept.add(test)
    return Reported(tests=frozenset(kept), executions=executions)


def three_way(draws: Draws, differing: Differing, *, tests: int) -> Reported:
    """Candidate is shadow, primary legacy, secondary a second run of legacy: a difference counts where primary and secondary agree."""
    kept = frozenset(test for test, failing in differing if draws.failed(Side.LEGACY, test, 1) == (failing is Side.LEGACY))
    return Reported(tests=kept, executions=tests)


def replay(record: Record, *, nights: int, injected: int, sticky: float, policy: ConfirmPolicy, seed: int) -> dict[str, object]:
    """Replay nights with so many injected divergences and return the figures of every method."""
    tests = len(record.ids)
    others: dict[str, Callable[[Draws, Differing], Reported]] = {
        "one_dual_run": dual_run,
        "retry_once": lambda draws, differing: retries(draws, differing, most=1),
        "retry_five": lambda draws, differing: retries(draws, differing, most=5),
        "three_way": lambda draws, differing: three_way(draws, differing, tests=tests),
    }
    figures = {name: Figures(dual_run=2 * tests) for name in ("harness", *others)}
    begun = time.monotonic()
    for night, (draws, chosen) in enumerate(_nights(record, nights, injected, sticky, seed)):
        evidence = _evidence(record, draws, policy, night)
        figures["harness"].add(harness(record, draws, evidence), chosen)
        differing = [(test, side) for test in range(tests) if (side := _failing_alone(draws, record, chosen, test))]
        for name, method in others.items():
            figures[name].add(method(draws, differing), chosen)
    found = figures["harness"]
    summary = found.summary()
    return {
        "inject": injected,
        "sticky": sticky,
        "held": {
            "fdr": summary["fdr"] <= FALSE_DISCOVERIES,
            "every_injected_confirmed": not found.missed,
            "extra": summary["extra"] <= EXTRA,
        },
        "seconds": round(time.monotonic() - begun, 1),
        "flaky_a_night": round(found.flaky / nights, 2),
        "inconclusive_a_night": round(found.inconclusive / nights, 3),
        **{name: figure.summary() for name, figure in figures.items()},
    }


def _nights(record: Record, nights: int, injected: int, sticky: float, seed: int) -> Iterator[tuple[Draws, frozenset[int]]]:
    stable = [test for test, rate in enumerate(record.rates) if not rate]
    for night in range(nights):
        chosen = frozenset(random.Random(f"{seed} {night}").sample(stable, injected))
        yield Draws(record, chosen, sticky=sticky, seed=f"{seed} {night}"), chosen


def _failing_alone(draws: Draws, record: Record, injected: frozenset[int], test: int) -> Side | None:
    if not record.rates[test] and test not in injected:
        return None
    legacy, shadow = draws.failed(Side.LEGACY, test, 0), draws.failed(Side.SHADOW, test, 0)
    if legacy == shadow:
        return None
    return Side.LEGACY if legacy else Side.SHADOW


def _evidence(record: Record, draws: Draws, policy: ConfirmPolicy, night: int) -> Evidence:
    sides = {side: SideEvidence(side=side, collected=record.ids, full=draws.full(side), finished=True) for side in Side}
    run = RunHeader(id=f"night-{night:04}", suite="record", started_at=_STARTED + timedelta(days=night), confirm=policy, complete=True)
    return Evidence(run=run, legacy=sides[Side.LEGACY], shadow=sides[Side.SHADOW])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--csv", type=Path, required=True)
    parser.add_argument("--nights", type=int, default=200)
    parser.add_argument("--inject", action="append", help="how many divergences to inject; a comma between several; may be given again")
    parser.add_argument("--sticky", type=float, action="append", help="probability that a rerun repeats its predecessor; may be given again")
    parser.add_argument("--alpha", type=float, default=ConfirmPolicy().alpha)
    parser.add_argument("--max-pairs", type=int, default=ConfirmPolicy().max_pairs)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    record = read_record(options.csv)
    policy = ConfirmPolicy(alpha=options.alpha, max_pairs=options.max_pairs)
    counts = [int(part) for given in options.inject or ["60"] for part in given.split(",")]
    replays = [
        replay(record, nights=options.nights, injected=count, sticky=sticky, policy=policy, seed=options.seed)
        for sticky in options.sticky or [0.0]
        for count in counts
    ]
    about = {"tests": len(record.ids), "flaky": sum(0 < rate < 1 for rate in record.rates), "nights": options.nights, "seed": options.seed}
    print(json.dumps({**about, "alpha": options.alpha, "max_pairs": options.max_pairs, "replays": replays}, indent=1))


if __name__ == "__main__":
    main()
