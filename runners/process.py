"""`runner = "process"`: the suite in a subprocess on this machine."""

from __future__ import annotations

import os
import shutil
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

from harness.errors import ConfigurationError
from harness.model import EndReason, SessionEnd, Side
from runners.command import pytest_command, session_variables, worker_count
from runners.foreign import run_foreign
from runners.output import last_lines
from runners.redaction import Redaction
from runners.session import append_end, write_selection
from runners.supervised import Supervised
from runners.tail import SessionTail

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.model import SessionRequest, SidePlan, SuitePlan
    from harness.ports import ProgressSink, TestRunner
    from runners.supervised import Ended, Running

PASSED_THROUGH = ("PATH", "HOME", "VIRTUAL_ENV", "CONDA_PREFIX", "PYENV_ROOT", "PYENV_VERSION", "LANG", "LANGUAGE")
"""Variables that the test process gets from the harness's own environment, with those of the locale (LC_*): what finds the user's pytest, and
nothing else.
"""

PROBE_FOLDER = Path(__file__).with_name("probe")
_POLL = 0.05


class ProcessEnvironment:
    """One side as a subprocess. There is nothing to bring up: what the variables point at is the environment."""

    def __init__(self, plan: SidePlan, suite: SuitePlan, *, seed: int, key: Path | None = None, environ: Mapping[str, str] | None = None) -> None:
        """`key` is the file of the probe's key; without one what tests observe is recorded by shape alone."""
        self.side: Side = plan.side
        self._suite = suite
        self._key = key
        self._variables = variables_of(plan, suite, seed=seed, environ=os.environ if environ is None else environ)

    def check(self) -> None:
        """See that the command can be found. Raises ConfigurationError."""
        name = self._suite.command[0]
        path = self._variables.get("PATH")
        there = (self._suite.root / name).exists() if os.sep in name else shutil.which(name, path=path)
        if not there:
            raise ConfigurationError(
                f"the command {name!r} was not found on PATH",
                where="[suite] command",
                expected="a program on PATH, or a path from the suite's root",
                hint="Activate the virtual environment that holds the suite's own pytest, or name it: command = ['.venv/bin/pytest'].",
            )

    def up(self) -> Mapping[str, str]:
        """Nothing is started; the facts say what runs the tests."""
        return {"runner": "process"}

    def runner(self) -> TestRunner:
        """A runner of subprocesses with this side's variables."""
        return ProcessRunner(self._suite, self._variables, key=self._key)

    def down(self) -> None:
        """Nothing to remove: a session leaves no process behind."""


class ProcessRunner:
    """Runs each session in a fresh process, supervised, so that nothing outlives it."""

    __test__ = False

    def __init__(self, suite: SuitePlan, variables: Mapping[str, str], *, key: Path | None = None) -> None:
        self._suite = suite
        self._variables = variables
        self._key = key
        self._redaction = Redaction.of_file(key)
        self._stopped = threading.Event()
        self._spent = 0.0

    def stop(self) -> None:
        """End the running session; its `run` returns with INTERRUPTED, and so does every later one."""
        self._stopped.set()

    def run(self, request: SessionRequest, progress: ProgressSink) -> SessionEnd:
        """Run one session (see `harness.ports.TestRunner`)."""
        selection = write_selection(request, self._suite.select)
        if not self._suite.is_pytest:
            return run_foreign(self._suite, request, self._variables, redaction=self._redaction, stopped=self._stopped, progress=progress)
        variables = {
            **self._variables,
            **request.settings,
            "PYTHONPATH": os.pathsep.join(filter(None, (str(PROBE_FOLDER), self._variables.get("PYTHONPATH")))),
            "SHADOW_PROBE_OUT": str(request.output),
            "SHADOW_PROBE_SELECT": str(selection),
            "SHADOW_PROBE_ROOT": str(self._suite.root),
        }
        if self._key is not None:
            variables["SHADOW_PROBE_KEY"] = str(self._key)
        if request.deep:
            variables["SHADOW_PROBE_DEEP"] = "1"
        if request.count is not None:
            variables["SHADOW_PROBE_COUNT"] = str(request.count)
        if request.replace is not None:
            variables["SHADOW_PROBE_REPLACE"] = str(request.replace)
        command = pytest_command(self._suite, request, workers=worker_count(self._suite.workers))
        tail = SessionTail(request.output)
        private = request.replace.parent if request.replace is not None else None
        left = self._suite.timeout - (0.0 if request.pair else self._spent)
        begun = time.monotonic()
        with Supervised(command, cwd=self._suite.root, env=variables, held=request.output.parent, private=private) as process:
            end = watch(process, tail, self._suite, self._redaction, stopped=self._stopped, progress=progress, seconds=left)
        if not request.pair:
            self._spent += time.monotonic() - begun
        append_end(request.output, end)
        return end


