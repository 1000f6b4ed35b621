"""One side's tests, run to the end: a session, and after a crash or a test's time-out another one with the rest."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from harness.errors import DuplicateTestIdError, InfrastructureError
from harness.evidence import Session, SessionName, read_session
from harness.model import EndReason, InfrastructureKind, Outcome, SessionRequest, Shard
from harness.pipeline.events import AttemptFinished, CollectionFinished, SessionRestarted

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from harness.evidence import Bundle
    from harness.model import SessionEnd, Side
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
    EndReason.STOPPED: "Take -x, --maxfail and the like out of [suite] args: a comparison needs every test.",
    EndReason.CRASHED: "See the last lines above, and run the command by hand; `shadow run --resume` does the rest.",
    EndReason.INTERRUPTED: "`shadow run --resume` does the rest.",
}


class StoppedError(Exception):
    """The session was ended on request: the user's interrupt, or the other side's fault. No fault of this side."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SideTask:
    """What one side is to run now: the full run of a shard (`select` None), or the tests of one fresh pair."""

    side: Side
    shard: Shard
    pair: int = 0
    select: tuple[str, ...] | None = None


def run_side(task: SideTask, runner: TestRunner, bundle: Bundle, *, clock: Clock, emit: Callable[[Event], None]) -> None:
    """Run a task to its end. What earlier sessions of it recorded is not run again.

    Raises InfrastructureError where the side cannot be run to its end, DuplicateTestIdError, and StoppedError.
    """
    earlier = _earlier(task, bundle)
    if earlier and earlier[-1].finished:
        return
    done = {attempt.test_id for session in earlier for attempt in session.attempts if attempt.outcome is not Outcome.ABSENT}
    most = max(MOST_RESTARTS, len(task.select or ()))
    for number in range(len(earlier) + 1, len(earlier) + most + 2):
        name = SessionName(side=task.side, pair=task.pair, shard=task.shard, number=number)
        request = _request(task, number, bundle, name, done)
        end = runner.run(request, partial(_relay, task=task, bundle=bundle, clock=clock, emit=emit))
        session = read_session(request.output, name=name)
        _refuse_duplicates(session)
        done |= {attempt.test_id for attempt in session.attempts}
        if end.reason is EndReason.FINISHED:
            return
        if end.reason is EndReason.INTERRUPTED:
            raise StoppedError
        if end.reason not in _RESTART or not end.guilty:
            raise fault(task.side, end)
        for guilty in end.guilty:
            emit(AttemptFinished(side=task.side, test_id=guilty, outcome=_outcome(end), pair=task.pair))
        emit(SessionRestarted(side=task.side, reason=end.detail, guilty=end.guilty))
    raise InfrastructureError(
        f"{task.side.value}: the test process died {most + 1} times",
        hint="See the crashed tests in the report; a side that dies this often has a fault of its own.",
        kind=InfrastructureKind.TOO_MANY_CRASHES,
    )


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
        name = SessionName(side=task.side, pair=task.pair, shard=task.shard, number=len(sessions) + 1)
        path = bundle.session_path(name)
        if not path.exists():
            return sessions
        sessions.append(read_session(path, name=name))


def _request(task: SideTask, number: int, bundle: Bundle, name: SessionName, done: set[str]) -> SessionRequest:
    select = None if task.select is None else tuple(test_id for test_id in task.select if test_id not in done)
    return SessionRequest(
        side=task.side,
        output=bundle.session_path(name),
        pair=task.pair,
        shard=task.shard,
        number=number,
        select=select,
        skip=frozenset(done) if select is None else frozenset(),
    )


def _relay(line: Mapping[str, object], *, task: SideTask, bundle: Bundle, clock: Clock, emit: Callable[[Event], None]) -> None:
    """Turn a line of the session file into an event, where it is one; of the header keep how far the side's clock is off."""
    if line.get("e") == "result":
        emit(AttemptFinished(side=task.side, test_id=str(line["id"]), outcome=Outcome(str(line["outcome"])), pair=task.pair))
    elif line.get("e") == "collection_finished" and not task.pair:
        emit(CollectionFinished(side=task.side, tests=int(str(line["count"]))))
    elif line.get("e") == "header" and not task.pair and isinstance(line.get("time"), int | float):
        bundle.write_facts(task.side, {"clock": _skew(float(str(line["time"])) - clock.now().timestamp())})


def _skew(seconds: float) -> str:
    """How far a side's clock is off, as a fact: what a reader of the session file may be late is no difference."""
    return "in step with the harness" if abs(seconds) < CLOCKS_AGREE else f"{seconds:+.0f} s from the harness"


def _outcome(end: SessionEnd) -> Outcome:
    return Outcome.TIMEOUT if end.reason is EndReason.TEST_TIMEOUT else Outcome.CRASHED


def _refuse_duplicates(session: Session) -> None:
    if session.duplicates:
        raise DuplicateTestIdError(
            f"{session.name.side.value}: {_several(session.duplicates)} carried by more than one test",
            expected="every test has a test id of its own",
            hint="Give the parameters distinct ids, and name no file twice in [suite] args.",
        )


def _several(ids: Sequence[str]) -> str:
    shown = ", ".join(ascii(test_id) for test_id in ids[:5])
    more = f" and {len(ids) - 5} more" if len(ids) > 5 else ""
    return f"the test id {shown} is" if len(ids) == 1 else f"the test ids {shown}{more} are"
