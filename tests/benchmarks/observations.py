"""Comparing observations: `python -m tests.benchmarks.observations [--pairs 10000] [--rows 5000] [--sample 20]` prints JSON.

`equal_pairs`: pairs of equal values of 50 kB, against DeepDiff alone on the same values (a sample of the pairs, since it takes minutes for all).
`ratio` counts what the comparison costs, from the lines of two session files to results; `ratio_of_digests` leaves the reading out,
`ratio_with_recording` adds what the tests of both sides spent on recording. `by_key` and `without_key`: two shuffled lists of rows, from the values
in the tests to the result, of which 10 % and 60 % are changed. Promises: a ratio of 50; 2 seconds by key; without a key a named result, and no
more than a few seconds. All times are of the processor, since other work on the machine disturbs them less. Exit status 1 where one is not kept.
"""

from __future__ import annotations

import argparse
import copy
import json
import random
import string
import time
from typing import TYPE_CHECKING, Any

from deepdiff import DeepDiff

from compare.observations import compare_observations
from harness.model import Side
from harness.model.observation import Observation, ObservationResult
from runners.probe import shadow_harness_observe as probe

if TYPE_CHECKING:
    from collections.abc import Callable

KEY = b"benchmark" * 4
RATIO_LIMIT, SECONDS_LIMIT, BUDGET_LIMIT = 50, 2.0, 5.0
VALUES = 20  # distinct ones, over which the pairs go in turn
ROWS_OF_50_KB = 245


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=10_000)
    parser.add_argument("--rows", type=int, default=5_000)
    parser.add_argument("--sample", type=int, default=20, help="pairs that DeepDiff alone is measured on")
    options = parser.parse_args()
    _warm_up()
    equal = _equal_pairs(options.pairs, options.sample)
    by_key = _rows(options.rows, 0.1, key="id")
    without_key = _rows(options.rows, 0.6, unordered=True)
    kept = {
        "equal_pairs": equal["ratio"] >= RATIO_LIMIT and equal["equal"] == options.pairs,
        "by_key": by_key["seconds"] <= SECONDS_LIMIT and by_key["status"] == "different",
        "without_key": without_key["seconds"] <= BUDGET_LIMIT and without_key["status"] == "cut_short" and without_key["budget"] is not None,
    }
    print(json.dumps({"equal_pairs": equal, "by_key": by_key, "without_key": without_key, "kept": kept}, indent=2))
    return 0 if all(kept.values()) else 1


def _warm_up() -> None:
    """Import what is imported at first use."""
    _compare({"id": 1}, {"id": 2}, compare="exact")


def _equal_pairs(pairs: int, sample: int) -> dict[str, Any]:
    values = [[_row(random.Random(seed * 1000 + number), number) for number in range(ROWS_OF_50_KB)] for seed in range(VALUES)]
    alone = sum(_seconds(lambda value=value: DeepDiff(value, copy.deepcopy(value))) for value in _in_turn(values, sample)) / sample
    copying = sum(_seconds(lambda value=value: copy.deepcopy(value)) for value in _in_turn(values, sample)) / sample
    recording = 0.0
    lines = []
    for value in values:
        start = time.process_time()
        lines.append(tuple(_line(side, compare="exact") for side in (value, copy.deepcopy(value))))
        recording += time.process_time() - start
    recording = recording / VALUES - copying
    reading = comparing = 0.0
    equal = 0
    for legacy, shadow in _in_turn(lines, pairs):
        start = time.process_time()
        sides = _read(legacy, Side.LEGACY), _read(shadow, Side.SHADOW)
        read = time.process_time()
        (result,) = compare_observations(sides[:1], sides[1:])
        comparing += time.process_time() - read
        reading += read - start
        equal += result.status.value == "equal"
    each = {"deepdiff_alone": alone - copying, "recording": recording, "reading": reading / pairs, "comparing": comparing / pairs}
    return {
        "pairs": pairs,
        "kilobytes": round(len(json.dumps(values[0])) / 1000),
        "equal": equal,
        "milliseconds_each": {name: round(seconds * 1000, 4) for name, seconds in each.items()},
        "limit": RATIO_LIMIT,
        "ratio": round(each["deepdiff_alone"] / (each["reading"] + each["comparing"]), 1),
        "ratio_of_digests": round(each["deepdiff_alone"] / each["comparing"], 1),
        "ratio_with_recording": round(each["deepdiff_alone"] / (each["recording"] + each["reading"] + each["comparing"]), 1),
    }


def _rows(count: int, share: float, **options: Any) -> dict[str, Any]:
    chance = random.Random(7)
    legacy = [_row(random.Random(number), number) for number in range(count)]
    shadow = [{**row, "amount": row["amount"] + 1.5, "note": None} if number < count * share else row for number, row in enumerate(legacy)]
    chance.shuffle(legacy)
    chance.shuffle(shadow)
    start = time.process_time()
    result = _compare(legacy, shadow, compare="exact", **options)
    return {
        "rows": count,
        "changed": share,
        "seconds": round(time.process_time() - start, 2),
        "limit": SECONDS_LIMIT if "key" in options else BUDGET_LIMIT,
        "status": result.status.value,
        "budget": None if result.budget is None else result.budget.value,
        "differences": [one.sentence for one in result.differences],
    }


def _compare(legacy: Any, shadow: Any, **options: Any) -> ObservationResult:
    sides = _read(_line(legacy, **options), Side.LEGACY), _read(_line(shadow, **options), Side.SHADOW)
    (result,) = compare_observations(sides[:1], sides[1:])
    return result


def _line(value: Any, **options: Any) -> str:
    observed = probe.Observed(KEY, frozenset())
    observed("rows", value, **options)
    text: str = observed.lines[0]
    return text


def _read(line: str, side: Side) -> Observation:
    return Observation.from_text('{"id":"test_rows.py::test_rows",' + line[1:] + "\n", side)


def _row(chance: random.Random, number: int) -> dict[str, Any]:
    letters = string.ascii_letters
    return {
        "id": number,
        "name": "".join(chance.choices(letters, k=12)),
        "email": f"user{chance.randrange(10**6)}@example.com",
        "status": chance.choice(["open", "paid", "late"]),
        "amount": chance.random() * 100,
        "quantity": chance.randrange(9),
        "created": f"2021-03-{chance.randrange(1, 29):02}",
        "note": None if chance.random() < 0.5 else "".join(chance.choices(letters + " ", k=30)),
        "active": True,
        "postcode": f"{chance.randrange(99999):05}",
    }


def _in_turn(values: list[Any], count: int) -> list[Any]:
    return [values[number % len(values)] for number in range(count)]


def _seconds(call: Callable[[], object]) -> float:
    start = time.process_time()
    call()
    return time.process_time() - start


if __name__ == "__main__":
    raise SystemExit(main())
