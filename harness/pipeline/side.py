"""One side's tests, run to the end: a session, and after a crash or a test's time-out another one with the rest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from harness.errors import InfrastructureError
from harness.evidence import Session, SessionName, read_session
from harness.model import EndReason, InfrastructureKind, Outcome, RerunKind, SessionRequest, Shard
from harness.pipeline.events import AttemptFinished, CollectionFinished, SessionRestarted
from harness.pipeline.ids import refuse_control_characters, refuse_duplicates

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from harness.evidence import Bundle
    from harness.model import SessionEnd, Side, SuiteParts
    from harness.pipeline.events import Event
    from harness.ports import Clock, TestRunner

MOST_RESTARTS = 25
"""A side whose process dies more often than this has a fault of its own, and not so many crashing tests."""

CLOCKS_AGREE = 30.0
"""Seconds that a side's clock may seem to be off."""

_RESTART = frozenset({EndReason.CRASHED, EndReason.TEST_TIMEOUT, EndReason.OUT_OF_MEMORY})
_KINDS = {
    EndReason.NOT_STARTED: InfrastructureKind.COMMAND_FAILED,
    EndReason.SIDE_TIMEOUT: InfrastructureKind.SIDE_TIMEOUT,
    EndReason.OUT_OF_MEMORY: InfrastructureKind.OUT_OF_MEMORY,
    EndReason.STOPPED: InfrastructureKind.STOPPED_EARLY,
    EndReason.INTERRUPTED: InfrastructureKind.INTERRUPTED,
}
_HINTS = {
    EndReason.NOT_STARTED: "Run the command by hand in the suite's root, with the variables of this environment, and see what it says.",
    EndReason.SIDE_TIMEOUT: "Raise [suite] timeout, or use more workers or shards; `shadow run --resume` does the rest.",
    EndReason.OUT_OF_MEMORY: "Raise `memory` of this environment, or use fewer workers; `shadow run --resume` does the rest.",
    EndReason.STOPPED: "A comparison needs every test: take -x, --maxfail, --collect-only and the like out of [suite] args, and see that nothing in "
    "the suite ends pytest.",
    EndReason.CRASHED: "See what ends processes on this machine, and run the command by hand; `shadow run --resume` does the rest.",
    EndReason.INTERRUPTED: "`shadow run --resume` does the rest.",
}


