"""Who owns what stands on an engine: labels, and whether the harness process that made something still lives."""

from __future__ import annotations

import hashlib
import os
import platform
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Self

import psutil

if TYPE_CHECKING:
    from harness.model import Side

RUN = "dev.shadow-harness.run"
SIDE = "dev.shadow-harness.side"
PROJECT = "dev.shadow-harness.project"
OWNER = "dev.shadow-harness.owner"
IMAGE = "dev.shadow-harness.image"
"""On images that were built for a run; these are kept, as a cache."""

_SAME_START = 2.0  # seconds; the clock of the machine may be set while a process lives


class Life(Enum):
    """Whether an owner lives. UNKNOWN: it belongs to another machine or container, which cannot be seen from here."""

    ALIVE = "alive"
    DEAD = "dead"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """A harness process: machine, its boot, its process namespace, process id and start (epoch seconds)."""

    machine: str
    boot: str
    namespace: str
    pid: int
    start: float

    @classmethod
    def this_process(cls) -> Self:
        """The process that runs this."""
        pid = os.getpid()
        return cls(machine=_machine(), boot=_boot(), namespace=_namespace(), pid=pid, start=psutil.Process(pid).create_time())

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """Read a label; None where it is none of ours."""
        parts = text.split(":")
        try:
            machine, boot, namespace, pid, start = parts
            return cls(machine=machine, boot=boot, namespace=namespace, pid=int(pid), start=float(start))
        except ValueError:
            return None

    def __str__(self) -> str:
        """As the label holds it."""
        return f"{self.machine}:{self.boot}:{self.namespace}:{self.pid}:{self.start:.2f}"

    def life(self) -> Life:
        """Whether that process lives. A restarted machine has no process of before; another machine's cannot be seen."""
        if self.machine != _machine():
            return Life.UNKNOWN
        if self.boot != _boot():
            return Life.DEAD
        if self.namespace != _namespace():
            return Life.UNKNOWN
        try:
            process = psutil.Process(self.pid)
            same = abs(process.create_time() - self.start) <= _SAME_START and process.status() != psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return Life.DEAD
        except psutil.AccessDenied:
            return Life.ALIVE
        return Life.ALIVE if same else Life.DEAD


@dataclass(frozen=True, slots=True, kw_only=True)
class Ownership:
    """What marks every container, network and volume of one side of one run."""

    run: str
    side: Side
    project: str
    owner: Owner

    def labels(self) -> tuple[tuple[str, str], ...]:
        """The labels, name and text."""
        return ((RUN, self.run), (SIDE, self.side.value), (PROJECT, self.project), (OWNER, str(self.owner)))


def project_name(run: str, side: Side) -> str:
    """The Compose project of one side of a run: what Compose allows of the run id, and a digest that keeps it unique."""
    readable = "".join(letter for letter in run.lower() if letter.isascii() and (letter.isalnum() or letter == "-"))[:32].strip("-")
    digest = hashlib.sha256(run.encode()).hexdigest()[:8]
    return "-".join(filter(None, ("shadow", readable, digest, side.value)))


def _machine() -> str:
    try:
        identity = Path("/etc/machine-id").read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        identity = ""
    return hashlib.sha256(f"{identity} {platform.node()}".encode()).hexdigest()[:12]


def _boot() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip().replace("-", "")[:12]
    except (OSError, ValueError):
        return str(round(psutil.boot_time() / 60))


def _namespace() -> str:
    try:
        return "".join(filter(str.isdigit, str(Path("/proc/self/ns/pid").readlink())))
    except OSError:
        return "0"
