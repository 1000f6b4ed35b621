"""Keeps the ids of one side's cases, so that two cases of one id are never taken for one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runners.junit.ids import qualified

if TYPE_CHECKING:
    from collections.abc import Iterator, Set as AbstractSet

    from runners.junit.case import Case


class Ledger:
    """The ids of a side in the order of its cases.

    `apart` are ids that cases of different suites share. They are told apart by the names of their suites, which is decided at the end, for
    all of them and on both sides alike: a name that depended on which came first would pair one suite's case with another's.
    """

    def __init__(self, other: Ledger | None = None) -> None:
        self.apart: set[str] = set()
        self._ids: list[str] = []
        self._suites: list[tuple[str, ...]] = []
        self._first: dict[str, int] = {}
        self._repeated: set[str] = set()
        self._other = other

    def __len__(self) -> int:
        return len(self._ids)

    def add(self, case: Case) -> str:
        """Note a case; returns its plain id, as one and the same string as the other side's ledger holds, which halves the memory."""
        test_id = case.test_id if self._other is None else self._other.canonical(case.test_id)
        first = self._first.setdefault(test_id, len(self._ids))
        if first != len(self._ids):
            self._repeated.add(test_id)
            if self._suites[first] != case.suite:
                self.apart.add(test_id)
        self._ids.append(test_id)
        self._suites.append(case.suite)
        return test_id

    def canonical(self, test_id: str) -> str:
        """The string this ledger holds for an id, or the one given."""
        index = self._first.get(test_id)
        return test_id if index is None else self._ids[index]

    def names(self, apart: AbstractSet[str]) -> Iterator[str]:
        """The final id of each case in order, those of `apart` with their suites."""
        if not apart:
            return iter(self._ids)
        return (qualified(suite, plain) if plain in apart else plain for plain, suite in zip(self._ids, self._suites, strict=True))

    def duplicates(self, apart: AbstractSet[str]) -> tuple[str, ...]:
        """Final ids that more than one case carries, sorted."""
        if not self._repeated:
            return ()
        seen: set[str] = set()
        twice: set[str] = set()
        for plain, name in zip(self._ids, self.names(apart), strict=True):
            if plain in self._repeated:
                (twice if name in seen else seen).add(name)
        return tuple(sorted(twice))
