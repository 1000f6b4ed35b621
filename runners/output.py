"""What a command printed, as far as it may be shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runners.probe.shadow_harness_shapes import shape_message

if TYPE_CHECKING:
    from runners.supervised import Ended

_LINES = 12


def last_lines(ended: Ended) -> str:
    """The last lines that a command printed, with every value taken out, as part of a message."""
    lines = [line.strip() for line in ended.output.splitlines() if line.strip()]
    redacted = "\n".join(shape_message(line) for line in lines[-_LINES:])
    return f"Its last lines, redacted:\n{redacted}" if redacted else "It printed nothing."
