"""Docker Compose through its command line."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from harness.errors import ConfigurationError
from runners.docker import faults
from runners.docker.model import ComposeModel, parse_model

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MINIMUM = (2, 24, 4)
"""The first version that knows `!reset` and `!override` in the form used here."""

_GRACE = 5.0
_POLL = 0.2
_SHORTEST_SECRET = 4
_KEPT_FROM_US = re.compile(r"^(COMPOSE_(FILE|PROJECT_NAME|ENV_FILES|REMOVE_ORPHANS|PROGRESS|ANSI|MENU))$")
_KEPT_FROM_SETTINGS = re.compile(r"^(PATH|HOME|LD_.*|DOCKER_.*|COMPOSE_.*|BUILDKIT_.*|BUILDX_.*|SSH_.*)$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A Compose that can be used: the words that start it, and its version."""

    words: tuple[str, ...]
    version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a call of Compose gave. `errors` is masked, `output` is as it came."""

    status: int
    output: str
    errors: str


def find_compose() -> Command:
    """The plugin of the docker command, or the binary on PATH or beside this Python. Raises InfrastructureError where none is recent enough."""
    beside = Path(sys.executable).with_name("docker-compose")
    candidates = [("docker", "compose"), ("docker-compose",), (str(beside),)]
    too_old = []
    for words in candidates:
        if shutil.which(words[0]) is None:
            continue
        version = _version(words)
        if version is None:
            continue
        if _numbers(version) >= MINIMUM:
            return Command(words=words, version=version)
        too_old.append(f"{' '.join(words)} {version}")
    raise faults.compose_missing(too_old, ".".join(map(str, MINIMUM)))


def interpolation(environ: Mapping[str, str], *side: Mapping[str, str]) -> dict[str, str]:
    """The variables that Compose reads `${NAME}` from: the user's own, then the side's settings and data, but none that steers the client itself."""
    variables = {name: value for name, value in environ.items() if not _KEPT_FROM_US.match(name)}
    for mapping in side:
        variables |= {name: value for name, value in mapping.items() if not _KEPT_FROM_SETTINGS.match(name)}
    return variables


def masked(text: str, hidden: Mapping[str, str]) -> str:
    """A text in which the names of variables stand for their values."""
    for name, value in sorted(hidden.items(), key=lambda item: -len(item[1])):
        if len(value) >= _SHORTEST_SECRET:
            text = text.replace(value, f"<{name}>")
    return text


class Compose:
    """One project. `files` are the user's, in order; `folder` is where relative paths count from where there are none. `hidden` are variables
    whose values never come out of here: what Compose says on its error stream speaks of the configuration and holds no row of a dataset.

    Calls block; `interrupt` ends a running one from another thread, with everything it started, and refuses new ones but `down`.
    """

    def __init__(
        self, command: Command, *, project: str, files: Sequence[Path], folder: Path, environ: Mapping[str, str], hidden: Mapping[str, str]
    ) -> None:
        self.version = command.version
        self._words = command.words
        self._project = project
        self._files = tuple(files)
        self._folder = folder
        self._environ = dict(environ)
        self._hidden = dict(hidden)
        self._override: Path | None = None
        self._interrupted = threading.Event()

    def use_override(self, path: Path) -> None:
        """Lay this file over the user's from now on."""
        self._override = path

    def model(self) -> ComposeModel:
        """The user's model, resolved, without the override. Raises ConfigurationError where Compose refuses it."""
        if not self._files:
            return ComposeModel()
        answer = self._call(("config", "--format", "json"), seconds=60, files=self._files)
        if answer.status:
            raise ConfigurationError(
                f"Docker Compose refuses these files. What it says:\n{faults.last_lines(answer.errors)}",
                where=", ".join(map(str, self._files)),
                hint="`docker compose -f FILE config` shows the same; ${NAME} is read from your environment, `settings` and `data`.",
            )
        return parse_model(answer.output)

    def run(self, *words: str, seconds: float, profile: str | None = None) -> Answer:
        """One call with the override. Raises InfrastructureError when it does not end in time; a status other than 0 is for the caller to judge."""
        options = ("--profile", profile) if profile else ()
        return self._call((*options, *words), seconds=seconds, files=(*self._files, *([self._override] if self._override else ())))

    def interrupt(self) -> None:
        """End what runs, from another thread."""
        self._interrupted.set()

    def resume(self) -> None:
        """Allow calls again, for `down`."""
        self._interrupted.clear()

    def _call(self, words: Sequence[str], *, seconds: float, files: Sequence[Path]) -> Answer:
        named = [part for file in files for part in ("-f", str(file))]
        folder = [] if self._files else ["--project-directory", str(self._folder)]
        command = [*self._words, "--ansi", "never", "--progress", "plain", "-p", self._project, *folder, *named, *words]
        step = next(word for word in words if not word.startswith("-"))
        return self._supervised(command, step=step, seconds=seconds)

    def _supervised(self, command: Sequence[str], *, step: str, seconds: float) -> Answer:
        process = subprocess.Popen(
            command,
            cwd=self._folder,
            env=self._environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            errors="replace",
            start_new_session=True,
        )
        deadline = time.monotonic() + seconds
        try:
            while True:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    output, errors = process.communicate(timeout=_POLL)
                    return Answer(status=process.returncode, output=output, errors=masked(errors, self._hidden))
                if time.monotonic() > deadline:
                    raise faults.compose_timeout(step, seconds)
                if self._interrupted.is_set():
                    raise faults.interrupted(step)
        finally:
            _end_group(process)


def _end_group(process: subprocess.Popen[str]) -> None:
    """End a call and all that it started; Compose ends its work on the engine when it is asked to."""
    for asked in (signal.SIGTERM, signal.SIGKILL):
        if process.poll() is not None:
            break
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, asked)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=_GRACE)
    for stream in (process.stdout, process.stderr):
        if stream:
            stream.close()


def _version(words: Sequence[str]) -> str | None:
    try:
        answer = subprocess.run([*words, "version", "--short"], capture_output=True, text=True, timeout=30, check=False, stdin=subprocess.DEVNULL)
    except (OSError, subprocess.TimeoutExpired):
        return None
    version = answer.stdout.strip().removeprefix("v")
    return version if answer.returncode == 0 and version[:1].isdigit() else None


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version)[:3])
