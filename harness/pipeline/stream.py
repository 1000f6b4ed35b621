"""Events on their way from the threads that work to the main thread, which hands them on."""

from __future__ import annotations

import queue
import threading
from enum import Enum, auto
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.pipeline.events import Event

_MOST = 2_000


class _Mark(Enum):
    END = auto()
    INTERRUPT = auto()


class EventStream:
    """A bounded queue of events: whoever puts waits where the reader is behind, so that memory does not grow with the suite."""

    def __init__(self) -> None:
        # A SimpleQueue may be put into by a signal handler, which a bounded Queue may not: the bound is kept beside it.
        self._queue: queue.SimpleQueue[Event | _Mark] = queue.SimpleQueue()
        self._room = threading.Semaphore(_MOST)

    def put(self, event: Event) -> None:
        """Add an event; waits for room."""
        self._room.acquire()
        self._queue.put(event)

    def end(self) -> None:
        """The step that puts events is over."""
        self._queue.put(_Mark.END)

    def interrupt(self) -> None:
        """Make the reader stop; safe in a signal handler."""
        self._queue.put(_Mark.INTERRUPT)

    def step(self) -> Iterator[Event]:
        """The events until the end of the step. Raises KeyboardInterrupt where one was asked for."""
        while (item := self._queue.get()) is not _Mark.END:
            if item is _Mark.INTERRUPT:
                raise KeyboardInterrupt
            self._room.release()
            yield item

    def rest(self) -> Iterator[Event]:
        """The events until the end of a step that is being given up; a further interrupt changes nothing."""
        while (item := self._queue.get()) is not _Mark.END:
            if item is not _Mark.INTERRUPT:
                self._room.release()
                yield item
