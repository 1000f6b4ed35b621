"""What the pages say, over a real store."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pytest

from dashboard.decided import SECONDS, DecidedRuns
from dashboard.filters import pair_url, pairs_url
from harness.errors import StoreError
from harness.model import (
    Comparison,
    ConfirmPolicy,
    Coupling,
    CouplingKind,
    Direction,
    ExperimentKind,
    ExperimentResult,
    ObservationBudget,
    ObservationDifference,
    ObservationKind,
    ObservationResult,
    ObservationStatus,
    ObserveMode,
    OrderDependence,
    Outcome,
    PairFilter,
    Progress,
    RunOverview,
    RunState,
    Side,
    Signal,
    Strength,
    Verdict,
)
from harness.store import open_store
from tests.dashboard_sample import LATEST, RUNNING, Html, browse, comparison, divergent, equivalent, fill, header, night
from tests.fakes import MemoryStore

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fastapi.testclient import TestClient

    from harness.ports import Store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(str(tmp_path / "store.sqlite"))
    yield opened
    opened.close()


@pytest.fixture
def client(store: Store) -> TestClient:
    fill(store)
    return browse(store)


def page(client: TestClient, url: str, status: int = 200) -> Html:
    answer = client.get(url)
    assert answer.status_code == status, answer.text
    return Html(answer.text)


def test_the_overview_answers_an_empty_store(store: Store) -> None:
    shown = page(browse(store), "/")
    assert "No runs yet" in shown.headings
    assert "shadow demo" in shown.text


def test_the_overview_shows_the_latest_decided_run_and_the_one_under_way(client: TestClient) -> None:
    shown = page(client, "/")
    assert "42 divergent tests of 447" in shown.headings
    assert f"Run {RUNNING} is under way" in shown.headings
    assert "3 clusters divergences that one change would mend" in shown.headings
    assert "exit 1: divergences without a waiver, or the gate failed" in shown.text
    assert "at most 1 % are expected to be false (e-BH)" in shown.text
    assert len(shown.tests) == 10


def test_the_overview_tells_what_changed_since_the_complete_run_before(store: Store) -> None:
    store.save(night(5))
    store.save(night(6))  # incomplete: not compared against
    store.save(night(7))
    assert "\N{MINUS SIGN}4 since the run before" in page(browse(store), "/").text


def test_the_overview_draws_the_history_oldest_first(client: TestClient) -> None:
    source = client.get("/").text
    chart = source[source.index('class="columns"') : source.index('class="dates"')]
    assert re.findall(r'<a href="(/runs/[^"]+)"', chart) == [f"/runs/{night(number).run.id}" for number in range(10)]


def test_the_overview_names_a_later_run_that_died_without_a_decision(store: Store) -> None:
    fill(store)
    store.mark(RUNNING, RunState.INCOMPLETE)
    shown = page(browse(store), "/")
    assert "1 run ended without a decision" in shown.headings
    assert f"shadow run --resume {RUNNING}" in shown.text
    assert "42 divergent tests of 447" in shown.headings


def test_an_infrastructure_failure_is_shown_with_what_to_do(client: TestClient) -> None:
    shown = page(client, f"/runs/{night(6).run.id}")
    assert "1 infrastructure failure" in shown.headings
    assert "raise `startup_timeout`" in shown.text
    assert "exit 3: infrastructure failure or incomplete run" in shown.text
    assert "Incomplete run: no divergent test of 300" in shown.headings


def test_a_run_shows_parity_and_the_facts_of_both_sides(client: TestClient) -> None:
    shown = page(client, f"/runs/{LATEST}")
    assert "setting FEATURE_LIMITS" in shown.text
    assert "not there" in shown.text
    assert "All 5 facts of both sides" in shown.text


def test_a_run_without_reruns_says_that_no_error_bound_holds(store: Store) -> None:
    run = header("files", confirm=ConfirmPolicy(enabled=False))
    store.save(comparison(run, [divergent("a::b", confirmed=False, e_value=None)]))
    client = browse(store)
    for url in ("/", "/runs/files", pair_url("files", "a::b")):
        assert "Unconfirmed: no error bound holds." in page(client, url).text
    assert "unconfirmed" in page(client, "/runs/files/pairs").text


def test_the_list_of_runs_is_read_page_by_page(store: Store) -> None:
    expected = []
    for number in range(65):
        run = header(f"r{number:02}", header("x").started_at.replace(minute=number % 60, hour=2 + number // 60))
        store.save(comparison(run, [equivalent("a::b")]))
        expected.insert(0, run.id)
    client, url, found = browse(store), "/runs", []
    while url and len(found) <= len(expected):
        shown = page(client, url)
        found += [text for href, text in shown.links if href.startswith("/runs/r") and "/pair" not in href]
        url = next((href for href, text in shown.links if text == "Older runs"), "")
    assert found == expected


def test_pairs_are_the_divergent_ones_unless_asked_otherwise(client: TestClient) -> None:
    assert "Divergences 42" in page(client, f"/runs/{LATEST}/pairs").headings
    assert "Pairs 447" in page(client, f"/runs/{LATEST}/pairs?verdict=any").headings
    assert "Pairs 2" in page(client, f"/runs/{LATEST}/pairs?verdict=both_failing&text=&direction=&cluster=").headings


@pytest.mark.parametrize(
    ("where", "count"),
    [
        (PairFilter(verdict=Verdict.DIVERGENT, text="TEST_LIMITS"), 8),
        (PairFilter(verdict=Verdict.DIVERGENT, direction=Direction.SKIP_MISMATCH), 1),
        (PairFilter(cluster="c09e1d4a"), 17),
        (PairFilter(verdict=Verdict.INCONCLUSIVE), 1),
        (PairFilter(verdict=Verdict.FLAKY, text="no such test"), 0),
    ],
)
def test_a_filter_lists_what_matches_and_keeps_its_fields(client: TestClient, where: PairFilter, count: int) -> None:
    shown = page(client, pairs_url(LATEST, where))
    assert len(shown.tests) == count
    source = client.get(pairs_url(LATEST, where)).text
    for value in (where.verdict, where.direction, where.cluster):
        assert value is None or f'<option value="{value}" selected>' in source
    assert f'value="{where.text or ""}"' in source


def test_paging_through_a_thousand_pairs_meets_each_once(store: Store) -> None:
    ids = [f"suite/test_{number % 7}.py::test_{number}" for number in range(1000)]
    store.save(comparison(header("big"), [divergent(test_id, number % 3) for number, test_id in enumerate(ids)]))
    client, url, found, pages = browse(store), "/runs/big/pairs?text=suite", [], 0
    while url and len(found) <= len(ids):
        shown = page(client, url)
        found += shown.tests
        pages += 1
        url = next((href for href, text in shown.links if text == "Next page"), "")
        assert not url or parse_qs(urlsplit(url).query)["text"] == ["suite"]
    assert found == sorted(ids)
    assert pages == 10


def test_a_pair_shows_both_sides_its_cluster_and_its_history(client: TestClient) -> None:
    shown = page(client, pair_url(LATEST, "suite/test_customers.py::test_lookup_by_email_00"))
    assert shown.tests == ["suite/test_customers.py::test_lookup_by_email_00"]
    assert "legacy the production copy, the control" in shown.headings
    assert "shadow synthetic, the candidate" in shown.headings
    assert "No failure on this side." in shown.text
    assert "customer <number> not found" in shown.text
    assert "suite/conftest.py:41 in customer_of" in shown.text
    assert "5 attempts, 5 failed" in shown.text
    assert "reruns would give an e-value this large at most once in 217 times" in shown.text
    assert "History this test over 9 runs, newest first" in shown.headings
    assert shown.href(night(3).run.id) == pair_url(night(3).run.id, "suite/test_customers.py::test_lookup_by_email_00")


def test_a_pair_where_both_sides_failed_shows_both_failure_shapes(client: TestClient) -> None:
    shown = page(client, pair_url(LATEST, "suite/test_statements.py::test_july_statement_of_a_churned_customer"))
    assert shown.text.index("TimeoutError") < shown.text.index("AttributeError in call")


def test_an_inconclusive_pair_says_that_it_is_not_confirmed(client: TestClient) -> None:
    text = page(client, pair_url(LATEST, "suite/test_accounts.py::test_freezes_dormant_accounts")).text
    assert "Not confirmed, e-value 4.1." in text


def test_a_running_run_follows_its_progress_with_and_without_javascript(client: TestClient, store: Store) -> None:
    source = client.get(f"/runs/{RUNNING}").text
    assert '<noscript><meta http-equiv="refresh"' in source
    assert f'data-progress="/runs/{RUNNING}/progress"' in source
    assert "318 of 464 tests" in source
    store.progress(RUNNING, Progress(step="confirmation", legacy_done=464, shadow_done=464, total=464, candidates=41, pair=3))
    answer = client.get(f"/runs/{RUNNING}/progress").json()
    assert (answer["state"], answer["step"], answer["legacy_done"], answer["candidates"], answer["pair"]) == ("running", "confirmation", 464, 41, 3)
    store.save(replace(night(9), run=header(RUNNING)))
    assert client.get(f"/runs/{RUNNING}/progress").json()["state"] == "complete"
    assert "data-progress" not in client.get(f"/runs/{RUNNING}").text


def test_a_run_that_has_said_nothing_yet_is_shown_as_starting(store: Store) -> None:
    store.begin_run(header("new", finished_at=None, complete=False))
    client = browse(store)
    assert "starting" in page(client, "/runs/new").text
    assert client.get("/runs/new/progress").json()["total"] is None
    assert "This run is under way." in page(client, "/runs/new/pairs").text


def test_times_are_in_utc(client: TestClient) -> None:
    assert '<time datetime="2026-11-20T01:30:00Z">2026-11-20 01:30 UTC</time>' in client.get("/runs").text


@pytest.mark.parametrize(
    ("url", "status", "says"),
    [
        ("/nothing", 404, "there is no page at this address"),
        ("/runs/none", 404, "no run with this id is in the store"),
        ("/runs/none/progress", 404, "no run with this id"),
        (f"/runs/{LATEST}/pair?test=none", 404, "this run holds no pair of this test id"),
        (f"/runs/{LATEST}/pair", 422, "no test in the address"),
        (f"/runs/{LATEST}/pairs?verdict=bad", 422, "equivalent, divergent, flaky, both_failing, inconclusive, any"),
        (f"/runs/{LATEST}/pairs?direction=up", 422, "legacy_only_pass, shadow_only_pass"),
        (f"/runs/{LATEST}/pairs?verdikt=flaky", 422, "verdict, direction, text, cluster, after"),
        (f"/runs/{LATEST}/pairs?text={'x' * 501}", 422, "500"),
        (f"/runs/{LATEST}/pairs?after=nonsense", 400, "First page of the list"),
        ("/runs?before=nonsense", 400, "First page of the list"),
    ],
)
def test_an_address_that_cannot_be_answered_gets_a_page_that_helps(client: TestClient, url: str, status: int, says: str) -> None:
    shown = page(client, url, status)
    assert says in shown.text
    assert shown.href("Overview") == "/"


class _BrokenStore:
    def __getattr__(self, name: str) -> object:
        def fail(*arguments: object, **keywords: object) -> object:
            raise StoreError("the schema is of version 9", where="store.sqlite", expected="version 1", hint="upgrade shadow-harness")

        return fail


def test_a_store_that_does_not_answer_is_shown_as_a_page() -> None:
    client = browse(_BrokenStore())  # type: ignore[arg-type] # every method fails
    for url in ("/", "/runs", f"/runs/{LATEST}", f"/runs/{LATEST}/pairs"):
        shown = page(client, url, 503)
        assert "the schema is of version 9" in shown.text
        assert "upgrade shadow-harness" in shown.text
    assert client.get("/healthz").status_code == 503


def test_healthz_reads_the_store(client: TestClient) -> None:
    assert client.get("/healthz").json() == {"status": "ok"}


def test_no_page_is_broken_html(client: TestClient) -> None:
    for url in ("/", "/runs", f"/runs/{LATEST}", f"/runs/{LATEST}/pairs", f"/runs/{RUNNING}", "/nothing"):
        source = client.get(url).text
        assert source.startswith("<!doctype html>")
        assert source.count("<h1") == 1
        ids = re.findall(r' id="([^"]+)"', source)
        assert len(ids) == len(set(ids))
        assert "Undefined" not in source


class _CountingStore(MemoryStore):
    def __init__(self) -> None:
        super().__init__()
        self.read = 0

    def comparison(self, run_id: str) -> Comparison | None:
        raise AssertionError("no page needs all pairs of a run")

    def comparison_without_pairs(self, run_id: str) -> RunOverview | None:
        self.read += 1
        return super().comparison_without_pairs(run_id)


def test_a_decided_run_is_gathered_once_a_minute_and_again_when_decided_anew() -> None:
    store, now = _CountingStore(), [0.0]
    decided = DecidedRuns(store, monotonic=lambda: now[0])

    def divergent_now() -> int | None:
        run = store.run("a")
        found = decided.of(run) if run else None
        return found.totals.divergent if found else None

    store.save(comparison(header("a"), [divergent("a::b")]))
    assert [divergent_now() for _ in range(3)] == [1, 1, 1]
    assert store.read == 1
    store.save(comparison(header("a"), [divergent("a::b"), divergent("a::c")]))
    assert divergent_now() == 2
    now[0] += SECONDS
    assert divergent_now() == 2
    assert store.read == 3


def test_lists_of_pairs_never_read_a_whole_run() -> None:
    store = _CountingStore()
    store.save(night(9))
    client = browse(store)
    for url in (f"/runs/{LATEST}/pairs", "/runs", "/healthz"):
        assert client.get(url).status_code == 200
    assert store.read == 0


def test_a_pair_shows_what_it_depends_on_what_it_observed_and_behind_which_tests(store: Store) -> None:
    pair = divergent(
        "suite/test_a.py::test_told",
        couplings=(
            Coupling(
                kind=CouplingKind.NATURAL_KEY,
                strength=Strength.LIKELY,
                path="suite/test_a.py",
                line=9,
                column=10,
                entity="Customer.Email",
                signals=(Signal.LITERAL, Signal.BOUND_PARAMETER),
                token="email:7f3a91",
                sentence="depends on <b>a real</b> address",
            ),
        ),
        observations=(
            ObservationResult(
                test_id="suite/test_a.py::test_told",
                name="customers",
                number=1,
                compare=ObserveMode.SHAPE,
                status=ObservationStatus.CUT_SHORT,
                differences=(
                    ObservationDifference(name="customers", path="$[*].phone", kind=ObservationKind.NULL, legacy="may be null", shadow="never null"),
                ),
                budget=ObservationBudget.NODES,
            ),
        ),
        order=OrderDependence(side=Side.SHADOW, behind=("suite/test_a.py::test_polluter",), shortest=True, rounds=4, e_value=217.8),
        experiments=(
            ExperimentResult(kind=ExperimentKind.COUNTERFACTUAL, side=Side.SHADOW, outcome=Outcome.PASSED, path="suite/test_a.py", line=9, column=10),
            ExperimentResult(kind=ExperimentKind.SETTINGS_SWAP, side=Side.SHADOW, obstacle="the budget of experiments was spent", setting="<b>X</b>"),
        ),
    )
    store.save(comparison(header(LATEST), [pair]))

    shown = page(browse(store), pair_url(LATEST, pair.test_id))

    assert "with a record of shadow's own at suite/test_a.py:9:10: passed on shadow" in shown.text
    assert "with legacy's settings (<b>X</b>): not tried, the budget of experiments was spent" in shown.text
    assert {"What it depends on", "What was tried", "What the sides observed differently", "Order of tests"} <= set(shown.headings)
    assert "suite/test_a.py:9:10 depends on Customer.Email (email:7f3a91): the test reaches it, it was bound in a statement; likely." in shown.text
    assert "depends on <b>a real</b> address" in shown.text
    assert "customers[*].phone: may be null on legacy, never null on shadow" in shown.text
    assert "customers: cut short, the value has more parts than are recorded" in shown.text
    assert "suite/test_a.py::test_polluter" in shown.text
