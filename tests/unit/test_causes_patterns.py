"""Couplings to a property of the data, from the source of an assertion and the results of both sides."""

from __future__ import annotations

import textwrap
from dataclasses import replace
from typing import Any

import pytest

from compare.causes import Ask, explain, sketch_of
from compare.causes.reading import read_assertion
from harness.model import (
    Cause,
    Coupling,
    CouplingKind,
    DeepColumn,
    DeepPlace,
    DeepRecord,
    DeepRequest,
    DeepStatement,
    DeepValue,
    Direction,
    Failure,
    Frame,
    HostClass,
    Outcome,
    PairResult,
    Pattern,
    Phase,
    Remedy,
    RowOrder,
    Side,
    SideResult,
    Signal,
    Strength,
    Verdict,
)

PATH = "tests/test_a.py"
TEST = f"{PATH}::test_one"
ALL = "SELECT * FROM patients ORDER BY id"
OF_ONE = "SELECT * FROM visits WHERE patient_id = ?"


def column(name: str, **facts: Any) -> DeepColumn:
    return DeepColumn(**{"name": name, "types": ("str",), "distinct": 3, **facts})


def statement(rows: int, *columns: DeepColumn, sql: str = ALL, line: int = 2, parameters: tuple[DeepValue, ...] = ()) -> DeepStatement:
    return DeepStatement(sql=sql, fetched=rows, columns=columns, parameters=parameters, at=DeepPlace(path=PATH, line=line))


def diverging(message: str, line: int) -> PairResult:
    failure = Failure(type="AssertionError", message=message, phase=Phase.CALL, frames=(Frame(path=PATH, line=line, function="test_one"),))
    return PairResult(
        test_id=TEST,
        legacy=SideResult(outcome=Outcome.PASSED),
        shadow=SideResult(outcome=Outcome.FAILED, failure=failure),
        verdict=Verdict.DIVERGENT,
        reason="",
        direction=Direction.LEGACY_ONLY_PASS,
    )


def found(
    source: str,
    legacy: tuple[DeepStatement, ...] | DeepStatement,
    shadow: tuple[DeepStatement, ...] | DeepStatement,
    *,
    line: int = 2,
    message: str = "assert False",
    **more: Any,
) -> PairResult:
    """The pair explained; `source` is the body of the test, from line 2 on."""
    text = "def test_one(db):\n" + textwrap.indent(textwrap.dedent(source).strip(), "    ") + "\n"
    records = [
        DeepRecord(test_id=TEST, side=side, statements=one if isinstance(one, tuple) else (one,), **more)
        for side, one in ((Side.LEGACY, legacy), (Side.SHADOW, shadow))
    ]
    pair = diverging(message, line)
    sketch = sketch_of(pair, {PATH: text}, *records)
    (result,) = explain([pair], sources=None, legacy={TEST: records[0]}, shadow={TEST: records[1]}, assertions={TEST: sketch} if sketch else {})
    return result


def pattern(result: PairResult) -> tuple[Pattern | None, str]:
    coupling = one(result)
    assert coupling.kind is CouplingKind.PATTERN
    assert result.cause is Cause.PATTERN
    return coupling.pattern, coupling.entity


def one(result: PairResult) -> Coupling:
    (coupling,) = result.couplings
    return coupling


STATE = (statement(3, column("id", types=("int",)), column("state", null=True)), statement(3, column("id", types=("int",)), column("state")))
FAX = (statement(3, column("fax")), statement(3, column("fax", types=(), null=True, distinct=0)))


@pytest.mark.parametrize(
    "source",
    [
        'assert any(row["state"] is None for row in db.all())',
        "assert any(row.state is None for row in db.all())",
        'assert [row for row in db.all() if row.get("state") is None]',
        'assert not all(row["state"] for row in db.all())',
        'self.assertIn(None, [row["state"] for row in db.all()])',
        "self.assertTrue(any(row[1] is None for row in db.all()))",
    ],
)
def test_null(source: str) -> None:
    result = found(source, *STATE)
    assert pattern(result) == (Pattern.NULL, "patients.state")
    assert one(result).sentence == "some rows of patients.state are NULL; none on shadow"
    assert (one(result).strength, one(result).signals) == (Strength.LIKELY, (Signal.RESULT_SHAPE, Signal.ASSERTION))


def test_a_column_that_is_filled_on_legacy_alone() -> None:
    assert one(found('assert any(row["fax"] for row in db.all())', *FAX)).sentence == "some rows of patients.fax hold a value; all are NULL on shadow"


def test_a_search_by_a_loop() -> None:
    source = """
    found = False
    for row in db.all():
        if row["fax"] is not None:
            found = True
    assert found
    """
    legacy, shadow = (DeepStatement(sql=ALL, fetched=3, columns=each.columns, at=DeepPlace(path=PATH, line=3)) for each in FAX)
    assert pattern(found(source, legacy, shadow, line=6)) == (Pattern.NULL, "patients.fax")


