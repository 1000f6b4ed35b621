"""Styles of asking: what an assertion asks for, in whatever way it is written, and of answers over HTTP as of rows."""

from __future__ import annotations

from dataclasses import replace
from textwrap import dedent, indent
from typing import Any

import pytest

from compare.causes import explain, sketch_of
from compare.causes.bound import uses
from harness.model import (
    Cause,
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
    Side,
    SideResult,
    Verdict,
)

PATH = "tests/test_a.py"
TEST = f"{PATH}::test_one"
LOANS = "SELECT * FROM loans ORDER BY id"
BY_BRANCH = (
    "SELECT b.branch_id, b.city, b.fax, count(c.id) AS copies FROM branches b LEFT JOIN copies c ON c.branch_id = b.branch_id GROUP BY b.branch_id"
)


def column(name: str, *values: str, **facts: Any) -> DeepColumn:
    return DeepColumn(**{"name": name, "types": ("str",), "distinct": 2, "values": values or None, **facts})


def rows(count: int, *columns: DeepColumn, sql: str = LOANS, **facts: Any) -> DeepStatement:
    return DeepStatement(sql=sql, fetched=count, columns=columns, at=DeepPlace(path=PATH, line=facts.pop("line", 3)), **facts)


def answer(path: str, count: int | None, *columns: DeepColumn, status: int = 200, single: bool = False, **facts: Any) -> DeepRequest:
    place = DeepPlace(path=PATH, line=3)
    return DeepRequest(method="GET", host=HostClass.LOOPBACK, path=path, status=status, rows=count, columns=columns, single=single, at=place, **facts)


def explained(source: str, legacy: dict[str, Any], shadow: dict[str, Any], *, top: str = "", settings: tuple[str, ...] = ()) -> PairResult:
    """The pair of a test of two lines, from line 3 on, that failed in its last one."""
    body = indent(dedent(source).strip(), "    ")
    text = f"{top}\ndef test_one(db, get):\n{body}\n"
    failure = Failure(
        type="AssertionError",
        message="assert False",
        phase=Phase.CALL,
        frames=(Frame(path=PATH, line=text.count("\n"), function="test_one"),),
    )
    pair = PairResult(
        test_id=TEST,
        legacy=SideResult(outcome=Outcome.PASSED),
        shadow=SideResult(outcome=Outcome.FAILED, failure=failure),
        verdict=Verdict.DIVERGENT,
        reason="",
        direction=Direction.LEGACY_ONLY_PASS,
    )
    one, other = (DeepRecord(test_id=TEST, side=side, **held) for side, held in zip(Side, (legacy, shadow), strict=True))
    sketch = sketch_of(pair, {PATH: text}, one, other)
    found = {TEST: sketch} if sketch else {}
    return explain([pair], sources=None, legacy={TEST: one}, shadow={TEST: other}, assertions=found, settings=settings)[0]


def pattern(result: PairResult) -> tuple[Pattern | None, str]:
    (coupling,) = result.couplings
    return coupling.pattern, coupling.entity


def of_rows(source: str, legacy: DeepStatement, shadow: DeepStatement, *, top: str = "") -> tuple[Pattern | None, str]:
    return pattern(explained(source, {"statements": (legacy,)}, {"statements": (shadow,)}, top=top))


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ('counts = {}\nfor row in db.all(): counts[row["kind"]] = counts.get(row["kind"], 0) + 1\nassert max(counts.values()) > 9', Pattern.FAN_OUT),
        ('counts = Counts(int)\nfor row in db.all(): counts[row["kind"]] += 1\nassert max(counts.values()) > 9', Pattern.FAN_OUT),
        ('first, *rest = db.all()\nassert first["kind"] == "fiction"', Pattern.ORDERING),
        ('*rest, last = db.all()\nassert last["kind"] == "3c"', Pattern.ORDERING),
        ('kinds = {row["kind"] for row in db.all()}\nassert "3c" in kinds', Pattern.VALUE_SET),
        ('kinds = [row["kind"] for row in db.all()]\nself.assertIn("3c", kinds)', Pattern.VALUE_SET),
        ('kinds = " ".join(row["kind"] for row in db.all())\nassert any(sign in kinds for sign in "-/")', Pattern.FORMAT),
        ('rows = db.all()\nassert any("-" in row["kind"] for row in rows)', Pattern.FORMAT),
        ("total = 0\nfor row in db.all(): total += len(row.copies)\nassert total == 40", Pattern.CARDINALITY),
    ],
)
def test_styles_of_asking(source: str, expected: Pattern) -> None:
    legacy, shadow = rows(40, column("kind", "a", "b")), rows(9, column("kind", "c"))
    assert of_rows(source, legacy, shadow)[0] is expected