class StoppedError(Exception):
    """The session was ended on request: the user's interrupt, or the other side's fault. No fault of this side."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SideTask:
    """What one side is to run now: the full run of a shard (`select` None), or the tests of one fresh pair, or of another rerun (`kind`).

    With `deep` what each test does on its way is recorded; with `count` what the tests of these parts of the suite do is counted (docs/deep.md).
    """

    side: Side
    shard: Shard
    pair: int = 0
    select: tuple[str, ...] | None = None
    kind: RerunKind = RerunKind.PAIR
    deep: bool = False
    count: SuiteParts | None = None


def run_side(task: SideTask, runner: TestRunner, bundle: Bundle, *, clock: Clock, emit: Callable[[Event], None]) -> None:
    """Run a task to its end. What earlier sessions of it recorded is not run again.

    Raises InfrastructureError where the side cannot be run to its end, DuplicateTestIdError or InputError for test ids that cannot be used, and
    StoppedError.
    """
    earlier = _earlier(task, bundle)
    if earlier and earlier[-1].finished:
        return
    seen = _Seen(task, bundle, clock=clock, emit=emit)
    seen.done.update(attempt.test_id for session in earlier for attempt in session.attempts if attempt.outcome is not Outcome.ABSENT)
    most = max(MOST_RESTARTS, len(task.select or ()))
    for number in range(len(earlier) + 1, len(earlier) + most + 2):
        request = _request(task, number, bundle, seen.done)
        if request.select == () and number > 1:
            return
        end = runner.run(request, seen.take)
        if end.reason is EndReason.FINISHED:
            return
        if end.reason is EndReason.INTERRUPTED:
            raise StoppedError
        if end.reason not in _RESTART or not end.guilty:
            raise fault(task.side, end)
        seen.blame(end)
    raise InfrastructureError(
        f"{task.side.value}: the test process died {most + 1} times",
        hint="See the crashed tests in the report; a side that dies this often has a fault of its own.",
        kind=InfrastructureKind.TOO_MANY_CRASHES,
    )


class _Seen:
    """What the sessions of a task have shown so far: lines of the session files become events, and ids of finished tests are remembered."""

    def __init__(self, task: SideTask, bundle: Bundle, *, clock: Clock, emit: Callable[[Event], None]) -> None:
        self.done: set[str] = set()
        self._task = task
        self._bundle = bundle
        self._clock = clock
        self._emit = emit
        self._counted = False

    def take(self, line: Mapping[str, object]) -> None:
        """Take a line of the session file. Raises DuplicateTestIdError and InputError as soon as such ids are seen: the runner ends the session."""
        kind, side = line.get("e"), self._task.side
        if kind == "result":
            test_id = str(line["id"])
            refuse_control_characters(side, (test_id,))
            self.done.add(test_id)
            self._emit(AttemptFinished(side=side, test_id=test_id, outcome=Outcome(str(line["outcome"])), pair=self._task.pair))
        elif kind == "collected":
            refuse_control_characters(side, map(str, cast("list[object]", line["ids"])))
        elif kind == "duplicate":
            refuse_duplicates(side, [str(test_id) for test_id in cast("list[object]", line["ids"])])
        elif kind == "collection_finished" and not self._task.pair and not self._counted:
            self._counted = True  # a session that goes on after a crash counts the rest again
            self._emit(CollectionFinished(side=side, tests=int(str(line["count"]))))
        elif kind == "header" and not self._task.pair and isinstance(time := line.get("time"), int | float):
            self._bundle.write_facts(side, {"clock": _skew(time - self._clock.now().timestamp())})

    def blame(self, end: SessionEnd) -> None:
        """Count the tests in which a session died or was ended: the rest goes on without them."""
        outcome = Outcome.TIMEOUT if end.reason is EndReason.TEST_TIMEOUT else Outcome.CRASHED
        self.done.update(end.guilty)
        for guilty in end.guilty:
            self._emit(AttemptFinished(side=self._task.side, test_id=guilty, outcome=outcome, pair=self._task.pair))
        self._emit(SessionRestarted(side=self._task.side, reason=end.detail, guilty=end.guilty))


def fault(side: Side, end: SessionEnd) -> InfrastructureError:
    """The infrastructure failure that an end which is nobody's outcome amounts to."""
    words = {
        EndReason.NOT_STARTED: "the suite did not start",
        EndReason.SIDE_TIMEOUT: "the side took too long",
        EndReason.OUT_OF_MEMORY: "the test process ran out of memory",
        EndReason.STOPPED: "the suite stopped early",
        EndReason.CRASHED: "the test process died between two tests",
    }
    found = f"{side.value}: {words.get(end.reason, end.reason.value)}"
    return InfrastructureError(
        f"{found}: {end.detail}" if end.detail else found,
        hint=_HINTS.get(end.reason),
        kind=_KINDS.get(end.reason, InfrastructureKind.HARNESS),
    )


def _earlier(task: SideTask, bundle: Bundle) -> list[Session]:
    """Sessions of this very task that stand in the bundle already: the run is resumed."""
    sessions: list[Session] = []
    while True:
        name = _name(task, len(sessions) + 1)
        path = bundle.session_path(name)
        if not path.exists():
            return sessions
        sessions.append(read_session(path, name=name))


def _name(task: SideTask, number: int) -> SessionName:
    return SessionName(side=task.side, pair=task.pair, shard=task.shard, number=number, kind=task.kind)


def _request(task: SideTask, number: int, bundle: Bundle, done: set[str]) -> SessionRequest:
    select = None if task.select is None else tuple(test_id for test_id in task.select if test_id not in done)
    return SessionRequest(
        side=task.side,
        output=bundle.session_path(_name(task, number)),
        pair=task.pair,
        shard=task.shard,
        number=number,
        select=select,
        deep=task.deep,
        count=task.count,
        skip=frozenset(done) if select is None else frozenset(),
    )


def _skew(seconds: float) -> str:
    """How far a side's clock is off, as a fact: what a reader of the session file may be late is no difference."""
    return "in step with the harness" if abs(seconds) < CLOCKS_AGREE else f"{seconds:+.0f} s from the harness"
