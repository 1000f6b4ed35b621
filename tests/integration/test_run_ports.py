"""The order of a run's steps, on fakes: whatever fails, everything that was started is removed, and what is recorded is true."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest

from harness.errors import ConfigurationError, InfrastructureError, StoreError
from harness.evidence import Bundle, ProjectKey
from harness.model import (
    ConfirmPolicy,
    DatasetKind,
    EndReason,
    Plan,
    Progress,
    RunHeader,
    RunState,
    SessionEnd,
    SessionRequest,
    Shard,
    Side,
    SidePlan,
    SuitePlan,
)
from harness.pipeline.clock import SystemClock
from harness.pipeline.events import AttemptFinished, CollectionFinished, Event, InfrastructureFailed, RunFinished
from harness.pipeline.run import Ports, run
from runners.executor import ThreadExecutor
from runners.session import append_end, write_selection
from tests.fakes import MemoryStore

IDS = ("t.py::a", "t.py::b")
Act = Callable[[SessionRequest], SessionEnd | None]
Begin = Callable[..., tuple[Bundle, Iterator[Event]]]


class Environment:
    """An environment and its runner in one: every test passes, but for those in `failing`."""

    def __init__(self, side: Side, *, act: Act = lambda _: None, failing: frozenset[str] = frozenset(), ids: tuple[str, ...] = IDS) -> None:
        self.side = side
        self._ids = ids
        self.calls: list[str] = []
        self.failing = failing
        self.refuses: Exception | None = None
        self.breaks: Exception | None = None
        self._act = act

    def check(self) -> None:
        self.calls.append("check")
        if self.refuses:
            raise self.refuses

    def up(self) -> Mapping[str, str]:
        self.calls.append("up")
        if self.breaks:
            raise self.breaks
        return {"runner": "fake"}

    def runner(self) -> Environment:
        return self

    def down(self) -> None:
        self.calls.append("down")

    def stop(self) -> None:
        self.calls.append("stop")

    def run(self, request: SessionRequest, progress: Callable[[Mapping[str, object]], None]) -> SessionEnd:
        self.calls.append("run")
        write_selection(request, None)
        end = self._act(request) or SessionEnd(reason=EndReason.FINISHED)
        ids = [test_id for test_id in request.select or self._ids if test_id not in request.skip]
        lines: list[dict[str, object]] = [{"e": "header", "schema": "shadow-probe/1"}, {"e": "collected", "ids": ids}]
        lines.append({"e": "collection_finished", "count": len(ids)})
        if end.reason is EndReason.FINISHED:
            lines += [{"e": "result", "id": test_id, "outcome": "failed" if test_id in self.failing else "passed"} for test_id in ids]
        with request.output.open("a") as file:
            for line in lines:
                file.write(json.dumps(line) + "\n")
        append_end(request.output, end)
        for line in lines:
            progress(line)
        return end


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def begin(tmp_path: Path, store: MemoryStore) -> Begin:
    def begun(legacy: Environment, shadow: Environment, *, alpha: float = 0.1) -> tuple[Bundle, Iterator[Event]]:
        policy = ConfirmPolicy(alpha=alpha, max_pairs=4, mass_failure=1.0)
        sides = tuple(SidePlan(side=side, runner="process", dataset=DatasetKind.SYNTHETIC) for side in Side)
        plan = Plan(suite=SuitePlan(name="s", root=tmp_path, command=("pytest",)), sides=sides, shards=(Shard(),), confirm=policy, seed=1)
        header = RunHeader(id="20261101T000000Z-0001", suite="s", started_at=datetime(2026, 11, 1, tzinfo=UTC), confirm=policy)
        bundle = Bundle.create(tmp_path / header.id, header, plan, ProjectKey(b"k" * 32))
        providers = {Side.LEGACY: legacy, Side.SHADOW: shadow}
        ports = Ports(providers=providers, executor=ThreadExecutor(), store=store, clock=SystemClock(), facts=lambda _: {})
        return bundle, run(plan, bundle, ports)

    return begun


def finished(events: list[Event]) -> RunFinished:
    last = events[-1]
    assert isinstance(last, RunFinished)
    return last


def test_a_run_goes_from_check_to_down(begin: Begin, store: MemoryStore) -> None:
    legacy, shadow = Environment(Side.LEGACY), Environment(Side.SHADOW, failing=frozenset({IDS[1]}))
    _, events = begin(legacy, shadow)
    told = list(events)
    comparison = finished(told).comparison
    assert (comparison.totals.divergent, comparison.pairs[1].confirmed, comparison.exit) == (1, True, 1)
    assert legacy.calls[:3] == ["check", "up", "run"]
    assert legacy.calls[-1] == shadow.calls[-1] == "down"
    assert {type(event) for event in told} >= {CollectionFinished, AttemptFinished}
    assert store.runs()[0].state is RunState.COMPLETE


def test_a_side_that_does_not_come_up_is_named_and_both_are_removed(begin: Begin) -> None:
    legacy, shadow = Environment(Side.LEGACY), Environment(Side.SHADOW)
    shadow.breaks = InfrastructureError("no engine answers", hint="Start it.", kind="engine_missing")
    _, events = begin(legacy, shadow)
    told = list(events)
    (failure,) = [event.failure for event in told if isinstance(event, InfrastructureFailed)]
    assert (failure.side, failure.message, failure.hint) == (Side.SHADOW, "shadow: no engine answers", "Start it.")
    assert finished(told).comparison.exit == 3
    assert legacy.calls[-1] == shadow.calls[-1] == "down"
    assert "run" not in legacy.calls + shadow.calls


def test_a_configuration_that_is_refused_leaves_nothing(begin: Begin, store: MemoryStore) -> None:
    legacy, shadow = Environment(Side.LEGACY), Environment(Side.SHADOW)
    shadow.refuses = ConfigurationError("no such command")
    bundle, events = begin(legacy, shadow)
    with pytest.raises(ConfigurationError):
        list(events)
    assert not bundle.path.exists()
    assert store.runs() == ()


def test_a_store_that_cannot_take_progress_stops_nothing(begin: Begin, store: MemoryStore, monkeypatch: pytest.MonkeyPatch) -> None:
    def locked(_run: str, _progress: Progress) -> None:
        raise StoreError("locked")

    monkeypatch.setattr(store, "progress", locked)
    _, events = begin(Environment(Side.LEGACY), Environment(Side.SHADOW))
    assert finished(list(events)).comparison.exit == 0


def test_a_decision_that_cannot_be_stored_is_kept_in_the_bundle(begin: Begin, store: MemoryStore, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_comparison: object, *, renames: object) -> None:
        raise StoreError("the disk is full")

    monkeypatch.setattr(store, "save", full)
    bundle, events = begin(Environment(Side.LEGACY), Environment(Side.SHADOW))
    with pytest.raises(StoreError):
        list(events)
    assert bundle.header().complete
    assert not bundle.alive
    assert store.runs()[0].state is RunState.INCOMPLETE


def test_whoever_stops_listening_ends_the_run(begin: Begin) -> None:
    legacy, shadow = Environment(Side.LEGACY), Environment(Side.SHADOW)
    bundle, events = begin(legacy, shadow)
    for event in events:
        if isinstance(event, AttemptFinished):
            break
    events.close()  # type: ignore[attr-defined]  # run is a generator
    for environment in (legacy, shadow):
        assert "stop" in environment.calls
        assert environment.calls[-1] == "down"
    assert bundle.path.exists()
    assert not bundle.alive


def test_more_events_than_are_held_at_a_time_all_arrive(begin: Begin) -> None:
    ids = tuple(f"t.py::{n}" for n in range(5_000))
    _, events = begin(Environment(Side.LEGACY, ids=ids), Environment(Side.SHADOW, ids=ids))
    assert sum(isinstance(event, AttemptFinished) for event in events) == 10_000


def test_one_sides_fault_ends_the_other_and_is_the_one_told(begin: Begin) -> None:
    late = SessionEnd(reason=EndReason.SIDE_TIMEOUT, detail="the side's time of 5 s was over")
    legacy, shadow = Environment(Side.LEGACY), Environment(Side.SHADOW, act=lambda _: late)
    _, events = begin(legacy, shadow)
    told = list(events)
    assert [event.failure.kind.value for event in told if isinstance(event, InfrastructureFailed)] == ["side_timeout"]
    assert "stop" in legacy.calls
    assert finished(told).comparison.exit == 3


def test_a_side_that_dies_again_and_again_has_a_fault_of_its_own(begin: Begin) -> None:
    dead = SessionEnd(reason=EndReason.CRASHED, guilty=(IDS[0],), detail="the process ended by signal 9")
    _, events = begin(Environment(Side.LEGACY), Environment(Side.SHADOW, act=lambda _: dead))
    told = list(events)
    assert [event.failure.kind.value for event in told if isinstance(event, InfrastructureFailed)] == ["too_many_crashes"]
