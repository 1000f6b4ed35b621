"""What makes a pass on shadow mean less than that on legacy: counts of what both did on their way.

Two datasets have different numbers of rows, so what follows from numbers alone is no reason: a loop with fewer rounds runs fewer assertions. Counted
is what was reached at all: assertions, lines and loops each once, and rows only where there are none.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from harness.model import Phase, VacuousKind, VacuousReason

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from harness.model import DeepPlace, DeepRecord, DeepStatement

MOST_REASONS = 20
"""Reasons that are kept of one test."""


def vacuous_reasons(legacy: DeepRecord, shadow: DeepRecord) -> tuple[VacuousReason, ...]:
    """Why the pass of a test on shadow means less than its pass on legacy; () where it does not. What is unknown on a side is no reason."""
    found = [*_rows(legacy, shadow), *_assertions(legacy, shadow), *_lines(legacy, shadow), *_subtests(legacy, shadow), *_loops(legacy, shadow)]
    return tuple(found[:MOST_REASONS])


def _rows(legacy: DeepRecord, shadow: DeepRecord) -> Iterator[VacuousReason]:
    """No rows at all; or none by a statement of the test itself that touched some on legacy."""
    if _cut(shadow, "statements"):
        return  # rows of statements that are not seen are not known
    if legacy.counts.rows and not shadow.counts.rows:
        yield VacuousReason(kind=VacuousKind.ROWS, legacy=legacy.counts.rows, shadow=0)
    here, there = _by_statement(legacy.statements), _by_statement(shadow.statements)
    for statement, rows in here.items():
        if rows and there.get(statement) == 0:
            yield VacuousReason(kind=VacuousKind.ROWS, legacy=rows, shadow=0, place=statement[1])


def _by_statement(statements: Iterable[DeepStatement]) -> dict[tuple[str, DeepPlace | None], int]:
    """Rows touched by each statement of the test's own phase; the same at the same line is one, however often it ran."""
    rows: Counter[tuple[str, DeepPlace | None]] = Counter()
    for one in statements:
        if one.touches_data and one.phase is Phase.CALL and not one.failed:
            rows[one.shape, one.at] += one.touched
    return dict(rows)


def _assertions(legacy: DeepRecord, shadow: DeepRecord) -> Iterator[VacuousReason]:
    here, there = legacy.counts.assertions, shadow.counts.assertions
    if here is not None and there is not None and there < here:
        yield VacuousReason(kind=VacuousKind.ASSERTIONS, legacy=here, shadow=there)


def _lines(legacy: DeepRecord, shadow: DeepRecord) -> Iterator[VacuousReason]:
    """Fewer lines of the test's own function, and none in their stead: another branch is no less."""
    here, there = legacy.own_lines, shadow.own_lines
    if here is not None and there is not None and there < here:
        yield VacuousReason(kind=VacuousKind.LINES, legacy=len(here), shadow=len(there), place=legacy.own[0] if legacy.own else None)


def _subtests(legacy: DeepRecord, shadow: DeepRecord) -> Iterator[VacuousReason]:
    if shadow.counts.subtests < legacy.counts.subtests:
        yield VacuousReason(kind=VacuousKind.SUBTESTS, legacy=legacy.counts.subtests, shadow=shadow.counts.subtests)


def _loops(legacy: DeepRecord, shadow: DeepRecord) -> Iterator[VacuousReason]:
    """Loops whose header ran on both sides and whose body ran on legacy alone."""
    there: dict[DeepPlace, int] = defaultdict(int)
    for loop in shadow.loops:
        there[loop.place] += loop.rounds
    reached = {loop.place for loop in shadow.loops}
    for loop in legacy.loops:
        if loop.rounds and loop.place in reached and not there[loop.place]:
            yield VacuousReason(kind=VacuousKind.LOOP, legacy=loop.rounds, shadow=0, place=loop.place)


def _cut(record: DeepRecord, what: str) -> bool:
    return any(cut.what == what for cut in record.cut)
