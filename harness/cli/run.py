"""`shadow run`: the suite on both sides."""

from __future__ import annotations

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
from harness.cli.selection import refuse_broken_expression
from harness.config import load
from harness.errors import StoreError
from harness.model import Side
from harness.pipeline import nights_of, resume_run, settle_dead_runs, start_run, workplace
from harness.pipeline.events import RunFinished
from harness.plan import Choices, parse_shard
from harness.report import print_summary
from harness.store import open_store

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.model import Comparison
    from harness.pipeline import Workplace
    from harness.pipeline.events import Event
    from harness.report import Nights


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
    aa: Annotated[bool, typer.Option("--aa", help="Compare each side with itself on a sample as well, whenever that was done last.")] = False,  # noqa: FBT002
    deep: Annotated[bool, typer.Option("--deep", help="Record what every test does on its way; finds passes that mean less.")] = False,  # noqa: FBT002
    couplings: Annotated[bool, typer.Option("--couplings/--no-couplings", help="Look for couplings, where both sides have `database`.")] = True,  # noqa: FBT002
    resume: Annotated[Optional[str], typer.Option("--resume", metavar="RUN", help="Go on with a run that did not end.")] = None,  # noqa: UP045
    verbose: VerboseOption = False,  # noqa: FBT002
    color: ColourOption = Colour.AUTO,
) -> int:
    """Run the suite on both sides, confirm what differs, and report it.

    Exit codes: 0 nothing diverges; 1 divergences; 2 usage or configuration; 3 infrastructure failure or incomplete run; 130 interrupted.
    """
    outputs = Outputs(json=json, junit=junit, markdown=markdown, html=html, sarif=sarif)
    outputs.refuse_unwritable()
    configuration = load(config)
    place = workplace(configuration.base, workdir=workdir, store=store)
    if select is not None:
        refuse_broken_expression(select)
    choices = Choices(side=side, select=select, shard=parse_shard(shard) if shard else None, confirm=confirm, aa=aa, deep=deep, couplings=couplings)
    settle(place)
    events = resume_run(configuration, choices, place, resume) if resume else start_run(configuration, choices, place)
    comparison = follow(events, colour=color, verbose=verbose)
    finish(comparison, outputs, place, colour=color)
    return comparison.exit


def known_nights(place: Workplace, comparison: Comparison, *, colour: Colour) -> Nights | None:
    """What the store knows of the nights around a run. A store that does not answer costs no report: it is a remark."""
    try:
        store = open_store(place.store)
        try:
            return nights_of(store, comparison)
        finally:
            store.close()
    except StoreError as error:
        console.remarks(colour).print(f"warning: nothing is said about other nights: {error}", markup=False, soft_wrap=True)
        return None


def settle(place: Workplace) -> None:
    """Mark runs of the store that died as incomplete."""
    store = open_store(place.store)
    try:
        settle_dead_runs(store, place.runs)
    finally:
        store.close()


def follow(events: Iterator[Event], *, colour: Colour, verbose: bool) -> Comparison:
    """Show the events of a run until it has finished. The run itself hears SIGINT and SIGTERM: everything started is removed."""
    with display(console.remarks(colour), verbose=verbose) as shown:
        for event in events:
            shown.take(event)
            if isinstance(event, RunFinished):
                return event.comparison
    raise AssertionError("a run ends with RunFinished")


def finish(comparison: Comparison, outputs: Outputs, place: Workplace, *, colour: Colour) -> None:
    """Write the reports, and print the summary where standard output is not one of them."""
    nights = known_nights(place, comparison, colour=colour)
    outputs.write(comparison, nights=nights)
    target = console.remarks(colour) if outputs.takes_stdout else console.results(colour)
    where = [*outputs.lines(), f"bundle: {place.bundle(comparison.run.id)}", f"dashboard: shadow serve --workdir {place.workdir}"]
    print_summary(comparison, target, where=where, nights=nights)
