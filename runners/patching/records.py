"""Which record a test may take instead of the one that is written in it: any that has what the test relies on."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from harness.model.canonical import canonical
from harness.model.coupling import LiteralForm, LiteralSource
from runners.patching.dataset import quoted, select
from runners.patching.naming import plural, singular, snake
from runners.patching.source import UnpatchableError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from runners.identity.schema import Table
    from runners.patching.asked import Case, Spot, Touched
    from runners.patching.dataset import Dataset
    from runners.patching.facts import CodeFacts, Threshold

    Row = dict[str, Any]

_SHORTEST = 2
_TELLING = 4
_LARGE = 1000
_LISTED = {LiteralSource.PARAMETRIZE, LiteralSource.DATA_FILE}
_NOT_EXPECTED = {LiteralSource.COMMENT, LiteralSource.DOCSTRING}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ref:
    """What stands for a value: `fields` of the `row`-th row of a record, joined by spaces. `stored` is how legacy holds it."""

    record: int
    row: int
    fields: tuple[str, ...]
    stored: tuple[Any, ...] = field(repr=False)


@dataclass(slots=True, kw_only=True)
class Record:
    """One kind of record: a table, the rows of legacy that the tests ask for, and what is needed of any that stands in their place."""

    table: Table
    rows: list[Row] = field(default_factory=list, repr=False)
    conditions: list[str] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    extra: dict[str, str] = field(default_factory=dict)
    """Columns that are worked out: name -> SQL."""


@dataclass(slots=True, kw_only=True)
class Choice:
    """The records of a test function, and what stands for the values at their spots. `rows` says how many rows of each are taken."""

    records: list[Record] = field(default_factory=list)
    refs: dict[Spot, Ref] = field(default_factory=dict)
    lost: dict[Spot, str] = field(default_factory=dict)
    """Expected values that rows share and no row of shadow has, by place: the column."""
    public: set[Spot] = field(default_factory=set)
    """Expected values that shadow has, too."""
    partial: set[Spot] = field(default_factory=set)
    """Texts that are part of what the record has, and are left as they are."""


def choose(cases: Sequence[Case], facts: CodeFacts, legacy: Dataset, shadow: Dataset) -> Choice:
    """Find the rows of legacy behind the values of tests, and conditions that rows of both sides meet.

    Raises UnpatchableError where there are none.
    """
    chooser = _Chooser(facts, legacy, shadow)
    found = [chooser.asked(case) for case in cases]
    for case, rows in zip(cases, found, strict=True):
        chooser.expected(case, rows)
    for number in range(len(chooser.choice.records)):
        chooser.conditions(number, cases)
    return chooser.choice


class _Chooser:
    def __init__(self, facts: CodeFacts, legacy: Dataset, shadow: Dataset) -> None:
        self.choice = Choice()
        self._facts = facts
        self._legacy = legacy
        self._shadow = shadow
        self._required: dict[int, list[str]] = {}
        self._words: dict[str, str] = {}

    def asked(self, case: Case) -> list[tuple[int, int]]:
        """The records and rows that a case asks for by the values that explain it."""
        spots = [spot for spot in case.spots if spot.entity]
        if not spots:
            raise UnpatchableError("the value stands nowhere in the source: it is put together, or read from the database, while the suite runs")
        rows: list[tuple[Spot, Table, tuple[str, ...], Row]] = []
        for spot in spots:
            place = self._legacy.records.table(spot.entity or "")
            if place is None or self._shadow.records.table(spot.entity or "") is None:
                raise UnpatchableError(f"{spot.entity} is not in both databases")
            if not isinstance(spot.value, bytes) and (row := self._legacy.holding(*place, spot.value)) is not None:
                rows.append((spot, *place, row))
        if not rows:
            raise UnpatchableError("the record is not found in legacy's database by the value that stands in the source")
        rows.sort(key=lambda one: sum(self._parent(other[1], other[3], one[1], one[3]) is not None for other in rows))
        found: list[tuple[int, int]] = []
        for spot, table, columns, row in rows:
            here = self._place(table, row, found)
            if isinstance(here, Ref):
                self.choice.refs[spot] = self._of_parent(here, table, columns, row)
                continue
            if here not in found:
                found.append(here)
            self.choice.refs[spot] = Ref(record=here[0], row=here[1], fields=columns, stored=tuple(row[name] for name in columns))
        return found

    def _place(self, table: Table, row: Row, taken: Sequence[tuple[int, int]]) -> tuple[int, int] | Ref:
        """Where a row stands among the records; a reference to it where it belongs to a row that was placed before."""
        for number, record in enumerate(self.choice.records):
            if record.table.name == table.name:
                if row not in record.rows:
                    record.rows.append(row)
                return number, record.rows.index(row)
        for number, place in taken:
            other = self.choice.records[number]
            key = self._parent(other.table, other.rows[place], table, row)
            if key is not None:
                return Ref(record=number, row=place, fields=(key,), stored=(other.rows[place][key],))
        self.choice.records.append(Record(table=table, rows=[row]))
        return len(self.choice.records) - 1, 0

    def _parent(self, table: Table, row: Row, other: Table, parent: Row) -> str | None:
        """The column of a row by which it refers to another."""
        if table.name == other.name:
            return None
        for key in table.foreign:
            if (
                key.table == other.name
                and len(key.columns) == 1
                and row[key.columns[0]] is not None
                and row[key.columns[0]] == parent.get(key.referred[0])
            ):
                return key.columns[0]
        return None

    def _of_parent(self, child: Ref, table: Table, columns: tuple[str, ...], row: Row) -> Ref:
        """Values of a row to which another refers: its key stands there, the others are looked up."""
        record = self.choice.records[child.record]
        key = next(one for one in record.table.foreign if one.columns[0] == child.fields[0] and one.table == table.name)
        names = []
        for name in columns:
            if name == key.referred[0]:
                names.append(child.fields[0])
                continue
            alias = f"{snake(table.bare)}_{snake(name)}"
            parent, own = self._legacy.table(table), self._legacy.table(record.table)
            joined = f"{parent}.{self._legacy.name(key.referred[0])} = {own}.{self._legacy.name(key.columns[0])}"
            record.extra[alias] = select(self._legacy.name(name), parent, joined)
            names.append(alias)
        return Ref(record=child.record, row=child.row, fields=tuple(names), stored=tuple(row[name] for name in columns))

    def expected(self, case: Case, rows: Sequence[tuple[int, int]]) -> None:
        """What else the case writes down of the same records: as a column, or as a condition where the shadow holds it, too."""
        for spot in case.spots:
            if spot in self.choice.refs or spot.source in _NOT_EXPECTED or spot.form is LiteralForm.PART:
                continue
            same = next((ref for other, ref in self.choice.refs.items() if other in case.spots and _is_again(other, spot)), None)
            if same is not None:
                self.choice.refs[spot] = same
                continue
            for number, place in rows:
                if self._expected(spot, number, place, case):
                    break

    def _expected(self, spot: Spot, number: int, place: int, case: Case) -> bool:
        record = self.choice.records[number]
        row = record.rows[place]
        if isinstance(spot.value, str) and len(spot.value) >= _SHORTEST:
            return self._text(spot, number, place)
        if isinstance(spot.value, bool) or not isinstance(spot.value, int | float):
            return False
        if spot.value not in self._facts.equal and spot.source not in _LISTED:
            return False
        for name, value in row.items():
            if _same_number(value, spot.value) and name in self._facts.named:
                self.choice.refs[spot] = Ref(record=number, row=place, fields=(name,), stored=(value,))
                return True
        for alias, sql, value in self._worked_out(record, row, case.touched):
            if spot.value and _same_number(value, spot.value):
                record.extra[alias] = sql
                self.choice.refs[spot] = Ref(record=number, row=place, fields=(alias,), stored=(value,))
                return True
        return False

    def _text(self, spot: Spot, number: int, place: int) -> bool:
        """A text that the record has: what many rows share and shadow has, too, is a condition; anything else is what the record has."""
        record = self.choice.records[number]
        row, spelled = record.rows[place], canonical(spot.value)
        texts = {name: value for name, value in row.items() if isinstance(value, str) and value}
        for name, value in texts.items():
            if canonical(value) != spelled:
                continue
            is_shared = self._legacy.is_enumeration(record.table, name)
            is_known = self._shadow.holds(record.table, name, value)
            if is_known:
                self.choice.public.add(spot)
            if is_known and is_shared and spot.source not in _LISTED and all(other[name] == value for other in record.rows):
                self._need(number, f"{self._legacy.name(name)} = {quoted(value)}", f"{name}_{value}")
                return True
            self.choice.refs[spot] = Ref(record=number, row=place, fields=(name,), stored=(value,))
            if is_shared and not is_known:
                self.choice.lost[spot] = f"{record.table.name}.{name}"
            return True
        for one, other in itertools.permutations(texts, 2):
            if canonical(f"{texts[one]} {texts[other]}") == spelled:
                self.choice.refs[spot] = Ref(record=number, row=place, fields=(one, other), stored=(texts[one], texts[other]))
                return True
        if self._parent_text(spot, number, place):
            return True
        if len(str(spot.value)) >= _TELLING and any(str(spot.value).casefold() in value.casefold() for value in texts.values()):
            self.choice.partial.add(spot)
        return False

    def _parent_text(self, spot: Spot, number: int, place: int) -> bool:
        """A text of a row to which the record refers."""
        record = self.choice.records[number]
        row = record.rows[place]
        for key in record.table.foreign:
            found = self._legacy.records.table(f"{key.table}.{key.referred[0]}") if len(key.columns) == 1 and key.table != record.table.name else None
            parent = self._legacy.holding(found[0], (key.referred[0],), row[key.columns[0]]) if found and row[key.columns[0]] is not None else None
            for name, value in (parent or {}).items():
                if (
                    found
                    and isinstance(value, str)
                    and value
                    and canonical(value) == canonical(spot.value)
                    and not self._shadow.holds(found[0], name, value)
                ):
                    child = Ref(record=number, row=place, fields=(key.columns[0],), stored=(row[key.columns[0]],))
                    self.choice.refs[spot] = self._of_parent(child, found[0], (name,), parent or {})
                    return True
        return False

    def _worked_out(self, record: Record, row: Row, touched: Iterable[Touched]) -> Iterator[tuple[str, str, Any]]:
        """Counts and sums over the rows that refer to a row, of tables that the test touches: name, SQL, value on legacy."""
        for other, where, key in self._referring(record.table, touched):
            where_row = where.replace(f"{self._legacy.table(record.table)}.{self._legacy.name(key)}", quoted(row[key]))
            table = self._legacy.table(other)
            yield plural(other.bare), select("count(*)", table, where), self._legacy.scalar(select("count(*)", table, where_row))
            keys = {*other.primary, *(name for found in other.foreign for name in found.columns)}
            for column in other.columns:
                if column.name in keys or column.family not in {"number", "other"}:
                    continue
                summed = self._legacy.summed(column.name, is_whole=column.family == "number")
                value = self._legacy.scalar(select(summed, table, where_row))
                yield f"sum_of_{snake(column.name)}", select(summed, table, where), value

    def _referring(self, table: Table, touched: Iterable[Touched]) -> Iterator[tuple[Table, str, str]]:
        """Tables that refer to one and that the test touches: with the condition that joins them, and the column referred to."""
        names = {name.casefold().rpartition(".")[2] for one in touched for name in one.tables}
        for reference in self._legacy.records.references(table):
            place = self._legacy.records.table(f"{reference.table}.{reference.column}")
            if place is None or place[0].bare.casefold() not in names or place[0].name == table.name:
                continue
            own = f"{self._legacy.table(table)}.{self._legacy.name(reference.referred)}"
            yield place[0], f"{self._legacy.table(place[0])}.{self._legacy.name(reference.column)} = {own}", reference.referred

    def conditions(self, number: int, cases: Sequence[Case]) -> None:
        """Set what rows have to meet, and see that both sides have enough of them. Raises UnpatchableError."""
        record = self.choice.records[number]
        for ref in self.choice.refs.values():
            if ref.record == number:
                self._not_null(number, ref.fields)
        self._not_null(number, [name for name in record.rows[0] if name in self._facts.named])
        for threshold in self._facts.thresholds:
            self._threshold(number, threshold, cases)
        for case in cases:
            self._children(number, case)
        count = len(record.rows)
        needed = list(dict.fromkeys(self._required.get(number, ())))
        for side, dataset in (("legacy", self._legacy), ("shadow", self._shadow)):
            if not dataset.has(record.table, _all(needed), count):
                missing = next((one for one in needed if not dataset.has(record.table, one, count)), "all that the test relies on")
                raise UnpatchableError(f"{side} holds no {record.table.name} of which the test would hold ({missing}): it needs a synthetic case")
        record.conditions[:] = needed
        record.words[:] = [self._words[one] for one in needed]

    def _not_null(self, number: int, names: Iterable[str]) -> None:
        record = self.choice.records[number]
        for name in dict.fromkeys(names):
            if name not in record.rows[0] or name in record.table.primary:
                continue
            column = self._legacy.name(name)
            empty = {row[name] is None for row in record.rows}
            if empty == {False} and any(side.has(record.table, f"{column} IS NULL") for side in (self._legacy, self._shadow)):
                self._need(number, f"{column} IS NOT NULL", name)
            elif empty == {True}:
                self._need(number, f"{column} IS NULL", f"no_{name}")

    def _threshold(self, number: int, threshold: Threshold, cases: Sequence[Case]) -> None:
        """A number that something of the record exceeds: its column, or else what is counted or added up."""
        record = self.choice.records[number]
        limit = f"{threshold.sign} {threshold.number}"
        if threshold.column is not None and (column := record.table.column(threshold.column)) is not None:
            if all(_exceeds(row[column.name], threshold) for row in record.rows):
                self._need(number, f"{self._legacy.name(column.name)} {limit}", column.name)
            return
        touched = [one for case in cases for one in case.touched]
        counts = threshold.counts or any(one.counts for one in touched)
        sums = {f"sum_of_{snake(name)}" for one in touched for name in one.sums}
        for alias, sql, value in self._worked_out(record, record.rows[0], touched):
            if (alias in sums or (counts and not alias.startswith("sum_of_"))) and _exceeds(value, threshold):
                self._need(number, f"({sql}) {limit}", alias)
                return

    def _children(self, number: int, case: Case) -> None:
        """Rows that refer to the record, where the test looks at them: some, none, or exactly one."""
        record = self.choice.records[number]
        texts = {str(spot.value) for spot in case.spots if isinstance(spot.value, str) and spot.form is LiteralForm.WRITTEN}
        known = {sql for sql in record.extra.values() if sql.startswith("SELECT count(*)")}
        for other, where, key in self._referring(record.table, case.touched):
            table = self._legacy.table(other)
            own = f"{self._legacy.table(record.table)}.{self._legacy.name(key)}"
            counts = [self._legacy.scalar(select("count(*)", table, where.replace(own, quoted(row[key])))) for row in record.rows]
            if all(count == 0 for count in counts):
                self._need(number, f"NOT EXISTS ({select('1', table, where)})", f"no_{plural(other.bare)}")
                continue
            if any(count == 0 for count in counts) or select("count(*)", table, where) in known:
                continue
            alike = [condition for row in record.rows for condition in self._alike(other, where.replace(own, quoted(row[key])), texts)]
            narrowed = " AND ".join([where, *dict.fromkeys(alike)])
            self._need(number, f"EXISTS ({select('1', table, narrowed)})", plural(other.bare))
            if all(count == 1 for count in counts) and self._facts.alone:
                self._need(number, f"({select('count(*)', table, where)}) = 1", f"one_{singular(other.bare)}")

    def _alike(self, other: Table, where: str, texts: set[str]) -> Iterator[str]:
        """What all the referring rows have in common and the test writes down."""
        table = self._legacy.table(other)
        for column in other.columns:
            if column.family != "text":
                continue
            values = self._legacy.rows(select(f"DISTINCT {self._legacy.name(column.name)}", table, where))
            if len(values) == 1 and values[0][0] in texts and self._shadow.holds(other, column.name, values[0][0]):
                yield f"{table}.{self._legacy.name(column.name)} = {quoted(values[0][0])}"

    def _need(self, number: int, condition: str, word: str) -> None:
        self._required.setdefault(number, []).append(condition)
        self._words[condition] = snake(word)


def _is_again(known: Spot, spot: Spot) -> bool:
    """Whether a value that explains the divergence stands once more: a text, or a number that is too large to stand there by chance."""
    if known.entity is None or type(known.value) is not type(spot.value) or known.value != spot.value:
        return False
    return isinstance(spot.value, str) or (isinstance(spot.value, int) and abs(spot.value) >= _LARGE)


def _all(conditions: Sequence[str]) -> str:
    return " AND ".join(conditions) or "1 = 1"


def _same_number(value: object, expected: float) -> bool:
    if value is None or isinstance(value, bool | str | bytes):
        return False
    try:
        return abs(float(value) - float(expected)) < 1e-9  # type: ignore[arg-type]  # what has no number raises
    except (TypeError, ValueError):
        return False


def _exceeds(value: object, threshold: Threshold) -> bool:
    try:
        number = float(value)  # type: ignore[arg-type]  # what has no number raises
    except (TypeError, ValueError):
        return False
    return {">": number > threshold.number, ">=": number >= threshold.number, "<": number < threshold.number, "<=": number <= threshold.number}[
        threshold.sign
    ]
