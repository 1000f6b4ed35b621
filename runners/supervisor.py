"""Runs one command and outlives it: when the command ends, or the harness does, nothing that the command started is left.

A script of its own, started as `python -I supervisor.py FD COMMAND...` in a new session. FD is one end of a socket pair: the harness holds the other.
End of file on it (the harness stopped the session, or died) ends the command; the command's exit status is written to it as text
("exit 0", "signal 9", "error TEXT"). On Linux it is a subreaper: processes that detach themselves become its children and are found.
"""

from __future__ import annotations

import contextlib
import ctypes
import signal
import socket
import subprocess
import sys
import threading

import psutil

GRACE = 1.0
"""Seconds between SIGTERM and SIGKILL."""

_PR_SET_CHILD_SUBREAPER = 36


def main(arguments: list[str]) -> int:
    """Run the command and report how it ended."""
    control = socket.socket(fileno=int(arguments[0]))
    control.set_inheritable(False)
    _become_subreaper()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: control.shutdown(socket.SHUT_RD))
    try:
        command = subprocess.Popen(arguments[1:], stdin=subprocess.DEVNULL, start_new_session=True)
    except OSError as error:
        _report(control, f"error {error.strerror}")
        return 127
    threading.Thread(target=_end_with_the_harness, args=(control,), daemon=True).start()
    status = command.wait()
    end_all()
    _report(control, f"exit {status}" if status >= 0 else f"signal {-status}")
    return 0


def end_all() -> None:
    """End every descendant: politely first, for good after `GRACE` seconds; returns when none is left."""
    processes = psutil.Process().children(recursive=True)
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.terminate()
    _, alive = psutil.wait_procs(processes, timeout=GRACE)
    while alive:
        for process in alive:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs(alive, timeout=GRACE)
        alive = [process for process in psutil.Process().children(recursive=True) if _runs(process)]


def _runs(process: psutil.Process) -> bool:
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def _end_with_the_harness(control: socket.socket) -> None:
    """Wait for the end of file that says that the session is over; `main` goes on once the command is dead."""
    with contextlib.suppress(OSError):
        while control.recv(64):
            pass
    end_all()


def _become_subreaper() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _report(control: socket.socket, text: str) -> None:
    with contextlib.suppress(OSError):
        control.sendall(text.encode())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
