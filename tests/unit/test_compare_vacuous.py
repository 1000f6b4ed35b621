"""What makes a pass on shadow mean less, and which tests are looked at in a night."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from compare.vacuous import NIGHTS, WEEK, next_sample, vacuous_reasons
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
    SuiteParts,
    VacuousKind,
    VacuousPlan,
    VacuousSampling,
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


def night(day: int, last: VacuousPlan | None, sampling: VacuousSampling = VacuousSampling.WEEKLY) -> VacuousPlan:
    return next_sample(sampling, day, last)


@given(st.integers(730_000, 800_000), st.integers(0, 40), st.lists(st.booleans(), min_size=7, max_size=7))
def test_a_week_covers_the_suite_whatever_nights_there_are(first: int, before: int, nights: list[bool]) -> None:
    last = None
    for day in range(first - before, first):
        last = night(day, last)
    last = night(first, last)
    seen = [*last.parts.numbers]
    for day, runs in enumerate([*nights[:6], True], start=first + 1):
        if runs:
            last = night(day, last)
            seen += last.parts.numbers
    assert set(seen) == set(range(1, WEEK + 1))


def test_no_part_is_due_twice_on_a_day() -> None:
    first = night(100, None)
    again = night(100, first)
    assert (first.parts.numbers, again.parts.numbers, again.last) == ((1,), (), 1)
    assert night(101, again).parts.numbers == (2,)
    assert night(104, first).parts.numbers == (2, 3, 4, 5)
    assert sorted(night(900, first).parts.numbers) == list(range(1, WEEK + 1))
    assert night(90, first).parts.numbers == (), "a clock that was set back"


def test_smaller_parts_take_turns_whatever_nights_there_are() -> None:
    last, seen = None, []
    for day in range(0, 3 * NIGHTS, 3):
        last = night(day, last, VacuousSampling.ROTATING)
        seen += last.parts.numbers
    assert seen == list(range(1, NIGHTS + 1))


def test_another_size_of_parts_begins_anew() -> None:
    last = night(100, night(99, None))
    assert last.parts == SuiteParts(numbers=(2,), of=WEEK)
    assert night(101, last, VacuousSampling.ROTATING).parts == SuiteParts(numbers=(1,), of=NIGHTS)
    assert str(night(101, last, VacuousSampling.ALL).parts) == "1/1"
    assert night(101, night(101, last, VacuousSampling.ALL), VacuousSampling.ALL).parts.numbers == (1,)
