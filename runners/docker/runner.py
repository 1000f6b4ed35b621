"""Runs tests of one side, each session in a fresh container."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from harness.errors import ConfigurationError, InfrastructureError
from harness.model import EndReason, InfrastructureKind, SessionEnd
from runners.command import pytest_command, worker_count
from runners.docker.container import PROBE_LINES, SessionContainer
from runners.docker.override import OUT_FOLDER, PROBE_FOLDER, SUITE_FOLDER
from runners.foreign import run_foreign
from runners.process import watch
from runners.session import append_end, write_selection
from runners.tail import SessionTail

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from harness.model import SessionRequest, SuitePlan
    from harness.ports import ProgressSink
    from runners.docker.events import ProjectEvents
    from runners.redaction import Redaction

SELECTION = "select.json"
"""The selection in a session's folder."""

_KEY = "probe.key"
_REPLACE = "replace.json"
_SCRATCH = "/tmp"  # noqa: S108  # the container's own; pytest keeps its cache below TOX_ENV_DIR, since the suite's folder is read-only


class DockerRunner:
    """A `TestRunner` of containers. `out` is the folder of this machine that the containers see as /shadow/out."""

    __test__ = False

    def __init__(
        self,
        suite: SuitePlan,
        variables: Mapping[str, str],
        *,
        out: Path,
        events: ProjectEvents,
        memory: str,
        redaction: Redaction,
        key: Path | None = None,
    ) -> None:
        self._suite = suite
        self._variables = variables
        self._out = out
        self._events = events
        self._memory = memory
        self._key = key
        self._redaction = redaction
        self._stopped = threading.Event()

    def stop(self) -> None:
        """End the running session; its `run` returns with INTERRUPTED."""
        self._stopped.set()

    def run(self, request: SessionRequest, progress: ProgressSink) -> SessionEnd:
        """Run one session (see `harness.ports.TestRunner`). Raises InfrastructureError where a service or the engine died."""
        folder = self._out / request.output.stem
        folder.mkdir()
        folder.chmod(0o777)  # whoever the container runs as; nobody else gets through the folders above
        try:
            if not self._suite.is_pytest:
                write_selection(request, None)
                place = ContainerPlace(session=folder, events=self._events, memory=self._memory, redaction=self._redaction)
                return run_foreign(
                    self._suite, request, self._variables, redaction=self._redaction, stopped=self._stopped, progress=progress, place=place
                )
            end = self._run_in(folder, request, progress)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        append_end(request.output, end)
        return end

    def _run_in(self, folder: Path, request: SessionRequest, progress: ProgressSink) -> SessionEnd:
        selection = write_selection(request, self._suite.select)
        (folder / SELECTION).write_bytes(selection.read_bytes())
        (folder / SELECTION).chmod(0o644)
        inside = f"{OUT_FOLDER}/{folder.name}"
        variables = {
            **self._variables,
            **request.settings,
            "PYTHONPATH": ":".join(filter(None, (PROBE_FOLDER, self._variables.get("PYTHONPATH")))),
            "TOX_ENV_DIR": _SCRATCH,
            "SHADOW_PROBE_OUT": f"{inside}/{PROBE_LINES}",
            "SHADOW_PROBE_SELECT": f"{inside}/{SELECTION}",
            "SHADOW_PROBE_ROOT": SUITE_FOLDER,
        }
        if self._key is not None:
            (folder / _KEY).write_bytes(self._key.read_bytes())  # as long as the session
            (folder / _KEY).chmod(0o644)  # nobody else gets through the folders above
            variables["SHADOW_PROBE_KEY"] = f"{inside}/{_KEY}"
        if request.deep:
            variables["SHADOW_PROBE_DEEP"] = "1"
        if request.count is not None:
            variables["SHADOW_PROBE_COUNT"] = str(request.count)
        if request.replace is not None:
            (folder / _REPLACE).write_bytes(request.replace.read_bytes())  # until the test process has read it
            (folder / _REPLACE).chmod(0o644)  # nobody else gets through the folders above
            request.replace.unlink()  # where the harness is killed, the next run sweeps the folder here, and not where this lay
            variables["SHADOW_PROBE_REPLACE"] = f"{inside}/{_REPLACE}"
        command = pytest_command(self._suite, request, workers=worker_count(self._suite.workers))
        tail = SessionTail(request.output)
        crashed: dict[str, None] = {}

        def relay(line: Mapping[str, object]) -> None:
            if line.get("e") == "worker_crash" and isinstance(name := line.get("id"), str):
                crashed[name] = None
            progress(line)

        lines = folder / PROBE_LINES
        with SessionContainer(command, variables, self._redaction, events=self._events, lines=lines, output=request.output) as container:
            end = watch(container, tail, self._suite, self._redaction, stopped=self._stopped, progress=relay)
            return self._blame_memory(end, tail, tuple(crashed)) if container.out_of_memory else end

    def _blame_memory(self, end: SessionEnd, tail: SessionTail, crashed: tuple[str, ...]) -> SessionEnd:
        """A session in whose container the kernel killed a process for lack of memory.

        One that ended by itself, with every result, lost a process of a test's own, which that test has judged; it stays as it is.
        """
        if end.reason in {EndReason.INTERRUPTED, EndReason.SIDE_TIMEOUT, EndReason.TEST_TIMEOUT}:
            return end
        if tail.footer is not None and not crashed:
            return end
        return SessionEnd(
            reason=EndReason.OUT_OF_MEMORY,
            exit_status=end.exit_status,
            guilty=crashed or tuple(tail.running),
            detail=f"the kernel killed a process of the tests for lack of memory; the container may use {self._memory}",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerPlace:
    """Where the commands of a tool that writes JUnit XML run: each in a fresh container, with a folder of its own in the session's."""

    session: Path
    events: ProjectEvents
    memory: str
    redaction: Redaction

    @contextlib.contextmanager
    def folder(self) -> Iterator[tuple[Path, str]]:
        """A folder that whoever the container runs as may write to."""
        folder = Path(tempfile.mkdtemp(prefix="command-", dir=self.session))
        folder.chmod(0o777)  # nobody else gets through the folders above
        yield folder, f"{OUT_FOLDER}/{self.session.name}/{folder.name}"

    @contextlib.contextmanager
    def start(self, words: Sequence[str], variables: Mapping[str, str], out: Path) -> Iterator[SessionContainer]:
        """A container; where the kernel killed a process of it for lack of memory, that is an infrastructure failure and no result."""
        unused = out / PROBE_LINES
        copy = unused.with_suffix(".copy")
        with SessionContainer(words, variables, self.redaction, events=self.events, lines=unused, output=copy) as container:
            yield container
            if container.out_of_memory:
                raise InfrastructureError(
                    "the kernel killed a process of the tests for lack of memory",
                    hint=f"The container may use {self.memory}: raise `memory` of this environment.",
                    kind=InfrastructureKind.OUT_OF_MEMORY,
                )


def refuse_shared_results(suite: SuitePlan) -> None:
    """Raise ConfigurationError for a tool that would write its JUnit XML into the suite's folder, which a container can only read."""
    if not suite.is_pytest and "{out}" not in (suite.junit or ""):
        raise ConfigurationError(
            "the suite's folder is mounted read-only, so the command cannot write its JUnit XML there",
            where="[suite] junit",
            expected='a path below {out}, for example junit = "{out}/*.xml"',
            hint="Name {out} in the command too, or read the variable SHADOW_OUT: it is a folder that the command may write to.",
        )
