"""The pages about divergences over the nights: what is open, what converged, what runs now and then, what was renamed and what was removed."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from dashboard.filters import Standing, divergences_url, pair_url, url_of_test
from dashboard.visible import visible_text
from harness.model import Comparison, Direction, PairResult, Rename, RenameReason, Verdict
from harness.store import open_store
from tests.dashboard_sample import FIRST_NIGHT, Html, browse, comparison, divergent, equivalent, header

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fastapi.testclient import TestClient

    from harness.ports import Store

HOSTILE = 'a.py::test_<script>alert("x")</script>\u202e'


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(str(tmp_path / "store.sqlite"))
    yield opened
    opened.close()


def night(number: int, *pairs: PairResult) -> Comparison:
    return comparison(header(f"n{number:02}", FIRST_NIGHT + timedelta(days=number)), pairs)


def fill(store: Store) -> None:
    """Five nights: one divergence stays, one converges, one comes back after it had converged."""
    for number in range(5):
        pairs = (
            divergent("a.py::test_stays", direction=Direction.SKIP_MISMATCH),
            divergent("a.py::test_mended") if not number else equivalent("a.py::test_mended"),
            divergent("a.py::test_back") if number in {0, 4} else equivalent("a.py::test_back"),
        )
        store.save(night(number, *pairs))


def page(client: TestClient, url: str, status: int = 200) -> Html:
    answer = client.get(url)
    assert answer.status_code == status, answer.text
    assert answer.text.count("<h1") == 1
    ids = re.findall(r' id="([^"]+)"', answer.text)
    assert len(ids) == len(set(ids))
    return Html(answer.text)


def test_what_is_open_comes_first_and_the_rest_is_a_link_away(store: Store) -> None:
    fill(store)
    client = browse(store)
    shown = page(client, "/divergences")
    assert shown.tests == ["a.py::test_back", "a.py::test_stays"]
    assert shown.href("converged 1") == divergences_url(Standing.CONVERGED)
    assert page(client, divergences_url(Standing.CONVERGED)).tests == ["a.py::test_mended"]
    assert page(client, divergences_url(Standing.REOPENED)).tests == ["a.py::test_back"]
    assert len(page(client, divergences_url(Standing.ANY)).tests) == 3
    assert page(client, "/divergences?state=&direction=skip_mismatch&text=STAYS&suite=ledger&cluster=c09e1d4a&after=").tests == ["a.py::test_stays"]
    assert "No divergence matches." in page(client, "/divergences?text=nothing").text


def test_the_overview_counts_them(store: Store) -> None:
    fill(store)
    assert "2 divergences are open, 1 of them reopened; 1 converged." in page(browse(store), "/").text


def test_an_empty_store_says_what_a_night_is(store: Store) -> None:
    client = browse(store)
    assert "No night saw a divergence." in page(client, "/divergences").text
    assert "None was found so far." in page(client, "/intermittent").text


def test_paging_meets_each_once(store: Store) -> None:
    ids = [f"a.py::test_{number:04}" for number in range(230)]
    store.save(night(0, *(divergent(test_id) for test_id in ids)))
    client, url = browse(store), "/divergences?text=test"
    found: list[str] = []
    while url and len(found) <= len(ids):
        shown = page(client, url)
        found += shown.tests
        url = next((href for href, text in shown.links if text == "Next page"), "")
    assert found == ids


def test_a_test_shows_how_its_divergence_went(store: Store) -> None:
    fill(store)
    client = browse(store)
    text = page(client, url_of_test("a.py::test_back", "ledger")).text
    assert "reopened seen again after it had converged or was removed." in text
    assert "in 2 nights; 0 clean nights in a row" in text
    assert "History this test over 5 runs, newest first" in text
    assert "First seen 2026-11-11 01:30 UTC" in page(client, pair_url("n04", "a.py::test_stays")).text
    store.save(replace(night(5, equivalent("a.py::test_calm")), run=header("calm", FIRST_NIGHT + timedelta(days=5))))
    assert "No night saw this test diverge." in page(client, url_of_test("a.py::test_calm")).text


def test_a_renamed_test_is_found_under_every_id_it_had(store: Store) -> None:
    store.save(night(0, divergent("a.py::test_first")))
    store.save(
        night(1, divergent("a.py::test_second")), renames=(Rename(old="a.py::test_first", new="a.py::test_second", reason=RenameReason.SAME_BODY),)
    )
    store.save(
        night(2, divergent("b.py::test_second")), renames=(Rename(old="a.py::test_second", new="b.py::test_second", reason=RenameReason.MOVED_FILE),)
    )
    client = browse(store)
    ids = ("a.py::test_first", "a.py::test_second", "b.py::test_second")
    for test_id in ids:
        shown = page(client, url_of_test(test_id))
        assert shown.tests == ["b.py::test_second"]
        assert "Former ids its history goes on through them" in shown.headings
        assert shown.text.index("git knows the file") < shown.text.index("the same body")
        for number, held in enumerate(ids):
            assert page(client, pair_url(f"n0{number}", test_id)).tests == [held]
    listed = page(client, url_of_test("b.py::test_second"))
    assert page(client, listed.href("n00")).tests == ["a.py::test_first"]


def test_intermittent_tests_are_listed_with_their_bound(store: Store) -> None:
    for number in range(15):
        shaky = replace(divergent("a.py::test_shaky"), verdict=Verdict.FLAKY, direction=None, confirmed=None, cluster=None)
        store.save(night(number, shaky if number else equivalent("a.py::test_shaky"), equivalent("a.py::test_calm"), divergent("a.py::test_always")))
    shown = page(browse(store), "/intermittent")
    assert shown.tests == ["a.py::test_shaky"]
    assert "Found among 1 test whose nightly pair differed in some of the 15 nights" in shown.text
    assert "at most 1 % of those found are expected to be false" in shown.text


def test_a_removed_run_answers_with_what_is_left_of_it(store: Store) -> None:
    fill(store)
    store.retain(now=FIRST_NIGHT + timedelta(days=9), keep_runs=1)
    client = browse(store)
    for url in ("/runs/n00", "/runs/n00/pairs", "/runs/n00/progress", pair_url("n00", "a.py::test_back")):
        shown = page(client, url, 410)
        assert "it had 3 tests, 3 of them divergent" in shown.text
        assert shown.href("Divergences over the nights") == divergences_url(suite="ledger")
    listed = page(client, "/divergences")
    assert listed.tests == ["a.py::test_back", "a.py::test_stays"]
    removed = page(client, listed.href("2026-11-11 01:30 UTC"), 410)
    assert page(client, removed.href("The test over the nights")).tests == ["a.py::test_back"]


@pytest.mark.parametrize(
    ("url", "status", "says"),
    [
        ("/divergences?state=closed", 422, "open, reopened, converged, removed, any"),
        ("/divergences?colour=red", 422, "state, direction, text, suite, cluster, after"),
        ("/divergences?after=nonsense", 400, "First page of the list"),
        ("/test", 422, "no test in the address"),
        ("/test?test=none", 404, "no run of this store holds this test id"),
    ],
)
def test_an_address_that_cannot_be_answered_gets_a_page_that_helps(store: Store, url: str, status: int, says: str) -> None:
    fill(store)
    assert says in page(browse(store), url, status).text


def test_a_hostile_test_id_is_shown_and_harmless(store: Store) -> None:
    store.save(night(0, divergent(HOSTILE)))
    store.save(night(1, divergent("a.py::test_b")), renames=(Rename(old=HOSTILE, new="a.py::test_b", reason=RenameReason.SAME_BODY),))
    client = browse(store)
    for url in ("/divergences", url_of_test(HOSTILE), pair_url("n00", HOSTILE), pair_url("n01", HOSTILE)):
        source = client.get(url).text
        assert "<script>alert" not in source
        assert "\u202e" not in source
        assert not re.search(r"<script(?! src=\"/static/)|<style|\sstyle=|\son\w+=", source)
    assert visible_text(HOSTILE) in page(client, url_of_test(HOSTILE)).text
