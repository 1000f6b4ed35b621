"""The connection to the Docker engine: the one that the user's own `docker` command talks to."""

from __future__ import annotations

import contextlib
import os
import socket
from typing import TYPE_CHECKING, Any

import docker
import requests
from docker.constants import DEFAULT_UNIX_SOCKET
from docker.context import ContextAPI
from docker.errors import APIError, DockerException, NotFound

from runners.docker import faults

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from docker import DockerClient

ENGINE_ERRORS = (DockerException, requests.exceptions.RequestException)
"""What the client raises where the engine does not answer, or answers with an error."""

_BUSY = 409  # "removal of container is already in progress", "network has active endpoints"


def connect(*, timeout: int = 60) -> DockerClient:
    """A client of the engine that DOCKER_HOST or the current context names. Close it. Raises InfrastructureError (engine_missing)."""
    try:
        _knock()
        return docker.from_env(timeout=timeout)
    except (OSError, *ENGINE_ERRORS) as error:
        raise faults.engine_missing(error) from None


def _knock() -> None:
    """See that somebody listens, where the engine is a socket of this machine: the client leaks a socket that cannot be connected."""
    host = os.environ.get("DOCKER_HOST") or ContextAPI.kwargs_from_context().get("base_url") or DEFAULT_UNIX_SOCKET
    scheme, separator, path = host.partition("://")
    if separator and scheme in {"unix", "http+unix"}:
        with socket.socket(socket.AF_UNIX) as door:
            door.connect(path)


@contextlib.contextmanager
def connected() -> Iterator[DockerClient]:
    """A client for the time of a block; an engine that goes away meanwhile is a InfrastructureError."""
    client = connect()
    try:
        yield client
    finally:
        client.close()


def engine_version(client: DockerClient) -> str:
    """The version of the engine."""
    try:
        return str(client.version().get("Version", "unknown"))
    except ENGINE_ERRORS as error:
        raise faults.engine_gone(error) from None


def inspect(client: DockerClient, container: str) -> Mapping[str, Any] | None:
    """What the engine knows of a container; None where it is gone."""
    try:
        details: Mapping[str, Any] = client.api.inspect_container(container)
    except NotFound:
        return None
    return details


def remove_container(client: DockerClient, container: str) -> None:
    """Kill and remove a container with its anonymous volumes; fine where it is gone or going."""
    try:
        client.api.remove_container(container, v=True, force=True)
    except NotFound:
        return
    except APIError as error:
        if error.status_code != _BUSY:
            raise
