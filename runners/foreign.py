"""Suites of any tool that writes JUnit XML: run the command, read what it wrote, keep it in the bundle's own format."""

from __future__ import annotations

import contextlib
import re
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from glob import has_magic
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from harness.errors import InputError
from harness.model import EndReason, SessionEnd
from runners.junit import Reader, to_session_file
from runners.output import last_lines
from runners.session import append_end
from runners.supervised import Supervised

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from harness.model import SessionRequest, SuitePlan
    from harness.ports import ProgressSink
    from runners.junit import Case
    from runners.redaction import Redaction
    from runners.supervised import Ended, Running

OUT = "{out}"
"""In `command`, `args`, `rerun` and `junit`: a private folder of one command, removed once its files are read. Also in the variable SHADOW_OUT."""

_POLL = 0.1
_PLACEHOLDER = re.compile(r"\{(id|name|classname|file|out)\}")
_PATH_LIKE = re.compile(r"/|\.[a-z]{1,4}$")
_one_at_a_time = threading.Lock()


def run_foreign(
    suite: SuitePlan,
    request: SessionRequest,
    variables: Mapping[str, str],
    *,
    redaction: Redaction,
    stopped: threading.Event,
    progress: ProgressSink,
    place: Place | None = None,
) -> SessionEnd:
    """Run one session of a command that writes JUnit XML. A confirmation pair runs `[suite] rerun` once for each of its tests.

    Where the tool's files do not lie in the private folder, both sides write to the same place: the sides then take turns. `place` is where the
    commands run; default: this machine. `redaction` is the same for all sessions of a side: it knows what the tool calls tests whose
    ids are redacted.
    """
    place = place or LocalPlace(cwd=suite.root, held=request.output.parent)
    session = _ForeignSession(suite, request, variables, redaction=redaction, place=place, stopped=stopped.is_set, progress=progress)
    try:
        kept = to_session_file(session.cases(), request.output, {"command": suite.command[0]})
    except InputError as error:  # a report that cannot be read: nothing of it is kept
        session.end = SessionEnd(reason=EndReason.NOT_STARTED, exit_status=session.end.exit_status, detail=str(error))
    else:
        if kept.duplicates:
            progress({"e": "duplicate", "ids": list(kept.duplicates)})
        if not kept.count and session.end.reason is not EndReason.FINISHED:
            request.output.unlink()
    append_end(request.output, session.end)
    return session.end


def split_id(test_id: str) -> dict[str, str]:
    """The placeholders of `[suite] rerun` for a test id as docs/junit.md builds it: file, class and name joined by "::", the file optional.

    Classes and modules may hold "::" themselves, so the first part is a file only where it looks like one.
    """
    *before, name = test_id.split("::")
    file = before.pop(0) if len(before) > 1 and _PATH_LIKE.search(before[0]) else ""
    return {"id": test_id, "name": name, "classname": "::".join(before), "file": file}


class Place(Protocol):
    """Where the commands of a session run: this machine, or containers."""

    def folder(self) -> AbstractContextManager[tuple[Path, str]]:
        """A private folder for one command: as this machine sees it, and as the command does. It is removed in the end."""
        ...

    def start(self, words: Sequence[str], variables: Mapping[str, str], out: Path) -> AbstractContextManager[Running]:
        """Start a command; leaving the context ends it with all that it started."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalPlace:
    """Supervised processes on this machine, in the suite's root."""

    cwd: Path
    held: Path

    @contextlib.contextmanager
    def folder(self) -> Iterator[tuple[Path, str]]:
        """A temporary folder, the same for both."""
        with tempfile.TemporaryDirectory(prefix="shadow-", ignore_cleanup_errors=True) as folder:
            yield Path(folder), folder

    def start(self, words: Sequence[str], variables: Mapping[str, str], out: Path) -> AbstractContextManager[Running]:
        """A supervised process."""
        return Supervised(words, cwd=self.cwd, env=variables, held=self.held, private=out)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Task:
    """One command to run and the only test whose result counts; None for all."""

    words: tuple[str, ...]
    test_id: str | None = None


