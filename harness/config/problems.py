"""What is wrong with a configuration: every fault of a file, each with its place, told in one error."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.config.notation import key_text
from harness.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from harness.config.places import Key, Places


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Something wrong with one key, not yet located. `found` never holds a value of settings, data or database; `nearest` is a known key."""

    key: Key
    found: str
    expected: str | None = None
    hint: str | None = None
    nearest: Key | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """A fault with its place. `line` and `column` are 1-based and None where nothing in the file stands for it (a missing table)."""

    file: str
    line: int | None
    column: int | None
    key: str
    found: str
    expected: str | None = None
    hint: str | None = None
    nearest: str | None = None

    @property
    def where(self) -> str:
        """`file:line:column: dotted.key`, as far as known."""
        place = ":".join(str(part) for part in (self.file, self.line, self.column) if part is not None)
        return f"{place}: {self.key}" if self.key else place


class FaultyConfigurationError(ConfigurationError):
    """All faults of one file, in the order in which they stand there. `problems` holds at least one."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        first = problems[0]
        if len(problems) == 1:
            super().__init__(first.found, where=first.where, expected=first.expected, hint=first.hint)
        else:
            told = "\n".join(_told(problem) for problem in problems)
            super().__init__(f"{len(problems)} faults\n{told}", where=first.file, hint="mend them all; nothing was started")
        self.problems = problems


def located(faults: Iterable[Fault], places: Places) -> tuple[Problem, ...]:
    """The faults with their places, in the order of the file; those without a place come last."""
    return tuple(sorted((_problem(fault, places) for fault in faults), key=_order))


def _problem(fault: Fault, places: Places) -> Problem:
    mark = places.mark(fault.key)
    return Problem(
        file=places.file,
        line=mark.line if mark else None,
        column=mark.column if mark else None,
        key=key_text(places.prefix + fault.key),
        found=fault.found,
        expected=fault.expected,
        hint=fault.hint,
        nearest=key_text(places.prefix + fault.nearest) if fault.nearest else None,
    )


def _order(problem: Problem) -> tuple[bool, int, int]:
    return (problem.line is None, problem.line or 0, problem.column or 0)


def _told(problem: Problem) -> str:
    lines = [f"  {problem.where}: {problem.found}"]
    if problem.expected:
        lines.append(f"    expected: {problem.expected}")
    if problem.hint:
        lines.append(f"    do: {problem.hint}")
    return "\n".join(lines)
