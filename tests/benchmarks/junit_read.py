"""`shadow compare` and the reading under it against `xml.etree.ElementTree.iterparse` walking the same two files: seconds, ratio, peak memory.

    python -m tests.benchmarks.junit_read [--cases 500000] [--rounds 5] [--failing 0.05] [--shuffled]

Two files of that many cases are made; every measurement is a process of its own; a round is one measurement of each kind, and the ratios are
medians over rounds of what was measured in the same round. `walk` is iterparse with clearing over both files, one after the other; `terminal` and
`json` are the whole command as a user calls it, with its summary alone and with `--json FILE`; `reader` reads one file, `sides` both into attempts
that pair. Seconds are by the clock. Memory is the largest sum of resident memory over the processes of a tree, looked at fifty times a second:
pages that two of them share count twice.
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from xml.etree.ElementTree import iterparse

import psutil

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


def write_report(path: Path, cases: int, failing: float, seed: int, *, shuffled: bool = False) -> None:
    """A report of `cases` cases in the form pytest writes."""
    rng = random.Random(seed)
    with path.open("w", encoding="utf-8") as out:
        out.write(f'<?xml version="1.0" encoding="utf-8"?><testsuites name="pytest tests"><testsuite name="pytest" tests="{cases}">\n')
        for number in rng.sample(range(cases), cases) if shuffled else range(cases):
            case = f'<testcase classname="tests.unit.test_module_{number % MODULES}.TestOrders" name="test_case_{number}" time="{rng.random():.3f}"'
            if rng.random() < failing:
                message = f"AssertionError: order {rng.randrange(100_000)} has status {rng.choice(('open', 'paid', 'sent'))}"
                out.write(f'{case}><failure message="{message}">{traceback_of(rng, number)}\nE   {message}</failure></testcase>\n')
            else:
                out.write(f"{case} />\n")
        out.write("</testsuite></testsuites>\n")


def walk(path: Path) -> int:
    cases = 0
    for file in (path, path.with_name("shadow.xml")):
        for _, element in iterparse(file):
            cases += element.tag == "testcase"
            element.clear()
    return cases


def read_one(path: Path) -> int:
    return sum(1 for _ in read([path]))


def read_both(path: Path) -> int:
    gc.disable()
    legacy, shadow = read_sides([path], [path.with_name("shadow.xml")])
    return len(legacy.columns) + len(shadow.columns)


READERS = {"walk": walk, "reader": read_one, "sides": read_both}
COMMANDS = {"terminal": (), "json": ("--json", "report.json")}
_SHADOW = "import sys; from harness.cli import main; sys.exit(main())"
_ROOT = Path(__file__).parents[2]


def measure(kind: str, path: Path) -> dict[str, float]:
    if kind in READERS:
        command = [sys.executable, "-m", "tests.benchmarks.junit_read", "--measure", kind, "--file", str(path)]
    else:
        command = [sys.executable, "-c", _SHADOW, "compare", str(path), str(path.with_name("shadow.xml")), *COMMANDS[kind]]
    begin, before = time.perf_counter(), os.times()
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, cwd=path.parent, env={**os.environ, "PYTHONPATH": str(_ROOT)}) as process:
        peak = 0.0
        tree = psutil.Process(process.pid)
        while process.poll() is None:
            peak = max(peak, resident_mb(tree))
            time.sleep(0.02)
    if process.returncode != (kind in COMMANDS):  # the files differ, which `shadow compare` says by 1
        raise SystemExit(f"{kind}: exit status {process.returncode}")
    after = os.times()
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    return {"seconds": time.perf_counter() - begin, "cpu": cpu, "peak_mb": peak}


def resident_mb(tree: psutil.Process) -> float:
    total = 0
    with contextlib.suppress(psutil.NoSuchProcess):
        for process in (tree, *tree.children(recursive=True)):
            with contextlib.suppress(psutil.NoSuchProcess):
                total += process.memory_info().rss
    return total / 2**20


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=500_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--failing", type=float, default=0.05)
    parser.add_argument("--shuffled", action="store_true", help="write shadow's cases in another order, as parallel workers do")
    parser.add_argument("--kinds", nargs="+", choices=(*READERS, *COMMANDS), default=["terminal", "json", "reader", "sides"])
    parser.add_argument("--measure", choices=READERS)
    parser.add_argument("--file", type=Path)
    options = parser.parse_args()
    if options.measure:
        READERS[options.measure](options.file)
        return
    kinds = ["walk", *options.kinds]
    with tempfile.TemporaryDirectory(prefix="junit-read-") as folder:
        path = Path(folder, "legacy.xml")
        write_report(path, options.cases, options.failing, seed=1)
        write_report(path.with_name("shadow.xml"), options.cases, options.failing, seed=2, shuffled=options.shuffled)
        rounds = [{kind: measure(kind, path) for kind in kinds} for _ in range(options.rounds)]
        megabytes = path.stat().st_size / 1e6
    figures: dict[str, object] = {"cases": options.cases, "failing": options.failing, "shuffled": options.shuffled, "file_mb": round(megabytes, 1)}
    for kind in kinds:
        figures[kind] = {
            "seconds": round(statistics.median(one[kind]["seconds"] for one in rounds), 2),
            "cpu_seconds": round(statistics.median(one[kind]["cpu"] for one in rounds), 2),
            "over_walk": round(statistics.median(one[kind]["seconds"] / one["walk"]["seconds"] for one in rounds), 2),
            "cpu_over_walk": round(statistics.median(one[kind]["cpu"] / one["walk"]["cpu"] for one in rounds), 2),
            "peak_mb": round(max(one[kind]["peak_mb"] for one in rounds), 1),
        }
    if "terminal" in kinds:
        figures["ratio"], figures["peak_mb"] = (figures["terminal"][key] for key in ("over_walk", "peak_mb"))  # type: ignore[index] # a dict, above
    print(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()