def test_a_test_that_gives_up_after_a_search() -> None:
    source = """
    for row in db.all():
        if row["state"] is None:
            break
    else:
        pytest.fail("none")
    """
    assert pattern(found(source, *STATE, line=6)) == (Pattern.NULL, "patients.state")


def each(*rows: int) -> tuple[DeepStatement, ...]:
    return (
        statement(len(rows), column("id", types=("int",)), sql=ALL),
        *(statement(count, column("id", types=("int",)), sql=OF_ONE) for count in rows),
    )


@pytest.mark.parametrize(
    ("source", "legacy", "shadow"),
    [
        ("assert max(len(db.visits(row['id'])) for row in db.all()) > 20", each(2, 40, 1), each(2, 3, 3)),
        ("assert min(len(db.visits(row['id'])) for row in db.all()) == 0", each(2, 4, 0), each(2, 3, 4)),
        ("assert any(not row.visits for row in db.all())", each(2, 4, 0), each(2, 3, 4)),
    ],
)
def test_fan_out(source: str, legacy: tuple[DeepStatement, ...], shadow: tuple[DeepStatement, ...]) -> None:
    assert pattern(found(source, legacy, shadow)) == (Pattern.FAN_OUT, "visits.patient_id")


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("SELECT id FROM patients WHERE state IS NULL", (Pattern.NULL, "patients.state")),
        ("SELECT p.id FROM patients p LEFT JOIN visits v ON v.patient_id = p.id WHERE v.id IS NULL", (Pattern.FAN_OUT, "visits.id")),
        ("SELECT id FROM patients p WHERE NOT EXISTS (SELECT 1 FROM visits v WHERE v.patient_id = p.id)", (Pattern.FAN_OUT, "visits")),
        ("SELECT patient_id FROM visits GROUP BY patient_id HAVING count(*) > ?", (Pattern.FAN_OUT, "visits.patient_id")),
        ("SELECT patient_id FROM visits GROUP BY patient_id HAVING sum(cost) > ?", (Pattern.AGGREGATE, "visits.cost")),
        ("SELECT id FROM visits WHERE status = ?", (Pattern.VALUE_SET, "visits.status")),
        ("SELECT id FROM patients WHERE email LIKE ?", (Pattern.VALUE_SET, "patients.email")),
        ("SELECT id FROM patients WHERE phone ~ ?", (Pattern.FORMAT, "patients.phone")),
        ("SELECT id FROM patients WHERE length(phone) > ?", (Pattern.FORMAT, "patients.phone")),
    ],
)
def test_what_the_statement_itself_asks_for(sql: str, expected: tuple[Pattern, str]) -> None:
    ids = column("id", types=("int",))
    assert pattern(found("assert db.rows()", statement(4, ids, sql=sql), statement(0, ids, sql=sql))) == expected
    (bare,) = explain(
        [diverging("assert []", 2)],
        sources=None,
        legacy={TEST: DeepRecord(test_id=TEST, side=Side.LEGACY, statements=(statement(4, ids, sql=sql),))},
        shadow={TEST: DeepRecord(test_id=TEST, side=Side.SHADOW, statements=(statement(0, ids, sql=sql),))},
    )
    assert pattern(bare) == expected, "also where the source is not at hand"


@pytest.mark.parametrize("kind", [{"type": "date"}, {"type": "str", "format": "date"}, {"type": "datetime"}])
def test_a_period_that_the_statement_asks_for(kind: dict[str, str]) -> None:
    sql = "SELECT coalesce(sum(cost), 0) AS total FROM visits WHERE (? IS NULL OR visited_at >= ?)"
    value = DeepValue(**kind)  # type: ignore[arg-type] # of the parameters above
    legacy = statement(1, column("total", types=("float",), low=4, high=4, values=("aa",)), sql=sql, parameters=(value, value))
    shadow = statement(1, column("total", types=("int",), low=0, high=0, values=("bb",)), sql=sql, parameters=(value, value))
    assert pattern(found("assert db.revenue('2022-01-01') > 0", legacy, shadow)) == (Pattern.TIME_WINDOW, "visits.visited_at")


def test_the_reach_of_dates() -> None:
    source = """
    first = min(parse(row["born"]) for row in db.all())
    assert first.year < 1950
    """
    sides = (statement(3, column("born", formats=("date",), low=6, high=5)), statement(3, column("born", formats=("date",), low=5, high=5)))
    assert pattern(found(source, *sides, line=3)) == (Pattern.TIME_WINDOW, "patients.born")


