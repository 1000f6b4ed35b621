"""What the deep probe writes of values and statements: the same fingerprints as the identity index, and no value."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from types import SimpleNamespace
from typing import TYPE_CHECKING
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.evidence import ProjectKey
from harness.model.canonical import canonical
from runners.probe import shadow_harness_deep_values as deep
from runners.probe.shadow_harness_deep_sql import Driver, Inline, Name, Position, Statement, template

if TYPE_CHECKING:
    from collections.abc import Callable

KEY = bytes(range(32))
SPELT = st.one_of(
    st.text(max_size=40),
    st.from_regex(r"[+-]?[0-9]{1,25}", fullmatch=True),
    st.from_regex(r"[+(]?[0-9][0-9 ()./-]{0,20}", fullmatch=True),
    st.from_regex(r"[A-Za-z]{2,4}[_-][A-Za-z0-9]{1,12}", fullmatch=True),
    st.emails(),
    st.uuids().map(str),
    st.dates().map(str),
    st.datetimes().map(str),
    st.sampled_from(["Straße", "ﬁn", "Åkesson", "O\u2019Brien", "mailto:A@b.test", "\u0660\u0661", "00420", "-0", " 42 ", "½", "1\u00a0234"]),
    st.integers(900, 1100).map(lambda length: "7" * length),
)
VALUES = st.recursive(
    st.one_of(
        SPELT,
        st.integers(),
        st.booleans(),
        st.none(),
        st.floats(),
        st.decimals(),
        st.uuids(),
        st.binary(max_size=20),
        SPELT.map(str.encode),
        st.dates(),
        st.just(object()),
    ),
    lambda parts: st.one_of(st.lists(parts, max_size=4), st.lists(parts, max_size=4).map(tuple)),
    max_leaves=6,
)


@given(VALUES)
def test_both_spellings_are_the_same(value: object) -> None:
    try:
        expected = canonical(value)
    except Exception as error:  # noqa: BLE001 - whatever one raises, so does the other
        with pytest.raises(type(error)):
            deep.canonical(value)
        return
    assert deep.canonical(value) == expected


@given(SPELT)
def test_fingerprints_are_those_of_the_index(value: str) -> None:
    spelled = canonical(value)
    expected = None if spelled is None else ProjectKey(KEY).fingerprint(spelled)
    assert deep.Values(KEY).fingerprint(value) == expected


def test_number_and_text_of_it_have_one_fingerprint() -> None:
    values = deep.Values(KEY)
    assert len({values.fingerprint(value) for value in (42, "42", "0042", Decimal(42), 42.0, b"42", " 42 ")}) == 1
    found = values.described("%Quimby%")
    assert found["fingerprints"] == [values.fingerprint("%Quimby%"), values.fingerprint("quimby")]


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (42, {"type": "int", "magnitude": 3}),
        (0, {"type": "int", "magnitude": 0}),
        (-7, {"type": "int", "magnitude": -2}),
        (1, {"type": "int", "magnitude": 1}),
        (10**400, {"type": "int", "magnitude": 302}),
        (0.5, {"type": "float", "magnitude": 0}),
        (float("nan"), {"type": "float"}),
        (True, {"type": "bool"}),
        (None, {"type": "null"}),
        ("a@example.test", {"type": "str", "format": "email"}),
        ("Ann", {"type": "str", "format": "text"}),
        ("", {"type": "str", "format": "empty"}),
        ("2015-03%", {"type": "str", "format": "date"}),
        ("2015%", {"type": "str", "format": "text"}),
        (UUID(int=5), {"type": "uuid"}),
        (dt.timedelta(1), {"type": "timedelta"}),
        (object(), {"type": "other"}),
    ],
)
def test_what_is_written_of_a_value_without_a_key(value: object, told: dict[str, object]) -> None:
    assert deep.Values(None).described(value) == told


def test_moments_have_the_class_of_their_distance() -> None:
    values = deep.Values(None)
    today = dt.datetime.now(dt.UTC).date()
    for days, expected in ((400, 4), (-400, -4), (30, 3)):
        day = today - dt.timedelta(days=days)
        assert values.described(day) == {"type": "date", "magnitude": expected}
        assert values.described(day.isoformat())["magnitude"] == expected


@given(VALUES)
def test_no_text_of_a_value_is_in_what_is_written_of_it(value: object) -> None:
    told = deep.Values(KEY).described(value)
    allowed = {"type", "format", "fingerprints", "magnitude"}
    assert told.keys() <= allowed
    assert all(len(mark) == 12 for mark in told.get("fingerprints", ()))


@given(st.lists(st.one_of(st.none(), st.integers(-50, 50)), max_size=60), st.integers(0, 60))
def test_columns_say_how_rows_came(rows: list[int | None], cut: int) -> None:
    column, single = (deep.Column("x", deep.Values(KEY)) for _ in range(2))
    column.add_all(rows[:cut])
    column.add_all(rows[cut:])
    for value in rows:
        single.add(value)
    assert column.told() == single.told()
    told, known = column.told(), [value for value in rows if value is not None]
    assert told["null"] == (None in rows)
    assert told["distinct"] == deep.class_of(len(set(known)))
    assert ("values" in told) == (0 < len(set(known)) <= deep.MOST_VALUES)
    expected = None if len(set(known)) < 2 else "asc" if known == sorted(known) else "desc" if known == sorted(known, reverse=True) else "none"
    assert told.get("order") == expected


@given(
    st.lists(st.lists(st.one_of(st.none(), st.text(max_size=3), st.integers(0, 9), st.dates(), st.floats(allow_nan=False)), max_size=9), max_size=4)
)
def test_columns_of_anything_are_the_same_in_bulk(batches: list[list[object]]) -> None:
    column, single = (deep.Column("x", deep.Values(KEY)) for _ in range(2))
    for batch in batches:
        column.add_all(batch)
        for value in batch:
            single.add(value)
    assert column.told() == single.told()


@pytest.mark.parametrize(
    ("sql", "style", "expected", "slots"),
    [
        ("select  1 ;", "qmark", "select ?", (Inline(1),)),
        ("SELECT 'it''s', x FROM t -- 'a'", "qmark", "SELECT ?, x FROM t", (Inline("it's"),)),
        ("SELECT /* 'b' */ x FROM t WHERE y = ? AND z = :name", "qmark", "SELECT x FROM t WHERE y = ? AND z = :name", (Position(0), Name("name"))),
        (
            "SELECT x::int FROM t WHERE y = %s AND z = %(name)s AND w LIKE '%%a'",
            "pyformat",
            "SELECT x::int FROM t WHERE y = ? AND z = :name AND w LIKE ?",
            (Position(0), Name("name"), Inline("%%a")),
        ),
        ("SELECT 7 % 3, x ->> 'a' FROM t1", "qmark", "SELECT ? % ?, x ->> ? FROM t1", (Inline(7), Inline(3), Inline("a"))),
        ("SELECT $1, $2", "numeric", "SELECT ?, ?", (Position(0), Position(1))),
        ("SELECT $$it's$$, $x$a$$b$x$", "pyformat", "SELECT ?, ?", (Inline("it's"), Inline("a$$b"))),
        ("SELECT E'a\\'b', 'c\\'", "pyformat", "SELECT ?, ?", (Inline("a'b"), Inline("c\\"))),
        ('SELECT "t"."Name", "Name" FROM "t" WHERE "t"."x" IN (1.5, -2, 0xff)', "qmark", None, (Inline(1.5), Inline(2), Inline(255))),
        ("SELECT 'never ends", "qmark", "SELECT ?", (Inline("never end"),)),
    ],
)
def test_templates(sql: str, style: str, expected: str | None, slots: tuple[object, ...]) -> None:
    found = template(sql, style=style)
    assert found.sql == (expected or 'SELECT "t"."Name", "Name" FROM "t" WHERE "t"."x" IN (?, -?, ?)')
    assert found.slots == slots


def test_double_quotes_that_may_hold_a_value_are_taken_for_one() -> None:
    loose = template('SELECT "name", t."x" FROM t WHERE "name" = "Ann" AND y IN ("Bob") AND z LIKE "C%" GROUP BY "name"', loose_quotes=True)
    assert loose.sql == 'SELECT "name", t."x" FROM t WHERE "name" = ? AND y IN (?) AND z LIKE ? GROUP BY "name"'
    rows = template('INSERT INTO t ("a", "b") VALUES ("x", 1), ("y", 2)', loose_quotes=True)
    assert rows.sql == 'INSERT INTO t ("a", "b") VALUES (?, ?), (?, ?)'


@given(
    st.text(alphabet=st.characters(codec="utf-8", exclude_characters="'\\"), min_size=1, max_size=30), st.sampled_from(["qmark", "pyformat", "named"])
)
def test_no_literal_survives(value: str, style: str) -> None:
    found = template(f"SELECT x FROM t WHERE y = '{value}' AND z = 1", style=style)
    assert found.sql == "SELECT x FROM t WHERE y = ? AND z = ?"
    assert found.slots == (Inline(value), Inline(1))


@given(st.text(max_size=60))
def test_any_text_has_a_template(text: str) -> None:
    template(text, style="pyformat")
    template(text, loose_quotes=True, backslashes=True)
    assert template(text, known=lambda _: False).slots is not None


def test_a_failed_statement_keeps_only_known_words() -> None:
    known = {"customer", "email"}.__contains__
    found = template("SELECT * FROM customer WHERE email = quimby@canary.test AND `quimby` = [quimby x] AND :quimby", known=known)
    assert found.sql == "SELECT * FROM customer WHERE email = ??.? AND `?` = [?] AND ?"
    assert "quimby" not in found.sql
    assert "canary" not in found.sql


@dataclass
class Kept:
    name: str
    tags: list[str]


@dataclass(slots=True)
class Slotted:
    name: str
    tags: list[str]


class Guarded:
    """Reading an attribute runs code, which the probe must not."""

    def __init__(self, name: str, tags: list[str]) -> None:
        self.__dict__.update(name=name, tags=tags)

    @property
    def name(self) -> str:
        raise AssertionError


@pytest.mark.parametrize("make", [Kept, Slotted, Guarded, lambda name, tags: {"name": name, "tags": tags}])
def test_rows_that_a_factory_made_are_looked_into(make: Callable[[str, list[str]], object]) -> None:
    recording = SimpleNamespace(
        phase="call", values=deep.Values(KEY), frames=lambda: (None, None), cut=lambda *_: None, count_rows=lambda _: None, knows=lambda _: True
    )
    statement = Statement(recording, Driver("sqlite3"), "SELECT name, tags FROM t")
    statement.describe([("name",), ("tags",)])
    statement.take([make("a", ["x", "y"]), make("b", ["x"])])
    name, tags = statement.finish()["columns"]
    assert (name["types"], len(name["values"])) == (["str"], 2)
    assert (tags["types"], len(tags["values"])) == (["list"], 2)


def test_a_document_is_known_by_what_stands_in_it() -> None:
    values = deep.Values(KEY)
    described = values.described('{"phone": "+4722442222", "old": true}')
    assert values.fingerprint("+4722442222") in described["fingerprints"][1:]


@pytest.mark.parametrize(("parameters", "kind"), [((17,), "int"), ([17], "int"), (17, "int"), ("a17", "str"), (None, None), (17.5, "unknown")])
def test_a_value_by_itself_is_bound_to_the_only_placeholder(parameters: object, kind: str | None) -> None:
    recording = SimpleNamespace(
        phase="call", values=deep.Values(KEY), frames=lambda: (None, None), cut=lambda *_: None, count_rows=lambda _: None, knows=lambda _: True
    )
    statement = Statement(recording, Driver("pymysql", style="pyformat"), "SELECT name FROM t WHERE id = %s")
    statement.bind(parameters)
    assert [one["type"] for one in statement.told.get("parameters", ())] == ([kind] if kind else [])
