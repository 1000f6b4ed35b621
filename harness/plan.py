"""From a configuration to the plan of a run. Pure: what it needs of the world (variables, the suite's digest) is handed in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.errors import UsageError
from harness.model import AAFrequency, ConfirmPolicy, Plan, Shard, Side, SidePlan, SuitePlan, VacuousSampling

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.config import Config
    from harness.config.environment import Environment


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """What the command line decides for one run: `side` runs that side alone, `select` is a pytest -k expression, `shard` one part only,
    `aa` has each side compared with itself in this run, `deep` makes the full run deep, `couplings` is
    whether the suite's source is searched for what only the production copy holds.
    """

    side: Side | None = None
    select: str | None = None
    shard: Shard | None = None
    confirm: bool = True
    aa: bool = False
    deep: bool = False
    couplings: bool = True


def build_plan(config: Config, choices: Choices, *, environ: Mapping[str, str], digest: str) -> Plan:
    """The plan of a run. Raises ConfigurationError for variables that are not set, and UsageError for choices that the suite cannot follow."""
    suite = _suite(config, choices, digest)
    sides = tuple(_side(side, config.environments.of(side), environ) for side in Side if choices.side in {None, side})
    return Plan(
        suite=suite,
        sides=sides,
        shards=_shards(config, choices),
        confirm=ConfirmPolicy(
            enabled=config.confirm.enabled and choices.confirm,
            alpha=config.confirm.alpha,
            max_pairs=config.confirm.max_pairs,
            mass_failure=config.confirm.mass_failure,
            order_budget=config.confirm.order_budget,
            aa=AAFrequency.NOW if choices.aa else AAFrequency(config.confirm.aa),
            aa_sample=config.confirm.aa_sample,
            clean_nights=config.confirm.clean_nights,
            vacuous=VacuousSampling(config.confirm.vacuous),
        ),
        deep=choices.deep,
        seed=config.suite.seed,
    )


def parse_shard(text: str) -> Shard:
    """I/N of the command line, 1-based. Raises UsageError."""
    index, slash, count = text.partition("/")
    if slash and index.isdecimal() and count.isdecimal() and 1 <= int(index) <= int(count):
        return Shard(index=int(index), count=int(count))
    raise UsageError(f"{text!r} is no shard", where="--shard", expected="I/N with 1 <= I <= N, for example 2/8")


def _suite(config: Config, choices: Choices, digest: str) -> SuitePlan:
    suite = config.suite
    if not suite.is_pytest:
        for option, given in (("--select", choices.select), ("--shard", choices.shard), ("--deep", choices.deep or None)):
            if given is not None:
                raise UsageError(
                    f"{option} cannot be followed: the suite's command is not pytest",
                    where=config.where("suite", "command"),
                    hint="Choose tests with the tool's own arguments in [suite] args.",
                )
    return SuitePlan(
        name=suite.name,
        root=suite.root,
        command=suite.command,
        args=suite.args,
        workers=suite.workers,
        timeout=suite.timeout,
        test_timeout=suite.test_timeout,
        junit=None if suite.is_pytest else suite.junit,
        rerun=suite.rerun,
        pass_env=suite.pass_env,
        select=choices.select,
        digest=digest,
    )


def _shards(config: Config, choices: Choices) -> tuple[Shard, ...]:
    if choices.shard is not None:
        return (choices.shard,)
    count = config.suite.shards if config.suite.is_pytest else 1
    return tuple(Shard(index=index, count=count) for index in range(1, count + 1))


def _side(side: Side, environment: Environment, environ: Mapping[str, str]) -> SidePlan:
    return SidePlan(
        side=side,
        runner=environment.runner,
        dataset=environment.dataset.kind,
        settings=environment.resolved_settings(environ),
        data=environment.resolved_data(environ),
        database=environment.database_url(environ),
        compose=environment.compose,
        image=environment.image,
        build=environment.build,
        memory=environment.memory,
        pids=environment.pids,
        startup_timeout=environment.startup_timeout,
    )
