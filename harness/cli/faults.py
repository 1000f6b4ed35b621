"""How errors look on the terminal."""

from __future__ import annotations

import sys
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harness.errors import ShadowError

_PACKAGES = Path(__file__).resolve().parents[2]


def show_error(error: ShadowError) -> None:
    """All parts of an error on stderr: what, where, what was expected, what to do, and its page."""
    sys.stderr.write(f"error: {error}\n".encode("utf-8", "backslashreplace").decode("utf-8"))


def show_internal_error(error: Exception) -> None:
    """A fault of the harness itself: its type and where it arose. The message of an exception is left out: it may hold values."""
    lines = ["internal error: " + type(error).__name__]
    for frame in traceback.extract_tb(error.__traceback__):
        path = Path(frame.filename)
        inside = path.relative_to(_PACKAGES) if path.is_relative_to(_PACKAGES) else Path(path.name)
        lines.append(f"  at {inside}:{frame.lineno} in {frame.name}")
    lines.append("  do: report this with the lines above; they hold no value of your data.")
    lines.append("  [internal]")
    sys.stderr.write("\n".join(lines) + "\n")
