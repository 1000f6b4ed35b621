"""Following divergences over the nights: the store in memory, SQLite and PostgreSQL tell the same, in whatever order runs are stored."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from harness.errors import StoreError
from harness.model import (
    OPEN_DIVERGENCES,
    Comparison,
    ConfirmPolicy,
    Direction,
    DivergenceFilter,
    DivergenceRow,
    DivergenceState,
    Moment,
    Outcome,
    PairResult,
    Rename,
    RenameReason,
    RunHeader,
    SideResult,
    Totals,
    Verdict,
)
from harness.store import open_store
from tests.fakes import MemoryStore

if TYPE_CHECKING:
    from pathlib import Path

    from harness.ports import Store

STARTED = datetime(2026, 11, 1, 1, 30, tzinfo=UTC)
NOW = datetime(2026, 12, 24, tzinfo=UTC)
TESTS = ("a", "b", "\u00e9\x00", "suite/test_x.py::test_y[\ud800]")
KINDS = "=dDlfbu"  # equivalent, divergent on shadow (unconfirmed: D), divergent on legacy, flaky, both failing, undecided
CLUSTERS = ("c1", "c2")


def pair(test_id: str, kind: str, cluster: str | None = "c1") -> PairResult:
    """A pair of one kind of KINDS."""
    passed, failed = SideResult(outcome=Outcome.PASSED), SideResult(outcome=Outcome.FAILED)
    plain = PairResult(test_id=test_id, legacy=passed, shadow=passed, verdict=Verdict.EQUIVALENT, reason="r")
    if kind == "=":
        return plain
    if kind == "b":
        return replace(plain, legacy=failed, shadow=failed, verdict=Verdict.BOTH_FAILING)
    if kind == "l":
        way = Direction.SHADOW_ONLY_PASS
        return replace(plain, legacy=failed, verdict=Verdict.DIVERGENT, direction=way, confirmed=True, cluster=cluster)
    differs = replace(plain, shadow=failed, direction=Direction.LEGACY_ONLY_PASS, confirmed=False)
    if kind in "fu":
        return replace(differs, verdict=Verdict.FLAKY if kind == "f" else Verdict.INCONCLUSIVE)
    return replace(differs, verdict=Verdict.DIVERGENT, confirmed=kind == "d", cluster=cluster)


@dataclass(frozen=True)
class Night:
    """A run as the tests write it: the kind of each test's pair, in the order of TESTS, "." where the test is missing."""

    day: int
    pairs: str
    suite: str = "ledger"
    complete: bool = True
    whole: bool = True
    digest: str = "x"
    renames: tuple[Rename, ...] = ()
    clean_nights: int = 3

    @property
    def id(self) -> str:
        return f"{self.suite}-{self.day:02d}"

    def comparison(self) -> Comparison:
        pairs = [pair(test_id, kind, CLUSTERS[self.day % 2]) for test_id, kind in zip(TESTS, self.pairs, strict=False) if kind != "."]
        started = STARTED + timedelta(days=self.day, seconds=self.suite != "ledger")
        return Comparison(
            run=RunHeader(
                id=self.id,
                suite=self.suite,
                started_at=started,
                finished_at=started,
                confirm=ConfirmPolicy(clean_nights=self.clean_nights),
                complete=self.complete,
                whole=self.whole,
            ),
            pairs=tuple(sorted(pairs, key=lambda item: item.test_id)),
            totals=Totals(tests=len(pairs)),
            exit=1,
            legacy={"suite.digest": self.digest, "os": f"linux {self.day}"},
            shadow={"suite.digest": self.digest},
        )


def save(store: Store, *nights: Night) -> None:
    for night in nights:
        store.save(night.comparison(), renames=night.renames)


def nights(*pairs: str) -> list[Night]:
    return [Night(day, kinds) for day, kinds in enumerate(pairs)]


def at(day: int, suite: str = "ledger") -> Moment:
    return Moment(at=STARTED + timedelta(days=day), run_id=f"{suite}-{day:02d}")


