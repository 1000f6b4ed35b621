"""Styles of asking: what an assertion asks for, in whatever way it is written, and of answers over HTTP as of rows."""

from __future__ import annotations

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
