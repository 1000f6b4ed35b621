"""Storing a run of a million pairs, and the first page of its divergences.

python -m tests.benchmarks.store [--pairs N] [--url URL]

Prints JSON: seconds to save, milliseconds of the first page (median of 20) by filter, and the peak of resident memory while saving, less what the
process held before. Without --url a temporary SQLite file is used.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, cast

from harness.model import (
    Cluster,
    Comparison,
    ConfirmPolicy,
    Direction,
    Failure,
    Frame,
    Outcome,
    PairFilter,
    PairResult,
    Phase,
    Remedy,
    RunHeader,
    SideResult,
    Totals,
    Verdict,
)
from harness.store import open_store

if TYPE_CHECKING:
    from harness.ports import Store

_DIVERGENT_EVERY = 20
_CLUSTERS = 40
_FRAME = Frame(path="suite/test_invoices.py", line=41, function="test_total")


class _Pairs:
    """Pairs made one at a time, so that memory measured is the store's."""

    def __init__(self, count: int) -> None:
        self.count = count

    def __len__(self) -> int:
        return self.count

    def __iter__(self) -> Iterator[PairResult]:
        return (_pair(number) for number in range(self.count))


def _test_id(number: int) -> str:
    return f"suite/package_{number // 10_000:05d}/test_module_{number // 100:07d}.py::TestInvoices::test_case_{number:08d}[customer]"


def _pair(number: int) -> PairResult:
    passed = SideResult(outcome=Outcome.PASSED, seconds=number % 977 / 1000)
    if number % _DIVERGENT_EVERY:
        other = SideResult(outcome=Outcome.PASSED, seconds=number % 983 / 1000)
        return PairResult(test_id=_test_id(number), legacy=passed, shadow=other, verdict=Verdict.EQUIVALENT, reason="both sides passed")
    kind = number // _DIVERGENT_EVERY % _CLUSTERS
    failure = Failure(type="AssertionError", message=f"assert <number> == <number> (case {kind})", phase=Phase.CALL, frames=(_FRAME,))
    return PairResult(
        test_id=_test_id(number),
        legacy=passed,
        shadow=SideResult(outcome=Outcome.FAILED, attempts=4, failed=4, seconds=number % 983 / 1000, failure=failure),
        verdict=Verdict.DIVERGENT,
        reason=f"legacy passed and shadow failed in each of 3 fresh pairs (test {number})",
        direction=Direction.LEGACY_ONLY_PASS,
        confirmed=True,
        e_value=56.6,
        fingerprint=f"{kind:016x}",
        cluster=f"{kind:016x}",
        remedy=Remedy.MAKE_DATA_AGNOSTIC,
    )


def _comparison(count: int) -> Comparison:
    divergent = -(-count // _DIVERGENT_EVERY)
    clusters = tuple(
        Cluster(
            id=f"{kind:016x}",
            exception="AssertionError",
            template=f"assert <number> == <number> (case {kind})",
            frame=_FRAME,
            tests=tuple(_test_id(number * _DIVERGENT_EVERY) for number in range(kind, divergent, _CLUSTERS)),
            sentence="all fail in the same assertion",
        )
        for kind in range(_CLUSTERS)
    )
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    return Comparison(
        run=RunHeader(id=f"benchmark-{count}", suite="benchmark", started_at=moment, finished_at=moment, confirm=ConfirmPolicy(), complete=True),
        pairs=cast("tuple[PairResult, ...]", _Pairs(count)),
        totals=Totals(tests=count, equivalent=count - divergent, divergent=divergent),
        exit=1,
        clusters=clusters,
    )


def _milliseconds(call: Callable[[], object]) -> float:
    times = []
    for _ in range(20):
        start = time.perf_counter()
        call()
        times.append((time.perf_counter() - start) * 1000)
    return round(statistics.median(times), 2)


def _resident() -> float:
    """Peak resident memory so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _measure(store: Store, count: int) -> dict[str, object]:
    comparison = _comparison(count)
    run_id = comparison.run.id
    before = _resident()
    start = time.perf_counter()
    store.save(comparison)
    saved = time.perf_counter() - start
    during = _resident()
    start = time.perf_counter()
    store.save(comparison)
    replaced = time.perf_counter() - start
    divergent = PairFilter(verdict=Verdict.DIVERGENT)
    middle = store.pairs(run_id, divergent, limit=max(1, count // _DIVERGENT_EVERY // 2)).next_key
    pages = {
        "divergences": lambda: store.pairs(run_id, divergent),
        "divergences_middle": lambda: store.pairs(run_id, divergent, after=middle),
        "direction": lambda: store.pairs(run_id, PairFilter(direction=Direction.LEGACY_ONLY_PASS)),
        "cluster": lambda: store.pairs(run_id, PairFilter(verdict=Verdict.DIVERGENT, cluster=f"{7:016x}")),
        "everything": lambda: store.pairs(run_id, PairFilter()),
        "equivalent": lambda: store.pairs(run_id, PairFilter(verdict=Verdict.EQUIVALENT)),
        "divergences_by_text": lambda: store.pairs(run_id, PairFilter(verdict=Verdict.DIVERGENT, text="CASE_0000004")),
        "one_pair": lambda: store.pair(run_id, _test_id(count // 2)),
        "history": lambda: store.history(_test_id(count // 2)),
        "run": store.latest,
    }
    start = time.perf_counter()
    store.comparison(run_id)
    return {
        "pairs": count,
        "save_seconds": round(saved, 2),
        "replace_seconds": round(replaced, 2),
        "comparison_seconds": round(time.perf_counter() - start, 2),
        "first_page_ms": {name: _milliseconds(call) for name, call in pages.items()},
        "rss_mb": {"before": round(before), "peak_while_saving": round(during)},
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=1_000_000)
    parser.add_argument("--url")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "shadow.db"
        store = open_store(options.url or str(file))
        result = _measure(store, options.pairs)
        store.close()
        if not options.url:
            result["file_mb"] = round(file.stat().st_size / 1024 / 1024)
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
