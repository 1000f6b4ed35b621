"""What makes a pass on shadow mean less, and which tests are looked at in a night."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from compare.vacuous import NIGHTS, WEEK, due_days, in_turn, vacuous_reasons
from harness.model import (
    DeepColumn,
    DeepCounts,
    DeepCut,
    DeepLines,
    DeepLoop,
    DeepPlace,
    DeepRecord,
    DeepStatement,
    Phase,
    Side,
    VacuousKind,
)

AT = DeepPlace(path="suite/test_a.py", line=5)
SELECT = DeepStatement(sql="SELECT x FROM t WHERE y IN (?, ?)", fetched=4, exhausted=True, columns=(DeepColumn(name="x"),), at=AT)


def record(side: Side, *statements: DeepStatement, **changes: object) -> DeepRecord:
    made = DeepRecord(
        test_id="suite/test_a.py::test",
        side=side,
        statements=statements,
        lines=(DeepLines(path="suite/test_a.py", ranges=((4, 8),)),),
        own=(DeepPlace(path="suite/test_a.py", line=3), DeepPlace(path="suite/test_a.py", line=9)),
        counts=DeepCounts(assertions=2, assertion_runs=40, subtests=3, rows=sum(one.rows for one in statements)),
    )
    return replace(made, **changes)  # type: ignore[arg-type]  # fields of the record


def kinds(legacy: DeepRecord, shadow: DeepRecord) -> list[tuple[VacuousKind, int, int]]:
    return [(one.kind, one.legacy, one.shadow) for one in vacuous_reasons(legacy, shadow)]


def test_a_record_with_itself_is_no_less() -> None:
    full = record(Side.LEGACY, SELECT, loops=(DeepLoop(place=AT, rounds=4),))
    assert not vacuous_reasons(full, full)


def test_no_rows_where_legacy_touched_some() -> None:
    none = replace(SELECT, sql="SELECT x FROM t WHERE y IN (?)", fetched=0)
    assert kinds(record(Side.LEGACY, SELECT), record(Side.SHADOW, none)) == [(VacuousKind.ROWS, 4, 0), (VacuousKind.ROWS, 4, 0)]
    other = replace(SELECT, sql="SELECT * FROM u")
    reasons = vacuous_reasons(record(Side.LEGACY, SELECT, other), record(Side.SHADOW, none, other))
    assert [reason.sentence for reason in reasons] == ["rows touched at suite/test_a.py:5: 4 on legacy, 0 on shadow"]


def test_fewer_rows_are_no_less() -> None:
    assert not kinds(record(Side.LEGACY, SELECT), record(Side.SHADOW, replace(SELECT, fetched=1)))


def test_statements_of_fixtures_and_of_the_connection_do_not_count() -> None:
    setup, pragma = replace(SELECT, phase=Phase.SETUP), replace(SELECT, sql="PRAGMA foreign_keys")
    counts = DeepCounts(assertions=2, subtests=3, rows=9)
    legacy = record(Side.LEGACY, setup, pragma, counts=counts)
    assert not kinds(legacy, record(Side.SHADOW, replace(setup, fetched=0), replace(pragma, fetched=0), counts=counts))


def test_rows_are_unknown_where_statements_were_not_seen() -> None:
    shadow = record(Side.SHADOW, cut=(DeepCut(what="statements", why="driver duckdb"),))
    assert not kinds(record(Side.LEGACY, SELECT), shadow)


def test_fewer_assertions_lines_subtests_and_loops() -> None:
    legacy = record(Side.LEGACY, loops=(DeepLoop(place=AT, rounds=4),))
    shadow = record(
        Side.SHADOW,
        loops=(DeepLoop(place=AT, rounds=0),),
        counts=DeepCounts(assertions=1, assertion_runs=1, subtests=1),
        lines=(DeepLines(path="suite/test_a.py", ranges=((4, 6),)),),
    )
    assert kinds(legacy, shadow) == [
        (VacuousKind.ASSERTIONS, 2, 1),
        (VacuousKind.LINES, 5, 3),
        (VacuousKind.SUBTESTS, 3, 1),
        (VacuousKind.LOOP, 4, 0),
    ]


def test_another_branch_is_no_less_and_fewer_rounds_are_not() -> None:
    legacy = record(Side.LEGACY, loops=(DeepLoop(place=AT, rounds=4),))
    shadow = record(
        Side.SHADOW,
        loops=(DeepLoop(place=AT, rounds=1),),
        counts=DeepCounts(assertions=2, assertion_runs=2, subtests=3),
        lines=(DeepLines(path="suite/test_a.py", ranges=((4, 5), (9, 9))),),
    )
    assert not kinds(legacy, shadow)


def test_what_is_unknown_is_no_reason() -> None:
    unknown = record(Side.SHADOW, lines=None, counts=DeepCounts(subtests=3))
    assert not kinds(record(Side.LEGACY), unknown)


_IDS = st.sets(st.builds("{}.py::{}".format, st.sampled_from("abc"), st.text(min_size=1, max_size=3)), max_size=60)


@given(_IDS, st.integers(730_000, 800_000), st.lists(st.booleans(), min_size=7, max_size=7))
def test_a_week_covers_the_suite_whatever_nights_there_are(tests: set[str], first: int, nights: list[bool]) -> None:
    found = in_turn(tests, None, shares=due_days(first, None), of=WEEK)
    last, seen = first, [*found]
    for day, runs in enumerate([*nights[:6], True], start=first + 1):
        if runs:
            seen += in_turn(tests, seen[-1] if seen else None, shares=due_days(day, last), of=WEEK)
            last = day
    assert set(seen) == tests


def test_no_share_is_due_twice_on_a_day() -> None:
    assert [due_days(100, 100), due_days(100, None), due_days(100, 98), due_days(100, 3)] == [0, 1, 2, WEEK]
    assert in_turn({"a.py::test"}, "a.py::test", shares=0, of=WEEK) == ()


@given(_IDS, st.lists(st.tuples(st.booleans(), st.integers(0, 59)), max_size=NIGHTS))
def test_nights_that_take_turns_look_at_each_test_once_before_one_comes_again(tests: set[str], changes: list[tuple[bool, int]]) -> None:
    """Whatever is added, or taken out of the suite, meanwhile: who is there all the time is neither passed over nor looked at twice in a round."""
    always, seen = set(tests), []
    for is_new, number in changes:
        names = sorted(tests)
        tests = {*tests, f"new{number}.py::test"} if is_new or not names else tests - {names[number % len(names)]}
        always &= tests
        seen += in_turn(tests, seen[-1] if seen else None, shares=1, of=NIGHTS)
    for _ in range(NIGHTS):
        seen += in_turn(tests, seen[-1] if seen else None, shares=1, of=NIGHTS)
    assert set(tests) <= set(seen[-2 * len(tests) - NIGHTS :])
    counts = [seen.count(test) for test in always]
    assert not counts or max(counts) - min(counts) <= 1


def test_a_night_has_tests_of_few_files() -> None:
    tests = [f"test_{file}.py::test_{number}" for number in range(50) for file in range(100)]
    assert len({test.partition("::")[0] for test in in_turn(tests, None, shares=1, of=NIGHTS)}) == -(-5_000 // NIGHTS // 50)
