"""`shadow scan`: real identifiers in the source of a suite, before they are committed. Shows where they stand, never what they are."""

from __future__ import annotations

import json as jsonlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Optional

import typer

from harness.cli import console
from harness.cli.options import Colour, ColourOption, ConfigOption, JsonFlag, SarifFile, WorkdirOption
from harness.config import load
from harness.config.document import find
from harness.errors import ConfigurationError, ExitCode, UsageError
from harness.evidence import project_key
from harness.pipeline.sources import Scan, require_extra, scan_paths
from harness.report import write_places_sarif

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from harness.evidence import ProjectKey
    from harness.pipeline.sources import FoundLiteral


@dataclass(frozen=True, slots=True, kw_only=True)
class _Project:
    """Where the suite, the index and the key of a scan are."""

    root: Path
    index: Path
    workdir: Path


def scan(
    paths: Annotated[Optional[list[Path]], typer.Argument(metavar="[PATHS]...", help="Files or folders of the suite; default: all of it.")] = None,  # noqa: UP045
    index: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option("--index", metavar="FILE", help="Another identity index; its project key is SHADOW_KEY, or the file `key` beside it."),
    ] = None,
    config: ConfigOption = None,
    workdir: WorkdirOption = None,
    json: JsonFlag = False,  # noqa: FBT002
    sarif: SarifFile = None,
    color: ColourOption = Colour.AUTO,
) -> int:
    """List the literals of the suite that name a record which only the production copy holds: by place, never by value.

    Nothing is run, and no database is read: `shadow index` made the index before. Exit codes: 0 none found, 1 some found, 2 usage. With file names as
    arguments it is quick enough for a pre-commit hook.
    """
    require_extra("shadow scan")
    project = _project(config, workdir, index)
    if not project.index.is_file():
        raise UsageError(
            "there is no identity index yet",
            where=str(project.index),
            hint="Make it with: shadow index. Where the databases cannot be reached, copy one there and name it with --index.",
        )
    chosen = _inside(paths or (), project.root, console.remarks(color))
    key = _key(project)
    result = Scan(found=(), files=0, unread=()) if paths and not chosen else scan_paths(project.root, chosen or None, project.index, key)
    if sarif is not None:
        write_places_sarif([one.coupling for one in result.found], sarif)
    if json:
        typer.echo(jsonlib.dumps(_as_json(result), indent=1))
    else:
        takes_stdout = str(sarif) == "-"
        _print(result, console.remarks(color) if takes_stdout else console.results(color))
    return ExitCode.DIVERGENT if result.found else ExitCode.OK


def _project(config: Path | None, workdir: Path | None, index: Path | None) -> _Project:
    """The suite is that of the configuration; with an index of its own a folder without a configuration will do. Raises ConfigurationError."""
    if index is not None:
        root = Path.cwd() if config is None and not _is_configured() else load(config).suite.root
        return _Project(root=root, index=index.resolve(), workdir=workdir or index.resolve().parent)
    loaded = load(config)
    folder = (workdir or loaded.base / ".shadow").resolve()
    return _Project(root=loaded.suite.root, index=folder / "index", workdir=folder)


def _is_configured() -> bool:
    try:
        find(Path.cwd())
    except ConfigurationError:
        return False
    return True


def _key(project: _Project) -> ProjectKey:
    """The key of the index. None is made here: an index that was made under another one answers nothing. Raises UsageError."""
    if "SHADOW_KEY" not in os.environ and not (project.workdir / "key").is_file():
        raise UsageError(
            "the project key of this identity index is not here",
            where=str(project.workdir / "key"),
            expected="the key under which the index was made: the variable SHADOW_KEY, or the file `key` of the work directory",
        )
    return project_key(project.workdir).of_probe()


def _inside(paths: Sequence[Path], root: Path, remarks: Console) -> list[Path]:
    """The paths as absolute ones below the suite's root. Others are passed over: a hook is handed whatever is committed."""
    absolute = [path.resolve() for path in paths]
    for path in absolute:
        if not path.exists():
            raise UsageError("there is no such file or folder", where=str(path), expected="files or folders of the suite")
    outside = sum(not path.is_relative_to(root.resolve()) for path in absolute)
    if outside:
        remarks.print(f"{outside} of {len(absolute)} paths lie outside the suite ({root}) and are passed over", markup=False, soft_wrap=True)
    return [root / path.relative_to(root.resolve()) for path in absolute if path.is_relative_to(root.resolve())]


def _print(result: Scan, out: Console) -> None:
    for one in result.found:
        at = one.coupling
        out.print(f"{at.path}:{at.line}:{at.column}: {at.entity} ({at.token}), {_chance(one)}", markup=False, soft_wrap=True)
    for path in result.unread:
        out.print(f"{path}: could not be read as Python", markup=False, soft_wrap=True)
    found = f"{len(result.found)} real identifiers" if len(result.found) != 1 else "1 real identifier"
    out.print(f"{found if result.found else 'no real identifier'} in {result.files} files", markup=False, soft_wrap=True)
    if result.found:
        out.print("do: take records from fixtures or queries instead; invented values for what only has to look right.", markup=False, soft_wrap=True)


def _chance(one: FoundLiteral) -> str:
    by_chance = f"1 in {round(2**one.bits):,} by chance" if one.bits < 40 else "never by chance"
    return f"{one.bits:.0f} bits of surprise: {by_chance}"


def _as_json(result: Scan) -> dict[str, Any]:
    return {
        "files": result.files,
        "unread": list(result.unread),
        "found": [
            {
                "path": one.coupling.path,
                "line": one.coupling.line,
                "column": one.coupling.column,
                "kind": one.coupling.kind.value,
                "entity": one.coupling.entity,
                "token": one.coupling.token,
                "source": one.source.value,
                "bits": round(one.bits, 1),
            }
            for one in result.found
        ],
    }
