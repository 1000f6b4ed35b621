"""One session's container: made after the template that Compose created, followed through the engine's events, removed with all that ran in it."""

from __future__ import annotations

import contextlib
import os
import stat
import time
from typing import TYPE_CHECKING, Any, Self

from docker.errors import APIError, ImageNotFound, NotFound

from runners.docker import faults
from runners.docker.engine import ENGINE_ERRORS, connect, inspect, remove_container
from runners.docker.override import RUNNER_SERVICE
from runners.docker.ownership import PROJECT
from runners.docker.services import SERVICE_LABEL, last_output, service_states
from runners.supervised import Ended

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from docker import DockerClient

    from runners.docker.events import ProjectEvents
    from runners.redaction import Redaction

PROBE_LINES = "session.jsonl"
"""The probe's file in a session's folder."""

_ONE_OFF = "com.docker.compose.oneoff"
_SIGNALLED = 128  # an exit status above this is a signal's number plus this
_LOOK_AGAIN = 2.0  # seconds between looks at the container itself, should an event be lost
_CHUNK = 1 << 20


class SessionContainer:
    """A running container of the runner's service. Use as a context: leaving it kills and removes the container.

    It has the face of `runners.supervised.Supervised`, so that the same code follows both. What the probe writes into `lines` is copied to
    `output` as it comes, in complete lines: nothing that a test does in its container can reach what was copied before.
    """

    def __init__(
        self, command: Sequence[str], variables: Mapping[str, str], redaction: Redaction, *, events: ProjectEvents, lines: Path, output: Path
    ) -> None:
        self._events = events
        self._redaction = redaction
        self._client = connect()
        self._copy = LineCopy(lines, output)
        self._looked = time.monotonic()
        self._judged = 0
        self.out_of_memory = False
        try:
            self.id = _create(self._client, events.project, command, variables)
        except BaseException:
            self._client.close()
            raise

    def __enter__(self) -> Self:
        try:
            self._client.api.start(self.id)
        except ENGINE_ERRORS as error:
            self.__exit__()
            raise faults.compose_failed("run", str(error)) from None
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(*ENGINE_ERRORS):  # an engine that is gone: the next sweep removes it
            remove_container(self._client, self.id)
        self._client.close()
        self._copy.close()

    def wait(self, seconds: float) -> Ended | None:
        """How it ended, or None if it has not within this time. Raises InfrastructureError where a service died, or the engine."""
        death = self._events.wait_for_death(self.id, seconds)
        ended = self._ended() if death is not None or self._time_to_look() else None
        self._copy.more()
        if ended is None:
            self._raise_for_services()
        return ended

    def stop(self) -> None:
        """Kill everything in the container. Safe from any thread and more than once."""
        with contextlib.suppress(*ENGINE_ERRORS):
            self._client.api.kill(self.id)

    def _time_to_look(self) -> bool:
        if time.monotonic() - self._looked < _LOOK_AGAIN:
            return False
        self._looked = time.monotonic()
        return True

    def _ended(self) -> Ended | None:
        try:
            detail = inspect(self._client, self.id)
        except ENGINE_ERRORS as error:
            raise faults.engine_gone(error) from None
        if detail is None:
            raise faults.runner_removed()
        state = detail["State"]
        if state["Status"] not in {"exited", "dead"}:
            return None
        self.out_of_memory = bool(state.get("OOMKilled")) or any(event.action == "oom" for event in self._events.of(self.id))
        status = int(state["ExitCode"])
        number = status - _SIGNALLED if status > _SIGNALLED else None
        return Ended(exit_status=None if number else status, signal=number, output=last_output(self._client, self.id))

    def _raise_for_services(self) -> None:
        """A service that dies while tests run is no outcome of a test. One without a health check that ends well has done its work."""
        events = self._events.of_services()
        if len(events) == self._judged:
            return
        self._judged = len(events)
        if hungry := [event for event in events if event.action == "oom"]:
            raise faults.service_out_of_memory(hungry[0].service)
        states = {state.container: state for state in service_states(self._client, self._events.project)}
        for event in events:
            state = states.get(event.container)
            if state is not None and (event.exit_status or state.health is not None):
                raise faults.ended_early(state.service, event.exit_status, self._redaction, output=last_output(self._client, state.container))


class LineCopy:
    """Copies complete lines from a file that a container writes to one that only the harness writes.

    The source is opened once it is there, and only where it is a plain file: a test could put a link or a pipe in its place.
    """

    def __init__(self, source: Path, target: Path) -> None:
        self._source = source
        self._target = target
        self._descriptor: int | None = None
        self._rest = b""

    def more(self) -> None:
        """Copy what was added since the last call."""
        if self._descriptor is None:
            self._descriptor = self._open()
        if self._descriptor is None:
            return
        with self._target.open("ab") as target:
            while chunk := os.read(self._descriptor, _CHUNK):
                whole, newline, self._rest = (self._rest + chunk).rpartition(b"\n")
                target.write(whole + newline)

    def close(self) -> None:
        """Release the source."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _open(self) -> int | None:
        try:
            descriptor = os.open(self._source, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError:
            return None
        if stat.S_ISREG(os.fstat(descriptor).st_mode):
            return descriptor
        os.close(descriptor)
        return None


def _create(client: DockerClient, project: str, command: Sequence[str], variables: Mapping[str, str]) -> str:
    """A container like the template, with a command and variables of its own, on the same networks."""
    try:
        template = _template(client, project)
        config = dict(template["Config"])
        config.pop("Hostname", None)
        config["Entrypoint"] = []
        config["Cmd"] = list(command)
        config["Env"] = [f"{name}={value}" for name, value in merged_variables(config.get("Env") or (), variables).items()]
        config["Labels"] = {**(config.get("Labels") or {}), _ONE_OFF: "True"}
        first, *others = sorted(template["NetworkSettings"]["Networks"])
        config["HostConfig"] = {**template["HostConfig"], "NetworkMode": first}
        config["NetworkingConfig"] = {"EndpointsConfig": {first: {}}}
        container = str(client.api.create_container_from_config(config)["Id"])  # type: ignore[no-untyped-call]  # its stub says nothing
        for network in others:
            client.api.connect_container_to_network(container, network)
    except ImageNotFound:
        raise faults.image_missing(("the runner's image",), detail="it was removed during the run") from None
    except (NotFound, APIError) as error:
        raise faults.compose_failed("run", str(error)) from None
    except ENGINE_ERRORS as error:
        raise faults.engine_gone(error) from None
    return container


def _template(client: DockerClient, project: str) -> Mapping[str, Any]:
    found = client.api.containers(all=True, filters={"label": [f"{PROJECT}={project}", f"{SERVICE_LABEL}={RUNNER_SERVICE}", f"{_ONE_OFF}=False"]})
    detail = inspect(client, found[0]["Id"]) if found else None
    if detail is None:
        raise faults.runner_removed()
    return detail


def merged_variables(of_image: Sequence[str], ours: Mapping[str, str]) -> dict[str, str]:
    """The image's variables under ours; its PYTHONPATH stays behind the one we give."""
    variables = dict(entry.partition("=")[::2] for entry in of_image)
    if "PYTHONPATH" in ours and (before := variables.get("PYTHONPATH")):
        return {**variables, **ours, "PYTHONPATH": f"{ours['PYTHONPATH']}:{before}"}
    return {**variables, **ours}
