"""What CI systems read: JUnit XML and SARIF."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path

import junitparser
import pytest

from tests.goldens.report.hand_made import NO_ROW, SAMPLES, calm, divergent, failure, rendered, sample, unhealthy

# Jenkins' junit-10.xsd, and what pytest adds to a test case: file, line, properties.
_ATTRIBUTES = {
    "testsuites": {"name", "time", "tests", "failures", "errors"},
    "testsuite": {"name", "tests", "failures", "errors", "group", "time", "skipped", "timestamp", "hostname", "id", "package", "file", "log", "url"},
    "testcase": {"name", "time", "classname", "group", "file", "line"},
    "failure": {"type", "message"},
    "error": {"type", "message"},
    "skipped": {"type", "message"},
    "property": {"name", "value"},
    "properties": set(),
    "system-out": set(),
}
_CHILDREN = {
    "testsuites": {"testsuite"},
    "testsuite": {"testsuite", "properties", "testcase", "system-out", "system-err"},
    "testcase": {"skipped", "error", "failure", "system-out", "system-err", "properties"},
    "properties": {"property"},
}


def _check_junit(element: ET.Element) -> None:
    assert set(element.attrib) <= _ATTRIBUTES[element.tag]
    assert {child.tag for child in element} <= _CHILDREN.get(element.tag, set())
    if element.tag == "testsuite":
        assert {"name", "tests", "failures", "errors"} <= set(element.attrib)
        assert re.fullmatch(r"\d+\.\d{3}", element.attrib["time"])
        cases = element.findall("testcase")
        assert int(element.attrib["tests"]) == len(cases)
        for plural, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            assert int(element.attrib[plural]) == sum(case.find(tag) is not None for case in cases)
    for child in element:
        _check_junit(child)


@pytest.mark.parametrize("which", SAMPLES)
def test_junit_is_of_the_common_schema(which: str, tmp_path: Path) -> None:
    _check_junit(ET.fromstring(rendered("junit.xml", SAMPLES[which](), tmp_path)))


def test_junit_reads_in_junitparser_with_a_result_for_each_verdict(tmp_path: Path) -> None:
    rendered("junit.xml", sample(), tmp_path)
    suites = junitparser.JUnitXml.fromfile(str(tmp_path / "junit.xml"))
    results = {case.name: [type(result).__name__ for result in case.result] for suite in suites for case in suite}
    assert results["test_lookup_by_email"] == ["Failure"]
    assert results["test_undecided"] == ["Failure"]
    assert results["test_late"] == ["Failure"]
    assert results["test_both_broken"] == ["Skipped"]
    assert results["test_skipped"] == ["Skipped"]
    assert results["test_sometimes"] == []
    assert results["test_sum[2014-EUR]"] == []
    assert (suites.tests, suites.failures, suites.errors) == (12, 8, 0)


def test_junit_groups_test_cases_by_file(tmp_path: Path) -> None:
    root = ET.fromstring(rendered("junit.xml", sample(), tmp_path))
    assert [suite.get("file") for suite in root][:2] == ["suite/test_agree.py", "suite/test_customers.py"]
    case = root[0][0]
    assert (case.get("classname"), case.get("name"), case.get("file")) == (
        "suite.test_agree.TestTotals",
        "test_sum[2014-EUR]",
        "suite/test_agree.py",
    )
    assert root[1][0].get("line") == "9"


def test_junit_has_infrastructure_failures_in_a_suite_of_their_own(tmp_path: Path) -> None:
    suite = ET.fromstring(rendered("junit.xml", unhealthy(), tmp_path))[0]
    assert suite.get("name") == "shadow.infrastructure"
    assert [case.get("name") for case in suite] == ["shadow: unhealthy_service", "shadow: unhealthy_service (2)"]
    assert "startup_timeout" in str(suite[0][0].text)


def test_junit_of_an_incomplete_run_is_not_green(tmp_path: Path) -> None:
    known = calm()
    incomplete = replace(known, run=replace(known.run, complete=False), exit=3)
    suite = ET.fromstring(rendered("junit.xml", incomplete, tmp_path))[0]
    assert (suite.get("name"), suite.get("errors")) == ("shadow.infrastructure", "1")


def test_junit_takes_ids_of_any_tool(tmp_path: Path) -> None:
    ids = ("com.example.Billing.charges", "suite/test_broken.py", "t", "x::", "::y", "a.py::test[b::c[d]]")
    pairs = tuple(replace(sample().pairs[0], test_id=test_id) for test_id in ids)
    root = ET.fromstring(rendered("junit.xml", replace(sample(), pairs=pairs, clusters=()), tmp_path))
    _check_junit(root)
    names = [(case.get("classname"), case.get("name")) for case in root.iter("testcase")]
    assert ("a", "test[b::c[d]]") in names
    assert all(name for _, name in names)


def test_sarif_locates_divergent_pairs_alone(tmp_path: Path) -> None:
    run = json.loads(rendered("report.sarif", sample(), tmp_path))["runs"][0]
    results = run["results"]
    assert [result["properties"]["verdict"] for result in results] == ["divergent"] * 4
    location = results[0]["locations"][0]["physicalLocation"]
    assert location == {"artifactLocation": {"uri": "suite/lookup.py", "uriBaseId": "SRCROOT"}, "region": {"startLine": 31}}
    assert all(run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"] for result in results)
    notes = [note["message"]["text"] for note in run["invocations"][0]["toolExecutionNotifications"]]
    assert any("2 divergent tests have no line" in note for note in notes)
    assert any("No error bound holds" in note for note in notes)


def test_sarif_fingerprints_do_not_move_with_the_lines(tmp_path: Path) -> None:
    def marks(by: int) -> list[dict[str, str]]:
        moved = replace(NO_ROW, frames=tuple(replace(frame, line=frame.line + by) for frame in NO_ROW.frames))
        known = replace(sample(), pairs=(divergent("suite/a.py::t", moved, "c"), divergent("suite/a.py::u", moved, "c")))
        return [result["partialFingerprints"] for result in json.loads(rendered("report.sarif", known, tmp_path))["runs"][0]["results"]]

    assert marks(0) == marks(40)
    assert marks(0)[0]["shadowCluster/v1"] == "c"
    assert marks(0)[0]["primaryLocationLineHash"] != marks(0)[1]["primaryLocationLineHash"]


def test_sarif_paths_are_encoded(tmp_path: Path) -> None:
    odd = failure("E", "see [this](http://x)", ("süite/a b#c?.py", 1, "f"), ("xy:z/%41.py", 2, "g"))
    known = replace(sample(), pairs=(divergent("suite/a.py::t", odd, None),))
    result = json.loads(rendered("report.sarif", known, tmp_path))["runs"][0]["results"][0]
    assert result["relatedLocations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "s%C3%BCite/a%20b%23c%3F.py"
    assert "](" not in result["message"]["text"]
