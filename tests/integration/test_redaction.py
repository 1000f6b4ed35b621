"""Messages of a run whose datasets the identity index knows: tokens say what their value is, words that name a record are gone."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from tests.running import Project

pytest.importorskip("phonenumbers", reason="the extra `coupling` is not installed")

SUITE = """
    import os
    import sqlite3

    import pytest

    def customers():
        with sqlite3.connect(os.environ["DATABASE"]) as connection:
            return [name for (name,) in connection.execute("select last_name from customer order by customer_id")]

    def test_known_word():
        raise LookupError(f"no open account: {customers()[0]} is closed")

    def test_told():
        raise LookupError(f"customer {customers()[1]} has no account")

    @pytest.mark.parametrize("mail", ["gertrude.quist@example.com", "nobody@example.com"])
    def test_mail(mail):
        with sqlite3.connect(os.environ["DATABASE"]) as connection:
            assert connection.execute("select 1 from customer where email = ?", (mail,)).fetchone()
"""
NAMES = (
    "Service",
    "Wilhelmina",
    "Quackenbush",
    "Ottoline",
    "Zebulon",
    "Thaddeus",
    "Peregrine",
    "Octavia",
    "Leopold",
    "Hildegard",
    "Gertrude",
    "Balthasar",
)


def test_names_of_records_are_tokens_wherever_they_stand(tmp_path: Path) -> None:
    urls = []
    for side, prefix in (("legacy", ""), ("shadow", "Made")):
        path = tmp_path / f"{side}.sqlite"
        with sqlite3.connect(path) as connection:
            connection.execute("create table customer (customer_id integer primary key, last_name text unique, email text unique)")
            rows = [(n + 1, prefix + name, f"{prefix}{name}.quist@example.com".lower()) for n, name in enumerate(NAMES)]
            connection.executemany("insert into customer values (?, ?, ?)", rows)
        urls.append(f"sqlite:///{path}")
    project = Project(
        folder=tmp_path / "project",
        suite={"test_a.py": SUITE},
        legacy_settings={"DATABASE": str(tmp_path / "legacy.sqlite")},
        shadow_settings={"DATABASE": str(tmp_path / "shadow.sqlite")},
        databases=(urls[0], urls[1]),
        confirm={"mass_failure": 1.0},
    )

    answer = project.run("--no-confirm")

    assert answer.exit == 1, answer.err
    tests = {test["id"].partition("::")[2]: test for test in project.report["tests"]}
    messages = {name: (test["legacy"]["failure"] or {}).get("message", "") for name, test in tests.items()}
    word, name = messages["test_known_word"], messages["test_told"]
    assert word.startswith("no open account: name:")
    assert word.endswith(" is closed")
    assert name.startswith("customer name:")
    assert name.endswith(" has no account")
    (mail,) = [test for test in tests.values() if test["couplings"] and test["couplings"][0]["entity"] == "customer.email"]
    assert mail["couplings"][0]["token"] in mail["id"]  # what is recorded of the id still tells which case of the source it is
    written = [path.read_bytes() for path in project.workdir.rglob("*") if path.is_file()] + [answer.out.encode(), answer.err.encode()]
    assert not [known for known in ("wilhelmina", "gertrude", "service is closed") if any(known.encode() in data.lower() for data in written)]
