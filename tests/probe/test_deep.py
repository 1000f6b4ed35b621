"""The deep probe changes nothing that a test does, and says what it did."""

from __future__ import annotations

import hashlib
import hmac
import importlib.util
import sys
from typing import TYPE_CHECKING, Any

import pytest

from harness.model import DeepRecord, HostClass, RowOrder, Side
from harness.model.canonical import canonical

if TYPE_CHECKING:
    from pathlib import Path

    from tests.probe.conftest import Interpreter, Session, Suite

KEY = bytes(range(32))

UNDISTURBED = """
    import asyncio, builtins, contextlib, copy, os, pickle, sqlite3, sys, threading, unittest, warnings
    from sqlite3 import Connection, Cursor, connect
    import pytest

    @pytest.fixture
    def conn(tmp_path):
        connection = sqlite3.connect(str(tmp_path / "x.sqlite"))
        connection.execute("CREATE TABLE person (id INTEGER PRIMARY KEY, name TEXT UNIQUE)")
        connection.executemany("INSERT INTO person (name) VALUES (?)", [("ann",), ("bob",), ("cid",)])
        connection.commit()
        yield connection
        connection.close()

    def test_types_are_the_same(conn):
        assert type(conn) is sqlite3.Connection and type(conn) is Connection and isinstance(conn, sqlite3.Connection)
        cursor = conn.cursor()
        assert type(cursor) is sqlite3.Cursor and type(cursor) is Cursor and isinstance(cursor, Cursor)
        assert type(conn.execute("SELECT 1")) is sqlite3.Cursor
        assert repr(conn).startswith("<sqlite3.Connection object at") and repr(cursor).startswith("<sqlite3.Cursor object at")
        assert cursor.connection is conn
        with pytest.raises(AttributeError):
            cursor.anything = 1
        with pytest.raises(AttributeError):
            conn.anything = 1

    @pytest.mark.parametrize("level", [None, "", "DEFERRED", "IMMEDIATE", "EXCLUSIVE"])
    def test_isolation_levels(tmp_path, level):
        one = sqlite3.connect(str(tmp_path / "y.sqlite"), isolation_level=level, timeout=0)
        one.execute("CREATE TABLE t (x)")
        one.commit()
        one.execute("INSERT INTO t VALUES (1)")
        assert one.in_transaction == (level is not None)
        assert one.isolation_level == level
        other = sqlite3.connect(str(tmp_path / "y.sqlite"), timeout=0)
        if level == "EXCLUSIVE":
            with pytest.raises(sqlite3.OperationalError):
                other.execute("SELECT * FROM t").fetchall()
        else:
            assert other.execute("SELECT count(*) FROM t").fetchone() == (0 if level is not None else 1,)
        one.rollback()
        one.close()
        other.close()

    def test_context_managers(conn):
        with pytest.raises(sqlite3.IntegrityError):
            with conn:
                conn.execute("INSERT INTO person (name) VALUES (?)", ("dora",))
                conn.execute("INSERT INTO person (name) VALUES (?)", ("ann",))
        assert [row[0] for row in conn.execute("SELECT name FROM person ORDER BY id")] == ["ann", "bob", "cid"]
        with conn:
            conn.execute("INSERT INTO person (name) VALUES ('eve')")
        assert conn.total_changes == 5
        with contextlib.closing(conn.cursor()) as cursor:
            cursor.execute("SELECT 1")
        with pytest.raises(sqlite3.ProgrammingError):
            cursor.fetchone()

    def test_executemany_takes_any_iterable(conn):
        taken = []
        def names():
            for number in range(5):
                taken.append(number)
                yield (f"n{number}",)
        cursor = conn.executemany("INSERT INTO person (name) VALUES (?)", names())
        assert taken == list(range(5)) and cursor.rowcount == 5
        conn.executemany("DELETE FROM person WHERE name = :name", iter([{"name": "n1"}]))
        conn.executemany("DELETE FROM person WHERE name = ?", {("n2",), ("n3",)})
        def broken():
            yield ("n9",)
            raise LookupError("own")
        with pytest.raises(LookupError):
            conn.executemany("INSERT INTO person (name) VALUES (?)", broken())
        with pytest.raises(sqlite3.ProgrammingError):
            conn.executemany("SELECT 1", [()])

    def test_executescript(conn):
        cursor = conn.executescript("CREATE TABLE u (x); INSERT INTO u VALUES (1); INSERT INTO u VALUES (2);")
        assert conn.execute("SELECT sum(x) FROM u").fetchone() == (3,)
        assert cursor.description is None

    def test_rows_as_they_are_asked_for(conn):
        cursor = conn.execute("SELECT id, name FROM person ORDER BY id")
        assert next(cursor) == (1, "ann") and cursor.fetchmany(1) == [(2, "bob")] and list(cursor) == [(3, "cid")] and cursor.fetchone() is None
        assert iter(cursor) is cursor and cursor.fetchall() == []
        with pytest.raises(StopIteration):
            next(cursor)
        assert [column[0] for column in cursor.description] == ["id", "name"]
        conn.row_factory = sqlite3.Row
        row = conn.execute("SELECT id, name FROM person").fetchone()
        assert type(row) is sqlite3.Row and row["name"] == "ann" and tuple(row) == (1, "ann")
        conn.row_factory = lambda cursor, row: {column[0]: value for column, value in zip(cursor.description, row)}
        assert conn.execute("SELECT id FROM person WHERE id = 2").fetchall() == [{"id": 2}]
        conn.row_factory = None
        cursor = conn.cursor()
        cursor.row_factory = lambda cursor, row: row[0]
        assert cursor.execute("SELECT name FROM person").fetchall() == ["ann", "bob", "cid"]
        cursor.arraysize = 2
        assert cursor.execute("SELECT name FROM person").fetchmany() == ["ann", "bob"]
        conn.text_factory = bytes
        assert conn.execute("SELECT name FROM person").fetchone() == (b"ann",)

    class Mine(sqlite3.Connection):
        made = 0
        def __init__(self, *args, **options):
            super().__init__(*args, **options)
            self.note = "kept"
        def cursor(self, *args):
            type(self).made += 1
            return super().cursor(*args)

    class MyCursor(Cursor):
        def execute(self, sql, parameters=()):
            self.last = sql
            return super().execute(sql.replace("@", ""), parameters)

    def test_subclasses():
        conn = connect(":memory:", factory=Mine)
        assert type(conn) is Mine and conn.note == "kept"
        conn.execute("SELECT 1")
        assert Mine.made in (0, 1)
        cursor = conn.cursor(MyCursor)
        assert type(cursor) is MyCursor and cursor.execute("SELECT @7").fetchone() == (7,) and cursor.last == "SELECT @7"
        assert sqlite3.connect(":memory:", 5.0, 0, None, True, Mine).note == "kept"
        assert type(sqlite3.connect(":memory:", factory=lambda *a, **k: Connection(*a, **k))) is Connection
        assert Cursor(conn).execute("SELECT 2").fetchone() == (2,)
        conn.close()

    def test_threads(tmp_path):
        conn = sqlite3.connect(str(tmp_path / "z.sqlite"))
        seen = []
        def other():
            with pytest.raises(sqlite3.ProgrammingError):
                conn.execute("SELECT 1")
            with contextlib.closing(sqlite3.connect(str(tmp_path / "z.sqlite"))) as own:
                seen.append(own.execute("SELECT 5").fetchone())
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
        assert seen == [(5,)]
        conn.close()

    def test_asyncio(conn):
        async def query(number):
            await asyncio.sleep(0)
            return conn.execute("SELECT ?", (number,)).fetchone()[0]
        async def main():
            return await asyncio.gather(*map(query, range(10)))
        assert asyncio.run(main()) == list(range(10))

    def test_open_and_environ_are_exchanged(monkeypatch, tmp_path):
        monkeypatch.setattr(builtins, "open", lambda *args: "mine")
        assert open("anything") == "mine"
        monkeypatch.setattr(os, "environ", {"A": "1"})
        assert os.environ["A"] == "1" and os.getenv("B") is None

    def test_environ(monkeypatch):
        monkeypatch.setenv("SOME_SETTING", "1")
        assert os.environ["SOME_SETTING"] == os.getenv("SOME_SETTING") == dict(os.environ)["SOME_SETTING"] == "1"
        with pytest.raises(KeyError) as error:
            os.environ["NOT_THERE"]
        assert error.value.args == ("NOT_THERE",) and "NOT_THERE" not in os.environ
        monkeypatch.delenv("SOME_SETTING")
        assert os.environ.get("SOME_SETTING", "x") == "x"

    def test_what_cannot_be_pickled(conn):
        for thing in (conn, conn.cursor()):
            for act in (pickle.dumps, copy.copy, copy.deepcopy):
                with pytest.raises(TypeError, match="cannot pickle 'sqlite3|can't pickle"):
                    act(thing)
        with pytest.raises(sqlite3.OperationalError) as error:
            conn.execute("SELECT * FROM nowhere")
        again = pickle.loads(pickle.dumps(error.value))
        assert type(again) is sqlite3.OperationalError and again.args == error.value.args == ("no such table: nowhere",)

    def test_errors_are_the_drivers(conn):
        wrong = ("SELECT ?", (), sqlite3.ProgrammingError), ("SELEC", (), sqlite3.OperationalError), (1, (), (TypeError, ValueError))
        for sql, parameters, kind in wrong:
            with pytest.raises(kind):
                conn.execute(sql, parameters)
        with pytest.raises(TypeError):
            conn.execute()
        conn.close()
        with pytest.raises(sqlite3.ProgrammingError, match="closed database"):
            conn.execute("SELECT 1")

    def test_other_parts_of_the_module(conn, tmp_path):
        conn.create_function("twice", 1, lambda x: x * 2)
        assert conn.execute("SELECT twice(4)").fetchone() == (8,)
        statements = []
        conn.set_trace_callback(statements.append)
        conn.execute("SELECT 3")
        assert statements == ["SELECT 3"]
        conn.set_trace_callback(None)
        copied = sqlite3.connect(":memory:")
        conn.backup(copied)
        assert copied.execute("SELECT count(*) FROM person").fetchone() == (3,)
        assert any("ann" in line for line in conn.iterdump())
        copied.close()

    class TestCase(unittest.TestCase):
        def test_unittest(self):
            with self.assertRaises(sqlite3.Error):
                sqlite3.connect(":memory:").execute("x")
            self.assertEqual(sqlite3.connect(":memory:").execute("SELECT 1").fetchall(), [(1,)])
            for number in range(3):
                with self.subTest(number=number):
                    self.assertLess(number, 3)

    def test_a_tracer_of_its_own():
        seen = []
        def trace(frame, event, arg):
            seen.append(event)
        before = sys.gettrace()
        sys.settrace(trace)
        len([]), (lambda: 1)()
        sys.settrace(before)
        assert "call" in seen
    def test_fails(conn):
        assert conn.execute("SELECT name FROM person").fetchone() == ("zoe",)
    def test_skips():
        pytest.skip()
    @pytest.mark.xfail
    def test_xfails():
        raise ValueError
    def test_errors(conn, nothing):
        pass
"""


