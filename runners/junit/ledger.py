"""Keeps the ids of one side's cases, so that two cases of one id are never taken for one."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from runners.junit.ids import qualified

if TYPE_CHECKING:
    from collections.abc import Iterator
    from collections.abc import Set as AbstractSet

    from runners.junit.case import Case


class Ledger:
    """The ids of a side in the order of its cases.

    Cases of different suites that share an id are told apart by the names of their suites. That is decided at the end, for all of them and on
    both sides alike: a name that depended on which came first would pair one suite's case with another's.

    The two sides of a run hold nearly the same ids: a ledger made with `other` uses that one's strings, which saves half of their memory.
    """

    def __init__(self, other: Ledger | None = None) -> None:
        self._ids: list[str] = []
        self._suites: list[tuple[str, ...]] = []
        self._known = {} if other is None else {test_id: test_id for test_id in other.names(frozenset())}

    def __len__(self) -> int:
        return len(self._ids)

    def add(self, case: Case) -> str:
        """Note a case; returns its plain id."""
        test_id = self._known.get(case.test_id, case.test_id)
        self._ids.append(test_id)
        self._suites.append(case.suite)
        return test_id

    def apart(self) -> frozenset[str]:
        """The ids that cases of different suites share. Called when all cases are noted."""
        self._known = {}
        first: dict[str, tuple[str, ...]] = {}
        repeated = self._repeated()
        if not repeated:
            return frozenset()
        noted = ((plain, suite) for plain, suite in zip(self._ids, self._suites, strict=True) if plain in repeated)
        return frozenset(plain for plain, suite in noted if first.setdefault(plain, suite) != suite)

    def names(self, apart: AbstractSet[str]) -> Iterator[str]:
        """The final id of each case in order, those of `apart` with their suites."""
        if not apart:
            return iter(self._ids)
        return (qualified(suite, plain) if plain in apart else plain for plain, suite in zip(self._ids, self._suites, strict=True))

    def duplicates(self, apart: AbstractSet[str]) -> tuple[str, ...]:
        """Final ids that more than one case carries, sorted."""
        repeated = self._repeated()
        if not repeated:
            return ()
        counts = Counter(name for plain, name in zip(self._ids, self.names(apart), strict=True) if plain in repeated)
        # A name made of suites can also be the plain name of another case.
        counts.update(name for name in set(self._ids) - repeated if name in counts)
        return tuple(sorted(name for name, count in counts.items() if count > 1))

    def _repeated(self) -> set[str]:
        if len(set(self._ids)) == len(self._ids):
            return set()
        return {test_id for test_id, count in Counter(self._ids).items() if count > 1}
