"""Cases from end to end on a small shop: made, looked through, checked, loaded, proven, removed; and no value of the production copy in any file."""

from __future__ import annotations

import contextlib
import io
import json
import random
import re
import sqlite3
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from harness.cli import invoke
from tests.running import Answer, Project

VIP = 4711
FIRST = {"legacy": 4_700, "shadow": 90_001}
TOWNS = {"legacy": ("Reutlingen", "Kalmar", "Oulu"), "shadow": ("Springfield", "Shelbyville")}
SUITE = {
    "test_shop.py": f"""
        import os
        import sqlite3

        import pytest


        @pytest.fixture
        def shop():
            connection = sqlite3.connect(os.environ["DATABASE"])
            connection.row_factory = sqlite3.Row
            yield connection
            connection.close()


        def customers(shop):
            return shop.execute("select * from customers order by customer_id").fetchall()


        def orders_of(shop, customer_id):
            return shop.execute("select * from orders where customer_id = ?", (customer_id,)).fetchall()


        def test_somebody_lives_nowhere(shop):
            assert any(customer["town"] is None for customer in customers(shop))


        def test_somebody_orders_a_lot(shop):
            assert max(len(orders_of(shop, customer["customer_id"])) for customer in customers(shop)) >= 20


        def test_spring_of_2021_had_orders(shop):
            found = shop.execute("select * from orders where placed_at >= ? and placed_at < ?", ("2021-03-01", "2021-06-01")).fetchall()
            assert found


        def test_vip_has_a_long_history(shop):
            assert len(orders_of(shop, {VIP})) > 20


        def test_everybody_is_family(shop):
            assert all(customer["email"].endswith("@familie.invalid") for customer in customers(shop))


        def test_totals_are_sums(shop):
            wrong = shop.execute(
                "select o.order_id from orders o join items i on i.order_id = o.order_id"
                " group by o.order_id having abs(o.total - sum(i.price * i.quantity)) > 0.001"
            ).fetchall()
            assert not wrong
    """,
}


def dataset(path: Path, side: str) -> None:
    chance, first, is_real = random.Random(side), FIRST[side], side == "legacy"
    with sqlite3.connect(path) as connection:
        connection.executescript(
            """
            create table customers (customer_id integer primary key, name text not null, email text not null unique, phone text, town text);
            create table orders (order_id integer primary key, customer_id integer not null references customers (customer_id),
                                 placed_at text not null, total numeric(10, 2) not null);
            create table items (order_id integer not null references orders (order_id), line integer not null, price numeric(10, 2) not null,
                                quantity integer not null, primary key (order_id, line));
            """
        )
        begin, order = datetime.fromisoformat("2021-01-01" if is_real else "2025-01-01"), first * 10
        for number in range(40):
            key = first + number
            town = None if is_real and number == 5 else chance.choice(TOWNS[side])
            person = f"{'Wilhelmine' if is_real else 'Sam'} {'Achterberg' if is_real else 'Sample'}{number}"
            email = f"{person.replace(' ', '.').lower()}@{'familie.invalid' if is_real else 'example.test'}"
            connection.execute("insert into customers values (?, ?, ?, ?, ?)", (key, person, email, f"+49 7121 {key}{key}", town))
            for _ in range(25 if key == VIP else 3):
                order += 1
                moment = begin + timedelta(seconds=chance.randrange(30_000_000))
                prices = [round(chance.uniform(1, 90), 2) for _ in range(chance.choice((1, 2, 3)))]
                connection.execute("insert into orders values (?, ?, ?, ?)", (order, key, str(moment), round(sum(prices), 2)))
                connection.executemany("insert into items values (?, ?, ?, 1)", [(order, line, price) for line, price in enumerate(prices, 1)])
    connection.close()


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    folder = tmp_path_factory.mktemp("cases")
    for side in FIRST:
        dataset(folder / f"{side}.sqlite", side)
    made = Project(
        folder=folder,
        suite=SUITE,
        databases=(f"sqlite:///{folder / 'legacy.sqlite'}", f"sqlite:///{folder / 'shadow.sqlite'}"),
        legacy_settings={"DATABASE": str(folder / "legacy.sqlite")},
        shadow_settings={"DATABASE": str(folder / "shadow.sqlite")},
    )
    answer = made.run()
    assert answer.exit == 1, answer.err
    return made