@pytest.mark.parametrize(
    "source", ['shown = [row["kind"] or "-" for row in db.all()]', 'shown = [row["kind"] if row["kind"] else "-" for row in db.all()]']
)
def test_what_stands_in_for_nothing_may_be_asked_for(source: str) -> None:
    legacy, shadow = rows(40, column("kind", "a", null=True)), rows(9, column("kind", "a"))
    assert of_rows(f'{source}\nself.assertIn("-", shown)', legacy, shadow) == (Pattern.NULL, "loans.kind")
    assert of_rows(f'{source}\nself.assertIn("3c", shown)', legacy, shadow)[0] is not Pattern.NULL


@pytest.mark.parametrize(
    ("member", "expected"),
    [
        ("issued", (Pattern.CARDINALITY, "invoices")),
        ("total", (Pattern.AGGREGATE, "invoices.amount")),
        ("most", (Pattern.AGGREGATE, "invoices.reminder")),
    ],
)
def test_of_the_numbers_of_one_statement_the_one_that_is_named_decides(member: str, expected: tuple[Pattern, str]) -> None:
    sql = "SELECT count(*) AS issued, coalesce(sum(amount), ?) AS total, sum(state = ?) AS lost, max(reminder) AS most FROM invoices"
    legacy, shadow = (
        rows(1, *(column(name, value, types=("int",), low=2, high=2) for name in ("issued", "total", "lost", "most")), sql=sql)
        for value in ("8", "5")
    )
    assert of_rows(f'row = db.stats()\nassert row["{member}"] > 7', legacy, shadow) == expected


SET_UP = "calls = []\ndef setUpModule():\n    global calls\n    calls = list(office.calls)\n"
"""A global name of the module: line 4."""
CALLS = "SELECT imo, purpose, arrived, extra FROM calls"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ('self.assertCountEqual({call.purpose for call in calls}, ["cargo", "repair"])', (Pattern.VALUE_SET, "calls.purpose")),
        ("most = {}\nfor call in calls:\n    most[call.imo] += 1\nself.assertGreater(max(most.values()), 40)", (Pattern.FAN_OUT, "calls.imo")),
        ('first = min(calls, key=lambda call: call.arrived)\nself.assertEqual(first.purpose, "repair")', (Pattern.ORDERING, "calls.purpose")),
        ('first = min(calls, key=lambda call: call.arrived)\nself.assertLess(first.arrived, "2012")', (Pattern.TIME_WINDOW, "calls.arrived")),
        ("self.assertEqual(sum(call.extra for call in calls), 2)", (Pattern.VALUE_SET, "calls.extra")),
    ],
)
def test_globals_of_a_module_are_set_up_by_a_function(source: str, expected: tuple[Pattern, str]) -> None:
    sides = []
    for count, purposes, flag in ((430, ("cargo", "repair"), 1), (60, ("cargo",), 0)):
        columns = (
            column("imo", types=("int",), distinct=len(str(count))),
            column("purpose", *purposes),
            column("arrived", types=("datetime",), low=5 - flag, high=5),
            column("extra", *map(str, range(flag + 1)), types=("int",), low=0, high=flag),
        )
        asked = rows(1, column("count(*)", str(count), types=("int",), low=3, high=3), sql="SELECT count(*) FROM calls", line=4, phase=Phase.SETUP)
        sides.append({"statements": (asked, rows(count, *columns, sql=CALLS, line=4, phase=Phase.SETUP))})
    assert pattern(explained(source, *sides, top=SET_UP)) == expected


