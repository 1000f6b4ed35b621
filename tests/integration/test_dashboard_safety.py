"""No page runs what a test is called, answers to a foreign name, or changes anything."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dashboard import create_app
from dashboard.filters import pair_url
from dashboard.security import AllowedHosts
from dashboard.visible import visible, visible_block, visible_test, visible_text
from harness.store import open_store
from tests.dashboard_sample import LATEST, Html, browse, comparison, divergent, fill, header

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.ports import Store

HOSTILE = "suite/t.py::test[<script>alert(1)</script>\"'&\x1b[31m\u202egnp.exe\n\x00\u200b#?&test=x%00]"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    opened = open_store(str(tmp_path_factory.mktemp("dashboard") / "store.sqlite"))
    fill(opened)
    opened.save(comparison(header("hostile"), [divergent(HOSTILE)]))
    yield opened
    opened.close()


@pytest.mark.parametrize(
    "url", ["/", f"/runs/{LATEST}", "/nothing", f"/runs/{LATEST}/pairs?verdict=bad", "/static/dashboard.css", "/static/none", "/healthz"]
)
def test_every_answer_carries_the_headers(store: Store, url: str) -> None:
    headers = browse(store).get(url).headers
    policy = headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:;")
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cache-control"] == ("no-cache" if url.startswith("/static") else "no-store")


def test_an_unforeseen_fault_is_a_page_with_the_headers() -> None:
    client = TestClient(create_app(None), base_url="http://localhost", raise_server_exceptions=False)  # type: ignore[arg-type] # to make it fail
    answer = client.get("/")
    assert answer.status_code == 500
    assert "this page could not be made" in answer.text
    assert "Traceback" not in answer.text
    assert "content-security-policy" in answer.headers


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"])
def test_only_reading_is_answered(store: Store, method: str) -> None:
    answer = browse(store).request(method, f"/runs/{LATEST}")
    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET, HEAD"


@pytest.mark.parametrize("url", ["/", "/runs", f"/runs/{LATEST}", f"/runs/{LATEST}/pairs", "/healthz", "/static/dashboard.js"])
def test_head_answers_like_get_without_a_body(store: Store, url: str) -> None:
    answer = browse(store).head(url)
    assert answer.status_code == 200
    assert not answer.content


@pytest.mark.parametrize(
    "host", ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "10.0.0.7", "", "[::1", "localhost@evil.example"]
)
def test_a_foreign_host_name_is_refused(store: Store, host: str) -> None:
    answer = browse(store).get("/", headers={"Host": host})
    assert answer.status_code == 421
    assert "content-security-policy" in answer.headers
    assert "divergent" not in answer.text


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:8765", "127.0.0.1:8765", "[::1]:8765", "127.0.0.2"])
def test_the_loopbacks_names_are_answered(store: Store, host: str) -> None:
    assert browse(store).get("/", headers={"Host": host}).status_code == 200


def test_further_names_are_answered_where_allowed() -> None:
    hosts = AllowedHosts(names=frozenset({"shadow.internal"}), any_address=True)
    assert hosts.allow("shadow.internal:8765")
    assert hosts.allow("10.0.0.7")
    assert not hosts.allow("other.internal")
    assert AllowedHosts(names=frozenset({"*"})).allow("other.internal")


def test_pages_load_nothing_from_elsewhere_and_hold_no_inline_code(store: Store) -> None:
    client = browse(store)
    for url in ("/", "/runs", f"/runs/{LATEST}", f"/runs/{LATEST}/pairs", pair_url("hostile", HOSTILE)):
        source = client.get(url).text
        assert not re.search(r"""(src|href|action)=["']?(https?:)?//""", source)
        assert not re.search(r"<script(?! src=\"/static/)|<style|\sstyle=|\son\w+=", source)
    style = client.get("/static/dashboard.css").text
    assert "url(" not in style
    assert "@import" not in style


def test_a_hostile_test_id_is_shown_and_harmless(store: Store) -> None:
    client = browse(store)
    for url in ("/runs/hostile/pairs", pair_url("hostile", HOSTILE)):
        source = client.get(url).text
        assert "<script>alert" not in source
        for hidden in ("\x1b", "\u202e", "\x00", "\u200b"):
            assert hidden not in source
        assert Html(source).tests == [visible_text(HOSTILE)]
    assert r"\x1b" in visible_text(HOSTILE)
    assert r"\u202e" in visible_text(HOSTILE)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(ids=st.lists(st.text(st.characters(exclude_categories=()), min_size=1, max_size=40), min_size=1, max_size=4, unique=True))
def test_any_test_id_is_found_from_the_list(store: Store, ids: list[str]) -> None:
    store.save(comparison(header("any"), [divergent(test_id, number % 3) for number, test_id in enumerate(ids)]))
    client = browse(store)
    listed = Html(client.get("/runs/any/pairs").text)
    assert sorted(listed.tests) == sorted(visible_text(test_id) for test_id in ids)
    hrefs = {href for href, _ in listed.links if "/pair?" in href}
    assert hrefs == {pair_url("any", test_id) for test_id in ids}
    for test_id in ids:
        answer = client.get(pair_url("any", test_id))
        assert answer.status_code == 200
        assert Html(answer.text).tests == [visible_text(test_id)]


@given(st.text(st.characters(exclude_categories=())))
def test_what_is_shown_hides_nothing_and_is_escaped(text: str) -> None:
    for markup in (visible(text), visible_test(text)):
        assert Html(str(markup)).text == visible_text(text)
        assert set(Html(str(markup)).tags) <= {"span", "wbr"}
    assert Html(str(visible_block(text))).text == visible_text(text, keep="\n\t")
    assert visible_text(text).isprintable()
