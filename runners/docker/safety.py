"""Judges a Compose model before anything starts: what could reach the outside, or the machine itself, is refused."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from harness.errors import UnsafeError
from runners.docker.override import RUNNER_SERVICE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from runners.docker.model import ComposeModel, Service

_CAPABILITIES = frozenset({"ALL", "SYS_ADMIN", "SYS_MODULE", "SYS_RAWIO", "SYS_PTRACE", "SYS_BOOT", "DAC_READ_SEARCH", "NET_ADMIN", "BPF", "PERFMON"})
"""Capabilities with which a process can leave its container or its network."""

_SOCKETS = ("docker.sock", "podman.sock", "containerd.sock", "crio.sock", "docker.pid")
_SOCKET_FOLDERS = frozenset(map(PurePosixPath, ("/", "/run", "/var", "/var/run", "/run/docker", "/run/containerd", "/run/podman", "/var/lib/docker")))
_ISOLATED_MODES = ("none", "service:")


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Something in a model that must not be started: the key it stands at, why, and what to do."""

    key: str
    why: str
    remedy: str


def judge(model: ComposeModel) -> tuple[Refusal, ...]:
    """Everything in a model that is refused, in the order of the model; empty where it may be started."""
    return tuple(
        [refusal for service in model.services for refusal in _service(service)] + [*_networks(model), *_volumes(model)],
    )


def refuse(model: ComposeModel, files: Sequence[Path]) -> None:
    """Raise UnsafeError (exit 4) where the judge refuses anything; all of it is named."""
    refusals = judge(model)
    if not refusals:
        return
    first, *others = refusals
    more = "".join(f"\n  also {other.key}: {other.why}" for other in others)
    raise UnsafeError(
        f"{first.key}: {first.why}{more}",
        where=", ".join(path.name for path in files) or None,
        expected="services that reach one another and nothing else",
        hint=" ".join(dict.fromkeys(refusal.remedy for refusal in refusals)),
    )


def _service(service: Service) -> Iterator[Refusal]:
    at = f"services.{service.name}"
    if service.name == RUNNER_SERVICE:
        yield Refusal(key=at, why="this name is the harness's own", remedy=f"Rename the service {RUNNER_SERVICE}.")
    if service.network_mode and not service.network_mode.startswith(_ISOLATED_MODES):
        why = f"network_mode {service.network_mode!r} leaves the run's own networks"
        yield Refusal(key=f"{at}.network_mode", why=why, remedy="Remove `network_mode`; services find each other by name on the project's networks.")
    if service.provider:
        why = "a provider starts something that the harness can neither isolate nor remove"
        yield Refusal(key=f"{at}.provider", why=why, remedy="Run it as a container.")
    yield from _powers(service, at)
    yield from _mounts(service, at)


def _powers(service: Service, at: str) -> Iterator[Refusal]:
    if service.privileged:
        yield Refusal(key=f"{at}.privileged", why="a privileged container owns the machine", remedy="Remove `privileged`.")
    for kind, mode in service.namespaces:
        if mode == "host" or mode.startswith("container:"):
            why = f"{kind}: {mode} shares what lies outside of this run"
            yield Refusal(key=f"{at}.{kind}", why=why, remedy=f"Remove `{kind}: {mode}`.")
    if dangerous := sorted(_CAPABILITIES.intersection(service.cap_add)):
        why = f"{', '.join(dangerous)} lets a container leave its network or its walls"
        yield Refusal(key=f"{at}.cap_add", why=why, remedy="Remove these capabilities.")
    if service.devices:
        yield Refusal(key=f"{at}.devices", why="devices of the machine are handed in", remedy="Remove `devices`.")


def _mounts(service: Service, at: str) -> Iterator[Refusal]:
    if any(source.startswith("container:") for source in service.volumes_from):
        why = "volumes of a container outside of this run are mounted"
        yield Refusal(key=f"{at}.volumes_from", why=why, remedy="Name a volume of this project instead.")
    if service.engine_socket or any(mount.type == "bind" and _reaches_engine(mount.source) for mount in service.mounts):
        why = "the Docker socket is handed in, and with it the whole machine"
        yield Refusal(key=f"{at}.volumes", why=why, remedy="Remove the mount of the Docker socket.")


def _reaches_engine(source: str) -> bool:
    path = PurePosixPath(source)
    return path in _SOCKET_FOLDERS or path.name in _SOCKETS or Path(source).is_socket()


def _networks(model: ComposeModel) -> Iterator[Refusal]:
    for network in model.networks:
        at = f"networks.{network.key}"
        if network.external:
            why = "an external network cannot be made internal for this run, so the outside could be reached"
            yield Refusal(key=at, why=why, remedy="Let the project make its own network: remove `external`.")
        elif network.driver != "bridge":
            why = f"a network with the driver {network.driver!r} cannot be cut off from the outside"
            yield Refusal(key=f"{at}.driver", why=why, remedy="Use the driver `bridge`.")


def _volumes(model: ComposeModel) -> Iterator[Refusal]:
    written = {mount.source for service in model.services for mount in service.mounts if mount.type == "volume" and not mount.read_only}
    for volume in model.volumes:
        at = f"volumes.{volume.key}"
        if volume.external and volume.key in written:
            why = "an external volume would be written to by every run and both sides; a run starts from a fresh one"
            yield Refusal(key=at, why=why, remedy="Remove `external` and load the data when the service starts, or mount it read-only.")
        if volume.device and _reaches_engine(volume.device):
            yield Refusal(key=f"{at}.driver_opts", why="the Docker socket is handed in", remedy="Name another device.")
