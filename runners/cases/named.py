"""What the source of a test names: numbers, texts, moments. Invented values have to answer them as the real ones do."""

from __future__ import annotations

import ast
import re
from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING

from harness.model.coupling import LiteralForm, LiteralSource

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from harness.model.coupling import Reached

_MOMENT = re.compile(r"(\d{4})-(\d{2})(?:-(\d{2}))?(?:[T ](\d{2}):(\d{2})(?::(\d{2}))?)?")
_CALLS = {"date", "datetime", "Timestamp"}
_YEARS = range(1900, 2100)
_NEAR = 1
"""Literals so many steps away from the test decide what rows are chosen; those further off only have to be answered alike."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """What a test's source names. `near` says whether only what stands in the test itself, or one step away, is meant."""

    numbers: tuple[float, ...] = field(default=(), repr=False)
    texts: tuple[str, ...] = field(default=(), repr=False)
    moments: tuple[datetime, ...] = field(default=(), repr=False)

    def cell(self, number: float) -> int:
        """Between which of the numbers one lies: odd where it equals one of them."""
        known = sorted(set(self.numbers))
        left, right = bisect_left(known, number - 1e-9), bisect_right(known, number + 1e-9)
        return left + right

    def period(self, moment: datetime) -> int:
        """Between which of the moments one lies."""
        return bisect_right(self.moments, moment)

    def within(self, text: str) -> tuple[str, ...]:
        """The named texts that stand in a text, longest first."""
        return tuple(one for one in self.texts if one in text or (len(one) > 3 and one.casefold() in text.casefold()))


def named_by(reached: Iterable[Reached], root: Path) -> tuple[Named, Named]:
    """What a test names nearby, and what it names at all."""
    every = [one for one in reached if one.source not in {LiteralSource.COMMENT, LiteralSource.DOCSTRING}]
    calls = _Calls(root)
    return _named([one for one in every if one.distance <= _NEAR], calls), _named(every, calls)


def _named(reached: Iterable[Reached], calls: _Calls) -> Named:
    numbers: set[float] = set()
    texts: set[str] = set()
    moments: set[datetime] = set()
    for one in reached:
        value, literal = one.literal.value, one.literal
        if isinstance(value, str):
            if literal.form is not LiteralForm.PART or literal.name:  # a word of a sentence is nothing that is asked for
                texts.add(value)
            moments.update(moment for found in _MOMENT.finditer(value) if (moment := _moment(found)) is not None)
        elif isinstance(value, int | float) and not isinstance(value, bool):
            moment = calls.at(literal.path, literal.line, literal.column) if literal.form is LiteralForm.WRITTEN else None
            if moment is not None:
                moments.add(moment)
            else:
                numbers.add(value)
                if isinstance(value, int) and value in _YEARS:
                    moments |= {datetime(value, 1, 1), datetime(value + 1, 1, 1)}  # noqa: DTZ001  # as databases give them
    return Named(
        numbers=tuple(sorted(numbers)),
        texts=tuple(sorted((one for one in texts if one), key=lambda text: (-len(text), text))),
        moments=tuple(sorted(moments)),
    )


def _moment(found: re.Match[str]) -> datetime | None:
    year, month, day, hour, minute, second = (int(one) if one else None for one in found.groups())
    try:
        return datetime(year or 0, month or 0, day or 1, hour or 0, minute or 0, second or 0)  # noqa: DTZ001  # as databases give them
    except ValueError:
        return None


class _Calls:
    """Calls such as `date(2025, 4, 1)` in the files of a suite, by the places of their arguments."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._files: dict[str, dict[tuple[int, int], datetime]] = {}

    def at(self, path: str, line: int, column: int) -> datetime | None:
        """The moment that a number at this place is a part of."""
        if path not in self._files:
            self._files[path] = self._read(path) if path.endswith(".py") else {}
        return self._files[path].get((line, column))

    def _read(self, path: str) -> dict[tuple[int, int], datetime]:
        found: dict[tuple[int, int], datetime] = {}
        try:
            tree = ast.parse((self._root / path).read_bytes())
        except (OSError, ValueError, SyntaxError):
            return found
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call):
                continue
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            numbers = [one.value for one in node.args if isinstance(one, ast.Constant) and isinstance(one.value, int)]
            if name not in _CALLS or len(numbers) != len(node.args) or len(numbers) < 3:
                continue
            try:
                moment = datetime(*numbers[:6])  # type: ignore[arg-type]  # noqa: DTZ001  # numbers of the source
            except (TypeError, ValueError):
                continue
            found |= {(one.lineno, one.col_offset + 1): moment for one in node.args}
        return found


def moment_of(value: object) -> datetime | None:
    """A value of a database as a moment, without its zone; None for what is none."""
    if isinstance(value, datetime):
        return value.replace(tzinfo=None)
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day)  # noqa: DTZ001  # a date of a database
    if isinstance(value, str) and 10 <= len(value) <= 32 and value[:4].isdecimal() and value[4] == "-":
        try:
            return datetime.fromisoformat(value).replace(tzinfo=None)
        except ValueError:
            return None
    return None
