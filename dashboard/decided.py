"""What pages say of a decided run as a whole, remembered for a minute: gathering it reads every pair that is not equivalent."""

from __future__ import annotations

import time
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING, Final

from harness.model import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from harness.model import Cluster, Comparison, InfrastructureFailure, ParityDifference, RunHeader, RunSummary
    from harness.ports import Store

SECONDS: Final = 60.0
"""How long a run is remembered: a store that was rebuilt behind the dashboard shows after that at the latest."""

_RUNS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class DecidedRun:
    """A comparison without its pairs. `clusters` are sorted by size, the largest first; of `divergent` pairs `unconfirmed` were not confirmed."""

    run: RunHeader
    divergent: int
    unconfirmed: int
    clusters: tuple[Cluster, ...]
    parity: tuple[ParityDifference, ...]
    legacy: Mapping[str, str]
    shadow: Mapping[str, str]
    infrastructure: tuple[InfrastructureFailure, ...]
    warnings: tuple[str, ...]

    def cluster(self, cluster_id: str | None) -> Cluster | None:
        """The cluster with this id, None where the run has none."""
        return next((cluster for cluster in self.clusters if cluster.id == cluster_id), None)


class DecidedRuns:
    """Decided runs of a store, by their line in the history: a run that is decided anew has another line and is read anew."""

    def __init__(self, store: Store, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._store = store
        self._monotonic = monotonic
        self._lock = Lock()  # one page gathers, the others wait for it instead of doing the same
        self._known: dict[RunSummary, tuple[float, DecidedRun]] = {}

    def of(self, run: RunSummary) -> DecidedRun | None:
        """What was decided; None where the run is under way or died. Raises StoreError."""
        if run.totals is None:
            return None
        with self._lock:
            now = self._monotonic()
            self._known = {summary: entry for summary, entry in self._known.items() if now - entry[0] < SECONDS}
            if run in self._known:
                return self._known[run][1]
            comparison = self._store.comparison(run.id)
            if comparison is None:
                return None
            decided = _without_pairs(comparison)
            while len(self._known) >= _RUNS:
                del self._known[next(iter(self._known))]
            self._known[run] = (now, decided)
            return decided


def _without_pairs(comparison: Comparison) -> DecidedRun:
    divergent = [pair for pair in comparison.pairs if pair.verdict is Verdict.DIVERGENT]
    return DecidedRun(
        run=comparison.run,
        divergent=len(divergent),
        unconfirmed=sum(not pair.confirmed for pair in divergent),
        clusters=tuple(sorted(comparison.clusters, key=lambda cluster: (-len(cluster.tests), cluster.id))),
        parity=comparison.parity,
        legacy=comparison.legacy,
        shadow=comparison.shadow,
        infrastructure=comparison.infrastructure,
        warnings=comparison.warnings,
    )
