"""What the command line chooses: sides, parts, tests; and workers."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.running import Project

SUITE = {f"test_{letter}.py": "def test_one(): pass\ndef test_two(): pass\n" for letter in "abcdefgh"}
ALL = {f"test_{letter}.py::test_{number}" for letter in "abcdefgh" for number in ("one", "two")}


def ids(project: Project) -> list[str]:
    return [test["id"] for test in project.report["tests"]]


def test_one_side_alone_compares_nothing(tmp_path: Path) -> None:
    project = Project(folder=tmp_path, suite=SUITE)
    assert project.run("--side", "shadow").exit == 0
    assert set(ids(project)) == ALL
    assert {test["shadow"]["outcome"] for test in project.report["tests"]} == {"passed"}
    assert {test["legacy"]["outcome"] for test in project.report["tests"]} == {None}


@pytest.mark.slow
def test_shards_of_a_matrix_are_the_whole_suite_and_share_nothing(tmp_path: Path) -> None:
    project = Project(folder=tmp_path, suite=SUITE)
    seen: list[str] = []
    for index in (1, 2, 3):
        assert project.run("--shard", f"{index}/3").exit == 0
        seen += ids(project)
    assert sorted(seen) == sorted(ALL)


def test_shards_of_one_run_are_the_whole_suite(tmp_path: Path) -> None:
    project = Project(folder=tmp_path, suite=SUITE, keys={"shards": 3})
    assert project.run().exit == 0
    assert set(ids(project)) == ALL
    assert len(list((project.bundles()[0].path / "sessions").glob("legacy-full-s*of3-n1.jsonl"))) == 3


def test_an_expression_selects(tmp_path: Path) -> None:
    project = Project(folder=tmp_path, suite=SUITE)
    assert project.run("--select", "one and not test_a").exit == 0
    assert set(ids(project)) == {f"test_{letter}.py::test_one" for letter in "bcdefgh"}
    answer = project.run("--select", "no_such_test")
    assert (answer.exit, "--select" in answer.err) == (2, True)


@pytest.mark.slow
def test_workers_give_the_same_results(tmp_path: Path) -> None:
    both = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": ""}
    project = Project(folder=tmp_path, suite=SUITE, keys={"workers": 2}, legacy_settings=both, shadow_settings=both)
    answer = project.run()
    assert answer.exit == 0, answer.err
    assert set(ids(project)) == ALL


def test_without_confirmation_a_difference_is_divergent_and_not_confirmed(tmp_path: Path) -> None:
    project = Project(folder=tmp_path, suite={"test_it.py": "import os\ndef test_differs(): assert os.environ['SIDE'] == 'legacy'\n"})
    assert project.run("--no-confirm").exit == 1
    (test,) = project.report["tests"]
    assert (test["verdict"], test["confirmed"], test["e_value"]) == ("divergent", False, None)
