"""Suites that nothing was tuned to, with known answers.

python -m tests.benchmarks.holdouts [--experiments N] [NAME ...]

- inn: SQLite, sqlite3 alone
- clinic: PostgreSQL, psycopg 3
- netz: MariaDB, PyMySQL below SQLAlchemy's ORM, German names
- library: PostgreSQL; psycopg2, asyncpg, pytest-asyncio and Django have to be installed

Each runs once; figures are printed as JSON, what was missed on standard error. PGHOST names the folder of the socket of a PostgreSQL server with a
superuser `shadow` that needs no password, MARIADB_SOCKET the socket of a MariaDB server with such a `root`.

A line of truth.txt is `test | verdict | coupling | pattern | entity | places | remedies`, with `path~piece of the line` for a place, or
`decoy | place`. Tests that it does not name agree.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_ROOT = Path(__file__).parents[2]
SUITES = Path(__file__).parent / "holdout"
BARS = {
    "verdicts": 0.98,
    "coupling_recall": 0.95,
    "coupling_precision": 0.95,
    "located": 0.95,
    "pattern_named": 0.8,
    "latent_recall": 1.0,
    "remedies": 0.9,
}
"""What each share has to reach. No test that agrees may be called divergent, and no decoy be reported."""
_VERDICTS = {"D": "divergent", "M": "equivalent", "F": "flaky", "B": "both_failing"}
_REMEDIES = {"mda": "make_data_agnostic", "asc": "add_synthetic_case", "doc": "document_scenario", "env": "fix_environment", "qf": "quarantine_flaky"}
_RECORD = frozenset({"identifier", "natural_key"})

Place = tuple[str, int]


@dataclass(frozen=True, kw_only=True)
class Label:
    """What is true of one test."""

    verdict: str = "equivalent"
    coupling: str = "none"
    pattern: str = ""
    places: tuple[Place, ...] = ()
    remedies: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Truth:
    """What is true of a suite. Tests without a label agree."""

    tests: dict[str, Label]
    decoys: tuple[Place, ...]


@dataclass(kw_only=True)
class Figures:
    """Shares, each as what was reached of what there is, and what was missed."""

    shares: dict[str, list[int]] = field(default_factory=lambda: {name: [0, 0] for name in BARS})
    false_divergent: int = 0
    decoys_flagged: int = 0
    missed: list[str] = field(default_factory=list)

    def add(self, name: str, about: str, *, reached: bool) -> None:
        """Count one case."""
        self.shares[name][0] += reached
        self.shares[name][1] += 1
        if not reached:
            self.missed.append(f"{name}: {about}")

    def told(self) -> dict[str, float]:
        """The figures as they are compared with the bars."""
        shares = {name: round(reached / whole, 4) if whole else 1.0 for name, (reached, whole) in self.shares.items()}
        return {**shares, "false_divergent": self.false_divergent, "decoys_flagged": self.decoys_flagged}

    @property
    def short(self) -> list[str]:
        """The figures that miss their bar."""
        told = self.told()
        return [name for name, bar in BARS.items() if told[name] < bar] + [name for name in ("false_divergent", "decoys_flagged") if told[name]]


def prepared(name: str, into: Path) -> Path:
    """A copy of a suite with its two databases, in the folder `into`."""
    folder = into / name
    shutil.copytree(SUITES / name, folder)
    for path in (folder / "shadow.toml", folder / "build.py"):
        text = path.read_text(encoding="utf-8")
        path.write_text(text.replace("@PGHOST@", os.environ.get("PGHOST", "")).replace("@MARIA@", os.environ.get("MARIADB_SOCKET", "")), "utf-8")
    subprocess.run([sys.executable, "build.py"], cwd=folder, check=True, env={**os.environ, "PGUSER": "shadow", "PYTHONPATH": str(folder)})
    return folder


def report_of(folder: Path, *, experiments: int = 0, settings: str = "", arguments: tuple[str, ...] = ()) -> dict[str, Any]:
    """The report of one run. `settings` are put in front of the suite's own, `arguments` behind those of its command."""
    config = folder / "shadow.toml"
    text = config.read_text(encoding="utf-8").replace(
        '"no:cacheprovider"', ", ".join(['"no:cacheprovider"', *(json.dumps(one) for one in arguments)])
    )
    (folder / "run.toml").write_text(f"{settings}\n[coupling]\nexperiments = {experiments}\n\n{text}", encoding="utf-8")
    command = [sys.executable, "-c", "from harness.cli import main; main()", "run", "--config", str(folder / "run.toml")]
    command += ["--workdir", str(folder / "work"), "--json", str(folder / "report.json")]
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", "")))
    environment = {**os.environ, "PATH": path, "PYTHONPATH": str(_ROOT)}
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if not (folder / "report.json").exists():
        raise SystemExit(ran.stdout + ran.stderr)
    report: dict[str, Any] = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    if not report["run"]["complete"]:  # without tests nothing is missed
        raise SystemExit(ran.stdout + ran.stderr)
    return report


