"""Reading the suite while tests are rerun: what is found counts once it is over, and nothing goes on when the run is over."""

from __future__ import annotations

import threading

from harness.model import SourceEvidence
from harness.pipeline.sources.ahead import Ahead
from harness.pipeline.sources.reading import Surveyed

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
