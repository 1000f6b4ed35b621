"""Tells of a value whether writing it would write a value of the production copy."""

from __future__ import annotations

import re
from copy import copy
from typing import TYPE_CHECKING, Any

from harness.model.canonical import canonical
from harness.model.coupling import Presence
from runners.cases.named import moment_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from runners.cases.dataset import Dataset
    from runners.cases.named import Named
    from runners.identity.index import IdentityIndex
    from runners.identity.schema import Table

MONTH = re.compile(r"\d{4}-(?:0[1-9]|1[0-2])")
_SMALL = 1_000
"""Whole numbers below it are counts and codes, where their column identifies nobody."""
_COMMON = 3
"""Rows that hold a number or a day, from which on it tells nothing of any one of them."""
_DENSE = 0.25
"""The part of all days between its first and its last that a column of dates holds, from which on a day tells nothing."""
_SHORT_NUMBER = 7


class Guard:
    """Knows both datasets, the identity index and what the test names."""

    def __init__(self, legacy: Dataset, shadow: Dataset, index: IdentityIndex, named: Named) -> None:
        self._legacy, self._shadow, self._index = legacy, shadow, index
        self._texts = frozenset(named.texts)
        self._numbers = frozenset(named.numbers)
        self.contents: dict[tuple[str, str], str] = {}
        for column in index.columns:
            table, _, names = column.entity.rpartition(".")
            for name in names.split("+"):
                self.contents[table.casefold(), name.casefold()] = column.content

    def naming(self, texts: Iterable[str]) -> Guard:
        """The same, where the test names these texts as well."""
        other = copy(self)
        other._texts = self._texts | frozenset(texts)  # noqa: SLF001  # its own
        return other

    def content(self, table: Table, name: str) -> str | None:
        """What an identifying column holds (`email`, `phone`, ...); None for a column that identifies nobody."""
        return self.contents.get((table.name.casefold(), name.casefold()))

    def held(self, table: Table, name: str, value: Any) -> str | None:  # noqa: ANN401  # a value of any column
        """Why a value may not be written; None where it may."""
        if value is None or isinstance(value, bool):
            return None
        mine = self._legacy.table(table.name)
        column = mine.column(name) if mine is not None else None
        if mine is None or column is None or (column.family == "other" and isinstance(value, str) and moment_of(value) is None):
            return None  # documents, times of day: they are looked at in no other way than when they are invented
        if isinstance(value, str) and moment_of(value) is None:
            return self._text(mine, name, value)
        if isinstance(value, int | float):
            return self._number(mine, name, value)
        return self._moment(mine, name, value) if moment_of(value) is not None else None

    def is_named(self, table: Table, name: str, value: object) -> bool:
        """Whether a value may be written for no other reason than that the test's own source names it."""
        return value in (self._texts if isinstance(value, str) else self._numbers) and not self._both(table, name, value)

    def _text(self, table: Table, name: str, value: str) -> str | None:
        if MONTH.fullmatch(value) or not any(map(str.isalnum, value)):
            return None
        both = self._both(table, name, value)
        if self.content(table, name) is None and (both or (value in self._texts and self._legacy.is_few_valued(table, name))):
            return None
        if self._is_identity(value) and not both:
            return "it names somebody: the identity index has it of legacy alone"
        return "legacy holds it in this column, and shadow does not" if not both and self._has(self._legacy, table, name, value) else None

    def _is_identity(self, value: str) -> bool:
        spelled = canonical(value)
        if spelled is None or (spelled.startswith("n:") and len(spelled) < _SHORT_NUMBER + 2):
            return False
        return any(match.presence is Presence.LEGACY for match in self._index.lookup([value])[0])

    def is_known(self, value: object) -> bool:
        """Whether the identity index has a value of legacy alone."""
        return any(match.presence is Presence.LEGACY for match in self._index.lookup([value])[0])

    def _number(self, table: Table, name: str, value: float) -> str | None:
        identifies = self.content(table, name) is not None or self._legacy.is_key(table, name)
        if not identifies and ((value == int(value) and abs(value) < _SMALL) or value in self._numbers):
            return None
        if not self._has(self._legacy, table, name, value) or self._both(table, name, value):
            return None
        if not identifies and self._legacy.holds(table, name, value) >= _COMMON:
            return None
        return "legacy holds this number in this column, and shadow does not"

    def _moment(self, table: Table, name: str, value: Any) -> str | None:  # noqa: ANN401  # a text, a date or a datetime
        moment = moment_of(value)
        if not self._has(self._legacy, table, name, value) or self._both(table, name, value):
            return None
        is_day = moment is not None and (moment.hour, moment.minute, moment.second, moment.microsecond) == (0, 0, 0, 0)
        if is_day and (self._legacy.holds(table, name, value) >= _COMMON or self._is_dense(table, name)):
            return None
        return "legacy holds this moment in this column, and shadow does not"

    def _is_dense(self, table: Table, name: str) -> bool:
        values, _ = self._legacy.values(table, name)
        days = {moment.date() for value in values if (moment := moment_of(value)) is not None}
        return bool(days) and len(days) >= _DENSE * ((max(days) - min(days)).days + 1)

    def _both(self, table: Table, name: str, value: object) -> bool:
        return self._has(self._legacy, table, name, value) and self._of_shadow(table, name, value)

    def _of_shadow(self, table: Table, name: str, value: object) -> bool:
        theirs = self._shadow.table(table.name)
        return theirs is not None and theirs.column(name) is not None and self._has(self._shadow, theirs, name, value)

    @staticmethod
    def _has(data: Dataset, table: Table, name: str, value: object) -> bool:
        return data.has(table, name, value)