def test_a_setting_that_is_read_outdoes_what_fixtures_alone_read() -> None:
    sides = [
        {"statements": (rows(1, column("n", str(n), types=("int",), low=n, high=n), sql="SELECT count(*) FROM calls", line=4, phase=Phase.SETUP),)}
        for n in (4, 2)
    ]
    assert explained("year = tariff_year()\nself.assertEqual(year, 2021)", *sides).cause is Cause.PATTERN
    for side in sides:
        side["variables"] = ("TARIFF",)
    assert (
        explained("year = tariff_year()\nself.assertEqual(year, 2021)", *sides, top="import os\n\n\n\n", settings=("TARIFF",)).cause
        is Cause.ENVIRONMENT
    )


def test_a_sum_over_rows_with_a_value_of_which_shadow_has_none_is_of_that_value() -> None:
    sql = "SELECT sum(state = ?) AS lost, count(*) AS issued FROM invoices"
    legacy, shadow = (
        rows(1, column("lost", lost, types=("int",), low=low, high=low), column("issued", "9", types=("int",), low=2, high=2), sql=sql)
        for lost, low in (("8", 2), ("0", 0))
    )
    assert of_rows('row = db.stats()\nassert row["lost"] > 7', legacy, shadow) == (Pattern.VALUE_SET, "invoices.state")


def test_what_is_counted_by_chooses_no_rows() -> None:
    sql = "SELECT sum(state = ?) AS lost FROM invoices WHERE issued LIKE ?"
    legacy, shadow = (rows(1, column("lost", value, types=("int",), low=low, high=low), sql=sql) for value, low in (("8", 2), ("0", 0)))
    assert of_rows('row = db.stats()\nassert row["lost"] > 7', legacy, shadow) == (Pattern.VALUE_SET, "invoices.issued")


def test_lines_of_a_document_are_counted_and_words_of_a_value_are_not() -> None:
    legacy, shadow = rows(40, column("kind", "a")), rows(9, column("kind", "b"))
    assert of_rows("text = db.export()\nassert len(text.decode().splitlines()) > 30", legacy, shadow) == (Pattern.CARDINALITY, "loans")
    assert of_rows('row = db.all()\nassert len(row["kind"].split()) > 2', legacy, shadow) == (Pattern.FORMAT, "loans.kind")


def test_what_a_whole_class_was_set_up_with_is_not_what_a_test_asks_for() -> None:
    top = "@classmethod\ndef setUpClass(cls):\n    cls.loans = cls.db.by_state()\n"
    by_state = "SELECT * FROM loans WHERE state = ANY(?)"
    sides = [
        {
            "statements": (
                rows(40, column("kind", "a"), sql=by_state, line=3, phase=Phase.SETUP),
                rows(count, column("kind", "a"), sql=by_state, line=7),
            )
        }
        for count in (4, 0)
    ]
    assert pattern(explained("found = db.by_state()\nself.assertGreater(len(found), 0)", *sides, top=top)) == (Pattern.VALUE_SET, "loans.state")


def test_a_comparison_with_a_constant_of_the_module_is_about_dates() -> None:
    legacy, shadow = (rows(count, column("due", formats=("date",), low=low)) for count, low in ((40, 5), (9, 3)))
    source = "old = [row for row in db.all() if row.due < SINCE]\nassert len(old) > 0"
    assert of_rows(source, legacy, shadow, top="SINCE = date(2017, 1, 1)") == (Pattern.TIME_WINDOW, "loans.due")


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ('rows = db.all()\nassert any(row["fax"] is not None for row in rows)', (Pattern.NULL, "branches.fax")),
        ('rows = db.all()\nassert len({row["city"] for row in rows}) == 5', (Pattern.CARDINALITY, "branches.city")),
        ('rows = db.all()\nassert rows[0]["city"] == "Ghent"', (Pattern.ORDERING, "branches.city")),
        ('rows = db.all()\nassert max(row["copies"] for row in rows) > 10', (Pattern.FAN_OUT, "copies.id")),
    ],
)
def test_of_a_result_that_counts_only_what_is_asked_decides(source: str, expected: tuple[Pattern, str]) -> None:
    legacy = rows(5, column("city", "a", "b"), column("fax", "f", null=True), column("copies", "9", types=("int",)), sql=BY_BRANCH)
    shadow = rows(2, column("city", "c"), column("fax", types=(), null=True, distinct=0), column("copies", "1", types=("int",)), sql=BY_BRANCH)
    assert of_rows(source, legacy, shadow) == expected


