"""Scanning the tests of Python's own library, against parsing them and nothing else.

python -m tests.benchmarks.scan [--folder FOLDER] [--rounds N]

Prints JSON: seconds of `ast.parse` alone in one process and on all cores, seconds of the scan on all cores, and the ratios of speed; the best of
several rounds, taken in turn, for the machine may have other things to do.
"""

from __future__ import annotations

import argparse
import ast
import json
import multiprocessing
import os
import sysconfig
import time
import warnings
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from runners.literals.files import suite_files
from runners.literals.scanning import _chunks, scan_files


def _parse(root: str, paths: list[str]) -> int:
    warnings.simplefilter("ignore")
    parsed = 0
    for path in paths:
        try:
            ast.parse((Path(root) / path).read_bytes())
            parsed += 1
        except (SyntaxError, ValueError):
            continue
    return parsed


def _parse_on_all_cores(root: Path, paths: list[str]) -> None:
    chunks = _chunks({path: (root / path).stat().st_size for path in paths})
    with ProcessPoolExecutor(os.cpu_count(), mp_context=multiprocessing.get_context("spawn")) as pool:
        list(pool.map(_parse, [str(root)] * len(chunks), chunks))


def _seconds(action: Callable[[], object]) -> float:
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, default=Path(sysconfig.get_paths()["stdlib"]) / "test")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    root = options.folder
    paths = list(suite_files(root, ["."]).python)
    rounds = [
        (
            _seconds(lambda: _parse(str(root), paths)),
            _seconds(lambda: _parse_on_all_cores(root, paths)),
            _seconds(lambda: scan_files(root, paths, os.cpu_count())),
        )
        for _ in range(options.rounds)
    ]
    alone, together, scan = map(min, zip(*rounds, strict=True))
    print(
        json.dumps(
            {
                "files": len(paths),
                "cores": os.cpu_count(),
                "parse_seconds": round(alone, 2),
                "parse_seconds_all_cores": round(together, 2),
                "scan_seconds_all_cores": round(scan, 2),
                "speed_against_parse": round(alone / scan, 2),
                "speed_against_parse_on_as_many_cores": round(together / scan, 2),
            },
            indent=1,
        ),
    )


if __name__ == "__main__":
    main()
