"""The README's two set-ups, each run as it stands there in a fresh virtual environment."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LEFT_OUT = shutil.ignore_patterns(".git", ".shadow", "shadow-demo", "__pycache__", ".*_cache", ".hypothesis", "*.egg-info")

pytestmark = pytest.mark.slow


def _block(start: str) -> str:
    blocks = re.findall(r"^```sh\n(.*?)^```", (ROOT / "README.md").read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    return next(block for block in blocks if block.startswith(start))


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    return Path(shutil.copytree(ROOT, tmp_path / "checkout", ignore=LEFT_OUT))


def _in_fresh_environment(block: str, checkout: Path, tmp_path: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "venv"], check=True)
    environment = {name: value for name, value in os.environ.items() if name not in {"VIRTUAL_ENV", "PYTHONPATH"}}
    environment |= {"PATH": f"{tmp_path / 'venv' / 'bin'}{os.pathsep}{os.environ['PATH']}", **variables}
    return subprocess.run(["bash", "-euc", block], cwd=checkout, env=environment, capture_output=True, text=True, check=False)


def test_demo_needs_two_commands(checkout: Path, tmp_path: Path) -> None:
    ended = _in_fresh_environment(_block("pip install .\n"), checkout, tmp_path)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "tests diverge" in ended.stdout
    assert "shadow serve" in ended.stdout
    assert (checkout / "shadow-demo" / "report.html").stat().st_size > 10_000


def test_tests_need_two_commands(checkout: Path, tmp_path: Path) -> None:
    """The block as it stands, its `pytest` kept to the unit tier: CI runs all of it in the same way."""
    ended = _in_fresh_environment(_block("pip install -e"), checkout, tmp_path, PYTEST_ADDOPTS="-q -n 0 -m 'not slow' tests/unit/test_plan.py")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert " passed" in ended.stdout