def test_fixtures_are_followed() -> None:
    top = "@pytest.fixture\ndef db(conn):\n    return conn.all()[0]"
    legacy, shadow = (rows(count, column("kind", value), line=4) for count, value in ((40, "a"), (9, "b")))
    assert of_rows('kind = db["kind"]\nassert kind == "fiction"', legacy, shadow, top=top) == (Pattern.ORDERING, "loans.kind")


def test_what_a_helper_asserts_lies_in_the_test() -> None:
    top = "def some(items, condition):\n    assert any(map(condition, items))\n"
    legacy, shadow = (rows(9, column("fax", null=null)) for null in (True, False))
    found = explained('rows = db.all()\nsome(rows, lambda row: row["fax"] is None)', {"statements": (legacy,)}, {"statements": (shadow,)}, top=top)
    assert pattern(found) == (Pattern.NULL, "loans.fax")
    assert found.couplings[0].line == 6


@pytest.mark.parametrize(
    ("top", "expected"), [("LEAST = 5", "LEAST"), ("from constants import LEAST", "LEAST"), ("import constants", "constants.LEAST")]
)
def test_constants_are_values_of_the_source(top: str, expected: str) -> None:
    legacy, shadow = (rows(9, column("fine", value, types=("int",))) for value in "ab")
    source = f'rows = db.all()\nassert all(row["fine"] < {expected} for row in rows)'
    assert of_rows(source, legacy, shadow, top=top) == (Pattern.VALUE_SET, "loans.fine")


def test_a_date_that_is_far_away_bounds_nothing() -> None:
    sql = "SELECT sum(fine) AS total FROM loans WHERE due >= ?"
    far = (DeepValue(type="str", format="date", magnitude=7),)
    legacy, shadow = (rows(1, column("total", value, types=("int",)), sql=sql, parameters=far) for value in "ab")
    assert of_rows('rows = db.all()\nassert rows["total"] == 900', legacy, shadow) == (Pattern.AGGREGATE, "loans.fine")


# --------------------------------------------------------------------------------------------------------------------------------------------
# Answers
# --------------------------------------------------------------------------------------------------------------------------------------------


def of_answers(source: str, legacy: tuple[DeepRequest, ...], shadow: tuple[DeepRequest, ...]) -> tuple[Pattern | None, str]:
    return pattern(explained(source, {"requests": legacy}, {"requests": shadow}))


@pytest.mark.parametrize(
    ("ask", "expected"),
    [
        ('any(row["phone"] is None for row in body["items"])', (Pattern.NULL, "GET /readers.phone")),
        ('"Peru" in {row["country"] for row in body["items"]}', (Pattern.VALUE_SET, "GET /readers.country")),
        ('len({row["country"] for row in body["items"]}) > 2', (Pattern.CARDINALITY, "GET /readers.country")),
        ('body["items"][0]["country"] == "Peru"', (Pattern.ORDERING, "GET /readers.country")),
        ('min(row["joined"] for row in body["items"]) < "2015"', (Pattern.TIME_WINDOW, "GET /readers.joined")),
        ('any(not row["country"].isascii() for row in body["items"])', (Pattern.FORMAT, "GET /readers.country")),
        ('max(len(row["loans"]) for row in body["items"]) > 20', (Pattern.FAN_OUT, "GET /readers.loans")),
        ('body["total"] >= 40', (Pattern.CARDINALITY, "GET /readers.total")),
        ('len(body["items"]) >= 40', (Pattern.CARDINALITY, "GET /readers")),
    ],
)
def test_answers_are_judged_like_rows(ask: str, expected: tuple[Pattern, str]) -> None:
    legacy = answer(
        "/readers",
        40,
        column("country", "a", "b"),
        column("phone", null=True),
        column("joined", formats=("date",), low=5),
        column("loans", "1", "30", types=("int", "list")),
        column("total", "40", types=("int",)),
    )
    shadow = answer(
        "/readers",
        9,
        column("country", "c"),
        column("phone"),
        column("joined", formats=("date",), low=3),
        column("loans", "1", "2", types=("int", "list")),
        column("total", "9", types=("int",)),
    )
    assert of_answers(f'body = get("/readers").json()\nassert {ask}', (legacy,), (shadow,)) == expected


