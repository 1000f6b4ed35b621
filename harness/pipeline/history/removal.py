"""Removing old runs, store and bundles together, in an order in which a cut at any point loses nothing."""

from __future__ import annotations

import secrets
import shutil
from typing import TYPE_CHECKING

from harness.errors import BundleError
from harness.evidence import Bundle
from harness.model import Retention
from harness.pipeline.history.retained import read_retention, write_retention

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from harness.model import Tombstone
    from harness.ports import Store


def retain(store: Store, runs: Path, *, now: datetime, keep_runs: int | None = None, since: datetime | None = None) -> tuple[Tombstone, ...]:
    """Remove old runs (see `Store.retain`) with their bundles and return the new tombstones.

    First the store, then `retention.jsonl`, then the bundles. Bundles left by one that was cut off go with the next. Raises StoreError, and
    BundleError where `retention.jsonl` is damaged.
    """
    store.restore(_unknown(read_retention(runs), store.retention()))
    made = tuple(store.retain(now=now, keep_runs=keep_runs, since=since))
    kept = store.retention()
    if kept.tombstones:
        runs.mkdir(parents=True, exist_ok=True)
        write_retention(runs, kept)
        gone = {stone.run_id for stone in kept.tombstones}
        for path in tuple(runs.iterdir()):
            if path.name in gone:
                _remove(path)
    return made


def restore(store: Store, runs: Path) -> frozenset[str]:
    """Give an emptied store what bundles no longer tell, before they are projected; returns the ids of removed runs, whose bundles do not count.

    Raises BundleError where `retention.jsonl` is damaged.
    """
    kept = read_retention(runs)
    store.restore(kept)
    return frozenset(stone.run_id for stone in kept.tombstones)


def _unknown(kept: Retention, held: Retention) -> Retention:
    """What the file tells and the store does not: it may be a new one, or another."""
    stones = {stone.run_id for stone in held.tombstones}
    until = {carried.suite: carried.until for carried in held.carried}
    renames = {item.moment for item in held.renames}
    return Retention(
        tombstones=tuple(stone for stone in kept.tombstones if stone.run_id not in stones),
        carried=tuple(item for item in kept.carried if item.suite not in until or until[item.suite] < item.until),
        renames=tuple(item for item in kept.renames if item.moment not in renames),
    )


def _remove(path: Path) -> None:
    """Remove a bundle: out of sight at once, then file by file. One that a process writes stays."""
    try:
        if Bundle.open(path).alive:
            return
    except BundleError:
        return
    hidden = path.with_name(f".{path.name}-{secrets.token_hex(4)}.tmp")
    path.rename(hidden)
    shutil.rmtree(hidden, ignore_errors=True)
