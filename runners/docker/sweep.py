"""Removes what runs left behind: containers, networks and volumes that carry the harness's labels, and nothing else."""

from __future__ import annotations

import contextlib
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from docker.errors import APIError, NotFound

from harness.model import Side
from runners.docker import faults
from runners.docker.engine import ENGINE_ERRORS, remove_container
from runners.docker.ownership import OWNER, PROJECT, RUN, Life, Owner, project_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

    from docker import DockerClient

FOLDER = "docker"
"""Under the work directory: a folder for each project, with what its containers are given."""

OWNER_FILE = "owner"


@dataclass(frozen=True, slots=True, kw_only=True)
class Swept:
    """What was removed. `runs` are the ids of the dead runs it belonged to; `unknown` counts what was left alone because another machine or
    container made it, so that nobody here can tell whether its run lives.
    """

    containers: int = 0
    networks: int = 0
    volumes: int = 0
    runs: tuple[str, ...] = ()
    unknown: int = 0

    @property
    def total(self) -> int:
        """How many things were removed."""
        return self.containers + self.networks + self.volumes


@dataclass(frozen=True, slots=True)
class _Thing:
    """Something on the engine with labels, and how to remove it."""

    kind: str
    name: str
    labels: Mapping[str, str]
    remove: Callable[[], object]


def sweep(client: DockerClient, *, keep: frozenset[str] = frozenset()) -> Swept:
    """Remove everything of dead runs. A run is alive while the process that its label names lives, or while its id is in `keep`.

    What another sweep removes at the same time is fine. Raises InfrastructureError where the engine is gone.
    """
    try:
        return _remove(_of_dead_runs(_things(client, RUN), keep), unknown=_count_unknown(client, keep))
    except ENGINE_ERRORS as error:
        raise faults.engine_gone(error) from None


def remove_project(client: DockerClient, project: str) -> tuple[str, ...]:
    """Remove everything of one side of one run, whoever owns it, and return the names of what is still there."""
    try:
        _remove(_things(client, f"{PROJECT}={project}"))
        return tuple(thing.name for thing in _things(client, f"{PROJECT}={project}"))
    except ENGINE_ERRORS as error:
        raise faults.engine_gone(error) from None


def sweep_files(workdir: Path, *, keep: frozenset[str] = frozenset()) -> None:
    """Remove the folders that dead runs left under the work directory."""
    kept = {project_name(run, side) for run in keep for side in Side}
    for folder in sorted((workdir / FOLDER).glob("*")):
        owner = _owner_of(folder)
        if folder.name not in kept and owner is not None and owner.life() is Life.DEAD:
            shutil.rmtree(folder, ignore_errors=True)


def _owner_of(folder: Path) -> Owner | None:
    try:
        return Owner.parse((folder / OWNER_FILE).read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None


def _things(client: DockerClient, label: str) -> Iterator[_Thing]:
    """Everything with a label, in the order in which it can be removed: containers hold networks and volumes."""
    filters = {"label": label}
    for value in client.api.containers(all=True, filters=filters):
        name = str(value.get("Names", [value["Id"][:12]])[0]).lstrip("/")
        yield _Thing("container", name, value.get("Labels") or {}, _container_remover(client, value["Id"]))
    for value in client.api.networks(filters=filters):
        yield _Thing("network", value["Name"], value.get("Labels") or {}, _network_remover(client, value["Id"]))
    for value in client.api.volumes(filters=filters).get("Volumes") or ():
        yield _Thing("volume", value["Name"], value.get("Labels") or {}, _volume_remover(client, value["Name"]))


def _container_remover(client: DockerClient, container: str) -> Callable[[], object]:
    return lambda: remove_container(client, container)


def _network_remover(client: DockerClient, network: str) -> Callable[[], object]:
    return lambda: client.api.remove_network(network)


def _volume_remover(client: DockerClient, volume: str) -> Callable[[], object]:
    return lambda: client.api.remove_volume(volume)


def _of_dead_runs(things: Iterable[_Thing], keep: frozenset[str]) -> Iterator[_Thing]:
    return (thing for thing in things if thing.labels.get(RUN) not in keep and _life(thing) is Life.DEAD)


def _count_unknown(client: DockerClient, keep: frozenset[str]) -> int:
    return sum(thing.labels.get(RUN) not in keep and _life(thing) is Life.UNKNOWN for thing in _things(client, RUN))


def _life(thing: _Thing) -> Life:
    owner = Owner.parse(thing.labels.get(OWNER, ""))
    return Life.UNKNOWN if owner is None else owner.life()


def _remove(things: Iterable[_Thing], *, unknown: int = 0) -> Swept:
    counts = dict.fromkeys(("container", "network", "volume"), 0)
    runs: dict[str, Any] = {}
    for thing in list(things):
        with contextlib.suppress(NotFound, APIError):  # gone already, or going: the next sweep sees what stays
            thing.remove()
            counts[thing.kind] += 1
            runs[thing.labels.get(RUN, "")] = None
    return Swept(containers=counts["container"], networks=counts["network"], volumes=counts["volume"], runs=tuple(sorted(runs)), unknown=unknown)
