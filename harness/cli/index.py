"""`shadow index`: which values name somebody in either dataset, as keyed fingerprints."""

from __future__ import annotations

import json as jsonlib
from typing import TYPE_CHECKING, Annotated, Any, Optional

import typer
from rich.table import Table

from harness.cli import console
from harness.cli.options import Colour, ColourOption, ConfigOption, JsonFlag, WorkdirOption
from harness.config import load
from harness.errors import ExitCode
from harness.evidence import project_key
from harness.pipeline import workplace
from harness.pipeline.sources import IndexPlace, databases, identity_index, require_extra

if TYPE_CHECKING:
    from pathlib import Path

    from rich.console import Console

    from harness.model.coupling import IdentifyingColumn, IndexSummary

_EVERY = 200_000
"""Rows of a table between two lines of progress."""


def index(
    config: ConfigOption = None,
    workdir: WorkdirOption = None,
    statement_timeout: Annotated[
        Optional[int],  # noqa: UP045 - typer reads it at run time
        typer.Option("--statement-timeout", metavar="SECONDS", help="The longest that a statement may take.", min=1),
    ] = None,
    rows_per_second: Annotated[
        Optional[int],  # noqa: UP045
        typer.Option("--rows-per-second", metavar="N", help="Read each database no faster than this: for a live copy that others use.", min=1),
    ] = None,
    json: JsonFlag = False,  # noqa: FBT002
    color: ColourOption = Colour.AUTO,
) -> int:
    """Make the identity index from both databases, which are only read, and print the columns that identify, each with the reason.

    The index holds keyed fingerprints, never a value. `shadow run` makes it by itself where the data has changed.
    """
    require_extra("shadow index")
    loaded = load(config)
    urls = databases(loaded)
    place = workplace(loaded.base, workdir=workdir)
    remarks = console.remarks(color)
    made = identity_index(
        loaded,
        urls,
        IndexPlace(path=place.index),
        key=project_key(place.workdir),
        reuse=False,
        statement_seconds=statement_timeout,
        rows_per_second=rows_per_second,
        progress=_Progress(remarks),
    )
    assert made.summary is not None, "an index that is not used again is made"  # noqa: S101
    if json:
        typer.echo(jsonlib.dumps(_as_json(made.path, made.summary), indent=1))
    else:
        _print(made.path, made.summary, console.results(color))
    return ExitCode.OK


class _Progress:
    """A line for each large table, now and then."""

    def __init__(self, out: Console) -> None:
        self._out = out
        self._said: dict[str, int] = {}

    def __call__(self, table: str, rows: int) -> None:
        if rows - self._said.get(table, 0) >= _EVERY:
            self._said[table] = rows
            self._out.print(f"{table}: {rows:,} rows read", markup=False, soft_wrap=True)


def _print(path: Path, summary: IndexSummary, out: Console) -> None:
    table = Table("column", "kind", "holds", "legacy only", "both", "shadow only", "because")
    for column in summary.columns:
        table.add_row(*_cells(column))
    out.print(table if summary.columns else "No column of the legacy database identifies anybody.")
    reference = sum(column.both for column in summary.columns)
    out.print(
        f"{summary.entries:,} entries from {summary.rows:,} rows; {reference:,} values are on both sides: reference data, which couples nothing."
    )
    for missing in summary.unread:
        out.print(f"not read: {missing}", markup=False, soft_wrap=True)
    out.print(f"index: {path}", markup=False, soft_wrap=True)
    out.print("To correct the list, name columns in [coupling]: entities = [...] adds, ignore = [...] leaves out.", markup=False, soft_wrap=True)


def _cells(column: IdentifyingColumn) -> tuple[str, ...]:
    counts = (column.legacy_only, column.both, column.shadow_only)
    shown = ("", "", "") if column.covered_by else tuple(f"{count:,}" for count in counts)
    because = f"{column.reason}; its values stand under {column.covered_by}" if column.covered_by else column.reason
    return (column.entity, column.kind.value.replace("_", " "), column.content.replace("_", " "), *shown, because)


def _as_json(path: Path, summary: IndexSummary) -> dict[str, Any]:
    return {
        "index": str(path),
        "entries": summary.entries,
        "rows": summary.rows,
        "columns": [
            {
                "entity": column.entity,
                "kind": column.kind.value,
                "content": column.content,
                "reason": column.reason,
                "covered_by": column.covered_by,
                "legacy_only": column.legacy_only,
                "both": column.both,
                "shadow_only": column.shadow_only,
            }
            for column in summary.columns
        ],
        "unread": list(summary.unread),
    }
