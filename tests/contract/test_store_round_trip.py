"""Whatever a comparison holds comes back from a database as it was stored."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.engine import make_url

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
    PairFilter,
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
from harness.store import open_store
from harness.store.database import Database
from tests.fakes import MemoryStore

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from harness.ports import Store

_NUMBERS = st.integers(0, 2**31 - 1)
_FLOATS = st.floats(allow_nan=False)
_TEXTS = st.text(st.characters(exclude_categories=()) | st.sampled_from("\x00\ud83d\ude00\U0010fff0\U0010ffe0aA"), max_size=12)  # surrogates and all
_SHARED = st.sampled_from(["", "c1", "c2", "a\x00"])  # a few, so that pairs meet in a cluster
_TIMES = st.datetimes(timezones=st.just(UTC), min_value=datetime(1971, 1, 1), max_value=datetime(2999, 1, 1))  # noqa: DTZ001 - hypothesis wants it naive
_FRAMES = st.builds(Frame, path=_TEXTS, line=_NUMBERS, function=_TEXTS)
_FAILURES = st.builds(Failure, type=_TEXTS, message=_TEXTS, phase=st.sampled_from(Phase), frames=st.lists(_FRAMES, max_size=3).map(tuple))
_SIDES = st.builds(
    SideResult,
    outcome=st.none() | st.sampled_from(Outcome),
    attempts=st.just(1) | _NUMBERS,
    failed=st.just(0) | _NUMBERS,
    seconds=st.none() | _FLOATS,
    failure=st.none() | _FAILURES,
)
_PAIRS = st.builds(
    PairResult,
    test_id=_TEXTS,
    legacy=_SIDES,
    shadow=_SIDES,
    verdict=st.sampled_from(Verdict),
    reason=_TEXTS,
    direction=st.none() | st.sampled_from(Direction),
    confirmed=st.none() | st.booleans(),
    e_value=st.none() | _FLOATS,
    fingerprint=st.none() | _SHARED,
    cluster=st.none() | _SHARED,
    cause=st.none() | st.sampled_from(Cause),
    remedy=st.sampled_from(Remedy),
)
_CLUSTERS = st.builds(
    Cluster,
    id=_SHARED,
    exception=_TEXTS,
    template=_TEXTS,
    frame=st.none() | _FRAMES,
    tests=st.lists(_TEXTS, max_size=3).map(tuple),
    sentence=_TEXTS,
)
_HEADERS = st.builds(
    RunHeader,
    id=_TEXTS,
    suite=_TEXTS,
    started_at=_TIMES,
    confirm=st.builds(ConfirmPolicy, enabled=st.booleans(), alpha=_FLOATS, max_pairs=_NUMBERS, mass_failure=_FLOATS, clean_nights=_NUMBERS),
    finished_at=st.none() | _TIMES,
    complete=st.booleans(),
    harness_version=_TEXTS,
    whole=st.booleans(),
)
_COMPARISONS = st.builds(
    Comparison,
    run=_HEADERS,
    pairs=st.lists(_PAIRS, max_size=6, unique_by=lambda pair: pair.test_id).map(lambda pairs: tuple(sorted(pairs, key=lambda pair: pair.test_id))),
    totals=st.builds(Totals, tests=_NUMBERS, equivalent=_NUMBERS, divergent=_NUMBERS, flaky=_NUMBERS, both_failing=_NUMBERS, inconclusive=_NUMBERS),
    exit=_NUMBERS,
    clusters=st.lists(_CLUSTERS, max_size=3).map(tuple),
    parity=st.lists(st.builds(ParityDifference, name=_TEXTS, legacy=st.none() | _TEXTS, shadow=st.none() | _TEXTS), max_size=3).map(tuple),
    legacy=st.dictionaries(_TEXTS, _TEXTS, max_size=3),
    shadow=st.dictionaries(_TEXTS, _TEXTS, max_size=3),
    infrastructure=st.lists(
        st.builds(
            InfrastructureFailure,
            kind=st.sampled_from(InfrastructureKind),
            message=_TEXTS,
            hint=_TEXTS,
            side=st.none() | st.sampled_from(Side),
        ),
        max_size=2,
    ).map(tuple),
    warnings=st.lists(_TEXTS, max_size=2).map(tuple),
)
_FILTERS = st.builds(
    PairFilter,
    verdict=st.none() | st.sampled_from(Verdict),
    direction=st.none() | st.sampled_from(Direction),
    cluster=st.none() | _SHARED,
    text=st.none() | st.text(st.characters(exclude_categories=()) | st.sampled_from("\x00aA\U0010fff0"), max_size=2),
)
_LEADS_NOWHERE = """
SELECT count(*) FROM pair AS p
LEFT JOIN pair_detail AS d ON d.run_id = p.run_id AND d.position = p.position
WHERE NOT EXISTS (SELECT 1 FROM run WHERE run.id = p.run_id)
   OR NOT EXISTS (SELECT 1 FROM test WHERE test.id = p.test_id)
   OR NOT EXISTS (SELECT 1 FROM text WHERE text.id = p.reason_id)
   OR d.fingerprint_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM text WHERE text.id = d.fingerprint_id)
   OR d.cluster_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM text WHERE text.id = d.cluster_id)
   OR d.legacy_failure_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM failure WHERE failure.id = d.legacy_failure_id)
   OR EXISTS (SELECT 1 FROM divergence AS v WHERE NOT EXISTS (SELECT 1 FROM test WHERE test.id = v.test_id))
   OR EXISTS (SELECT 1 FROM divergence AS v WHERE v.cluster_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM text WHERE text.id = v.cluster_id))
   OR EXISTS (SELECT 1 FROM discordance AS v WHERE NOT EXISTS (SELECT 1 FROM test WHERE test.id = v.test_id))
   OR d.shadow_failure_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM failure WHERE failure.id = d.shadow_failure_id)
