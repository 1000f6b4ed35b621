"""How errors look on the terminal."""

from __future__ import annotations

import logging
import sys
import threading
import traceback
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import TracebackType
    from typing import TextIO

    from harness.errors import ShadowError

_PACKAGES = Path(__file__).resolve().parents[2]


def show_error(error: ShadowError) -> None:
    """All parts of an error on stderr: what, where, what was expected, what to do, and its page."""
    sys.stderr.write(f"error: {error}\n".encode("utf-8", "backslashreplace").decode("utf-8"))


def show_internal_error(error: BaseException) -> None:
    """A fault of the harness itself: its type and where it arose. The message of an exception is left out: it may hold values."""
    _show(type(error).__name__, error.__traceback__)


def tell_no_values() -> None:
    """Keep Python from printing what may hold values: messages of exceptions that nobody catches, in any thread, texts of warnings, and what
    libraries log where nobody asked for it. Where it happened is printed all the same.
    """
    sys.excepthook = lambda kind, _, places: _show(kind.__name__, places)
    threading.excepthook = lambda told: _show(told.exc_type.__name__, told.exc_traceback)
    sys.unraisablehook = lambda told: _show(told.exc_type.__name__, told.exc_traceback)
    warnings.showwarning = _show_warning
    logging.lastResort = None
    logging.raiseExceptions = False


def _show_warning(
    message: Warning | str,  # noqa: ARG001 - it may hold values
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,  # noqa: ARG001 - of the function that this stands in for
    line: str | None = None,  # noqa: ARG001 - the same
) -> None:
    sys.stderr.write(f"warning: {category.__name__} at {_inside(filename)}:{lineno}\n")


def _show(kind: str, places: TracebackType | None) -> None:
    lines = ["internal error: " + kind]
    lines += [f"  at {_inside(frame.filename)}:{frame.lineno} in {frame.name}" for frame in traceback.extract_tb(places)]
    lines.append("  do: report this with the lines above; they hold no value of your data.")
    lines.append("  [internal]")
    sys.stderr.write("\n".join(lines) + "\n")


def _inside(filename: str) -> Path:
    path = Path(filename)
    return path.relative_to(_PACKAGES) if path.is_relative_to(_PACKAGES) else Path(path.name)
