"""What people read: Markdown, HTML and the terminal."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from harness.report import print_summary
from tests.goldens.report.hand_made import WRONG_COUNT, divergent, rendered, sample, summary, unhealthy


def test_markdown_of_foreign_text_does_nothing(tmp_path: Path) -> None:
    text = rendered("summary.md", sample(), tmp_path)
    row = next(line for line in text.splitlines() if "odd" in line and line.startswith("| <code>"))
    assert "<script" not in text
    assert "@team" not in text
    assert row.count("|") == 8  # the bars of seven cells and no more
    assert "\\\\x1b" in row


class _Page(HTMLParser):
    """Tags, and attributes that load or run something."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.suspicious: list[tuple[str, str]] = []
        self.policy = ""
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        known = {name: value or "" for name, value in attrs}
        if known.get("http-equiv") == "Content-Security-Policy":
            self.policy = known["content"]
        for name, value in known.items():
            if name.startswith("on") or name in {"src", "style", "srcset", "action"} or (name == "href" and not value.startswith("#")):
                self.suspicious.append((name, value))

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def page_of(text: str) -> _Page:
    page = _Page()
    page.feed(text)
    page.close()
    return page


def test_html_loads_and_runs_nothing_foreign(tmp_path: Path) -> None:
    page = page_of(rendered("report.html", sample(), tmp_path))
    assert page.suspicious == []
    assert page.tags.count("script") == 1
    assert "link" not in page.tags
    assert page.policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in page.policy


def test_html_shows_both_failures_side_by_side_and_needs_no_script(tmp_path: Path) -> None:
    page = page_of(rendered("report.html", sample(), tmp_path))
    text = " ".join("".join(page.words).split())
    assert page.tags.count("details") == 4 + 10  # clusters and pairs
    assert "legacy passed" in text
    assert "suite/lookup.py:31 in customer_by" in text
    assert "No error bound holds" in text
    assert "Side effects are not checked" in text


def test_terminal_says_infrastructure_and_what_to_do_first() -> None:
    lines = summary(unhealthy()).splitlines()
    assert lines[0] == "2 infrastructure failures: mend this first"
    assert "did not get healthy" in lines[1]
    assert lines[2].strip().startswith("do: look at logs")


@pytest.mark.parametrize("options", [{}, {"force_terminal": True, "color_system": "truecolor"}, {"width": 24}])
def test_terminal_shows_file_and_line_and_stays_within_its_width(options: dict[str, Any]) -> None:
    text = re.sub(r"\x1b\[[0-9;]*m", "", summary(sample(), **options))
    assert "\x1b" not in text
    assert max(len(line) for line in text.splitlines()) <= options.get("width", 80)
    joined = "".join(text.split())
    assert "atsuite/lookup.py:31incustomer_by" in joined
    assert "Noerrorboundholds" in joined
    assert "JSONreport:out/report.json" in joined


def test_terminal_without_unicode_or_markup_shows_any_id(tmp_path: Path) -> None:
    pair = divergent("suite/t.py::test[[bold]red[/] 日本 \ud800 \x07]", WRONG_COUNT, None)
    with (tmp_path / "out.txt").open("w", encoding="ascii") as out:
        print_summary(replace(sample(), pairs=(pair,), clusters=()), Console(file=out, width=100, color_system=None))
    text = (tmp_path / "out.txt").read_text(encoding="ascii")
    assert r"test[[bold]red[/] \u65e5\u672c \ud800 \x07]" in text
