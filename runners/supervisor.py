"""Runs one command and outlives it: when the command ends, or the harness does, nothing that the command started is left.

A script of its own, started as `python -I supervisor.py CONTROL PRIVATE COMMAND...` in a new session.

CONTROL is the descriptor of one end of a socket pair: the harness holds the other. End of file on it (the harness stopped the session, or died)
ends the command; how the command ended is written to it as text ("exit 0", "signal 9", "error TEXT").
PRIVATE is a folder that is removed when the session is cut short, "" for none: a harness that died cannot do it.

On Linux it is a subreaper: processes that detach themselves become its children and are found.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import psutil

GRACE = 1.0
"""Seconds between SIGTERM and SIGKILL."""

PATIENCE = 30.0
"""Seconds after which what cannot be ended (a process stuck in the kernel) is given up."""

_LOOK = 0.01
_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36


def main(arguments: list[str]) -> int:
    """Run the command and report how it ended."""
    control = socket.socket(fileno=int(arguments[0]))
    control.set_inheritable(False)
    prctl = _prctl()
    prctl(_PR_SET_CHILD_SUBREAPER, 1)
    _no_core_files()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: control.shutdown(socket.SHUT_RD))
    try:
        command = subprocess.Popen(
            arguments[2:],
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=lambda: prctl(_PR_SET_PDEATHSIG, signal.SIGKILL),  # noqa: PLW1509 - there is one thread so far
        )
    except OSError as error:
        _report(control, f"error {error.strerror}")
        return 127
    over = threading.Event()
    watch = threading.Thread(target=_end_with_the_harness, args=(control, arguments[1], over), daemon=True)
    watch.start()
    status = command.wait()
    over.set()
    end_all()
    _report(control, f"exit {status}" if status >= 0 else f"signal {-status}")
    with contextlib.suppress(OSError):
        control.shutdown(socket.SHUT_RDWR)  # the harness reads the end of the report, and the watching thread ends
    watch.join()
    return 0


def end_all() -> None:
    """End every descendant: politely first, for good after `GRACE` seconds; returns when none is left."""
    if _is_childless():
        return
    import psutil  # noqa: PLC0415 - most commands leave nothing behind

    me = psutil.Process()
    asked: set[psutil.Process] = set()
    beyond: set[psutil.Process] = set()  # another user's, which nobody but root may end
    begun = time.monotonic()
    # New ones may be started by what is being ended: it is over when a look finds none.
    while (processes := _running(me) - beyond) and (spent := time.monotonic() - begun) < PATIENCE:
        for process in processes:
            try:
                if spent > GRACE:
                    process.kill()
                elif process not in asked:
                    asked.add(process)
                    process.terminate()
            except psutil.NoSuchProcess:
                continue
            except psutil.AccessDenied:
                beyond.add(process)
        time.sleep(_LOOK)


def _is_childless() -> bool:
    """Whether there is no child, and so no descendant: the children of one that died are this process's, or out of reach on every system."""
    if not hasattr(os, "waitid"):
        return False
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return True
    return False


def _running(me: psutil.Process) -> set[psutil.Process]:
    """Descendants that are alive. Ended ones stay in the table until their parent asks; asking here would take the command's exit status away."""
    import psutil  # noqa: PLC0415 - as above

    found = set()
    for process in me.children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):
            if process.status() not in {psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD}:
                found.add(process)
    return found


def _end_with_the_harness(control: socket.socket, private: str, over: threading.Event) -> None:
    """Wait for the end of file that cuts the session short; `main` goes on once the command is dead. Does nothing where it is `over` by itself."""
    with contextlib.suppress(OSError):
        while control.recv(64):
            pass
    if over.is_set():
        return
    end_all()
    if private:
        shutil.rmtree(private, ignore_errors=True)


def _no_core_files() -> None:
    """What crashes leaves no picture of its memory, which holds the data that it worked on."""
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource  # noqa: PLC0415  # not on every system

        resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))


def _prctl() -> Callable[[int, int], object]:
    """Linux's prctl; elsewhere it does nothing, and what detaches itself is not found."""
    if sys.platform != "linux":
        return lambda _option, _value: None
    library = ctypes.CDLL(None, use_errno=True)
    return lambda option, value: library.prctl(option, value, 0, 0, 0)


def _report(control: socket.socket, text: str) -> None:
    with contextlib.suppress(OSError):
        control.sendall(text.encode())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
