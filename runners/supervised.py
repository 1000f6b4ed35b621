"""A command under supervision: started, watched and ended with everything it started."""

from __future__ import annotations

import contextlib
import fcntl
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Protocol, Self

from harness.errors import InfrastructureError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_SUPERVISOR = Path(__file__).with_name("supervisor.py")
_KEPT = 32_768
_LAST_WORDS = 5.0  # seconds that the output of a dead command may take to be read


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a supervised command ended: its exit status or the signal that killed it, and the last kilobytes it printed (not redacted)."""

    exit_status: int | None
    signal: int | None
    output: str

    @property
    def how(self) -> str:
        """In words: "exit status 1", "signal 9"."""
        return f"signal {self.signal}" if self.signal else f"exit status {self.exit_status}"


class Running(Protocol):
    """A session's process or container while it runs."""

    def wait(self, seconds: float) -> Ended | None:
        """How it ended, or None if it has not within this time."""
        ...

    def stop(self) -> None:
        """Begin to end everything of it; `wait` tells when it has. Safe from any thread and more than once."""
        ...


class Supervised:
    """One running command. Use as a context: leaving it ends the command and all it started.

    `held`: a folder that stays locked (a shared flock) as long as anything of the command may be alive, also after the death of the harness.
    `private`: a folder that is removed where the command is cut short, also by the death of the harness.

    Raises InfrastructureError where the command cannot be started.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        cwd: Path,
        env: Mapping[str, str],
        held: Path | None = None,
        private: Path | None = None,
    ) -> None:
        self._command = command[0]
        self._control, theirs = socket.socketpair()
        self._report = bytearray()
        self._output = bytearray()
        try:
            with theirs, _locked(held) as lock:
                self._process = subprocess.Popen(
                    [sys.executable, "-I", str(_SUPERVISOR), str(theirs.fileno()), str(private or ""), *command],
                    cwd=cwd,
                    env=dict(env),
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT,
                    pass_fds=(theirs.fileno(), *lock),
                    start_new_session=True,
                )
        except OSError as error:
            self._control.close()
            raise self._cannot_start(error.strerror or type(error).__name__) from None
        self._reader = threading.Thread(target=self._drain, args=(self._process.stdout,), daemon=True)
        self._reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        self._process.wait()
        self._reader.join(_LAST_WORDS)
        if self._process.stdout and not self._reader.is_alive():
            self._process.stdout.close()
        self._control.close()

    def wait(self, seconds: float) -> Ended | None:
        """How it ended, or None if it has not within this time."""
        self._control.settimeout(seconds)
        try:
            while part := self._control.recv(1024):
                self._report += part
        except TimeoutError:
            return None
        except OSError:
            pass  # it was killed: there is no report
        self._process.wait()
        self._reader.join(_LAST_WORDS)
        word, _, rest = self._report.decode("utf-8", "replace").partition(" ")
        output = self._output.decode("utf-8", "replace")
        if word == "error":
            raise self._cannot_start(rest)
        if word not in {"exit", "signal"}:
            return Ended(exit_status=None, signal=-self._process.returncode, output=output)
        return Ended(exit_status=int(rest) if word == "exit" else None, signal=int(rest) if word == "signal" else None, output=output)

    def stop(self) -> None:
        """Ask the supervisor to end everything; `wait` tells when it has. Safe from any thread and more than once."""
        with contextlib.suppress(OSError):  # it has ended already
            self._control.shutdown(socket.SHUT_WR)

    def _cannot_start(self, why: str) -> InfrastructureError:
        return InfrastructureError(
            f"the command {self._command!r} could not be started: {why}",
            hint="See that [suite] command names a program on PATH, or give its path.",
            kind="command_failed",
        )

    def _drain(self, stream: IO[bytes] | None) -> None:
        """Keep the end of the output, so that a chatty suite neither blocks nor fills memory."""
        while stream and (block := stream.read1(_KEPT)):  # type: ignore[attr-defined]  # a BufferedReader, which IO[bytes] does not say
            self._output += block
            del self._output[:-_KEPT]


@contextlib.contextmanager
def _locked(folder: Path | None) -> Iterator[tuple[int, ...]]:
    """A descriptor of the folder with a shared lock, to be handed on: the lock lasts until the last process that has it is gone."""
    if folder is None:
        yield ()
        return
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        with contextlib.suppress(OSError):  # a file system without locks
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        yield (descriptor,)
    finally:
        os.close(descriptor)
