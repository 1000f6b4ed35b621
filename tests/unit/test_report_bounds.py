"""Huge runs: every report stays within what its reader takes and within little memory, and a file is there whole or not at all."""

from __future__ import annotations

import gzip
import io
import json
import os
import re
import stat
import sys
import xml.etree.ElementTree as ET
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from harness.errors import UsageError
from harness.model import (
    Cluster,
    Comparison,
    ConfirmPolicy,
    Direction,
    Failure,
    Frame,
    Outcome,
    PairResult,
    Phase,
    RunHeader,
    SideResult,
    Totals,
    Verdict,
)
from harness.report import write_html, write_json, write_junit, write_markdown, write_sarif

if TYPE_CHECKING:
    from collections.abc import Callable

PEAK_RESET = Path("/proc/self/clear_refs")

WRITERS = (write_json, write_junit, write_markdown, write_html, write_sarif)

PASS = SideResult(outcome=Outcome.PASSED, seconds=0.01)
FAIL = SideResult(
    outcome=Outcome.FAILED,
    failed=1,
    seconds=0.01,
    failure=Failure(
        type="AssertionError",
        message="assert <n> == <n>, für <str>",
        phase=Phase.CALL,
        frames=(Frame(path="suite/test_a.py", line=3, function="test"),),
    ),
)
DIVERGENT = PairResult(
    test_id="",
    legacy=PASS,
    shadow=FAIL,
    verdict=Verdict.DIVERGENT,
    reason="passed on legacy, failed on shadow",
    direction=Direction.LEGACY_ONLY_PASS,
    confirmed=True,
    e_value=56.6,
    fingerprint="f" * 16,
    cluster="c" * 12,
)


def huge(count: int, *, files: int = 100) -> Comparison:
    ids = sorted(f"suite/test_{index % files:03}.py::test_{index:06}[日本-{index}]" for index in range(count))
    cluster = Cluster(id="c" * 12, exception="AssertionError", template="assert <n> == <n>", frame=None, tests=tuple(ids), sentence="All of them.")
    return Comparison(
        run=RunHeader(id="r", suite="s", started_at=datetime(2026, 11, 21, tzinfo=UTC), confirm=ConfirmPolicy(), complete=True),
        pairs=tuple(replace(DIVERGENT, test_id=test_id) for test_id in ids),
        totals=Totals(tests=count, divergent=count),
        exit=1,
        clusters=(cluster,),
    )


def kilobytes(name: str) -> int:
    """VmRSS is the memory in use, VmHWM its peak since the last reset."""
    found = re.search(rf"^{name}:\s+(\d+) kB$", Path("/proc/self/status").read_text(encoding="ascii"), flags=re.MULTILINE)
    assert found
    return int(found[1])


@pytest.fixture(scope="module")
def huge_run() -> Comparison:
    return huge(200_000)


@pytest.fixture
def small() -> Comparison:
    return huge(3)


def test_markdown_stays_below_the_limit_of_a_ci_summary_and_counts_the_rest(huge_run: Comparison, tmp_path: Path) -> None:
    write_markdown(huge_run, tmp_path / "summary.md")
    data = (tmp_path / "summary.md").read_bytes()
    assert 900_000 < len(data) < 1_048_576
    text = data.decode()
    left_out = int(re.findall(r"\*\*([\d,]+) more rows left out\*\*", text)[-1].replace(",", ""))
    assert left_out + text.count("\n| `suite/test_") == 200_000


@pytest.mark.slow
@pytest.mark.skipif(not PEAK_RESET.exists(), reason="the peak of a process's memory can be reset on Linux alone")
@pytest.mark.parametrize(("write", "count", "size"), [(write_json, 200_000, 80_000_000), (write_junit, 30_000, 24_000_000)], ids=["json", "junit"])
def test_memory_does_not_grow_with_the_number_of_tests(
    write: Callable[..., None], count: int, size: int, huge_run: Comparison, tmp_path: Path
) -> None:
    run = replace(huge_run, pairs=huge_run.pairs[:count])
    PEAK_RESET.write_text("5")
    before = kilobytes("VmRSS")
    write(run, tmp_path / "report")
    assert kilobytes("VmHWM") - before < 16_000
    assert (tmp_path / "report").stat().st_size > size


def test_html_shows_a_bounded_number_of_pairs_and_says_how_many_there_are_more(tmp_path: Path) -> None:
    write_html(huge(5_000), tmp_path / "report.html")
    text = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert text.count('<details class="pair">') == 2_000
    assert "<b>3,000 more tests</b> in report.json" in text


