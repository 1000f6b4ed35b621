"""Divergences over the nights, as a person follows them: real runs of a tiny suite over two SQLite files, one night after the other."""

from __future__ import annotations

import json
import sqlite3
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

from dashboard.filters import pair_url, url_of_test
from harness.cli import invoke
from harness.model import OPEN_DIVERGENCES, DivergenceFilter, DivergenceRow, DivergenceState
from harness.report import published_schema
from harness.store import open_store
from tests.dashboard_sample import Html, browse
from tests.running import Project

if TYPE_CHECKING:
    from collections.abc import Sequence

SUITE = """
import os
import sqlite3
from pathlib import Path

DATA = Path(__file__).parents[1] / (os.environ["SIDE"] + ".sqlite")


def test_agrees():
    assert DATA.exists()


def {name}():
    with sqlite3.connect(DATA) as connection:
        (phone,) = connection.execute("select phone from customer where id = 7").fetchone()
    assert phone is not None
"""
CANARY = "+49 30 4711 0815"


class Nights:
    """A project whose shadow data can be mended and broken again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for side in ("legacy", "shadow"):
            with sqlite3.connect(folder / f"{side}.sqlite") as connection:
                connection.execute("create table customer (id integer primary key, phone text)")
                connection.execute("insert into customer values (7, ?)", (CANARY if side == "legacy" else None,))
        databases = ("sqlite:///legacy.sqlite", "sqlite:///shadow.sqlite")
        self.project = Project(folder=folder, confirm={"clean_nights": 2}, databases=databases)
        self.name_test("test_customer_has_a_phone")

    def name_test(self, name: str) -> None:
        self.project.write("test_customers.py", SUITE.format(name=name))

    def give_phone(self, phone: str | None) -> None:
        with sqlite3.connect(self.folder / "shadow.sqlite") as connection:
            connection.execute("update customer set phone = ?", (phone,))

    def commit(self) -> str:
        """Put the suite under git, and say which commit that is."""
        for words in (("init", "-q"), ("add", "."), ("commit", "-q", "-m", "Suite")):
            subprocess.run(("git", "-c", "user.name=t", "-c", "user.email=t@localhost", *words), cwd=self.project.root, check=True)
        head = subprocess.run(("git", "rev-parse", "HEAD"), cwd=self.project.root, check=True, capture_output=True, text=True)
        return head.stdout.strip()

    def night(self, *words: str) -> dict[str, Any]:
        """A run; returns its report."""
        answer = self.project.run(*(words or ("--no-confirm",)))
        assert answer.exit in {0, 1}, answer.err
        jsonschema.validate(self.project.report, published_schema())
        return self.project.report

    def divergences(self, where: DivergenceFilter | None = None) -> Sequence[DivergenceRow]:
        store = open_store(str(self.project.workdir / "shadow.db"))
        try:
            return store.divergences(where or DivergenceFilter()).rows
        finally:
            store.close()


@pytest.fixture(scope="module")
def nights(tmp_path_factory: pytest.TempPathFactory) -> Nights:
    return Nights(tmp_path_factory.mktemp("nights"))


def test_a_divergence_is_followed_from_first_seen_to_reopened_and_outlives_its_runs(nights: Nights) -> None:  # noqa: PLR0915 - one story
    commit = nights.commit()
    first = nights.night("--confirm")
    assert {first["run"][side]["suite.commit"] for side in ("legacy", "shadow")} == {commit}
    assert (first["nights"]["new"], first["nights"]["open"]) == (1, 1)
    (row,) = nights.divergences(OPEN_DIVERGENCES)
    assert (row.first_seen.run_id, row.confirmed) == (first["run"]["id"], True)

    nights.name_test("test_customer_can_be_called")
    second = nights.night()
    assert (second["nights"]["new"], second["nights"]["open"]) == (0, 1)
    (row,) = nights.divergences(OPEN_DIVERGENCES)
    assert row.test_id.endswith("::test_customer_can_be_called")
    assert (row.first_seen.run_id, row.nights_seen) == (first["run"]["id"], 2)

    nights.give_phone("555-0100")
    third = nights.night()
    assert third["run"]["shadow"]["data.digest"] != second["run"]["shadow"]["data.digest"]
    assert third["run"]["legacy"]["data.digest"] == second["run"]["legacy"]["data.digest"]
    assert third["run"]["parity"] == []
    assert [row.clean_nights for row in nights.divergences(OPEN_DIVERGENCES)] == [1]
    fourth = nights.night()
    assert (fourth["nights"]["open"], fourth["nights"]["converged"]) == (0, 1)

    nights.give_phone(None)
    fifth = nights.night()
    assert (fifth["nights"]["new"], fifth["nights"]["reopened"], fifth["nights"]["converged"]) == (0, 1, 0)
    followed = nights.divergences()
    assert [(row.state, row.first_seen.run_id, row.nights_seen) for row in followed] == [(DivergenceState.REOPENED, first["run"]["id"], 3)]

    answer = nights.project.call("gc", "--keep-runs", "2", "--json")
    assert answer.exit == 0, answer.err
    gone = [report["run"]["id"] for report in (first, second, third)]
    assert json.loads(answer.out)["runs_removed"] == gone
    assert [bundle.header().id for bundle in nights.project.bundles()] == [report["run"]["id"] for report in (fourth, fifth)]
    assert nights.divergences() == followed

    (nights.project.workdir / "shadow.db").unlink()
    assert invoke(["store", "rebuild", "--config", str(nights.folder / "shadow.toml"), "--workdir", str(nights.project.workdir)]) == 0
    assert [row.id for row in nights.project.rows()] == [fifth["run"]["id"], fourth["run"]["id"]]
    assert nights.divergences() == followed

    shown = nights.project.call("report")
    assert "1 divergence is open (1 reopened), 0 converged." in shown.out
    refused = nights.project.call("report", gone[0])
    assert refused.exit == 2
    assert "was removed by retention" in refused.err

    old_id = followed[0].test_id.replace("can_be_called", "has_a_phone")
    store = open_store(str(nights.project.workdir / "shadow.db"))
    client = browse(store)
    listed = Html(client.get("/divergences").text)
    assert listed.tests == [followed[0].test_id]
    for url in (f"/runs/{gone[0]}", f"/runs/{gone[0]}/pairs", pair_url(gone[0], old_id)):
        answered = client.get(url)
        assert answered.status_code == 410
        assert "it had 2 tests, 1 of them divergent" in Html(answered.text).text
    for test_id in (old_id, followed[0].test_id):
        assert Html(client.get(url_of_test(test_id)).text).tests == [followed[0].test_id]
        assert Html(client.get(pair_url(fifth["run"]["id"], test_id)).text).tests == [followed[0].test_id]
    store.close()

    written = [path.read_bytes() for path in nights.project.workdir.rglob("*") if path.is_file()]
    assert not any(CANARY.encode() in content for content in written)


def test_a_part_of_a_suite_is_no_night(nights: Nights) -> None:
    before = nights.divergences()
    report = nights.night("--no-confirm", "--select", "called")
    assert report["nights"]["new"] is None
    assert nights.divergences() == before


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("gc", "--keep-runs", "2", "--since", "2026-01-01"), "one of them"),
        (("gc", "--since", "yesterday"), "a day or a time as in 2026-11-01"),
        (("gc", "--keep-runs", "0"), "--keep-runs"),
        (("run", "--select", "a and"), "this is no expression that pytest can read"),
        (("run", "--select", "(a or b"), "--select"),
    ],
)
def test_what_cannot_be_carried_out_is_refused_with_help(tmp_path: Path, words: tuple[str, ...], says: str) -> None:
    project = Project(folder=tmp_path, suite={"test_a.py": "def test_a():\n    pass\n"})
    answer = project.call(*words)
    assert answer.exit == 2
    assert says in answer.err
    assert not project.bundles()
