"""Passes that mean less on shadow, found by runs of a tiny suite over two SQLite files."""

from __future__ import annotations

import sqlite3
import sys
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

from harness.model import RerunKind, Side
from harness.report import published_schema
from harness.store import open_store
from tests.running import Answer, Project

if TYPE_CHECKING:
    from pathlib import Path

CANARY = "quimby.canary@example.test"
SUITE = """
import os
import sqlite3
from pathlib import Path

import pytest

DATA = Path(__file__).parents[1] / (os.environ["SIDE"] + ".sqlite")


@pytest.fixture
def conn():
    connection = sqlite3.connect(DATA)
    yield connection
    connection.close()


def rentals(conn, customer):
    return conn.execute("select id, email from rental where customer = ?", (customer,)).fetchall()


def test_loops_over_rows(conn):
    assert conn.execute("select count(*) from customer").fetchone()
    for number, email in rentals(conn, 7):
        assert email


def test_asserts_only_if_there_are_rows(conn):
    found = rentals(conn, 7)
    if not found:
        return
    assert found[0][1] == "quimby.canary@example.test"
    assert len(found) > 1


def test_skips_subtests(conn, subtests):
    count = len(rentals(conn, 7))
    for number in range(3):
        with subtests.test(number=number):
            if number and not count:
                pytest.skip("nothing to see")
            assert number < 3


def test_sees_fewer_rows_and_is_no_less_for_it(conn):
    found = rentals(conn, 1)
    assert found
    for number, email in found:
        assert email


def test_takes_another_branch(conn):
    (state,) = conn.execute("select state from customer where id = 1").fetchone()
    if state is None:
        label = "none"
    else:
        label = state
        label = label.strip()
    assert label


def test_touches_nothing():
    assert True


def test_diverges(conn):
    assert rentals(conn, 7)
"""


SELECT = '    return conn.execute("select id, email from rental where customer = ?", (customer,)).fetchall()'


def database(path: Path, *, rich: bool) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("create table customer (id integer primary key, state text)")
        connection.execute("create table rental (id integer primary key, customer integer, email text)")
        connection.executemany("insert into customer values (?, ?)", [(1, "BE" if rich else None), (7, None)])
        rows = [(1, CANARY)] * (5 if rich else 2) + ([(7, CANARY)] * 4 if rich else [])
        connection.executemany("insert into rental (customer, email) values (?, ?)", rows)
    connection.close()


