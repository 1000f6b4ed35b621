"""`shadow runs | serve | gc | store rebuild`: looking at and after what was recorded."""

from __future__ import annotations

import json as jsonlib
import shutil
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any, Optional

import typer
from rich.table import Table

from harness.cli import console
from harness.cli.options import Colour, ColourOption, ConfigOption, JsonFlag, StoreOption, WorkdirOption
from harness.cli.project import base_of
from harness.errors import ExitCode, InfrastructureError, UsageError
from harness.pipeline import rebuild as rebuild_store
from harness.pipeline import remove_old_runs, settle_dead_runs, sweep, workplace
from harness.pipeline.searching import searched_by_value
from harness.store import open_store

if TYPE_CHECKING:
    from harness.errors import BundleError
    from harness.model import RunSummary
    from harness.pipeline import Workplace


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
        serve_pages(searched_by_value(opened, place.workdir), host=host, port=port, allow=tuple(allow_host or ()))
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
    keep_runs: Annotated[
        Optional[int],  # noqa: UP045
        typer.Option("--keep-runs", metavar="N", help="Also remove old runs: all but the newest N of each suite.", min=1),
    ] = None,
    since: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option("--since", metavar="DATE", help="Also remove old runs: those that started before this day or time (UTC)."),
    ] = None,
    json: JsonFlag = False,  # noqa: FBT002
    color: ColourOption = Colour.AUTO,
) -> int:
    """Remove what runs that died left behind: containers, networks and volumes with this tool's labels, and nothing else.

    Runs are removed only where --keep-runs or --since says so. Their divergences keep their history, and links to them say what was there.
    """
    first = _first_day(keep_runs, since)
    place = workplace(base_of(config, workdir), workdir=workdir, store=store)
    answer: dict[str, Any] = {}
    opened = open_store(place.store)
    try:
        answer["runs_marked_incomplete"] = list(settle_dead_runs(opened, place.runs))
        if keep_runs is not None or first is not None:
            removed = remove_old_runs(opened, place.runs, keep_runs=keep_runs, since=first)
            answer["runs_removed"] = [stone.run_id for stone in removed.tombstones]
            answer["bundles_not_in_store"] = list(removed.unknown)
    finally:
        opened.close()
    fault = _swept(answer, place)
    if json:
        typer.echo(jsonlib.dumps(answer, indent=1))
    else:
        _print_answer(answer, color)
    if answer.get("bundles_not_in_store"):
        hint = "Bundles that the store does not know were left alone. To have them counted: shadow store rebuild, then shadow gc again."
        console.remarks(color).print(hint, markup=False, soft_wrap=True)
    if fault is not None:
        raise fault
    return ExitCode.OK


def _first_day(keep_runs: int | None, since: str | None) -> datetime | None:
    """From when runs are kept; None where no date says so. Raises UsageError."""
    if since is None:
        return None
    if keep_runs is not None:
        raise UsageError("two bounds are given", where="--keep-runs and --since", expected="one of them")
    try:
        found = datetime.fromisoformat(since)
    except ValueError:
        expected = "a day or a time as in 2026-11-01 or 2026-11-01T02:30:00+01:00; without a zone it is UTC"
        raise UsageError(f"{since!r} is no date", where="--since", expected=expected) from None
    return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)


def _swept(answer: dict[str, Any], place: Workplace) -> InfrastructureError | None:
    """Sweep the engine and put down what that removed. A fault is returned, so that what was done before it is told first."""
    try:
        answer.update(sweep(place))
    except InfrastructureError as error:
        if shutil.which("docker") or shutil.which("dockerd"):
            return error
        answer["docker"] = error.found
    return None


def _print_answer(answer: dict[str, Any], colour: Colour) -> None:
    out = console.results(colour)
    for name, value in answer.items():
        shown = ", ".join(map(str, value)) or "none" if isinstance(value, list | tuple) else str(value)
        out.print(f"{name.replace('_', ' ')}: {shown}", markup=False, soft_wrap=True)


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
