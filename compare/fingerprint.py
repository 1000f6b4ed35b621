"""The fingerprint of a failure: equal for failures that one change would mend."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harness.model import Attempt, Failure, Frame

ALGORITHM = "frame-1"
"""Name and version of the algorithm; it is part of every fingerprint, so that a new version never matches an old one by chance."""


def fingerprint(failure: Failure) -> str:
    """16 hexadecimal digits of the exception type, the message template and the innermost frame inside the suite (path and function, no line:
    an edit above it must not make a new failure).
    """
    frame = inner_frame(failure)
    return _of_failure(failure.type, failure.template, frame.path if frame else "", frame.function if frame else "")


def attempt_fingerprint(attempt: Attempt) -> str:
    """The fingerprint of an attempt's failure; where nothing of it was recorded (a dead worker), of its outcome."""
    return fingerprint(attempt.failure) if attempt.failure else digest(ALGORITHM, attempt.outcome.value)


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


@lru_cache(maxsize=65_536)  # a large suite that fails in many ways; each is asked for a few times
def _of_failure(kind: str, message: str, path: str, function: str) -> str:
    return digest(ALGORITHM, kind, message, path, function)
