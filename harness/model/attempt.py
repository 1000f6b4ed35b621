"""One test, one side, once."""

from __future__ import annotations

from dataclasses import dataclass, field
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
    """The shape of a failure. No value of the data is left in it. `frames` run from the test inwards.

    In `message` values are tokens such as `email:7f3a91`, so that equality survives; in `template` they are placeholders such as `<email>`, so that
    failures of different records are alike: by it they are told apart. Without it the message is the template. `values` are fingerprints (12 digits)
    that the tokens begin. Where a failure is stored, its message alone is kept.
    """

    type: str
    message: str
    phase: Phase
    frames: tuple[Frame, ...] = ()
    template: str = field(default="", compare=False)
    values: tuple[str, ...] = field(default=(), compare=False)

    def __post_init__(self) -> None:
        if not self.template:
            object.__setattr__(self, "template", self.message)


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