"""
_LEFT_BEHIND = """
SELECT count(*) FROM pair_detail AS d WHERE NOT EXISTS (SELECT 1 FROM pair AS p WHERE p.run_id = d.run_id AND p.position = d.position)
"""


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return request.getfixturevalue("shared_postgres_url") if request.param == "postgres" else f"sqlite:///{tmp_path}/shadow.db"


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    opened = open_store(url)
    opened.delete_all()
    yield opened
    opened.close()


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    """The store's database, behind its back."""
    opened = Database(make_url(url))
    yield opened
    opened.close()


_WITH_ONE_STORE = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])


@_WITH_ONE_STORE
@given(comparison=_COMPARISONS)
def test_a_comparison_comes_back_as_it_was_stored(store: Store, comparison: Comparison) -> None:
    store.save(comparison)

    shown = tuple(pair for pair in comparison.pairs if pair.verdict is not Verdict.EQUIVALENT)
    assert store.comparison(comparison.run.id) == replace(comparison, pairs=shown)
    assert store.comparison_without_pairs(comparison.run.id) == _in_memory(comparison).comparison_without_pairs(comparison.run.id)
    for pair in comparison.pairs:
        assert store.pair(comparison.run.id, pair.test_id) == pair


@_WITH_ONE_STORE
@given(comparisons=st.lists(_COMPARISONS, max_size=3), where=_FILTERS, limit=st.integers(1, 3))
def test_lists_and_histories_are_those_of_the_store_in_memory(store: Store, comparisons: list[Comparison], where: PairFilter, limit: int) -> None:
    memory = MemoryStore()
    store.delete_all()
    for comparison in comparisons:
        store.save(comparison)
        memory.save(comparison)

    assert list(store.runs()) == list(memory.runs())
    for comparison in comparisons:
        assert list(_pages(store, comparison.run.id, where, limit)) == list(_pages(memory, comparison.run.id, where, limit))
        for pair in comparison.pairs:
            assert list(store.history(pair.test_id)) == list(memory.history(pair.test_id))
            assert store.divergence(pair.test_id) == memory.divergence(pair.test_id)
    assert store.discordances() == memory.discordances()


@_WITH_ONE_STORE
@given(comparisons=st.lists(_COMPARISONS, max_size=3))
def test_no_id_leads_nowhere(store: Store, database: Database, comparisons: list[Comparison]) -> None:
    for comparison in comparisons:
        store.save(comparison)
    for comparison in comparisons[1:]:
        store.forget(comparison.run.id)
    for comparison in comparisons[2:]:
        store.begin_run(comparison.run)

    with database.reading("looking") as connection:
        assert connection.exec_driver_sql(_LEADS_NOWHERE).scalar() == 0
        assert connection.exec_driver_sql(_LEFT_BEHIND).scalar() == 0


def test_an_unbounded_e_value_is_kept(store: Store) -> None:
    pair = PairResult(
        test_id="t", legacy=SideResult(outcome=None), shadow=SideResult(outcome=None), verdict=Verdict.FLAKY, reason="", e_value=math.inf
    )
    run = RunHeader(id="r", suite="s", started_at=datetime(2026, 1, 1, tzinfo=UTC), confirm=ConfirmPolicy())
    store.save(Comparison(run=run, pairs=(pair,), totals=Totals(), exit=0))

    assert store.pair("r", "t") == pair


def _in_memory(*comparisons: Comparison) -> MemoryStore:
    memory = MemoryStore()
    for comparison in comparisons:
        memory.save(comparison)
    return memory


def _pages(store: Store, run_id: str, where: PairFilter, limit: int) -> Iterator[object]:
    after = None
    while True:
        page = store.pairs(run_id, where, after=after, limit=limit)
        yield page.rows, page.total
        after = page.next_key
        if after is None:
            return
