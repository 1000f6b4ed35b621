"""Looking after what was recorded: rebuilding the store, and runs that died."""

from __future__ import annotations

from typing import TYPE_CHECKING

from compare.judge import judge
from harness.errors import BundleError
from harness.evidence import Bundle
from harness.model import RunState

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from harness.ports import Store


def bundles(runs: Path) -> Iterator[Bundle]:
    """The bundles of a folder, oldest first."""
    if runs.is_dir():
        for path in sorted(runs.iterdir()):
            if (path / "bundle.json").is_file():
                yield Bundle.open(path)


def rebuild(store: Store, runs: Path, *, failed: Callable[[BundleError], None]) -> int:
    """Make the store again from the bundles and return how many runs it holds then. A bundle that cannot be read is handed to `failed`, and the
    rest goes on.
    """
    store.delete_all()
    count = 0
    for bundle in bundles(runs):
        try:
            store.save(judge(bundle.evidence()))
            count += 1
        except BundleError as error:
            failed(error)
    return count


def settle_dead_runs(store: Store, runs: Path) -> tuple[str, ...]:
    """Mark runs as incomplete that the store takes for running while no process writes their bundle; returns their ids."""
    dead = []
    for summary in store.runs(limit=200):
        path = runs / summary.id
        if summary.state is RunState.RUNNING and not ((path / "bundle.json").is_file() and Bundle.open(path).alive):
            store.mark(summary.id, RunState.INCOMPLETE)
            dead.append(summary.id)
    return tuple(dead)
