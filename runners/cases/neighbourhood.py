"""The rows around those that a case grows from: what refers to them, and what all of these refer to."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from harness.errors import UsageError
from harness.model.case import RowReference

if TYPE_CHECKING:
    from collections.abc import Sequence

    from runners.cases.dataset import Dataset, Link, Row
    from runners.cases.wanted import Root
    from runners.identity.schema import Table

_EACH_RELATION = 200
"""Rows of one table that refer to one row of a case at most, unless their number is what the case is about."""
_DEPTH = 3
_FEW_ROOTS = 5
_LOOKUP_KEYS = 30
_LOOKUP_ROWS = 5
"""A table that is referred to by at most so many of its rows, by so many rows each, is a list to choose from: shadow's own rows do."""


@dataclass(slots=True)
class Member:
    """A row of the production copy that the case has its own one for. `given` are columns that refer: to another row of the case, or by a value of
    shadow's data.
    """

    name: str
    table: Table
    row: Mapping[str, Any] = field(repr=False)
    root: Root | None = None
    given: dict[str, RowReference | Any] = field(default_factory=dict, repr=False)
    parents: dict[str, tuple[str, ...]] = field(default_factory=dict)
    complete: set[str] = field(default_factory=set)


class Neighbourhood:
    """The members of a case. Raises UsageError where there are more than `most`."""

    def __init__(self, roots: Sequence[Root], legacy: Dataset, shadow: Dataset, *, most: int) -> None:
        self._legacy, self._shadow, self._most = legacy, shadow, most
        self._known: dict[tuple[str, tuple[Any, ...]], Member] = {}
        self._keyed: dict[tuple[str, tuple[str, ...]], dict[tuple[Any, ...], Member]] = {}
        self._given: dict[tuple[str, tuple[str, ...], tuple[Any, ...]], tuple[Any, ...] | None] = {}
        self._lookups: dict[tuple[str, tuple[str, ...]], list[Row] | None] = {}
        self._turn: dict[str, int] = {}
        self._counted: dict[str, int] = {}
        self.notes: list[str] = []
        for root in roots:
            self._member(root.table, root.row).root = root
        for member in list(self._known.values()):
            if member.root is not None and (len(roots) <= _FEW_ROOTS or member.root.whole):
                self._referring(member, member.root, _EACH_RELATION // len(roots), 0)
        if len(roots) > _FEW_ROOTS:
            self.notes.append("rows that refer to the chosen ones are left out: there are many of these")
        self._referred()
        self.members = self._ordered()

    def _member(self, table: Table, row: Mapping[str, Any]) -> Member:
        key = (table.name, tuple(row[name] for name in table.primary) if table.primary else tuple(map(repr, row.values())))
        if key not in self._known:
            if len(self._known) >= self._most:
                raise UsageError(
                    f"this case would have more than {self._most} rows",
                    hint="Raise --rows; where that is too much to look through, document the scenario instead.",
                )
            short = re.sub(r"\W+", "_", table.bare.casefold())
            number = self._counted[table.name] = self._counted.get(table.name, 0) + 1
            member = self._known[key] = Member(name=f"{short}_{number}", table=table, row=row)
            for (of, names), members in self._keyed.items():
                if of == table.name:
                    members.setdefault(tuple(row[one] for one in names), member)
        return self._known[key]

    def _referring(self, member: Member, root: Root, most: int, depth: int) -> None:
        """Take in the rows that refer to one, and those that refer to them."""
        if depth >= _DEPTH:
            return
        for link in self._legacy.down(member.table.name):
            is_whole = link.table in root.whole
            if (link.table == member.table.name and not is_whole) or self._shadow.table(link.table) is None:
                continue
            values = {name: member.row[key] for name, key in zip(link.columns, link.referred, strict=True)}
            if None in values.values():
                continue
            bound = self._most + 1 if is_whole else max(most, 3)
            table = self._legacy.tables[link.table]
            rows = self._legacy.rows(table, values, most=bound + 1)
            if len(rows) > bound:
                self.notes.append(f"of more than {bound} rows of {link.table} that refer to {member.name}, {bound} were taken")
            else:
                member.complete.add(link.table)
            for row in rows[:bound]:
                before = len(self._known)
                child = self._member(table, row)
                if len(self._known) > before:
                    self._referring(child, root, most, depth + 1)

    def _referred(self) -> None:
        """Find for every row what it refers to: another member, a row of shadow, or else a row that is taken in as well."""
        waiting = list(self._known.values())
        while waiting:
            member = waiting.pop(0)
            for link in self._legacy.up(member.table.name):
                values = tuple(member.row[name] for name in link.columns)
                if None in values or any(name in member.given for name in link.columns):
                    continue
                before = len(self._known)
                self._refer(member, link, values)
                if len(self._known) > before:
                    waiting.append(list(self._known.values())[-1])

    def _refer(self, member: Member, link: Link, values: tuple[Any, ...]) -> None:
        parent = self._legacy.tables[link.parent]
        where = dict(zip(link.referred, values, strict=True))
        known = self._by_key(parent, link.referred, values)
        if known is None:
            at = (member.table.name, link.columns, values)
            if at not in self._given:
                self._given[at] = self._of_shadow(member, link, parent, where)
            given = self._given[at]
            if given is not None:
                member.given.update(zip(link.columns, given, strict=True))
                return
            rows = self._legacy.rows(parent, where, most=1)
            if not rows:  # refers to nothing, where no key is declared
                return
            known = self._member(parent, rows[0])
        member.parents[known.name] = link.columns
        member.given.update({name: RowReference(known.name, key) for name, key in zip(link.columns, link.referred, strict=True)})

    def _by_key(self, table: Table, names: tuple[str, ...], values: tuple[Any, ...]) -> Member | None:
        """The member of a table with these values."""
        if (table.name, names) not in self._keyed:
            members = [one for one in self._known.values() if one.table.name == table.name]
            self._keyed[table.name, names] = {tuple(one.row[name] for name in names): one for one in members}
        return self._keyed[table.name, names].get(values)

    def _of_shadow(self, member: Member, link: Link, parent: Table, where: Mapping[str, Any]) -> tuple[Any, ...] | None:
        """The key of a row of shadow that does: an equal one, or any where the table is a list to choose from."""
        theirs = self._shadow.table(parent.name)
        if theirs is None:
            return None
        mine = self._legacy.rows(parent, where, most=1)
        if not mine:
            return None
        shared = [one.name for one in theirs.columns if one.name in mine[0]]
        same = self._shadow.rows(theirs, where, most=1)
        if same and all(_alike(same[0][name], mine[0][name]) for name in shared):
            return tuple(where.values())
        own = [name for name in shared if name not in parent.primary and not self._legacy.is_key(parent, name)]
        own = [name for name in own if mine[0][name].__hash__ is not None]  # documents cannot be compared everywhere
        equal = self._shadow.rows(theirs, {name: mine[0][name] for name in own}, most=1) if own else []
        if equal:
            return tuple(equal[0][name] for name in link.referred)
        choices = self._choices(member.table, link, theirs)
        if not choices:
            return None
        turn = self._turn.get(link.parent, 0)
        self._turn[link.parent] = turn + 1
        return tuple(choices[turn % len(choices)][name] for name in link.referred)

    def _choices(self, table: Table, link: Link, theirs: Table) -> list[Row] | None:
        key = (table.name, link.columns)
        if key not in self._lookups:
            counts = self._legacy.counts(link)
            is_list = counts and len(counts) <= _LOOKUP_KEYS and sum(counts.values()) >= _LOOKUP_ROWS * len(counts)
            self._lookups[key] = self._least_used(link, theirs) if is_list else None
        return self._lookups[key]

    def _least_used(self, link: Link, theirs: Table) -> list[Row]:
        """Rows of shadow that are referred to in the same way, those with the fewest rows first."""
        own = next((one for one in self._shadow.links if (one.table, one.columns) == (link.table, link.columns)), None)
        counts = self._shadow.counts(own) if own else {}
        keys = sorted(counts, key=lambda key: (counts[key], key))[:_LOOKUP_KEYS]
        if keys:
            return [dict(zip(link.referred, key, strict=True)) for key in keys]
        return self._shadow.rows(theirs, most=_LOOKUP_KEYS)

    def _ordered(self) -> tuple[Member, ...]:
        """Members behind those that they refer to. A circle is opened where a column may be NULL."""
        done: dict[str, Member] = {}
        rest = {member.name: member for member in self._known.values()}
        while rest:
            ready = [one for one in rest.values() if all(name in done or name == one.name for name in one.parents)]
            if not ready:
                ready = [self._opened(rest)]
            for one in ready:
                done[one.name] = rest.pop(one.name)
        return tuple(done.values())

    def _opened(self, rest: Mapping[str, Member]) -> Member:
        for member in rest.values():
            facts = self._legacy.facts(member.table)
            waiting = {name: columns for name, columns in member.parents.items() if name in rest}
            if all(facts[column].nullable for columns in waiting.values() for column in columns):
                for name, columns in waiting.items():
                    member.given.update(dict.fromkeys(columns))
                    del member.parents[name]
                self.notes.append(f"{member.name} refers in a circle, which is left open")
                return member
        raise UsageError("no case can be made: its rows refer to each other in a circle that no NULL can open")


def _alike(one: Any, other: Any) -> bool:  # noqa: ANN401  # whatever the drivers give
    """Whether two values are the same, though the drivers of two databases may give them as different types."""
    return bool(one == other) or (one is not None and other is not None and str(one) == str(other))
