"""Couplings of a small project from end to end: the index, the scan, a run, its bundle. Nothing that is written holds a value."""

from __future__ import annotations

import json
import sqlite3
import threading
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from harness.config import load
from harness.evidence import project_key
from harness.model import SourceEvidence
from harness.pipeline.side import StoppedError
from harness.pipeline.sources import IndexPlace, SourceStep
from harness.pipeline.sources.reading import read_sources
from harness.report import published_schema
from tests.running import Project

EMAILS = [f"person{number}@customers.example" for number in range(60)]
NAMED = EMAILS[7]
LATENT = EMAILS[11]
IN_COMMENT = EMAILS[23]

SUITE = {
    "constants.py": f"""
        PAGE_SIZE = 25
        PORT = 8080
        NAMED = "{NAMED}"
    """,
    "test_people.py": f"""
        import os
        import sqlite3

        import pytest

        from constants import NAMED, PAGE_SIZE


        @pytest.fixture
        def database():
            connection = sqlite3.connect(os.environ["DATABASE"])
            yield connection
            connection.close()


        def test_is_known(database):
            assert database.execute("select name from customers where email = ?", (NAMED,)).fetchone() is not None


        def test_page_is_large():
            assert PAGE_SIZE == 25  # seen first with {IN_COMMENT}


        def test_has_an_alias():
            aliases = {{"{LATENT}": "{EMAILS[13]}"}}
            assert aliases.get("nobody@example.test") is None
    """,
    "data/cases.json": f"""
        {{"mail": "{EMAILS[31]}", "size": 12}}
    """,
}


@pytest.fixture
def project(tmp_path: Path) -> Project:
    urls = []
    for side, emails, first in (("legacy", EMAILS, 1), ("shadow", [f"invented{number}@example.test" for number in range(40)], 90_001)):
        path = tmp_path / f"{side}.sqlite"
        with sqlite3.connect(path) as connection:
            connection.execute("create table customers (customer_id integer primary key, email text not null unique, name text)")
            connection.executemany("insert into customers values (?, ?, ?)", [(first + n, email, f"Name {n}") for n, email in enumerate(emails)])
        connection.close()
        urls.append(f"sqlite:///{path}")
    return Project(
        folder=tmp_path,
        suite=SUITE,
        databases=(urls[0], urls[1]),
        legacy_settings={"DATABASE": str(tmp_path / "legacy.sqlite")},
        shadow_settings={"DATABASE": str(tmp_path / "shadow.sqlite")},
    )


TOLD_BY = (
    (2, ("patch", "--all")),
    (2, ("patch", "test_people.py::test_is_known")),
    (2, ("case make", "test_people.py::test_is_known")),
    (0, ("inventory",)),
)
"""What builds on the couplings of a run, with the exit code where it has none."""


def places(found: list[dict[str, object]]) -> set[tuple[object, object]]:
    return {(one["path"], one["entity"]) for one in found}


def values_in(folder: Path) -> set[str]:
    """Values of the production copy in any file below a folder."""
    written = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    return {email for email in EMAILS if email.encode() in written}


def test_the_index_prints_its_columns_with_their_reasons(project: Project) -> None:
    answer = project.call("index", "--json")
    assert answer.exit == 0
    found = json.loads(answer.out)
    columns = {column["entity"]: column for column in found["columns"]}
    assert columns["customers.email"]["content"] == "email"
    assert columns["customers.email"]["legacy_only"] == 60
    assert columns["customers.customer_id"]["reason"].startswith("primary key")
    assert Path(found["index"]).is_file()
    shown = project.call("index")
    assert shown.exit == 0
    assert "customers.email" in shown.out
    assert "reference data" in shown.out
    assert values_in(project.workdir) == set()


def test_without_a_database_the_index_says_what_to_do(project: Project) -> None:
    project.databases = None
    project.configure()
    answer = project.call("index")
    assert answer.exit == 2
    assert "`database`" in answer.err
    assert "docs/index.md" in answer.err


def test_a_database_that_is_not_there_is_an_infrastructure_failure(project: Project) -> None:
    (project.folder / "shadow.sqlite").unlink()
    answer = project.call("index")
    assert answer.exit == 3
    assert "does not exist" in answer.err


