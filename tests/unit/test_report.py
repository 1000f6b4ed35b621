"""The reports of one hand-made comparison in which every verdict occurs, held against goldens and against the formats' own readers.

`python tests/unit/test_report.py` writes the goldens anew.
"""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import junitparser
import pytest
from rich.console import Console

from harness.model import (
    Cause,
    Cluster,
    Comparison,
    ConfirmPolicy,
    Direction,
    Failure,
    Frame,
    InfrastructureFailure,
    InfrastructureKind,
    Outcome,
    PairResult,
    ParityDifference,
    Phase,
    Remedy,
    RunHeader,
    Side,
    SideResult,
    Totals,
    Verdict,
)
from harness.report import print_summary, published_schema, write_html, write_json, write_junit, write_markdown, write_sarif

if TYPE_CHECKING:
    from collections.abc import Callable

GOLDENS = Path(__file__).parents[1] / "goldens" / "report"
DOCUMENT = Path(__file__).parents[2] / "docs" / "report.md"

PASS = SideResult(outcome=Outcome.PASSED, attempts=1, failed=0, seconds=0.012)
PASS_AGAIN = replace(PASS, attempts=4)
SKIP = replace(PASS, outcome=Outcome.SKIPPED, seconds=0.0)


def failing(failure: Failure, *, attempts: int = 1, failed: int | None = None) -> SideResult:
    return SideResult(outcome=Outcome.FAILED, attempts=attempts, failed=attempts if failed is None else failed, seconds=0.015, failure=failure)


def failure(kind: str, message: str, *frames: tuple[str, int, str]) -> Failure:
    return Failure(
        type=kind, message=message, phase=Phase.CALL, frames=tuple(Frame(path=path, line=line, function=name) for path, line, name in frames)
    )


NO_ROW = failure(
    "NoResultFound",
    "No row was found when one was required",
    ("suite/test_customers.py", 9, "test_lookup_by_email"),
    ("suite/lookup.py", 31, "customer_by"),
)
NO_ROW_EITHER = replace(NO_ROW, frames=(replace(NO_ROW.frames[0], line=21, function="test_lookup_by_phone"), NO_ROW.frames[1]))
WRONG_COUNT = failure("AssertionError", "assert <n> == <n>", ("suite/test_invoices.py", 44, "test_many_invoices"))
BROKEN = failure("KeyError", "<str>", ("suite/test_legacy_api.py", 12, "test_both_broken"))


def divergent(test_id: str, fault: Failure, cluster: str | None, **changes: Any) -> PairResult:
    known = PairResult(
        test_id=test_id,
        legacy=PASS_AGAIN,
        shadow=failing(fault, attempts=4),
        verdict=Verdict.DIVERGENT,
        reason="passed on legacy, failed on shadow; the same in 3 of 3 fresh pairs (e = 56.6)",
        direction=Direction.LEGACY_ONLY_PASS,
        confirmed=True,
        e_value=56.623104,
        fingerprint="8f1d2c3b4a596877",
        cluster=cluster,
        cause=Cause.UNKNOWN,
    )
    return replace(known, **changes)


