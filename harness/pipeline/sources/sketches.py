"""Sketches of the assertions that failed, made while the suite's source is at hand: a bundle is decided again without it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from compare.causes import sketch_of
from compare.explanation import deep_records_of
from compare.judge import judge
from harness.model import Side, Verdict
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
    for pair in pairs:
        sources = _sources(pair, root, texts)
        sketch = sketch_of(pair, sources, legacy.get(pair.test_id), shadow.get(pair.test_id)) if sources else None
        if sketch is not None:
            found[pair.test_id] = sketch
    return found


def _sources(pair: PairResult, root: Path, texts: dict[str, str | None]) -> dict[str, str]:
    """The text of the files that the failure's frames name, below the suite's root."""
    paths = {frame.path for frame in suite_frames(pair.failure)}
    for path in paths - texts.keys():
        texts[path] = _text(root / path)
    return {path: text for path in paths if (text := texts[path]) is not None}


def _text(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8") if path.stat().st_size <= _LARGEST else None
    except (OSError, ValueError):
        return None
