"""Tests over HTTP whose server runs in their own process: pages, reports and settings, with the statements behind them."""

from __future__ import annotations

from textwrap import dedent, indent
from typing import Any

import pytest

from compare.causes import explain, sketch_of
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
    Side,
    SideResult,
    Verdict,
)

PATH = "tests/test_a.py"
TEST = f"{PATH}::test_one"
PAGE = "SELECT * FROM orders WHERE ? = ? ORDER BY placed_at LIMIT ? OFFSET ?"
TOTAL = "SELECT count(*) FROM orders WHERE ? = ?"
LISTED = 'orders = everything("/orders")\n'
ONE = DeepValue(type="int", fingerprints=("one",), magnitude=1, inline=True)


def column(name: str, *values: str, kind: str = "str", **facts: Any) -> DeepColumn:
    return DeepColumn(**{"name": name, "types": (kind,), "distinct": len(values), "values": values or None, **facts})


def number(name: str, value: int) -> DeepColumn:
    return column(name, str(value), kind="int", low=len(str(value)) if value else 0, high=len(str(value)) if value else 0)


def page(skipped: int, count: int, *columns: DeepColumn) -> tuple[DeepStatement, DeepStatement]:
    """What a server issues for a page: it counts all, and reads a part."""
    several = (
        ONE,
        ONE,
        DeepValue(type="int", fingerprints=("size",), magnitude=4),
        DeepValue(type="int", magnitude=len(str(skipped)) if skipped else 0),
    )
    total = DeepStatement(sql=TOTAL, parameters=(ONE, ONE), fetched=1, columns=(number("count(*)", 520 if count > 90 else 80),))
    return total, DeepStatement(sql=PAGE, parameters=several, fetched=count, columns=columns)


def answer(path: str, count: int, *columns: DeepColumn, single: bool = False) -> DeepRequest:
    place = DeepPlace(path=PATH, line=3)
    return DeepRequest(method="GET", host=HostClass.LOOPBACK, path=path, status=200, rows=count, columns=columns, single=single, at=place)


def explained(source: str, legacy: dict[str, Any], shadow: dict[str, Any], *, more: tuple[DeepRecord, ...] = ()) -> PairResult:
    """The pair of a test that failed in its last line; `more` are records of another divergent test."""
    text = f"\ndef test_one(everything, get):\n{indent(dedent(source).strip(), '    ')}\n"
    failure = Failure(type="AssertionError", message="", phase=Phase.CALL, frames=(Frame(path=PATH, line=text.count("\n"), function="test_one"),))
    pair = PairResult(
        test_id=TEST,
        legacy=SideResult(outcome=Outcome.PASSED),
        shadow=SideResult(outcome=Outcome.FAILED, failure=failure),
        verdict=Verdict.DIVERGENT,
        reason="",
        direction=Direction.LEGACY_ONLY_PASS,
    )
    records = [DeepRecord(test_id=TEST, side=side, **held) for side, held in zip(Side, (legacy, shadow), strict=True)]
    sketch = sketch_of(pair, {PATH: text}, *records)
    pairs = [pair] + [PairResult(test_id=one.test_id, legacy=pair.legacy, shadow=pair.shadow, verdict=pair.verdict, reason="") for one in more]
    by_side = [{one.test_id: one for one in (*records, *more) if one.side is side or one in more} for side in Side]
    return explain(pairs, sources=None, legacy=by_side[0], shadow=by_side[1], assertions={TEST: sketch} if sketch else {}, settings=("REGION",))[0]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (LISTED + 'assert {one["status"] for one in orders} == {"paid", "shipped", "refunded"}', (Pattern.VALUE_SET, "orders.status")),
        (LISTED + 'assert "refunded" in [one["status"] for one in orders]', (Pattern.VALUE_SET, "orders.status")),
        (LISTED + 'assert max(one["cents"] for one in orders) > 50_000', (Pattern.AGGREGATE, "orders.cents")),
        (LISTED + 'assert sum(one["cents"] for one in orders) == 3770770', (Pattern.AGGREGATE, "orders.cents")),
    ],
)
def test_more_pages_are_no_property_of_what_is_on_them(source: str, expected: tuple[Pattern, str]) -> None:
    sides = []
    for pages, statuses, cents in ((4, ("p", "s", "r"), 76800), (1, ("p", "s"), 1580)):
        columns = (column("status", *statuses), number("cents", cents))
        statements = [one for place in range(pages) for one in page(place * 100, 100 if pages > 1 else 80, *columns)]
        sides.append(
            {"statements": tuple(statements), "requests": tuple(answer("/orders", 100, *columns, number("total", 520)) for _ in range(pages))}
        )
    (coupling,) = explained(source, *sides).couplings
    assert (coupling.pattern, coupling.entity) == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (LISTED + 'assert max(len(one["lines"]) for one in orders) >= 12', (Pattern.FAN_OUT, "GET /orders.lines")),
        (LISTED + 'assert any(one["amount"] > 500 for one in orders)', (Pattern.AGGREGATE, "GET /orders.amount")),
        (LISTED + 'assert min(one["since"] for one in orders) < "2014-01-01"', (Pattern.TIME_WINDOW, "GET /orders.since")),
        ('body = get("/orders")\nassert body["total"] > 400', (Pattern.CARDINALITY, "orders")),
    ],
)
def test_the_count_that_goes_with_a_page_is_not_what_is_asked_of_members_that_no_column_is_called_like(
    source: str, expected: tuple[Pattern, str]
) -> None:
    sides = []
    for pages, parties, total in ((4, ("1", "2", "14"), 520), (1, ("2",), 80)):
        members = (
            column("lines", *parties, kind="list"),
            DeepColumn(name="amount", types=("float",), distinct=3, low=3, high=4),
            column("since", kind="str", formats=("date",), distinct=3, low=pages, high=9),
            number("total", total),
        )
        statements = [one for place in range(pages) for one in page(place * 100, 100 if pages > 1 else 80, column("status", "p"))]
        sides.append({"statements": tuple(statements), "requests": tuple(answer("/orders", 100, *members) for _ in range(pages))})
    (coupling,) = explained(source, *sides).couplings
    assert (coupling.pattern, coupling.entity) == expected