def sample() -> Comparison:
    pairs = (
        PairResult(
            test_id="suite/test_agree.py::TestTotals::test_sum[2014-EUR]",
            legacy=PASS,
            shadow=replace(PASS, seconds=0.011),
            verdict=Verdict.EQUIVALENT,
            reason="both sides pass",
        ),
        PairResult(test_id="suite/test_agree.py::test_skipped", legacy=SKIP, shadow=SKIP, verdict=Verdict.EQUIVALENT, reason="both sides skip it"),
        divergent("suite/test_customers.py::test_lookup_by_email", NO_ROW, "9c1e00aa71b2"),
        divergent("suite/test_customers.py::test_lookup_by_phone", NO_ROW_EITHER, "9c1e00aa71b2"),
        divergent(
            "suite/test_customers.py::test_odd_id[a|b`c<script>alert(1)</script> @team\n\x1b[31m\u202eend]",
            WRONG_COUNT,
            "51d0c2e7aa90",
            confirmed=False,
            e_value=None,
            reason="passed on legacy, failed on shadow; seen once and not rerun, so no error bound holds",
        ),
        PairResult(
            test_id="suite/test_flaky.py::test_sometimes",
            legacy=PASS_AGAIN,
            shadow=failing(failure("TimeoutError", "", ("suite/test_flaky.py", 5, "test_sometimes")), attempts=4, failed=1),
            verdict=Verdict.FLAKY,
            reason="passed on legacy, failed on shadow; the same in 0 of 1 fresh pairs (e = 0.078, dropped below 0.5)",
            direction=Direction.LEGACY_ONLY_PASS,
            confirmed=False,
            e_value=0.0784,
            fingerprint="00aa11bb22cc33dd",
            remedy=Remedy.QUARANTINE_FLAKY,
        ),
        divergent("suite/test_invoices.py::test_many_invoices", WRONG_COUNT, "51d0c2e7aa90", fingerprint="1234567890abcdef"),
        PairResult(
            test_id="suite/test_invoices.py::test_undecided",
            legacy=PASS_AGAIN,
            shadow=failing(WRONG_COUNT, attempts=13, failed=7),
            verdict=Verdict.INCONCLUSIVE,
            reason="passed on legacy, failed on shadow; the same in 6 of 12 fresh pairs, which neither confirms nor drops it",
            direction=Direction.LEGACY_ONLY_PASS,
            confirmed=False,
            e_value=2.7,
            fingerprint="1234567890abcdef",
        ),
        PairResult(
            test_id="suite/test_legacy_api.py::test_both_broken",
            legacy=failing(BROKEN),
            shadow=failing(BROKEN),
            verdict=Verdict.BOTH_FAILING,
            reason="both sides fail",
            fingerprint="feedfacefeedface",
        ),
        divergent(
            "suite/test_only_legacy.py::test_old",
            BROKEN,
            "d00dd00dd00d",
            shadow=SideResult(outcome=Outcome.ABSENT, attempts=0),
            direction=Direction.LEGACY_ONLY_COLLECTED,
            reason="passed on legacy, absent on shadow; the same in 3 of 3 fresh pairs (e = 56.6)",
        ),
        divergent(
            "suite/test_skips.py::test_needs_feature",
            BROKEN,
            "5c1b5c1b5c1b",
            shadow=SKIP,
            direction=Direction.SKIP_MISMATCH,
            reason="passed on legacy, skipped on shadow; the same in 3 of 3 fresh pairs (e = 56.6)",
        ),
        PairResult(
            test_id="suite/test_unreached.py::test_late",
            legacy=PASS,
            shadow=SideResult(outcome=None, attempts=0),
            verdict=Verdict.INCONCLUSIVE,
            reason="shadow did not get to run it",
        ),
    )
    return Comparison(
        run=RunHeader(
            id="20261121-020000-4f2a",
            suite="videostore",
            started_at=datetime(2026, 11, 21, 2, 0, tzinfo=UTC),
            finished_at=datetime(2026, 11, 21, 2, 2, 13, 500_000, tzinfo=UTC),
            confirm=ConfirmPolicy(),
            complete=True,
            harness_version="0.1.0",
        ),
        pairs=pairs,
        totals=Totals(tests=12, equivalent=2, divergent=6, flaky=1, both_failing=1, inconclusive=2),
        exit=1,
        clusters=(
            Cluster(
                id="9c1e00aa71b2",
                exception="NoResultFound",
                template="No row was found when one was required",
                frame=NO_ROW.frames[-1],
                tests=(pairs[2].test_id, pairs[3].test_id),
                sentence="2 tests pass on legacy and fail on shadow with NoResultFound in suite/lookup.py:31 (customer_by).",
            ),
            Cluster(
                id="51d0c2e7aa90",
                exception="AssertionError",
                template="assert <n> == <n>",
                frame=WRONG_COUNT.frames[-1],
                tests=(pairs[4].test_id, pairs[6].test_id),
                sentence="2 tests pass on legacy and fail on shadow with AssertionError in suite/test_invoices.py:44 (test_many_invoices).",
            ),
            Cluster(
                id="d00dd00dd00d",
                exception="absent",
                template="",
                frame=None,
                tests=(pairs[9].test_id,),
                sentence="1 test: is collected on legacy only, in suite/test_only_legacy.py.",
            ),
            Cluster(
                id="5c1b5c1b5c1b",
                exception="skipped",
                template="",
                frame=None,
                tests=(pairs[10].test_id,),
                sentence="1 test: is skipped on one side only, in suite/test_skips.py.",
            ),
        ),
        parity=(
            ParityDifference(name="plugin pytest-randomly", legacy="3.16.0", shadow=None),
            ParityDifference(name="setting FEATURE_X", legacy="set (fingerprint 7f3a91)", shadow="set (fingerprint 02bd44)"),
        ),
        legacy={"python": "3.11.7", "timezone": "UTC", "data.kind": "production_copy"},
        shadow={"python": "3.11.7", "timezone": "UTC", "data.kind": "synthetic"},
        warnings=("2 tests took more than half of the time",),
    )