CITIES = (
    statement(30, column("id", types=("int",), distinct=3), column("city", distinct=3, values=("aa", "bb", "cc"))),
    statement(30, column("id", types=("int",), distinct=3), column("city", distinct=2, values=("dd", "ee"))),
)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ('assert len({row["city"] for row in db.all()}) >= 3', Pattern.CARDINALITY),
        ('assert db.all()[0]["city"] == "Graz"', Pattern.ORDERING),
        ('assert any(row["city"] == "Graz" for row in db.all())', Pattern.VALUE_SET),
        ('assert "Graz" in [row["city"] for row in db.all()]', Pattern.VALUE_SET),
        ('assert any(row["city"].endswith("dorf") for row in db.all())', Pattern.VALUE_SET),
        ('assert any(not row["city"].isascii() for row in db.all())', Pattern.FORMAT),
        ('assert any("-" in row["city"] for row in db.all())', Pattern.FORMAT),
        ('self.assertRegex(db.all()[0]["city"], "^[A-Z]")', Pattern.FORMAT),
        ('self.assertEqual(set(row["city"] for row in db.all()), {"Graz", "Linz"})', Pattern.VALUE_SET),
    ],
)
def test_what_is_asked_of_one_column_decides(source: str, expected: Pattern) -> None:
    assert pattern(found(source, *CITIES)) == (expected, "patients.city")


def test_rows_that_are_counted() -> None:
    result = found("assert len(db.all()) > 50", statement(60, column("id", types=("int",))), statement(20, column("id", types=("int",))))
    assert pattern(result) == (Pattern.CARDINALITY, "patients")
    assert result.remedy is Remedy.ADD_SYNTHETIC_CASE


def test_a_volume_that_no_case_can_stand_for_is_documented() -> None:
    sides = (statement(40_000, column("id", types=("int",))), statement(200, column("id", types=("int",))))
    assert found("assert len(db.all()) > 9000", *sides).remedy is Remedy.DOCUMENT_SCENARIO


def test_thousands_of_rows_are_no_volume_where_one_is_asked_for() -> None:
    sql = "SELECT id FROM patients p WHERE NOT EXISTS (SELECT 1 FROM visits v WHERE v.patient_id = p.id)"
    sides = [statement(rows, column("id", types=("int",)), sql=sql) for rows in (40_000, 0)]
    assert found("assert len(db.all()) > 0", *sides).remedy is Remedy.ADD_SYNTHETIC_CASE


def test_a_flag_that_nobody_bears() -> None:
    sides = [statement(9, column("barred", types=("int",), values=values)) for values in (("aa", "bb"), ("aa",))]
    assert pattern(found("assert any(row['barred'] for row in db.all())", *sides)) == (Pattern.VALUE_SET, "patients.barred")


@pytest.mark.parametrize(
    "asked", ["row['price'] != round(row['price'], 1)", "row['price'].quantize(ONE) == row['price']", "row['price'] == int(row['price'])"]
)
def test_how_a_number_is_written(asked: str) -> None:
    sides = [statement(9, column("price", types=("decimal",), values=values)) for values in (("aa", "bb"), ("aa",))]
    assert pattern(found(f"assert any({asked} for row in db.all())", *sides)) == (Pattern.FORMAT, "patients.price")


@pytest.mark.parametrize("asked", ['by_kind.get("lost", 0) > 0', 'by_kind["lost"]', '"lost" in by_kind'])
def test_a_group_that_is_looked_up(asked: str) -> None:
    sql = "SELECT kind, count(*) FROM visits GROUP BY kind"
    sides = [statement(2, column("kind", values=values), column("count", types=("int",), values=None), sql=sql) for values in (("aa", "bb"), ("aa",))]
    assert pattern(found(f"by_kind = dict(db.all())\nassert {asked}", *sides, line=3)) == (Pattern.VALUE_SET, "visits.kind")


def test_a_count_of_a_column_counts_what_is_filled() -> None:
    def counted(name: str) -> PairResult:
        sql = f"SELECT count({name}) FROM visits"
        sides = [statement(1, column("count", types=("int",), values=(str(many),), low=many, high=many, distinct=1), sql=sql) for many in (3, 0)]
        return found("assert db.count() > 0", *sides)

    assert pattern(counted("sponsor_id")) == (Pattern.NULL, "visits.sponsor_id")
    assert pattern(counted("id"))[0] is Pattern.CARDINALITY


def test_a_mean_of_days_is_no_period() -> None:
    columns = [[column(name, types=("date",), values=None, distinct=5) for name in ("came", "went")] for _ in range(2)]
    sides = [statement(rows, *each) for rows, each in zip((90, 40), columns, strict=True)]
    source = """
    days = [(row["went"] - row["came"]).days for row in db.all()]
    assert sum(days) / len(days) > 2.5
    """
    assert pattern(found(source, *sides, line=3))[0] is Pattern.AGGREGATE


def test_a_view_that_is_empty_on_shadow() -> None:
    sides = [statement(rows, column("id", types=("int",)), sql="SELECT * FROM open_stay LIMIT ?") for rows in (1, 0)]
    assert pattern(found("assert db.execute(OPEN).fetchone()", *sides)) == (Pattern.CARDINALITY, "open_stay")


