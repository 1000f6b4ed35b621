"""junitparser is the model of the format: the streaming reader gives the same records, for made-up reports and for those of many tools."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from junitparser import Error, Failure, JUnitXmlError, Skipped, xunit2

from harness.errors import InputError
from harness.model import Outcome
from runners.junit import RemarkKind, read, read_sides
from runners.junit.ids import SUITE_ITSELF, portable
from runners.junit.reader import Reader

if TYPE_CHECKING:
    from collections.abc import Iterator

DATA = Path(__file__).parents[2] / ".." / "shared" / "data"
needs_data = pytest.mark.skipif(not (DATA / "junit" / "MANIFEST.csv").is_file(), reason="../shared/data/junit is not there")

RERUNS = {
    xunit2.RerunFailure: Outcome.FAILED,
    xunit2.FlakyFailure: Outcome.FAILED,
    xunit2.RerunError: Outcome.ERROR,
    xunit2.FlakyError: Outcome.ERROR,
}


class Record(NamedTuple):
    """What both readers say of a case."""

    suite: tuple[str, ...]
    classname: str
    name: str
    file: str | None
    seconds: float | None
    outcome: Outcome
    reruns: tuple[Outcome, ...]


def by_stream(path: Path) -> list[Record]:
    return [
        Record(case.suite, case.classname, case.name, case.file, case.seconds, case.outcome, case.reruns)
        for case in read([path])
        if case.name != SUITE_ITSELF
    ]


def by_model(path: Path) -> list[Record]:
    report = xunit2.JUnitXml.fromfile(str(path))
    return [record for suite in report for record in of_suite(suite, ())]


def of_suite(suite: xunit2.TestSuite, around: tuple[str, ...]) -> Iterator[Record]:
    names = (*around, suite.name) if suite.name else around
    for case in suite.iterchildren(xunit2.TestCase):
        interim = case.interim_result
        yield Record(
            names,
            case.classname or case._elem.get("class") or "",
            case.name or "",
            portable(case._elem.get("file") or "") or None,
            case.time,
            outcome_of(case),
            tuple(RERUNS[type(result)] for result in interim),
        )
    for inner in suite.testsuites():
        yield from of_suite(inner, names)


def outcome_of(case: xunit2.TestCase) -> Outcome:
    results = case.result
    if any(isinstance(result, Failure) for result in results):
        return Outcome.FAILED
    if any(isinstance(result, Error) for result in results):
        return Outcome.ERROR
    if any(isinstance(result, Skipped) for result in results):
        return Outcome.XFAILED if results[0].type == "pytest.xfail" else Outcome.SKIPPED
    reruns = [*case.rerun_failures(), *case.rerun_errors()]
    first = next((result for result in case.interim_result if result in reruns), None)
    return RERUNS[type(first)] if first is not None else Outcome.PASSED


words = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs"), exclude_characters="\ufffe\uffff\x85\u2028\u2029"), max_size=12)
names = words.filter(lambda word: word != SUITE_ITSELF)
kinds = st.sampled_from([Failure, Error, Skipped, *RERUNS])


@st.composite
def cases(draw: st.DrawFn) -> xunit2.TestCase:
    case = xunit2.TestCase(draw(names), draw(words), draw(st.none() | st.integers(0, 10**6).map(lambda milliseconds: milliseconds / 1000)))
    if draw(st.booleans()):
        case._elem.set("file", draw(words))
    for kind in draw(st.lists(kinds, max_size=3)):
        result = kind(draw(words.filter(lambda word: "timeout" not in word.lower())), draw(st.sampled_from(["", "pytest.xfail", "AssertionError"])))
        result.text = draw(words)
        if kind in RERUNS:
            result.stack_trace = draw(words)
            result.system_out = draw(words)
        case.append(result)
    if draw(st.booleans()):
        case.add_property(draw(words), draw(words))
        case.system_out = draw(words)
    return case


@st.composite
def suites(draw: st.DrawFn, depth: int = 2) -> xunit2.TestSuite:
    suite = xunit2.TestSuite(draw(words))
    for case in draw(st.lists(cases(), max_size=4)):
        suite.append(case)
    for inner in draw(st.lists(suites(depth - 1), max_size=2)) if depth else ():
        suite.append(inner)
    if draw(st.booleans()):
        suite.system_out = draw(words)
    return suite


@st.composite
def reports(draw: st.DrawFn) -> xunit2.JUnitXml:
    report = xunit2.JUnitXml(draw(words))
    for suite in draw(st.lists(suites(), max_size=3)):
        report.append(suite)
    return report


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(report=reports(), pretty=st.booleans())
def test_both_give_the_same_records(report: xunit2.JUnitXml, pretty: bool, tmp_path_factory: pytest.TempPathFactory) -> None:  # noqa: FBT001 - drawn
    path = tmp_path_factory.getbasetemp() / "model.xml"
    report.write(str(path), pretty=pretty)
    assert by_stream(path) == by_model(path)


def manifest() -> list[dict[str, str]]:
    with (DATA / "junit" / "MANIFEST.csv").open(encoding="utf-8", newline="") as rows:
        return list(csv.DictReader(rows))


@needs_data
def test_every_well_formed_report_of_many_tools_is_read_completely() -> None:
    for row in manifest():
        if row["et_parse"] == "ok":
            found = [case for case in read([DATA / "junit" / row["file"]]) if case.name != SUITE_ITSELF]
            assert len(found) == int(row["testcases"]), row["file"]


@needs_data
def test_every_broken_one_names_file_and_line() -> None:
    broken = [row for row in manifest() if row["et_parse"] != "ok"]
    assert broken
    for row in broken:
        path = DATA / "junit" / row["file"]
        with pytest.raises(InputError) as caught:
            list(read([path]))
        line = row["et_parse"].partition("line ")[2].partition(",")[0]
        assert str(caught.value.where).startswith(f"{path}:{line}:")


@needs_data
def test_the_model_agrees_on_the_reports_of_many_tools() -> None:
    compared = 0
    for row in manifest():
        path = DATA / "junit" / row["file"]
        if (
            row["et_parse"] != "ok"
            or row["root"] not in {"testsuite", "testsuites"}
            or "status=" in path.read_text(encoding="utf-8", errors="replace")
        ):
            continue
        try:
            expected = by_model(path)
        except (JUnitXmlError, ValueError):  # the model does not read it: junitparser wants a root of its own, and numbers for times
            continue
        assert sorted(by_stream(path), key=repr) == sorted(expected, key=repr), row["file"]
        compared += len(expected)
    assert compared > 2_000


@needs_data
@pytest.mark.parametrize("name", ["c01_billion_laughs", "c03_xxe_file", "c06_truncated_mid_tag", "c07_truncated_after_case", "c08_empty"])
def test_crafted_files_that_are_refused(name: str) -> None:
    path = DATA / "junit" / "crafted" / f"{name}.xml"
    with pytest.raises(InputError) as caught:
        list(read([path]))
    assert str(path) in str(caught.value)
    assert "root:" not in str(caught.value)


@needs_data
@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("c10_bom_utf8", [("pkg.Cls::a", "passed")]),
        ("c12_latin1", [("pkg.Cls::Müller_Lódz", "passed")]),
        ("c16_cdata_nested", [("pkg.Cls::cd", "failed")]),
        ("c17_duplicate_ids", [("pkg.Cls::t", "passed"), ("pkg.Cls::t", "failed"), ("pkg.Cls::t", "skipped")]),
        ("c18_rerun_flaky", [("pkg.Cls::f1", "passed"), ("pkg.Cls::f2", "failed"), ("pkg.Cls::f3", "error")]),
        ("c26_html_injection", [("pkg.Cls::<script>alert(1)</script>", "failed")]),
        ("c36_error_in_suite", [("a::[suite]", "error")]),
        ("c39_same_name_two_suites", [("chrome::pkg.Cls::t", "passed"), ("firefox::pkg.Cls::t", "failed")]),
    ],
)
def test_crafted_files_that_are_read(name: str, expected: list[tuple[str, str]]) -> None:
    path = DATA / "junit" / "crafted" / f"{name}.xml"
    legacy, _ = read_sides([path], [path])
    assert [(attempt.test_id, attempt.outcome.value) for attempt in legacy.attempts] == expected


@needs_data
def test_a_whole_folder_of_reports_is_read_or_refused_but_never_cut_short() -> None:
    reader = Reader([DATA / "junit" / "jenkinsci__junit-plugin"])
    expected = sum(int(row["testcases"]) for row in manifest() if row["file"].startswith("jenkinsci__junit-plugin/"))
    assert sum(1 for _ in reader) == expected
    assert not [remark for remark in reader.remarks if remark.kind is RemarkKind.PASSED_OVER]


@needs_data
def test_a_real_pair_of_runs() -> None:
    folder = DATA / "oscar_pair"
    legacy, shadow = read_sides([folder / "oscar_sqlite.xml"], [folder / "oscar_pg.xml"])
    with (folder / "oscar_engine_swap.csv").open(encoding="utf-8", newline="") as rows:
        expected = list(csv.DictReader(rows))
    for side, report in (("legacy", legacy), ("shadow", shadow)):
        assert report.duplicates == ()
        assert {attempt.test_id: attempt.outcome.value for attempt in report.attempts} == {row["test"]: row[side] for row in expected}
