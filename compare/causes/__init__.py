"""Why divergent pairs diverge: couplings, causes and remedies, by the rules of docs/causes.md. Pure: everything that it needs is handed over.

`explain` is the way in; `sketch_of` reads the assertion that failed, where the suite's source is at hand.
"""

from __future__ import annotations

from compare.causes.assertion import Ask, Sketch
from compare.causes.cases import sketch_of_cases, skip_in
from compare.causes.explaining import explain
from compare.causes.sketching import sketch_of

__all__ = ["Ask", "Sketch", "explain", "sketch_of", "sketch_of_cases", "skip_in"]