def unhealthy() -> Comparison:
    fault = InfrastructureFailure(
        kind=InfrastructureKind.UNHEALTHY_SERVICE,
        side=Side.SHADOW,
        message="the service 'db' did not get healthy within 120 s",
        hint="look at logs/shadow-db.log in the bundle, or raise startup_timeout",
    )
    known = sample()
    return replace(known, run=replace(known.run, complete=False, finished_at=None), exit=3, infrastructure=(fault, fault))


def calm() -> Comparison:
    known = sample()
    pairs = tuple(pair for pair in known.pairs if pair.verdict is Verdict.EQUIVALENT)
    return replace(known, pairs=pairs, totals=Totals(tests=2, equivalent=2), exit=0, clusters=(), parity=(), warnings=())


def summary(comparison: Comparison, **options: Any) -> str:
    options = {"width": 80, "color_system": None} | options
    out = StringIO()
    print_summary(comparison, Console(file=out, **options), where=("JSON report: out/report.json", "Dashboard: shadow serve"))
    return out.getvalue()


WRITERS: dict[str, Callable[[Comparison, Any], None]] = {
    "report.json": write_json,
    "junit.xml": write_junit,
    "summary.md": write_markdown,
    "report.html": write_html,
    "report.sarif": write_sarif,
}
SAMPLES: dict[str, Callable[[], Comparison]] = {"sample": sample, "unhealthy": unhealthy, "calm": calm}


def rendered(name: str, comparison: Comparison, folder: Path) -> str:
    if name == "terminal.txt":
        return summary(comparison)
    WRITERS[name](comparison, folder / name)
    return (folder / name).read_text(encoding="utf-8")


def parsed(comparison: Comparison, tmp_path: Path) -> dict[str, Any]:
    return json.loads(rendered("report.json", comparison, tmp_path))


@pytest.mark.parametrize("which", SAMPLES)
@pytest.mark.parametrize("name", [*WRITERS, "terminal.txt"])
def test_reports_are_those_of_the_goldens(name: str, which: str, tmp_path: Path) -> None:
    assert rendered(name, SAMPLES[which](), tmp_path) == (GOLDENS / which / name).read_text(encoding="utf-8")


# --- JSON


@pytest.mark.parametrize("which", SAMPLES)
def test_json_validates_against_the_published_schema(which: str, tmp_path: Path) -> None:
    schema = published_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(parsed(SAMPLES[which](), tmp_path), schema, cls=jsonschema.Draft202012Validator)


def test_json_totals_are_a_count_over_its_tests(tmp_path: Path) -> None:
    report = parsed(replace(sample(), totals=Totals(tests=99)), tmp_path)
    counts = Counter(test["verdict"] for test in report["tests"])
    assert report["totals"] == {
        "tests": 12,
        **{verdict: counts[verdict] for verdict in ("equivalent", "divergent", "flaky", "both_failing", "inconclusive")},
    }


def test_json_holds_every_test_once(tmp_path: Path) -> None:
    known = sample()
    assert [test["id"] for test in parsed(known, tmp_path)["tests"]] == [pair.test_id for pair in known.pairs]


