"""Suggested patches from end to end on a small project: made, proven on both sides, applied. No value is written."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from tests.running import Project

PEOPLE = 40
FIRST, SHADOW_FIRST = 4_700, 90_001
CONSTANT, WRITTEN, IN_PATH, IN_FILE, IN_CLASS, IN_SETUP, IN_SQL, COUNTED = range(4_711, 4_719)
PARAMETERS = (4_721, 4_722, 4_723)

SUITE = {
    "conftest.py": """
        import os
        import sqlite3

        import pytest


        @pytest.fixture
        def database():
            connection = sqlite3.connect(os.environ["DATABASE"])
            yield connection
            connection.close()
    """,
    "constants.py": f"LOYAL_CUSTOMER_ID = {CONSTANT}\nPAGE_SIZE = 25\n",
    "shop.py": """
        def customer(database, customer_id):
            return database.execute("select name, email from customers where customer_id = ?", (int(customer_id),)).fetchone()


        def page(database, path):
            return customer(database, path.rpartition("/")[2])


        def rentals(database, customer_id):
            return database.execute("select rental_id from rentals where customer_id = ?", (customer_id,)).fetchall()
    """,
    "data/case.json": f'{{"customer_id": {IN_FILE}}}\n',
    "test_customers.py": f"""
        import json
        import pathlib

        import pytest

        from constants import LOYAL_CUSTOMER_ID, PAGE_SIZE
        from shop import customer, page, rentals


        def test_loyal_customer(database):
            assert customer(database, LOYAL_CUSTOMER_ID)


        def test_name(database):
            assert customer(database, {WRITTEN})[0] == "Realperson {WRITTEN}"


        @pytest.mark.parametrize("customer_id", {list(PARAMETERS)})
        def test_regulars(database, customer_id):
            assert customer(database, customer_id)


        def test_page(database):
            assert page(database, "/customers/{IN_PATH}")


        def test_case(database):
            case = json.loads((pathlib.Path(__file__).parent / "data" / "case.json").read_text())
            assert customer(database, case["customer_id"])


        def test_statement(database):
            assert database.execute("select name from customers where customer_id = {IN_SQL}").fetchone()


        def test_rentals(database):
            assert len(rentals(database, {COUNTED})) == 3


        def test_agrees(database):
            assert database.execute("select count(*) from customers").fetchone()[0] > PAGE_SIZE
    """,
    "test_old.py": f"""
        import os
        import sqlite3
        import unittest

        from shop import customer


        class CustomerTest(unittest.TestCase):
            customer_id = {IN_CLASS}

            def setUp(self):
                self.database = sqlite3.connect(os.environ["DATABASE"])
                self.found = customer(self.database, {IN_SETUP})

            def tearDown(self):
                self.database.close()

            def test_class(self):
                self.assertIsNotNone(customer(self.database, self.customer_id))

            def test_prepared(self):
                self.assertEqual(self.found[0], "Realperson {IN_SETUP}")
    """,
}


def dataset(path: Path, first: int, name: str, rentals: int) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("create table customers (customer_id integer primary key, name text not null, email text unique)")
        connection.execute("create table rentals (rental_id integer primary key, customer_id integer not null references customers (customer_id))")
        ids = range(first, first + PEOPLE)
        connection.executemany("insert into customers values (?, ?, ?)", [(one, f"{name} {one}", f"{name}{one}@example.test") for one in ids])
        connection.executemany("insert into rentals (customer_id) values (?)", [(one,) for one in ids for _ in range(rentals)])
    connection.close()


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    folder = tmp_path_factory.mktemp("patches")
    dataset(folder / "legacy.sqlite", FIRST, "Realperson", 3)
    dataset(folder / "shadow.sqlite", SHADOW_FIRST, "Invented", 2)
    made = Project(
        folder=folder,
        suite=SUITE,
        databases=(f"sqlite:///{folder / 'legacy.sqlite'}", f"sqlite:///{folder / 'shadow.sqlite'}"),
        legacy_settings={"DATABASE": str(folder / "legacy.sqlite")},
        shadow_settings={"DATABASE": str(folder / "shadow.sqlite")},
    )
    answer = made.call("run", "--json", str(folder / "report.json"), "--junit", str(folder / "report.xml"))
    assert answer.exit == 1, answer.err
    return made


@pytest.fixture(scope="module")
def proven(project: Project) -> dict[str, Any]:
    answer = project.call("patch", "--all", "--prove", "--json")
    found: dict[str, Any] = json.loads(answer.out)
    return found


def test_all_that_can_be_made_is_proven_on_both_sides(project: Project, proven: dict[str, Any]) -> None:
    report = json.loads((project.folder / "report.json").read_text())
    wanted = {one["id"] for one in report["tests"] if one["verdict"] == "divergent" and one["remedy"] == "make_data_agnostic"}
    assert len(wanted) >= 9
    assert {test for one in proven["patches"] for test in one["tests"]} == wanted
    assert {one["function"]: (one["obstacle"], one["proven"]) for one in proven["patches"]} == {
        one["function"]: ("", True) for one in proven["patches"]
    }


def test_nothing_real_is_shown_and_nothing_is_changed(project: Project, proven: dict[str, Any]) -> None:
    shown = json.dumps(proven) + (project.folder / "report.json").read_text() + (project.folder / "report.xml").read_text()
    assert "Realperson" not in shown
    assert not [number for number in range(CONSTANT, COUNTED + 1) if f" {number}" in shown or f"/{number}" in shown]
    assert (project.root / "constants.py").read_text() == SUITE["constants.py"]
    assert list(project.root.rglob("*.orig")) == []


def test_suggestions_stand_in_the_reports(project: Project) -> None:
    report = json.loads((project.folder / "report.json").read_text())
    found = {one["id"].partition("::")[2]: one["suggestion"] for one in report["tests"]}
    assert found["test_agrees"] is None
    assert found["test_name"]["kind"] == "patch"
    assert found["test_name"]["command"] == "shadow patch test_customers.py::test_name --prove"
    assert "some_customer" in found["test_name"]["text"]
    assert 'name="shadow.coupling"' in (project.folder / "report.xml").read_text()


def test_a_patch_is_applied_where_that_is_asked_for(project: Project) -> None:
    before = {path: (project.root / path).read_text() for path in ("conftest.py", "test_customers.py", "constants.py")}
    try:
        answer = project.call("patch", "test_customers.py::test_loyal_customer", "--prove", "--apply")
        assert answer.exit == 0, answer.err
        assert "some_customer" in (project.root / "conftest.py").read_text()
        assert "LOYAL_CUSTOMER_ID" not in (project.root / "test_customers.py").read_text()
        assert (project.root / "constants.py").read_text() == "PAGE_SIZE = 25\n"
    finally:
        for path, text in before.items():
            (project.root / path).write_text(text)


@pytest.mark.parametrize(
    "words",
    [("test_customers.py::test_agrees",), ("test_customers.py::test_nowhere",), ("test_customers.py::test_name", "--run", "never"), ()],
)
def test_what_no_patch_is_for_is_a_mistake_of_usage(project: Project, words: tuple[str, ...]) -> None:
    assert project.call("patch", *words).exit == 2
