"""The command line as a person meets it: what is printed, which exit code, and that nothing is left behind where the input was bad."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from harness.report import published_schema

TWO_SIDES = """
[suite]
name = "tiny"
command = ["{python}", "-m", "pytest"]
args = ["-q", "-p", "no:cacheprovider"]

[environments.legacy]
data = {{ WHERE = "legacy" }}
dataset = {{ kind = "production_copy" }}

[environments.shadow]
data = {{ WHERE = "shadow" }}
dataset = {{ kind = "synthetic" }}
"""

SUITE = """
import os

import pytest

LEGACY = os.environ["WHERE"] == "legacy"


def test_agrees():
    assert True


def test_knows_a_customer():
    assert LEGACY, "no customer 'Amalia Nightingale' with 4711-0815"


def test_fails_everywhere():
    assert not os.environ["WHERE"]


@pytest.mark.skipif(not LEGACY, reason="only there")
def test_is_skipped_on_shadow():
    assert True
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """A project on disk; each command runs in it."""

    folder: Path

    def shadow(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        code = "import sys; sys.argv[0] = 'shadow'; from harness.cli import main; main()"
        return subprocess.run([sys.executable, "-c", code, *arguments], cwd=self.folder, capture_output=True, text=True, check=False)

    def write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        return path

    @property
    def recorded(self) -> list[str]:
        return sorted(path.name for path in (self.folder / ".shadow" / "runs").glob("*"))


def made(folder: Path) -> Project:
    """The project, with nothing run yet."""
    project = Project(folder=folder)
    project.write("shadow.toml", TWO_SIDES.format(python=sys.executable))
    project.write("test_tiny.py", SUITE)
    return project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return made(tmp_path)


FILES = {"--json": "report.json", "--junit": "j.xml", "--markdown": "m.md", "--html": "h.html", "--sarif": "s.sarif"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Night:
    """A confirmed run, with everything that it writes and prints. What changes the project takes a copy."""

    project: Project
    ended: subprocess.CompletedProcess[str]

    def report(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.project.folder / "out/report.json").read_text(encoding="utf-8"))
        return found


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Night:
    project = made(tmp_path_factory.mktemp("night"))
    ended = project.shadow("run", "-v", *(word for option, name in FILES.items() for word in (option, f"out/{name}")))
    assert ended.returncode == 1, ended.stderr
    return Night(project=project, ended=ended)


def test_a_run_prints_and_writes_what_diverges(night: Night) -> None:
    ended, report = night.ended, night.report()
    assert "2 of 4 tests diverge" in ended.stdout
    assert "test_tiny.py::test_knows_a_customer" in ended.stdout
    assert "fresh pair 1" in ended.stderr
    jsonschema.validate(report, published_schema())
    verdicts = {test["id"].partition("::")[2]: (test["verdict"], test["direction"]) for test in report["tests"]}
    assert verdicts == {
        "test_agrees": ("equivalent", None),
        "test_knows_a_customer": ("divergent", "legacy_only_pass"),
        "test_fails_everywhere": ("both_failing", None),
        "test_is_skipped_on_shadow": ("divergent", "skip_mismatch"),
    }
    assert sorted(path.name for path in (night.project.folder / "out").iterdir()) == sorted(FILES.values())


def test_no_value_of_a_failure_is_written_or_printed(night: Night) -> None:
    written = [
        path.read_bytes() for path in night.project.folder.rglob("*") if path.is_file() and not path.name.startswith("test_tiny.")
    ]  # the suite itself
    said = f"{night.ended.stdout}{night.ended.stderr}".encode()
    for canary in (b"Amalia", b"Nightingale", b"4711-0815"):
        assert not any(canary in content for content in (*written, said))


def test_json_on_standard_output_is_json_alone(project: Project) -> None:
    ended = project.shadow("run", "--no-confirm", "--json", "-")
    assert json.loads(ended.stdout)["totals"]["tests"] == 4
    assert "2 of 4 tests diverge" in ended.stderr


def test_unconfirmed_divergences_say_so(project: Project) -> None:
    ended = project.shadow("run", "--no-confirm")
    assert ended.returncode == 1
    assert "no error bound holds" in " ".join(ended.stdout.lower().split())


def test_recorded_runs_can_be_shown_again(night: Night, tmp_path: Path) -> None:
    project, files = night.project, [tmp_path / name for name in ("again.json", "bundle.json")]
    again = project.shadow("report", "--json", str(files[0]))
    bundle = project.shadow("compare", f".shadow/runs/{project.recorded[0]}", "--json", str(files[1]))
    assert (again.returncode, bundle.returncode) == (0, 1)
    contents = [night.report(), *(json.loads(path.read_text(encoding="utf-8")) for path in files)]
    assert contents[0] == contents[1]
    assert contents[0]["nights"]["open"] == 2
    assert contents[2] == {**contents[0], "nights": None}  # a bundle knows no other night


def test_the_store_can_be_rebuilt(night: Night, tmp_path: Path) -> None:
    project = Project(folder=Path(shutil.copytree(night.project.folder, tmp_path / "copy")))
    before = project.shadow("runs", "--json").stdout
    (project.folder / ".shadow" / "shadow.db").unlink()
    assert "1 runs are in the store again" in project.shadow("store", "rebuild").stdout
    assert project.shadow("runs", "--json").stdout == before
    assert json.loads(before)[0]["totals"]["divergent"] == 2


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("shadow.toml", "[suite]\nnmae = 'x'\n", ("shadow.toml:2", "nmae", "name")),
        ("shadow.toml", "[suite\n", ("shadow.toml:1",)),
        ("shadow.toml", TWO_SIDES.format(python="pytest").replace("[suite]", "[suite]\nworkers = 'many'"), ("shadow.toml:3", "workers", "auto")),
    ],
)
def test_a_bad_configuration_is_explained(project: Project, name: str, text: str, says: tuple[str, ...]) -> None:
    project.write(name, text)
    ended = project.shadow("run")
    assert ended.returncode == 2
    assert all(part in ended.stderr for part in says), ended.stderr
    assert not (project.folder / ".shadow").exists()


