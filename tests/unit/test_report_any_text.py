"""Whatever stands in an id, a message or a path, every report can be read by its format's reader and says the same."""

from __future__ import annotations

import json
import math
import os
import tempfile
import xml.etree.ElementTree as ET
from datetime import UTC, datetime
from html.parser import HTMLParser
from io import StringIO
from pathlib import Path
from typing import Any

import jsonschema
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
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

VALIDATOR = jsonschema.Draft202012Validator(published_schema())

# Lone surrogates, controls, bidi marks and the characters that mean something to one of the formats come often.
CHARACTERS = st.one_of(
    st.sampled_from("\ud800\udcff\x00\x08\x1b\x85\u202e\u2028\ufffe\ufeff\n\r\t"), st.sampled_from("<>&\"'|`\\@[](){}*_#:/%]]>"), st.characters()
)
TEXT = st.text(CHARACTERS, max_size=20)
NAME = st.text(CHARACTERS, min_size=1, max_size=20)
HOSTILE = st.one_of(
    NAME,
    st.sampled_from(
        [
            "a::b[c]]>",
            "</script><script>alert(1)</script>",
            "<!--",
            "a\\|b",
            "``` |\n# x",
            "[x](javascript:alert(1))",
            "@team",
            "{{ 7 * 7 }}",
            "{% raw %}",
            "[bold]x[/]",
            "x" * 3_000,
        ]
    ),
)
NUMBERS = st.one_of(st.none(), st.floats(min_value=0), st.just(math.nan))
FRAMES = st.builds(Frame, path=HOSTILE, line=st.integers(-1, 10**6), function=TEXT)
FAILURES = st.builds(Failure, type=TEXT, message=HOSTILE, phase=st.sampled_from(Phase), frames=st.lists(FRAMES, max_size=3).map(tuple))
SIDES = st.builds(
    SideResult,
    outcome=st.one_of(st.none(), st.sampled_from(Outcome)),
    attempts=st.integers(0, 13),
    failed=st.integers(0, 13),
    seconds=NUMBERS,
    failure=st.one_of(st.none(), FAILURES),
)


@st.composite
def pairs(draw: st.DrawFn, test_id: str) -> PairResult:
    verdict = draw(st.sampled_from(Verdict))
    differs = verdict in {Verdict.DIVERGENT, Verdict.FLAKY, Verdict.INCONCLUSIVE}
    return PairResult(
        test_id=test_id,
        legacy=draw(SIDES),
        shadow=draw(SIDES),
        verdict=verdict,
        reason=draw(TEXT),
        direction=draw(st.one_of(st.none(), st.sampled_from(Direction))) if differs else None,
        confirmed=draw(st.booleans()) if differs else None,
        e_value=draw(NUMBERS) if differs else None,
        fingerprint=draw(st.one_of(st.none(), TEXT)),
        cluster=draw(st.one_of(st.none(), NAME)) if differs else None,
        cause=draw(st.one_of(st.none(), st.sampled_from(Cause))),
        remedy=draw(st.sampled_from(Remedy)),
    )


