"""Sketches of the assertions that failed, made while the suite's source is at hand: a bundle is decided again without it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from compare.causes import sketch_of, sketch_of_cases, skip_in
from compare.explanation import deep_records_of
from compare.judge import judge
from harness.model import Direction, Side, Verdict
from harness.report.findings import suite_frames

if TYPE_CHECKING:
    from pathlib import Path

    from compare.causes import Sketch
    from harness.evidence import Bundle
    from harness.model import PairResult

_LARGEST = 2_000_000
"""Bytes of a source file, beyond which it is not read."""


def sketched(bundle: Bundle, root: Path) -> dict[str, Sketch]:
    """The sketches of a run's divergent tests, by test id. Raises BundleError."""
    evidence = bundle.evidence()
    pairs = [pair for pair in judge(evidence).pairs if pair.verdict is Verdict.DIVERGENT]
    legacy, shadow = (deep_records_of(evidence, side, pairs) for side in Side)
    texts: dict[str, str | None] = {}
    found: dict[str, Sketch] = {}
    for each in pairs:
        pair = _skipping(each, root)
        sources = _sources(pair, root, texts)
        records = [side.get(pair.test_id) or side.get(pair.test_id.rpartition(" [")[0]) for side in (legacy, shadow)]  # of a subtest: its test's
        sketch = sketch_of(pair, sources, *records) if sources else None
        if pair.direction in {Direction.LEGACY_ONLY_COLLECTED, Direction.SHADOW_ONLY_COLLECTED}:
            path = pair.test_id.partition("::")[0]
            sketch = sketch_of_cases(pair.test_id, {path: _text(root / path) or ""})
        if sketch is not None:
            found[pair.test_id] = sketch
    return found


def _skipping(pair: PairResult, root: Path) -> PairResult:
    """A pair of which one side skipped, and nobody recorded where: with the only place where it can."""
    if pair.direction is not Direction.SKIP_MISMATCH or pair.failure is not None:
        return pair
    path = pair.test_id.partition("::")[0]
    return replace(pair, shadow=replace(pair.shadow, failure=skip_in(pair.test_id, {path: _text(root / path) or ""})))


def _sources(pair: PairResult, root: Path, texts: dict[str, str | None]) -> dict[str, str]:
    """The text of the files that the failure's frames name, below the suite's root, and of the conftest.py files around the test."""
    paths = {frame.path for frame in suite_frames(pair.failure)}
    if paths:
        paths |= {(folder / "conftest.py").as_posix() for folder in PurePosixPath(pair.test_id.partition("::")[0]).parents}
    for path in paths - texts.keys():
        texts[path] = _text(root / path)
    return {path: text for path in paths if (text := texts[path]) is not None}


def _text(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8") if path.stat().st_size <= _LARGEST else None
    except (OSError, ValueError):
        return None
