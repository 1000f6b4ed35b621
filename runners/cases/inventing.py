"""Invents the values of a case: each answers what the test names as the real one does, and none is one that only legacy holds."""

from __future__ import annotations

import json
import random
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from harness.errors import UnsafeError
from harness.model.case import KeyPlace, NewKey
from runners.cases.guard import MONTH
from runners.cases.moments import Moments
from runners.cases.named import moment_of
from runners.cases.words import Words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.model.case import Cell
    from runners.cases.dataset import Dataset
    from runners.cases.guard import Guard
    from runners.cases.named import Named
    from runners.cases.neighbourhood import Member
    from runners.identity.schema import Table

_TRIES = 200
_DAY = timedelta(days=1)
_SPREAD = 0.02
"""How far an invented number lies from the real one at most, as a part of it."""
_SMALL = 100
_STOCK = 60
_LONGEST_KEPT = 40

Cells = dict[str, "Cell"]


class Inventor:
    """Invents the values of the members of a case. `seed` makes it always the same ones."""

    def __init__(self, legacy: Dataset, shadow: Dataset, guard: Guard, named: Named, *, seed: str, fixed_moments: bool) -> None:
        self._legacy, self._shadow, self._guard, self._named = legacy, shadow, guard, named
        self._chance = random.Random(seed)  # noqa: S311  # the same case twice, not a secret
        self._words = Words(self._chance)
        self._fixed = fixed_moments
        self._memory: dict[Any, Any] = {}
        self._taken: set[tuple[str, str, Any]] = set()
        self._stocks: dict[tuple[str, str], tuple[Any, ...]] = {}
        self.named: set[str] = set()
        self.moments: Moments | None = None

    def cells(self, members: Sequence[Member]) -> list[Cells]:
        """The values of every member, in their order."""
        every = [
            (member.table, name, value)
            for member in members
            for name, value in member.row.items()
            if name not in member.given and moment_of(value) is not None
        ]
        self.moments = Moments(every, self._legacy, self._named, self._chance, self._guard.held, fixed=self._fixed)
        return [self._of(member) for member in members]

    def _of(self, member: Member) -> Cells:
        theirs = self._shadow.table(member.table.name)
        assert theirs is not None, "members are of tables that shadow has"  # noqa: S101
        facts = self._shadow.facts(theirs)
        cells: Cells = {}
        for name, value in member.row.items():
            column = theirs.column(name)
            if column is None or facts[column.name].computed:
                continue
            if name in member.given:
                cells[name] = member.given[name]
            else:
                cells[name] = self._value(member, name, value, facts[column.name].length)
        return cells

    def _value(self, member: Member, name: str, value: Any, length: int | None) -> Cell:  # noqa: ANN401  # of any column
        table, root = member.table, member.root
        if root is not None and name in root.numbers:
            return round(root.numbers[name]) if isinstance(value, int) else float(root.numbers[name])
        if table.primary == (name,) and _is_counted(value):
            return NewKey(root.place if root is not None else KeyPlace.ANY)
        if root is not None and name in root.outside:
            alike = self._alike(table, name, value, length, is_new=False)
            return alike if self._is_outside(table, name, alike, root.outside[name]) else self._outside(table, name, value, root.outside[name])
        return self._alike(table, name, value, length, is_new=root is not None and name in root.new)

    def _alike(self, table: Table, name: str, value: Any, length: int | None, *, is_new: bool) -> Cell:  # noqa: ANN401  # of any column
        """An invented value by the type of the real one."""
        if value is None or isinstance(value, bool):
            return value
        if self.moments is not None and moment_of(value) is not None:
            return self.moments.moved(table, name, value)
        if isinstance(value, str):
            return self._text(table, name, value, length, is_new=is_new)
        if hasattr(value, "__float__"):
            return self._number(table, name, value, is_new=is_new)
        return self._of_rare_type(value)

    def _of_rare_type(self, value: Any) -> Cell:  # noqa: ANN401  # of any column
        if isinstance(value, UUID):
            return self._words.uuid_like(str(value))
        if isinstance(value, bytes | bytearray | memoryview):
            return self._words.bytes_like(bytes(value))
        if isinstance(value, dict | list):
            return json.dumps(self._document(value), ensure_ascii=False)
        return str(value)  # times of day, spans: they are of nobody

    # ----------------------------------------------------------------------------------------------------------------------------------------

    def _text(self, table: Table, name: str, value: str, length: int | None, *, is_new: bool) -> str:
        content = self._guard.content(table, name)
        is_unique = (name,) in (*table.unique, table.primary)
        if not value.strip() or (MONTH.fullmatch(value) and not is_unique):
            return value
        if not is_unique and not is_new:
            known = self._memory.get(value)
            if known is not None and self._guard.held(table, name, known) is None and self._is_choice(table, name, known):
                return str(known)
            if content is None and (chosen := self._from_enumeration(table, name, value)) is not None:
                self._memory.setdefault(value, chosen)
                return chosen
        keep = self._pieces(value, is_identity=content is not None)
        for number in range(_TRIES):
            if number == _TRIES // 2:  # all of it may be named: then the test has to change
                keep = ()
            new = self._words.like(value, content, keep, self._stock(table, name) if number < _TRIES // 2 else ())
            new = new[:length] if length else new
            if self._may_stand(table, name, new, value, apart=is_unique or is_new) and (not keep or self._answers(new, value)):
                break
        else:
            raise _impossible(table, name)
        if any(piece in new for piece in keep):
            self.named.add(f"{table.name}.{name}")
        self._memory.setdefault(value, new)
        self._taken.add((table.name, name, new.casefold()))
        return new

    def _may_stand(self, table: Table, name: str, new: str, old: str, *, apart: bool) -> bool:
        if not new.strip() or (new == old and any(map(str.isalnum, old))) or self._guard.held(table, name, new) is not None:
            return False
        return not (apart and ((table.name, name, new.casefold()) in self._taken or self._shadow_has(table, name, new)))

    def _answers(self, new: str, old: str) -> bool:
        """Whether what the test names stands in an invented text where it stands in the real one."""
        pieces = [tuple(one for one in self._named.within(text) if one != old) for text in (new, old)]
        return pieces[0] == pieces[1] or not _has_words(pieces[0])

    def _is_choice(self, table: Table, name: str, value: str) -> bool:
        """Whether a column can hold a value: an enumeration only what shadow's holds, too, or what the test names."""
        return not self._legacy.is_few_valued(table, name) or self._shadow_has(table, name, value) or value in self._named.texts

    def _from_enumeration(self, table: Table, name: str, value: str) -> str | None:
        """A value of a column that holds few: itself where it may be written, or else one of shadow's."""
        if not self._legacy.is_few_valued(table, name):
            return (
                value
                if len(value) <= _LONGEST_KEPT and self._shadow_has(table, name, value) and self._guard.held(table, name, value) is None
                else None
            )
        if self._guard.held(table, name, value) is None:
            if self._guard.is_named(table, name, value):
                self.named.add(f"{table.name}.{name}")
            return value
        known = [one for one in self._stock(table, name) if isinstance(one, str) and self._guard.held(table, name, one) is None]
        if not known:
            return None
        return str(self._chance.choice(known))

    def _pieces(self, value: str, *, is_identity: bool) -> tuple[str, ...]:
        """What the test names of a text, and what names nobody by itself; of what identifies somebody no plain words."""
        inside = (one for one in self._named.texts if one != value and len(one) > 2 and one in value)
        return tuple(one for one in inside if not self._guard.is_known(one) and not (is_identity and one.isalnum()))

    def _stock(self, table: Table, name: str) -> tuple[Any, ...]:
        """Some values that shadow holds in a column."""
        key = (table.name, name)
        if key not in self._stocks:
            theirs = self._shadow.table(table.name)
            values = self._shadow.values(theirs, name)[0] if theirs is not None and theirs.column(name) is not None else frozenset()
            self._stocks[key] = tuple(sorted((one for one in values if isinstance(one, str)), key=str)[:_STOCK])
        return self._stocks[key]

    def _shadow_has(self, table: Table, name: str, value: object) -> bool:
        theirs = self._shadow.table(table.name)
        return theirs is not None and theirs.column(name) is not None and self._shadow.has(theirs, name, value)

    # ----------------------------------------------------------------------------------------------------------------------------------------

    def _number(self, table: Table, name: str, value: Any, *, is_new: bool) -> int | float:  # noqa: ANN401  # a number of whichever type
        number = int(value) if isinstance(value, int) or value == int(value) else float(value)
        places = (
            max(0, -int(value.as_tuple().exponent))
            if hasattr(value, "as_tuple")
            else len(str(value).partition(".")[2])
            if isinstance(value, float)
            else 0
        )
        identifies = self._guard.content(table, name) is not None
        if not is_new and not identifies:
            if (isinstance(number, int) and abs(number) < _SMALL) or self._shadow_has(table, name, value):
                return number
            if self._named.cell(number) % 2 and self._guard.held(table, name, number) is None:  # the test names it
                self.named.add(f"{table.name}.{name}")
                return number
        if (key := (table.name, name, value)) in self._memory and not is_new:
            return self._memory[key]  # type: ignore[no-any-return]  # what was put in below
        for number_of_try in range(_TRIES):
            new = self._nearby(number, places, number_of_try) if not identifies else self._digits(int(number))
            taken = (identifies or is_new) and ((table.name, name, new) in self._taken or self._shadow_has(table, name, new))
            if not taken and self._named.cell(new) == self._named.cell(number) and self._guard.held(table, name, new) is None:
                break
        else:
            raise _impossible(table, name)
        self._taken.add((table.name, name, new))
        self._memory[key] = new
        return new

    def _nearby(self, number: float, places: int, tries: int) -> int | float:
        spread = _SPREAD * (1 + tries // 40)
        unit = 10.0**-places
        new = round(number + self._chance.choice((-1, 1)) * max(self._chance.random() * spread * abs(number), unit), places)
        if (new < 0) != (number < 0) or (not new and number):
            new = unit if number > 0 else -unit
        return int(new) if isinstance(number, int) and not places else new

    def _digits(self, number: int) -> int:
        digits = str(abs(number))
        new = int(self._chance.choice("123456789") + "".join(self._chance.choices("0123456789", k=len(digits) - 1)))
        return -new if number < 0 else new

    def _is_outside(self, table: Table, name: str, cell: Cell, way: int) -> bool:
        """Whether an invented value lies beyond all of shadow's as it is."""
        theirs = self._shadow.table(table.name)
        edge = self._shadow.extreme("min" if way < 0 else "max", theirs, name) if theirs is not None else None
        if isinstance(cell, int | float) and edge is not None and hasattr(edge, "__float__"):
            return (cell - float(edge)) * way > 0
        mine, other = moment_of(cell), moment_of(edge)
        return mine is not None and other is not None and (mine > other if way > 0 else mine < other)

    def _outside(self, table: Table, name: str, value: Any, way: int) -> Cell:  # noqa: ANN401  # of any column
        """A value before or behind all that shadow holds in a column."""
        theirs = self._shadow.table(table.name)
        edge = self._shadow.extreme("min" if way < 0 else "max", theirs, name) if theirs is not None else None
        edge = value if edge is None else edge
        moment = moment_of(edge)
        if moment is not None:
            from runners.cases.moments import written  # noqa: PLC0415

            for days in range(1, 400):
                new = written(moment + (_DAY * way * days), edge)
                if self._guard.held(table, name, new) is None:
                    return new
        if isinstance(edge, str):
            return ("0" if way < 0 else "zz") + self._words.like(value, None, (), ())
        if hasattr(edge, "__float__"):
            step = max(1, round(abs(float(edge)) * _SPREAD))
            return int(edge) + way * step if isinstance(edge, int) else round(float(edge) + way * step, 2)
        raise _impossible(table, name)

    def _document(self, value: Any) -> Any:  # noqa: ANN401  # of JSON
        """A document of the same structure."""
        if isinstance(value, dict):
            return {key: self._document(one) for key, one in value.items()}
        if isinstance(value, list):
            return [self._document(one) for one in value]
        if isinstance(value, str):
            return self._words.like(value, None, (), ()) if value.strip() else value
        if isinstance(value, bool) or value is None or (isinstance(value, int) and abs(value) < _SMALL):
            return value
        return self._nearby(value, len(str(value).partition(".")[2]) if isinstance(value, float) else 0, 0)


def _is_counted(value: object) -> bool:
    """Whether a key is a number that can be counted up."""
    return isinstance(value, int) and not isinstance(value, bool)


def _has_words(pieces: Sequence[str]) -> bool:
    return any(len(piece) > 2 for piece in pieces)


def _impossible(table: Table, name: str) -> UnsafeError:
    return UnsafeError(
        f"no value could be invented for {table.name}.{name} that legacy does not hold",
        hint="Its values are so dense that any other of the same form is one of legacy's; write this column by hand in another form.",
    )
