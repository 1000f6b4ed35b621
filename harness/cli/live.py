"""Shows a run while it goes on: bars on a terminal, plain lines in CI."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from harness.model import OutcomeClass, Side
from harness.pipeline.events import (
    AttemptFinished,
    CollectionFinished,
    ConfirmationStarted,
    EnvironmentReady,
    ExperimentsFinished,
    ExperimentsStarted,
    FloorStarted,
    InfrastructureFailed,
    OrderSearched,
    OrderSearchStarted,
    PairConfirmed,
    RunFinished,
    RunStarted,
    SessionRestarted,
    SourcesRead,
    SourcesStarted,
)
from harness.report.findings import number

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console

    from harness.pipeline.events import Event


class Display(Protocol):
    """Takes events and shows them."""

    def take(self, event: Event) -> None:
        """Show an event."""
        ...


@contextmanager
def display(console: Console, *, verbose: bool) -> Iterator[Display]:
    """The display that suits a console."""
    if not console.is_terminal:
        yield _Lines(console, verbose=verbose)
        return
    columns = (TextColumn("{task.description:<14}"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[note]}"), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as bars:
        yield _Bars(bars, _Lines(bars.console, verbose=verbose))


class _Lines:
    """One plain line for what matters; with `verbose`, one a failing attempt too."""

    def __init__(self, console: Console, *, verbose: bool) -> None:
        self._console = console
        self._verbose = verbose

    def take(self, event: Event) -> None:
        line = self._line(event)
        if line:
            self._console.print(line, markup=False, soft_wrap=True)

    def _line(self, event: Event) -> str | None:  # noqa: C901, PLR0911, PLR0912 - a line for each kind of event
        match event:
            case RunStarted():
                return f"run {event.run.id} {'goes on' if event.resumed else 'started'}: {event.bundle}"
            case EnvironmentReady():
                return f"{event.side}: environment ready"
            case CollectionFinished():
                return f"{event.side}: {event.tests} tests collected"
            case SessionRestarted():
                return f"{event.side}: {event.reason} ({_several(event.guilty)}); going on with the rest"
            case ConfirmationStarted():
                return f"{number(event.candidates, 'test differs', 'tests differ')}; rerunning as fresh pairs"
            case PairConfirmed():
                return f"fresh pair {event.number}: {event.confirmed} confirmed, {event.dropped} flaky, {event.open} open"
            case OrderSearchStarted():
                found = number(event.suspects, "test agrees", "tests agree")
                return f"{found} alone; rerunning behind the predecessors, at most {number(event.budget, 'execution')}"
            case OrderSearched():
                found = number(event.dependent, "test depends", "tests depend")
                return f"{found} on the order of tests, after {number(event.steps, 'step')}"
            case FloorStarted():
                return f"A/A: comparing each side with itself on {event.sample} tests, and rerunning {event.flaky} flaky ones"
            case SourcesStarted():
                return "looking for couplings: reading both databases where they have changed, and the suite's source"
            case SourcesRead() if event.unavailable:
                return f"couplings were not looked for: {event.unavailable}"
            case SourcesRead():
                found = number(event.literals, "literal of the suite names", "literals of the suite name")
                return f"{found} what only the production copy holds"
            case ExperimentsStarted():
                found = number(event.tests, "divergent test", "divergent tests")
                return f"experimenting on {found}, at most {number(event.budget, 'execution')}"
            case ExperimentsFinished() if event.fault:
                return f"experiments ended early, after {number(event.executions, 'execution')}: {event.fault}"
            case InfrastructureFailed():
                return f"infrastructure failure: {event.failure.message}"
            case AttemptFinished() if self._verbose and event.outcome.kind is OutcomeClass.FAILING:
                return f"{event.side}: {event.outcome} {ascii(event.test_id)[1:-1]}"
        return None


class _Bars:
    """A bar a side, and one for confirmation."""

    def __init__(self, bars: Progress, lines: _Lines) -> None:
        self._bars = bars
        self._lines = lines
        self._sides: dict[Side, TaskID] = {}
        self._totals: dict[Side, int] = {}
        self._confirmation: TaskID | None = None

    def take(self, event: Event) -> None:
        match event:
            case CollectionFinished():
                self._totals[event.side] = self._totals.get(event.side, 0) + event.tests
                self._bars.update(self._side(event.side), total=self._totals[event.side])
            case AttemptFinished() if not event.pair:
                self._bars.advance(self._side(event.side))
            case ConfirmationStarted():
                self._confirmation = self._bars.add_task("confirmation", total=event.candidates, note="fresh pairs")
            case PairConfirmed() if self._confirmation is not None:
                note = f"fresh pair {event.number}, {event.open} open"
                self._bars.update(self._confirmation, completed=event.confirmed + event.dropped, note=note)
            case AttemptFinished() | EnvironmentReady() | RunFinished():
                return
            case _:
                self._lines.take(event)

    def _side(self, side: Side) -> TaskID:
        if side not in self._sides:
            self._sides[side] = self._bars.add_task(side.value, total=None, note="")
        return self._sides[side]


def _several(ids: tuple[str, ...]) -> str:
    shown = ", ".join(ascii(test_id)[1:-1] for test_id in ids[:3])
    return shown if len(ids) <= 3 else f"{shown} and {len(ids) - 3} more"
