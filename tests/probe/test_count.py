"""Counting what a sample of the tests does changes nothing that a test does, and says the same as the deep probe does of what it counts."""

from __future__ import annotations

import itertools
import sys
import zlib
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from harness.model import DeepRecord, Side
from tests.probe.test_deep import UNDISTURBED, probed

if TYPE_CHECKING:
    from pathlib import Path

    from tests.probe.conftest import Interpreter, Session, Suite

COUNTED = """
    import sqlite3, threading
    import pytest

    @pytest.fixture
    def conn():
        connection = sqlite3.connect(":memory:")
        connection.execute("CREATE TABLE person (id INTEGER PRIMARY KEY, name TEXT, city TEXT)")
        connection.executemany("INSERT INTO person (name, city) VALUES (?, ?)", [("ann", "Bern"), ("bob", None), ("cid", "Bern")])
        yield connection
        connection.execute("DELETE FROM person")
        connection.close()

    def names(conn, city):
        return [row[0] for row in conn.execute("SELECT name FROM person WHERE city = ?", (city,))]

    def test_rows_by_place(conn):
        for city in ("Bern", "Basel", "Bern"):
            for name in names(conn, city):
                assert name
        assert not names(conn, "Genf")

    def test_aggregates(conn):
        assert conn.execute("SELECT count(*) FROM person WHERE city = 'Genf'").fetchone() == (0,)
        assert conn.execute("SELECT count(*), max(name) FROM person").fetchall() == [(3, "cid")]
        assert conn.execute("SELECT sum(id) FROM person WHERE id > 9").fetchone()[0] is None
        assert conn.execute("SELECT city, count(*) FROM person GROUP BY city").fetchmany(9)

    def test_writes(conn):
        conn.execute("UPDATE person SET city = 'Genf' WHERE city = ?", ("Bern",))
        conn.executemany("INSERT INTO person (name) VALUES (?)", ((name,) for name in "xyz"))
        cursor = conn.cursor()
        cursor.execute("DELETE FROM person WHERE id > 100")
        assert cursor.rowcount == 0

    def test_failures(conn):
        with pytest.raises(sqlite3.Error):
            conn.execute("SELECT nothing FROM person WHERE city = 'Bern'")
        with pytest.raises(sqlite3.Error):
            conn.execute("INSERT INTO person (id) VALUES (1)")

    def test_what_is_no_data(conn):
        assert conn.execute("PRAGMA table_info(person)").fetchall()
        assert conn.execute("SELECT name FROM sqlite_master").fetchall()

    def test_branches(conn):
        if names(conn, "Genf"):
            for name in names(conn, "Genf"):
                assert name
        else:
            assert (
                len(names(conn, "Bern"))
                == 2
            )
        while False:
            assert 0

    def test_a_thread(tmp_path):
        def work():
            with sqlite3.connect(str(tmp_path / "x")) as own:
                own.execute("CREATE TABLE t (x)")
                own.execute("INSERT INTO t VALUES (1)")
                assert own.execute("SELECT * FROM t").fetchall() == [(1,)]
            own.close()
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()

    def test_touches_nothing():
        pass
"""


def counted(suite: Suite, *args: str, parts: str = "1/1", **variables: Any) -> Session:
    """A session in which these parts are counted."""
    return probed(suite, *args, deep=False, SHADOW_PROBE_COUNT=parts, **variables)


def slim(session: Session) -> dict[str, DeepRecord]:
    """What records say of passes, by the name of the test."""
    return {line["id"].partition("::")[2]: DeepRecord.slim_from_line(line, Side.LEGACY) for line in session.of("deep")}


def said(record: DeepRecord) -> dict[str, object]:
    """What of a record passes are judged by."""
    rows: Counter[tuple[str, object]] = Counter()
    for one in record.statements:
        if one.phase.value == "call" and not one.failed:
            rows[one.shape, one.at] += one.touched
    counts = record.counts
    return {
        "rows": rows,
        "counts": (counts.assertions, counts.assertion_runs, counts.subtests, counts.statements),
        "lines": record.own_lines,
        "loops": sorted((str(one.place), one.rounds) for one in record.loops),
        "cut": record.cut,
    }


