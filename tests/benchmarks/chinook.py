"""The Chinook benchmark, many runs in a row.

python -m tests.benchmarks.chinook [--runs N] [--bench DIR]

Carries `shadow run` out on the labelled suite N times, scores each report with the benchmark's own score.py and prints JSON: the least share of
right verdicts, the most false divergences, and the seconds of a run.
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
from pathlib import Path

_ROOT = Path(__file__).parents[2]
_BENCH = _ROOT.parent / "shared" / "bench"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--bench", type=Path, default=_BENCH)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="shadow-chinook-") as folder:
        scores = [one_run(options.bench, Path(folder)) for _ in range(options.runs)]
    figures = {
        "runs": len(scores),
        "min_verdicts": min(score["verdicts"] for score in scores),
        "max_false_divergent": int(max(score["false_divergent"] for score in scores)),
        "median_seconds": round(statistics.median(score["seconds"] for score in scores), 1),
    }
    figures["kept"] = figures["min_verdicts"] >= 0.98 and figures["max_false_divergent"] == 0
    print(json.dumps(figures, indent=1))


def one_run(bench: Path, folder: Path) -> dict[str, float]:
    """The figures of one run."""
    report = folder / "report.json"
    report.unlink(missing_ok=True)
    command = [sys.executable, "-c", "from harness.cli import main; main()", "run", "--config", str(bench / "chinook" / "shadow.toml")]
    command += ["--workdir", str(folder / "work"), "--json", str(report)]
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", "")))
    begun = time.monotonic()
    ran = subprocess.run(command, env={**os.environ, "PATH": path, "PYTHONPATH": str(_ROOT)}, capture_output=True, text=True, check=False)
    seconds = time.monotonic() - begun
    if not report.exists():
        raise SystemExit(ran.stdout + ran.stderr)
    scored = subprocess.run(
        [sys.executable, str(bench / "score.py"), "--quiet", str(report), str(bench / "chinook" / "truth.json")],
        capture_output=True,
        text=True,
        check=True,
    )
    return {**{name: float(value) for name, value in map(str.split, scored.stdout.splitlines())}, "seconds": seconds}


if __name__ == "__main__":
    main()
