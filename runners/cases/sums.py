"""Keeps what adds up: a number of a row that is the sum of its rows' numbers, and sums that lie on one side of what the test names."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from runners.cases.guard import Guard
    from runners.cases.inventing import Cells
    from runners.cases.named import Named
    from runners.cases.neighbourhood import Member

_CLOSE = 1e-6
_NUDGES = 60


class Sums:
    """The numbers of a case, put right after they were invented, in place."""

    def __init__(self, members: Sequence[Member], cells: Sequence[Cells], guard: Guard, named: Named) -> None:
        self._members, self._cells, self._guard, self._named = members, cells, guard, named
        self._place = {member.name: number for number, member in enumerate(members)}
        self._children: dict[tuple[int, str], list[int]] = defaultdict(list)
        for number, member in enumerate(members):
            for parent in member.parents:
                self._children[self._place[parent], member.table.name].append(number)
        self.facts: list[str] = []

    def put_right(self) -> None:
        """Make sums add up again."""
        rules = list(self._rules())
        for parent, name, table, factors in rules:
            for place in range(len(self._members)):
                if self._members[place].table.name == parent and (place, table) in self._children:
                    self._add_up(place, name, table, factors)
            self.facts.append(f"{parent}.{name} is the sum of {table}.{' * '.join(factors)}")
        for (place, table), children in self._children.items():
            for name in self._numeric(children[0]):
                self._answer(place, table, name, children, rules)

    def _rules(self) -> Iterator[tuple[str, str, str, tuple[str, ...]]]:
        """Numbers of a table that are the sum of those of its rows, in everything that was taken of legacy."""
        pairs = sorted({(self._members[place].table.name, table) for place, table in self._children})
        for parent, table in pairs:
            places = [place for place, of in self._children if of == table and self._members[place].table.name == parent]
            whole = [place for place in places if table in self._members[place].complete]
            if not whole or len(whole) != len(places):
                continue
            numeric = self._numeric(self._children[whole[0], table][0])
            products = [(one,) for one in numeric] + [(one, other) for number, one in enumerate(numeric) for other in numeric[number + 1 :]]
            for name in self._numeric(whole[0]):
                found = next((factors for factors in products if all(self._holds(place, name, table, factors) for place in whole)), None)
                if found is not None and any(abs(_number(self._members[place].row[name])) > 1 for place in whole):
                    yield parent, name, table, found

    def _numeric(self, place: int) -> list[str]:
        member = self._members[place]
        keys = {*member.table.primary, *member.given}
        return [name for name, value in member.row.items() if name not in keys and _is_number(value)]

    def _holds(self, place: int, name: str, table: str, factors: tuple[str, ...]) -> bool:
        rows = [self._members[child].row for child in self._children[place, table]]
        return abs(sum(_product(row, factors) for row in rows) - _number(self._members[place].row[name])) < _CLOSE * 1e3

    def _add_up(self, place: int, name: str, table: str, factors: tuple[str, ...]) -> None:
        """Set a sum to what its rows come to; where legacy holds that one, another of its rows is moved a little."""
        children = self._children[place, table]
        member = self._members[place]
        if member.root is not None and name in member.root.numbers:
            self._spread(children, factors, _number(self._cells[place][name]))
            return
        largest = max(children, key=lambda child: abs(_number(self._cells[child][factors[0]])))
        begun, unit = self._cells[largest][factors[0]], _unit(self._members[largest].row[factors[0]])
        for step in range(_NUDGES):
            way = (step + 1) // 2 * (1 if step % 2 else -1)
            moved = _as(begun, _number(begun) + way * unit)
            total = round(sum(_product(self._cells[child], factors) for child in children if child != largest), 6)
            new = _as(member.row[name], total + _product({**self._cells[largest], factors[0]: moved}, factors))
            is_free = not step or self._guard.held(self._members[largest].table, factors[0], moved) is None
            if is_free and self._guard.held(member.table, name, new) is None and self._named.cell(new) == self._named.cell(_number(member.row[name])):
                self._cells[largest][factors[0]] = moved
                self._cells[place][name] = new
                return
        self._cells[place][name] = _as(member.row[name], sum(_product(self._cells[child], factors) for child in children))

    def _spread(self, children: Sequence[int], factors: tuple[str, ...], goal: float) -> None:
        """Make rows come to a sum that is given."""
        have = sum(_product(self._cells[child], factors) for child in children)
        first = children[0]
        by = _number(self._cells[first][factors[1]]) if len(factors) > 1 else 1.0
        if by:
            self._cells[first][factors[0]] = _as(self._cells[first][factors[0]], _number(self._cells[first][factors[0]]) + (goal - have) / by)

    def _answer(self, place: int, table: str, name: str, children: Sequence[int], rules: Sequence[tuple[str, str, str, tuple[str, ...]]]) -> None:
        """Where the sum of some rows lies elsewhere than the real one, seen by the numbers that the test names, move the largest."""
        real = round(sum(_number(self._members[child].row[name]) for child in children), 6)
        have = round(sum(_number(self._cells[child].get(name)) for child in children), 6)
        cell = self._named.cell(real)
        if table not in self._members[place].complete or self._named.cell(have) == cell:
            return
        goal = real if cell % 2 else next((one for digits in range(2, 9) if self._named.cell(one := float(f"{real:.{digits}g}")) == cell), real)
        largest = sorted(children, key=lambda child: -abs(_number(self._cells[child][name])))
        for child in (*(one for one in largest if _is_mild(_number(self._cells[one][name]), goal - have)), *largest):
            new = _as(self._cells[child][name], _number(self._cells[child][name]) + goal - have)
            if self._guard.held(self._members[child].table, name, new) is None:
                self._cells[child][name] = new
                for parent, own, below, factors in rules:
                    if (parent, own) == (table, name) and (child, below) in self._children:
                        self._spread(self._children[child, below], factors, _number(new))
                return


def _is_mild(number: float, change: float) -> bool:
    """Whether a number stays of its sign and size."""
    return abs(change) <= abs(number) / 2


def _is_number(value: Any) -> bool:  # noqa: ANN401  # of any column
    return not isinstance(value, bool | str | bytes) and hasattr(value, "__float__")


def _number(value: Any) -> float:  # noqa: ANN401  # of any column
    return float(value) if _is_number(value) else 0.0


def _product(row: Any, factors: tuple[str, ...]) -> float:  # noqa: ANN401  # a row or cells
    result = 1.0
    for name in factors:
        result *= _number(row.get(name))
    return result


def _places(value: Any) -> int:  # noqa: ANN401  # a number of whichever type
    if hasattr(value, "as_tuple"):
        return max(0, -int(value.as_tuple().exponent))
    return len(str(value).partition(".")[2]) if isinstance(value, float) else 0


def _unit(value: Any) -> float:  # noqa: ANN401  # a number of whichever type
    return float(10.0 ** -_places(value))


def _as(like: Any, number: float) -> int | float:  # noqa: ANN401  # a number of whichever type
    return round(number) if isinstance(like, int) else round(number, max(2, _places(like)))
