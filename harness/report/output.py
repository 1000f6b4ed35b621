"""Files that are there whole or not at all."""

from __future__ import annotations

import contextlib
import io
import os
import secrets
import stat
import sys
from pathlib import Path
from typing import TYPE_CHECKING, TextIO, TypeAlias

from harness.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

Destination: TypeAlias = "Path | str"
"""A file, or "-" for standard output."""

# What escaping may have missed must not lose the report of a night: it is written as a backslash escape.
_ENCODING_ERRORS = "backslashreplace"


@contextlib.contextmanager
def open_report(destination: Destination, what: str) -> Iterator[TextIO]:
    """A stream of UTF-8 text that takes the file's place once the block ends without an exception; otherwise nothing is left behind.

    Missing directories are made. A symbolic link stays and its target is replaced; a device or a pipe is written as it comes.
    `what` names the report in the error. Raises UsageError where the file cannot be written.
    """
    try:
        with _opened(destination) as out:
            yield out
    except (OSError, UnicodeEncodeError) as error:
        raise _cannot_write(destination, what, error) from error


def _opened(destination: Destination) -> contextlib.AbstractContextManager[TextIO]:
    if str(destination) == "-":
        return _standard_output()
    if "\0" in str(destination):
        raise OSError(0, "the name holds a NUL character")
    target = Path(os.path.realpath(destination))
    try:
        mode = target.stat().st_mode
    except FileNotFoundError:
        target.parent.mkdir(parents=True, exist_ok=True)
        return _replacing(target, None)
    if stat.S_ISREG(mode):
        return _replacing(target, stat.S_IMODE(mode))
    return target.open("w", encoding="utf-8", errors=_ENCODING_ERRORS, newline="\n")  # a directory raises here, too


@contextlib.contextmanager
def _replacing(target: Path, mode: int | None) -> Iterator[TextIO]:
    draft = target.with_name(f".shadow-{secrets.token_hex(8)}.tmp")
    # 0o666 less the umask, as any program that makes a file; tempfile's 0600 would hide a report from the CI's upload step.
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
    try:
        with open(handle, "w", encoding="utf-8", errors=_ENCODING_ERRORS, newline="\n") as out:  # noqa: PTH123 - an open descriptor
            if mode is not None:
                os.fchmod(handle, mode)
            yield out
            out.flush()
            os.fsync(handle)
        draft.replace(target)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    _settle(target.parent)


def _settle(directory: Path) -> None:
    """Make the rename itself last, where the file system lets a directory be synced."""
    with contextlib.suppress(OSError):
        handle = os.open(directory, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


@contextlib.contextmanager
def _standard_output() -> Iterator[TextIO]:
    sys.stdout.flush()
    raw = getattr(sys.stdout, "buffer", None)
    if raw is None:  # replaced by a plain text stream
        yield sys.stdout
        return
    out = io.TextIOWrapper(raw, encoding="utf-8", errors=_ENCODING_ERRORS, newline="\n")
    try:
        yield out
        out.flush()
    finally:
        out.detach()


def _cannot_write(destination: Destination, what: str, error: Exception) -> UsageError:
    if str(destination) == "-":
        return UsageError(
            f"the {what} could not be written: {_why(error)}",
            where="standard output",
            expected="a reader that stays until the end",
            hint="name a file, or let the reading program read everything",
        )
    return UsageError(
        f"the {what} could not be written: {_why(error)}",
        where=os.fsencode(str(destination)).decode("utf-8", "backslashreplace"),
        expected="a file in a directory that can be written, or - for standard output",
        hint="check the path, its permissions and the free space of its disk; what stood there before is unchanged",
    )


def _why(error: Exception) -> str:
    return getattr(error, "strerror", None) or type(error).__name__