def test_what_only_legacy_holds_can_break_an_assertion_there() -> None:
    records = [DeepRecord(test_id=TEST, side=side, statements=(one,)) for side, one in zip((Side.LEGACY, Side.SHADOW), STATE, strict=True)]
    failed = diverging("assert False", 2)
    turned = replace(failed, legacy=failed.shadow, shadow=failed.legacy, direction=Direction.SHADOW_ONLY_PASS)
    sketch = sketch_of(turned, {PATH: 'def test_one(db):\n    assert all(row["state"] for row in db.all())\n'}, *records)
    assert sketch is not None
    (result,) = explain([turned], sources=None, legacy={TEST: records[0]}, shadow={TEST: records[1]}, assertions={TEST: sketch})
    assert pattern(result) == (Pattern.NULL, "patients.state")
    assert result.remedy is Remedy.ADD_SYNTHETIC_CASE


def test_a_total() -> None:
    sql = "SELECT sum(cost) AS total FROM visits"
    sides = [statement(1, column("total", types=("float",), values=(value,), low=4, high=4, distinct=1), sql=sql) for value in ("aa", "bb")]
    assert pattern(found("assert db.total() == 2358.3", *sides)) == (Pattern.AGGREGATE, "visits.cost")
    assert pattern(
        found(
            "assert max(row['cost'] for row in db.all()) > 500", *(statement(9, column("cost", types=("int",), low=2, high=high)) for high in (4, 3))
        )
    ) == (
        Pattern.AGGREGATE,
        "patients.cost",
    )


def test_an_order() -> None:
    sides = [statement(9, column("name", order=order)) for order in (RowOrder.ASCENDING, RowOrder.NONE)]
    source = """
    names = [row["name"] for row in db.all()]
    assert names == sorted(names)
    """
    assert pattern(found(source, *sides, line=3)) == (Pattern.ORDERING, "patients.name")


def test_keys_differ_by_design_and_show_nothing() -> None:
    sides = [statement(9, column("id", types=("int",), values=None)) for _ in range(2)]
    source = """
    some = db.all()[-1]["id"]
    assert get(f"/exports/{some}")[0] == 200
    """
    assert found(source, *sides, line=3).cause is Cause.UNKNOWN


def test_a_statement_that_one_side_never_ran_shows_nothing() -> None:
    sql = "SELECT sum(cost) AS total FROM visits"
    assert found("assert get('/statements')[0] == 200", statement(1, column("total", types=("int",)), sql=sql), ()).cause is Cause.UNKNOWN


def test_statements_elsewhere_are_not_what_the_assertion_saw() -> None:
    other = [statement(count, column("id", types=("int",)), sql="SELECT id FROM wards", line=2) for count in (9, 2)]
    asked = [DeepStatement(sql=each.sql, fetched=each.fetched, columns=each.columns, at=DeepPlace(path=PATH, line=3)) for each in CITIES]
    source = """
    db.wards()
    assert len({row["city"] for row in db.all()}) >= 3
    """
    assert pattern(found(source, (other[0], asked[0]), (other[1], asked[1]), line=3)) == (Pattern.CARDINALITY, "patients.city")


def test_an_answer_of_another_process_is_judged_by_what_is_asked_of_it() -> None:
    request = DeepRequest(method="GET", host=HostClass.LOOPBACK, path="/patients", status=200, at=DeepPlace(path=PATH, line=2))
    source = 'items = get("/patients").json()["items"]\nassert len(items) >= 20'
    result = found(source, (), (), line=3, requests=(request,))
    assert pattern(result) == (Pattern.CARDINALITY, "GET /patients")
    assert one(result).strength is Strength.POSSIBLE


def test_the_place_is_the_first_line_of_the_assertion() -> None:
    source = 'assert any(\n    row["state"] is None\n    for row in db.all()\n)'
    assert (one(found(source, *STATE, line=4)).path, one(found(source, *STATE, line=4)).line) == (PATH, 2)


def test_a_sketch_holds_columns_and_no_other_word_of_the_source() -> None:
    text = 'def test_one(db):\n    assert names["jane.doe@example.test"]["state"] == "Jane Doe" and db["secret"] is None\n'
    record = DeepRecord(test_id=TEST, side=Side.SHADOW, statements=(STATE[1],))
    sketch = sketch_of(diverging("assert <str> == <str>", 2), {PATH: text}, None, record)
    assert sketch is not None
    assert sketch.names == ("state",)
    assert {Ask.TEXT, Ask.NONE} <= sketch.asks
    assert "Jane" not in repr(sketch)
    assert "secret" not in repr(sketch)


@pytest.mark.parametrize("text", ["", "def test_one(:\n", "\0"])
def test_a_source_that_cannot_be_read_leaves_the_message(text: str) -> None:
    assert sketch_of(diverging("assert None", 2), {PATH: text}, None, None) is None


def test_a_part_of_a_text_is_no_first_row() -> None:
    source = 'domains = {row["city"].partition("@")[2] for row in db.all()}\nassert "old.example" in domains'
    assert pattern(found(source, *CITIES, line=3)) == (Pattern.VALUE_SET, "patients.city")


