"""What tests observe, as a person meets it: a real run of a tiny suite whose sides pass everywhere and do not see the same."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

from harness.cli import invoke
from harness.report import published_schema
from tests.running import Project

if TYPE_CHECKING:
    from pathlib import Path

CANARY = "canary.of.legacy@example.com"
SUITE = f"""
import os
import threading

LEGACY = os.environ["SIDE"] == "legacy"
ROWS = [{{"id": n, "mail": "{CANARY}" if LEGACY else "ann@example.org", "phone": None if LEGACY and n == 2 else "+49 30 1"}} for n in range(30)]


def test_same_shape(observe):
    observe("row", {{"id": 7 if LEGACY else 8, "mail": ROWS[0]["mail"]}})


def test_missing_nulls(observe):
    observe("customers", ROWS)


def test_exact_value(observe):
    observe("total", "12.50 EUR" if LEGACY else "12.51 EUR", compare="exact")


def test_same_exact_value(observe):
    observe("currencies", ["EUR", "CHF"] if LEGACY else ["CHF", "EUR"], compare="exact", unordered=True)


def test_observed_on_one_side(observe):
    if LEGACY:
        observe("extra", 1)


def test_now_and_then(observe):
    try:  # of all processes, on both sides, one is the first
        os.close(os.open(os.path.join(os.environ["NOTES"], "taken"), os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        observe("turn", "text")
    else:
        observe("turn", 1)


def test_cut_short(observe):
    observe("lock", [1, threading.Lock()], compare="exact")


def test_failing_keeps_its_own_direction(observe):
    observe("anything", 1)
    assert LEGACY
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    folder: Path = tmp_path_factory.mktemp("observations")
    project = Project(folder=folder)
    project.write("test_customers.py", SUITE)
    answer = project.run("--html", str(folder / "report.html"), "--markdown", str(folder / "report.md"))
    assert answer.exit == 1, answer.err
    jsonschema.validate(project.report, published_schema())
    return project


def of(project: Project, name: str) -> dict[str, Any]:
    return next(test for test in project.report["tests"] if test["id"].endswith(f"::{name}"))


@pytest.mark.parametrize("name", ["test_same_shape", "test_same_exact_value"])
def test_what_agrees_is_equivalent_and_says_that_it_was_looked_at(project: Project, name: str) -> None:
    test = of(project, name)

    assert (test["verdict"], test["observations"]) == ("equivalent", [])
    assert "what they observe agrees (1 observation)" in test["reason"]


@pytest.mark.parametrize(
    ("name", "kind", "sentence"),
    [
        ("test_missing_nulls", "null", "customers[*].phone: may be null on legacy, never null on shadow"),
        ("test_exact_value", "value", "total: "),
        ("test_observed_on_one_side", "absent", "extra: observed on legacy, not observed on shadow"),
    ],
)
def test_passes_that_see_something_else_are_divergences_confirmed_by_fresh_pairs(project: Project, name: str, kind: str, sentence: str) -> None:
    test = of(project, name)

    assert (test["verdict"], test["direction"], test["confirmed"]) == ("divergent", "observation", True)
    assert test["legacy"]["outcome"] == test["shadow"]["outcome"] == "passed"
    assert test["e_value"] > 100
    (observation,) = test["observations"]
    assert observation["differences"][0]["kind"] == kind
    assert sentence in test["reason"]
    assert test["cluster"] in {cluster["id"] for cluster in project.report["clusters"]}


def test_what_is_observed_otherwise_by_chance_is_flaky(project: Project) -> None:
    test = of(project, "test_now_and_then")

    assert (test["verdict"], test["direction"]) == ("flaky", "observation")


def test_what_was_cut_short_is_never_called_equal(project: Project) -> None:
    test = of(project, "test_cut_short")

    assert test["verdict"] == "inconclusive"
    assert test["observations"][0]["budget"] == "unreadable"


def test_a_failing_test_diverges_by_its_outcome(project: Project) -> None:
    test = of(project, "test_failing_keeps_its_own_direction")

    assert (test["verdict"], test["direction"], test["observations"]) == ("divergent", "legacy_only_pass", [])


def test_no_observed_value_and_no_key_is_written(project: Project) -> None:
    key = (project.workdir / "probe.key").read_text(encoding="ascii").strip()
    written = [path for path in project.workdir.rglob("*") if path.is_file() and path.name not in {"key", "probe.key"}]

    assert len(written) > 10
    for path in (*written, project.folder / "report.html", project.folder / "report.md"):
        content = path.read_bytes()
        assert CANARY.encode() not in content, path
        assert key.encode() not in content, path
    assert (project.workdir / "probe.key").stat().st_mode & 0o777 == 0o600


def test_a_bundle_alone_gives_the_same_verdicts(project: Project) -> None:
    (bundle,) = (project.workdir / "runs").iterdir()

    assert invoke(["compare", str(bundle), "--json", str(project.folder / "again.json")]) == 1
    again = json.loads((project.folder / "again.json").read_text(encoding="utf-8"))
    assert [test["reason"] for test in again["tests"]] == [test["reason"] for test in project.report["tests"]]
