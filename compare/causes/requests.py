"""Patterns of tests that see the data through HTTP alone, where no statement and no row was seen in their process."""

from __future__ import annotations

from typing import TYPE_CHECKING

from compare.causes.answers import answers
from compare.causes.assertion import Ask, Sketch
from compare.causes.patterns import find_pattern
from compare.causes.results import DATES
from harness.model import Pattern

if TYPE_CHECKING:
    from compare.causes.finding import Finding
    from harness.model import DeepRecord, DeepRequest

_REFUSED = 400
_BY_ASK: tuple[tuple[Pattern, tuple[frozenset[Ask], ...]], ...] = (
    (Pattern.TIME_WINDOW, (frozenset({Ask.MOMENT}),)),
    (Pattern.FORMAT, (frozenset({Ask.FORMAT}),)),
    (Pattern.NULL, (frozenset({Ask.NONE}),)),
    (Pattern.FAN_OUT, (frozenset({Ask.COUNT_EACH}), frozenset({Ask.COUNT, Ask.EXTREME}))),
    (Pattern.ORDERING, (frozenset({Ask.FIRST, Ask.TEXT}), frozenset({Ask.SORTED}))),
    (Pattern.AGGREGATE, (frozenset({Ask.TOTAL}), frozenset({Ask.EXTREME}))),
    (Pattern.CARDINALITY, (frozenset({Ask.COUNT}),)),
    (Pattern.NULL, (frozenset({Ask.SOME, Ask.TRUTH}),)),
    (Pattern.VALUE_SET, (frozenset({Ask.TEXT}), frozenset({Ask.DISTINCT}))),
)


def pattern_of_requests(legacy: DeepRecord | None, shadow: DeepRecord | None, sketch: Sketch | None) -> tuple[Pattern, DeepRequest] | None:
    """The pattern that the assertion asks for of an answer, and the last request before it; None where the sides did not answer alike."""
    if sketch is None or not sketch.whole or legacy is None or shadow is None or not shadow.requests:
        return None
    near = [one for one in shadow.requests if not {one.at, *one.through}.isdisjoint(sketch.lines)] or list(shadow.requests)
    if _refused(legacy) != _refused(shadow):
        return None
    request = near[-1]
    if any({value.type, value.format or ""} & DATES for value in (*request.query, *request.segments)) and sketch.has(
        Ask.COUNT, Ask.TRUTH, Ask.THRESHOLD, Ask.TOTAL
    ):
        return Pattern.TIME_WINDOW, request
    pattern = next((pattern for pattern, several in _BY_ASK for asks in several if asks <= sketch.asks), None)
    return None if pattern is None else (pattern, request)


def pattern_of_answers(legacy: DeepRecord | None, shadow: DeepRecord | None, sketch: Sketch | None) -> Finding | None:
    """The same where the answers themselves were seen; None where the sides were not answered alike, since then a record or a setting is missing."""
    if legacy is None or shadow is None or _refused(legacy) != _refused(shadow):
        return None
    return find_pattern(answers(legacy, shadow, sketch), sketch)


def _refused(record: DeepRecord) -> list[int]:
    return [one.status for one in record.requests if one.status is not None and one.status >= _REFUSED]