def test_numbers_about_no_record_are_worked_out_of_many() -> None:
    legacy, shadow = (answer("/figures", 1, column("turnover", value, types=("float",)), single=True) for value in "ab")
    assert of_answers('body = get("/figures").json()\nassert body["turnover"] > 900', (legacy,), (shadow,))[0] is Pattern.AGGREGATE


def test_the_query_of_a_request_is_a_condition() -> None:
    asked = (DeepValue(type="str", format="text", name="country"),)
    legacy, shadow = (answer("/readers", count, column("total", str(count), types=("int",)), query=asked) for count in (3, 0))
    assert of_answers('body = get("/readers").json()\nassert body["total"] > 0', (legacy,), (shadow,)) == (Pattern.VALUE_SET, "GET /readers.country")


def test_one_answer_each_for_several_is_a_fan_out() -> None:
    legacy, shadow = (
        tuple(answer("/readers/{}/loans", count, segments=(DeepValue(type="int"),)) for count in counts) for counts in ((0, 3, 4), (1, 3, 4))
    )
    source = 'counts = [len(get(f"/readers/{number}/loans").json()) for number in (1, 2, 3)]\nassert 0 in counts'
    assert of_answers(source, legacy, shadow)[0] is Pattern.FAN_OUT


@pytest.mark.parametrize(("status", "found"), [(0, True), (1, False), (None, None)])
def test_a_program_found_something_where_it_ended_well(status: int | None, found: object) -> None:
    value = DeepValue(type="str", format="integer", fingerprints=("aa",))
    program = DeepRequest(
        method="RUN",
        host=HostClass.LOOPBACK,
        path="python/-m/loans/{}/show/{}/--reader/{}",
        segments=(value,) * 3,
        status=status,
        client="subprocess",
    )
    record = DeepRecord(test_id=TEST, side=Side.SHADOW, requests=(program,))
    assert [(use.answered, use.word) for use in uses(record)] == [(found, None), (found, None), (found, "--reader")]


@pytest.mark.parametrize("status", [501, 503])
def test_a_server_that_does_not_do_it_on_shadow_has_other_settings(status: int) -> None:
    served, off = answer("/export", 1, single=True), answer("/export", None, status=status)
    source = 'body = get("/export")\nassert body.status_code == 200'
    found = explained(source, {"requests": (served,)}, {"requests": (off,)}, settings=("EXPORTS",))
    assert (found.cause, found.remedy) == (Cause.ENVIRONMENT, Remedy.FIX_ENVIRONMENT)
    assert explained(source, {"requests": (served,)}, {"requests": (off,)}).cause is Cause.UNKNOWN  # both sides have the same settings
    assert explained(source, {"requests": (off,)}, {"requests": (off,)}, settings=("EXPORTS",)).cause is Cause.UNKNOWN


