"""Reading the suite's source while tests are rerun one side after the other, which leaves a core idle."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from harness.pipeline.thread import InThread

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.model import SourceEvidence
    from harness.pipeline.sources.reading import Surveyed


@dataclass(slots=True)
class Ahead:
    """A reading in a thread of its own, and the `tests` that it was begun for."""

    tests: Surveyed | None = None
    _work: InThread | None = None
    _found: SourceEvidence | None = field(default=None, repr=False)
    _left: threading.Event = field(default_factory=threading.Event)

    @property
    def is_left(self) -> bool:
        """Whether nobody waits for it any more."""
        return self._left.is_set()

    def begin(self, tests: Surveyed, read: Callable[[Surveyed], SourceEvidence]) -> None:
        """Begin to read for these tests. Call it once."""

        def read_ahead() -> None:
            self._found = read(tests)

        self.tests = tests
        self._work = InThread(read_ahead, done=lambda: None)

    def result(self) -> SourceEvidence | None:
        """What was found, once the reading is over; None where none was begun, or it did not come to its end."""
        if self._work is not None:
            self._work.wait()
        return self._found

    def leave(self) -> None:
        """End the reading."""
        self._left.set()
        if self._work is not None:
            self._work.wait()
