"""`shadow runs | serve | gc | store rebuild`: looking at and after what was recorded."""

from __future__ import annotations

import json as jsonlib
import shutil
from typing import TYPE_CHECKING, Annotated, Any, Optional

import typer
from rich.table import Table

from harness.cli import console
from harness.cli.options import Colour, ColourOption, ConfigOption, JsonFlag, StoreOption, WorkdirOption
from harness.cli.project import base_of
from harness.errors import ExitCode, InfrastructureError
from harness.pipeline import rebuild as rebuild_store
from harness.pipeline import settle_dead_runs, sweep, workplace
from harness.store import open_store

if TYPE_CHECKING:
    from harness.errors import BundleError
    from harness.model import RunSummary


def serve(
    config: ConfigOption = None,
    workdir: WorkdirOption = None,
    store: StoreOption = None,
    host: Annotated[
        str, typer.Option("--host", help="Address to listen on. The pages have no login: beyond loopback, put a proxy with one in front.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", help="Port to listen on.", min=0, max=65535)] = 8765,
    allow_host: Annotated[
        Optional[list[str]],  # noqa: UP045 - typer reads it at run time
        typer.Option("--allow-host", metavar="NAME", help="Another host name to answer to, such as a proxy's; may be repeated."),
    ] = None,
) -> int:
    """Serve the dashboard: overview, divergences, pairs with both failures, runs with their live progress. Read only."""
    from dashboard import serve as serve_pages  # noqa: PLC0415 - a web framework is slow to import, and no other command needs it

    place = workplace(base_of(config, workdir), workdir=workdir, store=store)
    opened = open_store(place.store)
    try:
        settle_dead_runs(opened, place.runs)
        serve_pages(opened, host=host, port=port, allow=tuple(allow_host or ()))
    finally:
        opened.close()
    return ExitCode.OK


def runs(
    config: ConfigOption = None,
    workdir: WorkdirOption = None,
    store: StoreOption = None,
    limit: Annotated[int, typer.Option("--limit", help="How many, newest first.", min=1)] = 30,
    json: JsonFlag = False,  # noqa: FBT002
    color: ColourOption = Colour.AUTO,
) -> int:
    """List the runs of this project, newest first."""
    place = workplace(base_of(config, workdir), workdir=workdir, store=store)
    opened = open_store(place.store)
    try:
        settle_dead_runs(opened, place.runs)
        found = list(opened.runs(limit=limit))
    finally:
        opened.close()
    if json:
        typer.echo(jsonlib.dumps([_as_json(summary) for summary in found], indent=1))
        return ExitCode.OK
    table = Table("run", "suite", "started (UTC)", "state", "divergent", "tests", "exit")
    for summary in found:
        totals = summary.totals
        table.add_row(
            summary.id,
            summary.suite,
            f"{summary.started_at:%Y-%m-%d %H:%M}",
            summary.state.value,
            str(totals.divergent) if totals else "",
            str(totals.tests) if totals else "",
            "" if summary.exit is None else str(summary.exit),
        )
    console.results(color).print(table if found else "There is no run yet: start one with shadow run.")
    return ExitCode.OK


def rebuild(config: ConfigOption = None, workdir: WorkdirOption = None, store: StoreOption = None, color: ColourOption = Colour.AUTO) -> int:
    """Make the store again from the bundles: after it was lost, or to move to another database."""
    place = workplace(base_of(config, workdir), workdir=workdir, store=store)
    remarks = console.remarks(color)
    failed: list[BundleError] = []
    opened = open_store(place.store)
    try:
        count = rebuild_store(opened, place.runs, failed=failed.append)
    finally:
        opened.close()
    for error in failed:
        remarks.print(f"left out: {error}", markup=False, soft_wrap=True)
    console.results(color).print(f"{count} runs are in the store again.")
    return ExitCode.INFRASTRUCTURE if failed else ExitCode.OK


def gc(
    config: ConfigOption = None,
    workdir: WorkdirOption = None,
    store: StoreOption = None,
    json: JsonFlag = False,  # noqa: FBT002
    color: ColourOption = Colour.AUTO,
) -> int:
    """Remove what runs that died left behind: containers, networks and volumes with this tool's labels, and nothing else."""
    place = workplace(base_of(config, workdir), workdir=workdir, store=store)
    opened = open_store(place.store)
    try:
        dead = settle_dead_runs(opened, place.runs)
    finally:
        opened.close()
    answer: dict[str, Any] = {"runs_marked_incomplete": list(dead)}
    try:
        answer.update(sweep(place))
    except InfrastructureError as error:
        if shutil.which("docker") or shutil.which("dockerd"):
            raise
        answer["docker"] = error.found
    if json:
        typer.echo(jsonlib.dumps(answer, indent=1))
    else:
        out = console.results(color)
        for name, value in answer.items():
            shown = ", ".join(map(str, value)) or "none" if isinstance(value, list | tuple) else str(value)
            out.print(f"{name.replace('_', ' ')}: {shown}", markup=False)
    return ExitCode.OK


def _as_json(summary: RunSummary) -> dict[str, Any]:
    totals = summary.totals
    return {
        "id": summary.id,
        "suite": summary.suite,
        "started_at": summary.started_at.isoformat(),
        "finished_at": summary.finished_at.isoformat() if summary.finished_at else None,
        "state": summary.state.value,
        "exit": summary.exit,
        "totals": {name: getattr(totals, name) for name in totals.__slots__} if totals else None,
    }
