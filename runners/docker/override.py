"""The override that is laid over the user's Compose files: pure, a model in and text out. The user's files are not touched."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from runners.docker.model import DEFAULT_NETWORK
from runners.docker.ownership import IMAGE
from runners.docker.yaml import Node, Replaced, Reset, to_yaml

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from runners.docker.model import ComposeModel, Service, Volume
    from runners.docker.ownership import Ownership

RUNNER_SERVICE = "shadow-runner"
"""The runner's service, and the profile that keeps `up` from starting it."""

SUITE_FOLDER = "/suite"
PROBE_FOLDER = "/shadow/probe"
OUT_FOLDER = "/shadow/out"

UNPRIVILEGED_USER = "65534:65534"
"""Who runs the tests where the harness itself is root: nobody, on every distribution."""

_NO_RESOLVER: dict[str, Node] = {
    # Names of other services are answered by the engine; all other names would be asked of the machine's own resolver, also from an internal
    # network, by engines before 25.0.5. Nothing listens at this address inside the container.
    "dns": Replaced(["127.0.0.1"]),
    "dns_opt": Replaced(["timeout:1", "attempts:2"]),
    "dns_search": Replaced(["."]),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RunnerSpec:
    """What the runner containers are made from. Paths are absolute paths of this machine; beside `build`, `image` is the tag of what is built.

    `user` is numeric, "uid:gid"; `memory` as Compose writes it ("2g").
    """

    image: str | None
    build: Path | None
    user: str
    memory: str
    pids: int
    suite: Path
    probe: Path
    out: Path

    @property
    def image_name(self) -> str:
        """The image that runner containers are made from."""
        return self.image or built_name(str(self.build))


def built_name(*what: str) -> str:
    """The name of an image that a run builds: the same in every run and on both sides, so that nothing piles up and the next build is quick."""
    return f"shadow-harness-built:{hashlib.sha256(repr(what).encode()).hexdigest()[:16]}"


def render_override(model: ComposeModel, runner: RunnerSpec, ownership: Ownership, files: Sequence[Path]) -> str:
    """The override as YAML (docs/docker.md describes it)."""
    networks = used_networks(model)
    return to_yaml(
        {
            "services": {
                **{service.name: _service(service, ownership, files) for service in model.services},
                RUNNER_SERVICE: _runner(runner, ownership, networks),
            },
            "networks": {
                **{network.key: _network(network.key, ownership) for network in model.networks if not network.external},
                **{key: _network(key, ownership) for key in networks if key not in {network.key for network in model.networks}},
            },
            "volumes": {volume.key: _volume(volume, ownership) for volume in model.volumes if not volume.external},
        },
    )


def used_networks(model: ComposeModel) -> tuple[str, ...]:
    """The networks that the runner joins: all that a service is on, or the default one where there is no service."""
    return tuple(sorted({key for service in model.services for key in service.own_networks})) or (DEFAULT_NETWORK,)


def _service(service: Service, ownership: Ownership, files: Sequence[Path]) -> Node:
    node: dict[str, Node] = {
        "labels": dict(ownership.labels()),
        "container_name": Reset(),  # both sides run at the same time
        "ports": Reset(),
        "restart": "no",
    }
    if service.restart_policy:
        node["deploy"] = {"restart_policy": Reset()}
    if service.network_mode is None:
        node |= _NO_RESOLVER
    if service.built:
        node["build"] = {"labels": {IMAGE: "service"}}
        if service.image is None:
            node["image"] = built_name(service.name, *map(str, files))
    return node


def _runner(runner: RunnerSpec, ownership: Ownership, networks: Sequence[str]) -> Node:
    node: dict[str, Node] = {
        "image": runner.image_name,
        "profiles": [RUNNER_SERVICE],
        "labels": dict(ownership.labels()),
        "entrypoint": [],
        "command": ["true"],
        "working_dir": SUITE_FOLDER,
        "environment": {"HOME": "/tmp"},  # noqa: S108  # the container's own, a tmpfs
        "networks": list(networks),
        "volumes": [
            _bind(runner.suite, SUITE_FOLDER, read_only=True),
            _bind(runner.probe, PROBE_FOLDER, read_only=True),
            _bind(runner.out, OUT_FOLDER, read_only=False),
        ],
        "tmpfs": ["/tmp:mode=1777,exec", "/var/tmp:mode=1777", "/run:mode=1777"],  # noqa: S108  # the container's own
        "read_only": True,
        "user": runner.user,
        "init": True,
        "cap_drop": ["ALL"],
        "security_opt": ["no-new-privileges:true"],
        "mem_limit": runner.memory,
        "memswap_limit": runner.memory,
        "pids_limit": runner.pids,
        "ulimits": {"core": 0},  # what crashes leaves no picture of its memory
        "restart": "no",
        "healthcheck": {"disable": True},
        **_NO_RESOLVER,
    }
    if runner.build is not None:
        folder = runner.build if runner.build.is_dir() else runner.build.parent
        file = "Dockerfile" if runner.build.is_dir() else runner.build.name
        node["build"] = {"context": str(folder), "dockerfile": file, "labels": {IMAGE: "runner"}}
    return node


def _bind(source: Path, target: str, *, read_only: bool) -> Node:
    return {"type": "bind", "source": str(source), "target": target, "read_only": read_only, "bind": {"create_host_path": False}}


def _network(key: str, ownership: Ownership) -> Node:
    return {
        "name": f"{ownership.project}_{key}",
        "internal": True,
        "enable_ipv6": False,
        # Without an address on the bridge, the machine itself cannot be reached from an internal network either.
        "driver_opts": {"com.docker.network.bridge.inhibit_ipv4": "true"},
        "labels": dict(ownership.labels()),
    }


def _volume(volume: Volume, ownership: Ownership) -> Node:
    return {"name": f"{ownership.project}_{volume.key}", "labels": dict(ownership.labels())}
