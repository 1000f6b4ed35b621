"""Suites of any command that writes JUnit XML."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from tests.running import Project

TOOL = """
    # A test tool: python tool.py FOLDER [NAME], one file of results, `differs` failing on shadow.
    import os, sys
    from pathlib import Path

    notes = Path(os.environ["NOTES"], os.environ["SIDE"])
    folder, only = Path(sys.argv[1]), sys.argv[2:]
    tests = {"agrees": True, "differs": os.environ["SIDE"] == "legacy", "fails": False}
    lines = []
    for name, passes in tests.items():
        if only and name not in only:
            continue
        with notes.open("a") as file:
            file.write(name + "\\n")
        inner = "" if passes else "<failure type='Oops' message='4711 secret'>at tool.py</failure>"
        lines.append(f"<testcase classname='pack::Sample' name='{name}' time='0.01'>{inner}</testcase>")
    folder.mkdir(exist_ok=True)
    (folder / "results.xml").write_text("<testsuite>" + "".join(lines) + "</testsuite>")
"""
PRIVATE = {
    "command": [sys.executable, "tool.py", "{out}"],
    "args": [],
    "junit": "{out}/*.xml",
    "rerun": [sys.executable, "tool.py", "{out}", "{name}"],
}
SHARED = {"command": [sys.executable, "tool.py", "out"], "args": [], "junit": "out/*.xml", "rerun": [sys.executable, "tool.py", "out", "{name}"]}


@pytest.mark.parametrize("keys", [PRIVATE, SHARED], ids=["private folder", "shared folder"])
def test_candidates_are_rerun_alone_and_confirmed(tmp_path: Path, keys: dict[str, object]) -> None:
    project = Project(folder=tmp_path, suite={"tool.py": TOOL}, keys=keys, confirm={"alpha": 0.1})
    answer = project.run()
    assert answer.exit == 1, answer.err
    tests = {test["id"].rpartition("::")[2]: test for test in project.report["tests"]}
    assert {name: test["verdict"] for name, test in tests.items()} == {"agrees": "equivalent", "differs": "divergent", "fails": "both_failing"}
    assert tests["differs"]["confirmed"] is True
    attempts = tests["differs"]["legacy"]["attempts"]
    assert attempts > 1
    assert sorted(project.noted("legacy")) == ["agrees", *["differs"] * attempts, "fails"]


def test_a_test_whose_name_holds_a_value_is_rerun_by_the_name_that_the_tool_knows(tmp_path: Path) -> None:
    tool = TOOL.replace('"differs":', '"finds alice@example.com":')
    project = Project(folder=tmp_path, suite={"tool.py": tool}, keys=PRIVATE, confirm={"alpha": 0.1})
    answer = project.run()
    assert answer.exit == 1, answer.err
    (found,) = [test for test in project.report["tests"] if test["verdict"] == "divergent"]
    assert re.fullmatch(r"pack::Sample::finds email:[0-9a-f]{12}", found["id"])
    assert found["confirmed"] is True
    assert project.noted("legacy").count("finds alice@example.com") == found["legacy"]["attempts"]


def test_an_old_report_of_the_other_side_is_never_read_again(tmp_path: Path) -> None:
    tool = TOOL + '\n    if os.environ["SIDE"] == "shadow":\n        raise SystemExit(4)\n'
    silent = tool.replace('    (folder / "results.xml")', '    if os.environ["SIDE"] == "legacy": (folder / "results.xml")')
    project = Project(folder=tmp_path, suite={"tool.py": silent}, keys=SHARED)
    answer = project.run()
    assert answer.exit == 3
    assert "shadow: the suite did not start: the command ended by exit status 4 and wrote no file that matches" in answer.err


@pytest.mark.parametrize("text", ["no xml at all", "<testsuite><testcase name='a'", "<testsuite></wrong>"])
def test_a_report_that_cannot_be_read_is_an_infrastructure_failure(tmp_path: Path, text: str) -> None:
    tool = f"import sys\nfrom pathlib import Path\nPath(sys.argv[1], 'r.xml').write_text({text!r})\n"
    project = Project(folder=tmp_path, suite={"tool.py": tool}, keys=PRIVATE)
    answer = project.run()
    assert answer.exit == 3
    assert "r.xml" in answer.err
    assert not list((project.bundles()[0].path / "sessions").glob("*.part"))


def test_a_rerun_that_does_not_reach_its_test_is_no_evidence(tmp_path: Path) -> None:
    keys = {**PRIVATE, "rerun": [sys.executable, "tool.py", "{out}", "wrong-{name}"]}
    project = Project(folder=tmp_path, suite={"tool.py": TOOL}, keys=keys)
    answer = project.run()
    assert answer.exit == 3
    assert "[suite] rerun reported no result for 1 of its tests, 'pack::Sample::differs' for one" in answer.err
    assert project.verdicts()["Sample::differs"] == "inconclusive"


def test_a_tool_without_tests(tmp_path: Path) -> None:
    tool = "import sys\nfrom pathlib import Path\nPath(sys.argv[1], 'r.xml').write_text('<testsuite/>')\n"
    project = Project(folder=tmp_path, suite={"tool.py": tool}, keys=PRIVATE)
    assert project.run().exit == 2
    assert project.bundles() == []


def test_a_tool_that_names_two_tests_alike(tmp_path: Path) -> None:
    cases = '2 * \'<testcase classname="A" name="b"/>\''
    tool = f"import sys\nfrom pathlib import Path\nPath(sys.argv[1], 'r.xml').write_text('<testsuite>' + {cases} + '</testsuite>')\n"
    project = Project(folder=tmp_path, suite={"tool.py": tool}, keys=PRIVATE)
    answer = project.run()
    assert answer.exit == 2
    assert "'A::b' is carried by more than one test" in answer.err
    assert project.bundles() == []


def test_a_tool_is_ended_when_the_sides_time_is_over(tmp_path: Path) -> None:
    project = Project(folder=tmp_path, suite={"tool.py": "import time\ntime.sleep(600)\n"}, keys={**PRIVATE, "timeout": 1})
    assert project.run().exit == 3
    assert project.survivors() == []
