"""What a synthetic case cannot mend: assertions that ask something of every row."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.model import CouplingKind
from harness.model.assertion import Ask

if TYPE_CHECKING:
    from harness.model import PairResult
    from harness.model.assertion import Sketch


def insufficient(pair: PairResult, sketch: Sketch | None) -> str:
    """Why added rows do not suffice for a divergent test; empty where they may."""
    coupling = next(iter(pair.couplings), None)
    if sketch is None or coupling is None or coupling.kind is not CouplingKind.PATTERN or not sketch.has(Ask.EVERY):
        return ""
    place = f"{sketch.place.path}:{sketch.place.line}"
    return (
        f"rows alone do not suffice: the assertion at {place} asks something of every row it looks at, or that there is no such row, and rows that"
        f" shadow's data hold already break it, by {coupling.entity}. Change how these are made, or ask it of rows of the test's own."
    )
