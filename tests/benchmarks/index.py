"""An identity index of ten million identifiers: memory while building and answering, time of a look-up, wrong answers.

python -m tests.benchmarks.index [--identifiers N]

Each step runs in a process of its own, so that memory is its own. Prints JSON: megabytes (peak of resident memory, Python and its libraries
included), seconds and microseconds of processor time, a look-up in batches of 32,768 (by value: spelling, HMAC and all; by fingerprint: the index
alone), hits missed and misses hit.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import resource
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from harness.evidence.key import ProjectKey

KEY = ProjectKey(b"benchmark benchmark benchmark 32")
ASKED = 500_000
PROBES = 20_000_000
STEP = 32_768


def _email(number: int) -> str:
    return f"person.{number * 7919 % 1_000_003}.{number}@mail{number % 97}.example"


def _make(folder: str, identifiers: int) -> dict[str, object]:
    """Two databases; half of the identifiers are numbers, half are email addresses; a tenth is on both sides."""
    rows = identifiers // 2
    for name, first, count in (("legacy", 0, rows), ("shadow", rows - rows // 10, rows // 5)):
        with sqlite3.connect(f"{folder}/{name}.sqlite") as database:
            database.execute("CREATE TABLE customers (customer_id INTEGER PRIMARY KEY, email TEXT)")
            database.executemany(
                "INSERT INTO customers VALUES (?, ?)", ((100_000_000 + number, _email(number)) for number in range(first, first + count))
            )
        database.close()
    return {}


def _build(folder: str, identifiers: int) -> dict[str, object]:
    from runners.identity.building import build_index

    began = time.process_time()
    summary = build_index("sqlite:///legacy.sqlite", "sqlite:///shadow.sqlite", key=KEY, into=Path(folder) / "index", base=Path(folder))
    seconds = time.process_time() - began
    return {"build_seconds": round(seconds, 1), "entries": summary.entries, "build_megabytes": _peak(), "file_megabytes": _size(folder) // 1_000_000}


def _answer(folder: str, identifiers: int) -> dict[str, object]:
    from runners.identity.index import open_index

    rows = identifiers // 2
    step = max(1, rows // (ASKED // 2))
    with open_index(Path(folder) / "index", KEY) as index:
        missed = 0
        spent = asked = 0.0
        for batch in _batches(value for number in range(0, rows, step) for value in (100_000_000 + number, _email(number))):
            began = time.process_time()
            found = index.lookup(batch)
            spent += time.process_time() - began
            asked += len(batch)
            missed += sum(not matches for matches in found)
    return {"hit_by_value_microseconds": round(spent / asked * 1e6, 2), "missed": missed, "asked": int(asked), "answer_megabytes": _peak()}


def _by_fingerprint(folder: str, identifiers: int) -> dict[str, object]:
    from runners.identity.index import open_index

    rows = identifiers // 2
    step = max(1, rows // ASKED)
    spent = {"hit": 0.0, "miss": 0.0}
    asked = {"hit": 0, "miss": 0}
    with open_index(Path(folder) / "index", KEY) as index:
        for kind, first in (("hit", 100_000_000), ("miss", 500_000_000)):
            for batch in _batches(KEY.fingerprint(f"n:{first + number}") for number in range(0, rows, step)):
                began = time.process_time()
                index.lookup_fingerprints(batch)
                spent[kind] += time.process_time() - began
                asked[kind] += len(batch)
    return {f"{kind}_microseconds": round(spent[kind] / asked[kind] * 1e6, 2) for kind in spent} | {"fingerprint_answer_megabytes": _peak()}


def _wrong(folder: str, identifiers: int) -> dict[str, object]:
    """Fingerprints of values that were never there. Random ones stand for them: an HMAC's output is not told from random."""
    import numpy as np

    from runners.identity.index import open_index

    random = np.random.default_rng(20261121)
    with open_index(Path(folder) / "index", KEY) as index:
        wrong = 0
        for _ in range(PROBES // STEP):
            wrong += sum(1 for _ in index._found(random.integers(0, 2**48, STEP, dtype=np.uint64)))
        expected = index._entries / 2**48
    return {"probes": PROBES // STEP * STEP, "false_positives": wrong, "false_positive_rate_expected": expected}


def _batches(values: Iterator[object]) -> Iterator[list[object]]:
    batch: list[object] = []
    for value in values:
        batch.append(value)
        if len(batch) == STEP:
            yield batch
            batch = []
    if batch:
        yield batch


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def _size(folder: str) -> int:
    return (Path(folder) / "index").stat().st_size


def _apart(step: Callable[[str, int], dict[str, object]], folder: str, identifiers: int) -> dict[str, object]:
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(step, (folder, identifiers))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--identifiers", type=int, default=10_000_000)
    options = parser.parse_args()
    result: dict[str, object] = {"identifiers": options.identifiers}
    with tempfile.TemporaryDirectory() as folder:
        for step in (_make, _build, _answer, _by_fingerprint, _wrong):
            result |= _apart(step, folder, options.identifiers)
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
