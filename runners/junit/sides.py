"""Two sides' reports, read into attempts whose ids pair."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from harness.model import Attempt, Side
from runners.junit.ledger import Ledger
from runners.junit.reader import Reader

if TYPE_CHECKING:
    from collections.abc import Sequence
    from collections.abc import Set as AbstractSet
    from pathlib import Path

    from runners.junit.case import Remark


@dataclass(frozen=True, slots=True, kw_only=True)
class SideReport:
    """One side's reports. Every case is an attempt, in order; `duplicates` are ids that several of them carry, which no pair can be told
    for. `files` counts the reports read.
    """

    attempts: tuple[Attempt, ...]
    duplicates: tuple[str, ...]
    remarks: tuple[Remark, ...]
    files: int


def read_sides(legacy: Sequence[Path], shadow: Sequence[Path], *, root: Path | None = None) -> tuple[SideReport, SideReport]:
    """Read both sides. Where one side holds an id in several suites, the suites' names are put in front of it on both.

    Raises InputError for what cannot be read, EmptySuiteError for a side without a test.
    """
    left = _Collected(Side.LEGACY, Ledger(), legacy, root)
    right = _Collected(Side.SHADOW, Ledger(left.ledger), shadow, root)
    apart = left.ledger.apart() | right.ledger.apart()
    return left.report(apart), right.report(apart)


class _Collected:
    """One side, read to the end."""

    def __init__(self, side: Side, ledger: Ledger, sources: Sequence[Path], root: Path | None) -> None:
        self.ledger = ledger
        self.reader = Reader(sources, root=root)
        add = ledger.add
        self.attempts = [
            Attempt(test_id=add(case), side=side, outcome=case.outcome, seconds=case.seconds, failure=case.failure) for case in self.reader
        ]
        self.reader.require_tests()

    def report(self, apart: AbstractSet[str]) -> SideReport:
        for index, name in enumerate(self.ledger.names(apart)) if apart else ():
            if self.attempts[index].test_id != name:
                self.attempts[index] = replace(self.attempts[index], test_id=name)
        return SideReport(
            attempts=tuple(self.attempts), duplicates=self.ledger.duplicates(apart), remarks=self.reader.remarks, files=self.reader.files
        )
