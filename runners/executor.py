"""The local executor: a thread for each call. The work itself is done by the processes and containers that the calls wait for."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


class ThreadExecutor:
    """Carries out calls at the same time on this machine."""

    def map(self, calls: Sequence[Callable[[], object]]) -> Sequence[object]:
        """Run all calls at once and return their results in order; the first exception is raised after all have ended."""
        if not calls:
            return ()
        with ThreadPoolExecutor(max_workers=len(calls), thread_name_prefix="side") as pool:
            futures = [pool.submit(call) for call in calls]
        return [future.result() for future in futures]
