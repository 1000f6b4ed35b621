"""Of several numbers that one statement works out, the one that an assertion names: `count(*), count(*) FILTER (WHERE fax IS NULL) AS unlisted`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from compare.causes.clauses import Clauses
from compare.causes.results import SideResults

if TYPE_CHECKING:
    from compare.causes.assertion import Sketch
    from compare.causes.results import Group

_CHOOSING = frozenset({"is", "=", "<", ">", "<=", ">=", "<>", "!=", "like", "in", "between"})
"""Words by which an argument of a sum is a condition: `sum(state = 'lost')`."""


def named_figure(group: Group, sketch: Sketch) -> Group | None:
    """The rows that the named number counts, as if they had been asked for alone: by its own condition, without those that all numbers share.

    None where the statement works out one number, or the assertion names none or several, or the number has no condition of its own.
    """
    facts = group.outline
    named = {name.casefold() for name in sketch.names} & {name.casefold() for name in facts.computed}
    if facts.verb != "select" or facts.grouped or len(facts.computed) < 2 or len(named) != 1:
        return None
    words = Clauses(group.sql)
    ends = (place for place, word in enumerate(words.words) if words.depths[place] == 0 and words.clauses[place] == "select" and word in named)
    condition = _condition(words, next((place for place in ends if words.at(place - 1) in {"as", ")"}), 0))
    if not condition:
        return None
    asked = [place for place, word in enumerate(words.words) if word[0] in "?:" and word != "::"]
    kept = [number for number, place in enumerate(asked) if place in condition]
    read = [place for place, clause in enumerate(words.clauses) if words.depths[place] == 0 and clause == "from"]
    sql = " ".join(["SELECT count(*)", *(words.tokens[place] for place in read), "WHERE", *(words.tokens[place] for place in condition)])
    sides = [_narrowed(side, named, len(asked), kept) for side in (group.legacy, group.shadow)]
    return replace(group, sql=sql, legacy=sides[0], shadow=sides[1])


def _narrowed(side: SideResults, named: set[str], placeholders: int, kept: list[int]) -> SideResults:
    """The executions with the named column alone, and with the parameters of its condition as far as they can be told apart."""
    return SideResults(
        executions=tuple(
            replace(
                one,
                columns=tuple(column for column in one.columns if column.name.casefold() in named),
                parameters=tuple(one.parameters[number] for number in kept) if len(one.parameters) == placeholders else (),
            )
            for one in side.executions
        )
    )


def _condition(words: Clauses, alias: int) -> range:
    """The places of the condition under which the number in front of an alias counts a row; empty where it has none."""
    first = next((place for place in range(alias, -1, -1) if words.depths[place] == 0 and words.words[place] in {",", "select"}), 0)
    for place in range(first, alias):
        if words.words[place] == "where" and words.at(place - 2) == "filter":
            return range(place + 1, _end(words, place + 1, alias))
        if words.words[place] == "when":
            return range(place + 1, next((at for at in range(place, alias) if words.words[at] == "then"), place + 1))
    for place in range(first, alias):
        if words.words[place] in {"sum", "total"} and words.at(place + 1) == "(":
            argument = range(place + 2, _end(words, place + 2, alias))
            return argument if _CHOOSING & {words.words[at] for at in argument} else range(0)
    return range(0)


def _end(words: Clauses, first: int, last: int) -> int:
    """Where the parenthesis closes that is open at a place."""
    return next((at for at in range(first, last) if words.words[at] == ")" and words.depths[at] < words.depths[first]), last)
