"""The dashboard in a real browser: what a person does in the morning, and what the page does by itself."""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import uvicorn

from dashboard import create_app
from dashboard.serving import listen, url_of
from harness.model import Progress
from harness.store import open_store
from tests.dashboard_sample import LATEST, RUNNING, comparison, divergent, fill, header, night

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, ConsoleMessage, Page, Request

    from harness.ports import Store

pytestmark = pytest.mark.browser

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@dataclass(kw_only=True)
class Visit:
    """A page in the browser with everything it said and asked for."""

    page: Page
    origin: str
    console: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def go(self, path: str) -> Page:
        self.page.goto(self.origin + path)
        return self.page

    def assert_quiet(self) -> None:
        assert self.console == []
        assert [url for url in self.requests if not url.startswith(self.origin + "/")] == []


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as started:
        opened = started.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield opened
        opened.close()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(str(tmp_path / "store.sqlite"))
    fill(opened)
    yield opened
    opened.close()


@pytest.fixture
def origin(store: Store) -> Iterator[str]:
    with listen("127.0.0.1", 0) as listener:
        server = uvicorn.Server(uvicorn.Config(create_app(store), log_level="warning", access_log=False, timeout_graceful_shutdown=1))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        yield url_of(listener, "127.0.0.1").rstrip("/")
        server.should_exit = True
        thread.join()


@pytest.fixture
def visit(browser: Browser, origin: str) -> Iterator[Visit]:
    with browser.new_context() as context:
        yield _watched(Visit(page=context.new_page(), origin=origin))


def _watched(visit: Visit) -> Visit:
    def heard(message: ConsoleMessage) -> None:
        visit.console.append(message.text)

    def asked(request: Request) -> None:
        visit.requests.append(request.url)

    visit.page.on("console", heard)
    visit.page.on("pageerror", lambda error: visit.console.append(str(error)))
    visit.page.on("request", asked)
    return visit


def test_from_the_overview_to_the_list_a_filter_a_pair_and_its_run(visit: Visit) -> None:
    page = visit.go("/")
    page.get_by_role("link", name="All 42 divergences").click()
    page.get_by_label("Test id holds").fill("Statement")
    page.get_by_label("Direction").select_option("skip_mismatch")
    page.get_by_role("button", name="Filter").click()
    page.get_by_role("heading", name="Divergences 1 match").wait_for()
    assert page.get_by_label("Test id holds").input_value() == "Statement"
    page.get_by_role("link", name=re.compile("test_july_statement")).click()
    page.get_by_role("heading", name=re.compile("test_july_statement")).wait_for()
    assert page.get_by_role("region", name=re.compile("legacy")).get_by_text("TimeoutError").is_visible()
    assert page.get_by_role("region", name=re.compile("shadow")).get_by_text("AttributeError").is_visible()
    page.get_by_role("navigation", name="Where this page is").get_by_role("link", name=LATEST).click()
    page.get_by_role("heading", name="Parity").wait_for()
    visit.assert_quiet()


def test_the_keyboard_reaches_the_content_first_and_submits_the_filter(visit: Visit) -> None:
    page = visit.go(f"/runs/{LATEST}/pairs")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    page.get_by_label("Test id holds").focus()
    page.keyboard.type("churned")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Divergences 1 match").wait_for()
    visit.assert_quiet()


def test_progress_moves_while_the_run_moves_and_the_result_appears_when_it_ends(visit: Visit, store: Store) -> None:
    page = visit.go("/")
    page.get_by_text("318 of 464 tests").wait_for()
    store.progress(RUNNING, Progress(step="confirmation", legacy_done=464, shadow_done=1464, total=1464, candidates=41, pair=3))
    page.get_by_text("1,464 of 1,464 tests").wait_for()
    page.get_by_text("41 candidates, confirmation pair 3").wait_for()
    assert page.get_by_text("confirmation", exact=True).is_visible()
    store.save(replace(night(9), run=header(RUNNING, header("x").started_at.replace(day=21))))
    page.get_by_role("link", name=RUNNING).first.wait_for()
    page.get_by_text("is under way").wait_for(state="detached")
    visit.assert_quiet()


def test_everything_but_the_live_numbers_works_without_javascript(browser: Browser, origin: str) -> None:
    with browser.new_context(java_script_enabled=False) as context:
        visit = _watched(Visit(page=context.new_page(), origin=origin))
        page = visit.go(f"/runs/{LATEST}/pairs")
        page.get_by_label("Verdict").select_option("flaky")
        page.get_by_role("button", name="Filter").click()
        page.get_by_role("heading", name="Pairs 2").wait_for()
        page = visit.go(f"/runs/{RUNNING}")
        page.get_by_text("318 of 464 tests").wait_for()
        visit.assert_quiet()


@pytest.mark.parametrize("width", [400, 1280])
def test_no_page_is_wider_than_the_window(visit: Visit, store: Store, width: int) -> None:
    long = "suite/test_" + "long" * 60 + ".py::test_" + "x" * 300 + "[<b>bold</b>]"
    store.save(comparison(header("wide"), [divergent(long)]))
    visit.page.set_viewport_size({"width": width, "height": 900})
    for path in ("/", "/runs", f"/runs/{LATEST}", f"/runs/{LATEST}/pairs", f"/runs/{RUNNING}", "/runs/wide/pairs"):
        assert visit.go(path).evaluate("document.documentElement.scrollWidth") == width
    visit.page.get_by_role("link", name=re.compile("longlong")).click()
    visit.page.get_by_role("heading", name="History").wait_for()
    visit.page.wait_for_load_state()  # the heading is there before the style sheet
    assert visit.page.evaluate("document.documentElement.scrollWidth") == width
    visit.assert_quiet()


_CONTRAST = """() => {
  const channel = (value) => (value /= 255) <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  const canvas = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  const paint = (colours) => {
    canvas.clearRect(0, 0, 1, 1);
    for (const colour of colours) { canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1); }
    const [r, g, b] = canvas.getImageData(0, 0, 1, 1).data;
    return 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  };
  const low = [];
  for (const element of document.querySelectorAll("main *, header *, footer *")) {
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
    if (!own || element.closest("svg") || !element.getClientRects().length) continue;
    const backs = [];
    for (let at = element; at; at = at.parentElement) backs.unshift(getComputedStyle(at).backgroundColor);
    const back = paint(backs), front = paint([...backs, getComputedStyle(element).color]);
    const ratio = (Math.max(front, back) + 0.05) / (Math.min(front, back) + 0.05);
    if (ratio < 4.5) low.push(`${ratio.toFixed(2)} ${element.className} ${element.textContent.trim().slice(0, 30)}`);
  }
  return [...new Set(low)];
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_stands_out_from_its_background(visit: Visit, scheme: str) -> None:
    visit.page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    for path in ("/", "/runs", f"/runs/{LATEST}", f"/runs/{night(6).run.id}", f"/runs/{LATEST}/pairs?verdict=any"):
        assert visit.go(path).evaluate(_CONTRAST) == []
