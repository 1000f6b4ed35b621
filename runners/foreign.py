"""Suites of any tool that writes JUnit XML: run the command, read what it wrote, keep it in the bundle's own format."""

from __future__ import annotations

import contextlib
import tempfile
import threading
import time
from glob import has_magic
from pathlib import Path
from typing import TYPE_CHECKING

from harness.errors import InputError
from harness.model import EndReason, SessionEnd
from runners.junit import Reader, to_session_file
from runners.session import append_end
from runners.supervised import Supervised

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from harness.model import SessionRequest, SuitePlan
    from harness.ports import ProgressSink
    from runners.junit import Case

OUT = "{out}"
"""In `command`, `args`, `rerun` and `junit`: a private folder of the session, removed once its files are read. Also in the variable SHADOW_OUT."""

_POLL = 0.1
_one_at_a_time = threading.Lock()


def run_foreign(
    suite: SuitePlan,
    request: SessionRequest,
    variables: Mapping[str, str],
    *,
    stopped: threading.Event,
    progress: ProgressSink,
) -> SessionEnd:
    """Run one session of a command that writes JUnit XML. A confirmation pair runs `[suite] rerun` once for each of its tests.

    Where the tool's files do not lie in the private folder, both sides write to the same place: the sides then take turns.
    """
    shared = OUT not in (suite.junit or "")
    turn = _one_at_a_time if shared else contextlib.nullcontext()
    with turn, tempfile.TemporaryDirectory(prefix="shadow-") as folder:
        out = Path(folder)
        started = time.time()
        end = _run_commands(suite, request, {**variables, "SHADOW_OUT": folder}, out=out, stopped=stopped)
        if end.reason is EndReason.FINISHED:
            end = _keep_results(suite, request, out=out, started=started, end=end, progress=progress)
        append_end(request.output, end)
        return end


def split_id(test_id: str) -> dict[str, str]:
    """The placeholders of `[suite] rerun` for a test id as docs/junit.md builds it."""
    *before, name = test_id.split("::")
    return {
        "id": test_id,
        "name": name,
        "classname": before[-1] if before else "",
        "file": before[0] if len(before) > 1 else "",
    }


def _run_commands(
    suite: SuitePlan,
    request: SessionRequest,
    variables: Mapping[str, str],
    *,
    out: Path,
    stopped: threading.Event,
) -> SessionEnd:
    deadline = time.monotonic() + suite.timeout
    end = SessionEnd(reason=EndReason.FINISHED, exit_status=0)
    for command in _commands(suite, request, out):
        with Supervised(command, cwd=suite.root, env=variables) as process:
            while (ended := process.wait(_POLL)) is None:
                if stopped.is_set():
                    return SessionEnd(reason=EndReason.INTERRUPTED)
                if time.monotonic() > deadline:
                    return SessionEnd(reason=EndReason.SIDE_TIMEOUT, detail=f"the side's time of {suite.timeout:g} s was over")
        end = SessionEnd(reason=EndReason.FINISHED, exit_status=ended.exit_status)
    return end


def _commands(suite: SuitePlan, request: SessionRequest, out: Path) -> Iterator[list[str]]:
    if request.select is None:
        yield [word.replace(OUT, str(out)) for word in (*suite.command, *suite.args)]
        return
    for test_id in request.select:
        names = {**split_id(test_id), "out": str(out)}
        yield [_filled(word, names) for word in suite.rerun]


def _filled(word: str, names: Mapping[str, str]) -> str:
    """A word of `rerun` with its placeholders filled; braces that name nothing stay as they are."""
    for name, value in names.items():
        word = word.replace("{" + name + "}", value)
    return word


def _keep_results(
    suite: SuitePlan,
    request: SessionRequest,
    *,
    out: Path,
    started: float,
    end: SessionEnd,
    progress: ProgressSink,
) -> SessionEnd:
    """Turn the JUnit files of this session into its session file."""
    files = _written(suite, out, started)
    if not files:
        return SessionEnd(
            reason=EndReason.NOT_STARTED,
            exit_status=end.exit_status,
            detail=f"the command ended with exit status {end.exit_status} and wrote no file that matches [suite] junit = {suite.junit!r}",
        )
    reader = Reader(files)
    try:
        to_session_file(_kept(reader, request, progress), request.output, {"command": suite.command[0]})
    except InputError as error:
        request.output.unlink(missing_ok=True)
        return SessionEnd(reason=EndReason.NOT_STARTED, exit_status=end.exit_status, detail=str(error))
    return end


def _kept(reader: Reader, request: SessionRequest, progress: ProgressSink) -> Iterator[Case]:
    """The cases that this session was to run: a tool may report more than it was asked for."""
    wanted = None if request.select is None else frozenset(request.select)
    for case in reader:
        if (wanted is None or case.test_id in wanted) and case.test_id not in request.skip:
            progress({"e": "result", "id": case.test_id, "outcome": case.outcome.value})
            yield case


def _written(suite: SuitePlan, out: Path, started: float) -> list[Path]:
    """The JUnit files that the command wrote in this session: older ones are another night's."""
    pattern = (suite.junit or "").replace(OUT, str(out))
    path = Path(pattern)
    if path.is_absolute():
        found = sorted(Path(path.anchor).glob(str(path.relative_to(path.anchor)))) if has_magic(pattern) else [path]
    else:
        found = sorted(suite.root.glob(pattern))
    return [file for file in found if file.is_file() and file.stat().st_mtime >= started - 1]
