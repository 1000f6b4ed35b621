"""Session files and the two sides of a pair: every case has its line, and no two tests become one."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from harness.errors import EmptySuiteError, InputError
from harness.model import Outcome, Side
from runners.junit import read, read_sides, to_session_file

if TYPE_CHECKING:
    from pathlib import Path

TWO_SUITES = (
    '<testsuites><testsuite name="chrome"><testcase classname="pkg.Cls" name="t"/><testcase classname="pkg.Cls" name="u"/></testsuite>'
    '<testsuite name="firefox"><testcase classname="pkg.Cls" name="t"><failure type="E" message="m">tests/a.py:3: in f</failure>'
    "</testcase></testsuite></testsuites>"
)
ONE_SUITE = '<testsuites><testsuite name="firefox"><testcase classname="pkg.Cls" name="t"/></testsuite></testsuites>'
DUPLICATES = (
    '<testsuite name="d"><testcase classname="C" name="t" time="0.01"/><testcase classname="C" name="t"><failure message="second"/></testcase>'
    '<testcase classname="C" name="t"><skipped/></testcase></testsuite>'
)


def written(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text)
    return path


def lines_of(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text(encoding="ascii").splitlines()]


def test_the_lines_of_a_session_file(tmp_path: Path) -> None:
    out = tmp_path / "session.jsonl"
    summary = to_session_file(read([written(tmp_path, "r.xml", TWO_SUITES)]), out, {"timezone": "UTC"})
    assert (summary.count, summary.apart, summary.duplicates) == (3, ("pkg.Cls::t",), ())
    header, collected, finished, *results, footer = lines_of(out)
    ids = ["chrome::pkg.Cls::t", "pkg.Cls::u", "firefox::pkg.Cls::t"]
    assert header == {"e": "header", "schema": "shadow-probe/1", "timezone": "UTC"}
    assert collected == {"e": "collected", "ids": ids}
    assert finished == {"e": "collection_finished", "count": 3, "deselected": 0}
    assert [(line["e"], line["id"], line["outcome"]) for line in results] == [
        ("result", ids[0], "passed"),
        ("result", ids[1], "passed"),
        ("result", ids[2], "failed"),
    ]
    assert results[2]["failure"]["frames"] == [["tests/a.py", 3, "f"]]
    assert "failure" not in results[0]
    assert footer["complete"] is True


def test_ids_are_collected_a_thousand_a_line(tmp_path: Path) -> None:
    cases = "".join(f"<testcase name='t{number}'/>" for number in range(2_500))
    report = written(tmp_path, "r.xml", f"<testsuite>{cases}</testsuite>")
    to_session_file(read([report]), tmp_path / "s.jsonl", {})
    assert [len(line["ids"]) for line in lines_of(tmp_path / "s.jsonl") if line["e"] == "collected"] == [1_000, 1_000, 500]


def test_duplicates_are_named_and_none_is_dropped(tmp_path: Path) -> None:
    summary = to_session_file(read([written(tmp_path, "r.xml", DUPLICATES)]), tmp_path / "s.jsonl", {})
    lines = lines_of(tmp_path / "s.jsonl")
    assert summary.duplicates == ("C::t",)
    assert {"e": "duplicate", "ids": ["C::t"]} in lines
    assert [line["outcome"] for line in lines if line["e"] == "result"] == ["passed", "failed", "skipped"]


def test_ids_of_any_characters_stay_on_their_line(tmp_path: Path) -> None:
    report = written(tmp_path, "r.xml", '<testsuite><testcase classname="C" name="a&#10;b &#x2028; &quot;ü&quot;"/></testsuite>')
    to_session_file(read([report]), tmp_path / "s.jsonl", {})
    assert [line["id"] for line in lines_of(tmp_path / "s.jsonl") if line["e"] == "result"] == ['C::a\nb \u2028 "ü"']


def test_nothing_is_left_where_the_report_is_broken(tmp_path: Path) -> None:
    report = written(tmp_path, "r.xml", "<testsuite><testcase name='a'/><testcase")
    folder = tmp_path / "sessions"
    folder.mkdir()
    with pytest.raises(InputError, match="truncated"):
        to_session_file(read([report]), folder / "s.jsonl", {})
    assert list(folder.iterdir()) == []


def test_an_id_in_several_suites_of_one_side_is_told_apart_on_both(tmp_path: Path) -> None:
    legacy, shadow = read_sides([written(tmp_path, "a.xml", TWO_SUITES)], [written(tmp_path, "b.xml", ONE_SUITE)])
    assert [attempt.test_id for attempt in legacy.attempts] == ["chrome::pkg.Cls::t", "firefox::pkg.Cls::t", "pkg.Cls::u"]
    assert [attempt.test_id for attempt in shadow.attempts] == ["firefox::pkg.Cls::t"]
    assert {attempt.side for attempt in shadow.attempts} == {Side.SHADOW}
    assert [attempt.outcome for attempt in legacy.attempts] == [Outcome.PASSED, Outcome.FAILED, Outcome.PASSED]


def test_a_name_made_of_suites_may_not_hide_another_test(tmp_path: Path) -> None:
    taken = TWO_SUITES.replace("<testsuites>", '<testsuites><testsuite name="x"><testcase classname="chrome" name="pkg.Cls::t"/></testsuite>')
    legacy, _ = read_sides([written(tmp_path, "a.xml", taken)], [written(tmp_path, "b.xml", ONE_SUITE)])
    assert legacy.duplicates == ("chrome::pkg.Cls::t",)
    assert len(legacy.attempts) == 4


def test_duplicates_of_a_side_are_all_there(tmp_path: Path) -> None:
    report = written(tmp_path, "a.xml", DUPLICATES)
    legacy, shadow = read_sides([report], [report])
    assert legacy.duplicates == shadow.duplicates == ("C::t",)
    assert len(legacy.attempts) == 3


def test_ids_do_not_depend_on_the_name_of_the_report(tmp_path: Path) -> None:
    (tmp_path / "x" / "deep").mkdir(parents=True)
    legacy, shadow = read_sides([written(tmp_path, "a.xml", ONE_SUITE)], [written(tmp_path / "x", "deep/TEST-b.xml", ONE_SUITE).parent])
    assert [attempt.test_id for attempt in legacy.attempts] == [attempt.test_id for attempt in shadow.attempts]


def test_a_side_without_a_test_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(EmptySuiteError):
        read_sides([written(tmp_path, "a.xml", ONE_SUITE)], [written(tmp_path, "b.xml", "<testsuites/>")])
