"""Runs real pytest sessions with the probe, under this interpreter or under others, and reads the lines it wrote."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
import sys
import textwrap
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

PROBE = Path(__file__).parents[2] / "runners" / "probe"
KEPT_VARIABLES = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "SYSTEMROOT")
PYTHONS = ("3.8", "3.9", "3.10", "3.11", "3.12", "3.13")
# Every Python, and the ends of what each pytest meets; this interpreter is a row of its own. SHADOW_TEST_MATRIX=full: every combination.
MATRIX = (("3.8", 7), ("3.8", 8), ("3.9", 8), ("3.10", 9), ("3.12", 9), ("3.13", 7), ("3.13", 9))
FULL_MATRIX = tuple((python, major) for python in PYTHONS for major in (7, 8, 9) if major < 9 or python not in ("3.8", "3.9"))


@dataclass(frozen=True, kw_only=True)
class Interpreter:
    """A Python with pytest and pytest-xdist; `plugins` names what else it has."""

    label: str
    python: Path
    pytest_major: int
    plugins: frozenset[str] = frozenset()
    autoload: bool = True

    def suite(self, root: Path) -> Suite:
        """An empty suite that runs under this interpreter."""
        return Suite(root, self)


HERE = Interpreter(
    label="here", python=Path(sys.executable), pytest_major=int(version("pytest").split(".")[0]), autoload=False
)  # hypothesis would cost each session a second


@dataclass(frozen=True, kw_only=True)
class Session:
    """What a probed session left behind."""

    lines: list[dict[str, Any]]
    exit_status: int
    output: str
    raw: bytes

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [line for line in self.lines if line["e"] == kind]

    def only(self, kind: str) -> dict[str, Any]:
        (line,) = self.of(kind)
        return line

    @property
    def collected(self) -> list[str]:
        return [test for line in self.of("collected") for test in line["ids"]]

    @property
    def results(self) -> dict[str, dict[str, Any]]:
        found = {line["id"]: line for line in self.of("result")}
        assert len(found) == len(self.of("result")), "a test has two results"
        return found

    @property
    def outcomes(self) -> dict[str, str]:
        return {test: line["outcome"] for test, line in self.results.items()}


class Suite:
    """A small suite in a directory of its own."""

    def __init__(self, root: Path, interpreter: Interpreter) -> None:
        self.root = root
        self.interpreter = interpreter
        self.runs = 0
        root.mkdir(parents=True, exist_ok=True)
        (root / "pytest.ini").write_text("[pytest]\nmarkers = xdist_group\n")

    def write(self, **files: str) -> Suite:
        """Write modules: `test_a="..."` becomes test_a.py, `sub__test_b` becomes sub/test_b.py."""
        for name, text in files.items():
            path = self.root / (name.replace("__", "/") + ".py")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(textwrap.dedent(text), encoding="utf-8")
        return self

    def command(self, *args: str) -> list[str]:
        quiet = ["-p", "no:cacheprovider"] + ([] if any("randomly" in arg for arg in args) else ["-p", "no:randomly"])
        plugins = [] if self.interpreter.autoload else ["-p", "xdist.plugin"]
        return [str(self.interpreter.python), "-m", "pytest", "-p", "shadow_harness_probe", *plugins, *quiet, *args]

    def environment(self, out: Path | None, *, select: dict[str, Any] | None = None, **variables: str) -> dict[str, str]:
        environment = {name: os.environ[name] for name in KEPT_VARIABLES if name in os.environ}
        environment |= {"PYTHONPATH": str(PROBE), "SHADOW_PROBE_ROOT": str(self.root)}
        if not self.interpreter.autoload:
            environment["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
        if out is not None:
            environment["SHADOW_PROBE_OUT"] = str(out)
        if select is not None:
            path = self.root / "select.json"
            path.write_text(json.dumps(select))
            environment["SHADOW_PROBE_SELECT"] = str(path)
        return environment | variables

    def run(self, *args: str, select: dict[str, Any] | None = None, cwd: Path | None = None, **variables: str) -> Session:
        self.runs += 1
        out = self.root / f"session-{self.runs}.jsonl"
        done = subprocess.run(
            self.command(*args),
            cwd=cwd or self.root,
            env=self.environment(out, select=select, **variables),
            capture_output=True,
            timeout=120,
            check=False,
        )
        text = done.stdout.decode(errors="replace") + done.stderr.decode(errors="replace")
        raw = out.read_bytes() if out.exists() else b""
        return Session(lines=read(raw), exit_status=done.returncode, output=text, raw=raw)


def read(raw: bytes) -> list[dict[str, Any]]:
    """Parse lines as docs/bundle.md says: ASCII, a line break ends a line and nothing else does."""
    return [json.loads(line) for line in raw.decode("ascii").split("\n")[:-1]]


@pytest.fixture
def suite(tmp_path: Path) -> Suite:
    """An empty suite for the interpreter that runs these tests."""
    return HERE.suite(tmp_path / "suite")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run tests that ask for `everywhere` under this interpreter, and under each of the matrix as slow tests."""
    if "everywhere" in metafunc.fixturenames:
        matrix = FULL_MATRIX if os.environ.get("SHADOW_TEST_MATRIX") == "full" else MATRIX
        others = [pytest.param(pair, id=f"python{pair[0]}-pytest{pair[1]}", marks=pytest.mark.slow) for pair in matrix]
        metafunc.parametrize("everywhere", [pytest.param(None, id="here"), *others], indirect=True, scope="module")