def test_how_often_a_text_occurs_asks_for_the_text() -> None:
    source = 'cities = [row["city"] for row in db.all()]\nassert cities.count("Graz") > 0'
    assert pattern(found(source, *CITIES, line=3)) == (Pattern.VALUE_SET, "patients.city")


def test_the_length_of_a_counter_is_how_many_different_ones_there_are() -> None:
    source = 'cities = Counter(row["city"] for row in db.all())\nassert len(cities) >= 3'
    assert pattern(found(source, *CITIES, line=3)) == (Pattern.CARDINALITY, "patients.city")
    source = 'cities = Counter(row["city"] for row in db.all())\nassert max(cities.values()) >= 30'
    assert pattern(found(source, *CITIES, line=3))[0] is Pattern.FAN_OUT


@pytest.mark.parametrize("grown", ['held.setdefault(row["city"], []).append(row["id"])', 'held[row["city"]].append(row["id"])'])
def test_lists_that_grow_in_a_dictionary_count_for_each(grown: str) -> None:
    source = f"held = {{}}\nfor row in db.all():\n    {grown}\nassert [city for city, ids in held.items() if len(ids) > 2]"
    sides = [DeepStatement(sql=one.sql, fetched=one.fetched, columns=one.columns, at=DeepPlace(path=PATH, line=3)) for one in CITIES]
    assert pattern(found(source, *sides, line=5)) == (Pattern.FAN_OUT, "patients.city")


@pytest.mark.parametrize("computed", ["sum(cost)", "count(*)"])
def test_a_group_that_is_missing_from_a_report(computed: str) -> None:
    sql, cost = f"SELECT city, {computed} AS cost FROM visits GROUP BY city", column("cost", types=("decimal",), values=None)
    sides = [statement(2, column("city", values=values), cost, sql=sql) for values in (("a", "b"), ("a",))]
    text = 'def test_one(db, report):\n    db.rows()\n    assert report["Graz"] > 0\n'
    records = [DeepRecord(test_id=TEST, side=side, statements=(one,)) for side, one in zip(Side, sides, strict=True)]
    pair = diverging("<str>", 3)
    assert pair.shadow.failure is not None
    pair = replace(pair, shadow=replace(pair.shadow, failure=replace(pair.shadow.failure, type="KeyError")))
    sketch = sketch_of(pair, {PATH: text}, *records)
    assert sketch is not None
    (result,) = explain([pair], sources=None, legacy={TEST: records[0]}, shadow={TEST: records[1]}, assertions={TEST: sketch})
    assert pattern(result) == (Pattern.VALUE_SET, "visits.city")


def test_several_rows_where_one_was_asked_for() -> None:
    sql = "SELECT id, city FROM patients WHERE state = ?"
    sides = [statement(rows, column("id", types=("int",)), column("city", values=None), sql=sql) for rows in (1, 2)]
    records = [DeepRecord(test_id=TEST, side=side, statements=(one,)) for side, one in zip(Side, sides, strict=True)]
    pair = diverging("Multiple rows were found when exactly one was required", 2)
    assert pair.shadow.failure is not None
    failure = replace(pair.shadow.failure, type="sqlalchemy.exc.MultipleResultsFound")
    pair = replace(pair, shadow=replace(pair.shadow, failure=failure))
    sketch = sketch_of(pair, {PATH: "def test_one(db):\n    only = db.scalars(query).one()\n"}, *records)
    assert sketch is not None
    (result,) = explain([pair], sources=None, legacy={TEST: records[0]}, shadow={TEST: records[1]}, assertions={TEST: sketch})
    assert pattern(result) == (Pattern.CARDINALITY, "patients")


def test_a_sum_within_a_window_that_both_sides_have_rows_in_is_a_sum() -> None:
    sql = "SELECT sum(cost) AS total FROM visits WHERE begun <= ?"
    value = DeepValue(type="date")
    sides = [
        statement(1, column("total", types=("decimal",), values=(seen,), low=4, high=4, distinct=1), sql=sql, parameters=(value,))
        for seen in ("aa", "bb")
    ]
    assert pattern(found("assert db.total(TODAY) == 2358.3", *sides)) == (Pattern.AGGREGATE, "visits.cost")


@pytest.mark.parametrize(
    ("asked", "strength"),
    [
        ("mean(order.total for order in db.all()) > 900", Strength.LIKELY),
        ('any(rebate(order) == Decimal("0.10") for order in db.all())', Strength.POSSIBLE),
    ],
)
def test_what_the_system_works_out_of_numbers_is_made_of_many(asked: str, strength: Strength) -> None:
    sql = "SELECT order_id, quantity, price FROM lines WHERE order_id = ?"
    columns = [column("order_id", types=("int",), values=None), column("quantity", types=("int",)), column("price", types=("decimal",))]
    result = found(f"assert {asked}", statement(90, *columns, sql=sql), statement(40, *columns, sql=sql))
    assert pattern(result) == (Pattern.AGGREGATE, "lines.price")
    assert one(result).strength is strength


