"""`shadow demo`: the bundled sample, run on both sides."""

from __future__ import annotations

import shutil
import sys
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from harness.cli import console
from harness.cli.options import Colour, ColourOption, Outputs, VerboseOption
from harness.cli.run import follow, settle
from harness.config import load
from harness.errors import ExitCode, InstallationError, UsageError
from harness.pipeline import start_run, workplace
from harness.plan import Choices
from harness.report import print_summary
from harness.store import open_store

if TYPE_CHECKING:
    from harness.config import Config

SAMPLE = "sample"
"""Where the wheel keeps the sample, in the package `harness`; a checkout has it in compose/demo."""


def demo(
    into: Annotated[Path, typer.Option("--into", metavar="DIR", help="Folder for the sample and what its run records.")] = Path("shadow-demo"),
    serve: Annotated[bool, typer.Option("--serve", help="Open the dashboard on loopback when the run is done; Ctrl-C ends it.")] = False,  # noqa: FBT002
    port: Annotated[int, typer.Option("--port", help="Port of the dashboard.", min=0, max=65535)] = 8765,
    verbose: VerboseOption = False,  # noqa: FBT002
    color: ColourOption = Colour.AUTO,
) -> int:
    """Run a small sample suite against a simulated production copy and a synthetic twin, without Docker. Exit code 0 when that worked.

    The sample is copied into a folder, for you to read and change; its tests diverge on purpose.
    """
    folder = into.resolve()
    _lay_out(folder)
    config = _with_this_pytest(load(folder / "shadow.toml"))
    place = workplace(folder)
    settle(place)
    comparison = follow(start_run(config, Choices(), place), colour=color, verbose=verbose)
    outputs = Outputs(html=folder / "report.html", json=folder / "report.json")
    outputs.write(comparison)
    again = f"shadow serve --config {into / 'shadow.toml'}"
    where = [*outputs.lines(), f"sample: {folder}", f"dashboard: {again}"]
    print_summary(comparison, console.results(color), where=where)
    if comparison.exit not in {ExitCode.OK, ExitCode.DIVERGENT}:
        return comparison.exit
    if serve:
        from dashboard import serve as serve_pages  # noqa: PLC0415 - slow to import, and needed here alone

        opened = open_store(place.store)
        try:
            serve_pages(opened, port=port)
        finally:
            opened.close()
    return ExitCode.OK


def _lay_out(folder: Path) -> None:
    """Copy the sample where it is not yet; files that are there stay as their user left them. Raises UsageError and InstallationError."""
    if folder.exists() and any(folder.iterdir()) and not (folder / "shadow.toml").is_file():
        raise UsageError(
            "the folder holds something else", where=str(folder), expected="a new folder, or an earlier demo", hint="Give another one with --into."
        )
    try:
        source = _sample()
        for path in sorted(source.rglob("*")):
            target = folder / path.relative_to(source)
            if path.is_file() and not target.exists() and not {"__pycache__", ".shadow"} & set(path.parts):
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, target)
    except OSError as error:
        raise UsageError(f"the sample cannot be written: {error.strerror}", where=str(folder), hint="Give another folder with --into.") from None


def _with_this_pytest(config: Config) -> Config:
    """The sample needs pytest and SQLAlchemy: this program's own Python has both, whatever is on PATH."""
    suite = config.suite.model_copy(update={"command": (sys.executable, "-m", "pytest")})
    return config.model_copy(update={"suite": suite})


def _sample() -> Path:
    """The folder of the sample: of the wheel, or of the checkout that an editable installation points to."""
    packaged = Path(str(files("harness"))) / SAMPLE
    checkout = Path(str(files("harness"))).parent / "compose" / "demo"
    for folder in (packaged, checkout):
        if (folder / "shadow.toml").is_file():
            return folder
    raise InstallationError("the sample is not installed", where=str(packaged), hint="Install shadow-harness again.")