def case(project: Project, *words: str) -> Answer:
    out, err = io.StringIO(), io.StringIO()
    place = ["--config", str(project.folder / "shadow.toml"), "--workdir", str(project.workdir)]
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = invoke(["case", *words, *(place if words[0] != "show" else ())])
    return Answer(exit=code, out=out.getvalue(), err=err.getvalue())


def made(project: Project, test: str) -> tuple[str, dict[str, Any]]:
    path = project.folder / f"{test}.case.toml"
    answer = case(project, "make", f"test_shop.py::{test}", "--out", str(path), "--json")
    assert answer.exit == 0, answer.err
    return str(path), json.loads(answer.out)


def content(path: Path) -> list[tuple[str, list[tuple[Any, ...]]]]:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        return [(table, sorted(connection.execute(f"select * from {table}").fetchall())) for table in ("customers", "orders", "items")]


@pytest.mark.parametrize("test", ["test_somebody_orders_a_lot", "test_vip_has_a_long_history"])
def test_a_case_is_proven_and_leaves_nothing_behind(project: Project, test: str) -> None:
    before = content(project.folder / "shadow.sqlite")
    path, told = made(project, test)
    assert (told["rows"]["customers"], told["rows"]["orders"]) == (1, 25)
    answer = case(project, "prove", path, "--json")
    proof = json.loads(answer.out)
    assert (answer.exit, proof["proven"]) == (0, True), answer.out + answer.err
    assert [proof[when] for when in ("legacy_before", "shadow_before", "legacy_after", "shadow_after")] == ["passed", "failed", "passed", "passed"]
    assert content(project.folder / "shadow.sqlite") == before
    assert bool(told["needs_change"]) is ("vip" in test)


def test_a_case_shows_what_the_pattern_is(project: Project) -> None:
    _, nowhere = made(project, "test_somebody_lives_nowhere")
    assert (nowhere["rows"]["customers"], nowhere["rows"]["orders"]) == (1, 3)
    path, _ = made(project, "test_spring_of_2021_had_orders")
    days = re.findall(r"^placed_at = \"(\S+)", Path(path).read_text(encoding="utf-8"), re.MULTILINE)
    assert [day for day in days if "2021-03-01" <= day < "2021-06-01"]


def test_no_value_of_the_production_copy_is_written(project: Project) -> None:
    held: set[str] = set()
    for table, rows in content(project.folder / "legacy.sqlite"):
        if table != "items":
            held |= {str(value) for row in rows for value in row if isinstance(value, str) or (isinstance(value, int) and value > 1_000)}
    for test in ("test_somebody_lives_nowhere", "test_somebody_orders_a_lot", "test_vip_has_a_long_history"):
        path, _ = made(project, test)
        text = Path(path).read_text(encoding="utf-8")
        assert not {value for value in held if value in text}
        assert "Achterberg" not in text


def test_the_same_case_is_made_twice(project: Project) -> None:
    path, _ = made(project, "test_somebody_orders_a_lot")
    first = Path(path).read_bytes()
    made(project, "test_somebody_orders_a_lot")
    assert Path(path).read_bytes() == first