def variables_of(plan: SidePlan, suite: SuitePlan, *, seed: int, environ: Mapping[str, str]) -> dict[str, str]:
    """Everything that the test process finds in its environment: what is the same on both sides, what the caller passes through, settings and data.

    The locale is the caller's, and C.UTF-8 where the caller has none.
    """
    locale = sorted(name for name in environ if name.startswith("LC_"))
    passed = {name: environ[name] for name in (*PASSED_THROUGH, *locale, *suite.pass_env) if name in environ}
    fixed = session_variables(seed)
    if locale or "LANG" in passed:
        fixed = {name: value for name, value in fixed.items() if name not in {"LANG", "LC_ALL"}}
    return {**fixed, **passed, **plan.settings, **plan.data}


def watch(
    process: Running,
    tail: SessionTail,
    suite: SuitePlan,
    redaction: Redaction,
    *,
    stopped: threading.Event,
    progress: ProgressSink,
    seconds: float | None = None,
) -> SessionEnd:
    """Follow a session until it is over, and end it where it exceeds its time or is stopped. `seconds` are what is left of the side's time; all of
    it by default.
    """
    deadline = time.monotonic() + (suite.timeout if seconds is None else seconds)
    cut: SessionEnd | None = None
    while (ended := process.wait(_POLL)) is None:
        _relay(tail, progress)
        if cut is None:
            cut = _to_cut(tail, suite, late=time.monotonic() > deadline, stopped=stopped.is_set())
            if cut is not None:
                process.stop()
    _relay(tail, progress)
    return cut or _how_it_ended(tail, ended, redaction)


def _to_cut(tail: SessionTail, suite: SuitePlan, *, late: bool, stopped: bool) -> SessionEnd | None:
    """Why the session is to be ended now; None to go on."""
    if stopped:
        return SessionEnd(reason=EndReason.INTERRUPTED)
    if late:
        return SessionEnd(reason=EndReason.SIDE_TIMEOUT, detail=f"the side's time of {suite.timeout:g} s was over")
    if overdue := tail.overdue(suite.test_timeout):
        return SessionEnd(reason=EndReason.TEST_TIMEOUT, guilty=overdue, detail=f"a test ran for more than {suite.test_timeout:g} s")
    return None


def _how_it_ended(tail: SessionTail, ended: Ended, redaction: Redaction) -> SessionEnd:
    """How a session ended that nobody cut."""
    if tail.header is None or not tail.collected:
        return SessionEnd(
            reason=EndReason.NOT_STARTED,
            exit_status=ended.exit_status,
            detail=f"the command ended before it had collected tests ({ended.how}). {last_lines(ended, redaction)}",
        )
    if tail.footer is None:
        return SessionEnd(
            reason=EndReason.CRASHED, exit_status=ended.exit_status, guilty=tuple(tail.running), detail=f"the process ended by {ended.how}"
        )
    stopped = tail.footer.get("stopped")
    if not stopped and not tail.footer.get("complete", True):
        stopped = "it left tests without a result"
    return SessionEnd(
        reason=EndReason.STOPPED if stopped else EndReason.FINISHED,
        exit_status=tail.footer.get("exit_status"),
        detail=str(stopped or ""),
    )


def _relay(tail: SessionTail, progress: ProgressSink) -> None:
    for line in tail.poll():
        progress(line)
