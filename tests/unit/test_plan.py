"""From a configuration and the command line's choices to a plan."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.config import Config, load
from harness.errors import ConfigurationError, UsageError
from harness.model import Plan, Shard, Side
from harness.plan import Choices, build_plan, parse_shard

TEXT = """
[suite]
name = "s"
{suite}
[environments.legacy]
settings = {{ A = "${{FROM}}" }}
data = {{ D = "legacy" }}
dataset = {{ kind = "production_copy" }}
[environments.shadow]
data = {{ D = "shadow" }}
dataset = {{ kind = "synthetic" }}
"""
JUNIT = 'command = ["tool"]\njunit = "*.xml"'


def config(folder: Path, suite: str = "") -> Config:
    path = folder / "shadow.toml"
    path.write_text(TEXT.format(suite=suite))
    return load(path)


def plan(configuration: Config, choices: Choices) -> Plan:
    return build_plan(configuration, choices, environ={"FROM": "value"}, digest="d")


def test_both_sides_and_every_shard(tmp_path: Path) -> None:
    made = plan(config(tmp_path, "shards = 3\nseed = 9"), Choices())
    assert [side.side for side in made.sides] == [Side.LEGACY, Side.SHADOW]
    assert made.shards == tuple(Shard(index=index, count=3) for index in (1, 2, 3))
    assert made.of(Side.LEGACY).settings == {"A": "value"}
    assert (made.seed, made.suite.digest, made.suite.root) == (9, "d", tmp_path)


def test_choices_narrow_it(tmp_path: Path) -> None:
    made = plan(config(tmp_path, "shards = 3"), Choices(side=Side.SHADOW, select="fast", shard=Shard(index=2, count=8), confirm=False))
    assert [side.side for side in made.sides] == [Side.SHADOW]
    assert (made.shards, made.suite.select, made.confirm.enabled) == ((Shard(index=2, count=8),), "fast", False)
    with pytest.raises(KeyError):
        made.of(Side.LEGACY)


def test_a_variable_that_is_not_set_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="FROM"):
        build_plan(config(tmp_path), Choices(), environ={}, digest="d")


@pytest.mark.parametrize("choices", [Choices(select="fast"), Choices(shard=Shard(index=1, count=2))])
def test_other_tools_cannot_follow_choices_of_tests(tmp_path: Path, choices: Choices) -> None:
    with pytest.raises(UsageError, match="not pytest"):
        plan(config(tmp_path, JUNIT), choices)


def test_other_tools_run_whole(tmp_path: Path) -> None:
    made = plan(config(tmp_path, JUNIT), Choices())
    assert (made.suite.is_pytest, made.suite.junit, made.shards) == (False, "*.xml", (Shard(),))


def test_a_shard_is_written_as_it_is_read() -> None:
    assert str(parse_shard("2/8")) == "2/8"


@pytest.mark.parametrize("text", ["", "2", "0/3", "4/3", "a/b", "1/0", "-1/3", "1/2/3", "\u00b2/3"])
def test_what_is_no_shard(text: str) -> None:
    with pytest.raises(UsageError, match="is no shard"):
        parse_shard(text)
