"""Suites that cannot be compared: a clear answer, and nothing half-written."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.running import Project

RAW_IDS = "[pytest]\ndisable_test_id_escaping_and_forfeit_all_rights_to_community_support = true\n"


def nothing_is_kept(project: Project) -> bool:
    return project.bundles() == [] and list(project.rows()) == [] and not (project.folder / "report.json").exists()


def test_a_suite_without_tests(tmp_path: Path) -> None:
    project = Project(folder=tmp_path, suite={"helpers.py": ""})
    answer = project.run()
    assert answer.exit == 2
    assert "the suite collected no test" in answer.err
    assert "do: See [suite] root and args" in answer.err
    assert nothing_is_kept(project)


def test_a_side_without_tests(tmp_path: Path) -> None:
    only_legacy = "import os\nif os.environ['SIDE'] == 'legacy':\n    def test_one(): pass\n"
    project = Project(folder=tmp_path, suite={"test_it.py": only_legacy})
    answer = project.run()
    assert answer.exit == 3
    assert "shadow collected no test, legacy collected 1" in answer.err
    assert [row.state.value for row in project.rows()] == ["incomplete"]


@pytest.mark.parametrize("character", ["\\n", "\\x1b", "\\u2028"])
def test_a_test_id_that_holds_a_control_character(tmp_path: Path, character: str) -> None:
    suite = {
        "pytest.ini": RAW_IDS,
        "test_it.py": f"import pytest\n@pytest.mark.parametrize('n', [1], ids=['a{character}b'])\ndef test_one(n): pass\n",
    }
    project = Project(folder=tmp_path, suite=suite)
    answer = project.run()
    assert answer.exit == 2
    assert "holds a control character" in answer.err
    assert "pytest.param" in answer.err
    assert "a\x1bb" not in answer.err
    assert nothing_is_kept(project)
    assert project.survivors() == []


def test_two_tests_with_one_id(tmp_path: Path) -> None:
    args = ["--keep-duplicates", "-p", "no:cacheprovider", "test_it.py", "test_it.py"]
    project = Project(folder=tmp_path, suite={"test_it.py": "def test_one(): pass\n"}, keys={"args": args})
    answer = project.run()
    assert answer.exit == 2
    assert "'test_it.py::test_one' is carried by more than one test" in answer.err
    assert nothing_is_kept(project)


def test_ids_of_any_printable_characters_are_fine(tmp_path: Path) -> None:
    ids = ["ä ö", "日本", "a::b", "x [y]", "'quoted\"", "</td>", "{out}"]
    suite = {
        "pytest.ini": RAW_IDS,
        "test_it.py": f"import pytest\n@pytest.mark.parametrize('n', range({len(ids)}), ids={ids!r})\ndef test_one(n): pass\n",
    }
    project = Project(folder=tmp_path, suite=suite)
    answer = project.run("--no-confirm")
    assert answer.exit == 0, answer.err
    assert {test["id"] for test in project.report["tests"]} == {f"test_it.py::test_one[{name}]" for name in ids}
