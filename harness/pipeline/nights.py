"""What the store knows of the nights around a run, for its reports."""

from __future__ import annotations

from typing import TYPE_CHECKING

from compare.nights import intermittents, now_and_then
from harness.model import DivergenceFilter, DivergenceState
from harness.report import Nights

if TYPE_CHECKING:
    from harness.model import Comparison
    from harness.ports import Store

_AT_ONCE = 10_000  # a page of the list costs a count of the whole list


def nights_of(store: Store, comparison: Comparison) -> Nights | None:
    """Where the divergences of a run's suite stand, and its intermittent tests; None where the store does not hold the run. Raises StoreError."""
    run = comparison.run
    if store.run(run.id) is None:
        return None
    standing = {state: store.divergences(_in(run.suite, state), limit=1).total for state in DivergenceState}
    counted = now_and_then(item for item in store.discordances() if item.suite == run.suite)
    return Nights(
        new=_new(store, comparison) if run.complete and run.whole else None,
        open=standing[DivergenceState.OPEN],
        reopened=standing[DivergenceState.REOPENED],
        converged=standing[DivergenceState.CONVERGED],
        removed=standing[DivergenceState.REMOVED],
        alpha=run.confirm.alpha,
        intermittent=intermittents(counted, alpha=run.confirm.alpha),
    )


def _new(store: Store, comparison: Comparison) -> int:
    """How many divergences this run saw first, whatever became of them."""
    if not comparison.totals.divergent:
        return 0
    run, found, after = comparison.run, 0, None
    while True:
        page = store.divergences(DivergenceFilter(suite=run.suite), after=after, limit=_AT_ONCE)
        found += sum(row.first_seen.run_id == run.id for row in page.rows)
        after = page.next_key
        if after is None:
            return found


def _in(suite: str, state: DivergenceState) -> DivergenceFilter:
    return DivergenceFilter(suite=suite, states=(state,))
