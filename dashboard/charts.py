"""Bars drawn on the server as SVG geometry: shares in percent of the width, so that a page of any width scales them and no text is stretched."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from harness.model import RunState, Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from harness.model import RunSummary, Totals

PLOT_HEIGHT: Final = 120.0
"""Height of the plot of a history chart, in CSS pixels."""

ORDER: Final = (Verdict.DIVERGENT, Verdict.INCONCLUSIVE, Verdict.FLAKY, Verdict.BOTH_FAILING, Verdict.EQUIVALENT)
"""Verdicts from what needs a look to what does not; the order in which they are shown everywhere."""

_MIN_SHARE = 0.6  # percent: a single divergence among 100,000 tests still shows


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """A part of a bar: one verdict, its count, the change since the run before (None without one), place and width in percent."""

    verdict: Verdict
    count: int
    change: int | None
    x: float
    width: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A verdict's part of one column of a history chart; `y` and `height` in pixels from the top."""

    verdict: Verdict
    y: float
    height: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One run in a history chart; `x`, `width` in percent."""

    run: RunSummary
    x: float
    width: float
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """A line of the scale: its value and how far from the top, in pixels."""

    value: int
    y: float


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryChart:
    """Pairs that are not equivalent, run by run, oldest first."""

    columns: tuple[Column, ...]
    ticks: tuple[Tick, ...]
    height: float = PLOT_HEIGHT

    @property
    def partial(self) -> bool:
        """Whether a run among them is incomplete, so that its column is low for want of results."""
        return any(column.run.state is RunState.INCOMPLETE for column in self.columns)


def counts_of(totals: Totals) -> Mapping[Verdict, int]:
    """Totals by verdict, in the order in which they are shown."""
    return {verdict: int(getattr(totals, verdict.value)) for verdict in ORDER}


def totals_bar(totals: Totals, before: Totals | None) -> tuple[Segment, ...]:
    """A bar of all pairs by verdict; empty verdicts have width 0. `before` are the totals to tell the change from."""
    counts = counts_of(totals)
    earlier = counts_of(before) if before else None
    shares = {verdict: max(_MIN_SHARE, 100 * number / max(1, totals.tests)) if number else 0.0 for verdict, number in counts.items()}
    scale = 100 / max(100.0, sum(shares.values()))
    segments: list[Segment] = []
    x = 0.0
    for verdict, number in counts.items():
        width = shares[verdict] * scale
        change = number - earlier[verdict] if earlier else None
        segments.append(Segment(verdict=verdict, count=number, change=change, x=round(x, 3), width=round(width, 3)))
        x += width
    return tuple(segments)


def history_chart(runs: Sequence[RunSummary]) -> HistoryChart | None:
    """Columns for decided runs, given newest first; None where there are fewer than two, which no chart explains better than the table."""
    decided = [run for run in reversed(runs) if run.totals is not None]
    if len(decided) < 2:
        return None
    heights = [sum(counts_of(run.totals).values()) - run.totals.equivalent for run in decided if run.totals]
    ticks = _ticks(max(heights))
    top = ticks[-1]
    slot = 100 / len(decided)
    columns = tuple(
        Column(
            run=run,
            x=round(index * slot + slot * 0.15, 3),
            width=round(slot * 0.7, 3),
            blocks=_blocks(run.totals, top) if run.totals else (),
        )
        for index, run in enumerate(decided)
    )
    return HistoryChart(columns=columns, ticks=tuple(Tick(value=value, y=round(PLOT_HEIGHT * (1 - value / top), 2)) for value in ticks))


def _blocks(totals: Totals, top: int) -> tuple[Block, ...]:
    shown = [(verdict, number) for verdict, number in counts_of(totals).items() if verdict is not Verdict.EQUIVALENT]
    edges = [0]
    for _, number in shown:
        edges.append(edges[-1] + number)
    scale = PLOT_HEIGHT / top
    return tuple(
        Block(verdict=verdict, y=round(PLOT_HEIGHT - high * scale, 2), height=round((high - low) * scale, 2))
        for (verdict, number), (low, high) in zip(shown, pairwise(edges), strict=True)
        if number
    )


def _ticks(most: int) -> tuple[int, ...]:
    """Zero, and up to four round values above it, the last of them at least `most`."""
    step = 1
    for factor in (2, 2.5, 2) * 12:
        if step * 4 >= most:
            break
        step = round(step * factor)
    return tuple(range(0, max(step, -(-most // step) * step) + 1, step))