# --------------------------------------------------------------------------------------------------------------------------------------------
# Data frames
# --------------------------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ('assert db.frame["fax"].isna().any()', (Pattern.NULL, "loans.fax")),
        ('assert db.frame["fax"].notnull().sum() == 9', (Pattern.NULL, "loans.fax")),
        ('assert db.frame["kind"].nunique() == 2', (Pattern.CARDINALITY, "loans.kind")),
        ('assert db.frame.groupby("reader_id").size().max() > 3', (Pattern.FAN_OUT, "loans.reader_id")),
        ('assert db.frame["reader_id"].value_counts().iloc[0] > 3', (Pattern.FAN_OUT, "loans.reader_id")),
        ('assert db.frame["fine"].sum() == 900', (Pattern.AGGREGATE, "loans.fine")),
        ('spent = db.frame.groupby("reader_id")["fine"].sum()\nassert spent.head(3).sum() > 0.5', (Pattern.AGGREGATE, "loans.fine")),
        ('found = db.frame[db.frame["kind"] == "3c"]\nassert not found.empty', (Pattern.VALUE_SET, "loans.kind")),
        ('assert db.frame.query("kind == \'3c\'")["kind"].any()', (Pattern.VALUE_SET, "loans.kind")),
        ('pivot = db.frame.pivot_table(index="kind", values="fine")\nassert pivot.loc["3c", "fine"] > 0', (Pattern.VALUE_SET, "loans.kind")),
        ('top = db.frame.sort_values("fine", ascending=False)\nassert top.iloc[0]["kind"] == "3c"', (Pattern.ORDERING, "loans.kind")),
        ('assert db.frame.set_index("due").resample("MS").size().loc["2021-05-01"] == 7', (Pattern.TIME_WINDOW, "loans.due")),
        ('assert db.frame["kind"].str.fullmatch("[a-z]{4}").all()', (Pattern.FORMAT, "loans.kind")),
    ],
)
def test_frames_are_asked_by_their_methods(source: str, expected: tuple[Pattern, str]) -> None:
    legacy = rows(
        40,
        column("kind", "a", "b"),
        column("fax", null=True),
        column("reader_id", types=("int",), distinct=3),
        column("fine", "1", "2", types=("float",)),
        column("due", formats=("date",), low=5),
    )
    shadow = rows(
        9,
        column("kind", "c"),
        column("fax"),
        column("reader_id", types=("int",), distinct=2),
        column("fine", "3", types=("float",)),
        column("due", formats=("date",), low=3),
    )
    assert of_rows(source, legacy, shadow) == expected


# --------------------------------------------------------------------------------------------------------------------------------------------
# Expectations that stand elsewhere, defaults, and what is looked up
# --------------------------------------------------------------------------------------------------------------------------------------------


def kinds(*, null: bool = True) -> tuple[DeepStatement, DeepStatement]:
    return rows(40, column("kind", "a", "b", null=null)), rows(9, column("kind", "a"))


@pytest.mark.parametrize(
    "source",
    [
        'assert any("fiction" in (row["kind"] or "") for row in db.all())',
        'assert any("fiction" in row.get("kind", "") for row in db.all())',
        'found = [row for row in db.all() if row["kind"] == "3c"]\nassert len(found) > 5',
        'kinds = Counter(row["kind"] for row in db.all())\nassert kinds["3c"]',
        'assert sum(row["kind"] == "3c" for row in db.all()) >= 5',
    ],
)
def test_what_stands_in_for_nothing_is_not_asked_for_and_a_value_that_is_counted_is(source: str) -> None:
    assert of_rows(source, *kinds()) == (Pattern.VALUE_SET, "loans.kind")


def test_rows_that_are_counted_by_a_value_that_shadow_has_as_well_are_a_count() -> None:
    legacy, shadow = rows(40, column("kind", "a")), rows(9, column("kind", "a"))
    assert of_rows('found = [row for row in db.all() if row["kind"] == "3c"]\nassert len(found) > 5', legacy, shadow)[0] is Pattern.CARDINALITY


@pytest.mark.parametrize(
    "source",
    [
        'gone = [row["id"] for row in db.all() if row["gone"]]\nassert len(gone) == 8',
        'assert len([row for row in db.all() if row["gone"] == 1]) == 8',
    ],
)
def test_rows_that_are_counted_by_a_flag_that_no_row_of_shadow_has_are_of_that_value(source: str) -> None:
    legacy, shadow = rows(40, column("gone", "0", "1", types=("int",), low=0, high=1)), rows(9, column("gone", "0", types=("int",), low=0, high=0))
    assert of_rows(source, legacy, shadow) == (Pattern.VALUE_SET, "loans.gone")
    assert of_rows(source, legacy, rows(9, *legacy.columns))[0] is Pattern.CARDINALITY


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("min(map(len, codes)) == 3", Pattern.FORMAT),
        ("any(len(code) == 3 for code in codes)", Pattern.FORMAT),
        ("max(map(len, by_code.values())) > 3", Pattern.FAN_OUT),
    ],
)
def test_the_length_of_what_rows_hold_says_how_it_is_written(asked: str, expected: Pattern) -> None:
    made = 'codes = [row["kind"] for row in db.all()]\nby_code = {}\nfor row in db.all(): by_code.setdefault(row["kind"], []).append(row)\n'
    assert of_rows(f"{made}assert {asked}", *kinds())[0] is expected


