"""`runner = "docker"`: Compose services and runner containers (docs/docker.md).

This module can be imported without the `docker` package; what it hands out says how to install it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.errors import InfrastructureError

if TYPE_CHECKING:
    from pathlib import Path

    from harness.model import SidePlan, SuitePlan
    from harness.ports import EnvironmentProvider
    from runners.docker.sweep import Swept


def docker_environment(
    plan: SidePlan, suite: SuitePlan, *, run_id: str, workdir: Path, logs: Path, seed: int, key: Path | None = None
) -> EnvironmentProvider:
    """One side's environment in containers (see `DockerEnvironment`). Raises InfrastructureError where the `docker` package is missing."""
    try:
        from runners.docker.provider import DockerEnvironment  # noqa: PLC0415  # the `docker` package is an extra
    except ImportError as error:
        raise _extra_missing(error) from None
    return DockerEnvironment(plan, suite, run_id=run_id, workdir=workdir, logs=logs, seed=seed, key=key)


def sweep_leftovers(workdir: Path, *, keep: frozenset[str] = frozenset()) -> Swept:
    """Remove what dead runs left on the engine and under `workdir` (see `runners.docker.sweep`). Raises InfrastructureError."""
    try:
        from runners.docker import engine, sweep  # noqa: PLC0415  # the `docker` package is an extra
    except ImportError as error:
        raise _extra_missing(error) from None
    with engine.connected() as client:
        swept = sweep.sweep(client, keep=keep)
    sweep.sweep_files(workdir, keep=keep)
    return swept


def _extra_missing(error: ImportError) -> InfrastructureError:
    if error.name is None or error.name.split(".")[0] != "docker":
        raise error
    return InfrastructureError(
        'runner = "docker" needs the `docker` package, which is not installed',
        where="[environments] runner",
        hint="pip install 'shadow-harness[docker]'",
    )
