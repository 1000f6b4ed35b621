"""The engine's events about one project, followed by a thread of their own: which container died, and of what."""

from __future__ import annotations

import contextlib
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from runners.docker import faults
from runners.docker.engine import ENGINE_ERRORS, connect
from runners.docker.override import RUNNER_SERVICE
from runners.docker.ownership import PROJECT
from runners.docker.services import SERVICE_LABEL

if TYPE_CHECKING:
    from collections.abc import Mapping

    from docker.types.daemon import CancellableStream

_AGAIN = 0.5  # seconds before a stream that ended is opened again
_CLOCKS_DIFFER = 60  # seconds by which the engine's clock may be behind


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerEvent:
    """A container `die`d (with an exit status) or had a process killed for lack of memory (`oom`)."""

    action: str
    container: str
    service: str
    exit_status: int | None


class ProjectEvents:
    """Follows `die` and `oom` of every container of a project, from `start` to `close`.

    On a control group of the first version the state of a container tells of memory only after its death; the event comes at once, and also
    where a process died and the container lives on.
    """

    def __init__(self, project: str) -> None:
        self.project = project
        self._seen: dict[int, ContainerEvent] = {}  # by the engine's time in nanoseconds, so that none counts twice
        self._changed = threading.Condition()
        self._closing = threading.Event()
        self._client = connect()
        self._client.api.timeout = None  # type: ignore[assignment]  # no event for hours is no fault
        self._stream: CancellableStream[dict[str, Any]] | None = None
        self._thread = threading.Thread(target=self._follow, name=f"events of {project}", daemon=True)

    def start(self) -> Self:
        """Begin to follow; returns once the engine has accepted, so that nothing after this is missed. Raises InfrastructureError."""
        try:
            self._stream = self._open(None)
        except ENGINE_ERRORS as error:
            self._client.close()
            raise faults.engine_gone(error) from None
        self._thread.start()
        return self

    def close(self) -> None:
        """End the thread. Safe to call twice."""
        self._closing.set()
        self._end_stream()
        self._thread.join(timeout=5)
        self._end_stream()  # it may just have been opened again
        self._client.close()

    def of(self, container: str) -> tuple[ContainerEvent, ...]:
        """The events of one container so far."""
        with self._changed:
            return tuple(event for event in self._seen.values() if event.container == container)

    def of_services(self) -> tuple[ContainerEvent, ...]:
        """The events of the services so far; the runner's are not among them."""
        with self._changed:
            return tuple(event for event in self._seen.values() if event.service != RUNNER_SERVICE)

    def wait_for_death(self, container: str, seconds: float) -> ContainerEvent | None:
        """The death of this container, or None if it does not come within this time."""
        deadline = time.monotonic() + seconds
        with self._changed:
            while True:
                for event in self._seen.values():
                    if event.container == container and event.action == "die":
                        return event
                if (left := deadline - time.monotonic()) <= 0:
                    return None
                self._changed.wait(left)

    def _open(self, since: int | None) -> CancellableStream[dict[str, Any]]:
        filters = {"type": "container", "event": ["die", "oom"], "label": f"{PROJECT}={self.project}"}
        return self._client.api.events(decode=True, filters=filters, since=since)

    def _end_stream(self) -> None:
        if self._stream is not None:
            with contextlib.suppress(OSError, AttributeError, *ENGINE_ERRORS):  # the connection may have ended already
                self._stream.close()

    def _follow(self) -> None:
        """Note what comes. A stream that ends before its time (a proxy, an engine that restarts) is opened again from where it ended."""
        since = int(time.time()) - _CLOCKS_DIFFER
        while not self._closing.is_set():
            with contextlib.suppress(OSError, ValueError, AttributeError, *ENGINE_ERRORS):
                for event in self._stream or ():
                    since = max(since, int(event.get("time", since)))
                    self._note(event)
            if self._closing.wait(_AGAIN):
                return
            with contextlib.suppress(*ENGINE_ERRORS):  # whether the engine is gone, who waits for a container finds out by asking it
                self._stream = self._open(since)

    def _note(self, event: Mapping[str, Any]) -> None:
        with self._changed:
            self._seen.setdefault(int(event.get("timeNano", len(self._seen))), _event(event))
            self._changed.notify_all()


def _event(event: Mapping[str, Any]) -> ContainerEvent:
    actor = event.get("Actor", {})
    attributes = actor.get("Attributes", {})
    exit_status = attributes.get("exitCode")
    return ContainerEvent(
        action=str(event.get("Action", "")),
        container=str(actor.get("ID", "")),
        service=str(attributes.get(SERVICE_LABEL, "")),
        exit_status=int(exit_status) if exit_status is not None else None,
    )
