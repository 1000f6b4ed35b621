"""Reads one side's reports in a process of its own, beside the process that reads the other's: two large sides take the time of one."""

from __future__ import annotations

import contextlib
import gc
import os
import pickle
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Self, cast

from harness.errors import InputError, ShadowError
from harness.model import Failure, Frame, Phase
from runners.junit.columns import Collected, Columns
from runners.junit.reader import Reader
from runners.junit.sources import listing
from runners.redaction import Redaction

if TYPE_CHECKING:
    from array import array
    from collections.abc import Iterator, Sequence
    from typing import BinaryIO

    from runners.junit.case import Remark

PAYS_FROM = 8_000_000
"""Bytes that each side has to have: below, starting a process takes longer than it saves."""

_BATCH = 16_384
_START = "import sys; sys.path[:] = sys.argv.pop(1).split('\\n'); from runners.junit.beside import main; main()"


def pays(legacy: Sequence[Path], shadow: Sequence[Path]) -> bool:
    """Whether both sides are large enough, and there is a processor for each."""
    processors = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return processors > 1 and min(_size(shadow), _size(legacy)) >= PAYS_FROM


class Beside:
    """The reading of one side, under way. Use as a context: leaving it ends the process."""

    def __init__(self, sources: Sequence[Path], root: Path | None, key: bytes | None = None) -> None:
        self._spool = cast("BinaryIO", tempfile.TemporaryFile())  # noqa: SIM115 - closed on leaving the context
        command = [sys.executable, "-P", "-c", _START, "\n".join(sys.path), str(root or ""), *map(str, sources)]
        try:
            self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=self._spool, stderr=subprocess.DEVNULL)
            with contextlib.suppress(BrokenPipeError), cast("BinaryIO", self._process.stdin) as pipe:
                pipe.write(key or b"")
        except BaseException:
            self._spool.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        self._spool.close()

    def collected(self, known: Sequence[str]) -> Collected | None:
        """What the process read, once it has ended; None where it was killed, so that nothing is known. `known`: as in `Columns`.

        Raises what reading raised there: InputError, EmptySuiteError.
        """
        self._process.wait()
        self._spool.seek(0)
        columns, unpacked = Columns(known), _Unpacking()
        with contextlib.suppress(EOFError, pickle.UnpicklingError):
            while True:
                piece = pickle.load(self._spool)  # noqa: S301 - written by our own process into a file without a name
                match piece:
                    case _Batch():
                        columns.extend(unpacked.columns(piece))
                    case _End():
                        return Collected(columns=columns, remarks=piece.remarks, files=piece.files)
                    case ShadowError():
                        raise piece
        return None


class _Batch(NamedTuple):
    """Cases as they travel: `Columns`, with each text of a frame written once for the whole side."""

    ids: list[str]
    seconds: array[float]
    outcomes: dict[int, int]
    suites: list[tuple[int, tuple[str, ...]]]
    failures: list[tuple[int, str, str, str, list[int], str, tuple[str, ...]]]
    frames: list[tuple[str, int, str]]
    """Those that the numbers in failures were not given for before."""


class _End(NamedTuple):
    remarks: tuple[Remark, ...]
    files: int


def main() -> None:
    """Read the sources of the command line into standard output. What the process that started this one learns of a fault is what is written."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the process that started this one ends it
    gc.disable()  # cases hold no cycles
    root, *sources = sys.argv[1:]
    key, out = sys.stdin.buffer.read(), sys.stdout.buffer
    redaction = Redaction.of_key(key) if key else None
    for piece in _pieces(Reader([Path(source) for source in sources], root=Path(root) if root else None, redaction=redaction)):
        pickle.dump(piece, out, pickle.HIGHEST_PROTOCOL)
    out.flush()


def _pieces(reader: Reader) -> Iterator[_Batch | _End | ShadowError]:
    columns, numbers = Columns(), dict[Frame, int]()
    try:
        for _ in reader.read_into(columns):
            if len(columns.ids) >= _BATCH:
                yield _packed(columns.take(), numbers)
        reader.require_tests()
    except ShadowError as error:
        yield error
    else:
        yield _packed(columns, numbers)
        yield _End(reader.remarks, reader.files)


def _packed(columns: Columns, numbers: dict[Frame, int]) -> _Batch:
    before = len(numbers)
    failures = [
        (row, one.type, one.message, one.phase.value, [numbers.setdefault(frame, len(numbers)) for frame in one.frames], one.template, one.values)
        for row, one in columns.failures.items()
    ]
    new = [(frame.path, frame.line, frame.function) for frame in list(numbers)[before:]]
    return _Batch(columns.ids, columns.seconds, columns.outcomes, columns.suites, failures, new)


class _Unpacking:
    """Makes cases of batches, each text and frame of which it keeps once."""

    def __init__(self) -> None:
        self._frames: list[Frame] = []
        self._texts: dict[str, str] = {}

    def columns(self, batch: _Batch) -> Columns:
        """The cases of one batch."""
        once, frames = self._texts.setdefault, self._frames
        frames += (Frame(path=once(path, path), line=line, function=once(function, function)) for path, line, function in batch.frames)
        columns = Columns()
        columns.ids, columns.seconds, columns.outcomes, columns.suites = batch.ids, batch.seconds, batch.outcomes, batch.suites
        columns.failures = {
            row: Failure(
                type=once(kind, kind),
                message=once(message, message),
                phase=Phase(phase),
                frames=tuple(map(frames.__getitem__, places)),
                template=once(template, template),
                values=values,
            )
            for row, kind, message, phase, places, template, values in batch.failures
        }
        return columns


def _size(sources: Sequence[Path]) -> int:
    try:
        return sum(source.path.stat().st_size for source in listing(sources))
    except (InputError, OSError):
        return 0  # reading says what is wrong