def test_an_empty_suite_leaves_nothing(project: Project) -> None:
    project.write("test_tiny.py", "")
    ended = project.shadow("run")
    assert ended.returncode == 2
    assert "collected no test" in ended.stderr
    assert project.recorded == []
    assert json.loads(project.shadow("runs", "--json").stdout) == []


def test_a_side_without_tests_is_an_infrastructure_failure(project: Project) -> None:
    project.write("test_tiny.py", "import os\nif os.environ['WHERE'] == 'legacy':\n    def test_there():\n        assert True\n")
    ended = project.shadow("run")
    assert ended.returncode == 3
    assert "shadow collected no test" in ended.stdout


def test_a_module_that_one_side_cannot_import_is_no_divergence_where_nothing_of_it_was_selected(project: Project) -> None:
    project.write("test_other.py", "import os\n\nassert os.environ['WHERE'] == 'legacy'\n\n\ndef test_of_the_module():\n    pass\n")
    ended = project.shadow("run", "--select", "agrees", "--json", "r.json")
    assert ended.returncode == 0, ended.stdout
    assert [test["id"] for test in json.loads((project.folder / "r.json").read_text(encoding="utf-8"))["tests"]] == ["test_tiny.py::test_agrees"]

    nothing = project.shadow("run", "--select", "no_such_test")
    assert nothing.returncode == 2
    assert "collected no test" in nothing.stderr


@pytest.mark.parametrize("options", [("--json", "shadow.toml/r.json"), ("--html", "."), ("--json", "-", "--html", "-")])
def test_a_report_that_cannot_be_written_is_refused_before_anything_runs(project: Project, options: tuple[str, ...]) -> None:
    ended = project.shadow("run", *options)
    assert ended.returncode == 2
    assert options[0] in ended.stderr
    assert project.recorded == []


def test_one_side_alone_compares_nothing(project: Project) -> None:
    ended = project.shadow("run", "--side", "legacy", "--json", "r.json")
    assert ended.returncode == 0, ended.stderr
    totals = json.loads((project.folder / "r.json").read_text(encoding="utf-8"))["totals"]
    assert totals["inconclusive"] == totals["tests"] == 4


