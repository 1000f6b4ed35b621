"""What a statement's template says of its values."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compare.causes.outlines import Column, Role
from compare.causes.sql import outline


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("SELECT * FROM Customer WHERE lower(Email) = lower(?)", [("compared", "Customer.Email")]),
        (
            "SELECT * FROM a x JOIN b AS y ON y.a_id = x.id WHERE y.code IN (?, ?) AND x.age BETWEEN ? AND ? LIMIT ?",
            [("compared", "b.code"), ("compared", "b.code"), ("compared", "a.age"), ("compared", "a.age"), ("limiting", None)],
        ),
        ('SELECT "shop"."t"."id" FROM "shop"."t" WHERE ? = "shop"."t"."id"', [("compared", "t.id")]),
        ("INSERT INTO t (a, b) VALUES (?, lower(?))", [("written", "t.a"), ("written", "t.b")]),
        ("UPDATE t SET a = :a WHERE id = :id", [("written", "t.a"), ("compared", "t.id")]),
        ("SELECT * FROM t WHERE (? IS NULL OR day >= ?)", [("other", None), ("compared", "t.day")]),
        ("SELECT * FROM `t` WHERE NOT `name` LIKE ?", [("compared", "t.name")]),
        ("DELETE FROM t WHERE id = CAST(? AS INTEGER)", [("compared", "t.id")]),
        ("SELECT ? AS a, age(?) FROM t GROUP BY b HAVING count(*) > ?", [("figure", None), ("other", None), ("figure", None)]),
        ("SELECT a FROM t JOIN (VALUES (?, ?)) AS w (k, n) ON w.k = t.id AND t.no = w.n", [("compared", "t.id"), ("compared", "t.no")]),
        ("SELECT a FROM (VALUES (?), (?)) AS w (id)", [("other", None), ("other", None)]),
        ("SELECT a FROM t WHERE (t.name LIKE ? || ? || ?)", [("compared", "t.name")] * 3),
        ("SELECT * FROM t WHERE ? = ? ORDER BY id LIMIT ? OFFSET ?", [("other", None), ("other", None), ("limiting", None), ("limiting", None)]),
    ],
)
def test_each_placeholder_has_its_column(sql: str, expected: list[tuple[str, str | None]]) -> None:
    assert [(place.role.value, str(place.column) if place.column else None) for place in outline(sql).placeholders] == expected


@pytest.mark.parametrize(
    ("sql", "flags"),
    [
        ("SELECT id FROM t WHERE barred", ["t.barred"]),
        ('SELECT ? FROM "t" WHERE (NOT "t"."gone" AND "t"."barred") LIMIT ?', ["t.gone", "t.barred"]),
        ("SELECT id FROM t WHERE lower(name) = ? AND id IN (SELECT id FROM u) AND kind = ANY(?)", []),
    ],
)
def test_columns_that_are_conditions_by_themselves(sql: str, flags: list[str]) -> None:
    assert list(map(str, outline(sql).flags)) == flags


def test_rows_without_partners_are_looked_for() -> None:
    assert outline("SELECT count(*) FROM t WHERE NOT (t.id IN (SELECT u.t_id FROM u))").anti
    assert not outline("SELECT count(*) FROM t WHERE t.id IN (SELECT u.t_id FROM u)").anti
    assert outline("SELECT count(*) FROM t WHERE NOT (EXISTS (SELECT * FROM u WHERE u.t_id = t.id))").anti
    assert outline("SELECT id FROM t EXCEPT SELECT t_id FROM u").anti


def test_groups_may_be_named_by_their_number() -> None:
    assert outline("SELECT t.city, count(*) FROM t GROUP BY ?").grouped == (Column("t", "city"),)


def test_columns_of_a_result_have_their_tables() -> None:
    facts = outline("SELECT c.name, v.cost AS price FROM customers c JOIN visits v ON v.c_id = c.id")
    assert facts.resolved("name") == Column("customers", "name")
    assert facts.resolved("other") == Column(None, "other")


def test_a_piece_of_a_moment_is_a_period() -> None:
    cut = outline("SELECT count(*) FROM orders WHERE substr(placed_at, ?, ?) = ?")
    assert (cut.calendar, cut.measured) == ((Column("orders", "placed_at"),), ())
    assert outline("SELECT count(*) FROM orders WHERE substr(street, ?, ?) = ?").measured == (Column("orders", "street"),)


def test_how_long_each_took_is_no_period() -> None:
    took = "SELECT (julianday(departed) - julianday(arrived)) * ? AS hours FROM calls"
    assert not outline(took).calendar
    assert outline(f"{took} WHERE julianday(?) - julianday(arrived) > ?").calendar
    assert outline("SELECT julianday(max(due)) - julianday(min(due)) AS n FROM loans").calendar


def test_what_a_common_table_expression_works_out_is_computed() -> None:
    bills = "WITH bills AS (SELECT imo, sum(amount) AS billed FROM charges GROUP BY imo)"
    assert outline(f"{bills} SELECT imo, billed FROM bills ORDER BY billed DESC LIMIT ?").computed == ("billed",)
    assert outline(f"{bills} SELECT imo FROM bills").computed == ()


@given(st.text(alphabet="SELECTFROMWHERE ab?,().:='\"`[]<>*", max_size=80))
def test_no_text_is_too_odd(sql: str) -> None:
    assert all(isinstance(place.role, Role) for place in outline(sql).placeholders)


def test_results_may_be_called_otherwise() -> None:
    facts = outline("SELECT t.rider_id, count(*) AS n, t.id AS trip_id FROM trips t GROUP BY t.rider_id HAVING n > ?")
    assert facts.having == (("count", None),)
    assert facts.origin("trip_id") == Column("trips", "id")


def test_dates_beside_each_other_are_reckoned_with() -> None:
    assert outline("SELECT o.id FROM orders o WHERE o.shipped_on > o.required_on").calendar == (Column("orders", "shipped_on"),)
    assert outline("SELECT t.id FROM trips t WHERE t.begin > t.finish").calendar == ()
