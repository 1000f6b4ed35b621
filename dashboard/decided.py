"""What pages say of a decided run as a whole, remembered for a minute."""

from __future__ import annotations

import time
from dataclasses import replace
from threading import Lock
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.model import ClusterRow, RunOverview, RunSummary
    from harness.ports import Store

SECONDS: Final = 60.0
"""How long a run is remembered: a store that was rebuilt behind the dashboard shows after that at the latest."""

_RUNS = 8


class DecidedRuns:
    """Decided runs of a store, by their line in the history: a run that is decided anew has another line and is read anew."""

    def __init__(self, store: Store, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._store = store
        self._monotonic = monotonic
        self._lock = Lock()  # one page gathers, the others wait for it instead of doing the same
        self._known: dict[RunSummary, tuple[float, RunOverview]] = {}

    def of(self, run: RunSummary) -> RunOverview | None:
        """What was decided, the largest cluster first; None where the run is under way or died. Raises StoreError."""
        if run.totals is None:
            return None
        with self._lock:
            now = self._monotonic()
            self._known = {summary: entry for summary, entry in self._known.items() if now - entry[0] < SECONDS}
            if run in self._known:
                return self._known[run][1]
            found = self._store.comparison_without_pairs(run.id)
            if found is None:
                return None
            decided = replace(found, clusters=tuple(sorted(found.clusters, key=lambda cluster: (-cluster.tests, cluster.id))))
            while len(self._known) >= _RUNS:
                del self._known[next(iter(self._known))]
            self._known[run] = (now, decided)
            return decided


def cluster_of(decided: RunOverview | None, cluster_id: str | None) -> ClusterRow | None:
    """The cluster of a run with this id, None where it has none."""
    return next((cluster for cluster in decided.clusters if cluster.id == cluster_id), None) if decided else None