def told(store: Store) -> object:
    """Everything that is followed."""
    page = store.divergences(DivergenceFilter())
    assert page.total == len(page.rows)
    return (
        page.rows,
        tuple(store.discordances()),
        [list(store.history(test_id)) for test_id in TESTS],
        [store.divergence(test_id) for test_id in TESTS],
    )


def one(store: Store, test_id: str = "a") -> DivergenceRow:
    found = store.divergence(test_id)
    assert found is not None
    return found


@pytest.fixture(params=["memory", "sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    if request.param == "memory":
        yield MemoryStore()
        return
    url = request.getfixturevalue("shared_postgres_url") if request.param == "postgres" else f"sqlite:///{tmp_path}/shadow.db"
    opened = open_store(url)
    opened.delete_all()
    yield opened
    opened.close()


def test_a_divergence_is_open_from_its_first_night(store: Store) -> None:
    save(store, *nights("=", "d", "D"))

    assert one(store) == DivergenceRow(
        suite="ledger",
        test_id="a",
        state=DivergenceState.OPEN,
        first_seen=at(1),
        last_seen=at(2),
        nights_seen=2,
        clean_nights=0,
        missing_nights=0,
        direction=Direction.LEGACY_ONLY_PASS,
        cluster="c1",
        confirmed=True,
    )
    assert store.divergence("b") is None


@pytest.mark.parametrize(
    ("pairs", "state", "clean"),
    [
        ("d==", DivergenceState.OPEN, 2),
        ("d===", DivergenceState.CONVERGED, 3),
        ("d=====", DivergenceState.CONVERGED, 3),
        ("d==d==", DivergenceState.OPEN, 2),
        ("d===d", DivergenceState.REOPENED, 0),
        ("d===d===", DivergenceState.CONVERGED, 3),
        ("d==b=", DivergenceState.CONVERGED, 3),  # both sides failed: nothing was learned, neither way
        ("d==f==", DivergenceState.OPEN, 2),  # flaky: not seen, and not clean
        ("d==u=", DivergenceState.OPEN, 1),
        ("d==.=", DivergenceState.CONVERGED, 3),
        ("d...", DivergenceState.REMOVED, 0),
        ("d..=.", DivergenceState.OPEN, 1),
        ("d...d", DivergenceState.REOPENED, 0),
        ("=f=f=", None, 0),
    ],
)
def test_a_divergence_converges_after_clean_nights_in_a_row(store: Store, pairs: str, state: DivergenceState | None, clean: int) -> None:
    save(store, *nights(*pairs))

    found = store.divergence("a")
    assert (found and (found.state, found.clean_nights)) == (state and (state, clean))


def test_the_policy_of_the_night_says_how_many_clean_nights_it_takes(store: Store) -> None:
    save(store, *(replace(night, clean_nights=1) for night in nights("d", "=")))

    assert one(store).state is DivergenceState.CONVERGED


@pytest.mark.parametrize("no_night", [{"complete": False}, {"whole": False}])
def test_only_complete_runs_of_the_whole_suite_are_nights(store: Store, no_night: dict[str, bool]) -> None:
    save(store, Night(0, "d="), *(replace(night, **no_night) for night in [Night(1, "=d"), Night(2, "=d"), Night(3, "..")]))  # type: ignore[arg-type]  # flags

    assert (one(store).state, one(store).clean_nights, one(store).missing_nights) == (DivergenceState.OPEN, 0, 0)
    assert store.divergence("b") is None
    assert [(item.test_id, item.nights) for item in store.discordances()] == [("a", 1)]


def test_suites_are_followed_apart(store: Store) -> None:
    save(store, Night(0, "dd"), *(Night(day, "=", suite="billing") for day in range(1, 5)), Night(5, "l", suite="billing"))

    assert one(store, "b").state is DivergenceState.OPEN
    assert [(row.test_id, row.suite) for row in store.divergences(DivergenceFilter(suite="ledger")).rows] == [("a", "ledger"), ("b", "ledger")]
    assert one(store).suite == "billing"
    assert [row and row.suite for row in (store.divergence("a", suite="ledger"), store.divergence("a", suite="other"))] == ["ledger", None]


def test_nightly_pairs_that_differ_are_counted_by_the_side_that_did_worse(store: Store) -> None:
    save(store, *nights("d=", "f=", "l=", "==", "u=", "b="))

    assert [(item.test_id, item.legacy_worse, item.shadow_worse, item.nights) for item in store.discordances()] == [("a", 1, 2, 6)]


def test_counts_begin_anew_where_the_suites_or_the_datas_digest_changes(store: Store) -> None:
    save(store, Night(0, "d="), Night(1, "d=", digest="y"), Night(2, "==", digest="y"))
    once = list(store.discordances())
    save(store, Night(3, "==", digest="x"))

    assert [(item.shadow_worse, item.nights) for item in once] == [(1, 2)]
    assert list(store.discordances()) == []
    assert one(store).nights_seen == 2


def test_a_renamed_test_keeps_its_history(store: Store) -> None:
    moved = Rename(old="a", new="b", reason=RenameReason.SAME_BODY)
    save(store, Night(0, "d."), Night(1, ".d", renames=(moved,)), Night(2, "d="))

    assert (one(store, "b").first_seen, one(store, "b").nights_seen) == (at(0), 2)
    assert [entry.run_id for entry in store.history("b")] == ["ledger-02", "ledger-01", "ledger-00"]
    assert one(store, "a").first_seen == at(2)
    assert list(store.renames("ledger-01")) == [moved]
    assert {(item.test_id, item.shadow_worse) for item in store.discordances()} == {("a", 1), ("b", 2)}


def test_a_divergence_is_found_by_the_ids_its_test_had(store: Store) -> None:
    save(
        store,
        Night(0, "d..."),
        Night(1, ".d..", renames=(Rename(old="a", new="b", reason=RenameReason.MOVED_FILE),)),
        Night(2, "..d.", renames=(Rename(old="b", new=TESTS[2], reason=RenameReason.SAME_BODY),)),
    )

    assert one(store, "a") == one(store, "b") == one(store, TESTS[2])
    assert one(store, "a").test_id == TESTS[2]
    assert store.divergences(DivergenceFilter()).total == 1


def test_a_test_renamed_back_has_one_history(store: Store) -> None:
    there, back = Rename(old="a", new="b", reason=RenameReason.SAME_BODY), Rename(old="b", new="a", reason=RenameReason.SAME_BODY)
    save(store, Night(0, "d."), Night(1, ".d", renames=(there,)), Night(2, "d.", renames=(back,)))

    assert [entry.run_id for entry in store.history("a")] == ["ledger-02", "ledger-01", "ledger-00"]
    assert (one(store, "a").nights_seen, one(store, "b").test_id) == (3, "a")


def test_ids_that_stand_twice_among_renames_are_refused_and_nothing_changes(store: Store) -> None:
    save(store, Night(0, "d"))
    twice = tuple(Rename(old=old, new="b", reason=RenameReason.SAME_BODY) for old in "ac")

    with pytest.raises(StoreError, match="twice"):
        save(store, Night(1, ".d", renames=twice))

    assert store.run("ledger-01") is None
    assert one(store).nights_seen == 1


def test_divergences_are_listed_by_test_id_page_by_page(store: Store) -> None:
    save(store, *nights("dddd", "====", "===l", "==d="))
    where = DivergenceFilter()

    found: list[DivergenceRow] = []
    after = None
    while True:
        page = store.divergences(where, after=after, limit=1)
        assert page.total == 4
        found += page.rows
        after = page.next_key
        if after is None:
            break

    assert [row.test_id for row in found] == sorted(TESTS)
    assert [row.test_id for row in store.divergences(OPEN_DIVERGENCES).rows] == [TESTS[3], TESTS[2]]
    assert [row.test_id for row in store.divergences(DivergenceFilter(direction=Direction.SHADOW_ONLY_PASS)).rows] == [TESTS[3]]
    assert store.divergences(DivergenceFilter(cluster="c2")).total == 1
    assert store.divergences(DivergenceFilter(cluster="unknown")).total == 0
    assert [row.test_id for row in store.divergences(DivergenceFilter(text="\u00c9")).rows] == [TESTS[2]]
    assert store.divergences(DivergenceFilter(states=(DivergenceState.CONVERGED,))).total == 2


@pytest.mark.parametrize("key", ["", "x", "00", "0" * 64])
def test_a_key_of_no_list_is_refused(store: Store, key: str) -> None:
    save(store, Night(0, "d"))

    with pytest.raises(StoreError, match="not of this list"):
        store.divergences(DivergenceFilter(), after=key)


def test_retention_leaves_tombstones_and_divergences_keep_their_first_night(store: Store) -> None:
    save(store, *nights("d=", "d=", "=d", "=="))
    before = told(store)[0:2]  # type: ignore[index]  # a tuple

    made = list(store.retain(now=NOW, keep_runs=2))

    assert [(stone.run_id, stone.started_at, stone.removed_at) for stone in made] == [(at(day).run_id, at(day).at, NOW) for day in (0, 1)]
    assert store.tombstone("ledger-00") == made[0]
    assert made[0].sentence == "run ledger-00 of 2026-11-01 01:30 UTC was removed by retention on 2026-12-24; it had 2 tests, 0 of them divergent"
    assert [store.tombstone(run_id) for run_id in ("ledger-02", "unknown")] == [None, None]
    assert store.run("ledger-00") is None
    assert [run.id for run in store.runs()] == ["ledger-03", "ledger-02"]
    assert told(store)[0:2] == before  # type: ignore[index]  # a tuple
    save(store, Night(4, "=="))
    assert one(store).state is DivergenceState.CONVERGED
    assert one(store).first_seen == at(0)


def test_retention_by_date_keeps_the_newest_night_and_what_came_after_it(store: Store) -> None:
    save(store, *nights("d", "d"), Night(2, "d", complete=False))

    made = store.retain(now=NOW, since=NOW)

    assert [stone.run_id for stone in made] == ["ledger-00"]
    assert list(store.retain(now=NOW, keep_runs=1)) == []


def test_a_run_as_old_as_a_removed_one_is_no_night_any_more(store: Store) -> None:
    save(store, Night(1, "d"), Night(3, "d"))
    store.retain(now=NOW, keep_runs=1)
    before = store.divergence("a"), store.discordances()

    save(store, Night(0, "d"), Night(1, "d"))

    assert (store.divergence("a"), store.discordances()) == before
    assert store.tombstone("ledger-01") is None
    assert [run.id for run in store.runs()] == ["ledger-03", "ledger-01", "ledger-00"]
    assert [stone.run_id for stone in store.retain(now=NOW, keep_runs=1)] == ["ledger-00", "ledger-01"]
    assert (store.divergence("a"), store.discordances()) == before


def test_what_is_running_is_not_removed(store: Store) -> None:
    store.begin_run(RunHeader(id="live", suite="ledger", started_at=STARTED - timedelta(days=9), confirm=ConfirmPolicy()))
    save(store, *nights("d", "d"))

    store.retain(now=NOW, keep_runs=1)

    assert [run.id for run in store.runs()] == ["ledger-01", "live"]


def test_a_suite_without_nights_leaves_tombstones_too(store: Store) -> None:
    save(store, *(replace(night, complete=False) for night in nights("d", "d")))

    assert len(store.retain(now=NOW, keep_runs=1)) == 1
    save(store, Night(0, "d"), Night(2, "d"))

    assert one(store).first_seen == at(2)


@pytest.mark.parametrize("bounds", [{}, {"keep_runs": 0}, {"keep_runs": 1, "since": NOW}])
def test_retention_without_one_bound_is_refused(store: Store, bounds: dict[str, object]) -> None:
    save(store, *nights("d", "d"))

    with pytest.raises(StoreError, match="one bound"):
        store.retain(now=NOW, **bounds)  # type: ignore[arg-type]  # what is wrong is the point

    assert len(store.runs()) == 2


def test_a_run_without_its_pairs_counts_what_was_not_confirmed(store: Store) -> None:
    whole = Night(0, "dDDb").comparison()
    save(store, Night(0, "dDDb"))

    found = store.comparison_without_pairs("ledger-00")

    assert found is not None
    assert (found.run, found.totals, found.exit, found.unconfirmed) == (whole.run, whole.totals, 1, 2)
    assert (dict(found.legacy), dict(found.shadow), found.parity) == (whole.legacy, whole.shadow, ())
    assert store.comparison_without_pairs("unknown") is None


_RENAMES = st.permutations(TESTS).map(lambda ids: Rename(old=ids[0], new=ids[1], reason=RenameReason.SAME_BODY))
_NIGHTS = st.builds(
    Night,
    day=st.integers(0, 9),
    pairs=st.text(KINDS + "=d..", min_size=4, max_size=4),
    suite=st.sampled_from(["ledger", "ledger", "billing"]),
    complete=st.sampled_from([True, True, True, False]),
    whole=st.sampled_from([True, True, True, False]),
    digest=st.sampled_from("xxxy"),
    renames=st.just(()) | st.just(()) | _RENAMES.map(lambda rename: (rename,)),
    clean_nights=st.integers(1, 3),
)
_SEQUENCES = st.lists(_NIGHTS, max_size=9, unique_by=lambda night: night.id)
_PROPERTY = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])


