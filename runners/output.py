"""What a command printed, as far as it may be shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runners.redaction import last_lines as redacted_lines

if TYPE_CHECKING:
    from runners.redaction import Redaction
    from runners.supervised import Ended

_LINES = 12


def last_lines(ended: Ended, redaction: Redaction) -> str:
    """The last lines that a command printed, redacted, as part of a message."""
    redacted = redacted_lines(ended.output, redaction, lines=_LINES)
    return f"Its last lines, redacted:\n{redacted}" if redacted else "It printed nothing."