class _ForeignSession:
    """The commands of one session, one after the other. `end` says how it ended, once `cases` is through."""

    def __init__(
        self,
        suite: SuitePlan,
        request: SessionRequest,
        variables: Mapping[str, str],
        *,
        redaction: Redaction,
        place: Place,
        stopped: Callable[[], bool],
        progress: ProgressSink,
    ) -> None:
        self._redaction = redaction
        self._place = place
        self._suite = suite
        self._request = request
        self._variables = variables
        self._stopped = stopped
        self._progress = progress
        self._deadline = float("inf")
        self.end = SessionEnd(reason=EndReason.FINISHED, exit_status=0)

    def cases(self) -> Iterator[Case]:
        """What the tool reports of the tests that were to run; ends early where `end` says why. Raises InputError."""
        shared = OUT not in (self._suite.junit or "")
        with _one_at_a_time if shared else contextlib.nullcontext():
            self._deadline = time.monotonic() + self._suite.timeout
            for task in self._tasks():
                with self._place.folder() as (out, seen_as):
                    yield from self._of_command(task, out, seen_as)
                if self.end.reason is not EndReason.FINISHED:
                    return

    def _tasks(self) -> Iterator[_Task]:
        if self._request.select is None:
            yield _Task(words=(*self._suite.command, *self._suite.args))
            return
        for test_id in self._request.select:
            names = split_id(self._redaction.raw_id(test_id))
            words = tuple(_PLACEHOLDER.sub(lambda found, names=names: names.get(found[1], found[0]), word) for word in self._suite.rerun)  # type: ignore[misc]  # mypy cannot infer a default of a lambda
            yield _Task(words=words, test_id=test_id)

    def _of_command(self, task: _Task, out: Path, seen_as: str) -> Iterator[Case]:
        before = dict(self._reports(out))
        ended = self._run(task, out, seen_as)
        if ended is None:
            return
        files = [path for path, mark in self._reports(out) if before.get(path) != mark]
        if not files and task.test_id is None:
            self.end = SessionEnd(
                reason=EndReason.NOT_STARTED,
                exit_status=ended.exit_status,
                detail=f"the command ended by {ended.how} and wrote no file that matches [suite] junit = {self._suite.junit!r}. "
                f"{last_lines(ended, self._redaction)}",
            )
            return
        found = 0
        for case in Reader(files, redaction=self._redaction):
            if self._wanted(case.test_id, task):
                found += 1
                self._progress({"e": "result", "id": case.test_id, "outcome": case.outcome.value})
                yield case
        detail = self.end.detail
        if task.test_id is not None and not found:
            detail = f"the command ended by {ended.how} and reported nothing of that test. {last_lines(ended, self._redaction)}"
        self.end = SessionEnd(reason=EndReason.FINISHED, exit_status=ended.exit_status, detail=detail)

    def _wanted(self, test_id: str, task: _Task) -> bool:
        """Whether this session was to run a test: a tool may report more than it was asked for."""
        return test_id == task.test_id if task.test_id is not None else test_id not in self._request.skip

    def _run(self, task: _Task, out: Path, seen_as: str) -> Ended | None:
        """Run a command to its end; None where it was cut, or not begun, and `end` says why."""
        if self._stopped():
            self.end = SessionEnd(reason=EndReason.INTERRUPTED)
            return None
        words = [word.replace(OUT, seen_as) for word in task.words]
        variables = {**self._variables, "SHADOW_OUT": seen_as}
        with self._place.start(words, variables, out) as process:
            while (ended := process.wait(_POLL)) is None:
                if self._stopped():
                    self.end = SessionEnd(reason=EndReason.INTERRUPTED)
                    return None
                if time.monotonic() > self._deadline:
                    self.end = SessionEnd(reason=EndReason.SIDE_TIMEOUT, detail=f"the side's time of {self._suite.timeout:g} s was over")
                    return None
        return ended

    def _reports(self, out: Path) -> Iterator[tuple[Path, tuple[int, int, int]]]:
        """The files that match `junit`, each with a mark that changes when it is written: old ones are another night's, or the other side's."""
        pattern = (self._suite.junit or "").replace(OUT, str(out))
        path = Path(pattern)
        if path.is_absolute():
            found = sorted(Path(path.anchor).glob(str(path.relative_to(path.anchor)))) if has_magic(pattern) else [path]
        else:
            found = sorted(self._suite.root.glob(pattern))
        for file in found:
            with contextlib.suppress(FileNotFoundError):
                if file.is_file():
                    status = file.stat()
                    yield file, (status.st_mtime_ns, status.st_size, status.st_ino)