def probed(suite: Suite, *args: str, deep: bool = True, **variables: Any) -> Session:
    """A session with a key, deep or not."""
    key = suite.root / "probe.key"
    key.write_text(KEY.hex())
    if deep:
        variables["SHADOW_PROBE_DEEP"] = "1"
    return suite.run(*args, SHADOW_PROBE_KEY=str(key), **variables)


def records(session: Session) -> dict[str, DeepRecord]:
    """The records by the name of the test."""
    return {line["id"].partition("::")[2]: DeepRecord.from_line(line, Side.LEGACY) for line in session.of("deep")}


def only_record(session: Session) -> DeepRecord:
    """The record of the only test."""
    (record,) = records(session).values()
    return record


def mark(value: object) -> str:
    """The fingerprint that the identity index would look up."""
    spelled = canonical(value)
    assert spelled is not None
    return hmac.new(KEY, spelled.encode(), hashlib.sha256).hexdigest()[:12]


def test_outcomes_are_the_same_with_and_without(everywhere: Interpreter, tmp_path: Path) -> None:
    suite = everywhere.suite(tmp_path / "suite").write(test_a=UNDISTURBED)
    plain, deep = probed(suite, deep=False), probed(suite)
    assert plain.outcomes == deep.outcomes, deep.output
    assert sum(outcome == "passed" for outcome in plain.outcomes.values()) == len(plain.outcomes) - 4, plain.output
    assert [line["e"] for line in plain.lines if line["e"] == "deep"] == []
    assert len(deep.of("deep")) == len(deep.results)


