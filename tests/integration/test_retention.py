"""Removing old runs and making the store again, over real bundles and a real store."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from harness.errors import BundleError
from harness.evidence import Bundle, project_key
from harness.model import ConfirmPolicy, DatasetKind, Plan, RunHeader, Shard, Side, SidePlan, SuitePlan
from harness.pipeline import rebuild, remove_old_runs
from harness.store import open_store

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.ports import Store

STARTED = datetime(2026, 11, 1, 1, 30, tzinfo=UTC)
SIDES = tuple(SidePlan(side=side, runner="process", dataset=DatasetKind.SYNTHETIC) for side in Side)


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    folder = tmp_path / "runs"
    folder.mkdir()
    for day in range(4):
        header = RunHeader(id=f"night-{day}", suite="ledger", started_at=STARTED + timedelta(days=day), confirm=ConfirmPolicy())
        suite = SuitePlan(name="ledger", root=tmp_path, command=("pytest",))
        plan = Plan(suite=suite, sides=SIDES, shards=(Shard(),), confirm=ConfirmPolicy(), seed=1)
        bundle = Bundle.create(folder / header.id, header, plan, project_key(tmp_path))
        bundle.finish(finished_at=header.started_at, complete=True, decided=True)
        bundle.close()
    return folder


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(str(tmp_path / "store.db"))
    yield opened
    opened.close()


def fail(error: BundleError) -> None:
    raise error


def names(runs: Path) -> list[str]:
    return sorted(path.name for path in runs.iterdir() if path.is_dir())


def test_old_runs_go_with_their_bundles_and_stay_away_after_a_rebuild(store: Store, runs: Path) -> None:
    assert rebuild(store, runs, failed=fail) == 4
    removed = remove_old_runs(store, runs, since=STARTED + timedelta(days=2))
    assert [stone.run_id for stone in removed.tombstones] == ["night-0", "night-1"]
    assert removed.unknown == ()
    assert names(runs) == ["night-2", "night-3"]
    assert rebuild(store, runs, failed=fail) == 2
    assert store.tombstone("night-0") is not None


def test_a_removed_bundle_that_comes_back_from_a_copy_does_not_count(store: Store, runs: Path) -> None:
    rebuild(store, runs, failed=fail)
    (runs / "night-0").rename(runs.parent / "copy")
    remove_old_runs(store, runs, keep_runs=2)
    (runs.parent / "copy").rename(runs / "night-0")
    assert rebuild(store, runs, failed=fail) == 2
    assert store.run("night-0") is None


def test_bundles_that_the_store_does_not_know_are_left_alone_and_named(store: Store, runs: Path) -> None:
    removed = remove_old_runs(store, runs, keep_runs=1)
    assert removed.tombstones == ()
    assert removed.unknown == ("night-0", "night-1", "night-2", "night-3")
    assert len(names(runs)) == 4


def test_a_damaged_list_of_removed_runs_stops_a_rebuild_before_anything_changed(store: Store, runs: Path) -> None:
    rebuild(store, runs, failed=fail)
    (runs / "retention.jsonl").write_text("{", encoding="ascii")
    with pytest.raises(BundleError, match="list of removed runs"):
        rebuild(store, runs, failed=fail)
    assert len(store.runs()) == 4
