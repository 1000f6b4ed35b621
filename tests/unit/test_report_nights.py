"""What reports say of the nights around a run, and that they say nothing where no store knows them."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import jsonschema
import pytest
from rich.console import Console

from compare.nights import Intermittent
from harness.model import Comparison, Outcome, PairResult, Side, SideResult, Verdict
from harness.pipeline import nights_of
from harness.report import Nights, print_summary, published_schema, write_html, write_json, write_markdown
from tests.dashboard_sample import FIRST_NIGHT, comparison, divergent, equivalent, header
from tests.fakes import MemoryStore

INTERMITTENT = Intermittent(
    suite="ledger", test_id="a.py::test_x", failing=Side.SHADOW, worse=14, reverse=1, nights=60, e_value=312.0, reason="in 14 of 60 nights"
)
KNOWN = Nights(new=1, open=2, reopened=1, converged=4, removed=0, alpha=0.01, intermittent=(INTERMITTENT,))


def night(number: int, *pairs: PairResult) -> Comparison:
    return comparison(header(f"n{number:02}", FIRST_NIGHT + timedelta(days=number)), pairs)


def failing_now_and_then(test_id: str) -> PairResult:
    passed, failed = SideResult(outcome=Outcome.PASSED), SideResult(outcome=Outcome.FAILED)
    return PairResult(test_id=test_id, legacy=passed, shadow=failed, verdict=Verdict.FLAKY, reason="agreed in 2 of 2 reruns")


def printed(nights: Nights | None) -> str:
    out = io.StringIO()
    print_summary(night(1, divergent("a::b")), Console(file=out, width=120, color_system=None), nights=nights)
    return out.getvalue()


def test_the_store_tells_how_many_divergences_are_new_open_reopened_and_converged() -> None:
    store = MemoryStore()
    for number, pairs in enumerate(
        (
            (divergent("a::back"), divergent("a::mended"), equivalent("a::late")),
            *(((equivalent("a::back"), equivalent("a::mended"), equivalent("a::late")),) * 3),
            (divergent("a::back"), equivalent("a::mended"), divergent("a::late")),
        )
    ):
        store.save(night(number, *pairs))
    found = nights_of(store, night(4, divergent("a::back"), divergent("a::late")))
    assert found == Nights(new=1, open=1, reopened=1, converged=1, removed=0, alpha=0.01)


def test_only_a_night_has_new_divergences() -> None:
    store = MemoryStore()
    for changes in ({"whole": False}, {"complete": False}):
        run = replace(night(1, divergent("a::b")), run=header("part", FIRST_NIGHT, **changes))
        store.save(run)
        found = nights_of(store, run)
        assert found is not None
        assert (found.new, found.open) == (None, 0)


def test_a_test_that_fails_on_one_side_now_and_then_is_found_over_the_nights() -> None:
    store = MemoryStore()
    for number in range(30):
        pairs = (failing_now_and_then("a::shaky") if number % 2 else equivalent("a::shaky"), equivalent("a::calm"))
        store.save(night(number, *pairs))
    found = nights_of(store, night(29))
    assert found is not None
    assert [(item.test_id, item.failing, item.worse, item.nights) for item in found.intermittent] == [("a::shaky", Side.SHADOW, 15, 30)]


def test_a_run_that_the_store_does_not_hold_has_no_nights() -> None:
    assert nights_of(MemoryStore(), night(1)) is None


@pytest.mark.parametrize("nights", [KNOWN, None])
def test_report_json_holds_what_is_known(nights: Nights | None, tmp_path: Path) -> None:
    write_json(night(1, divergent("a::b")), tmp_path / "r.json", nights=nights)
    report = json.loads((tmp_path / "r.json").read_text(encoding="utf-8"))
    jsonschema.validate(report, published_schema())
    if nights is None:
        assert report["nights"] is None
    else:
        assert (report["nights"]["new"], report["nights"]["converged"]) == (1, 4)
        assert [item["id"] for item in report["nights"]["intermittent"]] == ["a.py::test_x"]


def test_what_people_read_names_intermittent_tests_and_their_bound(tmp_path: Path) -> None:
    write_markdown(night(1, divergent("a::b")), tmp_path / "r.md", nights=KNOWN)
    write_html(night(1, divergent("a::b")), tmp_path / "r.html", nights=KNOWN)
    for text in (printed(KNOWN), *((tmp_path / name).read_text(encoding="utf-8") for name in ("r.md", "r.html"))):
        assert "3 divergences are open (1 reopened), 4 converged; this run saw 1 of them first." in text
        assert "a.py::test_x" in text.replace("\\", "")
        assert "at most 1 % of them" in " ".join(text.split())
    assert "Over the nights" not in printed(None)