def test_json_has_every_key_of_the_contract(tmp_path: Path) -> None:
    report = parsed(sample(), tmp_path)
    assert {"schema", "run", "totals", "tests", "latent", "clusters", "effects", "safety"} <= report.keys()
    assert {"id", "suite", "started_at", "finished_at", "complete", "exit", "parity", "legacy", "shadow"} <= report["run"].keys()
    test = report["tests"][2]
    assert {"outcome", "attempts", "failed", "seconds"} <= test["legacy"].keys() & test["shadow"].keys()
    assert test["failure"] == {
        "type": "NoResultFound",
        "message": "No row was found when one was required",
        "fingerprint": "8f1d2c3b4a596877",
        "side": "shadow",
    }
    assert (test["verdict"], test["confirmed"], test["direction"], test["cause"]) == ("divergent", True, "legacy_only_pass", "unknown")
    assert (test["couplings"], test["remedy"], test["cluster"]) == ([], "none", "9c1e00aa71b2")


def test_json_says_that_no_bound_holds_where_a_divergence_is_unconfirmed(tmp_path: Path) -> None:
    bound = parsed(sample(), tmp_path)["run"]["error_bound"]
    assert bound["holds"] is False
    assert bound["reason"].startswith("No error bound holds: 1 of 6 divergences was not confirmed")
    pairs = tuple(replace(pair, confirmed=True) if pair.verdict is Verdict.DIVERGENT else pair for pair in sample().pairs)
    assert parsed(replace(sample(), pairs=pairs), tmp_path)["run"]["error_bound"]["holds"] is True


def test_json_does_not_claim_that_side_effects_were_checked(tmp_path: Path) -> None:
    safety = parsed(sample(), tmp_path)["safety"]
    assert safety == {"effects": "not_checked", "legacy_dataset": "production_copy", "shadow_dataset": "synthetic"}


def test_json_names_no_place_outside_the_suite(tmp_path: Path) -> None:
    outside = failure(
        "E", "", ("/usr/lib/python3/x.py", 1, "f"), ("C:/x.py", 1, "f"), ("../x.py", 1, "f"), ("suite/a.py", 0, "f"), ("..a/b.py", 3, "f")
    )
    known = replace(sample(), pairs=(divergent("suite/a.py::t", outside, None),), clusters=())
    report = parsed(known, tmp_path)
    assert [frame["path"] for frame in report["tests"][0]["shadow"]["failure"]["frames"]] == ["..a/b.py"]
    jsonschema.validate(report, published_schema())


@pytest.mark.parametrize(
    ("where", "wrong"),
    [
        (("tests", 0, "verdict"), "maybe"),
        (("tests", 2, "confirmed"), None),
        (("tests", 0, "confirmed"), True),
        (("tests", 2, "direction"), "sideways"),
        (("tests", 2, "shadow", "failure", "frames", 0, "path"), "/etc/passwd"),
        (("tests", 2, "shadow", "failure", "frames", 0, "line"), 0),
        (("run", "started_at"), "yesterday"),
        (("schema",), "shadow-report/2"),
        (("clusters", 0, "tests"), None),
    ],
)
def test_schema_refuses_what_the_contract_forbids(where: tuple[str | int, ...], wrong: object, tmp_path: Path) -> None:
    report = parsed(sample(), tmp_path)
    target: Any = report
    for key in where[:-1]:
        target = target[key]
    target[where[-1]] = wrong
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(report, published_schema())


def test_every_key_of_the_schema_is_documented() -> None:
    section = DOCUMENT.read_text(encoding="utf-8").partition("\n## report.json\n")[2].partition("\n## ")[0]
    documented = set(re.findall(r"^\| `([^`]+)` \|", section, flags=re.MULTILINE))
    assert documented == set(_keys(published_schema(), published_schema()["$defs"], ""))


