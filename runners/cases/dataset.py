"""One database as cases need it: its tables, which columns lead where, and rows as the driver gives them. Only reads."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from sqlalchemy import String, and_, cast, column, func, inspect, select
from sqlalchemy import table as table_clause

from runners.cases.named import moment_of
from runners.identity.schema import tables_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from sqlalchemy import ColumnClause, Connection, TableClause

    from runners.identity.schema import Table

    Row = dict[str, Any]

SCANNED = 50_000
"""Rows of a table that are looked at when rows are chosen."""
_DISTINCT = 20_000
_PER_STATEMENT = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """Columns of `table` that hold the key of `parent`; `referred` are that key's columns in the same order."""

    table: str
    columns: tuple[str, ...]
    parent: str
    referred: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnFacts:
    """What the schema says of a column beside its family."""

    nullable: bool
    computed: bool
    length: int | None


class Dataset:
    """The tables and rows of one database."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.tables: Mapping[str, Table] = {table.name: table for table in tables_of(connection)}
        self._facts: dict[str, dict[str, ColumnFacts]] = {}
        self._values: dict[tuple[str, str], tuple[frozenset[Any], int]] = {}
        self._spelled: dict[tuple[str, str], frozenset[object]] = {}

    def table(self, name: str) -> Table | None:
        """The table of that name, whatever its case."""
        found = self.tables.get(name)
        return found or next((table for key, table in self.tables.items() if key.casefold() == name.casefold()), None)

    def facts(self, table: Table) -> Mapping[str, ColumnFacts]:
        """What the schema says of each column."""
        if table.name not in self._facts:
            described = inspect(self.connection).get_columns(table.bare, schema=table.schema)
            self._facts[table.name] = {
                one["name"]: ColumnFacts(
                    nullable=bool(one.get("nullable", True)) and one["name"] not in table.primary,
                    computed=bool(one.get("computed")),
                    length=getattr(one["type"], "length", None),
                )
                for one in described
            }
        return self._facts[table.name]

    @cached_property
    def links(self) -> tuple[Link, ...]:
        """Foreign keys; where a table declares none to another, a column of the name of that one's key counts as one."""
        found = []
        for table in self.tables.values():
            declared = {key.columns for key in table.foreign}
            for key in table.foreign:
                parent = self.table(key.table)
                if parent is not None:
                    referred = key.referred or parent.primary
                    if len(referred) == len(key.columns):
                        found.append(Link(table=table.name, columns=key.columns, parent=parent.name, referred=tuple(referred)))
            found += self._alike(table, declared)
        return tuple(found)

    def _alike(self, table: Table, declared: set[tuple[str, ...]]) -> Iterator[Link]:
        for parent in self.tables.values():
            if parent.name == table.name or len(parent.primary) != 1 or parent.primary[0].casefold() in {"id", "name", "code"}:
                continue
            own = table.column(parent.primary[0])
            if own is not None and (own.name,) not in declared and not any(own.name in columns for columns in declared):
                if table.primary == (own.name,) and parent.name > table.name:
                    continue  # two tables with one key: the first by name is taken for the parent
                yield Link(table=table.name, columns=(own.name,), parent=parent.name, referred=parent.primary)

    def up(self, table: str) -> tuple[Link, ...]:
        """The links from a table to those that it refers to."""
        return tuple(link for link in self.links if link.table == table)

    def down(self, table: str) -> tuple[Link, ...]:
        """The links from others to a table."""
        return tuple(link for link in self.links if link.parent == table)

    def is_key(self, table: Table, name: str) -> bool:
        """Whether a column is the table's key or leads to another."""
        return name in table.primary or any(name in link.columns for link in self.up(table.name))

    def rows(self, table: Table, where: Mapping[str, object] | None = None, *, most: int = SCANNED, by: Sequence[str] = ()) -> list[Row]:
        """Rows with these values, by these columns or else by the key."""
        names = [one.name for one in table.columns]
        columns: list[ColumnClause[Any]] = [column(name) for name in names]
        chosen = select(*columns).select_from(_clause(table)).limit(most)
        if where:
            chosen = chosen.where(and_(*(column(name).is_(None) if value is None else column(name) == value for name, value in where.items())))
        order = by or table.primary
        if order:
            chosen = chosen.order_by(*(column(name) for name in order))
        return [dict(zip(names, row, strict=True)) for row in self.connection.execute(chosen)]

    def count(self, table: Table) -> int:
        """How many rows a table has."""
        return int(self.connection.execute(select(func.count()).select_from(_clause(table))).scalar_one())

    def number(self, function: str, table: Table, name: str) -> float | None:
        """`sum`, `min`, `max` or `avg` of a column; None where it comes to no number."""
        one: ColumnClause[Any] = column(name)
        value = self.connection.execute(select(getattr(func, function)(one)).select_from(_clause(table))).scalar()
        return None if value is None or isinstance(value, str | bytes | bool) or not hasattr(value, "__float__") else float(value)

    def extreme(self, function: str, table: Table, name: str) -> Any:  # noqa: ANN401  # whatever the column holds
        """The smallest or largest value of a column."""
        one: ColumnClause[Any] = column(name)
        return self.connection.execute(select(getattr(func, function)(one)).select_from(_clause(table))).scalar()

    def values(self, table: Table, name: str) -> tuple[frozenset[Any], int]:
        """The different values of a column, as far as there are not too many of them, and how many rows hold one."""
        key = (table.name, name)
        if key not in self._values:
            one: ColumnClause[Any] = column(name)
            where = one.is_not(None)
            found = self.connection.execute(select(one).select_from(_clause(table)).where(where).distinct().limit(_DISTINCT)).scalars()
            rows = self.connection.execute(select(func.count()).select_from(_clause(table)).where(where)).scalar_one()
            self._values[key] = (frozenset(value for value in found if value.__hash__ is not None), int(rows))
        return self._values[key]

    def is_few_valued(self, table: Table, name: str) -> bool:
        """Whether a column holds few values again and again: an enumeration."""
        values, rows = self.values(table, name)
        return len(values) <= 40 and rows >= 2 * len(values) and not (len(values) > 3 and (name,) in (*table.unique, table.primary))

    def holds(self, table: Table, name: str, value: object) -> int:
        """How many rows hold a value (3 at most). Text is compared without regard to case."""
        one: ColumnClause[Any] = column(name)
        if isinstance(value, str) and not self._is_text(table, name) and self.connection.dialect.name != "sqlite":
            value = moment_of(value) or value
        same = func.lower(cast(one, String)) == value.lower() if isinstance(value, str) and self._is_text(table, name) else one == value
        inner = select(one).select_from(_clause(table)).where(same).limit(3).subquery()
        return int(self.connection.execute(select(func.count()).select_from(inner)).scalar_one())

    def _is_text(self, table: Table, name: str) -> bool:
        found = table.column(name)
        return found is not None and found.family == "text"

    def has(self, table: Table, name: str, value: object) -> bool:
        """Whether a column holds a value; from memory where it has not too many different ones."""
        values, _ = self.values(table, name)
        if len(values) >= _DISTINCT:
            return self.holds(table, name, value) > 0
        key = (table.name, name)
        if key not in self._spelled:
            self._spelled[key] = frozenset(map(_spelling, values))
        return _spelling(value) in self._spelled[key]

    def counts(self, link: Link) -> dict[tuple[Any, ...], int]:
        """How many rows of the link's table lead to each key of its parent."""
        table = self.tables[link.table]
        columns: list[ColumnClause[Any]] = [column(name) for name in link.columns]
        query = select(*columns, func.count()).select_from(_clause(table)).group_by(*columns)
        return {tuple(row[:-1]): int(row[-1]) for row in self.connection.execute(query) if None not in row}

    def grouped(self, link: Link, function: str, name: str) -> dict[tuple[Any, ...], Any]:
        """`sum`, `min` or `max` of a column over the rows that lead to each key of the parent."""
        table = self.tables[link.table]
        columns: list[ColumnClause[Any]] = [column(one) for one in link.columns]
        query = select(*columns, getattr(func, function)(column(name))).select_from(_clause(table)).group_by(*columns)
        return {tuple(row[:-1]): row[-1] for row in self.connection.execute(query) if None not in row}

    def keys(self, link: Link) -> list[tuple[Any, ...]]:
        """The keys of the parent, in their order."""
        parent = self.tables[link.parent]
        columns: list[ColumnClause[Any]] = [column(name) for name in link.referred]
        return [tuple(row) for row in self.connection.execute(select(*columns).select_from(_clause(parent)).order_by(*columns).limit(SCANNED))]

    def existing(self, table: Table, name: str, values: Iterable[object]) -> set[object]:
        """Those of some values that a column holds."""
        wanted, found = list(values), set()
        one: ColumnClause[Any] = column(name)
        for start in range(0, len(wanted), _PER_STATEMENT):
            chosen = select(one).select_from(_clause(table)).where(one.in_(wanted[start : start + _PER_STATEMENT]))
            found |= set(self.connection.execute(chosen).scalars())
        return found


def _clause(table: Table) -> TableClause:
    return table_clause(table.bare, schema=table.schema)


def _spelling(value: Any) -> object:  # noqa: ANN401  # whatever a column holds
    """A value without regard to case, to the type of a number, and to how a moment is written."""
    moment = moment_of(value)
    if moment is not None:
        return moment
    if isinstance(value, str):
        return value.casefold()
    return float(value) if hasattr(value, "__float__") and not isinstance(value, bool) else str(value)
