"""What a dual run costs beside the slower of the two sides alone.

python -m tests.benchmarks.dual_run [--seconds S] [--tests N] [--rounds R] [--folder DIR]

Makes a suite of N tests that together compute for S seconds. A round measures bare pytest of both sides at the same time, each on a core of its own,
and then `shadow run --no-confirm`, which runs both sides at the same time. Prints JSON: the medians, the ratio, and the seconds by which the dual
run exceeds 1.10 x the slower bare side (the promise is at most 2). `harness_cpu_seconds` are the harness's own, without the sides'.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

_ROOT = Path(__file__).parents[2]
_HARNESS = """
import resource, sys
from harness.cli import invoke
code = invoke(sys.argv[1:])
used = resource.getrusage(resource.RUSAGE_SELF)
print(used.ru_utime + used.ru_stime)
sys.exit(code)
"""
_PYTEST = (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--tests", type=int, default=3_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="shadow-dual-") as temporary:
        folder = options.folder or Path(temporary)
        _write_project(folder, options.tests, _loops(options.seconds / options.tests))
        bare(folder)  # so that no round pays for compiling the tests
        rounds = [(bare(folder), dual(folder)) for _ in range(options.rounds)]
    slower = statistics.median(max(sides) for sides, _ in rounds)
    both = statistics.median(seconds for _, (seconds, _) in rounds)
    figures = {
        "tests": options.tests,
        "rounds": options.rounds,
        "bare_slower_side_seconds": round(slower, 2),
        "dual_run_seconds": round(both, 2),
        "harness_cpu_seconds": round(statistics.median(cpu for _, (_, cpu) in rounds), 2),
        "ratio": round(both / slower, 3),
        "seconds_beyond_1.10": round(both - 1.10 * slower, 2),
        "kept": both <= 1.10 * slower + 2,
    }
    print(json.dumps(figures, indent=1))


def bare(folder: Path) -> Sequence[float]:
    """Seconds of both bare sides, run at the same time, each on a core of its own where there are two."""
    cores = sorted(os.sched_getaffinity(0))
    begun = time.monotonic()
    processes = [
        subprocess.Popen(
            _PYTEST,
            cwd=folder / "suite",
            env={**os.environ, "SIDE": side, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
            stdout=subprocess.DEVNULL,
            preexec_fn=_pinned(cores[number % len(cores)]),  # noqa: PLW1509 - there is one thread here
        )
        for number, side in enumerate(("legacy", "shadow"))
    ]
    seconds = []
    for process in processes:
        process.wait()
        seconds.append(time.monotonic() - begun)
    return seconds


def dual(folder: Path) -> tuple[float, float]:
    """Seconds of a whole dual run, from the start of the command to its end, and how many of them the harness itself computed."""
    command = [sys.executable, "-c", _HARNESS, "run", "--no-confirm"]
    command += ["--config", str(folder / "shadow.toml"), "--workdir", str(folder / "work"), "--json", str(folder / "report.json")]
    begun = time.monotonic()
    ended = subprocess.run(command, env={**os.environ, "PYTHONPATH": str(_ROOT)}, capture_output=True, text=True, check=False)
    seconds = time.monotonic() - begun
    if ended.returncode:
        raise SystemExit(ended.stdout + ended.stderr)
    return seconds, float(ended.stdout.splitlines()[-1])


def _pinned(core: int) -> Callable[[], None]:
    return lambda: os.sched_setaffinity(0, {core})


def _loops(seconds: float) -> int:
    """How often a test's loop has to turn to compute for so long on this machine."""
    count = 2_000_000
    best = min(_timed(count) for _ in range(5))
    return max(1, int(count * seconds / best))


def _timed(count: int) -> float:
    begun = time.perf_counter()
    total = 0
    for number in range(count):
        total += number
    return time.perf_counter() - begun


def _write_project(folder: Path, tests: int, loops: int) -> None:
    suite = folder / "suite"
    suite.mkdir(parents=True, exist_ok=True)
    modules = 30
    for number in range(modules):
        (suite / f"test_module_{number:02d}.py").write_text(
            "import pytest\n\n"
            f"@pytest.mark.parametrize('case', range({max(1, tests // modules)}))\n"
            "def test_computes(case):\n"
            "    total = 0\n"
            f"    for number in range({loops}):\n"
            "        total += number\n"
            "    assert total >= 0\n",
            encoding="utf-8",
        )
    (folder / "shadow.toml").write_text(
        f'[suite]\nname = "computing"\nroot = "{suite}"\ncommand = ["{sys.executable}", "-m", "pytest"]\nargs = ["-q", "-p", "no:cacheprovider"]\n'
        '[environments.legacy]\ndata = { SIDE = "legacy" }\ndataset = { kind = "production_copy" }\n'
        '[environments.shadow]\ndata = { SIDE = "shadow" }\ndataset = { kind = "synthetic" }\n'
        "[environments.legacy.settings]\nPYTEST_DISABLE_PLUGIN_AUTOLOAD = 1\n[environments.shadow.settings]\nPYTEST_DISABLE_PLUGIN_AUTOLOAD = 1\n",
        encoding="utf-8",
    )


if __name__ == "__main__":
    main()
