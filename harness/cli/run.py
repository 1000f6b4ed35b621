"""`shadow run`: the suite on both sides."""

from __future__ import annotations

import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from harness.cli import console
from harness.cli.live import display
from harness.cli.options import (
    Colour,
    ColourOption,
    ConfigOption,
    HtmlFile,
    JsonFile,
    JunitFile,
    MarkdownFile,
    Outputs,
    SarifFile,
    StoreOption,
    VerboseOption,
    WorkdirOption,
)
from harness.config import load
from harness.model import Side
from harness.pipeline import resume_run, settle_dead_runs, start_run, workplace
from harness.pipeline.events import RunFinished
from harness.plan import Choices, parse_shard
from harness.report import print_summary
from harness.store import open_store

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.model import Comparison
    from harness.pipeline import Workplace
    from harness.pipeline.events import Event


def run(
    config: ConfigOption = None,
    workdir: WorkdirOption = None,
    store: StoreOption = None,
    json: JsonFile = None,
    junit: JunitFile = None,
    markdown: MarkdownFile = None,
    html: HtmlFile = None,
    sarif: SarifFile = None,
    side: Annotated[Optional[Side], typer.Option("--side", help="Run one side alone; nothing is compared then.")] = None,  # noqa: UP045
    select: Annotated[Optional[str], typer.Option("--select", metavar="EXPR", help="Only tests that match, as pytest -k.")] = None,  # noqa: UP045
    shard: Annotated[Optional[str], typer.Option("--shard", metavar="I/N", help="Only the I-th of N parts, for a CI matrix.")] = None,  # noqa: UP045
    confirm: Annotated[bool, typer.Option("--confirm/--no-confirm", help="Rerun what differs until an error bound holds.")] = True,  # noqa: FBT002
    resume: Annotated[Optional[str], typer.Option("--resume", metavar="RUN", help="Go on with a run that did not end.")] = None,  # noqa: UP045
    verbose: VerboseOption = False,  # noqa: FBT002
    color: ColourOption = Colour.AUTO,
) -> int:
    """Run the suite on both sides, confirm what differs, and report it.

    Exit codes: 0 nothing diverges; 1 divergences; 2 usage or configuration; 3 infrastructure failure or incomplete run; 130 interrupted.
    """
    configuration = load(config)
    place = workplace(configuration.base, workdir=workdir, store=store)
    choices = Choices(side=side, select=select, shard=parse_shard(shard) if shard else None, confirm=confirm)
    settle(place)
    events = resume_run(configuration, choices, place, resume) if resume else start_run(configuration, choices, place)
    comparison = follow(events, colour=color, verbose=verbose)
    outputs = Outputs(json=json, junit=junit, markdown=markdown, html=html, sarif=sarif)
    finish(comparison, outputs, place, colour=color)
    return comparison.exit


def settle(place: Workplace) -> None:
    """Mark runs of the store that died as incomplete."""
    store = open_store(place.store)
    try:
        settle_dead_runs(store, place.runs)
    finally:
        store.close()


def follow(events: Iterator[Event], *, colour: Colour, verbose: bool) -> Comparison:
    """Show the events of a run until it has finished. SIGTERM ends it as an interrupt does: everything started is removed."""
    with _termination_interrupts(), display(console.remarks(colour), verbose=verbose) as shown:
        for event in events:
            shown.take(event)
            if isinstance(event, RunFinished):
                return event.comparison
    raise AssertionError("a run ends with RunFinished")


def finish(comparison: Comparison, outputs: Outputs, place: Workplace, *, colour: Colour) -> None:
    """Write the reports, and print the summary where standard output is not one of them."""
    outputs.write(comparison)
    target = console.remarks(colour) if outputs.takes_stdout else console.results(colour)
    where = [*outputs.lines(), f"bundle: {place.bundle(comparison.run.id)}", f"dashboard: shadow serve --workdir {place.workdir}"]
    print_summary(comparison, target, where=where)


@contextmanager
def _termination_interrupts() -> Iterator[None]:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
