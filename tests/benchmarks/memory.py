"""How much memory the harness itself takes for a suite of many tests.

python -m tests.benchmarks.memory [--modules N] [--each M] [--divergences D] [--folder DIR]

Makes a suite of N x M trivial tests, of which D diverge, carries `shadow run` out on both sides and prints JSON: the peak of resident memory of the
harness's own process in MB (VmHWM, its children not counted), its seconds and those of the whole run.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

_HARNESS = "import sys, runpy\nfrom harness.cli import invoke\ncode = invoke(sys.argv[1:])\nprint(open('/proc/self/status').read())\nsys.exit(code)\n"
_ROOT = Path(__file__).parents[2]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--modules", type=int, default=100)
    parser.add_argument("--each", type=int, default=1_000)
    parser.add_argument("--divergences", type=int, default=8)
    parser.add_argument("--folder", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="shadow-memory-") as temporary:
        folder = options.folder or Path(temporary)
        print(json.dumps(measure(folder, options.modules, options.each, options.divergences), indent=1))


def measure(folder: Path, modules: int, each: int, divergences: int) -> dict[str, object]:
    """The figures of one run."""
    _write_project(folder, modules, each, divergences)
    command = ["run", "--config", str(folder / "shadow.toml"), "--workdir", str(folder / "work"), "--json", str(folder / "report.json")]
    begun = time.monotonic()
    ended = subprocess.run(
        [sys.executable, "-c", _HARNESS, *command],
        env={**os.environ, "PYTHONPATH": str(_ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    seconds = time.monotonic() - begun
    status = dict(line.split(":\t", 1) for line in ended.stdout.splitlines() if ":\t" in line)
    if "VmHWM" not in status:
        raise SystemExit(ended.stdout + ended.stderr)
    return {
        "tests": modules * each,
        "divergences": divergences,
        "exit": ended.returncode,
        "harness_peak_mb": round(int(status["VmHWM"].split()[0]) / 1024, 1),
        "seconds": round(seconds, 1),
        "totals": json.loads((folder / "report.json").read_text(encoding="utf-8"))["totals"],
    }


def _write_project(folder: Path, modules: int, each: int, divergences: int) -> None:
    suite = folder / "suite"
    suite.mkdir(parents=True, exist_ok=True)
    for number in range(modules):
        fails = number < divergences
        (suite / f"test_module_{number:03d}.py").write_text(
            "import os\nimport pytest\n\n"
            f"@pytest.mark.parametrize('case', range({each}))\n"
            "def test_trivial(case):\n"
            f"    assert not ({fails} and case == 7 and os.environ['SIDE'] == 'shadow')\n",
            encoding="utf-8",
        )
    (folder / "shadow.toml").write_text(
        f'[suite]\nname = "many"\nroot = "{suite}"\ncommand = ["{sys.executable}", "-m", "pytest"]\nargs = ["-q", "-p", "no:cacheprovider"]\n'
        '[environments.legacy]\ndata = { SIDE = "legacy" }\ndataset = { kind = "production_copy" }\n'
        '[environments.shadow]\ndata = { SIDE = "shadow" }\ndataset = { kind = "synthetic" }\n'
        "[environments.legacy.settings]\nPYTEST_DISABLE_PLUGIN_AUTOLOAD = 1\n[environments.shadow.settings]\nPYTEST_DISABLE_PLUGIN_AUTOLOAD = 1\n",
        encoding="utf-8",
    )


if __name__ == "__main__":
    main()
