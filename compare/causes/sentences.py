"""Patterns in words that disclose nothing: what legacy holds and shadow lacks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.model import Pattern

if TYPE_CHECKING:
    from compare.causes.finding import Finding

CASES = "a case of this test is made of the data of legacy; shadow's data make no such case"

_SENTENCES = {
    (Pattern.NULL, "null"): "some rows of {entity} are NULL; none on shadow",
    (Pattern.NULL, "filled"): "some rows of {entity} hold a value; all are NULL on shadow",
    (Pattern.NULL, "empty"): "rows of {entity} hold empty text on one side and none on the other",
    (Pattern.NULL, "filter"): "rows that the query wants by whether {entity} is NULL are there; none on shadow",
    (Pattern.FAN_OUT, "many"): "some rows have more partners by {entity} than any on shadow, or fewer",
    (Pattern.FAN_OUT, "few"): "some rows have fewer partners by {entity} than any on shadow",
    (Pattern.FAN_OUT, "without"): "some rows have no partner by {entity}; all have one on shadow",
    (Pattern.FAN_OUT, "having"): "some groups by {entity} are as large as the query wants; none on shadow",
    (Pattern.CARDINALITY, "distinct"): "{entity} holds another number of different values than on shadow",
    (Pattern.CARDINALITY, "rows"): "the query on {entity} finds another number of rows than on shadow",
    (Pattern.ORDERING, "first"): "what comes first in the query's order differs from shadow in {entity}",
    (Pattern.ORDERING, "sorted"): "rows come in an order of {entity} in which they do not come on shadow",
    (Pattern.TIME_WINDOW, "window"): "rows of {entity} fall into the period that the query asks for; other ones, or none, on shadow",
    (Pattern.TIME_WINDOW, "reach"): "the dates of {entity} reach over another period than on shadow",
    (Pattern.VALUE_SET, "filter"): "rows hold the value of {entity} that the query asks for; none on shadow",
    (Pattern.VALUE_SET, "values"): "{entity} holds a value that the test asks for; none on shadow",
    (Pattern.AGGREGATE, "sum"): "what is computed from {entity} comes to another result than on shadow",
    (Pattern.AGGREGATE, "having"): "some groups come to what the query asks for of {entity}; none on shadow",
    (Pattern.FORMAT, "format"): "some values of {entity} are written in a way that none on shadow is",
}


def pattern_sentence(finding: Finding) -> str:
    """What the test depends on, for a person."""
    return _SENTENCES[finding.pattern, finding.detail].format(entity=finding.entity)


def request_sentence(pattern: Pattern, entity: str) -> str:
    """The same where nothing but a request was seen."""
    return f"the answer of {entity} differs from shadow's in what the assertion asks of it ({pattern.value.replace('_', ' ')})"
