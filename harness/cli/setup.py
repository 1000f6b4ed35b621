"""`shadow init | doctor | config`: getting started."""

from __future__ import annotations

import json as jsonlib
import platform
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from harness import __version__
from harness.cli import console
from harness.cli.options import Colour, ColourOption, ConfigOption, JsonFlag
from harness.config import FILE_NAME, example, json_schema, load
from harness.errors import ExitCode, ShadowError, UsageError
from harness.model import Side
from harness.pipeline import check_environment

if TYPE_CHECKING:
    from harness.config import Config


@dataclass(frozen=True, slots=True, kw_only=True)
class _Check:
    """One thing that doctor looked at: `fault` is None where it is fine."""

    name: str
    answer: str
    fault: ShadowError | None = None


def init(
    folder: Annotated[Path, typer.Argument(help="The project; default: here.")] = Path(),
    name: Annotated[Optional[str], typer.Option("--name", help="Name of the suite; default: the folder's name.")] = None,  # noqa: UP045
    force: Annotated[bool, typer.Option("--force", help="Replace a configuration that is there.")] = False,  # noqa: FBT002
) -> int:
    """Write a commented shadow.toml to start from."""
    target = folder.resolve() / FILE_NAME
    if target.exists() and not force:
        raise UsageError("there is a configuration already", where=str(target), hint="Edit it, or replace it with --force.")
    try:
        target.write_text(example(name or folder.resolve().name or "suite", "."), encoding="utf-8")
    except OSError as error:
        raise UsageError(f"the configuration cannot be written: {error.strerror}", where=str(target)) from None
    typer.echo(f"wrote {target}")
    typer.echo("next: name both environments in it, then: shadow doctor && shadow run")
    return ExitCode.OK


def config(
    schema: Annotated[bool, typer.Option("--schema", help="Print the JSON Schema of shadow.toml.")] = False,  # noqa: FBT002
    path: ConfigOption = None,
) -> int:
    """Print the JSON Schema of the configuration, or say which file is used and whether it is right."""
    if schema:
        typer.echo(jsonlib.dumps(json_schema(), indent=2))
        return ExitCode.OK
    loaded = load(path)
    typer.echo(f"{loaded.path}: fine")
    return ExitCode.OK


def doctor(config: ConfigOption = None, json: JsonFlag = False, color: ColourOption = Colour.AUTO) -> int:  # noqa: FBT002
    """Look, without starting anything, whether a run can work here, and say what to do where it cannot."""
    checks = [_Check(name="shadow", answer=f"{__version__}, Python {platform.python_version()}")]
    try:
        loaded = load(config)
        checks.append(_Check(name="configuration", answer=str(loaded.path)))
        checks += [_environment(loaded, side) for side in Side]
    except ShadowError as error:
        checks.append(_Check(name="configuration", answer=error.found, fault=error))
    faults = [check.fault for check in checks if check.fault]
    if json:
        rows = [{"check": c.name, "ok": c.fault is None, "answer": c.answer, "hint": c.fault.hint if c.fault else None} for c in checks]
        typer.echo(jsonlib.dumps(rows, indent=1))
    else:
        out = console.results(color)
        for check in checks:
            out.print(f"[{'red' if check.fault else 'green'}]{'no ' if check.fault else 'ok '}[/] ", end="")
            out.print(f"{check.name}: {check.fault or check.answer}", markup=False, soft_wrap=True)
    return max((fault.exit_code for fault in faults), default=ExitCode.OK)


def _environment(loaded: Config, side: Side) -> _Check:
    name = f"environment {side}"
    try:
        return _Check(name=name, answer=check_environment(loaded, side))
    except ShadowError as error:
        return _Check(name=name, answer=error.found, fault=error)
