"""The README's two set-ups, each run as it stands there in a fresh virtual environment: that of the demo here, that of the tests by CI."""

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


def test_tests_need_two_commands() -> None:
    """CI carries this block out as it stands, in a fresh virtual environment, with all that it needs: once is enough."""
    script = ROOT / ".ci" / "run"
    if not script.exists():
        pytest.skip("the CI script is no part of a distribution")
    text = script.read_text(encoding="utf-8").replace("pip install -q ", "pip install ").replace("SHADOW_TEST_REQUIRE=docker,browser,postgres ", "")
    lines = text.splitlines()
    fresh = next(number for number, line in enumerate(lines) if "-m venv" in line)
    assert lines[fresh + 2 :] == _block("pip install -e").splitlines()
