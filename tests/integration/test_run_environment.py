"""What reaches the test process, and what is recorded of the two sides' environments."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING

from tests.running import MARK, Project

if TYPE_CHECKING:
    import pytest

DUMP = """
    import json, os, random
    from pathlib import Path

    def test_dumps():
        told = {"environ": dict(os.environ), "hash": hash("text")}
        Path(os.environ["NOTES"], os.environ["SIDE"]).write_text(json.dumps(told))
"""
FIXED = {"PYTHONHASHSEED", "TZ", "PYTEST_RANDOMLY_SEED"}
PROBE = {"SHADOW_PROBE_KEY", "PYTHONPATH", "SHADOW_PROBE_OUT", "SHADOW_PROBE_SELECT", "SHADOW_PROBE_ROOT", "SHADOW_PROBE_PID"}
OURS = {"SIDE", "NOTES", MARK, "PYTEST_DISABLE_PLUGIN_AUTOLOAD"}
PYTESTS_OWN = {"PYTEST_CURRENT_TEST", "PYTEST_VERSION"}


def told(project: Project, side: str) -> dict[str, object]:
    found: dict[str, object] = json.loads((project.notes / side).read_text())
    return found


def test_nothing_reaches_the_tests_that_was_not_passed_on_purpose(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LANG", "LANGUAGE", "LC_ALL", "LC_TIME", "VIRTUAL_ENV", "CONDA_PREFIX", "PYENV_ROOT", "PYENV_VERSION"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {"CLOUD_TOKEN": "t", "PYTHONPATH": "/nowhere", "PYTEST_ADDOPTS": "-x", "VIRTUAL_ENV": "/venv", "WANTED": "w"}.items():
        monkeypatch.setenv(name, value)
    project = Project(folder=tmp_path, suite={"test_it.py": DUMP}, keys={"pass_env": ["WANTED", "NOT_SET"]})
    assert project.run().exit == 0
    environ = told(project, "legacy")["environ"]
    assert isinstance(environ, dict)
    assert set(environ) == {"PATH", "HOME", "VIRTUAL_ENV", "WANTED", "LANG", "LC_ALL"} | FIXED | PROBE | OURS | PYTESTS_OWN
    assert environ["LC_ALL"] == "C.UTF-8"
    assert environ["PYTHONPATH"].endswith("runners/probe")


def test_the_callers_locale_is_passed_through(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_TIME", "C")
    monkeypatch.setenv("LANG", "C.UTF-8")
    monkeypatch.delenv("LC_ALL", raising=False)
    project = Project(folder=tmp_path, suite={"test_it.py": DUMP})
    assert project.run().exit == 0
    for side in ("legacy", "shadow"):
        environ = told(project, side)["environ"]
        assert isinstance(environ, dict)
        assert {name: environ.get(name) for name in ("LC_TIME", "LANG", "LC_ALL")} == {"LC_TIME": "C", "LANG": "C.UTF-8", "LC_ALL": None}


def test_what_could_differ_by_chance_is_the_same_on_both_sides(tmp_path: Path) -> None:
    project = Project(folder=tmp_path, suite={"test_it.py": DUMP}, keys={"seed": 4242})
    assert project.run().exit == 0
    legacy, shadow = told(project, "legacy"), told(project, "shadow")
    assert legacy["hash"] == shadow["hash"]
    for name in ("PYTHONHASHSEED", "TZ", "LANG", "LC_ALL", "PYTEST_RANDOMLY_SEED"):
        assert legacy["environ"].get(name) == shadow["environ"].get(name)  # type: ignore[attr-defined]
    assert project.report["run"]["parity"] == []


def test_differences_apart_from_the_data_are_recorded_by_name(tmp_path: Path) -> None:
    urls = []
    for name, column in (("legacy", "text"), ("shadow", "integer")):
        path = tmp_path / f"{name}.sqlite"
        with sqlite3.connect(path) as connection:
            connection.execute("create table account (id integer primary key)")
            connection.execute(f"create table person (id integer primary key, phone {column})")
        connection.close()
        urls.append(f"sqlite:///{path}")
    project = Project(
        folder=tmp_path,
        suite={"test_it.py": DUMP},
        legacy_settings={"FEATURE": "red", "TZ": "Asia/Tokyo", "ONLY": "x"},
        shadow_settings={"FEATURE": "blue"},
        databases=(urls[0], urls[1]),
    )
    answer = project.run()
    assert answer.exit == 0, answer.err
    differing = {fact["name"]: (fact["legacy"], fact["shadow"]) for fact in project.report["run"]["parity"]}
    assert set(differing) == {"setting.FEATURE", "setting.ONLY", "setting.TZ", "timezone", "schema.person"}
    assert differing["timezone"] == ("Asia/Tokyo", "UTC")
    assert differing["setting.ONLY"][1] is None
    assert "red" not in json.dumps(project.report)
    facts = project.report["run"]["legacy"]
    for name in ("suite.digest", "python", "pytest", "hash_seed", "clock", "locale", "schema.account", "data.SIDE"):
        assert name in facts


def test_a_database_that_is_not_there_is_said_without_its_url(tmp_path: Path) -> None:
    project = Project(
        folder=tmp_path, suite={"test_it.py": DUMP}, databases=(f"sqlite:///{tmp_path}/secret-a.db", f"sqlite:///{tmp_path}/secret-b.db")
    )
    answer = project.run()
    assert answer.exit == 3
    assert "the SQLite database of this environment does not exist" in answer.err
    assert "secret" not in answer.out + answer.err
    assert project.report["run"]["infrastructure"][0]["side"] in {"legacy", "shadow"}