def test_a_missing_extra_is_named_with_how_to_install_it(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harness.pipeline.sources.extra.find_spec", lambda name: None if name == "sqlglot" else object())
    for command in ("index", "scan"):
        answer = project.call(command)
        assert answer.exit == 2
        assert "sqlglot" in answer.err
        assert "shadow-harness[coupling]" in answer.err


def test_a_scan_without_an_index_says_how_to_make_one(project: Project) -> None:
    answer = project.call("scan")
    assert answer.exit == 2
    assert "shadow index" in answer.err
    assert not (project.workdir / "key").exists()


def test_a_scan_lists_places_and_never_values(project: Project) -> None:
    project.call("index")
    answer = project.call("scan")
    assert answer.exit == 1
    assert {line.partition(":")[0] for line in answer.out.splitlines() if "customers.email" in line} == {
        "constants.py",
        "data/cases.json",
        "test_people.py",
    }
    assert not [email for email in EMAILS if email in answer.out + answer.err]
    assert "PAGE_SIZE" not in answer.out


def test_a_scan_of_given_files_is_what_a_hook_needs(project: Project) -> None:
    project.call("index")
    clean = project.write("test_clean.py", "def test_nothing():\n    assert 25 + 8080 != 'nobody@example.test'\n")
    outside = project.folder / "elsewhere.py"
    outside.write_text(f"A = '{NAMED}'\n")
    assert project.call("scan", str(clean)).exit == 0
    passed_over = project.call("scan", str(outside))
    assert (passed_over.exit, passed_over.out) == (0, "no real identifier in 0 files\n")
    assert "outside the suite" in passed_over.err
    answer = project.call("scan", str(clean), str(project.root / "constants.py"), "--json")
    assert answer.exit == 1
    (found,) = json.loads(answer.out)["found"]
    assert (found["path"], found["line"], found["column"]) == ("constants.py", 4, 9)
    assert found["token"].startswith("email:")
    assert project.call("scan", str(project.root / "gone.py")).exit == 2


def test_a_scan_writes_sarif_whose_fingerprints_do_not_move_with_lines(project: Project) -> None:
    project.call("index")

    def results() -> list[dict[str, object]]:
        path = project.folder / "scan.sarif"
        assert project.call("scan", str(project.root / "constants.py"), "--sarif", str(path)).exit == 1
        found: list[dict[str, object]] = json.loads(path.read_text())["runs"][0]["results"]
        return found

    (before,) = results()
    constants = project.root / "constants.py"
    constants.write_text("# one line more\n" + constants.read_text())
    (after,) = results()
    assert before["locations"] != after["locations"]
    assert before["partialFingerprints"] == after["partialFingerprints"]


def test_an_index_elsewhere_needs_its_key(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    project.call("index")
    copy = project.folder / "handed-over" / "index"
    copy.parent.mkdir()
    copy.write_bytes((project.workdir / "index").read_bytes())
    words = [word for word in project.command("scan", "--index", str(copy)) if word not in {"--workdir", str(project.workdir)}]
    from harness.cli import invoke

    assert invoke(words[3:]) == 2
    monkeypatch.setenv("SHADOW_KEY", (project.workdir / "key").read_text().strip())
    assert invoke(words[3:]) == 1


def test_a_run_reports_couplings_and_holds_no_value(project: Project) -> None:
    answer = project.run("--html", str(project.folder / "out" / "report.html"), "--sarif", str(project.folder / "out" / "report.sarif"))
    assert answer.exit == 1, answer.err
    jsonschema.validate(project.report, published_schema())
    tests = {test["id"].partition("::")[2]: test for test in project.report["tests"]}
    assert [one["latent"] for one in tests["test_has_an_alias"]["couplings"]] == [True, True]
    assert [(one["path"], one["entity"]) for one in tests["test_page_is_large"]["couplings"]] == [("test_people.py", "customers.email")]
    assert tests["test_is_known"]["cause"] == "natural_key"
    (coupling,) = tests["test_is_known"]["couplings"]
    assert (coupling["path"], coupling["line"], coupling["latent"]) == ("constants.py", 4, False)
    assert {"literal", "legacy_only", "bound_parameter"} <= set(coupling["signals"])
    assert places(project.report["latent"]) == {("test_people.py", "customers.email"), ("data/cases.json", "customers.email")}
    (bundle,) = project.bundles()
    assert values_in(bundle.path) == set()
    assert values_in(project.workdir) == set()
    assert values_in(project.folder / "out") == set()
    assert not [email for email in EMAILS if email in answer.out + answer.err + json.dumps(project.report)]


def test_a_bundle_is_decided_again_without_databases_and_suite(project: Project) -> None:
    project.run()
    before = project.report
    (bundle,) = project.bundles()
    for path in (*project.folder.glob("*.sqlite"), *project.root.rglob("*.py")):
        path.unlink()
    project.call("report", bundle.path.name, "--json", str(project.folder / "report.json"))
    assert project.report["latent"] == before["latent"]
    assert [test["couplings"] for test in project.report["tests"]] == [test["couplings"] for test in before["tests"]]


def test_an_index_is_used_again_until_the_data_changes(project: Project) -> None:
    project.call("index")
    index = project.workdir / "index"
    made = index.stat().st_ino
    project.run("--no-confirm")
    assert index.stat().st_ino == made
    with sqlite3.connect(project.folder / "shadow.sqlite") as connection:
        connection.execute("insert into customers values (99999, ?, 'Known')", (LATENT,))
    connection.close()
    project.run("--no-confirm")
    assert index.stat().st_ino != made
    tokens = {one["token"] for test in project.report["tests"] for one in test["couplings"] if test["id"].endswith("test_has_an_alias")}
    assert len(tokens) == 1


def test_a_suite_that_is_read_while_tests_are_rerun_is_read_alike(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    readers: list[str] = []

    def followed(*words: Any, **named: Any) -> SourceEvidence:
        readers.append(threading.current_thread().name)
        return read_sources(*words, **named)

    monkeypatch.setattr("harness.pipeline.sources.step.read_sources", followed)
    project.run()  # makes the index, which has to wait until no test runs
    project.run()
    first, second = project.bundles()
    assert readers == ["read_sources", "read_ahead"]
    assert (first.path / "couplings.json").read_text() == (second.path / "couplings.json").read_text()
    assert first.evidence().sources != SourceEvidence()


@pytest.mark.parametrize("way", ["option", "configuration", "no database"])
def test_couplings_can_be_left_out(project: Project, way: str) -> None:
    if way == "no database":
        project.databases = None
        project.configure()
    if way == "configuration":
        with (project.folder / "shadow.toml").open("a") as file:
            file.write("[coupling]\nenabled = false\n")
    project.run("--no-confirm", *(["--no-couplings"] if way == "option" else []))
    assert project.report["latent"] == []
    assert project.report["run"]["warnings"] == []
    assert not (project.workdir / "index").exists()
    (bundle,) = project.bundles()
    assert not (bundle.path / "couplings.json").exists()


def test_what_fails_costs_the_couplings_and_not_the_run(project: Project) -> None:
    with (project.folder / "shadow.toml").open("a") as file:
        file.write('[coupling]\nentities = ["customers.nickname"]\n')
    answer = project.run("--no-confirm")
    assert answer.exit == 1
    assert project.report["run"]["complete"] is True
    (warning,) = project.report["run"]["warnings"]
    assert warning.startswith("couplings were not looked for: no column is called customers.nickname")
    assert "warning: couplings were not looked for" in answer.out


def test_an_interrupt_ends_the_search(project: Project) -> None:
    project.run("--no-confirm", "--no-couplings")
    (bundle,) = project.bundles()
    assert project.databases is not None
    step = SourceStep(
        config=load(project.folder / "shadow.toml"),
        urls=project.databases,
        place=IndexPlace(path=project.workdir / "index"),
        key=project_key(project.workdir),
        root=project.root,
    )
    with pytest.raises(StoppedError):
        step.carry_out(bundle, emit=lambda _: None, is_stopped=lambda: True)
    assert not (bundle.path / "couplings.json").exists()


def test_a_run_without_the_extra_says_so_and_so_does_what_builds_on_it(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("harness.pipeline.sources.extra.find_spec", lambda name: None if name == "numpy" else object())
        assert project.run("--no-confirm").exit == 1
        (warning,) = project.report["run"]["warnings"]
        assert "numpy" in warning
        assert "shadow-harness[coupling]" in warning
    for exit_code, words in TOLD_BY:
        answer = project.call(*words)
        assert answer.exit == exit_code
        assert "couplings were not looked for in this run: the extra `coupling` is not installed (numpy missing)" in answer.err
        assert "pip install 'shadow-harness[coupling]'" in answer.err
        assert "no divergent test" not in answer.out + answer.err


def test_without_couplings_nothing_is_said_to_have_no_remedy(project: Project) -> None:
    databases = project.databases
    for option, reason in (
        ("--no-couplings", "--no-couplings, or `enabled = false`"),
        ("--couplings", "no `database` was set for legacy and shadow"),
    ):
        assert project.run("--no-confirm", option).exit == 1
        project.databases = databases
        project.configure()
        for exit_code, words in TOLD_BY:
            answer = project.call(*words)
            assert answer.exit == exit_code
            assert f"couplings were not looked for in this run: {reason}" in answer.err
        project.databases = None
        project.configure()


def test_a_case_names_every_module_that_is_missing(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    for missing in ({"faker"}, {"faker", "sqlglot"}):
        monkeypatch.setattr("harness.pipeline.sources.extra.find_spec", lambda name, missing=missing: None if name in missing else object())
        answer = project.call("case list")
        assert answer.exit == 2
        assert f"of which is missing: {', '.join(sorted(missing, reverse=True))}" in answer.err
