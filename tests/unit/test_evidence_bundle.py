"""Bundles: made whole, locked, held against a plan, put together from their sessions."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from harness.errors import BundleError, ConfigurationError, UsageError
from harness.evidence import Bundle, ProjectKey, SessionName, project_key, same_plan, suite_digest
from harness.model import (
    ConfirmPolicy,
    DatasetKind,
    EndReason,
    InfrastructureFailure,
    InfrastructureKind,
    Plan,
    RunHeader,
    SessionEnd,
    Shard,
    Side,
    SidePlan,
    SuitePlan,
)
from runners.session import append_end

KEY = ProjectKey(b"k" * 32)
POLICY = ConfirmPolicy()
WHOLE = Shard()
HEADER = RunHeader(id="20261101T000000Z-0001", suite="s", started_at=datetime(2026, 11, 1, tzinfo=UTC), confirm=POLICY, harness_version="1")


def side(name: Side, **more: object) -> SidePlan:
    return SidePlan(side=name, runner="process", dataset=DatasetKind.SYNTHETIC, settings={"A": "value-4711"}, data={"D": name.value}, **more)  # type: ignore[arg-type]


PLAN = Plan(
    suite=SuitePlan(name="s", root=Path("/suite"), command=("pytest",), digest="d"),
    sides=(side(Side.LEGACY), side(Side.SHADOW)),
    shards=(Shard(),),
    confirm=POLICY,
    seed=1,
)


@pytest.fixture
def bundle(tmp_path: Path) -> Iterator[Bundle]:
    made = Bundle.create(tmp_path / "runs" / HEADER.id, HEADER, PLAN, KEY)
    yield made
    made.close()


def session(
    bundle: Bundle,
    which: Side,
    *lines: dict[str, object],
    pair: int = 0,
    number: int = 1,
    shard: Shard = WHOLE,
    end: EndReason | None = EndReason.FINISHED,
) -> None:
    path = bundle.session_path(SessionName(side=which, pair=pair, shard=shard, number=number))
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    if end:
        append_end(path, SessionEnd(reason=end))


def collected(*ids: str) -> dict[str, object]:
    return {"e": "collected", "ids": list(ids)}


def passed(test_id: str) -> dict[str, object]:
    return {"e": "result", "id": test_id, "outcome": "passed"}


def test_a_bundle_appears_whole_and_once(bundle: Bundle) -> None:
    assert sorted(path.name for path in bundle.path.parent.iterdir()) == [HEADER.id]
    assert Bundle.open(bundle.path).header() == HEADER
    with pytest.raises(UsageError, match="cannot be made"):
        Bundle.create(bundle.path, HEADER, PLAN, KEY)
    assert sorted(path.name for path in bundle.path.parent.iterdir()) == [HEADER.id]


def test_values_of_variables_are_not_in_it(bundle: Bundle) -> None:
    assert all(b"4711" not in path.read_bytes() for path in bundle.path.rglob("*") if path.is_file())


def test_it_is_locked_until_it_is_closed(bundle: Bundle) -> None:
    other = Bundle.open(bundle.path)
    assert other.alive
    with pytest.raises(UsageError, match="under way in another process"):
        other.lock()
    bundle.close()
    assert not other.alive


@pytest.mark.parametrize(
    ("plan", "changed"),
    [
        (PLAN, ()),
        (replace(PLAN, seed=2), ("seed",)),
        (replace(PLAN, shards=(Shard(index=1, count=2),)), ("shards",)),
        (replace(PLAN, suite=replace(PLAN.suite, digest="e", args=("-q",))), ("suite.args", "suite.digest")),
        (replace(PLAN, suite=replace(PLAN.suite, pass_env=("X",))), ("suite.pass_env",)),
        (replace(PLAN, sides=(side(Side.LEGACY), side(Side.SHADOW, database="sqlite://"))), ("environments.shadow",)),
        (replace(PLAN, sides=(side(Side.LEGACY),)), ("can_rerun", "environments.shadow")),
        (replace(PLAN, confirm=replace(POLICY, alpha=0.05)), ("confirm.alpha",)),
    ],
)
def test_a_plan_is_held_against_the_one_it_was_begun_with(bundle: Bundle, plan: Plan, changed: tuple[str, ...]) -> None:
    assert same_plan(bundle, plan, KEY) == changed


def test_the_key_tells_changed_values(bundle: Bundle) -> None:
    other = replace(PLAN, sides=(side(Side.LEGACY), replace(side(Side.SHADOW), settings={"A": "another"})))
    assert same_plan(bundle, other, KEY) == ("environments.shadow",)


def test_a_side_is_put_together_from_its_sessions(bundle: Bundle) -> None:
    session(bundle, Side.LEGACY, collected("a", "b", "c"), passed("a"), end=EndReason.CRASHED)
    session(bundle, Side.LEGACY, collected("b", "c"), passed("b"), passed("c"), number=2)
    evidence = Bundle.open(bundle.path).side(Side.LEGACY)
    assert evidence.collected == ("a", "b", "c")
    assert [attempt.test_id for attempt in evidence.full] == ["a", "b", "c"]
    assert evidence.finished


def test_a_side_is_finished_when_every_shard_is_and_every_test_has_a_result(tmp_path: Path) -> None:
    plan = replace(PLAN, shards=(Shard(index=1, count=2), Shard(index=2, count=2)))
    bundle = Bundle.create(tmp_path / "b", HEADER, plan, KEY)
    bundle.close()
    session(bundle, Side.LEGACY, collected("a"), passed("a"), shard=plan.shards[0])
    assert not bundle.side(Side.LEGACY).finished
    session(bundle, Side.LEGACY, collected("b"), shard=plan.shards[1])
    assert not bundle.side(Side.LEGACY).finished
    session(bundle, Side.LEGACY, collected("b"), passed("b"), shard=plan.shards[1])
    assert bundle.side(Side.LEGACY).finished


def test_fresh_pairs_are_kept_apart_by_number(bundle: Bundle) -> None:
    assert bundle.last_pair() == 0
    for pair in (1, 2):
        session(bundle, Side.LEGACY, passed("a"), pair=pair)
    session(bundle, Side.SHADOW, passed("a"), pair=1)
    assert bundle.last_pair() == 2
    assert [attempt.pair for attempt in bundle.side(Side.LEGACY).reruns] == [1, 2]
    bundle.drop_pair(2)
    assert bundle.last_pair() == 1


def test_infrastructure_failures_are_kept_until_it_is_reopened(bundle: Bundle) -> None:
    failure = InfrastructureFailure(kind=InfrastructureKind.SIDE_TIMEOUT, message="m", hint="h", side=Side.SHADOW)
    bundle.add_infrastructure(failure)
    bundle.finish(finished_at=HEADER.started_at, complete=False, decided=False)
    assert Bundle.open(bundle.path).infrastructure() == (failure,)
    assert Bundle.open(bundle.path).header().finished_at == HEADER.started_at
    bundle.reopen()
    assert bundle.infrastructure() == ()
    assert bundle.header().finished_at is None


@pytest.mark.parametrize("text", ["", "[]", "{", '{"schema": "shadow-bundle/9"}'])
def test_damaged_and_foreign_bundles_are_refused(bundle: Bundle, text: str) -> None:
    (bundle.path / "bundle.json").write_text(text)
    with pytest.raises(BundleError):
        Bundle.open(bundle.path)


def test_the_key_is_made_once_and_private(tmp_path: Path) -> None:
    first, second = project_key(tmp_path, {}), project_key(tmp_path, {})
    assert first.fingerprint("x") == second.fingerprint("x") != project_key(tmp_path, {"SHADOW_KEY": "ab" * 32}).fingerprint("x")
    assert (tmp_path / "key").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["key"]
    assert (tmp_path / "key").read_text().strip() not in repr(first)


def test_a_key_that_others_can_read_or_that_is_none_is_refused(tmp_path: Path) -> None:
    project_key(tmp_path, {})
    (tmp_path / "key").chmod(0o644)
    with pytest.raises(ConfigurationError, match="read by others"):
        project_key(tmp_path, {})
    with pytest.raises(ConfigurationError, match="no project key") as caught:
        project_key(tmp_path, {"SHADOW_KEY": "short"})
    assert "short" not in str(caught.value)


def test_the_digest_is_of_what_people_write(tmp_path: Path) -> None:
    (tmp_path / "test_a.py").write_text("a")
    before = suite_digest(tmp_path)
    for name in (
        "report.json",
        "out/junit.xml",
        "shot.png",
        "data.sqlite",
        "run.log",
        "__pycache__/test_a.pyc",
        ".git/x.py",
        "venv/pyvenv.cfg",
        "venv/a.py",
    ):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x")
    assert suite_digest(tmp_path) == before
    (tmp_path / "rows.csv").write_text("1")
    assert suite_digest(tmp_path) != before


@pytest.mark.parametrize(
    ("plan", "whole"),
    [
        (PLAN, True),
        (replace(PLAN, shards=(Shard(index=1, count=2), Shard(index=2, count=2))), True),
        (replace(PLAN, shards=(Shard(index=1, count=2),)), False),
        (replace(PLAN, suite=replace(PLAN.suite, select="x")), False),
        (replace(PLAN, sides=(side(Side.LEGACY),)), False),
    ],
)
def test_only_a_run_of_the_whole_suite_on_both_sides_is_a_night(tmp_path: Path, plan: Plan, *, whole: bool) -> None:
    with closing(Bundle.create(tmp_path / "runs" / HEADER.id, HEADER, plan, KEY)) as made:
        assert made.header().whole is whole


def test_a_side_that_is_kept_is_read_again_once_a_file_changes(bundle: Bundle) -> None:
    session(bundle, Side.LEGACY, collected("a"), passed("a"))
    assert bundle.side(Side.LEGACY) is not bundle.side(Side.LEGACY)
    bundle.keep_sides()
    kept = bundle.side(Side.LEGACY)
    assert bundle.side(Side.LEGACY) is kept
    session(bundle, Side.LEGACY, collected("a", "b"), passed("a"), passed("b"))
    assert [attempt.test_id for attempt in bundle.side(Side.LEGACY).full] == ["a", "b"]
    bundle.write_facts(Side.LEGACY, {"clock": "in time"})
    assert bundle.side(Side.LEGACY).facts["clock"] == "in time"
    bundle.let_sides_go()
    assert bundle.side(Side.LEGACY) is not bundle.side(Side.LEGACY)
