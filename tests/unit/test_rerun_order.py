"""In which order reruns are carried out: sides take turns at random, and both run the same tests in the same order."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from compare.judge import confirmation_so_far, judge
from harness.evidence import Bundle, ProjectKey, SessionName, order_evidence
from harness.model import ConfirmPolicy, DatasetKind, Plan, RerunKind, RunHeader, Shard, Side, SidePlan, SuitePlan, Tally, Verdict
from harness.pipeline.confirmation import confirm
from harness.pipeline.floor import Due, measure_floor
from harness.pipeline.order import search_order

if TYPE_CHECKING:
    from harness.pipeline.side import SideTask

VICTIM, FLAKY = "m.py::t7", "m.py::t3"
TESTS = tuple(f"m.py::t{number}" for number in range(10))


class World:
    """A suite in which shadow's VICTIM fails behind m.py::t2, and FLAKY failed once on shadow. Remembers what was run, in order."""

    def __init__(self, folder: Path, *, alpha: float = 0.1, junit: str | None = None) -> None:
        policy = ConfirmPolicy(alpha=alpha, max_pairs=12)
        sides = tuple(SidePlan(side=side, runner="process", dataset=DatasetKind.SYNTHETIC) for side in Side)
        suite = SuitePlan(name="s", root=folder, command=("pytest",), junit=junit, rerun=("again",) if junit else ())
        self.plan = Plan(suite=suite, sides=sides, shards=(Shard(),), confirm=policy, seed=1)
        header = RunHeader(id="20261101T000000Z-0001", suite="s", started_at=datetime(2026, 11, 1, tzinfo=UTC), confirm=policy)
        self.bundle = Bundle.create(folder / header.id, header, self.plan, ProjectKey(b"k" * 32))
        self.ran: list[SideTask] = []
        for side in Side:
            self._write(SessionName(side=side, pair=0, shard=Shard(), number=1), TESTS, failing={VICTIM, FLAKY} if side is Side.SHADOW else set())

    def carry_out(self, task: SideTask) -> None:
        order = task.select or ()
        self.ran.append(task)
        dirty = task.side is Side.SHADOW and VICTIM in order and "m.py::t2" in order[: order.index(VICTIM)]
        name = SessionName(side=task.side, pair=task.pair, shard=task.shard, number=1, kind=task.kind)
        self._write(name, order, failing={VICTIM} if dirty else set())

    def _write(self, name: SessionName, tests: tuple[str, ...], *, failing: set[str]) -> None:
        lines: list[dict[str, object]] = [{"e": "header", "schema": "shadow-probe/1"}]
        lines += [{"e": "result", "id": test, "outcome": "failed" if test in failing else "passed"} for test in tests]
        lines.append({"e": "end", "reason": "finished"})
        path = self.bundle.session_path(name)
        path.write_text("".join(json.dumps(line, separators=(",", ":")) + "\n" for line in lines), encoding="ascii")
        path.with_suffix(".select.json").write_text(json.dumps({"select": tests if name.pair else None}), encoding="ascii")

    def search(self) -> None:
        confirmation = confirm(self.bundle.evidence(), self.plan, self.bundle, carry_out=self.carry_out, emit=lambda _: None)
        search_order(confirmation, self.plan, self.bundle, carry_out=self.carry_out, emit=lambda _: None)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    yield made
    made.bundle.close()


def rounds(world: World) -> dict[tuple[RerunKind, int], list[SideTask]]:
    found: dict[tuple[RerunKind, int], list[SideTask]] = {}
    for task in world.ran:
        found.setdefault((task.kind, task.pair), []).append(task)
    return found


def test_sides_take_turns_at_random_and_run_the_same_tests_in_the_same_order(world: World) -> None:
    confirmation = confirm(world.bundle.evidence(), world.plan, world.bundle, carry_out=world.carry_out, emit=lambda _: None)
    wanted = Due(sample=TESTS, tests=10, rotation=0, earlier=Tally(), why="weekly")
    measure_floor(wanted, confirmation, world.plan, world.bundle, carry_out=world.carry_out, emit=lambda _: None)
    series = [tasks for (kind, _), tasks in rounds(world).items() if kind is RerunKind.SERIES]

    assert len(series) == 16
    assert {tuple(sorted(task.side for task in tasks)) for tasks in series} == {(Side.LEGACY, Side.SHADOW)}
    assert len({tasks[0].side for tasks in series}) == 2
    assert all(tasks[0].select == tasks[1].select for tasks in rounds(world).values() if len(tasks) == 2)
    arms = Counter((task.side, task.kind) for task in world.ran if task.kind in {RerunKind.ONE, RerunKind.TWO})
    assert set(arms) == {(side, kind) for side in Side for kind in (RerunKind.ONE, RerunKind.TWO)}


def test_the_search_ends_with_the_verdict_and_every_step_is_recorded(world: World) -> None:
    world.search()
    decided = {pair.test_id: pair for pair in judge(world.bundle.evidence()).pairs}
    order = order_evidence(world.bundle)

    assert (decided[VICTIM].verdict, decided[FLAKY].verdict) == (Verdict.DIVERGENT, Verdict.FLAKY)
    assert (dependence := decided[VICTIM].order) is not None
    assert dependence.behind == ("m.py::t2",)
    assert order is not None
    assert {suspect.test_id: suspect.before for suspect in order.suspects} == {FLAKY: TESTS[:3], VICTIM: TESTS[:7]}
    assert len(order.sessions) == sum(task.kind in {RerunKind.BEHIND, RerunKind.AHEAD} for task in world.ran)


def test_what_is_recorded_is_not_run_again(world: World) -> None:
    world.search()
    steps = _steps(world)
    world.search()

    assert _steps(world) == steps


def test_a_round_is_in_random_order(world: World) -> None:
    world.search()
    whole = [tuple((task.side, task.kind) for task in tasks) for tasks in _steps(world).values() if len(tasks) == 4]

    assert len(whole) >= 4
    assert len(set(whole)) > 1


def _steps(world: World) -> dict[int, list[SideTask]]:
    found: dict[int, list[SideTask]] = {}
    for task in world.ran:
        if task.kind in {RerunKind.BEHIND, RerunKind.AHEAD}:
            found.setdefault(task.pair, []).append(task)
    return found


def test_other_tools_than_pytest_are_told_to_be_unavailable(tmp_path: Path) -> None:
    world = World(tmp_path, junit="out.xml")
    world.search()
    (victim,) = [pair for pair in judge(world.bundle.evidence()).pairs if pair.test_id == VICTIM]
    world.bundle.close()

    assert confirmation_so_far(world.bundle.evidence()).next_pair() == ()
    assert victim.reason.endswith("not looked into: only pytest can be told the order of tests")
    assert not _steps(world)
