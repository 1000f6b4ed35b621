"""Experiments in containers: what is replaced reaches the test process, and stays nowhere. A night takes some twenty containers, hence one."""

from __future__ import annotations

import hashlib
import io
import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from harness.evidence import experiment_counts
from tests.running import Project

docker = pytest.importorskip("docker")
pytestmark = pytest.mark.docker

DOCKERFILE = "FROM python:3.11-slim\nRUN pip install --no-cache-dir 'pytest>=8.4' 'psycopg[binary]>=3.2'\n"
"""The one of the other tests with containers: it is built once for a machine."""
LEGACY, SHADOW = 4_711, 90_001
TEST = """
import os
import sqlite3


def rentals(customer_id):
    with sqlite3.connect(f"file:{os.environ['DATABASE']}?mode=ro", uri=True) as database:
        assert database.execute("select 1 from customers where customer_id = ?", (customer_id,)).fetchone(), "no such customer"
        return database.execute("select count(*) from rentals where customer_id = ?", (customer_id,)).fetchone()[0]


def test_customer_is_known():
    assert rentals(4712)
    left = [name for _, _, names in os.walk("/shadow/out") for name in names if "replace" in name]
    assert not left and "SHADOW_PROBE_REPLACE" not in os.environ


def test_busy_customer():
    assert rentals(4711) > 20


def test_statements_are_on():
    assert os.environ["STATEMENTS"] == "on"
"""


def image() -> str:
    name = f"shadow-harness-test:{hashlib.sha256(DOCKERFILE.encode()).hexdigest()[:12]}"
    client = docker.from_env()
    try:
        client.images.get(name)
    except docker.errors.ImageNotFound:
        client.images.build(fileobj=io.BytesIO(DOCKERFILE.encode()), tag=name, rm=True)
    finally:
        client.close()
    return name


def dataset(path: Path, first: int, *, busy: int) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("create table customers (customer_id integer primary key, email text unique)")
        connection.execute("create table rentals (rental_id integer primary key, customer_id integer not null references customers (customer_id))")
        ids = range(first, first + 40)
        connection.executemany("insert into customers values (?, ?)", [(one, f"somebody{one}@example.test") for one in ids])
        owners = [one for number, one in enumerate(ids) for _ in range(busy if not number else 2)]
        connection.executemany("insert into rentals (customer_id) values (?)", [(one,) for one in owners])
    connection.close()
    path.chmod(0o644)


def test_the_three_experiments_in_containers(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    project = Project(folder=tmp_path, suite={"test_rentals.py": TEST})
    project.root.chmod(0o755)
    sides = ""
    for side, kind, first, busy, statements in (("legacy", "production_copy", LEGACY, 40, "on"), ("shadow", "synthetic", SHADOW, 2, "off")):
        dataset(project.root / f"{side}.sqlite", first, busy=busy)
        sides += (
            f'[environments.{side}]\nrunner = "docker"\nimage = "{image()}"\ndataset = {{ kind = "{kind}" }}\n'
            f'data = {{ DATABASE = "/suite/{side}.sqlite" }}\ndatabase = "sqlite:///{project.root / side}.sqlite"\n'
            f'settings = {{ STATEMENTS = "{statements}" }}\n'
        )
    suite = f'[suite]\nname = "rentals"\nroot = "{project.root}"\ncommand = ["pytest"]\nargs = ["-q", "-p", "no:cacheprovider"]\n'
    (tmp_path / "shadow.toml").write_text(f'{suite}{sides}[confirm]\nvacuous = "never"\n')
    answer = project.run()
    assert answer.exit == 1, answer.err

    found = {test["id"].partition("::")[2]: test for test in project.report["tests"]}
    tried = {name: {one["kind"]: one["outcome"] or one["obstacle"] for one in test["experiments"]} for name, test in found.items()}
    assert tried == {
        "test_customer_is_known": {"counterfactual": "passed"},
        "test_busy_customer": {"counterfactual": "failed", "other_record": "failed"},
        "test_statements_are_on": {"settings_swap": "passed"},
    }
    assert {name: test["remedy"] for name, test in found.items()} == {
        "test_customer_is_known": "make_data_agnostic",
        "test_busy_customer": "add_synthetic_case",
        "test_statements_are_on": "fix_environment",
    }
    (bundle,) = project.bundles()
    assert sum(experiment_counts(bundle).executions.values()) == 1 + 2 + 1 + 3
    leaves_nothing(project, bundle.header().id)
    suggestions_are_proven(project, bundle.header().id)


def suggestions_are_proven(project: Project, run: str) -> None:
    """A patch in a copy of the suite that the container may read, and a case in a database that lies outside of containers. Nothing stays."""
    told = project.call("patch", "--all", "--prove", "--json")
    assert [(one["function"], one["proven"]) for one in json.loads(told.out)["patches"]] == [("test_rentals.py::test_customer_is_known", True)], told
    path = str(project.folder / "busy.case.toml")
    assert project.call("case make", "test_rentals.py::test_busy_customer", "--out", path).exit == 0
    told = project.call("case prove", path, "--json")
    assert (told.exit, json.loads(told.out)["proven"]) == (0, True), told
    with sqlite3.connect(project.root / "shadow.sqlite") as database:
        assert database.execute("select count(*) from customers").fetchone() == (40,)
    database.close()
    leaves_nothing(project, run)

    config = project.folder / "shadow.toml"
    (project.folder / "db.yaml").write_text("services: {db: {image: postgres:15}}\n")
    config.write_text(config.read_text().replace("[environments.shadow]\n", '[environments.shadow]\ncompose = ["db.yaml"]\n'))
    told = project.call("case prove", path)
    assert told.exit == 2
    assert "shadow run --select test_busy_customer" in told.err


def leaves_nothing(project: Project, run: str) -> None:
    """No container, no folder of a session, no value of another record."""
    client: Any = docker.from_env()
    try:
        assert client.api.containers(all=True, filters={"label": f"dev.shadow-harness.run={run}"}) == []
    finally:
        client.close()
    files = [path for path in project.workdir.rglob("*") if path.is_file()]
    assert not [path for path in files if "replace" in path.name or "experiment-" in path.as_posix()]
    text = [path.read_bytes() for path in [*files, project.folder / "report.json"] if path.suffix in {".json", ".jsonl", ".log"}]
    others = [number for first in (LEGACY, SHADOW) for number in range(first, first + 40) if number not in {4711, 4712}]
    assert not [number for number in others if any(json.dumps(str(number)).encode() in one or f": {number}".encode() in one for one in text)]
