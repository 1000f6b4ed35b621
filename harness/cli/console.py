"""The two consoles: results on stdout, progress and remarks on stderr."""

from __future__ import annotations

import os
import sys

from rich.console import Console

from harness.cli.options import Colour


def results(colour: Colour) -> Console:
    """The console of results."""
    return _console(colour, stderr=False)


def remarks(colour: Colour) -> Console:
    """The console of progress, warnings and hints."""
    return _console(colour, stderr=True)


def _console(colour: Colour, *, stderr: bool) -> Console:
    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() or "COLUMNS" in os.environ else 120
    return Console(
        stderr=stderr,
        highlight=False,
        width=width,
        force_terminal=True if colour is Colour.ALWAYS else None,
        no_color=True if colour is Colour.NEVER else None,
    )