def in_order(*sequence: Night) -> list[Night]:
    return sorted(sequence, key=lambda night: night.day)


@_PROPERTY
@given(sequence=_SEQUENCES, data=st.data())
def test_divergences_do_not_depend_on_the_order_in_which_nights_are_stored(store: Store, sequence: Sequence[Night], data: st.DataObject) -> None:
    plain = MemoryStore()
    save(plain, *in_order(*sequence))

    store.delete_all()
    save(store, *in_order(*sequence))
    one_by_one = told(store)
    store.delete_all()
    save(store, *data.draw(st.permutations(sequence)))
    otherwise = told(store)
    save(store, *data.draw(st.permutations(sequence)))

    assert one_by_one == otherwise == told(store) == told(plain)


@_PROPERTY
@given(
    steps=st.lists(
        st.tuples(st.just("save"), _NIGHTS)
        | st.tuples(st.sampled_from(["forget", "begin"]), _NIGHTS)
        | st.tuples(st.just("keep"), st.integers(1, 4))
        | st.tuples(st.just("since"), st.integers(0, 9)),
        max_size=12,
    )
)
@example(steps=[("save", Night(0, "d...")), ("save", Night(2, "d...")), ("keep", 1), ("save", Night(1, "=...")), ("save", Night(3, "...."))])
def test_any_sequence_of_changes_tells_what_the_store_in_memory_tells(store: Store, steps: Sequence[tuple[str, object]]) -> None:
    memory = MemoryStore()
    store.delete_all()
    for step, value in steps:
        for changed in (store, memory):
            _change(changed, step, value)

    assert told(store) == told(memory)
    assert store.retention() == memory.retention()
    assert {run.id for run in store.runs()} == {run.id for run in memory.runs()}


