"""Experiments from end to end on a small project: what proves a coupling, what other records lack, what is a setting. No value is written."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from harness.evidence import experiment_counts
from harness.pipeline.experiments.budget import MOST_OF_A_TEST
from tests.running import Project

CUSTOMERS = 60
BUSY = 4711
"""The one customer of legacy with many rentals."""
LOYAL = 4722
IN_FILE = 4733
PARAMETERS = (4744, 4745)
BASE = 4_700
IN_CSV, IN_XML, IN_YAML, IN_SQL, SUM, JOINED, PRINTED = range(4746, 4753)
SHADOW_FIRST = 90_001

SUITE = {
    "constants.py": f"LOYAL_CUSTOMER_ID = {LOYAL}\n",
    "helpers.py": """
        def name_of(database, customer_id):
            row = database.execute("select name from customers where customer_id = ?", (customer_id,)).fetchone()
            assert row is not None, "no such customer"
            return row[0]
    """,
    "data/case.json": f'{{"customer_id": {IN_FILE}}}\n',
    "data/case.csv": f"note,customer_id\n'hello, you',{IN_CSV}\n".replace("'", '"'),
    "data/case.xml": f'<case>\n  <customer id="{IN_XML}"/>\n</case>\n',
    "data/case.yaml": f"kind: customer\ncustomer_id: {IN_YAML}\n",
    "data/case.sql": f"-- the one that rents\nselect name from customers where customer_id = {IN_SQL};\n",
    "test_rentals.py": f"""
        import csv
        import json
        import os
        import pathlib
        import sqlite3
        from xml.etree import ElementTree

        import pytest

        from constants import LOYAL_CUSTOMER_ID
        from helpers import name_of


        @pytest.fixture
        def database():
            connection = sqlite3.connect(os.environ["DATABASE"])
            yield connection
            connection.close()


        def test_loyal_customer_is_known(database):
            assert name_of(database, LOYAL_CUSTOMER_ID)


        @pytest.mark.parametrize("customer_id", {list(PARAMETERS)})
        def test_parametrised_customer_is_known(database, customer_id):
            assert name_of(database, customer_id)


        def test_customer_of_a_file_is_known(database):
            case = json.loads((pathlib.Path(__file__).parent / "data" / "case.json").read_text())
            assert name_of(database, case["customer_id"])


        DATA = pathlib.Path(__file__).parent / "data"


        def test_customer_of_a_table_is_known(database):
            with open(DATA / "case.csv", newline="") as file:
                rows = list(csv.DictReader(file))
            assert name_of(database, int(rows[0]["customer_id"]))


        def test_customer_of_a_tree_is_known(database):
            root = ElementTree.parse(DATA / "case.xml").getroot()
            assert name_of(database, int(root.find("customer").get("id")))


        def test_customer_of_a_list_is_known(database):
            pairs = [line.split(": ") for line in (DATA / "case.yaml").read_text().splitlines()]
            assert name_of(database, int(dict(pairs)["customer_id"]))


        def test_customer_of_a_statement_is_known(database):
            assert database.execute((DATA / "case.sql").read_text()).fetchone()


        BASE = {BASE}


        def test_customer_of_a_sum_is_known(database):
            assert name_of(database, BASE + {SUM - BASE})


        def test_customer_of_pieces_is_known(database):
            email = "realperson" + str(BASE + {JOINED - BASE}) + "@example.test"
            assert database.execute("select name from customers where lower(email) = ?", (email,)).fetchone()


        def test_customer_of_a_text_is_known(database):
            domain = "example.test"
            statement = "select name from customers where lower(email) = ?"
            assert database.execute(statement, (f"realperson{{BASE + {PRINTED - BASE}}}@{{domain}}",)).fetchone()


        def test_busy_customer_rents_a_lot(database):
            found = database.execute("select customer_id from customers where email = ?", ("Realperson{BUSY}@example.test",)).fetchone()
            assert found is not None
            rentals = database.execute("select rental_id from rentals where customer_id = ?", found).fetchall()
            assert len(rentals) > 20


        def test_statements_can_be_printed(database):
            assert os.environ.get("PRINTING") == "on"
            assert database.execute("select count(*) from customers").fetchone()[0] > 0


        def test_agrees(database):
            assert database.execute("select count(*) from customers").fetchone()[0] > 10
    """,
}


def dataset(path: Path, first: int, name: str, rentals: dict[int, int]) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("create table customers (customer_id integer primary key, name text not null, email text unique)")
        connection.execute("create table rentals (rental_id integer primary key, customer_id integer not null references customers (customer_id))")
        ids = range(first, first + CUSTOMERS)
        connection.executemany("insert into customers values (?, ?, ?)", [(one, f"{name} {one}", f"{name}{one}@example.test") for one in ids])
        counts = {one: rentals.get(one, 2) for one in ids}
        connection.executemany("insert into rentals (customer_id) values (?)", [(one,) for one, count in counts.items() for _ in range(count)])
    connection.close()


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    folder = tmp_path_factory.mktemp("experiments")
    dataset(folder / "legacy.sqlite", 4_700, "Realperson", {BUSY: 40})
    dataset(folder / "shadow.sqlite", SHADOW_FIRST, "Invented", {})
    made = Project(
        folder=folder,
        suite=SUITE,
        databases=(f"sqlite:///{folder / 'legacy.sqlite'}", f"sqlite:///{folder / 'shadow.sqlite'}"),
        legacy_settings={"DATABASE": str(folder / "legacy.sqlite"), "PRINTING": "on"},
        shadow_settings={"DATABASE": str(folder / "shadow.sqlite"), "PRINTING": "off"},
    )
    answer = made.call("run", "--json", str(folder / "report.json"))
    assert answer.exit == 1, answer.err
    return made


@pytest.fixture
def pairs(project: Project) -> dict[str, Any]:
    report = json.loads((project.folder / "report.json").read_text())
    return {pair["id"].partition("::")[2]: pair for pair in report["tests"]}


def tried(project: Project) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = counted(project)["experiments"]
    return found


def counted(project: Project) -> dict[str, Any]:
    path = next((project.workdir / "runs").glob("*/experiments.json"))
    found: dict[str, Any] = json.loads(path.read_text())
    return found


def outcomes(project: Project, test: str) -> dict[str, str | None]:
    return {one["kind"]: one["outcome"] for one in tried(project) if test in one["test_id"]}


@pytest.mark.parametrize(
    "test",
    [
        "test_loyal_customer_is_known",
        *(f"test_parametrised_customer_is_known[{number}]" for number in PARAMETERS),
        *(f"test_customer_of_a_{kind}_is_known" for kind in ("file", "table", "tree", "list", "statement", "sum")),
        "test_customer_of_pieces_is_known",
        "test_customer_of_a_text_is_known",
    ],
)
def test_a_twin_that_makes_the_test_pass_confirms_the_coupling(project: Project, pairs: dict[str, Any], test: str) -> None:
    assert outcomes(project, test) == {"counterfactual": "passed"}
    assert [one["strength"] for one in pairs[test]["couplings"]] == ["confirmed"]
    assert pairs[test]["cause"] in {"identifier", "natural_key"}
    assert pairs[test]["remedy"] == "make_data_agnostic"
    assert {(one["kind"], one["side"], one["outcome"]) for one in pairs[test]["experiments"]} == {("counterfactual", "shadow", "passed")}
    assert {one["path"] for one in pairs[test]["experiments"]} <= {*SUITE}


def test_a_record_that_is_special_fails_with_another_one_on_legacy(project: Project, pairs: dict[str, Any]) -> None:
    assert outcomes(project, "test_busy_customer") == {"counterfactual": "failed", "other_record": "failed"}
    assert pairs["test_busy_customer_rents_a_lot"]["remedy"] == "add_synthetic_case"


def test_a_setting_that_makes_the_test_pass_is_its_cause(project: Project, pairs: dict[str, Any]) -> None:
    found = [one for one in tried(project) if "statements" in one["test_id"]]
    assert [(one["kind"], one["setting"], one["outcome"]) for one in found] == [("settings_swap", "PRINTING", "passed")]
    assert pairs["test_statements_can_be_printed"]["cause"] == "environment"


def test_what_leads_to_real_data_is_never_swapped(project: Project) -> None:
    assert all("DATABASE" not in (one["setting"] or "") for one in tried(project))


def test_sources_stay_as_they_are_and_no_bytecode_of_changed_ones_is_left(project: Project) -> None:
    for name, text in SUITE.items():
        written = (project.root / name).read_text()
        assert written.split() == text.split()
    cached = b"".join(path.read_bytes() for path in project.root.rglob("*.pyc"))
    for number in range(SHADOW_FIRST, SHADOW_FIRST + CUSTOMERS):
        assert number.to_bytes(4, "little") not in cached


def test_no_value_of_another_record_is_in_any_byte_written(project: Project) -> None:
    written = b"".join(path.read_bytes() for path in project.workdir.rglob("*") if path.is_file())
    written += (project.folder / "report.json").read_bytes()
    allowed = {BUSY, LOYAL, IN_FILE, *PARAMETERS, IN_CSV, IN_XML, IN_YAML, IN_SQL, SUM, JOINED, PRINTED, BASE}
    found = [number for number in range(4_700, 4_700 + CUSTOMERS) if number not in allowed and f'"{number}"'.encode() in written]
    assert found == []
    assert outcomes(project, "test_busy_customer")["other_record"] == "failed"  # with the email of another real person
    assert b"realperson" not in written.lower()


def test_no_test_is_executed_more_than_its_bound_and_sessions_are_shared(project: Project) -> None:
    (bundle,) = project.bundles()
    counts = experiment_counts(bundle)
    evidence = bundle.evidence()
    reruns = Counter(attempt.test_id for side in (evidence.legacy, evidence.shadow) for attempt in side.reruns)
    divergent = {one["test_id"] for one in tried(project)}
    assert set(counts.executions) == divergent
    assert max(reruns[test] + counts.executions[test] for test in divergent) <= MOST_OF_A_TEST
    # twins once and again, where the two cases have one and the same twin; settings; another record, a second one, the unchanged test
    assert counts.sessions <= 8
    assert sum(counts.executions.values()) > 2 * counts.sessions


def test_a_resumed_run_makes_only_the_experiments_that_are_left(project: Project) -> None:
    (bundle,) = project.bundles()
    before = counted(project)
    left = next(one for one in before["experiments"] if "of_a_file" in one["test_id"])
    kept = [one for one in before["experiments"] if one["test_id"] != left["test_id"]]
    (bundle.path / "experiments.json").write_text(json.dumps({**before, "experiments": kept}))
    (bundle.path / "finish.json").unlink()
    answer = project.call("run", "--resume", bundle.header().id)
    assert answer.exit == 1, answer.err
    after = counted(project)
    assert after["sessions"] == before["sessions"] + 1
    assert sum(after["executions"].values()) == sum(before["executions"].values()) + 1
    assert sorted(map(str, after["experiments"])) == sorted(map(str, before["experiments"]))
