"""Keeps the ids of one side's cases, so that two cases of one id are never taken for one."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from runners.junit.ids import qualified

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from collections.abc import Set as AbstractSet

    from runners.junit.case import Case


class Ledger:
    """The ids of a side in the order of its cases.

    Cases of different suites that share an id are told apart by the names of their suites. That is decided at the end, for all of them and on
    both sides alike: a name that depended on which came first would pair one suite's case with another's.
    """

    def __init__(self, ids: Iterable[str] = (), suites: Iterable[tuple[str, ...]] = ()) -> None:
        self._ids = list(ids)
        self._suites = list(suites)

    def __len__(self) -> int:
        return len(self._ids)

    def add(self, case: Case) -> None:
        """Note a case."""
        self._ids.append(case.test_id)
        self._suites.append(case.suite)

    def apart(self) -> frozenset[str]:
        """The ids that cases of different suites share. Called when all cases are noted."""
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