@pytest.mark.parametrize(("different", "expected"), [(None, Pattern.AGGREGATE), (("1", "2", "9"), Pattern.VALUE_SET)])
def test_whether_any_of_many_numbers_lies_beyond_one_asks_how_far_they_reach(different: tuple[str, ...] | None, expected: Pattern) -> None:
    legacy = rows(40, DeepColumn(name="km", types=("int",), distinct=3, values=different, low=1, high=4))
    shadow = rows(9, DeepColumn(name="km", types=("int",), distinct=1, values=("1",), low=1, high=1))
    assert of_rows('assert any(row["km"] > 500 for row in db.all())', legacy, shadow) == (expected, "loans.km")


def test_lengths_of_several_say_how_many_each_has() -> None:
    asked, held = "SELECT title FROM loans WHERE member_id = ?", (column("title", "a", "b"),)
    sides = [tuple(DeepStatement(sql=asked, columns=held, fetched=count) for count in counts) for counts in ((7, 2, 4), (2, 2, 2))]
    source = "books = {one: db.loans(one) for one in range(3)}\nassert max(map(len, books.values())) > 6"
    assert pattern(explained(source, *({"statements": several} for several in sides)))[0] is Pattern.FAN_OUT


def test_expectations_may_be_taken_out_of_a_constant() -> None:
    legacy, shadow = rows(40, column("kind", "a", "b")), rows(9, column("kind", "c"))
    source = 'assert db.all()[0]["kind"] == EXPECTED["first"]["kind"]'
    assert of_rows(source, legacy, shadow, top="EXPECTED = json.loads(TEXT)") == (Pattern.ORDERING, "loans.kind")


def test_what_rows_are_counted_by_is_not_asked_to_be_filled() -> None:
    source = 'counts = Counter(row["lender"] for row in db.all() if row["lender"])\nassert max(counts.values(), default=0) > 3'
    legacy, shadow = rows(40, column("lender", "a", "b")), rows(40, column("lender", types=(), null=True, distinct=0))
    assert of_rows(source, legacy, shadow) == (Pattern.FAN_OUT, "loans.lender")


def test_a_piece_of_a_text_says_how_it_is_written() -> None:
    legacy, shadow = rows(40, column("isbn", "a", "b")), rows(40, column("isbn", "c"))
    assert of_rows('assert any(row["isbn"][:3] == "978" for row in db.all())', legacy, shadow) == (Pattern.FORMAT, "loans.isbn")


def test_keys_are_not_added_up() -> None:
    sql = "SELECT max(id) + 1 AS next FROM loans"
    legacy, shadow = (rows(1, column("next", value, types=("int",)), sql=sql) for value in "ab")
    assert explained("assert db.next() == 17", {"statements": (legacy,)}, {"statements": (shadow,)}).couplings == ()


def test_whether_each_has_any_is_a_fan_out() -> None:
    legacy, shadow = (
        tuple(answer("/readers/{}/loans", count, segments=(DeepValue(type="int"),)) for count in counts) for counts in ((0, 3, 4), (1, 3, 4))
    )
    source = "assert not all(get.loans(number) for number in (1, 2, 3))"
    assert of_answers(source, legacy, shadow)[0] is Pattern.FAN_OUT


@pytest.mark.parametrize(
    ("name", "expected"),
    [("turnover", Pattern.AGGREGATE), ("frozen_loans", Pattern.VALUE_SET)],
)
def test_a_word_in_the_path_that_both_sides_answer_is_no_record(name: str, expected: Pattern) -> None:
    word = (DeepValue(type="str", format="text", fingerprints=("aa",)),)
    legacy, shadow = (
        answer("/reports/{}", 1, column(name, str(number), types=("int",), low=number, high=number), single=True, segments=word) for number in (3, 0)
    )
    of_two = tuple(replace(one, columns=(*one.columns, column("other", "9", types=("int",), low=1, high=1))) for one in (legacy, shadow))
    assert of_answers(f'assert get("/reports/overview").json()["{name}"] == approx(3)', of_two[:1], of_two[1:])[0] is expected


