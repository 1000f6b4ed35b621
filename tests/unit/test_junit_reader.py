"""What the reader makes of well-formed reports, dialect by dialect."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

import pytest

from harness.errors import EmptySuiteError
from harness.model import Outcome, Phase
from runners.junit import Case, Reader, RemarkKind, read

if TYPE_CHECKING:
    from pathlib import Path


def cases_in(folder: Path, text: str | bytes) -> list[Case]:
    path = folder / "report.xml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return list(read([path]))


def one(folder: Path, inside: str, attributes: str = "") -> Case:
    (case,) = cases_in(folder, f'<testsuite name="s"><testcase classname="pkg.Cls" name="t" {attributes}>{inside}</testcase></testsuite>')
    return case


def test_a_plain_case_is_passed_and_named_by_class_and_name(tmp_path: Path) -> None:
    (case,) = cases_in(tmp_path, '<testsuites>\n<testsuite name="s">\n<testcase classname="pkg.Cls" name="t" time="0.01"/></testsuite></testsuites>')
    assert case == Case("pkg.Cls::t", None, "pkg.Cls", "t", ("s",), Outcome.PASSED, 0.01, None, (), 3, tmp_path / "report.xml")


@pytest.mark.parametrize(
    ("inside", "attributes", "outcome"),
    [
        ("", "", Outcome.PASSED),
        ("<failure/>", "", Outcome.FAILED),
        ("<error/>", "", Outcome.ERROR),
        ("<error/><failure/>", "", Outcome.FAILED),
        ("<skipped/>", "", Outcome.SKIPPED),
        ("<skipped/><failure/>", "", Outcome.FAILED),
        ("<disabled/>", "", Outcome.SKIPPED),
        ('<skipped type="pytest.xfail" message=""/>', "", Outcome.XFAILED),
        ('<skipped message="xfail-marked test passes unexpectedly"/>', "", Outcome.XPASSED),
        ('<skipped type="pytest.skip"/>', "", Outcome.SKIPPED),
        ("", 'status="run"', Outcome.PASSED),
        ("", 'status="notrun"', Outcome.SKIPPED),
        ("", 'status="disabled"', Outcome.SKIPPED),
        ("", 'status="Ignored"', Outcome.SKIPPED),
        ("", 'status="failed"', Outcome.FAILED),
        ("", 'status="0"', Outcome.PASSED),
        ("", 'status="run" result="skipped"', Outcome.PASSED),
        ("", 'result="suppressed"', Outcome.SKIPPED),
        ("<failure/>", 'status="timeout"', Outcome.TIMEOUT),
        ('<failure type="test timeout"/>', "", Outcome.TIMEOUT),
        ('<error type="org.junit.runners.model.TestTimedOutException"/>', "", Outcome.TIMEOUT),
        ('<failure message="Failed: Timeout (&gt;1.0s) from pytest-timeout."/>', "", Outcome.TIMEOUT),
        ('<error type="TimeoutError" message="connection timed out"/>', "", Outcome.ERROR),
        ('<failure type="test abort"/>', "", Outcome.CRASHED),
        ("<flakyFailure/>", "", Outcome.PASSED),
        ("<rerunFailure/>", "", Outcome.FAILED),
        ("<rerunError/>", "", Outcome.ERROR),
        ('<properties><property name="failure" value="x"/></properties><system-out>failure</system-out>', "", Outcome.PASSED),
        ("<system-out><![CDATA[<failure/>]]></system-out>", "", Outcome.PASSED),
        ("<wrapper><failure/></wrapper>", "", Outcome.PASSED),
    ],
)
def test_outcomes(tmp_path: Path, inside: str, attributes: str, outcome: Outcome) -> None:
    assert one(tmp_path, inside, attributes).outcome is outcome


def test_reruns_are_noted_in_their_order(tmp_path: Path) -> None:
    inside = '<flakyError type="E"><stackTrace>x</stackTrace><system-out>o</system-out></flakyError><flakyFailure/>'
    assert one(tmp_path, inside).reruns == (Outcome.ERROR, Outcome.FAILED)


def test_reruns_without_an_end_are_failures_and_said_to_be_ambiguous(tmp_path: Path) -> None:
    path = tmp_path / "r.xml"
    path.write_text('<testsuite name="s">\n<testcase classname="C" name="t"><rerunError message="e" type="IOError"/></testcase></testsuite>')
    reader = Reader([path])
    (case,) = reader
    assert case.outcome is Outcome.ERROR
    assert case.failure is not None
    assert case.failure.type == "IOError"
    assert [(remark.kind, remark.where) for remark in reader.remarks] == [(RemarkKind.AMBIGUOUS, f"{path}:2")]


@pytest.mark.parametrize(
    ("attributes", "test_id"),
    [
        ('classname="C" name="t"', "C::t"),
        ('file="tests/test_a.py" classname="C" name="t"', "tests/test_a.py::C::t"),
        ('file="tests\\test_a.py" classname="C" name="t"', "tests/test_a.py::C::t"),
        ('file="/home/somebody/checkout/tests/test_a.py" classname="C" name="t"', "test_a.py::C::t"),
        ('file="C:\\work\\a.cs" classname="C" name="t"', "a.cs::C::t"),
        ('name="t"', "inner::t"),
        ('classname="" name="t"', "inner::t"),
        ('classname="C" name=""', "C"),
        ('path="/binding/fail"', "inner::/binding/fail"),
        ('class="C" name="t"', "C::t"),
    ],
)
def test_an_id_is_file_class_and_name_without_empty_parts(tmp_path: Path, attributes: str, test_id: str) -> None:
    text = f'<testsuites><testsuite name="outer"><testsuite name="inner"><testcase {attributes}/></testsuite></testsuite></testsuites>'
    (case,) = cases_in(tmp_path, text)
    assert case.test_id == test_id
    assert case.suite == ("outer", "inner")


def test_a_case_without_any_name_is_still_a_case(tmp_path: Path) -> None:
    (case,) = cases_in(tmp_path, "<testsuite><testcase/></testsuite>")
    assert case.test_id == "[unnamed]"


def test_an_error_of_a_suite_is_a_case_of_its_own(tmp_path: Path) -> None:
    (case,) = cases_in(tmp_path, '<testsuite name="a" tests="0" errors="1"><error message="collection error: ImportError"/></testsuite>')
    assert (case.test_id, case.outcome) == ("a::[suite]", Outcome.ERROR)
    assert case.failure is not None


def test_suites_and_cases_may_nest_in_any_way(tmp_path: Path) -> None:
    text = (
        '<testsuites><testcase name="0"/><testsuite name="a"><testsuite name="b"><testcase name="1"/></testsuite><testcase name="2">'
        '<testcase name="3"><failure/></testcase></testcase></testsuite></testsuites>'
    )
    cases = cases_in(tmp_path, text)
    assert [(case.test_id, case.outcome) for case in cases] == [
        ("0", Outcome.PASSED),
        ("b::1", Outcome.PASSED),
        ("a::3", Outcome.FAILED),
        ("a::2", Outcome.PASSED),
    ]


def test_a_failed_tear_down_behind_a_failed_call_is_the_same_test(tmp_path: Path) -> None:
    text = (
        '<testsuites name="pytest tests"><testsuite name="pytest"><testcase classname="m" name="t"><failure message="assert 0">x</failure></testcase>'
        '<testcase classname="m" name="t"><error message="failed on teardown with &quot;RuntimeError: td&quot;">y</error></testcase>'
        '<testcase classname="m" name="u"><error message="failed on teardown with &quot;RuntimeError: td&quot;">y</error></testcase>'
        "</testsuite></testsuites>"
    )
    first, second = cases_in(tmp_path, text)
    assert (first.name, first.outcome) == ("t", Outcome.FAILED)
    assert (second.name, second.outcome) == ("u", Outcome.ERROR)
    assert second.failure is not None
    assert (second.failure.type, second.failure.phase) == ("RuntimeError", Phase.TEARDOWN)


@pytest.mark.parametrize("time", ["1,234.5", "0.5", "1e-3", "12"])
def test_times_are_seconds(tmp_path: Path, time: str) -> None:
    assert one(tmp_path, "", f'time="{time}"').seconds == float(time.replace(",", ""))


@pytest.mark.parametrize("time", ["", "<<computed>>".replace("<", "&lt;"), "nan", "inf", "-1", "PT1S"])
def test_a_time_that_is_none_is_unknown(tmp_path: Path, time: str) -> None:
    assert one(tmp_path, "", f'time="{time}"').seconds is None


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16", "iso-8859-1", "windows-1252", "gb2312", "shift_jis"])
def test_encodings(tmp_path: Path, codec: str) -> None:
    name = {"gb2312": "中文", "shift_jis": "日本語"}.get(codec, "Müller")
    declared = "utf-8" if codec == "utf-8-sig" else codec
    text = f'<?xml version="1.0" encoding="{declared}"?>\n<testsuite name="s"><testcase classname="C" name="{name}"/></testsuite>'
    (case,) = cases_in(tmp_path, text.encode(codec))
    assert case.test_id == f"C::{name}"


def test_a_namespace_and_a_plain_doctype_change_nothing(tmp_path: Path) -> None:
    text = '<!DOCTYPE testsuite><j:testsuite xmlns:j="urn:j" name="s"><j:testcase classname="C" name="t"><j:failure/></j:testcase></j:testsuite>'
    (case,) = cases_in(tmp_path, text)
    assert (case.test_id, case.suite, case.outcome) == ("C::t", ("s",), Outcome.FAILED)


def test_gzip_is_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "report.xml.gz"
    path.write_bytes(gzip.compress(b'<testsuite name="s"><testcase classname="C" name="t"/></testsuite>'))
    assert [case.test_id for case in read([tmp_path])] == ["C::t"]


def test_a_directory_is_read_in_the_order_of_paths_and_other_xml_passed_over(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    for name, case in (("b/2.xml", "second"), ("a.xml", "first"), ("c.xml", "third")):
        (tmp_path / name).write_text(f'<testsuite name="s"><testcase classname="C" name="{case}"/></testsuite>')
    (tmp_path / "pom.xml").write_text("<project><modelVersion>4</modelVersion></project>")
    reader = Reader([tmp_path, tmp_path / "a.xml"])
    assert [case.name for case in reader] == ["first", "second", "third"]
    assert (reader.files, reader.count) == (3, 3)
    assert [(remark.kind, remark.where) for remark in reader.remarks] == [(RemarkKind.PASSED_OVER, str(tmp_path / "pom.xml"))]


def remarks_on(folder: Path, text: str) -> list[str]:
    path = folder / "r.xml"
    path.write_text(text)
    reader = Reader([path])
    list(reader)
    return [remark.message for remark in reader.remarks]


def test_a_suite_that_declares_more_than_it_holds_is_incomplete(tmp_path: Path) -> None:
    cases = '<testcase classname="C" name="a"/><testcase classname="C" name="b"/>'
    assert remarks_on(tmp_path, f'<testsuite name="t" tests="50">{cases}</testsuite>') == [
        "incomplete: the suite 't' declares 50 tests, 2 were found",
    ]
    assert remarks_on(tmp_path, f'<testsuites tests="5"><testsuite name="t" tests="2">{cases}</testsuite></testsuites>') == [
        "incomplete: the report declares 5 tests, 2 were found",
    ]


@pytest.mark.parametrize(
    "text",
    [
        '<testsuite name="t" tests="1"><testcase name="a"/><testcase name="b"/></testsuite>',
        '<testsuite name="t" tests="many"><testcase name="a"/></testsuite>',
        '<testsuite name="t" tests="3"><testcase name="a"><error/><rerunError/><rerunError/></testcase></testsuite>',
        '<testsuite name="t" tests="1"><error/></testsuite>',
        '<testsuites name="pytest tests"><testsuite name="pytest" tests="9"><testcase classname="m" name="subtests"/></testsuite></testsuites>',
    ],
)
def test_other_ways_of_counting_are_no_reason_to_complain(tmp_path: Path, text: str) -> None:
    assert remarks_on(tmp_path, text) == []


@pytest.mark.parametrize("text", ["<testsuites/>", '<testsuite name="s" tests="0"/>', "<testsuites><testsuite/></testsuites>"])
def test_nothing_is_not_all_passed(tmp_path: Path, text: str) -> None:
    path = tmp_path / "r.xml"
    path.write_text(text)
    reader = Reader([path])
    assert list(reader) == []
    with pytest.raises(EmptySuiteError, match="without a single test"):
        reader.require_tests()


def test_what_pytest_could_not_collect_is_named_as_the_tests_in_it_begin(tmp_path: Path) -> None:
    def ids(attributes: str) -> list[str]:
        broken = "<error message='collection failure'>E   ImportError</error>"
        return [case.test_id for case in cases_in(tmp_path, f"<testsuite name='pytest'><testcase {attributes}>{broken}</testcase></testsuite>")]

    assert ids("classname='' name='tests.test_a'") == ["tests.test_a"]
    assert ids("classname='' name='tests.test_a' file='tests/test_a.py'") == ["tests/test_a.py"]
    assert ids("classname='tests.test_a' name='TestX'") == ["tests.test_a.TestX"]
    assert ids("classname='tests.test_a' name='TestX' file='tests/test_a.py'") == ["tests/test_a.py::tests.test_a.TestX"]
