"""Literals are exchanged in the test process alike under every Python and pytest that the probe supports."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.probe.conftest import Interpreter, Session, Suite

HELPERS = """\
LOYAL = 4722


def twice(number=4733):
    return number * 2
"""
TESTS = """\
import json
import os
import pathlib

import pytest

from helpers import LOYAL, twice

BASE = 4700
ä = "ä"; STATEMENT = "select 1 where id = 4744 and other = 4745"


def test_constant():
    assert LOYAL == 90001


def test_default():
    assert twice() == 2 * 90002


@pytest.mark.parametrize("number", [4755])
def test_parameter(number):
    assert number == 90003


def test_piece():
    assert STATEMENT == "select 1 where id = 90004 and other = 4745"


def test_sum():
    assert (BASE + 66) == 90005 and BASE + 67 == 4767


def test_joined():
    assert "ä" + f"a{BASE + 77:d}@example.test" == "äb@example.test"
    assert "%s-%d" % ("x", BASE + 66) == "x-4766"


def test_data_file():
    folder = pathlib.Path(__file__).parent
    assert json.loads((folder / "case.json").read_text(encoding="utf-8")) == {"note": "ä 4788", "id": 90006}
    assert "90007,4711" in (folder / "case.csv").open().read()


def test_nothing_is_left():
    assert "SHADOW_PROBE_REPLACE" not in os.environ
    assert not (pathlib.Path(__file__).parent / "replace.json").exists()


def test_dies():
    os._exit(3)
"""
LOOKING_AT_MESSAGES = """\
import pytest

NUMBER = 4811


def test_message():
    with pytest.raises(AssertionError, match="^assert 90008 == 1$"):
        assert NUMBER == 1
"""


def entry(path: str, text: str, at: str, old: object, new: object, **more: bool) -> dict[str, Any]:
    """What is exchanged: `at` begins where the literal or the expression stands in the text of its file."""
    before = text[: text.index(at)]
    line, column = before.count("\n") + 1, len(before.rpartition("\n")[2]) + 1
    return {"path": path, "line": line, "column": column, "old": old, "new": new, "part": False, **more}


@pytest.fixture(scope="module")
def session(everywhere: Interpreter, tmp_path_factory: pytest.TempPathFactory) -> tuple[Suite, Session]:
    suite = everywhere.suite(tmp_path_factory.mktemp("experiment") / "suite")
    data = {"case.json": '{"note": "ä 4788", "id": 4788}\n', "case.csv": "id,other\n4799,4711\n"}
    for name, text in {"helpers.py": HELPERS, "test_a_message.py": LOOKING_AT_MESSAGES, "test_all.py": TESTS, **data}.items():
        (suite.root / name).write_text(text, encoding="utf-8")
    replace = [
        entry("helpers.py", HELPERS, "4722", 4722, 90001),
        entry("helpers.py", HELPERS, "4733", 4733, 90002),
        entry("test_all.py", TESTS, "4755", 4755, 90003),
        entry("test_all.py", TESTS, "4744", "4744", "90004", part=True),
        entry("test_all.py", TESTS, "BASE + 66) ==", 4766, 90005, computed=True),
        entry("test_all.py", TESTS, 'f"a{BASE', "a4777@example.test", "b@example.test", computed=True),
        entry("case.json", data["case.json"], "4788}", 4788, 90006),
        entry("case.csv", data["case.csv"], "4799", 4799, 90007),
        entry("test_a_message.py", LOOKING_AT_MESSAGES, "4811", 4811, 90008),
        entry("helpers.py", HELPERS, "2", 4799, 90009),
    ]
    path: Path = suite.root / "replace.json"
    path.write_text(json.dumps({"replace": replace}))
    return suite, suite.run("-p", "no:randomly", SHADOW_PROBE_REPLACE=str(path))


def test_each_literal_is_exchanged_where_it_stands(session: tuple[Suite, Session]) -> None:
    _, seen = session
    expected = ("constant", "default", "parameter[4755]", "piece", "sum", "joined", "data_file", "nothing_is_left")
    assert seen.outcomes == {"test_a_message.py::test_message": "passed"} | {f"test_all.py::test_{name}": "passed" for name in expected}, seen.output


def test_what_was_found_is_said_before_a_test_ends_the_process(session: tuple[Suite, Session]) -> None:
    _, seen = session
    assert {number for line in seen.of("experiment") for number in line["replaced"]} == set(range(9))


def test_files_stay_as_they_are(session: tuple[Suite, Session]) -> None:
    suite, _ = session
    assert (suite.root / "test_all.py").read_text(encoding="utf-8") == TESTS
    assert not [
        path for path in suite.root.rglob("*.pyc") if any(number.to_bytes(4, "little") in path.read_bytes() for number in range(90001, 90009))
    ]
