"""The commands, by name."""

from __future__ import annotations

from typing import Annotated

import typer
from typer.exceptions import TyperException

from harness import __version__
from harness.cli.case import commands as case_commands
from harness.cli.compare import compare, report
from harness.cli.demo import demo
from harness.cli.index import index
from harness.cli.inventory import inventory
from harness.cli.maintenance import gc, rebuild, runs, serve
from harness.cli.patch import patch
from harness.cli.run import run
from harness.cli.scan import scan
from harness.cli.setup import config, doctor, init
from harness.errors import ExitCode, UsageError

_HELP = """One suite, two environments: a production copy and a synthetic one. Run both, see what diverges, and why.

Start with `shadow demo`; for a project of your own with `shadow init`."""


def app(arguments: list[str]) -> int:
    """Carry one command line out and return its exit code."""
    try:
        result = _typer()(arguments, standalone_mode=False, prog_name="shadow")
    except TyperException as error:
        if not error.format_message():  # no command at all: the help has been printed
            return ExitCode.USAGE
        context = getattr(error, "ctx", None)
        command = context.command_path if context else "shadow"
        raise UsageError(error.format_message(), where=command, hint=f"See: {command} --help") from None
    except typer.Abort:
        return ExitCode.INTERRUPTED
    return int(result or 0)


def _typer() -> typer.Typer:
    commands = typer.Typer(
        help=_HELP,
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,  # its tracebacks show local variables, which may hold legacy data
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    commands.callback()(_options)
    for command in (run, compare, index, scan, patch, inventory, report, runs, serve, demo, init, doctor, config, gc):
        commands.command(command.__name__)(command)
    store = typer.Typer(help="The store: a projection of bundles.", no_args_is_help=True)
    store.command("rebuild")(rebuild)
    commands.add_typer(store, name="store")
    commands.add_typer(case_commands(), name="case")
    return commands


def _show_version(asked: bool) -> None:  # noqa: FBT001 - typer calls it so
    if asked:
        typer.echo(f"shadow {__version__}")
        raise typer.Exit


def _options(
    version: Annotated[bool, typer.Option("--version", is_eager=True, callback=_show_version, help="Print the version.")] = False,  # noqa: FBT002
) -> None:
    """Hold the options of the program itself."""
