"""Two sides' reports, read into attempts whose ids pair."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from harness.model import Side
from runners.junit.beside import Beside, pays
from runners.junit.columns import Collected, collect, in_order, repeats, rows_by_id
from runners.redaction import Redaction

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from harness.model import Attempt, AttemptColumns
    from runners.junit.case import Remark


@dataclass(frozen=True, slots=True, kw_only=True)
class SideReport:
    """One side's reports. Every case is an attempt, sorted by id; `duplicates` are ids that several of them carry, which no pair can be told
    for. `files` counts the reports read.
    """

    columns: AttemptColumns
    duplicates: tuple[str, ...]
    remarks: tuple[Remark, ...]
    files: int

    @property
    def attempts(self) -> tuple[Attempt, ...]:
        """The attempts themselves, made anew: for a large report, `columns` hold them in a fraction of the memory."""
        return tuple(self.columns)


def read_sides(
    legacy: Sequence[Path], shadow: Sequence[Path], *, root: Path | None = None, beside: bool | None = None, key: bytes | None = None
) -> tuple[SideReport, SideReport]:
    """Read both sides. Where one side holds an id in several suites, the suites' names are put in front of it on both.

    `key` is what values in ids and messages become tokens under (`Reader` says what is without). `beside` tells whether shadow's are read by a
    process of their own at the same time; None: where that pays. The result is the same.

    Raises InputError for what cannot be read, EmptySuiteError for a side without a test.
    """
    if beside is None:
        beside = pays(legacy, shadow)
    redaction = None if key is None else Redaction.of_key(key)
    with Beside(shadow, root, key) if beside else nullcontext() as other:
        left = collect(legacy, root, redaction=redaction)
        right = (other.collected(left.columns.ids) if other else None) or collect(shadow, root, left.columns.ids, redaction)
    return _reports(left, right)


def _reports(left: Collected, right: Collected) -> tuple[SideReport, SideReport]:
    duplicates: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())
    ordered = _ordered(left.columns.ids, right.columns.ids)
    if any(repeats(ids) for _, ids in ordered):
        ledgers = left.columns.ledger(), right.columns.ledger()
        apart = ledgers[0].apart() | ledgers[1].apart()
        duplicates = ledgers[0].duplicates(apart), ledgers[1].duplicates(apart)
        ordered = _ordered(*(list(ledger.names(apart)) for ledger in ledgers))
    return (
        SideReport(columns=left.columns.attempts(Side.LEGACY, *ordered[0]), duplicates=duplicates[0], remarks=left.remarks, files=left.files),
        SideReport(columns=right.columns.attempts(Side.SHADOW, *ordered[1]), duplicates=duplicates[1], remarks=right.remarks, files=right.files),
    )


_Ordered: TypeAlias = "tuple[Sequence[int], Sequence[str]]"


def _ordered(left: list[str], right: list[str]) -> tuple[_Ordered, _Ordered]:
    """Of each side, the rows in the order of ids, and these ids. Where both have the same tests in the same order, that is found once."""
    rows = rows_by_id(left)
    first = rows, in_order(left, rows)
    if left == right:
        return first, first
    rows = rows_by_id(right)
    return first, (rows, in_order(right, rows))