def test_outcomes_are_the_same_with_and_without(everywhere: Interpreter, tmp_path: Path) -> None:
    suite = everywhere.suite(tmp_path / "suite").write(test_a=UNDISTURBED)
    plain, session = probed(suite, deep=False), counted(suite)
    assert plain.outcomes == session.outcomes, session.output
    assert len(session.of("deep")) == len(session.results)
    assert b"fingerprint" not in session.raw


def test_it_says_what_the_deep_probe_says(everywhere: Interpreter, tmp_path: Path) -> None:
    suite = everywhere.suite(tmp_path / "suite").write(test_a=COUNTED)
    found, deep = slim(counted(suite)), slim(probed(suite))
    assert found.keys() == deep.keys()
    assert {name: said(record) for name, record in found.items()} == {name: said(record) for name, record in deep.items()}
    assert found["test_rows_by_place"].counts.rows == deep["test_rows_by_place"].counts.rows - 3, "what the end of the fixture deletes is nobody's"
    assert len(found["test_rows_by_place"].statements) == 1
    assert set(found["test_failures"].statements) == set(), "what failed touched nothing that is known"


def test_parts_hold_each_test_once(suite: Suite) -> None:
    suite.write(test_a="\n".join(f"def test_{number}(): assert {number} >= 0" for number in range(40)))
    ids = [f"test_a.py::test_{number}" for number in range(40)]
    by_part = {part: [line["id"] for line in counted(suite, parts=f"{part}/3").of("deep")] for part in (1, 2, 3)}
    assert sorted(itertools.chain.from_iterable(by_part.values())) == sorted(ids)
    assert by_part == {part: [one for one in ids if zlib.crc32(one.encode()) % 3 == part - 1] for part in (1, 2, 3)}
    assert [line["id"] for line in counted(suite, parts="1,3/3").of("deep")] == [one for one in ids if one in by_part[1] + by_part[3]]


def test_rows_of_a_fixture_that_tests_share_count_for_each_of_them(suite: Suite) -> None:
    suite.write(
        conftest="""
        import sqlite3
        import pytest

        @pytest.fixture(scope="session")
        def conn():
            connection = sqlite3.connect(":memory:")
            connection.execute("CREATE TABLE t (x)")
            connection.executemany("INSERT INTO t VALUES (?)", [(1,), (2,)])
            for number in (1, 2):
                assert number
            yield connection
            connection.execute("DELETE FROM t")
            connection.close()

        @pytest.fixture(scope="module")
        def loaded(conn):
            return conn.execute("SELECT x FROM t").fetchall()
        """,
        test_a="""
        def test_a(loaded): assert len(loaded) == 2
        def test_b(loaded): assert loaded
        def test_c(): assert True
        def test_d(request): assert request.getfixturevalue("loaded")
        """,
    )
    orders = (["test_a.py::test_a", "test_a.py::test_b", "test_a.py::test_c"], ["test_a.py::test_c", "test_a.py::test_b", "test_a.py::test_a"])
    for order in orders:
        found = slim(counted(suite, select={"select": order}))
        assert {name: (one.counts.rows, one.counts.assertions) for name, one in found.items()} == {
            "test_a": (4, 1),
            "test_b": (4, 1),
            "test_c": (0, 1),
        }
    alone = slim(counted(suite, select={"select": ["test_a.py::test_d"]}))["test_d"]
    assert alone.counts.assertions == 1, "lines of a fixture that others see too are not the test's, wherever it is asked for"


def test_a_test_in_which_too_much_goes_by_is_counted_by_its_rows(everywhere: Interpreter, tmp_path: Path) -> None:
    suite = everywhere.suite(tmp_path / "suite").write(
        test_a="""
        import sqlite3, sys

        def test_heavy():
            conn = sqlite3.connect(":memory:")
            assert conn.execute("SELECT 1 UNION SELECT 2").fetchall() == [(1,), (2,)]
            for number in range(250_000):
                number += 1
            assert conn.execute("SELECT 3").fetchall() == [(3,)]
            conn.close()
            assert getattr(sys.gettrace(), "shadow_harness", None) is None

        def test_light():
            assert sys.version
        """
    )
    session = counted(suite)
    found = slim(session)
    assert session.outcomes == {"test_a.py::test_heavy": "passed", "test_a.py::test_light": "passed"}, session.output
    heavy = found["test_heavy"]
    assert heavy.counts.rows == 3
    assert [(cut.what, cut.left_out, cut.why) for cut in heavy.cut] == [("lines", None, "budget")]
    assert (heavy.lines, heavy.counts.assertions) == (None, None)
    assert found["test_light"].counts.assertions == 1


