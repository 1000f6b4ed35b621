"""Chooses rows by what is computed from a column: over the whole table, or over the rows of each parent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from runners.cases.named import Named, moment_of
from runners.cases.wanted import Chosen, Root

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from runners.cases.dataset import Dataset, Link
    from runners.cases.wanted import Wanted

_FUNCTIONS = ("sum", "max", "min", "avg")
_MARGIN = 0.05
"""How far past a number that the test names a result is brought, as a part of that number."""


def by_total(wanted: Wanted, legacy: Dataset, shadow: Dataset, near: Named) -> Chosen | None:
    """Rows that bring a sum, mean or extreme where the test wants it. What the test names exactly comes first, then parents whose rows come to what
    none on shadow does, then what is merely above or below a number.
    """
    for name in wanted.columns:
        if (exact := _over_all(wanted, name, legacy, shadow, near, exactly=True)) is not None:
            return exact
        if (each := per_parent(wanted, legacy, shadow, near)) is not None:
            return each
        if (found := _over_all(wanted, name, legacy, shadow, near, exactly=False)) is not None:
            return found
    return None


def _over_all(wanted: Wanted, name: str, legacy: Dataset, shadow: Dataset, near: Named, *, exactly: bool) -> Chosen | None:
    theirs = shadow.tables[wanted.table.name]
    for function in _FUNCTIONS:
        mine, other = legacy.number(function, wanted.table, name), shadow.number(function, theirs, name)
        if mine is None:
            continue
        goal = _equal(mine, near) if exactly else _past(mine, other or 0.0, near)
        if goal is None or (other is not None and abs(other - goal) < 1e-9):
            continue
        needed = _needed(function, goal, other or 0.0, shadow.count(theirs))
        rows = legacy.rows(wanted.table, most=200)
        row = min(rows, key=lambda one: abs(float(one[name] or 0) - needed))
        shows = f"a {function} of {wanted.table.name}.{name} that shadow does not come to"
        return Chosen(roots=(Root(table=wanted.table, row=row, numbers={name: needed}),), shows=(shows,))
    return None


def _equal(result: float, near: Named) -> float | None:
    """The number of the test that a result is, to as many places as it is written with."""
    for number in near.numbers:
        places = len(str(number).partition(".")[2]) if isinstance(number, float) else 0
        if abs(number) > 1 and round(result, places) == round(number, places):
            return float(number)
    return None


def _past(mine: float, other: float, near: Named) -> float | None:
    """A result a little past the number of the test that lies between the sides."""
    between = [number for number in near.numbers if min(mine, other) < number < max(mine, other)]
    if not between:
        return None
    number = max(between) if mine > other else min(between)
    return number + (1 if mine > other else -1) * max(abs(number) * _MARGIN, 1)


def _needed(function: str, goal: float, have: float, rows: int) -> float:
    """The value of one more row that makes the result what it should be."""
    if function == "sum":
        return round(goal - have, 6)
    return goal if function in {"min", "max"} else round(goal * (rows + 1) - have * rows, 6)


def per_parent(wanted: Wanted, legacy: Dataset, shadow: Dataset, near: Named) -> Chosen | None:
    """A row of a table that is referred to, whose rows together come to what those of none on shadow do: a sum below zero, a latest date long ago."""
    for name in wanted.columns:
        for link in legacy.up(wanted.table.name):
            own = next((one for one in shadow.links if (one.table, one.columns) == (link.table, link.columns)), None)
            if own is None or name in link.columns:
                continue
            keys = _parents(name, link, own, legacy, shadow, near)
            parent = legacy.tables[link.parent]
            rows = [row for key in keys for row in legacy.rows(parent, dict(zip(link.referred, key, strict=True)), most=1)]
            if rows:
                roots = tuple(Root(table=parent, row=row, whole=frozenset({link.table})) for row in rows)
                return Chosen(roots=roots, shows=(f"what the {link.table}.{name} of one row of {link.parent} come to",))
    return None


def _parents(name: str, link: Link, own: Link, legacy: Dataset, shadow: Dataset, near: Named) -> list[tuple[Any, ...]]:
    counts = legacy.counts(link)
    with_zero = Named(numbers=(*near.numbers, 0), texts=near.texts, moments=near.moments)
    extremes: list[tuple[Any, ...]] = []
    for function in _per_parent_functions(legacy, link, name):
        mine, theirs = legacy.grouped(link, function, name), shadow.grouped(own, function, name)
        known = set(_cells(theirs, with_zero).values())
        lacking: dict[object, tuple[Any, ...]] = {}
        for key, cell in sorted(_cells(mine, with_zero).items(), key=lambda one: (counts.get(one[0], 0), one[0])):
            if cell not in known:
                lacking.setdefault(cell, key)
        if lacking:
            return list(lacking.values())[:1]
        extremes += _beyond(mine, theirs)
    return extremes[:1]


def _per_parent_functions(legacy: Dataset, link: Link, name: str) -> Sequence[str]:
    table = legacy.tables[link.table]
    some = next((row[name] for row in legacy.rows(table, most=50) if row[name] is not None), None)
    if some is None:
        return ()
    return ("max", "min") if moment_of(some) is not None else ("sum",) if hasattr(some, "__float__") else ()


def _cells(results: Mapping[tuple[Any, ...], Any], named: Named) -> dict[tuple[Any, ...], object]:
    return dict(_cell(results, named))


def _cell(results: Mapping[tuple[Any, ...], Any], named: Named) -> Iterator[tuple[tuple[Any, ...], object]]:
    for key, value in results.items():
        moment = moment_of(value)
        if moment is not None:
            yield key, named.period(moment)
        elif hasattr(value, "__float__"):
            yield key, named.cell(round(float(value), 6))


def _beyond(mine: Mapping[tuple[Any, ...], Any], theirs: Mapping[tuple[Any, ...], Any]) -> list[tuple[Any, ...]]:
    """The parent with the largest result, where that is larger than any on shadow; the one with the smallest likewise."""
    numbers = {key: float(value) for key, value in mine.items() if hasattr(value, "__float__")}
    others = [float(value) for value in theirs.values() if hasattr(value, "__float__")]
    if not numbers or not others:
        return []
    most, least = max(numbers, key=lambda key: numbers[key]), min(numbers, key=lambda key: numbers[key])
    return [*([most] if numbers[most] > max(others) else []), *([least] if numbers[least] < min(others) else [])]