@st.composite
def comparisons(draw: st.DrawFn) -> Comparison:
    ids = sorted(draw(st.sets(HOSTILE, max_size=4)))
    results = tuple(draw(pairs(test_id)) for test_id in ids)
    clusters = st.builds(
        Cluster,
        id=NAME,
        exception=TEXT,
        template=HOSTILE,
        frame=st.one_of(st.none(), FRAMES),
        tests=st.just(tuple(ids) or ("t",)),
        sentence=TEXT,
    )
    facts = st.dictionaries(TEXT, TEXT, max_size=2) | st.builds(lambda kind: {"data.kind": kind}, TEXT)
    moments = st.datetimes(min_value=datetime(2000, 1, 1), max_value=datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis adds the zone
    faults = st.builds(
        InfrastructureFailure,
        kind=st.sampled_from(InfrastructureKind),
        message=HOSTILE,
        hint=TEXT,
        side=st.one_of(st.none(), st.sampled_from(Side)),
    )
    return Comparison(
        run=RunHeader(
            id=draw(HOSTILE),
            suite=draw(HOSTILE),
            started_at=draw(moments),
            finished_at=draw(st.one_of(st.none(), moments)),
            complete=draw(st.booleans()),
            confirm=ConfirmPolicy(),
            harness_version=draw(TEXT),
        ),
        pairs=results,
        totals=Totals(),
        exit=draw(st.sampled_from([0, 1, 3])),
        clusters=tuple(draw(st.lists(clusters, max_size=2))),
        parity=tuple(draw(st.lists(st.builds(ParityDifference, name=TEXT, legacy=st.none() | HOSTILE, shadow=st.none() | TEXT), max_size=2))),
        legacy=draw(facts),
        shadow=draw(facts),
        infrastructure=tuple(draw(st.lists(faults, max_size=2))),
        warnings=tuple(draw(st.lists(HOSTILE, max_size=2))),
    )


def written(write: Any, comparison: Comparison) -> str:
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "report"
        write(comparison, target)
        assert os.listdir(folder) == ["report"]  # noqa: PTH208 - names alone
        return target.read_bytes().decode("utf-8")  # strict: no surrogate, no broken byte


anything = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


@anything
@given(comparisons())
def test_json_stays_valid(comparison: Comparison) -> None:
    text = written(write_json, comparison)
    assert text.isascii()
    report = json.loads(text, parse_constant=lambda name: (_ for _ in ()).throw(AssertionError(name)))
    VALIDATOR.validate(report)
    json.dumps(report, ensure_ascii=False).encode("utf-8")
    assert len(report["tests"]) == len(comparison.pairs)
    assert sum(count for verdict, count in report["totals"].items() if verdict != "tests") == report["totals"]["tests"]
    plain = [pair.test_id for pair in comparison.pairs if not any("\ud800" <= char <= "\udfff" for char in pair.test_id)]
    assert set(plain) <= {test["id"] for test in report["tests"]}


@anything
@given(comparisons())
def test_junit_stays_well_formed(comparison: Comparison) -> None:
    root = ET.fromstring(written(write_junit, comparison))
    faults = len(comparison.infrastructure) or int(not comparison.run.complete)
    assert len(list(root.iter("testcase"))) == len(comparison.pairs) + faults == int(root.attrib["tests"])
    assert len(list(root.iter("error"))) == faults == int(root.attrib["errors"])
    failing = sum(pair.verdict in {Verdict.DIVERGENT, Verdict.INCONCLUSIVE} for pair in comparison.pairs)
    assert len(list(root.iter("failure"))) == failing == int(root.attrib["failures"])
    for text in root.itertext():
        assert not set(text) & set("\x00\x1b\u202e")


@anything
@given(comparisons())
def test_markdown_shows_text_and_nothing_else(comparison: Comparison) -> None:
    text = written(write_markdown, comparison)
    inert = {"text", "code_inline", "strong_open", "strong_close", "softbreak", "html_inline"}
    tokens = MarkdownIt("commonmark").enable("table").parse(text)
    columns = None
    for token in tokens:
        if token.type == "thead_open":
            columns = 0
        if token.type == "th_open" and columns is not None:
            columns += 1
        for child in token.children or []:
            assert child.type in inert
            if child.type == "html_inline":
                assert child.content in {"<code>", "</code>"}
            if child.type == "text":
                assert "@" not in child.content.replace("@\u200b", "") or "<code>" in token.content
    bodies = sum(token.type == "tbody_open" for token in tokens)
    rows = sum(token.type == "tr_open" for token in tokens) - bodies
    shown = sum(pair.verdict is not Verdict.EQUIVALENT for pair in comparison.pairs)
    assert rows == 1 + shown + len(comparison.clusters) + len(comparison.parity) + len(comparison.infrastructure)


class Elements(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.words: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        assert not any(name.startswith("on") or name in {"src", "style"} for name, _ in attrs)
        if tag not in {"meta", "input", "rect"}:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag == "rect"

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_comment(self, data: str) -> None:
        raise AssertionError(data)

    def handle_data(self, data: str) -> None:
        self.words.append(data)


@anything
@given(comparisons())
def test_html_keeps_its_structure(comparison: Comparison) -> None:
    page = Elements()
    page.feed(written(write_html, comparison))
    page.close()
    assert page.open == []
    assert page.tags.count("script") == 1
    shown = sum(pair.verdict is not Verdict.EQUIVALENT for pair in comparison.pairs)
    assert page.tags.count("details") == shown + len(comparison.clusters)
    assert not set("".join(page.words)) & set("\x00\x1b\u202e")


@anything
@given(comparisons())
def test_sarif_stays_valid(comparison: Comparison) -> None:
    text = written(write_sarif, comparison)
    run = json.loads(text)["runs"][0]
    json.dumps(run, ensure_ascii=False).encode("utf-8")
    for result in run["results"]:
        assert result["ruleId"] == run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"]
        assert result["message"]["text"]
        for location in [*result["locations"], *result.get("relatedLocations", [])]:
            uri = location["physicalLocation"]["artifactLocation"]["uri"]
            assert uri.isascii()
            assert not uri.startswith("/")
            assert not set(uri) & set(' <>"{}|\\^`:?#[]')
            assert location["physicalLocation"]["region"]["startLine"] >= 1
    assert len(run["results"]) <= sum(pair.verdict is Verdict.DIVERGENT for pair in comparison.pairs)


@anything
@given(comparisons(), st.sampled_from(["ascii", "latin-1", "utf-8"]), st.booleans())
def test_terminal_prints_anything(comparison: Comparison, encoding: str, colour: bool) -> None:  # noqa: FBT001 - given by hypothesis
    class Narrow(StringIO):
        pass

    out = Narrow()
    Narrow.encoding = encoding  # type: ignore[assignment] # what Rich asks a terminal for
    print_summary(comparison, Console(file=out, width=80, force_terminal=colour, color_system="standard" if colour else None))
    text = out.getvalue()
    text.encode(encoding)
    assert ("\x1b" in text) == colour
    assert "\u202e" not in text
    assert "\x00" not in text