def made(folder: Path) -> Project:
    for side in Side:
        database(folder / f"{side.value}.sqlite", rich=side is Side.LEGACY)
    project = Project(folder=folder, confirm={"vacuous": "all"})
    project.write("test_rentals.py", SUITE)
    return project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project whose shadow data lack what some of its tests look at."""
    return made(tmp_path)


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> tuple[Project, Answer]:
    """The same after a run of all of it, with what that printed."""
    project = made(tmp_path_factory.mktemp("measured"))
    return project, project.run("--markdown", str(project.folder / "summary.md"), "--html", str(project.folder / "report.html"))


def reasons(project: Project) -> dict[str, set[tuple[str, int, int, int | None]]]:
    """The reasons of each vacuous pass by test name: kind, both counts, line."""
    return {
        test["id"].partition("::")[2]: {(one["kind"], one["legacy"], one["shadow"], one["line"]) for one in test["vacuous"]}
        for test in project.report["tests"]
        if test["vacuous"]
    }


def line_of(text: str) -> int:
    return SUITE.splitlines().index(text) + 1


def expected() -> dict[str, Any]:
    select, loop = line_of(SELECT), "    for number, email in"
    loop_line = line_of(f"{loop} rentals(conn, 7):")
    return {
        "test_loops_over_rows": {
            ("rows", 4, 0, select),
            ("assertions", 2, 1, None),
            ("lines", 3, 2, line_of("def test_loops_over_rows(conn):")),
            ("loop", 4, 0, loop_line),
        },
        "test_asserts_only_if_there_are_rows": {
            ("rows", 4, 0, None),
            ("rows", 4, 0, select),
            ("assertions", 2, 0, None),
            ("lines", 4, 2, line_of("def test_asserts_only_if_there_are_rows(conn):")),
        },
        "test_skips_subtests": {("rows", 4, 0, None), ("rows", 4, 0, select), ("subtests", 3, 1, None)},
    }


def test_passes_that_mean_less_are_flagged_with_numbers(measured: tuple[Project, Answer]) -> None:
    project, answer = measured
    assert answer.exit == 1, answer.err
    jsonschema.validate(project.report, published_schema())
    assert reasons(project) == expected()
    tests = {test["id"].partition("::")[2]: test for test in project.report["tests"]}
    assert {tests[name]["verdict"] for name in expected()} == {"equivalent"}
    assert tests["test_diverges"]["verdict"] == "divergent"
    totals = project.report["totals"]
    assert (totals["vacuous"], totals["vacuous_checked"]) == (3, 6)
    sentence = "3 passes mean less on shadow (6 passes measured, of 6 on both sides)."
    assert sentence in answer.out
    assert "rounds of the loop at test_rentals.py:" in answer.out
    assert "Passes that mean less on shadow (3)" in (project.folder / "summary.md").read_text()
    assert sentence in (project.folder / "report.html").read_text()
    theirs = {".sqlite", ".py", ".pyc"}
    written = b"".join(path.read_bytes() for path in project.folder.rglob("*") if path.is_file() and path.suffix not in theirs)
    assert b"canary" not in written


def test_the_store_keeps_them_and_a_bundle_gives_them_again(measured: tuple[Project, Answer]) -> None:
    project, _ = measured
    first = reasons(project)
    store = open_store(str(project.workdir / "shadow.db"))
    try:
        (run,) = store.runs()
        pair = store.pair(run.id, "test_rentals.py::test_loops_over_rows")
        assert pair is not None
        assert {reason.kind.value for reason in pair.vacuous} == {"rows", "assertions", "lines", "loop"}
        overview = store.comparison_without_pairs(run.id)
        assert overview is not None
        assert overview.vacuity is not None
        assert (overview.vacuity.measured, overview.vacuity.vacuous) == (6, 3)
    finally:
        store.close()
    (bundle,) = project.bundles()
    project.call("compare", str(bundle.path), "--json", str(project.folder / "report.json"))
    assert reasons(project) == first


def test_the_first_fresh_pair_is_deep_and_later_ones_are_not(measured: tuple[Project, Answer]) -> None:
    project, _ = measured
    (bundle,) = project.bundles()
    for side in Side:
        records = bundle.deep(side)
        assert {(record.kind, record.pair) for record in records} == {(RerunKind.PAIR, 0), (RerunKind.PAIR, 1)}
        (diverging,) = (record for record in records if record.pair and record.test_id.endswith("diverges"))
        (statement,) = diverging.statements
        assert statement.fetched == (4 if side is Side.LEGACY else 0)
        assert len(statement.parameters[0].fingerprints) == 1


def test_nothing_is_sampled_where_it_is_turned_off_or_only_a_part_runs(project: Project) -> None:
    project.run("--select", "loops")
    assert project.report["totals"]["vacuous_checked"] == 0
    project.confirm = {"vacuous": "never"}
    project.configure()
    project.run()
    assert project.report["totals"]["vacuous_checked"] == 0


def test_a_deep_run_measures_every_pass_without_rerunning(project: Project) -> None:
    answer = project.run("--deep", "--no-confirm")
    assert answer.exit == 1, answer.err
    assert reasons(project) == expected()
    (bundle,) = project.bundles()
    assert {record.pair for side in Side for record in bundle.deep(side)} == {0}


def test_a_pass_whose_lines_are_not_known_is_measured_by_its_rows(project: Project) -> None:
    project.write("conftest.py", "import sys\nsys.settrace(lambda *_: None)\n")  # as a debugger does
    answer = project.run("--no-couplings")
    assert reasons(project)["test_loops_over_rows"] == {("rows", 4, 0, line_of(SELECT))}
    if not hasattr(sys, "monitoring"):
        assert "(6 passes measured, 6 by their rows alone, of 6 on both sides)" in answer.out


def test_nights_take_turns_and_none_twice_on_a_day(project: Project) -> None:
    project.confirm = {"vacuous": "rotating"}
    project.configure()
    project.run()
    (bundle,) = project.bundles()
    assert bundle.plan_of("vacuous") == {"parts": [1], "of": 28, "last": 1, "day": bundle.header().started_at.toordinal()}
    project.run()
    assert [found.plan_of("vacuous")["parts"] for found in project.bundles()[1:]] == [[]]  # type: ignore[index]  # each has one