def truth_of(folder: Path) -> Truth:
    """The labels of a suite."""
    tests: dict[str, Label] = {}
    decoys: list[Place] = []
    for line in filter(None, (folder / "truth.txt").read_text(encoding="utf-8").splitlines()):
        parts = [part.strip() for part in line.split("|")]
        if parts[0] == "decoy":
            decoys.append(_place(folder, parts[1], ""))
            continue
        test, verdict, coupling, pattern, _, places, remedies = parts
        tests[f"suite/{test}"] = Label(
            verdict=_VERDICTS[verdict],
            coupling=coupling.replace("-", "_") or "none",
            pattern=pattern.replace("-", "_"),
            places=tuple(_place(folder, one.strip(), f"suite/{test.partition('::')[0]}") for one in places.split(" ; ") if one.strip()),
            remedies=tuple(_REMEDIES[one] for one in remedies.split(",") if one),
        )
    return Truth(tests=tests, decoys=tuple(decoys))


def _place(folder: Path, told: str, own: str) -> Place:
    """The only line of a file that holds a piece of text."""
    path, _, piece = told.rpartition("~")
    lines = (folder / (path or own)).read_text(encoding="utf-8").splitlines()
    (number,) = [number for number, line in enumerate(lines, 1) if piece in line]
    return path or own, number


def figures(report: dict[str, Any], truth: Truth) -> Figures:
    """How far a report is right. A place counts on its line, or one line off."""
    told = Figures()
    for test in report["tests"]:
        label = truth.tests.get(test["id"], Label())
        couplings = [one for one in test.get("couplings") or [] if label.verdict == "divergent" or not one.get("latent")]
        verdict = test["verdict"]
        told.add("verdicts", test["id"], reached=verdict == label.verdict or (label.verdict == "flaky" and verdict != "divergent"))
        told.false_divergent += verdict == "divergent" != label.verdict
        if label.verdict == "divergent":
            _divergent(told, test, label, couplings)
        for place in label.places if label.coupling == "latent" else ():
            told.add("latent_recall", f"{test['id']} {place}", reached=any(_near(one, (place,)) for one in test.get("couplings") or []))
    places = {(one["path"], one["line"]) for test in report["tests"] for one in test.get("couplings") or []}
    flagged = places.union((one["path"], one["line"]) for one in report.get("latent", [])).intersection(truth.decoys)
    told.decoys_flagged = len(flagged)
    told.missed += [f"decoy: {path}:{line}" for path, line in sorted(flagged)]
    return told


def _divergent(told: Figures, test: dict[str, Any], label: Label, couplings: list[dict[str, Any]]) -> None:
    kinds = _RECORD if label.coupling in _RECORD else {label.coupling}
    told.add("remedies", f"{test['id']} {test['remedy']}", reached=test["remedy"] in label.remedies)
    for one in couplings:
        told.add("coupling_precision", f"{test['id']} {one['entity']}", reached=one["kind"] in kinds and _near(one, label.places))
    if label.coupling != "none":
        told.add("coupling_recall", test["id"], reached=any(one["kind"] in kinds for one in couplings))
        told.add("located", test["id"], reached=any(_near(one, label.places) for one in couplings))
    if label.coupling == "pattern":
        told.add("pattern_named", f"{test['id']} {label.pattern}", reached=any(one.get("pattern") == label.pattern for one in couplings))


def _near(found: dict[str, Any], places: tuple[Place, ...]) -> bool:
    return any(found["path"] == path and abs(found["line"] - line) <= 1 for path, line in places)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", default=["inn"])
    parser.add_argument("--experiments", type=int, default=0)
    options = parser.parse_args()
    for name in options.names:
        with tempfile.TemporaryDirectory(prefix="shadow-holdout-") as into:
            folder = prepared(name, Path(into))
            found = figures(report_of(folder, experiments=options.experiments), truth_of(folder))
        print(json.dumps({"suite": name, **found.told(), "short": found.short}))
        print(*found.missed, sep="\n", file=sys.stderr)


if __name__ == "__main__":
    main()