def test_a_record_stands_before_its_result(suite: Suite) -> None:
    suite.write(test_a="def test_a(): pass")
    kinds = [line["e"] for line in probed(suite).lines]
    assert kinds.index("deep") + 1 == kinds.index("result")


def test_statements_say_what_was_bound_and_what_came(everywhere: Interpreter, tmp_path: Path) -> None:
    suite = everywhere.suite(tmp_path / "suite").write(
        test_a="""
        import datetime, sqlite3

        def rows(conn, sql, *parameters):
            return conn.execute(sql, parameters).fetchall()

        def test_a():
            conn = sqlite3.connect(":memory:")
            conn.execute("CREATE TABLE person (id INTEGER, email TEXT, born TEXT, state TEXT)")
            people = [(n, f"p{n}@example.test", f"19{n}-01-01", None if n % 2 else "on") for n in range(10, 60)]
            conn.executemany("INSERT INTO person VALUES (?, ?, ?, ?)", people)
            found = rows(conn, "SELECT id, email, state -- who\\n FROM person WHERE id > ? AND born <> '1970-01-01' ORDER BY id DESC", 42)
            assert len(found) == 17
        """
    )
    record = only_record(probed(suite))
    create, insert, select = record.statements
    assert create.sql == "CREATE TABLE person (id INTEGER, email TEXT, born TEXT, state TEXT)"
    assert (insert.sql, insert.sets, insert.affected, insert.parameters[1].format) == ("INSERT INTO person VALUES (?, ?, ?, ?)", 50, 50, "email")
    assert insert.parameters[1].fingerprints == (mark("p10@example.test"),)
    assert select.sql == "SELECT id, email, state FROM person WHERE id > ? AND born <> ? ORDER BY id DESC"
    bound, inline = select.parameters
    assert (bound.type, bound.magnitude, bound.fingerprints, bound.inline) == ("int", 3, (mark("42"),), False)
    assert (inline.type, inline.format, inline.inline, inline.fingerprints) == ("str", "date", True, (mark("1970-01-01"),))
    assert (select.fetched, select.exhausted, record.counts.rows) == (17, True, 67)
    number, email, state = select.columns
    assert (number.name, number.types, number.order, number.low, number.high) == ("id", ("int",), RowOrder.DESCENDING, 3, 3)
    assert (number.distinct, len(number.values or ())) == (3, 17)
    assert (email.formats, email.null, state.null, state.values, state.order) == (("email",), False, True, (mark("on"),), None)
    assert str(select.at) == "test_a.py:5"
    assert [str(place) for place in select.through] == ["test_a.py:5", "test_a.py:12"]