def test_a_thread_that_goes_on_is_let_go(everywhere: Interpreter, tmp_path: Path) -> None:
    suite = everywhere.suite(tmp_path / "suite").write(
        test_a="""
        import queue, sys, threading

        asked, answered = queue.Queue(), queue.Queue()

        def answer():
            return getattr(sys.gettrace(), "shadow_harness", None)

        def work():
            while asked.get():
                answer()
                answered.put(answer())

        def ask():
            asked.put(True)
            return answered.get()

        def test_counted_1():
            threading.Thread(target=work, daemon=True).start()
            assert ask() is (None if hasattr(sys, "monitoring") else True)

        def test_other():
            assert ask() is None

        def test_end():
            asked.put(False)
        """
    )
    parts = {name: zlib.crc32(f"test_a.py::{name}".encode()) % 5 + 1 for name in ("test_counted_1", "test_other")}
    assert len(set(parts.values())) == 2
    session = counted(suite, parts=f"{parts['test_counted_1']}/5")
    assert set(session.outcomes.values()) == {"passed"}, session.output
    assert "test_a.py::test_counted_1" in [line["id"] for line in session.of("deep")]


def test_another_tracer_is_left_alone(suite: Suite) -> None:
    suite.write(
        conftest="""
        import sys
        calls = []
        def trace(frame, event, arg):
            calls.append(event)
        sys.settrace(trace)
        """,
        test_a="import conftest, sys\ndef test(): assert sys.gettrace() is conftest.trace",
    )
    session = counted(suite)
    assert session.outcomes == {"test_a.py::test": "passed"}, session.output
    if not hasattr(sys, "monitoring"):
        assert [cut.why for cut in slim(session)["test"].cut] == ["another tracer is at work"]


def test_workers_count_too(suite: Suite) -> None:
    suite.write(test_a=COUNTED, test_b=COUNTED)
    alone, spread = counted(suite), counted(suite, "-n", "2")
    assert spread.outcomes == alone.outcomes, spread.output
    by_id = [{line["id"]: {name: line[name] for name in ("counts", "statements", "loops")} for line in one.of("deep")} for one in (alone, spread)]
    assert by_id[0] == by_id[1]


def test_a_test_that_is_run_again_begins_anew(suite: Suite) -> None:
    suite.write(
        conftest="""
        import pytest
        from _pytest.runner import runtestprotocol

        @pytest.hookimpl(tryfirst=True)
        def pytest_runtest_protocol(item, nextitem):
            item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
            runtestprotocol(item, nextitem=nextitem, log=False)
            item._initrequest()
            for report in runtestprotocol(item, nextitem=nextitem, log=False):
                item.ihook.pytest_runtest_logreport(report=report)
            return True
        """,
        test_a="def test():\n    for one in (1, 2):\n        assert one\n",
    )
    (record,) = slim(counted(suite)).values()
    assert (record.counts.assertions, record.counts.assertion_runs, record.loops[0].rounds) == (1, 2, 2)


@pytest.mark.parametrize("text", ["", "1", "0/7", "1/0", "1,/7", "a/7", "1/7 "])
def test_what_names_no_parts_is_refused(suite: Suite, text: str) -> None:
    suite.write(test_a="def test(): pass")
    session = counted(suite, parts=text)
    if text:
        assert session.exit_status == pytest.ExitCode.USAGE_ERROR
        assert "SHADOW_PROBE_COUNT names no parts" in session.output
    else:
        assert session.outcomes == {"test_a.py::test": "passed"}
        assert not session.of("deep")


def test_a_session_that_counts_nothing_loads_nothing_of_it(suite: Suite) -> None:
    suite.write(test_a="import sys\ndef test(): assert not [name for name in sys.modules if name.startswith('shadow_harness_count')]")
    assert probed(suite, deep=False).outcomes == {"test_a.py::test": "passed"}
