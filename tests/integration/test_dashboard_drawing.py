"""Bars and words: what is drawn adds up to what was counted."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard import words
from dashboard.charts import PLOT_HEIGHT, history_chart, totals_bar
from harness.errors import ExitCode
from harness.model import ConfirmPolicy, Direction, Outcome, RunState, RunSummary, Totals, Verdict

COUNT = st.integers(0, 1_000_000)


@st.composite
def totals(draw: st.DrawFn) -> Totals:
    counts = {verdict.value: draw(COUNT) for verdict in Verdict}
    return Totals(tests=sum(counts.values()), **counts)


def summary(number: int, counts: Totals | None) -> RunSummary:
    started = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=number)
    return RunSummary(id=f"r{number}", suite="s", started_at=started, finished_at=None, state=RunState.COMPLETE, totals=counts, exit=0, progress=None)


@given(totals())
def test_a_bar_fills_its_width_and_shows_every_verdict_that_occurs(counts: Totals) -> None:
    bar = totals_bar(counts, None)
    assert [part.count for part in bar if part.width] == [part.count for part in bar if part.count]
    assert sum(part.width for part in bar) == pytest.approx(100 if counts.tests else 0, abs=0.01)
    assert all(part.change is None for part in bar)


@given(totals(), totals())
def test_changes_are_told_against_the_run_before(now: Totals, before: Totals) -> None:
    changes = {part.verdict: part.change for part in totals_bar(now, before)}
    assert changes[Verdict.DIVERGENT] == now.divergent - before.divergent


@given(st.lists(totals(), min_size=2, max_size=40))
def test_columns_stay_inside_the_plot_and_stand_on_its_floor(nights: list[Totals]) -> None:
    chart = history_chart([summary(number, counts) for number, counts in reversed(list(enumerate(nights)))])
    assert chart
    assert [column.run.id for column in chart.columns] == [f"r{number}" for number in range(len(nights))]
    assert 2 <= len(chart.ticks) <= 5
    for column in chart.columns:
        assert 0 <= column.x <= column.x + column.width <= 100
        for block in column.blocks:
            assert -0.01 <= block.y <= block.y + block.height <= PLOT_HEIGHT + 0.02


def test_a_single_decided_run_has_no_chart() -> None:
    assert history_chart([summary(1, None), summary(0, Totals(tests=1, equivalent=1))]) is None


def test_every_word_is_explained() -> None:
    for vocabulary in (Verdict, Direction, Outcome, RunState):
        for word in vocabulary:
            assert words.explain(word)
    for code in ExitCode:
        assert "unknown" not in words.exit_in_words(code)


@pytest.mark.parametrize(
    ("divergent", "unconfirmed", "says"),
    [(0, 0, "No divergence is claimed"), (4, 0, "at most 5 % are expected"), (4, 4, "no error bound holds"), (4, 1, "1 divergence unconfirmed")],
)
def test_the_error_bound_is_said_in_words(divergent: int, unconfirmed: int, says: str) -> None:
    assert says in words.bound_of(ConfirmPolicy(alpha=0.05), divergent, unconfirmed)


@pytest.mark.parametrize(("seconds", "text"), [(0, "0 s"), (59.6, "1 min 0 s"), (133, "2 min 13 s"), (3840, "1 h 4 min")])
def test_durations_are_short(seconds: float, text: str) -> None:
    assert words.duration(timedelta(seconds=seconds)) == text
