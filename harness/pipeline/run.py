"""A run, step by step: the way of the data from the plan to the verdicts."""

from __future__ import annotations

import contextlib
import threading
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from compare.order import investigated
from harness.errors import EmptySuiteError, InfrastructureError, ShadowError, StoreError
from harness.evidence import can_rerun, order_evidence
from harness.model import InfrastructureFailure, InfrastructureKind, RunState, Side
from harness.pipeline.confirmation import confirm
from harness.pipeline.events import EnvironmentReady, InfrastructureFailed, RunFinished, RunStarted
from harness.pipeline.floor import due, measure_floor
from harness.pipeline.history import renames_of
from harness.pipeline.interrupt import interrupts_to
from harness.pipeline.order import search_order
from harness.pipeline.progress import LiveProgress
from harness.pipeline.side import SideTask, StoppedError, run_side
from harness.pipeline.stream import EventStream
from harness.pipeline.thread import InThread
from harness.pipeline.vacuous import sample_of
from harness.pipeline.verdict import decide

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from compare.confirmation import Confirmation
    from harness.evidence import Bundle
    from harness.model import Evidence, Plan, Shard, SuiteParts
    from harness.pipeline.events import Event
    from harness.pipeline.experiments import ExperimentStep
    from harness.pipeline.floor import Due
    from harness.pipeline.sources import SourceStep
    from harness.pipeline.suggestions.step import SuggestionStep
    from harness.ports import Clock, EnvironmentProvider, Executor, Store, TestRunner


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """What a run needs of the world. `facts` says what parity compares of a side beyond its environment's own facts; `sources` is None where
    couplings are not looked for, `experiments` where nothing is to be tried, `suggestions` where nothing is suggested.
    """

    providers: Mapping[Side, EnvironmentProvider]
    executor: Executor
    store: Store
    clock: Clock
    facts: Callable[[Side], Mapping[str, str]]
    sources: SourceStep | None = None
    experiments: ExperimentStep | None = None
    suggestions: SuggestionStep | None = None


def run(plan: Plan, bundle: Bundle, ports: Ports, *, resumed: bool = False) -> Iterator[Event]:
    """Carry a plan out and yield what happens; the last event is RunFinished, unless an error of the user's input is raised.

    Raises EmptySuiteError, DuplicateTestIdError, InputError, ConfigurationError and UnsafeError; then nothing of the run is kept, unless it was
    resumed. Faults of the environment are no exceptions here but events: the run ends incomplete, and so it does at SIGINT and SIGTERM, which are
    heard as long as the events are being followed. StoreError where the decision could not be stored; the bundle is whole then.
    """
    night = _Night(plan, bundle, ports)
    with interrupts_to(night.events.interrupt), contextlib.closing(bundle):
        kept = resumed
        try:
            night.record_start()
            yield RunStarted(run=bundle.header(), plan=plan, bundle=bundle.path, resumed=resumed)
            try:
                yield from night.follow(night.check)
                yield from night.follow(night.bring_up)
                yield from night.follow(night.full_run)
                night.refuse_empty()
                yield from night.follow(night.confirm)
                yield from night.follow(night.search_order)
                yield from night.follow(night.measure_floor)
                night.decided = True
                yield from night.follow(night.read_sources)
                yield from night.follow(night.experiment)
                yield from night.follow(night.suggest)
            except InfrastructureError as error:
                yield night.failed(error)
            except (KeyboardInterrupt, StoppedError):
                yield night.failed(night.interrupted())
            finally:
                night.bring_down()
            kept = True
            yield night.finish()
        except ShadowError:
            night.settle(kept=kept)
            raise


