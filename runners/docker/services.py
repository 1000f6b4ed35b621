"""The services of a project as the engine sees them: their states, whether they are ready, their logs."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from docker.errors import APIError

from runners.docker import faults
from runners.docker.engine import ENGINE_ERRORS, inspect
from runners.docker.override import RUNNER_SERVICE
from runners.docker.ownership import PROJECT

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from docker import DockerClient

    from runners.redaction import Redaction

SERVICE_LABEL = "com.docker.compose.service"
NUMBER_LABEL = "com.docker.compose.container-number"

_POLL = 0.2
_KEPT_LINES = 20_000
_SHOWN_LINES = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceState:
    """One container of a service. `health` is None where it has no health check; `exit_status` is None while it runs."""

    container: str
    service: str
    number: str
    status: str
    health: str | None
    exit_status: int | None
    out_of_memory: bool
    image: str
    last_check: str

    @property
    def ready(self) -> bool:
        """Healthy, or running without a health check, or ended well (a service that does one thing, such as a migration)."""
        if self.status == "exited":
            return self.exit_status == 0
        return self.status == "running" and self.health in {None, "healthy"}

    @property
    def failed(self) -> bool:
        """It will not become ready: dead of memory or with an error."""
        return self.out_of_memory or (self.status in {"exited", "dead"} and self.exit_status != 0)


def service_states(client: DockerClient, project: str) -> tuple[ServiceState, ...]:
    """Every container of the project's services, by name, without the runner's. Raises InfrastructureError where the engine is gone."""
    try:
        found = client.api.containers(all=True, filters={"label": f"{PROJECT}={project}"})
        details = [inspect(client, container["Id"]) for container in found if container["Labels"].get(SERVICE_LABEL) != RUNNER_SERVICE]
    except ENGINE_ERRORS as error:
        raise faults.engine_gone(error) from None
    return tuple(sorted((_state(detail) for detail in details if detail), key=lambda state: (state.service, state.number)))


def wait_until_ready(
    client: DockerClient, project: str, redaction: Redaction, *, seconds: float, deadline: float, cancelled: threading.Event
) -> tuple[ServiceState, ...]:
    """Wait until every service is ready and return their states. `deadline` is monotonic, `seconds` is what messages say.

    Raises InfrastructureError: out of memory, ended early, unhealthy, interrupted.
    """
    while True:
        states = service_states(client, project)
        raise_for_failed(client, states, redaction)
        if all(state.ready for state in states):
            return states
        if time.monotonic() > deadline:
            raise_for_unhealthy(client, states, redaction, seconds=seconds)
            raise faults.compose_timeout("up", seconds)
        if cancelled.wait(_POLL):
            raise faults.interrupted("up")


def raise_for_failed(client: DockerClient, states: tuple[ServiceState, ...], redaction: Redaction) -> None:
    """Raise the fault of the first service that died, if any."""
    for state in states:
        if state.out_of_memory:
            raise faults.service_out_of_memory(state.service)
        if state.failed:
            raise faults.ended_early(state.service, state.exit_status, redaction, output=last_output(client, state.container))


def raise_for_unhealthy(client: DockerClient, states: tuple[ServiceState, ...], redaction: Redaction, *, seconds: float) -> None:
    """Raise the fault of the first service that runs and is not healthy, if any."""
    for state in states:
        if state.status == "running" and not state.ready:
            raise faults.unhealthy(state.service, redaction, seconds=seconds, check=state.last_check, output=last_output(client, state.container))


def last_output(client: DockerClient, container: str, *, lines: int = _SHOWN_LINES) -> str:
    """What a container printed last, not redacted; empty where that cannot be read."""
    try:
        output: bytes = client.api.logs(container, tail=lines)
    except ENGINE_ERRORS:
        return ""
    return output.decode("utf-8", "replace")


def keep_logs(client: DockerClient, project: str, folder: Path, redaction: Redaction, *, side: str) -> None:
    """Write each service's log to `<folder>/<side>-<service>-<number>.log`, redacted line by line; the last 20,000 lines of each."""
    for state in service_states(client, project):
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{side}-{state.service}-{state.number}.log"
        with path.open("w", encoding="utf-8") as file:
            try:
                for line in _lines(client.api.logs(state.container, stream=True, timestamps=True, follow=False, tail=_KEPT_LINES)):
                    moment, _, text = line.partition(" ")
                    file.write(f"{moment} {redaction.line(text)}\n")
            except APIError:
                file.write("(the engine keeps no log that can be read for this service: see its logging driver)\n")


def _lines(chunks: Iterator[bytes]) -> Iterator[str]:
    rest = b""
    for chunk in chunks:
        *whole, rest = (rest + chunk).split(b"\n")
        for line in whole:
            yield line.decode("utf-8", "replace").rstrip("\r")
    if rest:
        yield rest.decode("utf-8", "replace")


def _state(detail: Mapping[str, Any]) -> ServiceState:
    state = detail["State"]
    labels = detail["Config"].get("Labels") or {}
    health = state.get("Health") or {}
    checks = health.get("Log") or [{}]
    status = str(state["Status"])
    return ServiceState(
        container=detail["Id"],
        service=labels.get(SERVICE_LABEL, detail["Name"].lstrip("/")),
        number=labels.get(NUMBER_LABEL, "1"),
        status=status,
        health=health.get("Status"),
        exit_status=int(state["ExitCode"]) if status in {"exited", "dead"} else None,
        out_of_memory=bool(state.get("OOMKilled")) and status != "running",
        image=str(detail.get("Image", "")),
        last_check=str((checks[-1] or {}).get("Output", "")),
    )