def test_lines_assertions_and_loops(everywhere: Interpreter, tmp_path: Path) -> None:
    suite = everywhere.suite(tmp_path / "suite").write(
        test_a="""
        import pytest, unittest

        def check(items):
            for item in items:
                assert item

        @pytest.mark.parametrize("items", [[], [1, 2, 3]], ids=["none", "some"])
        def test_a(items):
            check(items)
            if not items:
                return
            assert (
                len(items)
                == 3
            )

        class TestB(unittest.TestCase):
            def test_b(self):
                self.assertTrue(
                    True,
                )
                while False: pass
                with self.assertRaises(ValueError):
                    raise ValueError
        """
    )
    found = records(probed(suite))
    none, some, case = found["test_a[none]"], found["test_a[some]"], found["TestB::test_b"]
    assert (none.counts.assertions, none.counts.assertion_runs) == (0, 0)
    assert (some.counts.assertions, some.counts.assertion_runs) == (2, 4)
    assert case.counts.assertions == 2
    assert [(str(loop.place), loop.rounds) for loop in none.loops] == [("test_a.py:5", 0)]
    assert [(str(loop.place), loop.rounds) for loop in some.loops] == [("test_a.py:5", 3)]
    assert none.own_lines == frozenset({10, 11})
    assert some.own_lines == frozenset({10, 11, 13, 14, 15, 16})


def test_lines_are_unknown_where_another_tracer_is_at_work(suite: Suite) -> None:
    suite.write(
        conftest="""
        import sys
        sys.settrace(lambda *_: None)
        """,
        test_a="def test_a(): pass",
    )
    record = only_record(probed(suite))
    if sys.version_info >= (3, 12):
        assert record.lines is not None
    else:
        assert (record.lines, record.counts.assertions, [(cut.what, cut.why) for cut in record.cut]) == (
            None,
            None,
            [("lines", "another tracer is at work")],
        )


