"""How often confirmation errs among truly flaky tests, and what it costs.

python -m tests.benchmarks.noise --csv FILE [--nights N] [--inject N[,N...]] [--sticky P] [--alpha A] [--seed S]

FILE is a public record of real tests with how often each failed in identical runs (columns project, test, failing_runs, passing_runs; may be
compressed). Each night both sides draw every test's outcome from its own failure rate; `--inject` tests that never failed are made to fail on
shadow at every run. The evidence goes through the production code: who is a candidate, who is rerun, when it ends, and the verdict. With --sticky, a
rerun repeats its predecessor on its side with that probability, as on a machine with a warm cache or a poisoned container.

Candidates that agree alone are searched for order-dependence within the budget (no test of the record depends on it), and every seventh night is
an A/A night: each side against itself on a sample, and series of flaky tests, by which the harness measures whether reruns stick. All of that counts
as extra executions. `aa.said` is the share of A/A nights whose report says that the error bound cannot be promised.

Prints JSON. Beside the harness stand, on the same draws, one dual run, retries of the failing test (a failure counts where it fails again in the
first, or in each of five), and the three-way scheme of candidate, primary and secondary, in which a second legacy run shows what is noise.
`fdr` is the mean over nights of the share of false ones among the reported divergences, `extra` what is run beyond one dual run, as a share of it.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import statistics
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import islice, takewhile
from pathlib import Path
from typing import TYPE_CHECKING

from compare.floor import SERIES_RERUNS, counted, flaky_tests, measured, next_of_arms, rotating
from compare.judge import confirmation_so_far, judge
from compare.order import Investigation, investigated, suspected
from harness.model import (
    Attempt,
    ConfirmPolicy,
    Evidence,
    Floor,
    FloorEvidence,
    FloorPlan,
    OrderEvidence,
    OrderSession,
    OrderSuspect,
    RunHeader,
    Side,
    SideEvidence,
    Tally,
    Verdict,
)
from tests.benchmarks.noise_record import Draws, Record, read_record

if TYPE_CHECKING:
    from compare.confirmation import Confirmation

FALSE_DISCOVERIES, EXTRA = 0.01, 0.025
"""What the harness promises: the most of false ones among its confirmed divergences, and the most it runs beyond a dual run with 60 injected."""

AA_EVERY = 7
SAID = 0.95
"""Where the bound is not held, at least this share of A/A nights has to say so."""

_STARTED = datetime(2026, 1, 1, 1, 30, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reported:
    """What a method reports of one night: the tests it calls divergent, and how many executions it took beyond the dual run."""

    tests: frozenset[int]
    executions: int = 0
    flaky: int = 0
    inconclusive: int = 0
    order: int = 0
    dependent: int = 0
    floor: Floor | None = None
    tally: Tally | None = None


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


def harness(record: Record, draws: Draws, evidence: Evidence, *, rotation: int | None, earlier: Tally) -> Reported:
    """The night as the harness decides it: candidates, fresh pairs until the stopping time, the search for order-dependence, verdicts; and, on an
    A/A night, the A/A run number `rotation`, with the counts of `earlier` ones.
    """
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
    later = Later(record, draws, {places[candidate.test_id]: len(candidate.reruns) for candidate in confirmation.candidates})
    order, ordered = _searched(confirmation, later, record, places)
    floor = None if rotation is None else _floor(investigated(confirmation, order), later, record, evidence.run, rotation, earlier)
    whole = replace(
        evidence,
        legacy=replace(evidence.legacy, reruns=tuple(reruns[Side.LEGACY])),
        shadow=replace(evidence.shadow, reruns=tuple(reruns[Side.SHADOW])),
        order=order,
        floor=floor,
    )
    decided, found = judge(whole), measured(whole)
    return Reported(
        tests=frozenset(places[pair.test_id] for pair in decided.pairs if pair.verdict is Verdict.DIVERGENT and pair.confirmed),
        executions=sum(map(len, reruns.values())) + ordered + (found.executions if found else 0),
        flaky=decided.totals.flaky,
        inconclusive=decided.totals.inconclusive,
        order=ordered,
        dependent=sum(pair.order is not None for pair in decided.pairs),
        floor=found,
        tally=counted(evidence.run, floor) if floor else None,
    )


class Later:
    """The reruns of a night behind its fresh pairs: each test's next one on a side. `done` counts the reruns of the fresh pairs."""

    def __init__(self, record: Record, draws: Draws, done: dict[int, int]) -> None:
        self._record = record
        self._draws = draws
        self._done = {(side, test): count for side in Side for test, count in done.items()}

    def next(self, side: Side, test: int, *, pair: int) -> Attempt:
        """The attempt of the next rerun."""
        self._done[side, test] = run = self._done.get((side, test), 0) + 1
        return self._record.shown(side, test, failed=self._draws.failed(side, test, run), pair=pair)