def test_methods_of_texts_ask_how_they_are_written_without_being_called() -> None:
    source = 'cities = [row["city"] for row in db.all()]\nassert not all(map(str.isascii, cities))'
    assert pattern(found(source, *CITIES, line=3)) == (Pattern.FORMAT, "patients.city")


def test_how_often_the_commonest_occurs_is_how_many_of_it_there_are() -> None:
    source = 'domains = Counter(row["city"].rsplit("@", 1)[-1] for row in db.all())\nassert domains.most_common(1)[0][1] < 20'
    assert pattern(found(source, *CITIES, line=3)) == (Pattern.FAN_OUT, "patients.city")


VISITS = "SELECT begun, ended, cost FROM visits"


def stays(rows: int, low: int) -> DeepStatement:
    moments = (column(name, types=("date",), values=None, null=name == "ended" and low == 5, low=low, high=5) for name in ("begun", "ended"))
    return statement(rows, *moments, column("cost", types=("decimal",), values=None), sql=VISITS)


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("max((ended - begun).days for begun, ended, _ in db.all()) > 100", (Pattern.AGGREGATE, "visits.begun")),
        ("stdev(float(row.cost) for row in db.all()) > 50", (Pattern.AGGREGATE, "visits.cost")),
        ("max(cost for _, _, cost in db.all()) > 50", (Pattern.AGGREGATE, "visits.cost")),
        ("min(begun for begun, *_ in db.all()) < SINCE", (Pattern.TIME_WINDOW, "visits.begun")),
    ],
)
def test_columns_of_rows_that_are_taken_apart(asked: str, expected: tuple[Pattern, str]) -> None:
    assert pattern(found(f"assert {asked}", stays(90, 5), stays(40, 3))) == expected


def test_rows_taken_apart_are_counted_for_each() -> None:
    source = "steps = defaultdict(int)\nfor city, _ in db.all():\n    steps[city] += 1\nassert any(count >= 8 for count in steps.values())"
    sides = [statement(rows, column("city", distinct=3, values=None), column("cost"), line=3) for rows in (90, 40)]
    assert pattern(found(source, *sides, line=5)) == (Pattern.FAN_OUT, "patients.city")


def test_the_length_of_what_stands_in_a_row_is_how_it_is_written() -> None:
    source = "lengths = {len(city) for (city,) in db.all()}\nassert len(lengths) > 1"
    sides = [statement(30, column("city", values=values)) for values in (("a", "b"), ("c",))]
    assert pattern(found(source, *sides, line=3)) == (Pattern.FORMAT, "patients.city")


def test_parts_of_dates_that_the_statement_selects_are_a_window() -> None:
    sides = [statement(rows, column("YEAR(begun)", types=("int",)), sql="SELECT DISTINCT YEAR(begun) FROM visits") for rows in (7, 2)]
    source = "years = db.all()\nself.assertIn((2013,), years)"
    assert pattern(found(source, *sides, line=3)) == (Pattern.TIME_WINDOW, "visits.begun")


def test_the_number_of_different_pieces_is_no_format() -> None:
    source = 'prefixes = {row["city"][:2] for row in db.all()}\nassert len(prefixes) > 8'
    assert pattern(found(source, *CITIES, line=3)) == (Pattern.CARDINALITY, "patients.city")


def test_pieces_of_many_values_are_counted_for_each() -> None:
    source = 'domains = Counter(row["mail"].rsplit("@", 1)[-1] for row in db.all())\nassert domains.most_common(1)[0][1] < 20'
    sides = [statement(91, column("mail", values=None), column("id", types=("int",))) for _ in range(2)]
    assert pattern(found(source, *sides, line=3)) == (Pattern.FAN_OUT, "patients.mail")


def test_of_rows_that_are_not_there_it_is_not_asked_how_they_are_written() -> None:
    sql = "SELECT id, city FROM patients WHERE state IS NULL LIMIT ?"
    sides = [statement(rows, column("id", types=("int",)), column("city", values=None), sql=sql) for rows in (1, 0)]
    source = 'row = db.without_state()\nassert len(row["city"]) == 3'
    assert pattern(found(source, *sides, line=3)) == (Pattern.NULL, "patients.state")


