"""What bundles keep of the search for order-dependence and of A/A runs, and when the next A/A run is due."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from harness.errors import BundleError
from harness.evidence import (
    Bundle,
    ProjectKey,
    SessionName,
    floor_evidence,
    order_evidence,
    order_session,
    predecessors,
    write_floor,
    write_order,
)
from harness.evidence.session import parse_name
from harness.model import (
    AAFrequency,
    ConfirmPolicy,
    DatasetKind,
    FloorPlan,
    OrderEvidence,
    OrderSuspect,
    Plan,
    RerunKind,
    RunHeader,
    Shard,
    Side,
    SidePlan,
    SuitePlan,
    Tally,
)
from harness.pipeline.floor import Due, due

NOW = datetime(2026, 11, 20, 1, 30, tzinfo=UTC)
TESTS = tuple(f"m.py::t{number}" for number in range(30))


def plan_of(folder: Path, aa: AAFrequency = AAFrequency.WEEKLY, *, select: str | None = None) -> Plan:
    sides = tuple(SidePlan(side=side, runner="process", dataset=DatasetKind.SYNTHETIC) for side in Side)
    suite = SuitePlan(name="s", root=folder, command=("pytest",), select=select)
    return Plan(suite=suite, sides=sides, shards=(Shard(),), confirm=ConfirmPolicy(aa=aa, aa_sample=10), seed=1)


def bundle_of(folder: Path, *, days_ago: float = 0.0, suite: str = "s", floor: int | None = None) -> Bundle:
    """A bundle of a run that began so many days ago; complete, with an A/A run of this rotation where it is given."""
    at = NOW - timedelta(days=days_ago)
    plan = plan_of(folder)
    header = RunHeader(id=f"{at:%Y%m%dT%H%M%SZ}-0001", suite=suite, started_at=at, confirm=plan.confirm)
    bundle = Bundle.create(folder / header.id, header, plan, ProjectKey(b"k" * 32))
    for side in Side:
        write_session(bundle, SessionName(side=side, pair=0, shard=Shard(), number=1), TESTS)
    if floor is not None:
        write_floor(bundle, FloorPlan(sample=TESTS[:10], flaky=(), reruns=10, tests=30, rotation=floor, why="weekly"))
        for side in Side:
            for kind in (RerunKind.ONE, RerunKind.TWO):
                write_session(bundle, SessionName(side=side, pair=1, shard=Shard(), number=1, kind=kind), TESTS[:10])
    if days_ago:
        bundle.finish(finished_at=at, complete=True, decided=True)
    bundle.close()
    return bundle


def write_session(bundle: Bundle, name: SessionName, tests: Sequence[str], *, workers: Sequence[str] = (), end: str | None = "finished") -> Path:
    lines: list[dict[str, object]] = [{"e": "header", "schema": "shadow-probe/1"}, {"e": "collected", "ids": list(tests)}]
    for number, test in enumerate(tests):
        worker = {"worker": workers[number % len(workers)]} if workers else {}
        lines.append({"e": "result", "id": test, "outcome": "passed", "seconds": 0.1, **worker})
    lines += [{"e": "end", "reason": end}] if end else []
    path = bundle.session_path(name)
    path.write_text("".join(json.dumps(line, separators=(",", ":")) + "\n" for line in lines), encoding="ascii")
    path.with_suffix(".select.json").write_text(json.dumps({"select": list(tests)}), encoding="ascii")
    return path


def test_names_tell_the_kind_of_rerun() -> None:
    for kind in RerunKind:
        name = SessionName(side=Side.SHADOW, pair=12, shard=Shard(), number=3, kind=kind)
        assert parse_name(Path(str(name))) == name
    full = SessionName(side=Side.LEGACY, pair=0, shard=Shard(index=2, count=4), number=1)
    assert parse_name(Path(str(full))) == full
    with pytest.raises(BundleError):
        parse_name(Path("legacy-else01-s1of1-n1.jsonl"))


def test_predecessors_are_those_of_the_same_process(tmp_path: Path) -> None:
    bundle = bundle_of(tmp_path)
    write_session(bundle, SessionName(side=Side.LEGACY, pair=0, shard=Shard(), number=1), TESTS[:20], workers=("gw0", "gw1"))
    write_session(bundle, SessionName(side=Side.LEGACY, pair=0, shard=Shard(), number=2), TESTS[20:])

    found = predecessors(bundle, Side.LEGACY, {TESTS[6], TESTS[19], TESTS[20], TESTS[23], "m.py::gone"}, most=3)

    assert found[TESTS[6]] == ((TESTS[0], TESTS[2], TESTS[4]), 0)
    assert found[TESTS[19]] == ((TESTS[13], TESTS[15], TESTS[17]), 6)
    assert found[TESTS[20]] == ((), 0)
    assert found[TESTS[23]] == (TESTS[20:23], 0)
    assert "m.py::gone" not in found


def test_a_search_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    bundle = bundle_of(tmp_path)
    assert order_evidence(bundle) is None
    order = OrderEvidence(budget=150, suspects=(OrderSuspect(test_id=TESTS[5], side=Side.SHADOW, before=TESTS[:5], earlier=7),))
    write_order(bundle, order)
    assert order_evidence(bundle) == order

    name = SessionName(side=Side.SHADOW, pair=1, shard=Shard(), number=1, kind=RerunKind.BEHIND)
    path = write_session(bundle, name, TESTS[:6], end=None)
    assert order_session(bundle, 1, RerunKind.BEHIND, Side.SHADOW) is not None  # everything it was asked for is there
    write_session(bundle, name, TESTS[:6])
    found = order_evidence(bundle)
    assert found is not None
    assert [(session.number, session.kind, session.whole, len(session.attempts)) for session in found.sessions] == [(1, RerunKind.BEHIND, True, 6)]
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:4]))
    assert order_session(bundle, 1, RerunKind.BEHIND, Side.SHADOW) is None
    assert len(bundle.side(Side.SHADOW).reruns) == 0


def test_a_damaged_plan_of_a_search_is_named(tmp_path: Path) -> None:
    bundle = bundle_of(tmp_path)
    for name, read in (("order.json", order_evidence), ("aa.json", floor_evidence)):
        (bundle.path / name).write_text('{"budget": "many"}')
        with pytest.raises(BundleError, match="damaged"):
            read(bundle)


def is_due(folder: Path, aa: AAFrequency = AAFrequency.WEEKLY, *, select: str | None = None) -> Due | None:
    bundle = bundle_of(folder)
    return due(bundle.evidence(), plan_of(folder, aa, select=select), bundle)


def test_an_a_a_run_is_not_due_when_a_project_is_first_run(tmp_path: Path) -> None:
    assert is_due(tmp_path) is None


def test_an_a_a_run_is_due_on_the_second_night_and_then_every_week(tmp_path: Path) -> None:
    bundle_of(tmp_path, days_ago=1)
    bundle_of(tmp_path, days_ago=0.01)
    first = is_due(tmp_path)

    assert first is not None
    assert (first.rotation, first.tests, len(first.sample), first.earlier) == (0, 30, 10, Tally())


@pytest.mark.parametrize(("days_ago", "expected"), [(3, None), (7, 1)])
def test_a_week_counts_from_the_last_a_a_run(tmp_path: Path, days_ago: int, expected: int | None) -> None:
    bundle_of(tmp_path, days_ago=20, floor=None)
    bundle_of(tmp_path, days_ago=days_ago, floor=0)
    bundle_of(tmp_path, days_ago=1, suite="another", floor=5)
    found = is_due(tmp_path)

    assert (found.rotation if found else None) == expected
    if found:
        assert found.earlier == Tally(tests=20, once=0, confirmed=0)


def test_who_asks_gets_an_a_a_run_and_who_declines_gets_none(tmp_path: Path) -> None:
    bundle_of(tmp_path, days_ago=1, floor=0)
    (tmp_path / "other").mkdir()
    assert is_due(tmp_path, AAFrequency.NEVER) is None
    (tmp_path / f"{NOW:%Y%m%dT%H%M%SZ}-0001").rename(tmp_path / "other" / "gone")
    asked = is_due(tmp_path, AAFrequency.NOW, select="t1")
    assert asked is not None
    assert (asked.why, asked.rotation) == ("asked for", 1)


def test_a_part_of_the_suite_is_no_occasion_for_the_weekly_a_a_run(tmp_path: Path) -> None:
    bundle_of(tmp_path, days_ago=9)
    assert is_due(tmp_path, select="t1") is None


def test_an_a_a_run_that_was_begun_is_gone_on_with(tmp_path: Path) -> None:
    bundle = bundle_of(tmp_path, floor=3)
    found = due(bundle.evidence(), plan_of(tmp_path, AAFrequency.NEVER), bundle)

    assert found is not None
    assert (found.rotation, found.sample) == (3, TESTS[:10])
