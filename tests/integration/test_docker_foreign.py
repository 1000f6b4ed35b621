"""A tool that is not pytest, in containers: its JUnit XML is read, and its candidates are confirmed in fresh containers."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.docker

TOOL = """
import os, pathlib, sys
names = sys.argv[1:] or ["agrees", "differs"]
here = os.environ["WHERE"]
cases = [
    f'<testcase classname="tool" name="{name}">'
    + ("<failure message='Wilhelmina Quackenbush'/>" if name == "differs" and here == "shadow" else "")
    + "</testcase>"
    for name in names
]
pathlib.Path(os.environ["SHADOW_OUT"], "result.xml").write_text(f"<testsuite name='tool'>{''.join(cases)}</testsuite>")
"""
CONFIGURATION = """
[suite]
name = "tool"
command = ["python", "tool.py"]
junit = "{out}/*.xml"
rerun = ["python", "tool.py", "{name}"]

[environments.legacy]
runner = "docker"
image = "python:3.11-slim"
compose = ["services.yaml"]
data = { WHERE = "legacy" }
dataset = { kind = "production_copy" }

[environments.shadow]
runner = "docker"
image = "python:3.11-slim"
compose = ["services.yaml"]
data = { WHERE = "shadow" }
dataset = { kind = "synthetic" }
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "tool.py").write_text(TOOL, encoding="utf-8")
    (tmp_path / "shadow.toml").write_text(CONFIGURATION, encoding="utf-8")
    (tmp_path / "services.yaml").write_text('services: {idle: {image: "python:3.11-slim", command: [sleep, "600"], init: true}}\n', encoding="utf-8")
    tmp_path.chmod(0o755)  # the container's user reads it
    return tmp_path


def _shadow(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    code = "import sys; sys.argv[0] = 'shadow'; from harness.cli import main; main()"
    return subprocess.run([sys.executable, "-c", code, *arguments], cwd=project, capture_output=True, text=True, check=False)


def test_a_tool_that_writes_junit_runs_in_containers(project: Path) -> None:
    ended = _shadow(project, "run", "--json", "r.json")
    assert ended.returncode == 1, ended.stdout + ended.stderr
    report = json.loads((project / "r.json").read_text(encoding="utf-8"))
    verdicts = {test["id"]: (test["verdict"], test["confirmed"]) for test in report["tests"]}
    assert verdicts == {"tool::agrees": ("equivalent", None), "tool::differs": ("divergent", True)}
    written = [path.read_bytes() for path in project.rglob("*") if path.is_file() and path.name != "tool.py"]
    assert not any(b"Quackenbush" in content for content in written)


def test_results_below_the_read_only_suite_are_refused(project: Path) -> None:
    configuration = (project / "shadow.toml").read_text(encoding="utf-8")
    (project / "shadow.toml").write_text(configuration.replace("{out}/*.xml", "out/*.xml"), encoding="utf-8")
    ended = _shadow(project, "run")
    assert ended.returncode == 2
    assert "{out}" in ended.stderr
