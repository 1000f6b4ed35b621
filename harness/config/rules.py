"""What must hold between keys. The rules read the file's tables as they stand, so that they speak even where single keys are at fault."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from harness.config.environment import DOCKER_ONLY
from harness.config.problems import Fault
from harness.config.suite import is_pytest
from harness.model import DatasetKind, Side

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.config.places import Key

_SHADOW = ("environments", "shadow")


def broken(table: Mapping[str, object]) -> Iterator[Fault]:
    """The rules that a configuration breaks. Values of a wrong type are passed over: their keys are reported for themselves."""
    yield from _suite(_table(table, "suite"))
    environments = _table(table, "environments")
    sides = {side: _table(environments, side.value) for side in Side}
    for side, environment in sides.items():
        yield from _environment(("environments", side.value), environment)
    yield from _shadow_is_not_real(sides[Side.SHADOW])
    yield from _sides_are_apart(sides[Side.LEGACY], sides[Side.SHADOW])


def _table(table: Mapping[str, object], key: str) -> Mapping[str, object]:
    found = table.get(key)
    return found if isinstance(found, Mapping) else {}


def _suite(suite: Mapping[str, object]) -> Iterator[Fault]:
    command = suite.get("command", ["pytest"])
    if (
        not isinstance(command, list)
        or not command
        or not all(isinstance(word, str) and "\0" not in word for word in command)
        or not command[0].strip()
    ):
        return
    if is_pytest(command):
        for key in ("junit", "rerun"):
            if key in suite:
                yield Fault(key=("suite", key), found="this key fits only commands that are not pytest", expected="no such key beside pytest")
        return
    if "junit" not in suite:
        yield Fault(
            key=("suite", "junit"),
            found="this key is missing, and `command` is not pytest",
            expected='a glob of the JUnit XML files that the command writes, such as junit = "out/*.xml"',
            hint="if it is pytest that runs in the end, start it as `pytest` or `python -m pytest`",
        )
    if suite.get("workers", 0) != 0:
        yield Fault(key=("suite", "workers"), found="pytest-xdist cannot be used with a command that is not pytest", expected="0, or no such key")


def _environment(key: Key, environment: Mapping[str, object]) -> Iterator[Fault]:
    runner = environment.get("runner", "process")
    if runner == "process":
        for name in DOCKER_ONLY:
            if name in environment:
                yield Fault(
                    key=(*key, name),
                    found='this key fits runner = "docker" only, and the runner is "process"',
                    expected='no such key, or runner = "docker"',
                )
    elif runner == "docker" and "image" not in environment and "build" not in environment:
        yield Fault(
            key=key,
            found='runner = "docker" without an image',
            expected='image = "videostore-tests:latest", or build = "Dockerfile.tests", or both (then `image` is the tag of what is built)',
        )
    settings = _table(environment, "settings")
    for name in _table(environment, "data"):
        if name in settings:
            yield Fault(
                key=(*key, "data", name),
                found="this variable is in both `settings` and `data`",
                expected="a variable in one of them",
                hint="leave in `data` what points at the dataset, and in `settings` what configures the system",
            )


def _shadow_is_not_real(shadow: Mapping[str, object]) -> Iterator[Fault]:
    if _table(shadow, "dataset").get("kind") == DatasetKind.PRODUCTION_COPY:
        yield Fault(
            key=(*_SHADOW, "dataset", "kind"),
            found="the shadow side is a production copy",
            expected=f'"{DatasetKind.SYNTHETIC}" or "{DatasetKind.SIMULATED}"',
            hint="point the shadow side at invented data; masked production data is still a production copy",
        )


def _sides_are_apart(legacy: Mapping[str, object], shadow: Mapping[str, object]) -> Iterator[Fault]:
    """Both sides must not read one dataset. Containers may tell equal variables apart by their services, when these are not the same files."""
    if not legacy or not shadow:
        return
    dockers = [side.get("runner") == "docker" for side in (legacy, shadow)]
    if any(dockers) and not (all(dockers) and all(legacy.get(key) == shadow.get(key) for key in ("compose", "image", "build"))):
        return
    if _table(legacy, "data") == _table(shadow, "data"):
        yield Fault(
            key=(*_SHADOW, "data") if "data" in shadow else _SHADOW,
            found="`data` is the same on both sides, so that both would read one dataset",
            expected="variables that point each side at a dataset of its own",
            hint="put what points at the dataset (a DATABASE_URL, a directory) into `data` of each side",
        )
    if not any(dockers) and "database" in legacy and legacy["database"] == shadow.get("database"):
        yield Fault(
            key=(*_SHADOW, "database"),
            found="`database` is the same on both sides",
            expected="the database of each side",
        )
