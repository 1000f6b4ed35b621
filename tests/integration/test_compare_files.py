"""`shadow compare`: what was recorded before is paired without running anything."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness.errors import DuplicateTestIdError, EmptySuiteError, InputError, UsageError
from harness.model import Verdict
from harness.pipeline import compare_bundle, compare_sources, is_bundle
from tests.running import Project


def junit(path: Path, **outcomes: str) -> Path:
    cases = [f"<testcase classname='A' name='{name}'>{inner}</testcase>" for name, inner in outcomes.items()]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"<testsuite>{''.join(cases)}</testsuite>")
    return path


def test_two_junit_files(tmp_path: Path) -> None:
    legacy = junit(tmp_path / "legacy.xml", same="", differs="", both="<failure/>")
    shadow = junit(tmp_path / "shadow.xml", same="", differs="<failure message='no 4711'/>", both="<failure/>", more="")
    comparison = compare_sources(legacy, shadow)
    assert {pair.test_id: (pair.verdict, pair.confirmed) for pair in comparison.pairs} == {
        "A::same": (Verdict.EQUIVALENT, None),
        "A::differs": (Verdict.DIVERGENT, False),
        "A::both": (Verdict.BOTH_FAILING, None),
        "A::more": (Verdict.DIVERGENT, False),
    }
    assert comparison.exit == 1
    assert all(pair.e_value is None for pair in comparison.pairs)


def test_two_folders_of_them(tmp_path: Path) -> None:
    for side in ("legacy", "shadow"):
        junit(tmp_path / side / "one.xml", a="")
        junit(tmp_path / side / "deeper" / "two.xml", b="")
    assert compare_sources(tmp_path / "legacy", tmp_path / "shadow").totals.equivalent == 2


def test_a_bundle_is_decided_again_as_the_run_was(tmp_path: Path) -> None:
    project = Project(folder=tmp_path, suite={"test_it.py": "import os\ndef test_a(): assert os.environ['SIDE'] == 'legacy'\ndef test_b(): pass\n"})
    assert project.run("--no-confirm").exit == 1
    path = project.bundles()[0].path
    assert is_bundle(path)
    again = compare_bundle(path)
    assert [(pair.test_id, pair.verdict.value) for pair in again.pairs] == [(test["id"], test["verdict"]) for test in project.report["tests"]]
    assert again.exit == 1
    both = compare_sources(path, path)
    assert [pair.verdict for pair in both.pairs] == [pair.verdict for pair in again.pairs]


def test_what_cannot_be_paired_is_refused(tmp_path: Path) -> None:
    good = junit(tmp_path / "good.xml", a="")
    twice = tmp_path / "twice.xml"
    twice.write_text("<testsuite><testcase classname='A' name='a'/><testcase classname='A' name='a'/></testsuite>")
    empty = tmp_path / "empty.xml"
    empty.write_text("<testsuite/>")
    broken = tmp_path / "broken.xml"
    broken.write_text("<testsuite><testcase")
    with pytest.raises(UsageError, match="does not exist"):
        compare_sources(good, tmp_path / "nowhere.xml")
    with pytest.raises(DuplicateTestIdError, match="'A::a'"):
        compare_sources(good, twice)
    with pytest.raises(EmptySuiteError):
        compare_sources(good, empty)
    with pytest.raises(InputError):
        compare_sources(broken, good)
    folder = tmp_path / "bundle"
    folder.mkdir()
    (folder / "bundle.json").write_text(json.dumps({"schema": "shadow-bundle/1"}))
    with pytest.raises(UsageError, match="cannot be paired"):
        compare_sources(folder, good)
