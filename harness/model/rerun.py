"""What was rerun beyond fresh pairs: tests behind their predecessors, and each side against itself; and what was concluded from it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from harness.model.vocabulary import Side  # noqa: TC001 - who reads stored results looks the types of fields up here

if TYPE_CHECKING:
    from harness.model.attempt import Attempt


class RerunKind(StrEnum):
    """What reruns a session is one of; the word in its file's name."""

    PAIR = "pair"  # a fresh pair
    BEHIND = "behind"  # a candidate behind tests that ran before it
    AHEAD = "ahead"  # the same tests, the candidate first
    SERIES = "series"  # flaky tests again and again, to see whether reruns stick
    ONE = "one"  # a sample of a side, to be held against
    TWO = "two"  # the same sample of the same side
    VACUOUS = "vacuous"  # a sample of agreeing tests, run deep: in bundles of earlier versions


class AAFrequency(StrEnum):
    """How often each side is compared with itself."""

    NEVER = "never"
    WEEKLY = "weekly"
    NIGHTLY = "nightly"
    NOW = "now"  # in this run, asked for by name


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderSuspect:
    """A candidate that may depend on the order of tests. `side` is the one that showed alone something else than in the full run.

    `before` are the tests that ran before it there in the same process, in order, the nearest ones where they were too many; `earlier` counts those
    left out.
    """

    test_id: str
    side: Side
    before: tuple[str, ...]
    earlier: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderSession:
    """One session in a given order. `number` is the step of the search that it belongs to, from 1; `whole` whether it ran through in one process."""

    number: int
    kind: RerunKind
    side: Side
    attempts: tuple[Attempt, ...]
    whole: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderEvidence:
    """The search for order-dependence as far as it went. `budget` is the most of executions that it may take.

    `unavailable` says why it cannot be carried out at all, where that is so.
    """

    budget: int
    suspects: tuple[OrderSuspect, ...]
    sessions: tuple[OrderSession, ...] = ()
    unavailable: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderDependence:
    """A test whose result on `side` depends on the tests `behind`: behind them it shows what the full run showed, ahead of them it does not.

    `shortest` tells that no one of them can be left out. In `rounds` rounds both orders were run on both sides; `e_value` is the evidence that
    order matters.
    """

    side: Side
    behind: tuple[str, ...]
    shortest: bool
    rounds: int
    e_value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """Counts of A/A runs: tests compared with themselves, how many differed once, how many of these were confirmed, which is false.

    Of the series since stickiness was detected last: `steps` from one rerun to the next, `changes` among them, and how many are `expected`.
    """

    tests: int = 0
    once: int = 0
    confirmed: int = 0
    steps: int = 0
    changes: int = 0
    expected: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class FloorPlan:
    """An A/A run: `sample` is compared with itself on each side, `flaky` is rerun `reruns` times on each side.

    `tests` counts the suite, `rotation` the A/A runs before this one, `earlier` what those counted; `why` says what asked for it.
    """

    sample: tuple[str, ...]
    flaky: tuple[str, ...]
    reruns: int
    tests: int
    rotation: int = 0
    why: str = ""
    earlier: Tally = field(default_factory=Tally)


@dataclass(frozen=True, slots=True, kw_only=True)
class FloorEvidence:
    """An A/A run as far as it went. Attempts of both sides; `pair` is the number of the rerun, in the arms 1 for the sample and n + 1 for the n-th
    fresh pair.
    """

    plan: FloorPlan
    series: tuple[Attempt, ...] = ()
    one: tuple[Attempt, ...] = ()
    two: tuple[Attempt, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """A share with its interval of confidence (`level`, two-sided, exact)."""

    count: int
    of: int
    low: float
    high: float
    level: float = 0.95


class StickinessState(StrEnum):
    """Whether reruns repeat their predecessor more often than the failure rate of a test explains."""

    DETECTED = "detected"
    EXCLUDED = "excluded"  # as far as it would harm
    NOT_EXCLUDED = "not_excluded"  # too few results that change
    NOTHING_FLAKY = "nothing_flaky"  # no result changed: nothing to measure it by


@dataclass(frozen=True, slots=True, kw_only=True)
class Stickiness:
    """What series of reruns say of their independence.

    `changes` counts how often a result differed from its predecessor, `expected` how often it would if reruns were independent, given how often each
    test failed; `p_value` is of changes being so few. `estimate` and `most` are the probability that a rerun repeats its predecessor and its upper
    confidence limit, over all A/A runs since it was detected last; None where nothing was flaky.
    """

    state: StickinessState
    series: int = 0
    changes: int = 0
    expected: float = 0.0
    p_value: float | None = None
    estimate: float | None = None
    most: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Floor:
    """What an A/A run measured: the false divergences that remain when both sides are the same.

    `once` is the share of tests that one dual run shows as different, `confirmed` the share that was confirmed, both over all A/A runs so far.
    `sentences` say it for people; `caveat` is set where the error bound cannot be promised, and says why.
    """

    plan: FloorPlan
    once: Rate
    confirmed: Rate
    stickiness: Stickiness
    executions: int
    complete: bool
    sentences: tuple[str, ...] = ()
    caveat: str | None = None
