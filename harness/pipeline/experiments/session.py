"""One execution of an experiment: a test in a fresh process, whose files are gone afterwards."""

from __future__ import annotations

import contextlib
import json
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from harness.errors import BundleError, InfrastructureError
from harness.evidence import SessionName, read_session
from harness.model import EndReason, Outcome, SessionRequest, Shard
from harness.pipeline.side import StoppedError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from harness.model import Side
    from harness.pipeline.experiments.trials import Trial
    from harness.ports import TestRunner

_DIED = {EndReason.CRASHED: Outcome.CRASHED, EndReason.TEST_TIMEOUT: Outcome.TIMEOUT, EndReason.OUT_OF_MEMORY: Outcome.CRASHED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What an execution showed: the test's outcome, or why there is none."""

    outcome: Outcome | None = None
    obstacle: str = ""


def execute(
    trial: Trial, side: Side, runner: TestRunner, *, replace: Callable[[Path], int] | None = None, settings: Mapping[str, str] | None = None
) -> Seen:
    """Run a trial's test once on a side. `replace` writes what is replaced to the file it is given, and says how many literals that are.

    Everything that the session reads and writes lies in a private folder, which is removed: a replaced value may be one of the production copy, and
    what a changed test says is no evidence of the run. Raises StoppedError.
    """
    folder = Path(tempfile.mkdtemp(prefix="shadow-experiment-"))
    try:
        values = folder / "replace.json"
        wanted = replace(values) if replace else 0
        if replace and not wanted:
            return Seen(obstacle="no record could be found to stand in its place")
        name = SessionName(side=side, pair=1, shard=Shard(), number=1)
        output = folder / f"{folder.name}-{name}"
        request = SessionRequest(
            side=side, output=output, pair=1, select=(trial.select,), replace=values if replace else None, settings=settings or {}
        )
        try:
            end = runner.run(request, lambda _line: None)
        except InfrastructureError:
            return Seen(obstacle="the environment failed")
        if end.reason is EndReason.INTERRUPTED:
            raise StoppedError
        if end.reason in _DIED:
            return Seen(outcome=_DIED[end.reason])
        if replace and not _replaced(output):
            return Seen(obstacle="the literal was not found where the test process reads it")
        shown = {attempt.test_id: attempt.outcome for attempt in read_session(output, name=name).attempts}
        outcome = shown.get(trial.test_id, shown.get(trial.select))
        return Seen(outcome=outcome) if outcome not in {None, Outcome.ABSENT} else Seen(obstacle="the test was not collected with the change")
    except (BundleError, OSError) as error:
        return Seen(obstacle=f"the session could not be read ({type(error).__name__})")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _replaced(output: Path) -> bool:
    """Whether the session says that it replaced anything."""
    with contextlib.suppress(OSError), output.open("rb") as file:
        for line in file:
            if line.startswith(b'{"e":"experiment"'):
                with contextlib.suppress(ValueError, KeyError):
                    return bool(json.loads(line)["replaced"])
    return False