def _keys(schema: dict[str, Any], definitions: dict[str, Any], prefix: str) -> list[str]:
    if "$ref" in schema:
        return _keys(definitions[schema["$ref"].rpartition("/")[2]], definitions, prefix)
    found = [key for option in schema.get("oneOf", []) for key in _keys(option, definitions, prefix)]
    if "items" in schema:
        found += _keys(schema["items"], definitions, f"{prefix}[]")
    for name, child in schema.get("properties", {}).items():
        path = f"{prefix}.{name}" if prefix else name
        found += [path, *_keys(child, definitions, path)]
    return found


# --- JUnit XML

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


# --- SARIF


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


# --- Markdown, HTML, terminal


def test_markdown_of_foreign_text_does_nothing(tmp_path: Path) -> None:
    text = rendered("summary.md", sample(), tmp_path)
    row = next(line for line in text.splitlines() if "odd" in line and line.startswith("| <code>"))
    assert "<script" not in text
    assert "@team" not in text
    assert row.count("|") == 8  # the bars of seven cells and no more
    assert "\\\\x1b" in row


class _Page(HTMLParser):
    """Tags, and attributes that load or run something."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.suspicious: list[tuple[str, str]] = []
        self.policy = ""
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        known = {name: value or "" for name, value in attrs}
        if known.get("http-equiv") == "Content-Security-Policy":
            self.policy = known["content"]
        for name, value in known.items():
            if name.startswith("on") or name in {"src", "style", "srcset", "action"} or (name == "href" and not value.startswith("#")):
                self.suspicious.append((name, value))

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def page_of(text: str) -> _Page:
    page = _Page()
    page.feed(text)
    page.close()
    return page


def test_html_loads_and_runs_nothing_foreign(tmp_path: Path) -> None:
    page = page_of(rendered("report.html", sample(), tmp_path))
    assert page.suspicious == []
    assert page.tags.count("script") == 1
    assert "link" not in page.tags
    assert page.policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in page.policy


def test_html_shows_both_failures_side_by_side_and_needs_no_script(tmp_path: Path) -> None:
    page = page_of(rendered("report.html", sample(), tmp_path))
    text = " ".join("".join(page.words).split())
    assert page.tags.count("details") == 4 + 10  # clusters and pairs
    assert "legacy passed" in text
    assert "suite/lookup.py:31 in customer_by" in text
    assert "No error bound holds" in text
    assert "Side effects are not checked" in text


def test_terminal_says_infrastructure_and_what_to_do_first() -> None:
    lines = summary(unhealthy()).splitlines()
    assert lines[0] == "2 infrastructure failures: mend this first"
    assert "did not get healthy" in lines[1]
    assert lines[2].strip().startswith("do: look at logs")


@pytest.mark.parametrize("options", [{}, {"force_terminal": True, "color_system": "truecolor"}, {"width": 24}])
def test_terminal_shows_file_and_line_and_stays_within_its_width(options: dict[str, Any]) -> None:
    text = re.sub(r"\x1b\[[0-9;]*m", "", summary(sample(), **options))
    assert "\x1b" not in text
    assert max(len(line) for line in text.splitlines()) <= options.get("width", 80)
    joined = "".join(text.split())
    assert "atsuite/lookup.py:31incustomer_by" in joined
    assert "Noerrorboundholds" in joined
    assert "JSONreport:out/report.json" in joined


def test_terminal_without_unicode_or_markup_shows_any_id(tmp_path: Path) -> None:
    pair = divergent("suite/t.py::test[[bold]red[/] 日本 \ud800 \x07]", WRONG_COUNT, None)
    with (tmp_path / "out.txt").open("w", encoding="ascii") as out:
        print_summary(replace(sample(), pairs=(pair,), clusters=()), Console(file=out, width=100, color_system=None))
    text = (tmp_path / "out.txt").read_text(encoding="ascii")
    assert r"test[[bold]red[/] \u65e5\u672c \ud800 \x07]" in text


if __name__ == "__main__":
    for which, make in SAMPLES.items():
        (GOLDENS / which).mkdir(parents=True, exist_ok=True)
        for golden in [*WRITERS, "terminal.txt"]:
            (GOLDENS / which / golden).write_text(rendered(golden, make(), GOLDENS / which), encoding="utf-8")
