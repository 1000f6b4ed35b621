"""How a case is named: file, class and name, never the report's own file name, and nothing that depends on the other cases."""

from __future__ import annotations

import re
from functools import lru_cache

SEPARATOR = "::"
SUITE_ITSELF = "[suite]"
UNNAMED = "[unnamed]"

_ABSOLUTE = re.compile(r"^(?:/|[A-Za-z]:[/\\]|\\\\|file:)")


def test_id(file: str | None, classname: str, name: str, suite: tuple[str, ...]) -> str:
    """`file::class::name` without its empty parts; the innermost suite stands in for a class that is not given."""
    if classname and name and not file:
        return f"{classname}::{name}"
    owner = classname or (suite[-1] if suite else "")
    return SEPARATOR.join(part for part in (file, owner, name) if part) or UNNAMED


def unit_id(file: str | None, classname: str, name: str) -> str:
    """The id of a module or class that pytest could not collect: the beginning that the ids of the tests in it have.

    pytest writes a module as a case without a class, whose name is the module's (`tests.test_a`); that is the class of the tests in it.
    """
    owner = f"{classname}.{name}" if classname and name else ""
    return SEPARATOR.join(part for part in (file, owner) if part) or name or UNNAMED


def qualified(suite: tuple[str, ...], plain: str) -> str:
    """The id of a case that shares `plain` with cases of other suites: the names of its suites stand in front."""
    return SEPARATOR.join((*suite, plain))


@lru_cache(maxsize=1024)
def portable(path: str) -> str:
    """A path with forward slashes. Of an absolute one only the last part is kept: where a checkout lies differs between machines, and
    may name a person.
    """
    if _ABSOLUTE.match(path):
        return re.split(r"[/\\]", path.rstrip("/\\"))[-1]
    return path.replace("\\", "/").removeprefix("./")
