"""A command under supervision: started, watched and ended with everything it started."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Self

from harness.errors import InfrastructureError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_SUPERVISOR = Path(__file__).with_name("supervisor.py")
_KEPT = 32_768
_BLOCK = 4_096


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a supervised command ended: its exit status or the signal that killed it, and the last kilobytes it printed (not redacted)."""

    exit_status: int | None
    signal: int | None
    output: str


class Supervised:
    """One running command. Use as a context: leaving it ends the command and all it started.

    Raises InfrastructureError where the command cannot be started.
    """

    def __init__(self, command: Sequence[str], *, cwd: Path, env: Mapping[str, str]) -> None:
        self._control, theirs = socket.socketpair()
        self._output: deque[bytes] = deque(maxlen=_KEPT // _BLOCK)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-I", str(_SUPERVISOR), str(theirs.fileno()), *command],
                cwd=cwd,
                env=dict(env),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                pass_fds=(theirs.fileno(),),
                start_new_session=True,
            )
        self._command = command[0]
        self._reader = threading.Thread(target=self._drain, args=(self._process.stdout,), daemon=True)
        self._reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        self._process.wait()
        self._reader.join()
        if self._process.stdout:
            self._process.stdout.close()
        self._control.close()

    def wait(self, seconds: float) -> Ended | None:
        """How it ended, or None if it has not within this time."""
        try:
            self._process.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            return None
        self._reader.join()
        report = self._report()
        output = b"".join(self._output).decode("utf-8", "replace")
        word, _, rest = report.partition(" ")
        if word == "error":
            raise InfrastructureError(
                f"the command {self._command!r} could not be started: {rest}",
                hint="See that [suite] command names a program on PATH, or give its path.",
            )
        if word not in {"exit", "signal"}:
            return Ended(exit_status=None, signal=-self._process.returncode, output=output)
        return Ended(exit_status=int(rest) if word == "exit" else None, signal=int(rest) if word == "signal" else None, output=output)

    def stop(self) -> None:
        """Ask the supervisor to end everything; `wait` tells when it has. Safe from any thread and more than once."""
        try:
            self._control.shutdown(socket.SHUT_WR)
        except OSError:
            return  # it has ended already

    def _report(self) -> str:
        """What the supervisor said last; empty where it was killed."""
        parts = []
        try:
            while part := self._control.recv(1024):
                parts.append(part)
        except OSError:
            return ""
        return b"".join(parts).decode("utf-8", "replace")

    def _drain(self, stream: IO[bytes] | None) -> None:
        """Keep the last blocks of the output, so that a chatty suite neither blocks nor fills memory."""
        while stream and (block := stream.read1(_BLOCK)):  # type: ignore[attr-defined]  # a BufferedReader, which IO[bytes] does not say
            self._output.append(block)