def test_files_and_variables(suite: Suite) -> None:
    (suite.root / "data").mkdir()
    (suite.root / "data" / "case_1.json").write_text("{}")
    suite.write(
        test_a="""
        import os, pathlib, json
        FLAG = os.environ.get("EARLY")
        def test_a(tmp_path, monkeypatch):
            here = pathlib.Path(__file__).parent
            json.loads((here / "data" / "case_1.json").read_text())
            (here / "data" / "Ann Smith 471108154711.txt").write_text("x")
            (here / "data" / "report.json").write_text("x")
            (tmp_path / "elsewhere").write_text("x")
            dict(os.environ)
            assert os.getenv("FEATURE_X") is None and "FEATURE_Y" not in os.environ
        """
    )
    many: dict[str, Any] = {f"V{n}": "x" for n in range(30)}
    session = probed(suite, EARLY="1", **many)
    record = only_record(session)
    assert {(file.path, file.written) for file in record.files} == {("data/case_1.json", False), ("data/{}.txt", True), ("data/report.json", True)}
    assert {"FEATURE_X", "FEATURE_Y"} <= set(record.variables)
    assert not any(name.startswith("V") for name in record.variables)
    assert "EARLY" in record.at_import
    assert b"Ann" not in session.raw
    assert b"47110815" not in session.raw


def test_no_value_of_data_is_written(suite: Suite) -> None:
    suite.write(
        test_a="""
        import sqlite3, pytest
        SECRETS = ["Quimby", "quimby@canary.test", "4929123456781234", "+44 7700 900999", "8b1f2c1e-0000-4000-8000-00000000cafe"]

        @pytest.mark.parametrize("number", range(5))
        def test_a(number):
            value = SECRETS[number]
            conn = sqlite3.connect(":memory:")
            conn.execute("CREATE TABLE t (x TEXT)")
            conn.execute("INSERT INTO t VALUES (?)", (value,))
            conn.execute(f"INSERT INTO t VALUES ('{value}') /* {value} */")
            conn.execute(f"SELECT '{value}', * FROM t WHERE x = '{value}' -- {value}").fetchall()
            conn.execute(f'SELECT * FROM t WHERE x = "{value}" AND x IN ("{value}") AND x LIKE "%{value}%"').fetchall()
            for sql in (f"SELECT * FROM t WHERE x = {value}", f"SELECT {value} FROM", f"SELECT * FROM t WHERE x = 'x' AND {value}", f"'{value}"):
                with pytest.raises(sqlite3.Error):
                    conn.execute(sql)
        """
    )
    session = probed(suite)
    assert len(session.of("deep")) == 5
    text = session.raw.decode().lower()
    for secret in ("quimby", "canary", "4929123456781234", "7700", "900999", "8b1f2c1e", "cafe"):
        assert secret not in text, secret


def test_budgets_are_kept_and_said(suite: Suite) -> None:
    suite.write(
        test_a="""
        import sqlite3
        def test_a():
            conn = sqlite3.connect(":memory:")
            for number in range(400):
                conn.execute("SELECT ?", (number,)).fetchall()
            conn.execute("WITH RECURSIVE n (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 6000) SELECT x FROM n").fetchall()
            conn.execute("SELECT " + ", ".join(["?"] * 100), list(range(100))).fetchall()
        """
    )
    record = only_record(probed(suite))
    assert (len(record.statements), record.counts.statements, record.counts.rows) == (300, 402, 6401)
    assert {(cut.what, cut.left_out) for cut in record.cut} >= {("statements", 102), ("parameters", 40), ("columns", 40)}


def test_workers_hand_their_records_over(suite: Suite) -> None:
    suite.write(
        test_a="""
        import sqlite3
        def test_a():
            assert sqlite3.connect(":memory:").execute("SELECT 1").fetchone()
        """,
        test_b="def test_b(): assert True",
    )
    session = probed(suite, "-n", "2")
    found = records(session)
    assert {name: record.counts.assertions for name, record in found.items()} == {"test_a": 1, "test_b": 1}
    assert [statement.fetched for statement in found["test_a"].statements] == [1]