NOTES = "SELECT city, note FROM patients"
STAYS = "SELECT begun, ended FROM visits"


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ('any(city != city.upper() for city in self.column("city"))', Pattern.FORMAT),  # a column that a method of the test is told
        ('column(db, "city").count(None) > 3', Pattern.NULL),
        ("list(filter(pattern.fullmatch, column(db, 'city')))", Pattern.FORMAT),
        ("all(row.city[0] == ZERO for row in db.all())", Pattern.FORMAT),  # a sign of a text is no first row
        ('(frame["city"].str[-6:].astype(int) < 1000).all()', Pattern.FORMAT),
        (r're.search(r"\bporter\b", " ".join(row["city"] for row in db.all()))', Pattern.VALUE_SET),  # an expression of nothing but words
        (r're.search(r"\d+", " ".join(row["city"] for row in db.all()))', Pattern.FORMAT),
        ('len(by("city", db.all()).get("Ghent", [])) > 10', Pattern.VALUE_SET),
    ],
)
def test_columns_are_asked_of_in_many_ways(asked: str, expected: Pattern) -> None:
    legacy = statement(30, column("city", distinct=2, null=True, values=("aa", "bb")), column("note", values=None), sql=NOTES)
    shadow = statement(20, column("city", distinct=2, values=("dd", "ee")), column("note", values=None), sql=NOTES)
    assert pattern(found(f"assert {asked}", legacy, shadow)) == (expected, "patients.city")


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("value = 0\nfor row in db.all():\n    value += row.cost * row.visits\nassert value > 50_000", Pattern.AGGREGATE),
        ("sizes = {key: len(list(rows)) for key, rows in groupby(db.all(), key=itemgetter(0))}\nassert max(sizes.values()) > 25", Pattern.FAN_OUT),
    ],
)
def test_sums_of_products_and_groups_by_their_place(source: str, expected: Pattern) -> None:
    sides = [
        statement(rows, column("city", values=None), column("cost", types=("float",), values=None), column("visits", types=("int",)), line=line)
        for rows in (90, 40)
        for line in [2 if "groupby" in source else 3]
    ]
    assert pattern(found(source, *sides, line=source.count("\n") + 2))[0] is expected


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("max(db.delays()) > timedelta(hours=5)", Pattern.AGGREGATE),  # worked out of dates by the system under test
        ("punctuality(db) > 0.75", Pattern.AGGREGATE),
        ("max((row.ended - row.begun).days for row in db.all()) > 40", Pattern.AGGREGATE),
        ("max(row.stay.days for row in db.all() if row.ended) > 40", Pattern.AGGREGATE),  # what is left out is not asked for
        ("max((date.today() - row.begun).days for row in db.all()) > 40", Pattern.TIME_WINDOW),  # how long ago it was
    ],
)
def test_how_long_something_took(asked: str, expected: Pattern) -> None:
    sides = [
        statement(
            90,
            *(column(name, types=("date",), values=None, null=name == "ended" and low == 5, low=low, high=5) for name in ("begun", "ended")),
            sql=STAYS,
        )
        for low in (5, 3)
    ]
    assert pattern(found(f"assert {asked}", *sides))[0] is expected


def test_different_values_of_a_window_that_both_sides_fill_are_counted() -> None:
    sql = "SELECT DISTINCT city FROM visits WHERE day > ?"
    since = DeepValue(type="date", magnitude=4)
    sides = [statement(rows, column("city"), sql=sql, parameters=(since,)) for rows in (3, 2)]
    assert pattern(found("assert len(db.cities()) == 3", *sides)) == (Pattern.CARDINALITY, "visits")


def test_no_key_of_a_partner_is_no_partner() -> None:
    sql = "SELECT v.day, i.invoice_no, i.note FROM visits v LEFT JOIN invoices i ON i.visit_id = v.id"
    sides = [statement(9, column("day"), column("invoice_no", null=null), column("note", null=null), sql=sql) for null in (True, False)]
    assert pattern(found("assert any(row.invoice_no is None for row in db.all())", *sides)) == (Pattern.FAN_OUT, "invoices.invoice_no")
    assert pattern(found("assert any(row.note is None for row in db.all())", *sides)) == (Pattern.NULL, "invoices.note")


def test_what_is_on_top_by_a_column_is_an_extreme_where_that_column_is_compared() -> None:
    sql = "SELECT title, length FROM films ORDER BY title"
    sides = [statement(30, column("title", values=None), column("length", types=("int",), values=None, high=high), sql=sql) for high in (3, 2)]
    source = 'longest = max(db.films(), key=attrgetter("length"))\nassert longest.length >= 185'
    assert pattern(found(source, *sides, line=3)) == (Pattern.AGGREGATE, "films.length")


def test_text_that_is_matched_by_signs_is_a_format() -> None:
    sql = "SELECT id, note FROM films WHERE note LIKE ? LIMIT ?"
    sides = [
        statement(rows, column("id", types=("int",)), column("note", values=None), sql=sql, parameters=(DeepValue(type="str"),) * 2)
        for rows in (1, 0)
    ]
    assert pattern(found('assert db.query(Film).filter(Film.note.like("%,%")).first()', *sides)) == (Pattern.FORMAT, "films.note")
    assert pattern(found('assert db.query(Film).filter(Film.note.like("%late%")).first()', *sides)) == (Pattern.VALUE_SET, "films.note")


