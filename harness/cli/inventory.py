"""`shadow inventory`: entries for the scenario inventory, of scenarios that only the production copy shows."""

from __future__ import annotations

import json as jsonlib
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Optional

import typer

from harness.cli import console
from harness.cli.compare import recorded_bundle
from harness.cli.options import Colour, ColourOption, ConfigOption, JsonFlag, WorkdirOption
from harness.cli.project import base_of
from harness.errors import ExitCode
from harness.pipeline import workplace
from harness.pipeline.suggestions.asking import inventory_of
from harness.report.inventory import add_to_inventory, inventory_text


def inventory(
    run: Annotated[Optional[str], typer.Option("--run", metavar="RUN", help="Run id; default: the newest finished run.")] = None,  # noqa: UP045
    out: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option("--out", metavar="FILE", help="Append to this inventory what it lacks: TOML, or Markdown where the name ends in .md."),
    ] = None,
    config: ConfigOption = None,
    workdir: WorkdirOption = None,
    json: JsonFlag = False,  # noqa: FBT002
    color: ColourOption = Colour.AUTO,
) -> int:
    """Print an inventory entry for each scenario that divergent tests with the remedy document_scenario need.

    Exit codes: 0 fine, whether there are entries or not; 2 usage.
    """
    place = workplace(base_of(config, workdir), workdir=workdir)
    _, bundle = recorded_bundle(place, run)
    found = inventory_of(bundle)
    entries, unlooked = found.entries, found.unlooked
    if unlooked is not None:
        console.remarks(color).print(f"warning: {unlooked.found}\n  {unlooked.hint}", markup=False, soft_wrap=True)
    added = add_to_inventory(entries, out) if out is not None else ()
    if json:
        told = {"entries": [asdict(entry) for entry in entries], "added": [entry.id for entry in added]}
        typer.echo(jsonlib.dumps({**told, "unlooked": unlooked.found if unlooked is not None else None}, indent=1))
    elif out is not None:
        console.results(color).print(f"{out}: {len(added)} of {len(entries)} entries added, the others are there", markup=False, soft_wrap=True)
    elif entries:
        typer.echo(inventory_text(entries, markdown=False), nl=False)
    elif unlooked is None:
        console.results(color).print("no divergent test of this run has the remedy document_scenario", markup=False, soft_wrap=True)
    return ExitCode.OK
