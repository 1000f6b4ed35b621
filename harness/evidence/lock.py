"""Locks by which processes tell each other that they live: the system releases them with the last process that holds them."""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path
from typing import IO

_LOOK = 0.05


def lock_file(path: Path) -> IO[bytes] | None:
    """The file, open and locked for this process alone until it is closed; None where another process holds it."""
    file = path.open("wb")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        return None
    return file


def wait_until_unlocked(folder: Path, *, seconds: float) -> bool:
    """Whether, within this time, no process holds a shared lock on the folder any more (`runners.supervised` takes one for each session)."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    deadline = time.monotonic() + seconds
    try:
        while not _free(descriptor):
            if time.monotonic() > deadline:
                return False
            time.sleep(_LOOK)
    finally:
        os.close(descriptor)
    return True


def _free(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True  # a file system without locks
    return True