def test_a_later_page_that_is_empty_is_a_matter_of_how_many_there_are() -> None:
    sides = [
        {"statements": page(100, count, column("status", "p", "s")), "requests": (answer("/orders", count, number("total", total)),)}
        for count, total in ((50, 520), (0, 80))
    ]
    (coupling,) = explained('body = get("/orders", page=3)\nassert len(body["data"]) == 50', *sides).couplings
    assert (coupling.pattern, coupling.entity) == (Pattern.CARDINALITY, "orders")


@pytest.mark.parametrize(
    ("member", "expected"),
    [("customers", (Pattern.CARDINALITY, "customers")), ("idle", (Pattern.FAN_OUT, "o.id")), ("stars", (Pattern.AGGREGATE, "reviews.stars"))],
)
def test_of_the_numbers_of_a_report_the_one_that_is_named_decides(member: str, expected: tuple[Pattern, str]) -> None:
    def side(customers: int, idle: int, stars: int) -> dict[str, Any]:
        told = (("customers", customers), ("idle", idle), ("stars", stars))
        sql = (
            "SELECT count(*) FROM customers",
            "SELECT count(*) FROM customers c LEFT JOIN orders o ON o.customer_id = c.id WHERE o.id IS NULL",
            "SELECT round(avg(stars), ?) FROM reviews",
        )
        statements = tuple(DeepStatement(sql=text, fetched=1, columns=(number("n", value),)) for text, (_, value) in zip(sql, told, strict=True))
        return {"statements": statements, "requests": (answer("/reports/overview", 1, *(number(*one) for one in told), single=True),)}

    (coupling,) = explained(f'body = get("/reports/overview")\nassert body["{member}"] > 17', side(168, 20, 35), side(40, 0, 45)).couplings
    assert coupling.pattern is expected[0]
    assert coupling.entity in {expected[1], expected[1].replace("o.", "orders.")}


@pytest.mark.parametrize(("elsewhere", "cause"), [(True, Cause.ENVIRONMENT), (False, Cause.PATTERN)])
def test_an_answer_that_needed_no_statement_is_a_matter_of_settings_where_statements_are_seen(*, elsewhere: bool, cause: Cause) -> None:
    sides = [{"requests": (answer("/health", 1, column("region", value), single=True),), "variables": ("REGION",)} for value in ("north", "sandbox")]
    statements = (DeepStatement(sql="SELECT * FROM orders", fetched=1),)
    more = DeepRecord(test_id=f"{PATH}::test_two", side=Side.SHADOW, statements=statements, requests=(answer("/orders", 1),))
    found = explained('body = get("/health")\nassert body["region"] == "eu-north"', *sides, more=(more,) if elsewhere else ())
    assert found.cause is cause
