"""What can go wrong with an engine, an image or a service: each its own infrastructure failure, told apart from tests that fail.

Everything here turns a state (an engine's answer, Compose's output, a container's end) into an error with what to do. A test that fails never
comes this way: it is a line of the session file. Texts that came out of a service or of Compose are redacted before they become part of a message.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from harness.errors import InfrastructureError
from harness.model import InfrastructureKind
from runners.redaction import last_lines as redacted_lines

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from runners.redaction import Redaction

_LAST_LINES = 12
_WIDTH = 300
_ENGINE_GONE = re.compile(r"cannot connect to the docker daemon|is the docker daemon running|error during connect", re.IGNORECASE)
_NO_IMAGE = re.compile(r"no such image|manifest unknown|pull access denied|repository does not exist|manifest for .* not found", re.IGNORECASE)
_DISK_FULL = re.compile(r"no space left on device", re.IGNORECASE)
_SUBNET_TAKEN = re.compile(r"pool overlaps with other one", re.IGNORECASE)
_NO_SUBNET = re.compile(r"could not find an available.*address pool|all predefined address pools", re.IGNORECASE)


def redacted(text: str, redaction: Redaction, *, lines: int = _LAST_LINES) -> str:
    """The last lines of what a program printed, redacted."""
    return redacted_lines(text, redaction, lines=lines) or "(it printed nothing)"


def last_lines(text: str, *, lines: int = _LAST_LINES) -> str:
    """The last lines of what Compose or the engine said about itself."""
    kept = [line.strip()[:_WIDTH] for line in text.splitlines() if line.strip()]
    return "\n".join(kept[-lines:]) or "(it printed nothing)"


def engine_missing(error: BaseException) -> InfrastructureError:
    """No engine answers where the Docker client looks for one."""
    text = _chain(error)
    if "Permission denied" in text:
        return _fault(
            InfrastructureKind.ENGINE_MISSING,
            "this user may not talk to the Docker engine (permission denied on its socket)",
            hint="Add the user to the group of the socket (usually `docker`) and log in again, or use a rootless engine and set DOCKER_HOST.",
        )
    how = "connection refused" if "refused" in text else "no socket there" if "No such file" in text else type(error).__name__
    return _fault(
        InfrastructureKind.ENGINE_MISSING,
        f"no Docker engine answers ({how})",
        hint="Start the engine and see that `docker version` shows a server; DOCKER_HOST or `docker context use` name another one.",
    )


def engine_gone(error: BaseException | None = None) -> InfrastructureError:
    """The engine answered before and does not any more."""
    how = f" ({type(error).__name__})" if error else ""
    return _fault(
        InfrastructureKind.ENGINE_MISSING,
        f"the Docker engine stopped answering during the run{how}",
        hint="Look at the engine's own log; when it is back, `shadow gc` removes what is left and `shadow run --resume` goes on.",
    )


def compose_missing(found: Sequence[str], minimum: str) -> InfrastructureError:
    """Neither the plugin nor the binary is there, or none is recent enough."""
    seen = f"only too old ones were found: {', '.join(found)}" if found else "neither `docker compose` nor `docker-compose` was found"
    return _fault(
        InfrastructureKind.COMPOSE_FAILED,
        f"Docker Compose {minimum} or newer is needed and {seen}",
        hint="Install the Compose plugin of the Docker client, or: pip install 'shadow-harness[docker]'.",
    )


def image_missing(names: Iterable[str], *, detail: str = "") -> InfrastructureError:
    """Images that are neither on this machine nor to be had from their registry."""
    wanted = ", ".join(sorted(names))
    reason = f" ({detail})" if detail else ""
    return _fault(
        InfrastructureKind.IMAGE_MISSING,
        f"image not found: {wanted}; it is not on this engine and could not be pulled{reason}",
        hint="Mend the name, `docker login` where the registry asks for it, or build it first (`docker build -t NAME .`).",
    )


def build_failed(output: str, redaction: Redaction) -> InfrastructureError:
    """An image that could not be built."""
    return _fault(
        InfrastructureKind.BUILD_FAILED,
        f"an image could not be built. Last lines, redacted:\n{redacted(output, redaction)}",
        hint="Build it by hand to see everything: `docker compose build`, or `docker build -f FILE FOLDER` for `build` of the runner.",
    )


def unhealthy(service: str, redaction: Redaction, *, seconds: float, check: str, output: str) -> InfrastructureError:
    """A service that never got healthy."""
    said = f" Its last check, redacted:\n{redacted(check, redaction, lines=3)}\n" if check.strip() else " "
    return _fault(
        InfrastructureKind.UNHEALTHY_SERVICE,
        f"the service {service!r} did not get healthy within {seconds:g} s.{said}Its last lines, redacted:\n{redacted(output, redaction)}",
        hint="Look at its log in the bundle's `logs` folder, mend its `healthcheck`, or give it more time with `startup_timeout`.",
    )


def ended_early(service: str, exit_status: int | None, redaction: Redaction, *, output: str) -> InfrastructureError:
    """A service that ended with an error while it was brought up or while tests ran."""
    return _fault(
        InfrastructureKind.UNHEALTHY_SERVICE,
        f"the service {service!r} ended with exit status {exit_status}. Its last lines, redacted:\n{redacted(output, redaction)}",
        hint="Look at its log in the bundle's `logs` folder; `docker compose up SERVICE` shows it live.",
    )


def service_out_of_memory(service: str) -> InfrastructureError:
    """A service that the kernel killed, or that lost a process, for lack of memory."""
    return _fault(
        InfrastructureKind.OUT_OF_MEMORY,
        f"the service {service!r} ran out of memory: the kernel killed it or a process in it",
        hint="Give it more: `mem_limit` (or `deploy.resources.limits.memory`) of the service in its Compose file, or a machine with more memory.",
    )


def compose_failed(step: str, output: str) -> InfrastructureError:
    """Compose ended with an error that has no state of a container behind it; the text decides which."""
    if _ENGINE_GONE.search(output):
        return engine_gone()
    if _NO_IMAGE.search(output):
        return image_missing(("an image of the Compose files",), detail=last_lines(output, lines=1))
    if _DISK_FULL.search(output):
        hint = "Free space where the engine keeps its data: `docker system df` shows what it holds, `docker image prune` frees some."
        return _fault(InfrastructureKind.COMPOSE_FAILED, f"the engine's disk is full (`docker compose {step}`)", hint=hint)
    if _NO_SUBNET.search(output):
        hint = "Remove networks that nobody uses: `shadow gc`, `docker network prune`; or give the engine more address pools."
        return _fault(InfrastructureKind.COMPOSE_FAILED, f"the engine has no free address range left (`docker compose {step}`)", hint=hint)
    if _SUBNET_TAKEN.search(output):
        hint = "Remove `ipam` (and fixed addresses) from the Compose files: both sides run at the same time, each on networks of its own."
        return _fault(InfrastructureKind.COMPOSE_FAILED, "a network of fixed addresses is taken already", hint=hint)
    return _fault(
        InfrastructureKind.COMPOSE_FAILED,
        f"`docker compose {step}` failed. Last lines:\n{last_lines(output)}",
        hint="Run the same by hand with your own Compose files; docs/docker.md says what is laid over them.",
    )


def compose_timeout(step: str, seconds: float) -> InfrastructureError:
    """Compose did not end in its time."""
    return _fault(
        InfrastructureKind.COMPOSE_FAILED,
        f"`docker compose {step}` did not end within {seconds:g} s",
        hint="Look for a service that waits for another (`depends_on`), a slow registry or a busy engine; `startup_timeout` gives it more time.",
    )


def interrupted(step: str) -> InfrastructureError:
    """The run was ended from outside while Compose worked."""
    return _fault(
        InfrastructureKind.INTERRUPTED,
        f"`docker compose {step}` was interrupted",
        hint="Start the run again, or `shadow run --resume` it.",
    )


def runner_removed() -> InfrastructureError:
    """The containers of this run were removed by somebody else, or the environment is not up."""
    return _fault(
        InfrastructureKind.HARNESS,
        "the runner's container is not there: somebody removed it, or the environment is down",
        hint="See that no `docker system prune` or `docker rm` runs beside the harness, and start the run again.",
    )


def not_removed(names: Iterable[str]) -> InfrastructureError:
    """Something of this run could not be removed."""
    return _fault(
        InfrastructureKind.HARNESS,
        f"the engine could not remove: {', '.join(sorted(names))}",
        hint="`shadow gc` tries again; `docker ps -a --filter label=dev.shadow-harness.run` lists what is left.",
    )


def _fault(kind: InfrastructureKind, found: str, *, hint: str) -> InfrastructureError:
    return InfrastructureError(found, hint=hint, kind=kind.value)


def _chain(error: BaseException) -> str:
    parts = []
    current: BaseException | None = error
    while current is not None:
        parts.append(str(current))
        current = current.__cause__ or current.__context__
    return "\n".join(parts)