def test_unknown_options_and_commands_are_usage_errors(project: Project) -> None:
    assert project.shadow("run", "--frobnicate").returncode == 2
    assert project.shadow("frobnicate").returncode == 2
    ended = project.shadow("run", "--shard", "3/2")
    assert ended.returncode == 2
    assert "I/N" in ended.stderr


def test_a_folder_that_shadows_a_package_is_named(project: Project) -> None:
    intruder = project.folder / "compare"
    intruder.mkdir()
    (intruder / "__init__.py").write_text("", encoding="utf-8")
    code = "import sys; sys.path.insert(0, '.'); from harness.cli import main; main()"
    ended = subprocess.run([sys.executable, "-c", code, "runs"], cwd=project.folder, capture_output=True, text=True, check=False)
    assert ended.returncode == 2
    assert str(intruder) in ended.stderr


def test_init_writes_a_configuration_that_loads(project: Project) -> None:
    (project.folder / "shadow.toml").unlink()
    assert project.shadow("init").returncode == 0
    assert project.shadow("config").returncode == 0
    assert project.shadow("init").returncode == 2


def test_doctor_names_what_is_missing(project: Project) -> None:
    assert project.shadow("doctor").returncode == 0
    project.write("shadow.toml", TWO_SIDES.format(python=sys.executable).replace(f'"{sys.executable}", "-m", "pytest"', '"no-such-folder/pytest"'))
    ended = project.shadow("doctor", "--json")
    assert ended.returncode == 2
    rows = {row["check"]: row for row in json.loads(ended.stdout)}
    assert not rows["environment legacy"]["ok"]
    assert "no-such-folder" in rows["environment legacy"]["answer"]


def test_the_schema_of_the_configuration_is_json_schema(project: Project) -> None:
    schema = json.loads(project.shadow("config", "--schema").stdout)
    jsonschema.Draft202012Validator.check_schema(schema)


def test_two_files_of_results_can_be_compared(project: Project) -> None:
    case = '<testsuite name="s"><testcase classname="a" name="one"/><testcase classname="a" name="two">{}</testcase></testsuite>'
    project.write("a.xml", case.format(""))
    project.write("b.xml", case.format('<failure message="Amalia 4711"/>'))
    ended = project.shadow("compare", "a.xml", "b.xml", "--json", "r.json")
    assert ended.returncode == 1
    report = json.loads((project.folder / "r.json").read_text(encoding="utf-8"))
    assert [(test["verdict"], test["confirmed"], test["e_value"]) for test in report["tests"]][1] == ("divergent", False, None)
    assert "Amalia" not in json.dumps(report) + ended.stdout


@pytest.mark.parametrize("content", ["", "not xml", "<testsuite><testcase name='a'", "<html/>", "<testsuite name='s'/>"])
def test_results_that_cannot_be_read_are_refused_and_nothing_is_written(project: Project, content: str) -> None:
    project.write("a.xml", content)
    ended = project.shadow("compare", "a.xml", "a.xml", "--json", "r.json")
    assert ended.returncode in {2, 3}
    assert "a.xml" in ended.stderr
    assert not (project.folder / "r.json").exists()


def test_many_divergences_of_one_cause_are_confirmed(project: Project) -> None:
    """All candidates fail alike: that is no mass failure as long as they are few of the suite's tests."""
    tests = "@pytest.mark.parametrize('n', range({}))\ndef test_{}({}n):\n    assert n >= 0\n"
    fixture = "@pytest.fixture\ndef record():\n    assert LEGACY\n"
    head, _, _ = SUITE.partition("\n\ndef ")
    project.write("test_tiny.py", "\n".join((head, fixture, tests.format(12, "needs_it", "record, "), tests.format(40, "does_not", ""))))
    ended = project.shadow("run", "--json", "r.json")
    assert ended.returncode == 1, ended.stderr
    report = json.loads((project.folder / "r.json").read_text(encoding="utf-8"))
    assert report["totals"]["divergent"] == 12
    assert all(test["confirmed"] for test in report["tests"] if test["verdict"] == "divergent")
    assert [len(cluster["tests"]) for cluster in report["clusters"]] == [12]
