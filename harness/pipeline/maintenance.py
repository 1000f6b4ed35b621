"""Looking after what was recorded: rebuilding the store, and runs that died."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from harness.errors import BundleError
from harness.evidence import Bundle
from harness.model import RunState
from harness.pipeline import history
from harness.pipeline.clock import SystemClock
from harness.pipeline.verdict import decide

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime
    from pathlib import Path

    from harness.model import Tombstone
    from harness.ports import Clock, Store

ELSEWHERE = timedelta(days=2)
"""How long a run may be under way whose bundle is not here: a store may be shared by machines."""


def bundle_paths(runs: Path) -> Iterator[Path]:
    """The folders of the bundles, oldest first."""
    if runs.is_dir():
        yield from (path for path in sorted(runs.iterdir()) if not path.name.startswith(".") and (path / "bundle.json").is_file())


def rebuild(store: Store, runs: Path, *, failed: Callable[[BundleError], None]) -> int:
    """Make the store again from the bundles and return how many runs it holds then. A bundle that cannot be read is handed to `failed`, and the
    rest goes on. A run that is under way in another process is under way in the store, too. Bundles of runs that retention removed do not count.

    Raises BundleError where the list of removed runs is damaged; then nothing has changed.
    """
    history.read_retention(runs)
    store.delete_all()
    gone = history.restore(store, runs)
    count = 0
    for path in bundle_paths(runs):
        if path.name in gone:
            continue
        try:
            _project(Bundle.open(path), store)
            count += 1
        except BundleError as error:
            failed(error)
    return count


def settle_dead_runs(store: Store, runs: Path, *, clock: Clock | None = None) -> tuple[str, ...]:
    """Decide, as incomplete, the runs that the store takes for running while no process writes their bundle; returns their ids.

    Of one whose bundle cannot be read only the state is set. One without a bundle here may be another machine's: it is left alone for two days.
    """
    now = (clock or SystemClock()).now()
    dead = []
    for summary in store.runs(limit=200):
        if summary.state is not RunState.RUNNING:
            continue
        path = runs / summary.id
        if not path.is_dir() and now - summary.started_at < ELSEWHERE:
            continue
        try:
            bundle = Bundle.open(path)
            if bundle.alive:
                continue
            _save(bundle, store)
        except BundleError:
            store.mark(summary.id, RunState.INCOMPLETE)
        dead.append(summary.id)
    return tuple(dead)


@dataclass(frozen=True, slots=True, kw_only=True)
class RemovedRuns:
    """What retention did. `unknown` are bundles that are neither in the store nor removed from it: retention leaves them alone."""

    tombstones: tuple[Tombstone, ...]
    unknown: tuple[str, ...]


def remove_old_runs(
    store: Store, runs: Path, *, keep_runs: int | None = None, since: datetime | None = None, clock: Clock | None = None
) -> RemovedRuns:
    """Remove old runs with their bundles (see `Store.retain`). Raises StoreError, and BundleError where the list of removed runs is damaged."""
    made = history.retain(store, runs, now=(clock or SystemClock()).now(), keep_runs=keep_runs, since=since)
    unknown = tuple(path.name for path in bundle_paths(runs) if store.run(path.name) is None and store.tombstone(path.name) is None)
    return RemovedRuns(tombstones=made, unknown=unknown)


def _project(bundle: Bundle, store: Store) -> None:
    if bundle.alive:
        store.begin_run(bundle.header())
    else:
        _save(bundle, store)


def _save(bundle: Bundle, store: Store) -> None:
    comparison = decide(bundle.evidence())
    store.save(comparison, renames=history.renames_of(bundle, comparison))