def _searched(confirmation: Confirmation, later: Later, record: Record, places: dict[str, int]) -> tuple[OrderEvidence, int]:
    """The search for order-dependence, and how many executions it took. A test's predecessors are those of its project."""
    budget = confirmation.policy.order_budget
    suspects = []
    for name, side in suspected(confirmation).items():
        place = places[name]
        before = tuple(islice(_before(record, place), budget // 2))[::-1]
        if before:
            suspects.append(OrderSuspect(test_id=name, side=side, before=before, earlier=sum(1 for _ in _before(record, place)) - len(before)))
    evidence = OrderEvidence(budget=budget, suspects=tuple(suspects))
    search, sessions, executions = Investigation(confirmation, evidence), list[OrderSession](), 0
    while task := search.next_task():
        number = search.number + 1
        step = [
            OrderSession(number=number, kind=kind, side=side, attempts=(later.next(side, places[task.test], pair=number),))
            for side, kind, _ in task.sessions()
        ]
        search.after(step)
        sessions += step
        executions += task.executions
    return replace(evidence, sessions=tuple(sessions)), executions


def _before(record: Record, place: int) -> Iterator[str]:
    """The tests before one, the nearest first, as far as its project goes."""
    project = record.ids[place].partition("::")[0] + "::"
    return takewhile(lambda name: name.startswith(project), (record.ids[test] for test in range(place - 1, -1, -1)))


def _floor(confirmation: Confirmation, later: Later, record: Record, run: RunHeader, rotation: int, earlier: Tally) -> FloorEvidence:
    """The A/A run of a night."""
    plan = FloorPlan(
        sample=rotating(record.ids, size=confirmation.policy.aa_sample, rotation=rotation),
        flaky=flaky_tests(confirmation, rotation=rotation),
        reruns=SERIES_RERUNS,
        tests=len(record.ids),
        rotation=rotation,
        why="weekly",
        earlier=earlier,
    )
    places = {name: test for test, name in enumerate(record.ids) if name in {*plan.sample, *plan.flaky}}
    numbers = range(1, plan.reruns + 1)
    series = [later.next(side, places[name], pair=number) for number in numbers for side in Side for name in plan.flaky]
    arms: tuple[list[Attempt], list[Attempt]] = ([], [])
    for side in Side:
        chosen, number = plan.sample, 1
        while chosen:
            for arm in arms:
                arm += [later.next(side, places[name], pair=number) for name in chosen]
            floor = FloorEvidence(plan=plan, series=tuple(series), one=tuple(arms[0]), two=tuple(arms[1]))
            chosen, number = next_of_arms(run, floor, side), number + 1
    return floor


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
    searches: list[Reported] = []
    earlier = Tally()
    begun = time.monotonic()
    for night, (draws, chosen) in enumerate(_nights(record, nights, injected, sticky, seed)):
        evidence = _evidence(record, draws, policy, night)
        rotation = night // AA_EVERY if night % AA_EVERY == 0 else None
        reported = harness(record, draws, evidence, rotation=rotation, earlier=earlier)
        earlier = reported.tally or earlier
        figures["harness"].add(reported, chosen)
        searches.append(reported)
        differing = [(test, side) for test in range(tests) if (side := _failing_alone(draws, record, chosen, test))]
        for name, method in others.items():
            figures[name].add(method(draws, differing), chosen)
    found = figures["harness"]
    summary = found.summary()
    floors = [reported.floor for reported in searches if reported.floor]
    said = sum(floor.caveat is not None for floor in floors) / len(floors)
    return {
        "inject": injected,
        "sticky": sticky,
        "held": {
            "fdr": summary["fdr"] <= FALSE_DISCOVERIES,
            "fdr_or_said": summary["fdr"] <= FALSE_DISCOVERIES or said >= SAID,
            "every_injected_confirmed": not found.missed,
            "extra": summary["extra"] <= EXTRA,
        },
        "seconds": round(time.monotonic() - begun, 1),
        "aa": {
            "nights": len(floors),
            "said": round(said, 3),
            "stickiness": dict(Counter(floor.stickiness.state.value for floor in floors)),
            "estimate": round(statistics.fmean(floor.stickiness.estimate or 0.0 for floor in floors), 3),
            "false_divergences": floors[-1].confirmed.count,
            "seen_once": floors[-1].once.count,
            "comparisons": floors[-1].confirmed.of,
            "interval": [round(floors[-1].confirmed.low, 6), round(floors[-1].confirmed.high, 6)],
            "executions": round(statistics.fmean(floor.executions for floor in floors), 1),
        },
        "order": {
            "executions_a_night": round(statistics.fmean(reported.order for reported in searches), 1),
            "called_order_dependent": sum(reported.dependent for reported in searches),
        },
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
