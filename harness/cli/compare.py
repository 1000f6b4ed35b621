"""`shadow compare` and `shadow report`: what was recorded, decided and written again. Nothing is run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from harness.cli import console
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
    WorkdirOption,
)
from harness.cli.project import base_of, known_key
from harness.cli.run import known_nights
from harness.errors import UsageError
from harness.pipeline import compare_bundle, compare_sources, is_bundle, workplace
from harness.pipeline.history import read_retention
from harness.report import print_summary

if TYPE_CHECKING:
    from harness.pipeline import Workplace


def compare(
    a: Annotated[Path, typer.Argument(metavar="A", help="Legacy's results: a JUnit XML file, a folder of them, or a bundle.")],
    b: Annotated[Optional[Path], typer.Argument(metavar="B", help="Shadow's results; left out where A is the bundle of a run.")] = None,  # noqa: UP045
    suite: Annotated[Optional[str], typer.Option("--suite", metavar="NAME", help="Name of the suite in the report; default: from A's name.")] = None,  # noqa: UP045
    json: JsonFile = None,
    junit: JunitFile = None,
    markdown: MarkdownFile = None,
    html: HtmlFile = None,
    sarif: SarifFile = None,
    color: ColourOption = Colour.AUTO,
) -> int:
    """Pair two recorded results, or decide a recorded run again, without running anything."""
    outputs = Outputs(json=json, junit=junit, markdown=markdown, html=html, sarif=sarif)
    outputs.refuse_unwritable()
    remarks = console.remarks(color)
    if b is None:
        if not is_bundle(a):
            raise UsageError("one argument has to be a bundle", where=str(a), expected="a bundle, or two results: shadow compare A.xml B.xml")
        comparison = compare_bundle(a)
    else:
        comparison = compare_sources(
            a, b, suite=suite, key=known_key(), warn=lambda text: remarks.print(f"warning: {text}", markup=False, soft_wrap=True)
        )
    outputs.write(comparison)
    print_summary(comparison, remarks if outputs.takes_stdout else console.results(color), where=outputs.lines())
    return comparison.exit


def report(
    run: Annotated[Optional[str], typer.Argument(metavar="RUN", help="Run id; default: the newest finished run.")] = None,  # noqa: UP045
    config: ConfigOption = None,
    workdir: WorkdirOption = None,
    store: StoreOption = None,
    json: JsonFile = None,
    junit: JunitFile = None,
    markdown: MarkdownFile = None,
    html: HtmlFile = None,
    sarif: SarifFile = None,
    color: ColourOption = Colour.AUTO,
) -> int:
    """Print and write the reports of a recorded run again, from its bundle. The exit code is 0 where that worked, whatever the run found."""
    place = workplace(base_of(config, workdir), workdir=workdir, store=store)
    outputs = Outputs(json=json, junit=junit, markdown=markdown, html=html, sarif=sarif)
    outputs.refuse_unwritable()
    _, path = recorded_bundle(place, run)
    comparison = compare_bundle(path)
    nights = known_nights(place, comparison, colour=color)
    outputs.write(comparison, nights=nights)
    print_summary(comparison, console.remarks(color) if outputs.takes_stdout else console.results(color), where=outputs.lines(), nights=nights)
    return 0


def recorded_bundle(place: Workplace, run: str | None) -> tuple[str, Path]:
    """The id and the bundle of a recorded run, by default of the newest finished one. Raises UsageError where there is none."""
    chosen = run or _newest(place.runs)
    path = place.bundle(chosen)
    if not is_bundle(path):
        raise _unknown_run(chosen, place.runs)
    return chosen, path


def _unknown_run(run_id: str, runs: Path) -> UsageError:
    """A run without a bundle; one that retention removed is told by its tombstone."""
    stone = next((stone for stone in read_retention(runs).tombstones if stone.run_id == run_id), None)
    found = f"no run {run_id!r} here" if stone is None else stone.sentence
    return UsageError(found, where=str(runs), hint="See the runs with: shadow runs")


def _newest(runs: Path) -> str:
    finished = sorted(path.parent.name for path in runs.glob("*/finish.json"))
    if not finished:
        raise UsageError("there is no finished run", where=str(runs), hint="Start one with: shadow run")
    return finished[-1]
