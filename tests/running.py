"""A project of one suite in a folder of its own, for tests that run `shadow` on it as a person would."""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import psutil

from harness.cli import invoke
from harness.evidence import Bundle, read_session
from harness.pipeline.maintenance import bundle_paths
from harness.store import open_store

if TYPE_CHECKING:
    from harness.model import RunSummary

ROOT = Path(__file__).parents[1]
MARK = "SHADOW_TEST_MARK"
"""A variable that every process of a project's suite carries, so that survivors are found by it."""

_PATIENCE = 60.0
_SHADOW = (sys.executable, "-c", "from harness.cli import main; main()")


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a command answered."""

    exit: int
    out: str
    err: str


@dataclass(kw_only=True)
class Project:
    """`suite` maps file names to their text. The sides differ in the variable SIDE; both append to files below `notes`."""

    folder: Path
    suite: Mapping[str, str] = field(default_factory=dict)
    keys: Mapping[str, Any] = field(default_factory=dict)
    legacy_settings: Mapping[str, str] = field(default_factory=dict)
    shadow_settings: Mapping[str, str] = field(default_factory=dict)
    confirm: Mapping[str, Any] = field(default_factory=dict)
    databases: tuple[str, str] | None = None

    def __post_init__(self) -> None:
        self.mark = uuid4().hex
        self.root = self.folder / "suite"
        self.workdir = self.folder / "work"
        self.notes = self.folder / "notes"
        for folder in (self.root, self.notes):
            folder.mkdir(parents=True, exist_ok=True)
        for name, text in self.suite.items():
            self.write(name, text)
        self.configure()

    def write(self, name: str, text: str) -> Path:
        """A file of the suite."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text), encoding="utf-8")
        return path

    def configure(self, **keys: Any) -> None:
        """Write shadow.toml, with these keys of [suite] beyond those that the project has."""
        self.keys = {**self.keys, **keys}
        suite = {
            "name": "sample",
            "root": str(self.root),
            "command": [sys.executable, "-m", "pytest"],
            "args": ["-q", "-p", "no:cacheprovider"],
            **self.keys,
        }
        lines = ["[suite]", *_toml(suite)]
        for number, (side, kind, extra) in enumerate(
            (("legacy", "production_copy", self.legacy_settings), ("shadow", "synthetic", self.shadow_settings))
        ):
            settings = {MARK: self.mark, "NOTES": str(self.notes), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", **extra}
            lines += [f"[environments.{side}]", f'dataset = {{ kind = "{kind}" }}', f'data = {{ SIDE = "{side}" }}']
            lines += [f"database = {json.dumps(self.databases[number])}"] if self.databases else []
            lines += [f"[environments.{side}.settings]", *_toml(settings)]
        lines += ["[confirm]", *_toml({"max_pairs": 6, "vacuous": "never", **self.confirm})]
        (self.folder / "shadow.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")

    def command(self, *words: str) -> list[str]:
        """A command line of `shadow` for this project; the first word is the command with its own (`case make`)."""
        name, *rest = words
        return [*_SHADOW, *name.split(), "--config", str(self.folder / "shadow.toml"), "--workdir", str(self.workdir), *rest]

    def start(self, *words: str, environ: Mapping[str, str] | None = None) -> subprocess.Popen[str]:
        """Begin a command in a process of its own."""
        return subprocess.Popen(
            self.command(*words),
            cwd=self.folder,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH")))), **(environ or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def call(self, *words: str) -> Answer:
        """Carry a command out, in this process."""
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = invoke(self.command(*words)[len(_SHADOW) :])
        return Answer(exit=code, out=out.getvalue(), err=err.getvalue())

    def run(self, *words: str) -> Answer:
        """`shadow run` with the report in `report.json`."""
        return self.call("run", "--json", str(self.folder / "report.json"), *words)

    @property
    def report(self) -> dict[str, Any]:
        """The report of the last run."""
        found: dict[str, Any] = json.loads((self.folder / "report.json").read_text(encoding="utf-8"))
        return found

    def outcomes(self, side: str) -> dict[str, str]:
        """Outcome by test name, of one side."""
        return {test["id"].partition("::")[2]: test[side]["outcome"] for test in self.report["tests"]}

    def verdicts(self) -> dict[str, str]:
        """Verdict by test name."""
        return {test["id"].partition("::")[2]: test["verdict"] for test in self.report["tests"]}

    def noted(self, name: str) -> list[str]:
        """The lines of a file of notes; none where it is not there."""
        path = self.notes / name
        return path.read_text(encoding="utf-8").splitlines() if path.exists() else []

    def bundles(self) -> list[Bundle]:
        """The bundles, oldest first."""
        return [Bundle.open(path) for path in bundle_paths(self.workdir / "runs")]

    def rows(self) -> Sequence[RunSummary]:
        """The runs of the store, newest first."""
        store = open_store(str(self.workdir / "shadow.db"))
        try:
            return store.runs()
        finally:
            store.close()

    def recorded(self) -> list[str]:
        """Every `result` of the only bundle, as "side test" for the full run, in order of the files."""
        (bundle,) = self.bundles()
        paths = sorted((bundle.path / "sessions").glob("*-full-*.jsonl"))
        return [f"{session.name.side} {a.test_id.partition('::')[2]}" for session in map(read_session, paths) for a in session.attempts]

    def survivors(self) -> list[psutil.Process]:
        """Processes of this project's suite that are alive."""
        found = []
        for process in psutil.process_iter():
            try:
                if process.environ().get(MARK) == self.mark and process.status() != psutil.STATUS_ZOMBIE:
                    found.append(process)
            except (psutil.NoSuchProcess, psutil.AccessDenied):
                continue
        return found


def until(condition: Callable[[], object], what: str) -> None:
    """Wait for a condition; fails by naming it."""
    deadline = time.monotonic() + _PATIENCE
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain: {what}"
        time.sleep(0.02)


def _toml(table: Mapping[str, Any]) -> list[str]:
    return [f"{name} = {json.dumps(value)}" for name, value in table.items()]