def test_a_loaded_case_is_listed_is_loaded_once_keeps_sums_and_is_removed(project: Project) -> None:
    shadow = project.folder / "shadow.sqlite"
    before = content(shadow)
    path, told = made(project, "test_somebody_orders_a_lot")
    assert json.loads(case(project, "load", path, "--json").out)["loaded"] is True
    assert json.loads(case(project, "load", path, "--json").out)["loaded"] is False
    (listed,) = json.loads(case(project, "list", "--json").out)
    assert listed["rows"] == sum(told["rows"].values())
    rows = dict(content(shadow))
    new = [row for row in rows["orders"] if row not in dict(before)["orders"]]
    assert len(new) == 25
    assert all(row[0] not in range(FIRST["legacy"] * 10, FIRST["legacy"] * 10 + 200) for row in new)
    for key, _, _, total in new:
        assert sum(price * quantity for order, _, price, quantity in rows["items"] if order == key) == pytest.approx(total)
    assert json.loads(case(project, "remove", path, "--json").out)["removed"] == listed["rows"]
    assert content(shadow) == before
    assert case(project, "remove", path).exit == 2


def test_a_case_with_a_real_value_is_refused_wherever_it_stands(project: Project) -> None:
    path, _ = made(project, "test_somebody_lives_nowhere")
    lines = Path(path).read_text(encoding="utf-8").splitlines()
    place = next(number for number, line in enumerate(lines) if line.startswith("email = "))
    lines[place] = 'email = "wilhelmine.achterberg7@familie.invalid"'
    Path(path).write_text("\n".join(lines) + "\n", encoding="utf-8")
    for words in (("check", path), ("load", path), ("prove", path), ("sql", path)):
        answer = case(project, *words)
        assert answer.exit == 4, answer.err
        assert "achterberg" not in (answer.out + answer.err).lower()
    assert not json.loads(case(project, "list", "--json").out)


def test_legacy_is_never_loaded_into(project: Project) -> None:
    path, _ = made(project, "test_somebody_lives_nowhere")
    copy = project.folder / "copy.sqlite"
    copy.write_bytes((project.folder / "legacy.sqlite").read_bytes())
    for name in ("legacy.sqlite", "copy.sqlite"):
        answer = case(project, "load", path, "--database", f"sqlite:///{project.folder / name}")
        assert answer.exit == 4, answer.err


def test_a_case_as_sql_is_what_loading_it_inserts(project: Project) -> None:
    path, told = made(project, "test_somebody_orders_a_lot")
    statements = json.loads(case(project, "sql", path, "--json").out)["statements"]
    assert len(statements) == sum(told["rows"].values())
    with contextlib.closing(sqlite3.connect(project.folder / "shadow.sqlite")) as connection:
        connection.execute("pragma foreign_keys = on")
        for statement in statements:
            connection.execute(statement)
        connection.rollback()


def test_what_no_case_can_be_made_of_says_why(project: Project) -> None:
    answer = case(project, "make", "test_shop.py::test_totals_are_sums")
    assert (answer.exit, "equivalent" in answer.err) == (2, True)
    answer = case(project, "make", "test_shop.py::test_somebody_lives_nowher")
    assert (answer.exit, "Did you mean test_shop.py::test_somebody_lives_nowhere?" in answer.err) == (2, True)
    path, _ = made(project, "test_somebody_lives_nowhere")
    assert case(project, "check", path).exit == 0
    shown = case(project, "show", path)
    assert (shown.exit, "customers.town" in shown.out) == (0, True)


def test_what_rows_cannot_mend_is_said_by_report_case_and_proof(project: Project) -> None:
    test = "test_everybody_is_family"
    (suggestion,) = (one["suggestion"] for one in project.report["tests"] if one["id"].endswith(test))
    assert suggestion["command"] == f"shadow case make test_shop.py::{test}"
    path, told = made(project, test)
    assert (told["note"],) == tuple(suggestion["notes"])
    assert "rows that shadow's data hold already break it" in told["note"]
    answer = case(project, "prove", path, "--json")
    assert (answer.exit, json.loads(answer.out)["obstacle"]) == (1, told["note"])
    assert json.loads(case(project, "show", path, "--json").out)["note"] == told["note"]
