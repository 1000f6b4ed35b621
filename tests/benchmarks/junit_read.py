"""Reading JUnit XML against `xml.etree.ElementTree.iterparse` walking the same files: seconds, ratio, peak memory.

    python -m tests.benchmarks.junit_read [--cases 500000] [--rounds 5] [--failing 0.05]

Two files of that many cases are made; every measurement is a process of its own; a round is one measurement of each kind, and the ratios
are medians over rounds. `reader` and `iterparse` read one file, `sides` both into attempts that pair.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from xml.etree.ElementTree import iterparse

from runners.junit import read, read_sides

MODULES = 500
HELPERS = 2_000


def traceback_of(rng: random.Random, number: int, size: int = 2_000) -> str:
    """A traceback as pytest prints it, about `size` characters long: the test's own frame, then frames that recur in other failures."""
    lines = [f"tests/unit/test_module_{number % MODULES}.py:{number % 997}: in test_case_{number}", "    assert checkout(order).status == expected"]
    length = 0
    while length < size:
        helper = rng.randrange(HELPERS)
        lines += [f"src/shop/part_{helper % 60}.py:{helper}: in helper_{helper}", f"    return self.session.call(order, step={helper})"]
        length += len(lines[-1]) + len(lines[-2]) + 2
    return "\n".join(lines)


def write_report(path: Path, cases: int, failing: float, seed: int) -> None:
    """A report of `cases` cases in the form pytest writes."""
    rng = random.Random(seed)
    with path.open("w", encoding="utf-8") as out:
        out.write(f'<?xml version="1.0" encoding="utf-8"?><testsuites name="pytest tests"><testsuite name="pytest" tests="{cases}">\n')
        for number in range(cases):
            case = f'<testcase classname="tests.unit.test_module_{number % MODULES}.TestOrders" name="test_case_{number}" time="{rng.random():.3f}"'
            if rng.random() < failing:
                message = f"AssertionError: order {rng.randrange(100_000)} has status {rng.choice(('open', 'paid', 'sent'))}"
                out.write(f'{case}><failure message="{message}">{traceback_of(rng, number)}\nE   {message}</failure></testcase>\n')
            else:
                out.write(f"{case} />\n")
        out.write("</testsuite></testsuites>\n")


def walk(path: Path) -> int:
    cases = 0
    for _, element in iterparse(path):
        cases += element.tag == "testcase"
        element.clear()
    return cases


def read_one(path: Path) -> int:
    return sum(1 for _ in read([path]))


def read_both(path: Path) -> int:
    legacy, shadow = read_sides([path], [path.with_name("shadow.xml")])
    return len(legacy.attempts) + len(shadow.attempts)


KINDS = {"iterparse": walk, "reader": read_one, "sides": read_both}


def peak_mb() -> float:
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def measure(kind: str, path: Path) -> dict[str, float]:
    command = [sys.executable, "-m", "tests.benchmarks.junit_read", "--measure", kind, "--file", str(path)]
    figures: dict[str, float] = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=500_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--failing", type=float, default=0.05)
    parser.add_argument("--measure", choices=KINDS)
    parser.add_argument("--file", type=Path)
    options = parser.parse_args()
    if options.measure:
        begin, cpu = time.perf_counter(), time.process_time()
        cases = KINDS[options.measure](options.file)
        print(json.dumps({"seconds": time.perf_counter() - begin, "cpu": time.process_time() - cpu, "cases": cases, "peak_mb": peak_mb()}))
        return
    with tempfile.TemporaryDirectory(prefix="junit-read-") as folder:
        path = Path(folder, "legacy.xml")
        write_report(path, options.cases, options.failing, seed=1)
        write_report(path.with_name("shadow.xml"), options.cases, options.failing, seed=2)
        rounds = [{kind: measure(kind, path) for kind in KINDS} for _ in range(options.rounds)]
        megabytes = path.stat().st_size / 1e6
    print(
        json.dumps(
            {
                "cases": options.cases,
                "failing": options.failing,
                "file_mb": round(megabytes, 1),
                **{f"{kind}_seconds": round(statistics.median(one[kind]["cpu"] for one in rounds), 3) for kind in KINDS},
                **{f"{kind}_peak_mb": round(max(one[kind]["peak_mb"] for one in rounds), 1) for kind in KINDS},
                "reader_over_iterparse": round(statistics.median(one["reader"]["cpu"] / one["iterparse"]["cpu"] for one in rounds), 2),
                "sides_over_two_iterparse": round(statistics.median(one["sides"]["cpu"] / (2 * one["iterparse"]["cpu"]) for one in rounds), 2),
            },
            indent=2,
        )
    )


if __name__ == "__main__":
    main()
