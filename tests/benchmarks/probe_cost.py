"""What the light probe costs: `python -m tests.benchmarks.probe_cost` prints JSON.

Two suites are run bare and probed, alternately, after a warm-up: trivial tests (promise: at most 5 % of wall time) and tests of 10 ms (at most 2 %).
Ratios are of neighbouring runs, so that a machine that slows down slows both. CPU time (user and system) stands beside wall time, since other
work on the machine disturbs it less.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

PROBE = Path(__file__).parents[2] / "runners" / "probe"
TESTS_PER_FILE = 50
TRIVIAL_LIMIT, SLOW_LIMIT = 1.05, 1.02


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """Seconds of one session."""

    wall: float
    cpu: float


def main() -> int:
    """Measure and print; exit 1 where a promise is not kept."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trivial", type=int, default=5000, help="number of trivial tests")
    parser.add_argument("--slow", type=int, default=500, help="number of tests that take 10 ms")
    parser.add_argument("--rounds", type=int, default=7, help="pairs of sessions for each suite")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        trivial = _measure(_write(root / "trivial", options.trivial, "pass"), options.rounds)
        slow = _measure(_write(root / "slow", options.slow, "time.sleep(0.01)"), options.rounds)
    result = {
        "trivial": {"tests": options.trivial, "limit": TRIVIAL_LIMIT, **trivial},
        "ten_milliseconds": {"tests": options.slow, "limit": SLOW_LIMIT, **slow},
        "rounds": options.rounds,
    }
    kept = trivial["wall_ratio"] <= TRIVIAL_LIMIT and slow["wall_ratio"] <= SLOW_LIMIT
    print(json.dumps(result | {"kept": kept}, indent=2))
    return 0 if kept else 1


def _write(root: Path, tests: int, body: str) -> Path:
    root.mkdir()
    (root / "pytest.ini").write_text("[pytest]\n")
    for first in range(0, tests, TESTS_PER_FILE):
        text = "import time\n" + "".join(f"def test_{n}():\n    {body}\n" for n in range(first, min(first + TESTS_PER_FILE, tests)))
        (root / f"test_{first:06}.py").write_text(text)
    return root


def _measure(root: Path, rounds: int) -> dict[str, float]:
    _run(root, probed=False)  # warm-up: bytecode of the suite, files in memory
    _run(root, probed=True)
    pairs = []
    for n in range(rounds):
        if n % 2:
            probed, bare = _run(root, probed=True), _run(root, probed=False)
        else:
            bare, probed = _run(root, probed=False), _run(root, probed=True)
        pairs.append((bare, probed))
    return {
        "bare_wall": round(statistics.median(bare.wall for bare, _ in pairs), 4),
        "probed_wall": round(statistics.median(probed.wall for _, probed in pairs), 4),
        "wall_ratio": round(statistics.median(probed.wall / bare.wall for bare, probed in pairs), 4),
        "bare_cpu": round(statistics.median(bare.cpu for bare, _ in pairs), 4),
        "probed_cpu": round(statistics.median(probed.cpu for _, probed in pairs), 4),
        "cpu_ratio": round(statistics.median(probed.cpu / bare.cpu for bare, probed in pairs), 4),
    }


def _run(root: Path, *, probed: bool) -> Cost:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("SHADOW_", "PYTEST_"))}
    environment |= {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONPATH": str(PROBE), "PYTHONHASHSEED": "0"}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    out = root / "session.jsonl"
    out.unlink(missing_ok=True)
    if probed:
        command += ["-p", "shadow_harness_probe"]
        environment["SHADOW_PROBE_OUT"] = str(out)
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(command, cwd=root, env=environment, stdout=subprocess.DEVNULL, check=True)
    wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    if probed and '"complete":true' not in out.read_text().splitlines()[-1]:
        raise SystemExit("the probe did not finish its file")
    return Cost(wall=wall, cpu=(after.ru_utime + after.ru_stime) - (before.ru_utime + before.ru_stime))


if __name__ == "__main__":
    raise SystemExit(main())