def test_html_gives_the_room_to_the_most_urgent_verdicts(tmp_path: Path) -> None:
    flaky = replace(DIVERGENT, test_id="z::flaky", verdict=Verdict.FLAKY, confirmed=False)
    many = huge(2_500)
    write_html(replace(many, pairs=(replace(flaky, test_id="a::flaky"), *many.pairs)), tmp_path / "report.html")
    text = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "Flaky · 1" in text
    assert "<b>1 more test</b> in report.json" in text


def test_sarif_keeps_githubs_limits_and_counts_the_rest(tmp_path: Path) -> None:
    write_sarif(huge(25_010), tmp_path / "report.sarif")
    data = (tmp_path / "report.sarif").read_bytes()
    run = json.loads(data)["runs"][0]
    assert len(run["results"]) == 25_000
    notes = [note["message"]["text"] for note in run["invocations"][0]["toolExecutionNotifications"]]
    assert notes == ["10 more divergent tests are left out, for GitHub's limits; report.json has them all."]
    assert len(gzip.compress(data)) < 10_000_000


def test_sarif_is_cut_where_its_compressed_size_would_be_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harness.report.sarif_report.MAX_COMPRESSED", 20_000)
    write_sarif(huge(5_000), tmp_path / "report.sarif")
    data = (tmp_path / "report.sarif").read_bytes()
    run = json.loads(data)["runs"][0]
    left_out = 5_000 - len(run["results"])
    assert f"{left_out:,} more divergent tests" in run["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"]
    assert len(gzip.compress(data)) < 60_000


def test_junit_has_a_suite_for_each_file_also_where_ids_do_not_sort_by_file(tmp_path: Path) -> None:
    ids = ("a", "a.py::test", "b", "c.py::test", "d")
    write_junit(replace(huge(0), pairs=tuple(replace(DIVERGENT, test_id=test_id) for test_id in ids), clusters=()), tmp_path / "junit.xml")
    suites = ET.parse(tmp_path / "junit.xml").getroot()
    assert [(suite.get("name"), suite.get("tests")) for suite in suites] == [("s", "3"), ("a.py", "1"), ("c.py", "1")]


@pytest.mark.parametrize("write", WRITERS)
def test_parents_are_made_and_nothing_else_is_left(write: Any, small: Comparison, tmp_path: Path) -> None:
    write(small, tmp_path / "a" / "b" / "report")
    assert [path.name for path in (tmp_path / "a" / "b").iterdir()] == ["report"]


@pytest.mark.parametrize("write", WRITERS)
def test_a_report_that_breaks_half_way_leaves_the_old_one(write: Any, small: Comparison, tmp_path: Path) -> None:
    target = tmp_path / "report"
    target.write_text("old")
    broken = replace(small, pairs=(*small.pairs, replace(small.pairs[0], legacy=None)))  # type: ignore[arg-type] # what no pair is
    with pytest.raises((AttributeError, TypeError)):
        write(broken, target)
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize("write", WRITERS)
def test_a_path_that_cannot_be_written_is_a_usage_error_with_a_hint(write: Any, small: Comparison, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for target in (tmp_path, tmp_path / "file" / "report", tmp_path / "nul\0byte", tmp_path / ("n" * 300)):
        with pytest.raises(UsageError) as caught:
            write(small, target)
        assert caught.value.where
        assert caught.value.hint
        assert "could not be written" in caught.value.found
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")  # noqa: PTH110 - a condition at import
def test_a_full_disk_is_a_usage_error(small: Comparison) -> None:
    with pytest.raises(UsageError, match="No space left"):
        write_json(small, "/dev/full")


@pytest.mark.parametrize("write", WRITERS)
def test_a_dash_is_standard_output(write: Any, small: Comparison, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="ascii"))
    sys.stdout.write("before\n")
    write(small, "-")
    sys.stdout.write("after\n")
    sys.stdout.flush()
    write(small, tmp_path / "report")
    assert raw.getvalue() == b"before\n" + (tmp_path / "report").read_bytes() + b"after\n"


def test_a_dash_works_where_standard_output_is_a_text_stream(small: Comparison, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    write_json(small, "-")
    assert json.loads(sys.stdout.getvalue())["totals"]["divergent"] == 3  # type: ignore[attr-defined] # a StringIO


def test_links_stay_and_permissions_are_those_of_any_new_file(small: Comparison, tmp_path: Path) -> None:
    (tmp_path / "plain").touch()
    (tmp_path / "secret").touch(mode=0o600)
    (tmp_path / "link").symlink_to("secret")
    write_json(small, tmp_path / "link")
    write_json(small, tmp_path / "new")
    assert (tmp_path / "link").is_symlink()
    assert json.loads((tmp_path / "secret").read_text())["schema"] == "shadow-report/1"
    assert stat.S_IMODE((tmp_path / "secret").stat().st_mode) == 0o600
    assert (tmp_path / "new").stat().st_mode == (tmp_path / "plain").stat().st_mode
