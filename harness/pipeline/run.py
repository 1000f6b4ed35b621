"""A run, step by step: the way of the data from the plan to the verdicts."""

from __future__ import annotations

import queue
import random
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from compare.confirmation import standing
from compare.judge import candidates_of, judge, next_pair
from harness.errors import EmptySuiteError, ExitCode, InfrastructureError, ShadowError
from harness.evidence import can_rerun
from harness.model import Evidence, InfrastructureFailure, InfrastructureKind, Shard, Side
from harness.pipeline.events import (
    ConfirmationStarted,
    EnvironmentReady,
    InfrastructureFailed,
    PairConfirmed,
    RunFinished,
    RunStarted,
)
from harness.pipeline.progress import LiveProgress
from harness.pipeline.side import SideTask, StoppedError, run_side
from harness.pipeline.thread import InThread

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from harness.evidence import Bundle
    from harness.model import Plan, SideEvidence
    from harness.pipeline.events import Event
    from harness.ports import Clock, EnvironmentProvider, Executor, Store, TestRunner


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """What a run needs of the world. `facts` says what parity compares of a side beyond its environment's own facts."""

    providers: Mapping[Side, EnvironmentProvider]
    executor: Executor
    store: Store
    clock: Clock
    facts: Callable[[Side], Mapping[str, str]]


def run(plan: Plan, bundle: Bundle, ports: Ports, *, resumed: bool = False) -> Iterator[Event]:
    """Carry a plan out and yield what happens; the last event is RunFinished, unless an error of the user's input is raised.

    Raises EmptySuiteError, DuplicateTestIdError, ConfigurationError and UnsafeError; then nothing of the run is kept, unless it was resumed.
    Faults of the environment are no exceptions here but events: the run ends incomplete. KeyboardInterrupt ends everything and is one of them.
    """
    night = _Night(plan, bundle, ports)
    keep = resumed
    try:
        night.record_start()
        yield RunStarted(run=bundle.header(), plan=plan, bundle=bundle.path, resumed=resumed)
        try:
            yield from night.follow(night.check)
            yield from night.follow(night.bring_up)
            yield from night.follow(night.full_run)
            night.refuse_empty()
            yield from night.follow(night.confirm)
            night.decided = True
        except InfrastructureError as error:
            yield night.failed(error)
        except KeyboardInterrupt:
            yield night.failed(_interrupted())
        finally:
            night.bring_down()
        keep = True
        yield night.finish()
    except ShadowError:
        if not keep:
            night.discard()
        raise


