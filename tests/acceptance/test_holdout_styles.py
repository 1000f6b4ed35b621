"""Suites in styles that nothing was tuned to: their couplings are found, named and located as well as those of any other."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.benchmarks.holdouts import figures, report_of
from tests.benchmarks.styles import known, unpacked

_ONCE = "[confirm]\nvacuous = 'never'\nmax_pairs = 2\nalpha = 0.2\n"
_LEFT_OUT = {"unittest_school": "bell_rings", "http_tickets": "cache_is_warm or busy_ticket or busiest or without_tickets"}
"""What is flaky by design, and what makes hundreds of requests."""


@pytest.mark.slow
@pytest.mark.parametrize(("name", "needs"), [("unittest_school", "sqlalchemy"), ("http_tickets", "requests")])
def test_couplings_in_styles_that_nobody_has_seen(tmp_path: Path, name: str, needs: str) -> None:
    pytest.importorskip(needs)
    folder, truth = unpacked(name, tmp_path)
    report = report_of(folder, settings=_ONCE, arguments=("-k", f"not ({_LEFT_OUT[name]})"))
    found = figures(known(report, truth), truth)
    assert (found.short, found.missed if found.short else []) == ([], [])
