"""Reading the suite while tests run: what is found counts once it is over, and nothing goes on when the run is over."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

from harness.errors import InputError
from harness.model import SourceEvidence
from harness.pipeline.sources.ahead import Ahead
from harness.pipeline.sources.reading import Surveyed
from harness.pipeline.sources.scanned import ScannedSuite
from runners.literals.suite import SuiteLiterals, scan_suite

TESTS = Surveyed(differing=("suite/test_a.py::test_a",), agreeing=("suite/test_b.py::test_b",))


def test_what_was_read_ahead_is_there_once_the_reading_is_over() -> None:
    ahead, asked = Ahead(), threading.Event()

    def read(tests: Surveyed) -> SourceEvidence:
        asked.wait()
        return SourceEvidence(unavailable=f"for {tests.differing[0]}")

    ahead.begin(TESTS, read)
    asked.set()
    found = ahead.result()
    assert ahead.tests == TESTS
    assert found is not None
    assert found.unavailable == "for suite/test_a.py::test_a"


def test_a_reading_that_fails_found_nothing_and_costs_nothing_else() -> None:
    def read(_tests: Surveyed) -> SourceEvidence:
        raise OSError

    ahead = Ahead()
    ahead.begin(TESTS, read)
    assert ahead.result() is None
    assert Ahead().result() is None


def test_a_run_that_ends_early_ends_the_reading() -> None:
    ahead, ended = Ahead(), threading.Event()

    def read(_tests: Surveyed) -> SourceEvidence:
        while not ahead.is_left:
            pass
        ended.set()
        return SourceEvidence()

    ahead.begin(TESTS, read)
    ahead.leave()
    assert ended.is_set()


def test_a_suite_is_scanned_once_whoever_begins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "test_a.py").write_text('def test_a():\n    assert "cus_17"\n', encoding="utf-8")
    scans: list[str] = []

    def scanned(root: Path, **named: Any) -> SuiteLiterals:
        scans.append(threading.current_thread().name)
        return scan_suite(root, **named)

    monkeypatch.setattr("runners.literals.suite.scan_suite", scanned)
    suite = ScannedSuite(tmp_path)
    suite.begin()
    suite.begin()
    suite.leave()
    assert [one.literal.value for one in suite.literals().literals_of("test_a.py::test_a")] == ["cus_17", "17"]
    assert scans == ["scan_ahead"]


def test_a_scan_that_fails_ahead_says_why_to_who_asks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(_root: Path, **_named: Any) -> SuiteLiterals:
        raise InputError("no such folder")

    monkeypatch.setattr("runners.literals.suite.scan_suite", fails)
    suite = ScannedSuite(tmp_path)
    suite.begin()
    with pytest.raises(InputError, match="no such folder"):
        suite.literals()
    suite.leave()
