"""One test, one side, once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harness.model.observation import Observation
    from harness.model.vocabulary import Outcome, Phase, Side


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """A place inside the suite: path relative to the suite's root with forward slashes, 1-based line, function name."""

    path: str
    line: int
    function: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """The shape of a failure. `message` is a template: no value of the data is left in it. `frames` run from the test inwards."""

    type: str
    message: str
    phase: Phase
    frames: tuple[Frame, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One test, one side, once. `pair` is 0 in the full run and n in the n-th confirmation pair; `seconds` is None where unknown.

    `observations` are what it observed until it ended, in order.
    """

    test_id: str
    side: Side
    outcome: Outcome
    pair: int = 0
    seconds: float | None = None
    failure: Failure | None = None
    observations: tuple[Observation, ...] = ()
