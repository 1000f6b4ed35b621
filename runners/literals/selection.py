"""Which cases of a parametrisation one test id stands for, as far as the source tells."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from runners.literals.facts import Case, Cases

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from runners.literals.closure import Closure
    from runners.literals.facts import Expression
    from runners.literals.leaves import Leaf
    from runners.literals.modules import Spot

Span = tuple[tuple[int, int], tuple[int, int]]


class Selected(NamedTuple):
    """What remains for one test. `dropped`: spans of cases that belong to other ids, by scope; `decorating`: spans of parametrisations;
    `values`: expressions of the arguments with the file they stand in; `names`: argument names by place; `feeding`: scopes that cases come from;
    `unwritten`: parametrisations whose cases stand nowhere in the source.
    """

    dropped: dict[Spot, list[Span]]
    decorating: dict[Spot, list[Span]]
    values: dict[str, list[tuple[str, Expression]]]
    names: dict[tuple[str, int, int], str]
    feeding: frozenset[Spot]
    unwritten: list[tuple[Spot, Cases]]


def select(closure: Closure, case: str | None) -> Selected:
    """Choose the cases of everything that a closure reached, for the text in a test id's brackets (None: no brackets, nothing is dropped)."""
    selected = Selected({}, {}, {}, {}, frozenset(), [])
    feeding: set[Spot] = set()
    for spot in list(closure.found):
        scope = closure.modules.scope(spot)
        if scope.kind == "constant":
            continue
        for raw in scope.cases:
            cases = Cases._make(raw)
            selected.decorating.setdefault(spot, []).append(((cases.line, cases.column), (cases.end_line, cases.end_column)))
            feeding |= _fed_by(closure, spot, cases.names)
            holder, items = spot, [Case._make(one) for one in cases.items]
            if not items and cases.source is not None:
                holder, items = _written_elsewhere(closure, spot, cases.source[1]) or (spot, [])
            if not items:
                selected.unwritten.append((spot, cases))
            chosen = _chosen(closure, holder, items, cases.arguments, case)
            for number, one in enumerate(items):
                if number not in chosen:
                    selected.dropped.setdefault(holder, []).append(((one.line, one.column), (one.end_line, one.end_column)))
                    continue
                for argument, value in zip(cases.arguments, one.values, strict=False):
                    selected.values.setdefault(argument, []).append((holder.path, value))
                    if value is not None and value[0] == "k":
                        selected.names[holder.path, value[2], value[3]] = argument
    return selected._replace(feeding=frozenset(feeding))


def rows_of(leaves: Sequence[Leaf], case: str | None) -> Sequence[Leaf]:
    """Of a file whose rows are cases, those of the row that the brackets name: the one that holds them as a value, or has their number."""
    if case is None:
        return leaves
    rows: dict[tuple[str | int, ...], list[Leaf]] = {}
    loose: list[Leaf] = []
    for leaf in leaves:
        place = next((number for number, key in enumerate(leaf.key) if isinstance(key, int)), None)
        if place is None:
            loose.append(leaf)
        else:
            rows.setdefault(leaf.key[: place + 1], []).append(leaf)
    named = [row for row, held in rows.items() if any(_is_segment(str(leaf.value), case) for leaf in held)]
    exact = [row for row in named if any(str(leaf.value) == case for leaf in rows[row])]
    counted = [row for row in rows if any(segment.endswith(str(row[-1])) and segment.rstrip("0123456789") for segment in case.split("-")[-1:])]
    kept = exact or named or [row for row in counted if case.rpartition("-")[2].rstrip("0123456789") + str(row[-1]) == case.rpartition("-")[2]]
    return leaves if not kept else [*loose, *(leaf for row in kept for leaf in rows[row])]


def _written_elsewhere(closure: Closure, spot: Spot, name: str) -> tuple[Spot, list[Case]] | None:
    for target in closure.resolve(spot, name):
        for raw in closure.modules.scope(target).cases:
            return target, [Case._make(one) for one in Cases._make(raw).items]
    return None


def _fed_by(closure: Closure, spot: Spot, names: Iterable[str]) -> set[Spot]:
    """The scopes that cases can come from: all that is reached from the names in the decorator."""
    found: set[Spot] = set()
    waiting = [target for name in names if name[0] not in ".!" for target in closure.resolve(spot, name)]
    while waiting:
        one = waiting.pop()
        if one not in found:
            found.add(one)
            waiting += [target for name in closure.modules.scope(one).names if name[0] not in ".!" for target in closure.resolve(one, name)]
    return found


def _chosen(closure: Closure, holder: Spot, items: Sequence[Case], arguments: Sequence[str], case: str | None) -> set[int]:
    everything = set(range(len(items)))
    if case is None or not items:
        return everything
    ids = [_id(one, number, arguments) for number, one in enumerate(items)]
    exact = {number for number, one in enumerate(ids) if one == case}
    if exact:
        return exact
    written = {number: _texts_in(closure, holder, one) for number, one in enumerate(items) if one.explicit is None and None in one.parts}
    by_value = {number for number, texts in written.items() if case in texts}
    if by_value:
        return by_value
    segments = {number for number, one in enumerate(ids) if _is_segment(one, case)}
    return segments or {number for number, texts in written.items() if any(_is_segment(text, case) for text in texts)} or everything


def _id(one: Case, number: int, arguments: Sequence[str]) -> str:
    if one.explicit is not None:
        return one.explicit
    parts = [part if part is not None else f"{arguments[place] if place < len(arguments) else ''}{number}" for place, part in enumerate(one.parts)]
    return "-".join(parts)


def _is_segment(text: str, case: str) -> bool:
    return bool(text) and f"-{text}-" in f"-{case}-"


def _texts_in(closure: Closure, holder: Spot, one: Case) -> set[str]:
    facts = closure.modules.facts(holder.path)
    span = ((one.line, one.column), (one.end_line, one.end_column))
    return {str(held.value) for held in facts.literals if held.scope == holder.number and within((held.line, held.column), span)} if facts else set()


def within(place: tuple[int, int], span: Span) -> bool:
    """Whether a place lies in a span of lines and columns."""
    return span[0] <= place < span[1]
