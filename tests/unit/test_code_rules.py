"""The rules that tools keep: formatting, lint, types, and which way imports run."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ("harness", "runners", "compare", "dashboard")
LONGEST = 400


def _run(*command: str) -> None:
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, f"{' '.join(command)}\n{ended.stdout}{ended.stderr}"


def test_ruff_finds_nothing() -> None:
    _run(sys.executable, "-m", "ruff", "check", "--no-cache", ".")


def test_code_is_formatted() -> None:
    _run(sys.executable, "-m", "ruff", "format", "--no-cache", "--check", ".")


def test_imports_go_downward_only() -> None:
    _run(sys.executable, "-c", "from importlinter.cli import lint_imports_command; lint_imports_command()", "--no-cache")


@pytest.mark.slow
def test_types_hold() -> None:
    _run(sys.executable, "-m", "mypy", "--no-error-summary")


def test_modules_stay_small() -> None:
    allowed = {  # they are loaded in the user's process, where each module is one more name and one more file to read
        "runners/probe/shadow_harness_probe.py",
        "runners/probe/shadow_harness_observe.py",
        "runners/probe/shadow_harness_deep.py",
        "runners/probe/shadow_harness_deep_drivers.py",
        "runners/probe/shadow_harness_deep_http.py",
        "runners/probe/shadow_harness_deep_sql.py",
        "runners/probe/shadow_harness_deep_values.py",
        "runners/probe/shadow_harness_redact.py",
        "runners/probe/shadow_harness_shapes.py",
    }
    long = {
        str(path.relative_to(ROOT)): lines
        for package in SOURCES
        for path in (ROOT / package).rglob("*.py")
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > LONGEST
    }
    assert not long.keys() - allowed


def test_nothing_is_called_anonymised() -> None:
    word = "anonymi" + "sed"
    files = [
        path for folder in (*SOURCES, "docs", "compose") for path in (ROOT / folder).rglob("*") if path.suffix in {".py", ".md", ".html", ".toml"}
    ]
    assert files
    assert not [path for path in (*files, ROOT / "README.md") if word in path.read_text(encoding="utf-8").lower()]