@_PROPERTY
@given(sequence=_SEQUENCES, keep=st.integers(1, 4), late=_NIGHTS)
def test_a_rebuild_from_what_retention_kept_gives_the_same_store(store: Store, sequence: Sequence[Night], keep: int, late: Night) -> None:
    store.delete_all()
    save(store, *in_order(*sequence))
    before = store.divergences(DivergenceFilter()).rows, store.discordances()
    store.retain(now=NOW, keep_runs=keep)
    left = {run.id for run in store.runs()}
    retained, kept = told(store), store.retention()

    store.delete_all()
    store.restore(kept)
    save(store, *(night for night in in_order(*sequence) if night.id in left))

    assert (store.divergences(DivergenceFilter()).rows, store.discordances()) == before
    assert told(store) == retained
    assert store.retention() == kept
    save(store, late)
    store.restore(kept)
    assert all(store.tombstone(stone.run_id) == stone for stone in kept.tombstones)


def _change(store: Store, step: str, value: object) -> None:
    if isinstance(value, Night):
        if step == "save":
            save(store, value)
        elif step == "forget":
            store.forget(value.id)
        else:
            store.begin_run(replace(value.comparison().run, complete=False, finished_at=None))
    elif isinstance(value, int) and step == "keep":
        store.retain(now=NOW, keep_runs=value)
    elif isinstance(value, int):
        store.retain(now=NOW, since=STARTED + timedelta(days=value))
