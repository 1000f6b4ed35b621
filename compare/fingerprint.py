"""The fingerprint of a failure: equal for failures that one change would mend."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harness.model import Failure, Frame

ALGORITHM = "frame-1"
"""Name and version of the algorithm; it is part of every fingerprint, so that a new version never matches an old one by chance."""


def fingerprint(failure: Failure) -> str:
    """16 hexadecimal digits of the exception type, the message template and the innermost frame inside the suite (path and function, no line:
    an edit above it must not make a new failure).
    """
    frame = inner_frame(failure)
    place = (frame.path, frame.function) if frame else ("", "")
    return digest(ALGORITHM, failure.type, failure.message, *place)


def inner_frame(failure: Failure) -> Frame | None:
    """The innermost frame inside the suite, None where the failure shows none."""
    return failure.frames[-1] if failure.frames else None


def digest(*parts: str) -> str:
    """16 hexadecimal digits that stand for these texts in this order."""
    hashed = hashlib.sha256()
    for part in parts:
        encoded = part.encode("utf-8", "surrogatepass")
        hashed.update(len(encoded).to_bytes(8, "big") + encoded)
    return hashed.hexdigest()[:16]
