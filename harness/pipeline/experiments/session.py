"""One session of experiments: changed tests in a fresh process, whose files are gone afterwards."""

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
from harness.model import EndReason, Outcome, OutcomeClass, SessionRequest, Shard
from harness.pipeline.experiments.budget import SPENT
from harness.pipeline.experiments.change import write_exchanges
from harness.pipeline.side import StoppedError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from harness.model import SessionEnd, Side
    from harness.pipeline.experiments.change import Change
    from harness.ports import TestRunner

_DIED = {EndReason.CRASHED: Outcome.CRASHED, EndReason.TEST_TIMEOUT: Outcome.TIMEOUT, EndReason.OUT_OF_MEMORY: Outcome.CRASHED}
NOT_FOUND = "the literal was not found where the test process reads it"
NOT_COLLECTED = "the test was not collected with the change"
ENVIRONMENT_FAILED = "the environment failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What an execution showed: the test's outcome, or why there is none."""

    outcome: Outcome | None = None
    obstacle: str = ""

    @property
    def passed(self) -> bool:
        """Whether the test passed."""
        return self.outcome is not None and self.outcome.kind is OutcomeClass.PASSING

    @property
    def failed(self) -> bool:
        """Whether the test ended otherwise than by passing."""
        return self.outcome is not None and not self.passed


def execute(changes: Sequence[Change], side: Side, runner: TestRunner, *, may_begin: Callable[[], bool]) -> Mapping[str, Seen]:
    """Run changed tests once on a side, all in one fresh process, and say by test id what each showed.

    A test in which the process dies is blamed, and those behind it run in another process; `may_begin` is asked before each. What the sessions
    read and write lies in a private folder, which is removed: a new value may be one of the production copy, and what a changed test says is no
    evidence of the run. Raises StoppedError, and what `may_begin` raises.
    """
    found: dict[str, Seen] = {}
    left = list(changes)
    while left:
        if not may_begin():
            found.update(_all(left, SPENT))
            break
        shown = _session(left, side, runner)
        found.update(shown)
        rest = [change for change in left if change.trial.test_id not in shown]
        if len(rest) == len(left):
            break
        left = rest
    return {change.trial.test_id: found.get(change.trial.test_id, Seen(obstacle=NOT_COLLECTED)) for change in changes}


def _session(changes: Sequence[Change], side: Side, runner: TestRunner) -> Mapping[str, Seen]:
    """What one process showed; a test is missing where the process died before it."""
    folder = Path(tempfile.mkdtemp(prefix="shadow-experiment-"))
    try:
        values = folder / "replace.json"
        entries = write_exchanges(values, changes)
        name = SessionName(side=side, pair=1, shard=Shard(), number=1)
        output = folder / f"{folder.name}-{name}"
        request = SessionRequest(
            side=side,
            output=output,
            pair=1,
            select=tuple(dict.fromkeys(change.trial.select for change in changes)),
            replace=values if any(entries.values()) else None,
            settings=dict(changes[0].settings),
        )
        end = runner.run(request, lambda _line: None)
        if end.reason is EndReason.INTERRUPTED:
            raise StoppedError
        shown = {attempt.test_id: attempt.outcome for attempt in read_session(output, name=name).attempts}
        return _by_test(changes, shown, end, entries, _exchanged(output))
    except InfrastructureError:
        return _all(changes, ENVIRONMENT_FAILED)
    except (BundleError, OSError) as error:
        return _all(changes, f"the session could not be read ({type(error).__name__})")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _by_test(
    changes: Sequence[Change], shown: Mapping[str, Outcome], end: SessionEnd, entries: Mapping[str, frozenset[int]], exchanged: frozenset[int]
) -> Mapping[str, Seen]:
    guilty = dict.fromkeys(end.guilty, _DIED[end.reason]) if end.reason in _DIED else {}
    found: dict[str, Seen] = {}
    for change in changes:
        test_id, select = change.trial.test_id, change.trial.select
        outcome = shown.get(test_id) or guilty.get(select) or shown.get(select)
        if outcome in {None, Outcome.ABSENT}:
            if not guilty:  # nothing else will be tried
                found[test_id] = Seen(obstacle=NOT_COLLECTED if end.reason is EndReason.FINISHED else "the session ended before the test")
        elif change.exchanges and not entries[test_id] & exchanged and outcome not in _DIED.values():
            found[test_id] = Seen(obstacle=NOT_FOUND)
        else:
            found[test_id] = Seen(outcome=outcome)
    return found


def _all(changes: Sequence[Change], obstacle: str) -> Mapping[str, Seen]:
    return {change.trial.test_id: Seen(obstacle=obstacle) for change in changes}


def _exchanged(output: Path) -> frozenset[int]:
    """The entries that the session says it exchanged."""
    found: set[int] = set()
    with contextlib.suppress(OSError), output.open("rb") as file:
        for line in file:
            if line.startswith(b'{"e":"experiment"'):
                with contextlib.suppress(ValueError, KeyError, TypeError):
                    found.update(json.loads(line)["replaced"])
    return frozenset(found)
