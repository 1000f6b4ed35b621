"""Answers over HTTP as tables, and programs that a test starts: what the deep probe says of them, and what it does not."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import pytest

from harness.model import DeepColumn, DeepRecord, DeepRequest, Side
from runners.probe.shadow_harness_deep_answers import answer_of
from runners.probe.shadow_harness_deep_values import Values

if TYPE_CHECKING:
    from tests.probe.conftest import Session, Suite

KEY = bytes(range(32))


class Recorder:
    """Knows a few words of code."""

    values = Values(KEY)

    def word_of_member(self, text: str, *, shared: bool) -> str:
        return text if shared or text in {"id", "total", "by_kind", "customer", "name", "address", "loans"} else "{}"


def told(body: bytes) -> dict[str, Any]:
    return answer_of(Recorder(), body)


def columns(body: bytes) -> dict[str, dict[str, Any]]:
    return {one["name"]: one for one in told(body).get("columns", ())}


@pytest.mark.parametrize(
    ("body", "rows", "single"),
    [
        (b"[]", 0, None),
        (b'[{"id": 1}, {"id": 2}]', 2, None),
        (b'{"items": [{"id": 1}], "total": 7, "page": 1}', 1, False),
        (b'{"content": [], "totalElements": 0, "hasMore": false}', 0, False),
        (b'{"customer": {"id": 1, "name": "x"}}', 1, True),
        (b'{"data": {"customer": null}, "errors": [{"message": "none"}]}', 0, True),
        (b'{"data": {"customer": {"id": 1, "name": null}}}', 1, True),
        (b'{"id": 1, "name": "x", "loans": []}', 1, True),
        (b'{"total": 9, "by_kind": {"a": 1}}', 1, True),
        (b'{"jsonrpc": "2.0", "id": 7, "result": {"items": [{"id": 1}, {"id": 2}], "cursor": null}}', 2, False),
        (b'{"jsonrpc": "2.0", "id": 7, "result": {"id": 1, "name": "x"}}', 1, True),
        (b"{}", 0, True),
    ],
)
def test_an_answer_holds_records(body: bytes, rows: int, single: object) -> None:
    found = told(body)
    assert (found["rows"], found.get("single")) == (rows, single)


def test_members_are_columns() -> None:
    found = columns(
        b'{"items": [{"id": 2, "address": {"city": null}, "loans": [1, 2]}, {"id": 1, "address": {"city": "x"}, "loans": []}], "total": 2}'
    )
    assert set(found) == {"id", "address", "address_city", "loans", "total"}
    assert found["address_city"]["null"]
    assert found["id"]["order"] == "desc"
    assert found["loans"]["types"] == ["int", "list"]  # how many
    assert (found["loans"]["low"], found["loans"]["high"]) == (0, 2)


def test_names_that_may_be_data_are_not_written() -> None:
    found = columns(b'{"by_kind": {"Ann Smith": 3, "total": 1}, "id": 1}')
    assert set(found) == {"by_kind", "by_kind_{}", "by_kind_total", "id"}
    assert b"Ann" not in repr(told(b'{"Ann Smith": {"x": [{"Bob": 1}]}}')).encode()


@pytest.mark.parametrize("body", [b"", b"{", b"3", b'"x"', b"\xff{", b"[" * 5_000])
def test_what_is_no_table_is_left_out(body: bytes) -> None:
    assert told(body) == {}


SERVER = """
    import http.server, json, threading
    import pytest

    class Answer(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            body = b'{"items": [{"given_name": "Ann", "city": "Ghent", "shoesize": 1}, {"given_name": "Bob", "city": null, "shoesize": 2}]}'
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
        def log_message(self, *args): pass

    @pytest.fixture(scope="session")
    def url():
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}/people"
        server.shutdown()
        thread.join()
        server.server_close()
"""
CLIENTS = {
    "urllib": "import urllib.request as u\n    with u.urlopen(url) as answer: body = json.load(answer)",
    "requests": "import requests\n    with requests.Session() as session: body = session.get(url).json()",
    "httpx": "import httpx\n    body = httpx.get(url, trust_env=False).json()",
}


@pytest.mark.parametrize("client", CLIENTS)
def test_answers_are_seen_by_any_client(suite: Suite, client: str) -> None:
    pytest.importorskip(client)
    suite.write(
        conftest=SERVER,
        test_a=f"""
import json
def test_a(url):
    {CLIENTS[client]}
    assert [row["given_name"] for row in body["items"]] == ["Ann", "Bob"] and body["items"][1]["city"] is None
""",
    )
    (request,) = only_requests(probed(suite))
    assert (request.rows, request.single) == (2, False)
    found: dict[str, DeepColumn] = {one.name: one for one in request.columns}
    assert set(found) == {"given_name", "city", "{}"}  # nobody reads `shoesize`
    assert found["city"].null
    assert found["given_name"].types == ("str",)


def test_a_program_is_a_request_with_its_arguments(suite: Suite) -> None:
    suite.write(
        test_a=f"""
import subprocess
def show(*arguments): return subprocess.run([{sys.executable!r}, "-c", "raise SystemExit(3)", "show", "--reader=4711", *arguments], check=False)
def test_a():
    assert show("data.sqlite", "Ann").returncode == 3
"""
    )
    session = probed(suite)
    (request,) = only_requests(session)
    assert (request.method, request.path, request.status, request.client) == ("RUN", "python/-c/{}/show/--reader/{}/{}/{}", 3, "subprocess")
    assert Values(KEY).fingerprint(4711) in request.segments[1].fingerprints
    assert b"Ann" not in session.raw


def test_what_a_wide_fixture_read_belongs_to_all_tests_that_see_it(suite: Suite) -> None:
    suite.write(
        test_a="""
import sqlite3, unittest
import pytest
connection = sqlite3.connect(":memory:")
@pytest.fixture(scope="module")
def people(): return connection.execute("SELECT 1 AS person").fetchall()
def test_one(people): assert people
def test_two(people): assert people
def test_other(): pass
class Case(unittest.TestCase):
    @classmethod
    def setUpClass(cls): cls.rows = connection.execute("SELECT 2 AS visit").fetchall()
    def test_one(self): assert self.rows
    def test_two(self): assert self.rows
"""
    )
    seen = {line["id"].partition("::")[2]: [one["sql"] for one in line["statements"]] for line in probed(suite).of("deep")}
    person, visit = "SELECT ? AS person", "SELECT ? AS visit"
    assert seen == {"test_one": [person], "test_two": [person], "test_other": [], "Case::test_one": [visit], "Case::test_two": [visit]}


def probed(suite: Suite) -> Session:
    """A deep session under a key."""
    key = suite.root / "probe.key"
    key.write_text(KEY.hex())
    return suite.run(SHADOW_PROBE_KEY=str(key), SHADOW_PROBE_DEEP="1")


def only_requests(session: Session) -> tuple[DeepRequest, ...]:
    (line,) = session.of("deep")
    assert not [one for one in session.outcomes.values() if one != "passed"], session.output
    return DeepRecord.from_line(line, Side.LEGACY).requests
