"""Records that can stand for another: the structural twin in shadow's data, or some other record of the production copy.

Values of both datasets pass through here in memory; nothing is written.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import column, func, or_, select
from sqlalchemy import table as table_clause
from sqlalchemy.exc import SQLAlchemyError

from harness.model.canonical import canonical
from runners.identity.schema import tables_of
from runners.identity.together import Choice, Record

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy import ColumnClause, ColumnElement, Connection

    from harness.model.coupling import Value
    from runners.identity.schema import Table
    from runners.identity.together import Find

    Row = dict[str, Any]

_CANDIDATES = 400
"""Rows of a table that are looked at for one to stand for another."""
_PER_STATEMENT = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A value of the production copy: `entity` is `Table.Column` as the identity index says it.

    One that is `extra` counts only where it belongs to the record of another. `beside` are canonical spellings of values that are preferred where the
    record has them.
    """

    entity: str
    value: Value = field(repr=False)
    extra: bool = False
    beside: frozenset[str] = field(default=frozenset(), repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reference:
    """A column of `table` that holds values of `referred`, a column of the table that is asked about."""

    table: str
    column: str
    referred: str


class Records:
    """The records of one database, looked up by their values."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._tables = {table.name: table for table in tables_of(connection)}

    def table(self, entity: str) -> tuple[Table, tuple[str, ...]] | None:
        """The table and columns of an entity; None where this database has none of that name."""
        name, _, columns = entity.rpartition(".")
        table = self._tables.get(name)
        if table is None or any(table.column(one) is None for one in columns.split("+")):
            return None
        return table, tuple(columns.split("+"))

    def holding(self, table: Table, columns: Sequence[str], value: Value) -> Row | None:
        """A row that holds a value, however it is spelled; None where there is none."""
        spellings: list[Value] = [value]
        if isinstance(value, str):
            spellings += [value.strip(" %"), *([int(value)] if value.strip().isdecimal() and len(value) < _LONGEST_NUMBER else [])]
        elif isinstance(value, int):
            spellings.append(str(value))
        text: ColumnElement[Any] = column(columns[0])
        for one in columns[1:]:
            text = text.concat(" ").concat(column(one))
        is_number = len(columns) == 1 and (found := table.column(columns[0])) is not None and found.family == "number"
        wanted = [one for one in spellings if isinstance(one, int) == is_number]
        tests: list[ColumnElement[bool]] = [text == one for one in wanted]
        tests += [func.lower(text) == one.lower() for one in wanted if isinstance(one, str)]
        if not tests:
            return None
        return next(self._rows(table, or_(*tests), 1), None)

    def some(self, table: Table) -> list[Row]:
        """Rows of a table."""
        return list(self._rows(table, None, _CANDIDATES))

    def having(self, table: str, name: str, value: object) -> list[Row]:
        """Rows of a table that hold exactly this value in one column; none where this database has no such table or column."""
        found = self._tables.get(table)
        return list(self._rows(found, column(name) == value, _CANDIDATES)) if found is not None and found.column(name) is not None else []

    def fan_out(self, rows: Sequence[Row], reference: _Reference) -> list[int]:
        """How many rows of the referring table each row has."""
        table = self._tables.get(reference.table)
        if table is None or table.column(reference.column) is None:
            return [0] * len(rows)
        counts: dict[Any, int] = defaultdict(int)
        values = list({row[reference.referred] for row in rows if row.get(reference.referred) is not None})
        for start in range(0, len(values), _PER_STATEMENT):
            key: ColumnClause[Any] = column(reference.column)
            chosen = key.in_(values[start : start + _PER_STATEMENT])
            counted = select(key, func.count()).select_from(table_clause(table.bare, key, schema=table.schema)).where(chosen).group_by(key)
            counts.update((value, number) for value, number in self._connection.execute(counted))
        return [counts[row.get(reference.referred)] for row in rows]

    def references(self, table: Table) -> list[_Reference]:
        """Columns that hold keys of a table: foreign keys, and where none are declared, columns of the name of its key."""
        found = []
        for other in self._tables.values():
            declared = [key for key in other.foreign if key.table == table.name and len(key.columns) == len(key.referred) == 1]
            found += [_Reference(table=other.name, column=key.columns[0], referred=key.referred[0]) for key in declared]
            if not declared and other.name != table.name and len(table.primary) == 1 and table.primary[0].casefold() not in {"id", "name"}:
                alike = other.column(table.primary[0])
                found += [_Reference(table=other.name, column=alike.name, referred=table.primary[0])] if alike else []
        return found

    def _rows(self, table: Table, where: ColumnElement[bool] | None, most: int) -> Iterator[Row]:
        names = [one.name for one in table.columns]
        columns: list[ColumnClause[Any]] = [column(name) for name in names]
        chosen = select(*columns).select_from(table_clause(table.bare, *columns, schema=table.schema)).limit(most)
        if table.primary:
            chosen = chosen.order_by(*(column(name) for name in table.primary))
        for row in self._connection.execute(chosen if where is None else chosen.where(where)):
            yield dict(zip(names, row, strict=True))


_LONGEST_NUMBER = 18


def alternatives(asked: Sequence[Asked], legacy: Records, other: Records, *, most: int) -> list[tuple[Value | None, ...]]:
    """Up to `most` sets of values, in the order of `asked`, each of other records than those that hold the asked values.

    Where `other` is shadow's data they are structural twins: the same columns are NULL, about as many rows refer to them, rows that belong together
    stay so. Where it is legacy they are ordinary records: neither the fullest nor the emptiest. What else the test names of a record, they have. None
    stands where no record could be found; there is nothing where a table is of a kind that cannot be read so.
    """
    try:
        return _alternatives(asked, legacy, other, most)
    except SQLAlchemyError:
        return []


def _alternatives(asked: Sequence[Asked], legacy: Records, other: Records, most: int) -> list[tuple[Value | None, ...]]:
    records = _records(asked, legacy)
    ranked = [_ranked(record, legacy, other, _named(asked)) for record in records]
    if other is legacy and not all(ranked):
        return []  # one that stays beside others that change may fail the test by itself
    kept = [place for place, rows in enumerate(ranked) if rows]
    found: list[tuple[Value | None, ...]] = []
    for _ in range(most if kept else 0):
        rows = _choice([records[place] for place in kept], [ranked[place] for place in kept], legacy, other, _named(asked)).rows()
        if rows is None:
            break
        values: list[Value | None] = [None] * len(asked)
        for place, row in zip(kept, rows, strict=True):
            for number, columns in (records[place].extra | records[place].asked).items():
                values[number] = spelled_like(asked[number].value, [row[name] for name in columns])
            ranked[place] = [one for one in ranked[place] if one != row]
        if any(value is not None for value in values) and tuple(values) not in found:
            found.append(tuple(values))
    return found


def _named(asked: Sequence[Asked]) -> frozenset[str]:
    """What the test names, as it is spelled canonically."""
    values = {spelling for one in asked if (spelling := canonical(one.value)) is not None}
    return frozenset(values.union(*(one.beside for one in asked)))


def _choice(records: Sequence[Record], ranked: Sequence[Sequence[Row]], legacy: Records, other: Records, named: frozenset[str]) -> Choice:
    """What can stand for the records, with the ways in which they refer to each other."""
    references = {
        (holder, held): [one for one in legacy.references(record.table) if one.table == records[holder].table.name]
        for held, record in enumerate(records)
        for holder in range(len(records))
        if holder != held
    }

    def fits(place: int, row: Row) -> bool:
        return _may_stand(records[place], row, legacy, other, named)

    return Choice(records=records, ranked=ranked, references=references, fits=fits, find=_remembered(other.having))


def _remembered(find: Find) -> Find:
    """The same, asked once for each value: what a driver gives need not be hashable."""
    found: dict[tuple[str, str, str], Sequence[Row]] = {}

    def remembered(table: str, name: str, value: object) -> Sequence[Row]:
        key = (table, name, repr(value))
        if key not in found:
            found[key] = find(table, name, value)
        return found[key]

    return remembered


def _records(asked: Sequence[Asked], legacy: Records) -> list[Record]:
    """The rows of legacy that hold the values; those that others refer to come behind them."""
    found: list[Record] = []
    for number, one in enumerate(asked):
        place = legacy.table(one.entity)
        if one.extra:
            _attach(number, one, place, found)
            continue
        row = legacy.holding(*place, one.value) if place else None
        if place is None or row is None:
            continue
        table, columns = place
        same = next((record for record in found if record.table.name == table.name and record.row == row), None)
        if same is None:
            same = Record(table=table, row=row, beside=one.beside)
            found.append(same)
        same.asked[number] = columns
    return sorted(found, key=lambda record: -sum(len(one.table.foreign) < len(record.table.foreign) for one in found))


def _attach(number: int, asked: Asked, place: tuple[Table, tuple[str, ...]] | None, records: Sequence[Record]) -> None:
    """Give a value to the record that holds it as well."""
    for record in records if place else ():
        table, columns = place or (record.table, ())
        if record.table.name == table.name and canonical(" ".join(str(record.row[name]) for name in columns)) == canonical(asked.value):
            record.extra.setdefault(number, columns)
            return


def _ranked(record: Record, legacy: Records, other: Records, named: frozenset[str]) -> list[Row]:
    """Rows that may stand for a record, the best first."""
    place = other.table(f"{record.table.name}.{record.table.columns[0].name}")
    rows = [row for row in other.some(place[0]) if _may_stand(record, row, legacy, other, named)] if place else []
    if place is None or not rows:
        return []
    return _ordinary(rows, place[0], other) if other is legacy else _alike(record, rows, legacy, other)


def _may_stand(record: Record, row: Row, legacy: Records, other: Records, named: frozenset[str]) -> bool:
    return not (other is legacy and row == record.row) and not record.is_named_by(row, named) and record.agrees(row)


def _alike(record: Record, rows: Sequence[Row], legacy: Records, other: Records) -> list[Row]:
    """Rows by how much they are like a record: NULLs, rows that refer to them, equal values."""
    references = legacy.references(record.table)
    own = [legacy.fan_out([record.row], one)[0] for one in references]
    theirs = [other.fan_out(rows, one) for one in references]

    def distance(place: int) -> tuple[int, int, int]:
        row = rows[place]
        nulls = sum((record.row[name] is None) != (row.get(name) is None) for name in record.row)
        fan = sum(abs(count.bit_length() - theirs[which][place].bit_length()) for which, count in enumerate(own))
        same = sum(value is not None and row.get(name) == value for name, value in record.row.items())
        return nulls, fan, -same

    return [rows[place] for place in sorted(range(len(rows)), key=distance)]


def _ordinary(rows: Sequence[Row], table: Table, records: Records) -> list[Row]:
    """Rows from the middle outwards, by how many rows refer to them."""
    counts = [sum(every) for every in zip(*(records.fan_out(rows, one) for one in records.references(table)), strict=True)] or [0] * len(rows)
    order = sorted(range(len(rows)), key=lambda place: counts[place])
    middle = len(order) // 2
    outwards = sorted(range(len(order)), key=lambda place: abs(place - middle))
    return [rows[order[place]] for place in outwards]


def spelled_like(old: Value, parts: Sequence[object]) -> Value | None:
    """A value of a record in the type and the style of the literal that it replaces; None where it cannot be, or says the same."""
    if any(part is None or isinstance(part, bool) for part in parts):
        return None
    new = parts[0] if len(parts) == 1 else " ".join(map(str, parts))
    found = _of_type(old, new)
    return None if found is None or canonical(found) == canonical(old) else found


def _of_type(old: Value, new: Any) -> Value | None:  # noqa: ANN401  # whatever the driver gives
    if isinstance(old, (int, float)):
        try:
            return type(old)(new)
        except (TypeError, ValueError):
            return None
    if not isinstance(old, str) or isinstance(new, bytes):
        return None
    text = str(new)
    bare = old.strip(" %")
    if text.isdecimal() and bare.isdecimal():
        text = text.zfill(len(bare)) if bare.startswith("0") else text
    elif bare.isupper() and not text.isupper():
        text = text.upper()
    elif bare.islower() and not text.islower():
        text = text.lower()
    return old.replace(bare, text, 1) if bare else None
