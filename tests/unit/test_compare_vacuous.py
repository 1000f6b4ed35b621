"""What makes a pass on shadow mean less, and which tests are looked at in a night."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from compare.vacuous import NIGHTS, WEEK, due_parts, next_part, sampled, vacuous_reasons
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


@given(st.sets(st.text(min_size=1, max_size=20), max_size=40), st.integers(730_000, 800_000), st.lists(st.booleans(), min_size=7, max_size=7))
def test_a_week_covers_the_suite_whatever_nights_there_are(tests: set[str], first: int, nights: list[bool]) -> None:
    last: int | None = first
    seen: set[str] = set(sampled(tests, due_parts(first, None), of=WEEK))
    for day, runs in enumerate([*nights[:6], True], start=first + 1):
        if runs:
            seen.update(sampled(tests, due_parts(day, last), of=WEEK))
            last = day
    assert seen == tests


def test_no_part_is_due_twice_on_a_day() -> None:
    assert due_parts(100, 100) == frozenset()
    assert len(due_parts(100, None)) == 1
    assert len(due_parts(100, 3)) == WEEK


@given(st.sets(st.text(min_size=1, max_size=20), max_size=40))
def test_nights_that_take_turns_cover_the_suite_each_test_once(tests: set[str]) -> None:
    part: int | None = None
    seen: list[str] = []
    for _ in range(NIGHTS):
        part = next_part(part)
        seen += sampled(sorted(tests), {part}, of=NIGHTS)
    assert sorted(seen) == sorted(tests)
