"""Where the suite is while something happens: a companion of shadow_harness_deep and shadow_harness_count (docs/deep.md).

It runs in the user's test process: Python 3.8 or newer and the standard library alone. PYTEST_DONT_REWRITE
"""

# Frames are the interpreter's, hence Any.
# ruff: noqa: ANN401

from __future__ import annotations

import contextlib
import sys
import threading
from typing import TYPE_CHECKING, Any, Generator, List, Tuple

if TYPE_CHECKING:
    from runners.probe.shadow_harness_deep_source import Files

MOST_FRAMES = 8  # of one statement or request
MOST_DEPTH = 400  # of the stack that is searched for them
_NEAR = 40  # frames that are looked at without a generator: the suite is nearly always among them

Places = Tuple["List[Any] | None", List[List[Any]]]
"""The innermost line of the suite's own files, and the lines of all files under the root, innermost first."""


class Whereabouts:
    """Where the suite is, as seen from what it called."""

    def __init__(self, files: Files) -> None:
        self._files = files
        self._lent = threading.local()

    def frames(self, depth: int = 2) -> Places:
        """Where the suite is. `depth` is how many calls lie between this one and the first frame to look at, itself included."""
        own: List[Any] | None = None
        through: List[List[Any]] = []
        for frame in _stack(sys._getframe(depth)):  # noqa: SLF001 it is how frames are had
            filename = frame.f_code.co_filename
            found = self._files.of_code(filename)
            if found is None:
                if own is not None and "_pytest" in filename:
                    break  # behind it lies nothing of the suite's
                continue
            place = [found[0], frame.f_lineno]
            if own is None and found[1]:
                own = place
            if len(through) < MOST_FRAMES and place not in through:
                through.append(place)
            elif own is not None:
                break
        if own is None and not through:
            lent: Places = getattr(self._lent, "places", (None, []))
            return lent
        return own, through

    def innermost(self, depth: int = 2) -> Tuple[str, int] | None:
        """The innermost line of the suite's own files alone, which costs less."""
        of_code = self._files.of_code
        first: Any = sys._getframe(depth)  # noqa: SLF001 it is how frames are had
        frame = first
        for _ in range(_NEAR):
            found = of_code(frame.f_code.co_filename)
            if found is not None and found[1]:
                return found[0], frame.f_lineno
            frame = frame.f_back
            if frame is None:
                break
        for frame in _stack(first):
            found = of_code(frame.f_code.co_filename)
            if found is not None and found[1]:
                return found[0], frame.f_lineno
        own = getattr(self._lent, "places", (None, []))[0]
        return None if own is None else (own[0], own[1])

    @contextlib.contextmanager
    def lent(self, places: Places) -> Generator[None, None, None]:
        """In a thread that works for the suite: where the suite is meanwhile."""
        self._lent.places = places
        try:
            yield
        finally:
            del self._lent.places


def _stack(frame: Any) -> Generator[Any, None, None]:
    """The frames from here outwards, across greenlets, in which SQLAlchemy runs what is asynchronous."""
    left = MOST_DEPTH
    while frame is not None and left:
        yield frame
        frame, left = frame.f_back, left - 1
    greenlet = sys.modules.get("greenlet")
    if greenlet is not None and left:
        parent = greenlet.getcurrent().parent
        while parent is not None and left:
            frame = parent.gr_frame
            while frame is not None and left:
                yield frame
                frame, left = frame.f_back, left - 1
            parent = parent.parent
