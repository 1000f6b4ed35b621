"""The suite: the tests and the command that runs them."""

import re
from collections.abc import Sequence
from itertools import pairwise
from pathlib import PurePath
from typing import Annotated

from pydantic import AfterValidator, Field, Strict

from harness.config.notation import short_text
from harness.config.values import Duration, ExistingDirectory, Table, Text, Title, VariableName, Word, Workers, fault

PLACEHOLDERS = ("id", "name", "classname", "file", "out")
"""What `rerun` may name in braces: the test id, the name, class and file that the JUnit XML gave the test, and the
session's private folder for results."""

_PYTHON = re.compile(r"(?:python|pypy)[\d.]*t?", re.IGNORECASE)
_BRACES = re.compile(r"\{[^{}]*\}|[{}]")


def is_pytest(command: Sequence[str]) -> bool:
    """Whether a command is pytest itself, so that the probe can drive it: `pytest`, `py.test` or `python -m pytest`, under any path."""
    program = PurePath(command[0]).name.removesuffix(".exe")
    if program in {"pytest", "py.test"}:
        return True
    return bool(_PYTHON.fullmatch(program)) and ("-m", "pytest") in pairwise(command)


def _command(words: tuple[str, ...]) -> tuple[str, ...]:
    if not words or not words[0].strip():
        raise fault("an array without a program", "an array of words, the program first")
    return words


def _rerun(words: tuple[str, ...]) -> tuple[str, ...]:
    allowed = [f"{{{name}}}" for name in PLACEHOLDERS]
    found = [brace for word in words for brace in _BRACES.findall(word)]
    wrong = next((brace for brace in found if brace not in allowed), None)
    if wrong is not None:
        raise fault(f"{short_text(wrong)}, which is no placeholder", f"braces around one of {', '.join(PLACEHOLDERS)}, and no others")
    if not set(found) - {"{out}"}:
        raise fault("a command without a placeholder, which would rerun the whole suite", f"one of {', '.join(allowed)}")
    return _command(words)


class Suite(Table):
    """`[suite]`: the same on both sides."""

    name: Title = Field(description="Names the suite in reports, pages and the store.", examples=["videostore"])
    root: ExistingDirectory = Field(
        default=".",
        validate_default=True,
        description="The directory that is mounted or made the working directory; test paths in reports are relative to it.",
    )
    command: Annotated[tuple[Word, ...], Strict(strict=False), AfterValidator(_command)] = Field(
        default=("pytest",),
        description="The program that runs the tests, and its first arguments, a string a word. pytest (`pytest`, `py.test`, `python -m pytest`) is "
        "driven with the probe; any other command must write JUnit XML.",
        examples=[["pytest"]],
    )
    args: Annotated[tuple[Word, ...], Strict(strict=False)] = Field(
        default=(),
        description="Arguments put behind the command, a string a word.",
        examples=[["-q"]],
    )
    workers: Workers = Field(
        default=0,
        description='pytest-xdist workers inside each shard: a number, or "auto" for one a core; 0 turns pytest-xdist off. pytest only.',
        examples=["auto"],
    )
    shards: int = Field(default=1, ge=1, description="Into how many parts the suite is cut; both sides of a pair are in the same part.")
    timeout: Duration = Field(
        default="30m",
        validate_default=True,
        description='The longest that a whole side may take: a duration such as "1h30m", or seconds.',
    )
    test_timeout: Duration | None = Field(
        default=None,
        description="The longest that one test may take; none by default.",
        examples=["60s"],
    )
    junit: Text | None = Field(
        default=None,
        description="Glob of the JUnit XML files that the command writes, relative to `root`. Required for commands that are not pytest, and "
        "only for them.",
        examples=["out/*.xml"],
    )
    pass_env: Annotated[tuple[VariableName, ...], Strict(strict=False)] = Field(
        default=(),
        description="Variables of the caller that test processes get beside PATH, HOME, the locale and the virtual environment.",
        examples=[["JAVA_HOME"]],
    )
    rerun: Annotated[tuple[Word, ...], Strict(strict=False), AfterValidator(_rerun)] = Field(
        default=(),
        description="For commands that are not pytest: the command that runs one candidate again, with the placeholders {id}, {name}, {classname} "
        "and {file}. Without it nothing can be rerun and no divergence is confirmed.",
        examples=[["mvn", "-q", "test", "-Dtest={classname}#{name}"]],
    )
    seed: int = Field(
        default=1,
        ge=0,
        le=4294967295,
        description="Seed of PYTHONHASHSEED, of pytest-randomly and of the order of reruns; the same on both sides.",
    )

    @property
    def is_pytest(self) -> bool:
        """Whether the probe drives the suite; any other command writes JUnit XML."""
        return is_pytest(self.command)
