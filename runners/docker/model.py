"""The user's Compose model as `docker compose config` resolves it: what the judge and the override need, as values."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

DEFAULT_NETWORK = "default"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mount:
    """A mount of a service; `source` is a path of the host for binds and a key of `volumes` for volumes, empty for anonymous ones."""

    type: str
    source: str
    target: str
    read_only: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A service that is to be started. `namespaces` are pairs such as ("pid", "host"); `digest` changes with its definition, not with its data.

    `image` is None where a build names none; `own_networks` are keys of the model's networks.
    """

    name: str
    image: str | None
    built: bool
    own_networks: tuple[str, ...]
    network_mode: str | None
    mounts: tuple[Mount, ...]
    privileged: bool
    namespaces: tuple[tuple[str, str], ...]
    cap_add: tuple[str, ...]
    devices: tuple[str, ...]
    volumes_from: tuple[str, ...]
    engine_socket: bool
    provider: bool
    restart_policy: bool
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """A network by its key; `external` means that somebody else made it."""

    key: str
    external: bool
    driver: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Volume:
    """A named volume by its key; `device` is the path of the host that a local driver binds, if any."""

    key: str
    external: bool
    device: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ComposeModel:
    """Everything that the user's Compose files describe, resolved."""

    services: tuple[Service, ...] = ()
    networks: tuple[Network, ...] = ()
    volumes: tuple[Volume, ...] = ()


def parse_model(text: str) -> ComposeModel:
    """Read the output of `docker compose config --format json`. Raises ValueError where it is none."""
    document = json.loads(text)
    return ComposeModel(
        services=tuple(_service(name, value) for name, value in sorted((document.get("services") or {}).items())),
        networks=tuple(
            Network(key=key, external=bool(value.get("external")), driver=value.get("driver") or "bridge")
            for key, value in sorted(_named(document, "networks"))
        ),
        volumes=tuple(
            Volume(key=key, external=bool(value.get("external")), device=str((value.get("driver_opts") or {}).get("device", "")))
            for key, value in sorted(_named(document, "volumes"))
        ),
    )


def _named(document: Mapping[str, Any], section: str) -> list[tuple[str, Mapping[str, Any]]]:
    return [(key, value or {}) for key, value in (document.get(section) or {}).items()]


def _service(name: str, value: Mapping[str, Any]) -> Service:
    mode = value.get("network_mode")
    networks = tuple(sorted(value.get("networks") or {})) or (() if mode else (DEFAULT_NETWORK,))
    return Service(
        name=name,
        image=value.get("image"),
        built=bool(value.get("build")),
        own_networks=networks,
        network_mode=mode,
        mounts=tuple(_mount(mount) for mount in value.get("volumes") or ()),
        privileged=bool(value.get("privileged")),
        namespaces=tuple(
            (kind, str(value[key]))
            for kind, key in (("pid", "pid"), ("ipc", "ipc"), ("uts", "uts"), ("userns", "userns_mode"), ("cgroup", "cgroup"))
            if value.get(key)
        ),
        cap_add=tuple(str(capability).upper().removeprefix("CAP_") for capability in value.get("cap_add") or ()),
        devices=tuple(str(device.get("source", device) if isinstance(device, dict) else device) for device in value.get("devices") or ()),
        volumes_from=tuple(str(source) for source in value.get("volumes_from") or ()),
        engine_socket=bool(value.get("use_api_socket")),
        provider=bool(value.get("provider")),
        restart_policy=bool((value.get("deploy") or {}).get("restart_policy")),
        digest=_digest(value),
    )


def _mount(value: Mapping[str, Any]) -> Mount:
    return Mount(
        type=str(value.get("type", "volume")),
        source=str(value.get("source") or ""),
        target=str(value.get("target", "")),
        read_only=bool(value.get("read_only")),
    )


def _digest(value: Mapping[str, Any]) -> str:
    """A fingerprint of a definition without what names the dataset: values of variables and the paths and names of mounted data."""
    kept = {key: part for key, part in value.items() if key not in {"environment", "volumes", "labels", "container_name", "ports", "build"}}
    kept["environment"] = sorted(value.get("environment") or {})
    kept["volumes"] = sorted(str(mount.get("target")) for mount in value.get("volumes") or ())
    return hashlib.sha256(json.dumps(kept, sort_keys=True, default=str).encode()).hexdigest()[:12]
