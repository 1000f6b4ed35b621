"""What a statement's template says of its values."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compare.causes.sql import Column, Role, outline


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


def test_groups_may_be_named_by_their_number() -> None:
    assert outline("SELECT t.city, count(*) FROM t GROUP BY ?").grouped == (Column("t", "city"),)


def test_columns_of_a_result_have_their_tables() -> None:
    facts = outline("SELECT c.name, v.cost AS price FROM customers c JOIN visits v ON v.c_id = c.id")
    assert facts.resolved("name") == Column("customers", "name")
    assert facts.resolved("other") == Column(None, "other")


@given(st.text(alphabet="SELECTFROMWHERE ab?,().:='\"`[]<>*", max_size=80))
def test_no_text_is_too_odd(sql: str) -> None:
    assert all(isinstance(place.role, Role) for place in outline(sql).placeholders)
