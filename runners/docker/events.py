"""The engine's events about one project, followed by a thread of their own: which container died, and of what."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from runners.docker.engine import ENGINE_ERRORS, connect
from runners.docker.override import RUNNER_SERVICE
from runners.docker.ownership import PROJECT
from runners.docker.services import SERVICE_LABEL

if TYPE_CHECKING:
    from collections.abc import Mapping


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
        self._seen: list[ContainerEvent] = []
        self._changed = threading.Condition()
        self._closing = False
        self._lost = False
        self._client = connect()
        self._stream: Any = None
        self._thread = threading.Thread(target=self._follow, name=f"events of {project}", daemon=True)

    def start(self) -> Self:
        """Begin to follow; returns once the engine has accepted, so that nothing after this is missed."""
        filters = {"type": "container", "event": ["die", "oom"], "label": f"{PROJECT}={self.project}"}
        self._client.api.timeout = None  # type: ignore[assignment]  # no event for hours is no fault
        self._stream = self._client.api.events(decode=True, filters=filters)
        self._thread.start()
        return self

    def close(self) -> None:
        """End the thread. Safe to call twice."""
        self._closing = True
        if self._stream is not None:
            try:
                self._stream.close()
            except (OSError, AttributeError, *ENGINE_ERRORS):
                pass  # the connection had ended already
            self._thread.join(timeout=5)
        self._client.close()

    @property
    def lost(self) -> bool:
        """Whether the engine ended the stream: it is gone, or restarts."""
        return self._lost

    def of(self, container: str) -> tuple[ContainerEvent, ...]:
        """The events of one container so far."""
        with self._changed:
            return tuple(event for event in self._seen if event.container == container)

    def of_services(self) -> tuple[ContainerEvent, ...]:
        """The events of the services so far; the runner's are not among them."""
        with self._changed:
            return tuple(event for event in self._seen if event.service != RUNNER_SERVICE)

    def wait_for_death(self, container: str, seconds: float) -> ContainerEvent | None:
        """The death of this container, or None if it does not come within this time, or the stream is lost."""
        deadline = time.monotonic() + seconds
        with self._changed:
            while True:
                for event in self._seen:
                    if event.container == container and event.action == "die":
                        return event
                left = deadline - time.monotonic()
                if left <= 0 or self._lost:
                    return None
                self._changed.wait(left)

    def _follow(self) -> None:
        try:
            for event in self._stream:
                with self._changed:
                    self._seen.append(_event(event))
                    self._changed.notify_all()
        except (OSError, ValueError, AttributeError, *ENGINE_ERRORS):
            pass  # the stream has ended; whether that is a fault is decided below
        with self._changed:
            self._lost = not self._closing
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