class _Night:
    """The state of one run: which environments are up, what is recorded."""

    def __init__(self, plan: Plan, bundle: Bundle, ports: Ports) -> None:
        self.plan = plan
        self.bundle = bundle
        self.ports = ports
        self.decided = False
        self.events = EventStream()
        self._id = bundle.header().id
        self._evidence: Evidence | None = None
        self._confirmation: Confirmation | None = None
        self._floor: Due | None = None
        self._runners: dict[Side, TestRunner] = {}
        self._failures: list[InfrastructureFailure] = []
        self._stopped = threading.Event()
        self._live = LiveProgress(ports.store, self._id, ports.clock)

    def record_start(self) -> None:
        self.ports.store.begin_run(self.bundle.header())

    def follow(self, step: Callable[[], None]) -> Iterator[Event]:
        """Carry a step out in a thread of its own and yield the events it puts meanwhile. Whatever ends this early ends the step."""
        self._live.step(step.__name__)
        work = InThread(step, done=self.events.end)
        over = False
        try:
            for event in self.events.step():
                self._live.take(event)
                yield event
            over = True
        finally:
            if not over:
                self._stop_all()
                for event in self.events.rest():
                    self._live.take(event)
                work.wait()
        work.raise_its_error()

    def check(self) -> None:
        """Look whether both environments can be had before anything is started."""
        for side in self.plan.sides:
            self.ports.providers[side.side].check()

    def bring_up(self) -> None:
        """Start both environments at the same time and record their facts."""
        self.ports.executor.map([partial(self._bring_up_side, side.side) for side in self.plan.sides])

    def _bring_up_side(self, side: Side) -> None:
        provider = self.ports.providers[side]
        try:
            facts = {**self.ports.facts(side), **provider.up()}
        except InfrastructureError as error:
            raise _on_side(side, error) from None
        self.bundle.write_facts(side, facts)
        self._runners[side] = provider.runner()
        self.events.put(EnvironmentReady(side=side))

    def full_run(self) -> None:
        """Each side runs every test once; both sides at the same time, shard by shard. What a sample of the tests does is counted."""
        count = sample_of(self.plan, self.bundle)
        for shard in self.plan.shards:
            self._both(shard, count)
        self._evidence = self.bundle.evidence()

    def confirm(self) -> None:
        """Rerun what differs as fresh pairs until the stopping time."""
        evidence, self._evidence = self._evidence, None  # confirmation keeps the candidates' part only
        if evidence is not None and can_rerun(self.plan):
            if self.ports.sources is not None:
                self.ports.sources.begin(self.bundle, evidence, is_stopped=self._stopped.is_set)
            self._floor = due(evidence, self.plan, self.bundle)
            self._confirmation = confirm(evidence, self.plan, self.bundle, carry_out=self._run, emit=self.events.put)

    def search_order(self) -> None:
        """Rerun behind their predecessors the candidates that agree alone."""
        if self._confirmation is not None:
            search_order(self._confirmation, self.plan, self.bundle, carry_out=self._run, emit=self.events.put)

    def measure_floor(self) -> None:
        """Compare each side with itself, where that is due."""
        if self._confirmation is not None and self._floor is not None:
            known = investigated(self._confirmation, order_evidence(self.bundle))
            measure_floor(self._floor, known, self.plan, self.bundle, carry_out=self._run, emit=self.events.put)

    def read_sources(self) -> None:
        """Look for couplings in the suite's source, once it is known what differs."""
        self.bundle.keep_sides()
        if self.ports.sources is not None:
            self.ports.sources.carry_out(self.bundle, emit=self.events.put, is_stopped=self._stopped.is_set)

    def experiment(self) -> None:
        """Replace what makes tests diverge, and see whether they still do."""
        if self.ports.experiments is not None and self._confirmation is not None:
            self.ports.experiments.carry_out(self.bundle, self._runners, emit=self.events.put, is_stopped=self._stopped.is_set)

    def suggest(self) -> None:
        """Make suggestions for what diverges."""
        if self.ports.suggestions is not None:
            self.ports.suggestions.carry_out(self.bundle, is_stopped=self._stopped.is_set)

    def _both(self, shard: Shard, count: SuiteParts | None) -> None:
        """Run a shard on both sides at the same time. One side's fault ends the other's session: nothing is compared then."""

        def one(side: Side) -> Exception | None:
            try:
                self._run(SideTask(side=side, shard=shard, deep=self.plan.deep, count=count))
            except StoppedError as stopped:
                return stopped
            except Exception as error:  # noqa: BLE001 - handed on below, once both sides have ended
                self._stop_all()
                return error
            if self.ports.sources is not None and shard == self.plan.shards[-1]:
                self.ports.sources.scan()
            return None

        results = self.ports.executor.map([partial(one, side.side) for side in self.plan.sides])
        errors = [result for result in results if isinstance(result, Exception)]
        for error in sorted(errors, key=lambda found: isinstance(found, StoppedError)):
            raise error

    def _run(self, task: SideTask) -> None:
        run_side(task, self._runners[task.side], self.bundle, clock=self.ports.clock, emit=self.events.put)

    def _stop_all(self) -> None:
        self._stopped.set()
        for runner in tuple(self._runners.values()):
            runner.stop()

    def refuse_empty(self) -> None:
        """A suite without tests proves nothing."""
        whole = len(self.plan.shards) == self.plan.shards[0].count
        if self._evidence is None or not whole:
            return
        sides = {Side.LEGACY: self._evidence.legacy, Side.SHADOW: self._evidence.shadow}
        counts = {side.side: len(sides[side.side].collected) or len(sides[side.side].full) for side in self.plan.sides}
        empty = [side for side, count in counts.items() if not count]
        if not empty:
            return
        nothing_selected = self.plan.suite.select is not None and not any(sides[side.side].collected for side in self.plan.sides)
        if len(empty) == len(counts) or nothing_selected:
            raise EmptySuiteError(
                "the suite collected no test",
                where=str(self.plan.suite.root),
                expected="at least one test",
                hint="See [suite] root and args, and --select; run the command by hand in that folder.",
            )
        other = empty[0].other
        raise InfrastructureError(
            f"{empty[0].value} collected no test, {other.value} collected {counts[other]}",
            hint="Run the command by hand with the variables of that environment: its tests are not found there.",
            kind=InfrastructureKind.NO_RESULTS,
        )

    def failed(self, error: InfrastructureError) -> InfrastructureFailed:
        """Record an infrastructure failure."""
        failure = InfrastructureFailure(
            kind=InfrastructureKind(error.kind),
            message=f"{error.where}: {error.found}" if error.where else error.found,
            hint=error.hint or "",
            side=next((side for side in Side if error.found.startswith(side.value)), None),
        )
        self._failures.append(failure)
        self.bundle.add_infrastructure(failure)
        return InfrastructureFailed(failure=failure)

    def interrupted(self) -> InfrastructureError:
        """The interrupt as the infrastructure failure that it is."""
        return InfrastructureError(
            "the run was interrupted",
            hint=f"shadow run --resume {self._id}  (with the same options) does the rest.",
            kind=InfrastructureKind.INTERRUPTED,
        )

    def bring_down(self) -> None:
        """Remove what was started; a fault here is recorded and hides nothing."""
        if self.ports.sources is not None:
            self.ports.sources.leave()
        for side in self.plan.sides:
            try:
                self.ports.providers[side.side].down()
            except InfrastructureError as error:
                self.failed(_on_side(side.side, error))

    def finish(self) -> RunFinished:
        """Close the bundle, decide, and project the decision into the store."""
        self._evidence = None
        self.bundle.finish(finished_at=self.ports.clock.now(), complete=not self._failures, decided=self.decided)
        comparison = decide(self.bundle.evidence())
        self.bundle.let_sides_go()
        self.ports.store.save(comparison, renames=renames_of(self.bundle, comparison))
        return RunFinished(comparison=comparison, bundle=self.bundle.path)

    def settle(self, *, kept: bool) -> None:
        """After an error: forget a run whose input was bad; one that is kept is not under way any more."""
        if not kept:
            self.bundle.discard()
        with contextlib.suppress(StoreError):  # it may be what failed; the next command settles it
            if kept:
                self.ports.store.mark(self._id, RunState.INCOMPLETE)
            else:
                self.ports.store.forget(self._id)


def _on_side(side: Side, error: InfrastructureError) -> InfrastructureError:
    """The same fault, its message beginning with the side it is on."""
    if error.found.startswith(side.value):
        return error
    return InfrastructureError(f"{side.value}: {error.found}", where=error.where, expected=error.expected, hint=error.hint, kind=error.kind)
