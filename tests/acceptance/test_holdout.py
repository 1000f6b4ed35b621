"""A suite that nothing was tuned to: the couplings of an inn over plain sqlite3 are found, named and located as well as those of any other."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.benchmarks.holdouts import figures, prepared, report_of, truth_of

pytest.importorskip("sqlalchemy")
_ONE_PAIR = "[confirm]\nvacuous = 'never'\nalpha = 0.5\nmax_pairs = 1\n"
_FLAKY = ("--deselect=suite/test_bookings.py::test_shuttle_comes", "--deselect=suite/test_bookings.py::test_clock_is_even")


@pytest.mark.slow
def test_couplings_of_a_suite_that_nobody_has_seen(tmp_path: Path) -> None:
    folder = prepared("inn", tmp_path)
    found = figures(report_of(folder, settings=_ONE_PAIR, arguments=_FLAKY), truth_of(folder))
    assert (found.short, found.missed if found.short else []) == ([], [])