def test_sqlalchemy_gives_one_record_a_statement(suite: Suite) -> None:
    suite.write(
        test_a="""
        from sqlalchemy import create_engine, text
        def test_a():
            engine = create_engine("sqlite://")
            with engine.begin() as conn:
                conn.execute(text("CREATE TABLE t (x INTEGER)"))
                conn.execute(text("INSERT INTO t VALUES (:x)"), [{"x": 1}, {"x": 2}])
                assert conn.execute(text("SELECT x FROM t WHERE x > :least"), {"least": 0}).scalars().all() == [1, 2]
        """
    )
    record = only_record(probed(suite))
    statements = [one for one in record.statements if one.touches_data]
    assert [(one.sql, one.rows) for one in statements] == [
        ("CREATE TABLE t (x INTEGER)", 0),
        ("INSERT INTO t VALUES (?)", 2),
        ("SELECT x FROM t WHERE x > ?", 2),
    ]
    assert [str(one.at) for one in statements] == ["test_a.py:6", "test_a.py:7", "test_a.py:8"]


SERVER = """
    import http.server, json, threading, pytest

    class Answer(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            self.send_response(201 if "created" in self.path else 200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")
        do_POST = do_GET
        def log_message(self, *args): pass

    @pytest.fixture(scope="session")
    def url():
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()
        server.server_close()
"""
JSON = '{"Content-Type": "application/json"}'
CLIENTS = {
    "urllib": f"""
    import urllib.request as u
    u.urlopen(u.Request(url + path, data=json.dumps(body).encode(), headers={JSON})).close()""",
    "http.client": f"""
    import http.client as h
    c = h.HTTPConnection(url[7:])
    c.request("POST", path, json.dumps(body), {JSON})
    c.getresponse().read()
    c.close()""",
    "urllib3": """
    import urllib3
    pool = urllib3.PoolManager()
    pool.request("POST", url + path, json=body)
    pool.clear()""",
    "requests": """
    import requests
    with requests.Session() as session:
        session.post(url + path, json=body)""",
    "httpx": """
    import httpx
    httpx.post(url + path, json=body, trust_env=False)""",
}


@pytest.mark.parametrize("client", CLIENTS)
def test_requests_are_recorded_once(suite: Suite, client: str) -> None:
    if client == "urllib3" and not _has("urllib3"):
        pytest.skip("urllib3 is not installed")
    if client == "requests" and not _has("requests"):
        pytest.skip("requests is not installed")
    suite.write(
        conftest=SERVER,
        test_a=f"""
import json
def test_a(url):
    path, body = "/customers/4711/created?email=a%40example.test&page=2", {{"customer": {{"id": 17, "tags": ["x"]}}, "Ann Smith": 1}}
    {CLIENTS[client]}
""",
    )
    session = probed(suite)
    assert session.outcomes == {"test_a.py::test_a": "passed"}, session.output
    (request,) = only_record(session).requests
    assert (request.method, request.host, request.path, request.status) == ("POST", HostClass.LOOPBACK, "/customers/{}/created", 201)
    assert [segment.fingerprints for segment in request.segments] == [(mark(4711),)]
    assert [(value.name, value.format, value.fingerprints) for value in request.query] == [
        ("email", "email", (mark("a@example.test"),)),
        ("page", "integer", (mark(2),)),
    ]
    assert [(value.name, value.type) for value in request.body] == [("customer.id", "int"), ("customer.tags[]", "str"), ("{}", "int")]
    assert str(request.at).startswith("test_a.py:")
    assert b"Ann" not in session.raw


def test_light_sessions_load_nothing_of_it(suite: Suite) -> None:
    suite.write(
        test_a="""
        import sys, os
        def test_a():
            assert not [name for name in sys.modules if name.startswith("shadow_harness_deep")]
            assert type(os.environ).__getitem__.__module__ == "os"
        """
    )
    assert probed(suite, deep=False).outcomes == {"test_a.py::test_a": "passed"}


def test_nothing_is_imported_for_the_suite(suite: Suite) -> None:
    suite.write(
        test_a="""
        import sys
        def test_a():
            assert not {"sqlite3", "sqlalchemy", "httpx", "requests", "urllib3", "psycopg", "django"} & set(sys.modules)
        """
    )
    assert probed(suite).outcomes == {"test_a.py::test_a": "passed"}


def _has(name: str) -> bool:
    return importlib.util.find_spec(name) is not None