@pytest.mark.parametrize(("name", "found"), [("q", True), ("search", True), ("city", False)])
def test_what_is_searched_for_everywhere_may_be_any_column(name: str, *, found: bool) -> None:
    value = DeepValue(type="str", format="text", fingerprints=("aa",), name=name)
    record = DeepRecord(test_id=TEST, side=Side.SHADOW, requests=(answer("/readers", 0, query=(value,)),))
    assert [use.addresses for use in uses(record)] == [found]


def test_a_query_that_says_nothing_is_called_like_what_is_asked_for() -> None:
    value = DeepValue(type="str", format="text", fingerprints=("aa",), name="number")
    record = DeepRecord(test_id=TEST, side=Side.SHADOW, requests=(answer("/api/tickets", 0, query=(value,)),))
    assert [use.word for use in uses(record)] == ["tickets number"]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ('assert db.all()[0] == {"kind": "fiction", "fine": 3.5}', Pattern.ORDERING),
        ('assert [row["kind"] for row in db.all()[:2]] == ["fiction", "maps"]', Pattern.ORDERING),
        ('top, = db.all()[:1]\nassert top["kind"] == "fiction"', Pattern.ORDERING),
        ('assert max(db.all(), key=lambda row: row["fine"])["kind"] == "fiction"', Pattern.ORDERING),
        ('assert max(db.all(), key=lambda row: row["fine"])["fine"] > 9', Pattern.AGGREGATE),
        ('total = 0\nfor row in db.all(): total += row["fine"]\nassert total > 9', Pattern.AGGREGATE),
        ("count = 0\nfor _ in db.all(): count += 1\nassert count == 40", Pattern.CARDINALITY),
        ('for kind in ("fiction", "maps"):\n    assert any(row["kind"] == kind for row in db.all())', Pattern.VALUE_SET),
        ('assert Counter(row["kind"] for row in db.all())["fiction"] > 3', Pattern.VALUE_SET),
        ('self.assertEqual({row["kind"] for row in db.all()}, set("ABC"))', Pattern.VALUE_SET),
        ('assert any(len(row["kind"].split()) > 2 for row in db.all())', Pattern.FORMAT),
        ('assert any(ord(sign) > 127 for row in db.all() for sign in row["kind"])', Pattern.FORMAT),
        ('assert any(row["due"][5:7] == "12" for row in db.all())', Pattern.TIME_WINDOW),
    ],
)
def test_more_styles_of_asking(source: str, expected: Pattern) -> None:
    legacy = rows(40, column("kind", "a", "b"), column("fine", "1", "2", types=("float",)), column("due", formats=("date",), low=5))
    shadow = rows(36, column("kind", "c"), column("fine", "3", types=("float",)), column("due", formats=("date",), low=3))
    assert of_rows(source, legacy, shadow)[0] is expected


@pytest.mark.parametrize(
    ("sql", "ask", "expected"),
    [
        ("SELECT sum(fax IS NULL) AS n FROM loans", "[0] > 0", Pattern.NULL),
        ("SELECT sum(CASE WHEN l.fax IS NULL THEN 1 ELSE 0 END) AS n FROM loans l", "[0] > 0", Pattern.NULL),
        ("SELECT julianday(max(due)) - julianday(min(due)) AS n FROM loans", "[0] > 700", Pattern.TIME_WINDOW),
        ("SELECT kind, count(*) AS n FROM loans GROUP BY kind ORDER BY n DESC LIMIT 1", '[0] == "fiction"', Pattern.ORDERING),
        ("SELECT kind, count(*) AS n FROM loans GROUP BY kind ORDER BY n DESC LIMIT 1", "[1] > 9", Pattern.FAN_OUT),
    ],
)
def test_statements_that_work_out_one_row(sql: str, ask: str, expected: Pattern) -> None:
    legacy, shadow = (
        rows(1, *([column("kind", value)] if "kind" in sql else []), column("n", str(most), types=("int",), low=most, high=most), sql=sql)
        for value, most in (("a", 3), ("b", 0))
    )
    assert of_rows(f"assert db.execute(SQL).fetchone(){ask}", legacy, shadow)[0] is expected
