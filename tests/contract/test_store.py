"""The suite of the port Store: the fake in memory, SQLite and PostgreSQL behave alike."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

import pytest

from harness.errors import StoreError
from harness.model import (
    Cause,
    Cluster,
    Comparison,
    ConfirmPolicy,
    Direction,
    Failure,
    Frame,
    Outcome,
    PairFilter,
    PairResult,
    Phase,
    Progress,
    Remedy,
    RunHeader,
    RunState,
    SideResult,
    Totals,
    Verdict,
)
from harness.store import open_store
from tests.fakes import MemoryStore

if TYPE_CHECKING:
    from pathlib import Path

    from harness.ports import Store

Opener = Callable[[], "Store"]

STARTED = datetime(2026, 11, 20, 1, 30, 0, 123456, tzinfo=UTC)
FAILURE = Failure(
    type="LookupError",
    message="customer <number> not found",
    phase=Phase.CALL,
    frames=(Frame(path="suite/test_a.py", line=9, function="test_lookup"), Frame(path="suite/conftest.py", line=41, function="customer_of")),
)
ODD_IDS = (
    "",
    "a",
    "a\x00b",
    "a\x00",
    "\ud83d\ude00",
    "\U0001f600",
    "\udfff",
    "\U0010fff0\U0010ffe0",
    "new\nline",
    "É",
    "é",
    "ǅ",
    "ß",
    "[%_]",
    "Zebra",
    "x" * 9000,
)


def header(run_id: str = "night-1", *, days: int = 0, **changes: Any) -> RunHeader:
    started = STARTED + timedelta(days=days)
    whole = RunHeader(
        id=run_id, suite="ledger", started_at=started, finished_at=started, confirm=ConfirmPolicy(), complete=True, harness_version="0.1"
    )
    return replace(whole, **changes)


def equivalent(test_id: str) -> PairResult:
    passed = SideResult(outcome=Outcome.PASSED, seconds=0.25)
    return PairResult(test_id=test_id, legacy=passed, shadow=replace(passed, seconds=None), verdict=Verdict.EQUIVALENT, reason="both sides passed")


def divergent(
    test_id: str, *, cluster: str | None = "c1", direction: Direction = Direction.LEGACY_ONLY_PASS, failure: Failure = FAILURE
) -> PairResult:
    return PairResult(
        test_id=test_id,
        legacy=SideResult(outcome=Outcome.PASSED, attempts=4),
        shadow=SideResult(outcome=Outcome.FAILED, attempts=4, failed=4, failure=failure),
        verdict=Verdict.DIVERGENT,
        reason="3 of 3 pairs",
        direction=direction,
        confirmed=True,
        e_value=56.623104,
        fingerprint="f1",
        cluster=cluster,
        cause=Cause.NATURAL_KEY,
        remedy=Remedy.MAKE_DATA_AGNOSTIC,
    )


def comparison(*pairs: PairResult, run: RunHeader | None = None, **changes: Any) -> Comparison:
    ordered = tuple(sorted(pairs, key=lambda pair: pair.test_id))
    count = {verdict.value: sum(pair.verdict is verdict for pair in pairs) for verdict in Verdict}
    return replace(Comparison(run=run or header(), pairs=ordered, totals=Totals(tests=len(pairs), **count), exit=1), **changes)


def ids(store: Store, where: PairFilter | None = None, *, run_id: str = "night-1", limit: int = 100) -> list[str]:
    """All test ids of a list, page by page."""
    found: list[str] = []
    after = None
    while True:
        page = store.pairs(run_id, where or PairFilter(), after=after, limit=limit)
        assert len(page.rows) <= limit
        found += [row.test_id for row in page.rows]
        after = page.next_key
        if after is None:
            assert page.total == len(found)
            return found


class Streamed:
    """Pairs that do something on the way when they are read."""

    def __init__(self, *steps: PairResult | Callable[[], None]) -> None:
        self._steps = steps

    def __iter__(self) -> Iterator[PairResult]:
        for step in self._steps:
            if isinstance(step, PairResult):
                yield step
            else:
                step()

    def as_pairs(self) -> tuple[PairResult, ...]:
        return cast("tuple[PairResult, ...]", self)


@pytest.fixture(params=["memory", "sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def opener(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Opener]:
    """Opens the same store again and again, as several processes would."""
    opened: list[Store] = []
    memory = MemoryStore()
    url = request.getfixturevalue("shared_postgres_url") if request.param == "postgres" else f"sqlite:///{tmp_path}/shadow.db"

    def open_again() -> Store:
        store = memory if request.param == "memory" else open_store(url)
        opened.append(store)
        return store

    open_again().delete_all()
    yield open_again
    for store in opened:
        store.close()


@pytest.fixture
def store(opener: Opener) -> Store:
    return opener()


def test_an_empty_store_knows_nothing(store: Store) -> None:
    assert list(store.runs()) == []
    assert store.latest() is None
    assert store.run("x") is None
    assert store.comparison("x") is None
    assert store.pair("x", "t") is None
    assert list(store.history("t")) == []
    assert store.pairs("x", PairFilter()).rows == ()


def test_a_run_under_way_shows_where_it_stands(store: Store) -> None:
    begun = header(finished_at=None, complete=False)
    progress = Progress(step="attempts", legacy_done=3, shadow_done=2, total=77, candidates=1, pair=2)

    store.begin_run(begun)
    before = store.run("night-1")
    store.progress("night-1", replace(progress, total=None))
    store.progress("night-1", progress)
    after = store.run("night-1")

    assert before is not None
    assert (before.state, before.progress, before.totals, before.exit) == (RunState.RUNNING, None, None, None)
    assert before.started_at == STARTED
    assert before.finished_at is None
    assert after == replace(before, progress=progress)
    assert store.latest() is None
    assert store.comparison("night-1") is None


def test_progress_of_an_unknown_run_does_nothing(store: Store) -> None:
    store.progress("x", Progress(step="attempts"))

    assert list(store.runs()) == []


def test_a_decided_run_has_totals_and_no_progress(store: Store) -> None:
    store.begin_run(header(finished_at=None, complete=False))
    store.progress("night-1", Progress(step="attempts"))
    decided = comparison(equivalent("a"), divergent("b"))

    store.save(decided)
    store.progress("night-1", Progress(step="attempts"))
    run = store.run("night-1")

    assert run is not None
    assert (run.state, run.totals, run.exit, run.progress) == (RunState.COMPLETE, decided.totals, 1, None)
    assert run.finished_at == STARTED
    assert store.latest() == run


def test_a_run_that_ended_early_is_incomplete_and_still_the_latest(store: Store) -> None:
    store.save(comparison(run=header("night-1")))
    store.save(comparison(run=header("night-2", days=1, complete=False)))

    latest = store.latest()
    assert latest is not None
    assert (latest.id, latest.state) == ("night-2", RunState.INCOMPLETE)


def test_a_run_that_died_is_marked_and_keeps_where_it_stood(store: Store) -> None:
    store.save(comparison(run=header("night-1")))
    store.begin_run(header("night-2", days=1, finished_at=None, complete=False))
    store.progress("night-2", Progress(step="attempts", legacy_done=5))

    store.mark("night-2", RunState.INCOMPLETE)
    store.progress("night-2", Progress(step="late"))
    died = store.run("night-2")

    assert died is not None
    assert (died.state, died.totals, died.progress) == (RunState.INCOMPLETE, None, Progress(step="attempts", legacy_done=5))
    assert store.comparison("night-2") is None
    latest = store.latest()
    assert latest is not None
    assert latest.id == "night-1"


def test_a_decided_run_is_not_marked(store: Store) -> None:
    store.save(comparison())
    before = store.run("night-1")

    store.mark("night-1", RunState.INCOMPLETE)
    store.mark("unknown", RunState.INCOMPLETE)

    assert store.run("night-1") == before


def test_runs_come_newest_first_by_page(store: Store) -> None:
    for day in (1, 3, 0, 2):
        store.save(comparison(run=header(f"night-{day}", days=day)))
    store.begin_run(header("live", days=9, finished_at=None, complete=False))

    assert [run.id for run in store.runs(limit=2)] == ["live", "night-3"]
    assert [run.id for run in store.runs(limit=2, before="night-3")] == ["night-2", "night-1"]
    assert [run.id for run in store.runs(before="night-0")] == []


def test_runs_of_one_moment_are_neither_lost_nor_doubled_between_pages(store: Store) -> None:
    for name in "abc":
        store.save(comparison(run=header(name)))

    assert [run.id for run in store.runs()] == ["c", "b", "a"]
    assert [run.id for run in store.runs(before="b")] == ["a"]


def test_continuing_after_an_unknown_run_is_refused(store: Store) -> None:
    with pytest.raises(StoreError, match="not in the store"):
        store.runs(before="x")


def test_saving_replaces_what_was_known_of_the_run(store: Store) -> None:
    store.save(comparison(divergent("a"), divergent("b"), equivalent("c"), run=header("other")))
    store.save(comparison(divergent("a"), divergent("b"), equivalent("c"), warnings=("w",), legacy={"x": "1"}))
    second = comparison(equivalent("a"), divergent("d", cluster="c2"))

    store.save(second)

    assert ids(store) == ["a", "d"]
    assert ids(store, PairFilter(cluster="c1")) == []
    assert store.pair("night-1", "b") is None
    assert store.comparison("night-1") == replace(second, pairs=second.pairs[1:])
    assert ids(store, run_id="other") == ["a", "b", "c"]


def test_beginning_a_run_again_forgets_its_decision(store: Store) -> None:
    store.save(comparison(divergent("a")))

    store.begin_run(header(finished_at=None, complete=False))
    run = store.run("night-1")

    assert run is not None
    assert (run.state, run.totals) == (RunState.RUNNING, None)
    assert ids(store) == []
    assert list(store.history("a")) == []


def test_one_run_is_forgotten(store: Store) -> None:
    store.save(comparison(divergent("a"), run=header("night-1")))
    store.save(comparison(divergent("a"), run=header("night-2", days=1)))

    store.forget("night-2")
    store.forget("unknown")

    assert [run.id for run in store.runs()] == ["night-1"]
    assert [entry.run_id for entry in store.history("a")] == ["night-1"]
    assert ids(store) == ["a"]


def test_everything_is_forgotten_before_a_rebuild(store: Store) -> None:
    clusters = (Cluster(id="c1", exception="E", template="t", frame=None, tests=("a",), sentence="s"),)
    whole = comparison(divergent("a"), equivalent("b"), clusters=clusters)
    store.save(whole)

    store.delete_all()

    assert list(store.runs()) == []
    store.save(whole)
    assert ids(store) == ["a", "b"]


def test_pairs_are_filtered_by_every_condition_and_together(store: Store) -> None:
    store.save(
        comparison(
            equivalent("suite/test_a.py::test_one"),
            divergent("suite/test_a.py::test_two"),
            divergent("suite/test_b.py::TEST_TWO", cluster="c2", direction=Direction.SKIP_MISMATCH),
            replace(divergent("suite/test_c.py::test_flaky", cluster=None), verdict=Verdict.FLAKY, confirmed=False),
        ),
    )

    assert [name[-8:] for name in ids(store, PairFilter(verdict=Verdict.DIVERGENT))] == ["test_two", "TEST_TWO"]
    assert len(ids(store, PairFilter(verdict=Verdict.EQUIVALENT))) == 1
    assert ids(store, PairFilter(verdict=Verdict.INCONCLUSIVE)) == []
    assert len(ids(store, PairFilter(direction=Direction.LEGACY_ONLY_PASS))) == 2
    assert len(ids(store, PairFilter(direction=Direction.LEGACY_ONLY_PASS, verdict=Verdict.FLAKY))) == 1
    assert len(ids(store, PairFilter(cluster="c2"))) == 1
    assert ids(store, PairFilter(cluster="c2", verdict=Verdict.FLAKY)) == []
    assert ids(store, PairFilter(cluster="unknown")) == []
    assert len(ids(store, PairFilter(text="TEST_two"))) == 2
    assert len(ids(store, PairFilter(text="test_two", cluster="c1"))) == 1
    assert len(ids(store, PairFilter(text=""))) == 4
    assert ids(store, PairFilter(text="%")) == []


def test_text_is_found_in_any_script_and_case(store: Store) -> None:
    store.save(comparison(*(equivalent(test_id) for test_id in ODD_IDS)))

    assert ids(store, PairFilter(text="É")) == ["É", "é"]
    assert ids(store, PairFilter(text="SS")) == ["ß"]
    assert ids(store, PairFilter(text="_")) == ["[%_]"]
    assert ids(store, PairFilter(text="\x00")) == ["a\x00", "a\x00b"]
    assert ids(store, PairFilter(text="\x00B")) == ["a\x00b"]
    assert ids(store, PairFilter(text="\ude00")) == ["\ud83d\ude00"]
    assert ids(store, PairFilter(text="\U0010ffe0")) == ["\U0010fff0\U0010ffe0"]


def test_pairs_come_in_the_order_of_code_points_whatever_they_hold(store: Store) -> None:
    store.save(comparison(*(divergent(test_id) for test_id in ODD_IDS)))

    assert ids(store, limit=1) == sorted(ODD_IDS)
    assert ids(store, PairFilter(verdict=Verdict.DIVERGENT), limit=3) == sorted(ODD_IDS)
    assert ids(store, PairFilter(cluster="c1"), limit=5) == sorted(ODD_IDS)
    assert all(store.pair("night-1", test_id) == divergent(test_id) for test_id in ODD_IDS)


def test_a_key_holds_under_every_filter_and_after_the_run_is_stored_again(store: Store) -> None:
    store.save(comparison(divergent("b"), equivalent("c"), divergent("d")))
    key = store.pairs("night-1", PairFilter(), limit=1).next_key

    store.save(comparison(divergent("a"), divergent("b"), equivalent("c"), divergent("d")))

    assert [row.test_id for row in store.pairs("night-1", PairFilter(), after=key).rows] == ["c", "d"]
    rest = store.pairs("night-1", PairFilter(verdict=Verdict.DIVERGENT), after=key)
    assert [row.test_id for row in rest.rows] == ["d"]
    assert rest.total == 3
    assert store.pairs("night-1", PairFilter(cluster="c1"), after=key).rows == rest.rows


@pytest.mark.parametrize("key", ["", "x", "0", "ff", "é", "0" * 32, "' OR 1=1"])
def test_a_key_of_no_list_is_refused(store: Store, key: str) -> None:
    store.save(comparison(divergent("a")))

    with pytest.raises(StoreError, match="not of this list"):
        store.pairs("night-1", PairFilter(), after=key)


def test_a_key_of_another_run_is_refused_where_the_test_is_not_in_this_one(store: Store) -> None:
    store.save(comparison(divergent("a"), divergent("b"), run=header("night-1")))
    store.save(comparison(divergent("b"), run=header("night-2")))
    key = store.pairs("night-1", PairFilter(), limit=1).next_key

    with pytest.raises(StoreError, match="not of this list"):
        store.pairs("night-2", PairFilter(), after=key)


def test_a_row_shows_the_innermost_frame_of_shadows_failure_or_else_of_legacys(store: Store) -> None:
    legacy_failure = replace(FAILURE, type="KeyError", frames=FAILURE.frames[:1])
    only_legacy = replace(divergent("b"), legacy=SideResult(outcome=Outcome.FAILED, failure=legacy_failure), shadow=SideResult(outcome=None))
    without_frames = divergent("c", cluster=None, failure=replace(FAILURE, frames=()))
    store.save(comparison(divergent("a"), only_legacy, without_frames, equivalent("d")))

    rows = store.pairs("night-1", PairFilter()).rows

    assert [(row.exception, row.path, row.line) for row in rows] == [
        ("LookupError", "suite/conftest.py", 41),
        ("KeyError", "suite/test_a.py", 9),
        ("LookupError", None, None),
        (None, None, None),
    ]
    assert [(row.cluster, row.confirmed, row.e_value) for row in rows[2:]] == [(None, True, 56.623104), (None, None, None)]
    assert [(row.legacy_outcome, row.shadow_outcome, row.direction) for row in rows[1:2]] == [(Outcome.FAILED, None, Direction.LEGACY_ONLY_PASS)]


def test_history_tells_every_run_of_a_test_newest_first(store: Store) -> None:
    store.save(comparison(divergent("a"), run=header("night-2", days=2)))
    store.save(comparison(equivalent("a"), divergent("b"), run=header("night-1", days=1)))
    store.save(comparison(equivalent("b"), run=header("night-3", days=3)))

    history = store.history("a")

    assert [(entry.run_id, entry.verdict, entry.e_value) for entry in history] == [
        ("night-2", Verdict.DIVERGENT, 56.623104),
        ("night-1", Verdict.EQUIVALENT, None),
    ]
    assert history[0].started_at == STARTED + timedelta(days=2)
    assert (history[0].direction, history[0].legacy_outcome, history[0].shadow_outcome) == (
        Direction.LEGACY_ONLY_PASS,
        Outcome.PASSED,
        Outcome.FAILED,
    )
    assert store.history("a", limit=1) == history[:1]


def test_more_pairs_than_a_batch_are_stored(store: Store) -> None:
    count = 12_003
    pairs = [divergent(f"t{number:06d}", cluster=f"c{number % 3}") if number % 7 == 0 else equivalent(f"t{number:06d}") for number in range(count)]
    clusters = tuple(
        Cluster(id=name, exception="E", template="t", frame=None, tests=tuple(pair.test_id for pair in pairs if pair.cluster == name), sentence="s")
        for name in ("c0", "c1", "c2")
    )
    whole = comparison(*pairs, clusters=clusters)

    store.save(whole)

    assert store.pairs("night-1", PairFilter()).total == count
    assert store.comparison("night-1") == replace(whole, pairs=tuple(pair for pair in pairs if pair.verdict is Verdict.DIVERGENT))
    assert ids(store, PairFilter(cluster="c1"), limit=200) == list(clusters[1].tests)


@pytest.mark.parametrize("wrong", [("b", "a"), ("a", "a")])
def test_pairs_out_of_order_or_doubled_are_refused_and_nothing_changes(store: Store, wrong: tuple[str, str]) -> None:
    first = comparison(divergent("a"), warnings=("kept",))
    store.save(first)

    with pytest.raises(StoreError, match="not sorted"):
        store.save(replace(first, pairs=tuple(equivalent(test_id) for test_id in wrong), warnings=()))

    assert store.comparison("night-1") == first


def test_a_save_that_fails_half_way_changes_nothing(store: Store) -> None:
    first = comparison(divergent("a"), equivalent("b"))
    store.save(first)
    before = store.run("night-1")

    def fail() -> None:
        raise OSError("the disk is gone")

    with pytest.raises(OSError, match="the disk is gone"):
        store.save(replace(first, exit=0, pairs=Streamed(*(equivalent(f"x{number:05d}") for number in range(6000)), fail).as_pairs()))

    assert store.run("night-1") == before
    assert ids(store) == ["a", "b"]
    assert store.pair("night-1", "x00000") is None


def test_a_reader_sees_the_old_state_whole_while_a_run_is_being_stored(opener: Opener) -> None:
    writer, reader = opener(), opener()
    first = comparison(divergent("a"), equivalent("b"))
    writer.save(first)
    seen: list[object] = []

    def look() -> None:
        seen.append((reader.comparison("night-1"), ids(reader), reader.pairs("night-1", PairFilter(verdict=Verdict.DIVERGENT)).total))

    writer.save(replace(first, exit=0, pairs=Streamed(*(equivalent(f"x{number:05d}") for number in range(6000)), look).as_pairs()))

    assert seen == [(replace(first, pairs=first.pairs[:1]), ["a", "b"], 1)]
    assert reader.pairs("night-1", PairFilter()).total == 6000