def test_parts_of_dates_under_another_name_are_a_window() -> None:
    sql = "SELECT DISTINCT CAST(STRFTIME(?, visits.begun) AS INTEGER) AS anon_1 FROM visits"
    sides = [statement(2, column("anon_1", types=("int",), values=values), sql=sql) for values in (("a", "b"), ("c",))]
    source = "years = {year for (year,) in db.years()}\nassert 2005 in years"
    assert pattern(found(source, *sides, line=3)) == (Pattern.TIME_WINDOW, "visits.begun")


def test_a_helper_may_assert_what_a_chain_of_calls_expects() -> None:
    text = "def test_one(db):\n    expect(dict(db.ratings())).to_contain('NC-17')\n"
    helper = "class expect:\n    def to_contain(self, *wanted):\n        assert not [one for one in wanted if one not in self.value]\n"
    frames = (Frame(path=PATH, line=2, function="test_one"), Frame(path="tests/expecting.py", line=3, function="to_contain"))
    failure = Failure(type="AssertionError", message="assert not ['NC-17']", phase=Phase.CALL, frames=frames)
    sketch = read_assertion({PATH: text, "tests/expecting.py": helper}, failure, own=(), columns=("rating", "n"), test="test_one")
    assert sketch is not None
    assert Ask.TEXT in sketch.asks


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("mean(distances) > 7", Pattern.AGGREGATE),  # what is not there was kept out of the number
        ("distances", Pattern.NULL),
        ('sum(map(bool, column(db, "km"))) > 2', Pattern.NULL),
    ],
)
def test_what_is_kept_where_there_is_something(asked: str, expected: Pattern) -> None:
    sides = [statement(90, column("km", types=types, null=True, values=None), column("id", types=("int",)), line=2) for types in (("float",), ())]
    source = f'distances = [row["km"] for row in db.all() if row["km"] is not None]\nassert {asked}'
    sides = (
        sides
        if expected is Pattern.NULL
        else [sides[0], replace(sides[0], columns=(column("km", types=("float",), values=None), sides[0].columns[1]))]
    )
    assert pattern(found(source, *sides, line=3))[0] is expected


def test_of_rows_that_are_not_there_it_is_not_asked_when_they_were() -> None:
    sql = "SELECT id, begun FROM visits WHERE kind = ? AND ended IS NULL"
    day = {"types": ("date",), "values": None}
    sides = [statement(rows, column("id", types=("int",)), column("begun", **day), sql=sql) for rows in (3, 0)]
    source = 'ill = db.rows(select(visits.c.id, visits.c.begun).where(visits.c.kind == "ill", visits.c.ended.is_(None)))\nassert ill'
    assert pattern(found(source, *sides, line=3)) == (Pattern.NULL, "visits.ended")


def figures(**numbers: tuple[int, int]) -> list[tuple[DeepColumn, ...]]:
    """The one row of both sides; numbers by name, as on legacy and on shadow."""
    return [
        tuple(column(name, types=("int",), distinct=1, values=(f"v{pair[side]}",), low=pair[side], high=pair[side]) for name, pair in numbers.items())
        for side in (0, 1)
    ]


@pytest.mark.parametrize(
    ("figure", "expected"),
    [
        ("count(*) FILTER (WHERE phone IS NULL)", (Pattern.NULL, "patients.phone")),
        ("sum(CASE WHEN phone IS NULL THEN ? ELSE ? END)", (Pattern.NULL, "patients.phone")),
        ("count(*) FILTER (WHERE ward = ?)", (Pattern.VALUE_SET, "patients.ward")),
        ("sum(lower(ward) = ?)", (Pattern.VALUE_SET, "patients.ward")),
        ("sum(nights)", (Pattern.AGGREGATE, "patients.nights")),
    ],
)
def test_of_several_numbers_the_named_one_is_counted_by_its_own_condition(figure: str, expected: tuple[Pattern, str]) -> None:
    sql = f"SELECT count(*) AS people, {figure} AS wanted FROM patients WHERE city = ?"
    sides = [statement(1, *row, sql=sql) for row in figures(people=(3, 2), wanted=(2, 0))]
    assert pattern(found('assert db.one()["wanted"] > 0', *sides)) == expected


def test_a_number_that_shadow_has_too_is_none_of_its_condition() -> None:
    sql = "SELECT count(*) AS people, count(*) FILTER (WHERE phone IS NULL) AS wanted FROM patients"
    sides = [statement(1, *row, sql=sql) for row in figures(people=(3, 2), wanted=(2, 1))]
    assert pattern(found('assert db.one()["wanted"] > 9', *sides))[0] is Pattern.CARDINALITY


@pytest.mark.parametrize(("on_shadow", "expected"), [(2, Pattern.NULL), (1, Pattern.CARDINALITY)])
def test_what_is_filled_is_held_against_all_there_are(on_shadow: int, expected: Pattern) -> None:
    sql = "SELECT count(*) AS people, count(phone) AS reachable FROM patients"
    sides = [statement(1, *row, sql=sql) for row in figures(people=(4, 2), reachable=(3, on_shadow))]
    assert pattern(found('row = db.one()\nassert row["reachable"] < row["people"]', *sides, line=3))[0] is expected