class _Night:
    """The state of one run: which environments are up, what is recorded."""

    def __init__(self, plan: Plan, bundle: Bundle, ports: Ports) -> None:
        self.plan = plan
        self.bundle = bundle
        self.ports = ports
        self.decided = False
        self._runners: dict[Side, TestRunner] = {}
        self._failures: list[InfrastructureFailure] = []
        self._events: queue.SimpleQueue[Event | None] = queue.SimpleQueue()
        self._live = LiveProgress(ports.store, bundle.header().id, ports.clock)

    def record_start(self) -> None:
        self.ports.store.begin_run(self.bundle.header())

    def follow(self, step: Callable[[], None]) -> Iterator[Event]:
        """Carry a step out in a thread of its own and yield the events it puts meanwhile."""
        self._live.step(step.__name__)
        outcome = InThread(step, done=lambda: self._events.put(None))
        try:
            while (event := self._events.get()) is not None:
                self._live.take(event)
                yield event
        except (KeyboardInterrupt, GeneratorExit):
            self._stop_all()
            outcome.wait()
            while (event := self._events.get()) is not None:
                self._live.take(event)
            raise
        outcome.raise_its_error()

    def check(self) -> None:
        """Look whether both environments can be had before anything is started."""
        for side in self.plan.sides:
            self.ports.providers[side.side].check()

    def bring_up(self) -> None:
        """Start both environments at the same time and record their facts."""
        self.ports.executor.map([partial(self._bring_up_side, side.side) for side in self.plan.sides])

    def _bring_up_side(self, side: Side) -> None:
        provider = self.ports.providers[side]
        facts = {**self.ports.facts(side), **provider.up()}
        self.bundle.write_facts(side, facts)
        self._runners[side] = provider.runner()
        self._events.put(EnvironmentReady(side=side))

    def full_run(self) -> None:
        """Each side runs every test once; both sides at the same time, shard by shard."""
        for shard in self.plan.shards:
            self._both(lambda side, shard=shard: SideTask(side=side, shard=shard))  # type: ignore[misc]

    def confirm(self) -> None:
        """Rerun what differs as fresh pairs until the stopping time (compare.confirmation)."""
        if not can_rerun(self.plan):
            return
        evidence = replace(self.bundle.evidence(), decided=True)
        if not next_pair(evidence):
            return
        evidence = narrowed(evidence)
        candidates = candidates_of(evidence)
        self._events.put(ConfirmationStarted(candidates=len(candidates)))
        number = max((attempt.pair for attempt in (*evidence.legacy.reruns, *evidence.shadow.reruns)), default=0)
        chance = random.Random(f"{self.plan.seed} {evidence.run.id} {number}")  # noqa: S311 - an order, no secret
        while ids := next_pair(evidence):
            number += 1
            self._fresh_pair(number, tuple(chance.sample(ids, len(ids))), chance)
            evidence = self._with_pair(evidence, number)
            where = standing(candidates_of(evidence), self.plan.confirm)
            self._events.put(PairConfirmed(number=number, confirmed=len(where.confirmed), dropped=len(where.dropped), open=len(where.open)))

    def _fresh_pair(self, number: int, ids: tuple[str, ...], chance: random.Random) -> None:
        """One fresh pair: the same tests in the same order, each side in a process of its own, one side after the other in random order."""
        sides = [side.side for side in self.plan.sides]
        chance.shuffle(sides)
        for side in sides:
            self._run(SideTask(side=side, shard=Shard(), pair=number, select=ids))

    def _with_pair(self, evidence: Evidence, number: int) -> Evidence:
        """The evidence with the attempts of a pair that has just been run."""

        def grown(side: SideEvidence) -> SideEvidence:
            added = self.bundle.pair_attempts(side.side, number)
            return replace(side, reruns=(*side.reruns, *added))

        return replace(evidence, legacy=grown(evidence.legacy), shadow=grown(evidence.shadow))

    def _both(self, task: Callable[[Side], SideTask]) -> None:
        """Run a task on both sides at the same time. One side's fault ends the other's session: nothing is compared then."""

        def one(side: Side) -> Exception | None:
            try:
                self._run(task(side))
            except StoppedError as stopped:
                return stopped
            except Exception as error:  # noqa: BLE001 - handed on below, once both sides have ended
                self._stop_all()
                return error
            return None

        results = self.ports.executor.map([partial(one, side.side) for side in self.plan.sides])
        errors = [result for result in results if isinstance(result, Exception)]
        for error in sorted(errors, key=lambda found: isinstance(found, StoppedError)):
            raise _interrupted() if isinstance(error, StoppedError) else error

    def _run(self, task: SideTask) -> None:
        run_side(task, self._runners[task.side], self.bundle, clock=self.ports.clock, emit=self._events.put)

    def _stop_all(self) -> None:
        for runner in self._runners.values():
            runner.stop()

    def refuse_empty(self) -> None:
        """A suite without tests proves nothing."""
        whole = len(self.plan.shards) == self.plan.shards[0].count
        counts = {side.side: self._known_tests(side.side) for side in self.plan.sides}
        empty = [side for side, count in counts.items() if not count]
        if not empty or not whole:
            return
        if len(empty) == len(counts):
            raise EmptySuiteError(
                "the suite collected no test",
                where=str(self.plan.suite.root),
                expected="at least one test",
                hint="See [suite] root and args, and --select; run the command by hand in that folder.",
            )
        other = next(side for side in counts if side not in empty)
        raise InfrastructureError(
            f"{empty[0].value} collected no test, {other.value} collected {counts[other]}",
            hint="Run the command by hand with the variables of that environment: its tests are not found there.",
            kind=InfrastructureKind.NO_RESULTS,
        )

    def _known_tests(self, side: Side) -> int:
        return sum(len(session.collected) or len(session.attempts) for session in self.bundle.sessions(side, pairs=False))

    def failed(self, error: InfrastructureError) -> InfrastructureFailed:
        failure = InfrastructureFailure(
            kind=InfrastructureKind(error.kind),
            message=f"{error.where}: {error.found}" if error.where else error.found,
            hint=error.hint or "",
            side=next((side for side in Side if error.found.startswith(side.value)), None),
        )
        self._failures.append(failure)
        self.bundle.add_infrastructure(failure)
        return InfrastructureFailed(failure=failure)

    def bring_down(self) -> None:
        """Remove what was started; a fault here is recorded and hides nothing."""
        for side in self.plan.sides:
            try:
                self.ports.providers[side.side].down()
            except InfrastructureError as error:
                self.failed(error)

    def finish(self) -> RunFinished:
        """Close the bundle, decide, and project the decision into the store."""
        self.bundle.finish(finished_at=self.ports.clock.now(), complete=not self._failures, decided=self.decided)
        evidence = self.bundle.evidence()
        comparison = judge(evidence)
        if any(failure.kind is InfrastructureKind.INTERRUPTED for failure in self._failures):
            comparison = replace(comparison, exit=ExitCode.INTERRUPTED)
        self.ports.store.save(comparison)
        self.bundle.close()
        return RunFinished(comparison=comparison, bundle=self.bundle.path)

    def discard(self) -> None:
        """Forget a run whose input was bad."""
        self.ports.store.forget(self.bundle.header().id)
        self.bundle.discard()


def narrowed(evidence: Evidence) -> Evidence:
    """The evidence of the candidates alone: all that confirmation looks at, and little even of a large suite."""
    ids = {candidate.test_id for candidate in candidates_of(evidence)}
    modules = {test_id.partition("::")[0] for test_id in ids}

    def of(side: SideEvidence) -> SideEvidence:
        return replace(
            side,
            collected=tuple(test_id for test_id in side.collected if test_id in ids),
            full=tuple(attempt for attempt in side.full if attempt.test_id in ids or attempt.test_id in modules),
        )

    return replace(evidence, legacy=of(evidence.legacy), shadow=of(evidence.shadow))


def _interrupted() -> InfrastructureError:
    return InfrastructureError(
        "the run was interrupted",
        hint="`shadow run --resume RUN` does the rest.",
        kind=InfrastructureKind.INTERRUPTED,
    )
