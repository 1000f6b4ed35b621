"""What runs where: values only. `harness.plan` builds them from a configuration."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from harness.model.rerun import AAFrequency
from harness.model.vacuous import SuiteParts, VacuousSampling

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from harness.model.vocabulary import DatasetKind, Side


@dataclass(frozen=True, slots=True, kw_only=True)
class Shard:
    """The I-th of N parts of a suite, 1-based. A test belongs to the shard its file hashes to, on both sides alike."""

    index: int = 1
    count: int = 1

    def __str__(self) -> str:
        """As on the command line: I/N."""
        return f"{self.index}/{self.count}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmPolicy:
    """How candidates are confirmed (docs/verdicts.md). `alpha` bounds the false discovery rate; `mass_failure` is a share of a side's tests.

    After `clean_nights` nights in a row in which both sides agreed, a divergence has converged. `order_budget` is the most of executions that the
    search for order-dependence takes; `aa` says how often each side is compared with itself, on `aa_sample` tests; `vacuous` which tests are
    counted in the full run, to see whether their passes mean the same.
    """

    enabled: bool = True
    alpha: float = 0.01
    max_pairs: int = 12
    mass_failure: float = 0.6
    clean_nights: int = 3
    order_budget: int = 150
    aa: AAFrequency = AAFrequency.NEVER
    aa_sample: int = 60
    vacuous: VacuousSampling = VacuousSampling.NEVER


@dataclass(frozen=True, slots=True, kw_only=True)
class SuitePlan:
    """The tests and the command that runs them. `root` is absolute; times are in seconds; `workers` 0 turns pytest-xdist off, -1 is auto."""

    name: str
    root: Path
    command: tuple[str, ...]
    args: tuple[str, ...] = ()
    workers: int = 0
    timeout: float = 1800.0
    test_timeout: float | None = None
    junit: str | None = None
    rerun: tuple[str, ...] = ()
    pass_env: tuple[str, ...] = ()
    select: str | None = None
    digest: str = ""

    @property
    def is_pytest(self) -> bool:
        """Whether the probe drives the suite; any other command writes JUnit XML."""
        return self.junit is None


@dataclass(frozen=True, slots=True, kw_only=True)
class SidePlan:
    """One side's environment. `settings` configure the system, `data` point at the dataset; both become variables of the test process."""

    side: Side
    runner: str
    dataset: DatasetKind
    settings: Mapping[str, str] = field(default_factory=dict)
    data: Mapping[str, str] = field(default_factory=dict)
    database: str | None = None
    compose: tuple[Path, ...] = ()
    image: str | None = None
    build: Path | None = None
    memory: str = "2g"
    pids: int = 1024
    startup_timeout: float = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Immutable: what runs where, in which order, in which shard.

    `seed` feeds hash seed, random plugins and the order of reruns. `deep` makes the full run deep.
    """

    suite: SuitePlan
    sides: tuple[SidePlan, ...]
    shards: tuple[Shard, ...]
    confirm: ConfirmPolicy
    seed: int
    deep: bool = False

    def of(self, side: Side) -> SidePlan:
        """The plan of one side; KeyError where the plan does not hold it (`--side`)."""
        for plan in self.sides:
            if plan.side is side:
                return plan
        raise KeyError(side)


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionRequest:
    """One process that runs tests on one side.

    `select`: None for everything, else the test ids to run, in this order. `skip`: ids already done (a resumed or restarted side).
    `output`: the file of JSON lines that the probe writes (docs/bundle.md). `number` counts restarts within one pair and shard, from 1.
    With `deep` the probe records what each test does on its way, with `count` it counts what the tests of these parts of the suite do (docs/deep.md).
    `replace` is the file (mode 0600) of what an experiment replaces in the test process, `settings` are variables that it has instead of the side's.
    """

    side: Side
    output: Path
    pair: int = 0
    deep: bool = False
    count: SuiteParts | None = None
    shard: Shard = field(default_factory=Shard)
    number: int = 1
    select: tuple[str, ...] | None = None
    skip: frozenset[str] = frozenset()
    replace: Path | None = None
    settings: Mapping[str, str] = field(default_factory=dict, repr=False)
