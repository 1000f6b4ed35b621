"""The Chinook benchmark, many runs in a row.

python -m tests.benchmarks.chinook [--runs N] [--bench DIR]

Carries `shadow run` out on the labelled suite N times, scores each report with the benchmark's score.py and prints JSON: of every figure the worst
of all runs, those that miss the bar, and the seconds of a run. `verdicts_kept` is about verdicts alone, `kept` about all figures.
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
BARS = {
    "verdicts": 0.98,
    "false_divergent": 0,
    "coupling_recall": 0.95,
    "coupling_precision": 0.95,
    "located": 0.95,
    "pattern_named": 0.8,
    "latent_recall": 1.0,
    "decoys_flagged": 0,
    "remedies": 0.9,
}
"""What each figure has to reach; where the bar is 0, what it may not exceed."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--bench", type=Path, default=_BENCH)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="shadow-chinook-") as folder:
        scores = [one_run(options.bench, Path(folder)) for _ in range(options.runs)]
    worst = {name: (max if bar == 0 else min)(score[name] for score in scores) for name, bar in BARS.items()}
    missed = [name for name, bar in BARS.items() if (worst[name] > bar if bar == 0 else worst[name] < bar)]
    figures = {
        "runs": len(scores),
        "worst": worst,
        "missed": missed,
        "median_seconds": round(statistics.median(score["seconds"] for score in scores), 1),
        "verdicts_kept": not {"verdicts", "false_divergent"} & set(missed),
        "kept": not missed,
    }
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