@pytest.fixture(scope="module")
def everywhere(request: pytest.FixtureRequest) -> Interpreter:
    """An interpreter: this one, or one of the matrix in an environment that is made once and kept in the user's cache."""
    return HERE if request.param is None else _installed(*request.param)


def _installed(python: str, major: int) -> Interpreter:
    base = _find_python(python)
    if base is None:
        pytest.skip(f"no Python {python} here (name it in SHADOW_TEST_PYTHONS, install it with pyenv, or put python{python} on PATH)")
    plugins = ["pytest-xdist", "pytest-rerunfailures", "pytest-forked", "pytest-randomly"] + (["pytest-subtests"] if major < 9 else [])
    exact = _output(base, "import platform; print(platform.python_version())")
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "shadow-harness" / "probe" / f"python{exact}-pytest{major}"
    home.parent.mkdir(parents=True, exist_ok=True)
    with home.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (home / "complete").exists():
            _make(home, base, [f"pytest=={major}.*", *plugins])
    return Interpreter(label=f"{python}/{major}", python=home / "bin" / "python", pytest_major=major, plugins=frozenset(plugins))


def _make(home: Path, base: Path, packages: list[str]) -> None:
    shutil.rmtree(home, ignore_errors=True)
    for command in ([str(base), "-m", "venv", str(home)], [str(home / "bin" / "python"), "-m", "pip", "install", "--quiet", *packages]):
        done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
        if done.returncode:
            shutil.rmtree(home, ignore_errors=True)
            pytest.skip(f"{packages[0]} cannot be had for {base}: {(done.stderr or done.stdout).strip().splitlines()[-1:]}")
    (home / "complete").touch()


def _find_python(wanted: str) -> Path | None:
    named = [Path(name) for name in os.environ.get("SHADOW_TEST_PYTHONS", "").split(os.pathsep) if name]
    pyenv = sorted((Path.home() / ".pyenv" / "versions").glob(f"{wanted}.*/bin/python"))
    found = shutil.which(f"python{wanted}")
    for candidate in [*named, *pyenv, *([Path(found)] if found else [])]:
        if candidate.exists() and _output(candidate, "import sys; print('%d.%d' % sys.version_info[:2])") == wanted:
            return candidate
    return None


def _output(python: Path, code: str) -> str:
    done = subprocess.run([str(python), "-c", code], capture_output=True, text=True, timeout=60, check=False)
    return done.stdout.strip()
