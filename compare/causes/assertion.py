"""What the assertion that failed asks of the data: by its source where that is at hand, else by the template of its message. Holds no value."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from harness.model.assertion import Ask, Sketch

if TYPE_CHECKING:
    from harness.model import DeepPlace, Failure

__all__ = ["Ask", "Sketch", "by_message"]

_BY_MESSAGE: tuple[tuple[re.Pattern[str], frozenset[Ask]], ...] = (
    (re.compile(r"(?:= |\b)(?:max|min)\("), frozenset({Ask.EXTREME})),
    (re.compile(r"(?:= |\b)(?:any|all|next)\("), frozenset({Ask.SOME})),
    (re.compile(r"(?:= |\b)sum\("), frozenset({Ask.TOTAL})),
    (re.compile(r"(?:= |\b)len\("), frozenset({Ask.COUNT})),
    (re.compile(r"len\((?:\{|set\()|= set\("), frozenset({Ask.DISTINCT})),
    (re.compile(r"datetime|<date>|\btimedelta\b"), frozenset({Ask.MOMENT})),
    (re.compile(r"\bis (?:not )?None\b"), frozenset({Ask.NONE})),
    (re.compile(r"assert (?:not )?(?:\[\]|None|\(\)|\{\}|set\(\))"), frozenset({Ask.TRUTH})),
    (re.compile(r"<n> (?:>=?|<=?) <n>|not (?:greater|less) than"), frozenset({Ask.THRESHOLD})),
    (re.compile(r"<n> == <n>|<n> != <n>"), frozenset({Ask.NUMBER})),
    (re.compile(r"<str> (?:==|!=|in|not in) |\b(?:not )?found in\b"), frozenset({Ask.TEXT})),
    (re.compile(r"\bisascii|\bisdigit|Regex|\bre\.(?:full)?match"), frozenset({Ask.FORMAT})),
)


def by_message(failure: Failure, place: DeepPlace) -> Sketch:
    """As much as the template of a message tells."""
    asks = frozenset(ask for pattern, told in _BY_MESSAGE if pattern.search(failure.template) for ask in told)
    return Sketch(place=place, lines=(place,), asks=asks)
