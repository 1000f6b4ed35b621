"""What a deep record says of the database: statements, what was bound to them and what came of them (docs/deep.md).

Values travel as keyed fingerprints, as harness.model.deep says.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache
from typing import Self

from harness.model.vocabulary import Phase

_NO_DATA = re.compile(
    r"\A(?:pragma|show|set|explain|describe)\b|\b(?:sqlite_\w+|pg_catalog|pg_\w+|information_schema)\b|\A\s*select\s+(?:current_\w+|version|database)\(\)\Z",
    re.IGNORECASE,
)
_AGGREGATE = re.compile(r"\s*select\s+(?:(?:coalesce|round|ifnull|cast)\s*\(\s*)*(?:count|sum|avg|min|max|total)\s*\(", re.IGNORECASE)
_GROUPED = re.compile(r"\bgroup\s+by\b", re.IGNORECASE)
_SEVERAL = re.compile(r"\?(?:\s*,\s*\?)+")


class RowOrder(StrEnum):
    """How rows came, by one of their columns."""

    ASCENDING = "asc"
    DESCENDING = "desc"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeepPlace:
    """A line of a file. `path` is relative to the suite's root."""

    path: str
    line: int

    def __str__(self) -> str:
        """As editors and terminals take it."""
        return f"{self.path}:{self.line}"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeepValue:
    """A value that was bound, sent or asked for.

    `type` is its kind (`int`, `str`, `date`, ...), `format` what a text looks like (`email`, `uuid`, `date`, ...), None where nothing is known.
    `fingerprints` are of its canonical spellings, none for what identifies nobody: the first is that of the whole value, another that of the text
    between wildcards. `magnitude` is the class of a number or moment. `name` is what it is called: the parameter, the key of a query or (with dots,
    `[]` for any element) of a body. `inline` tells that it stood in the text of a statement.
    """

    type: str
    format: str | None = None
    fingerprints: tuple[str, ...] = ()
    magnitude: int | None = None
    name: str | None = None
    inline: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DeepColumn:
    """One column of the rows that were fetched, as far as rows were looked at.

    `types` and `formats` are those seen, sorted. `distinct` is the magnitude class of how many different values there were (None left out), `values`
    their fingerprints where they were few, else None. `order` says how rows came by this column, None where it has fewer than two different values
    or values that cannot be compared. `low` and `high` are the magnitude classes of the smallest and the largest number or moment.
    """

    name: str
    types: tuple[str, ...] = ()
    formats: tuple[str, ...] = ()
    null: bool = False
    distinct: int = 0
    values: tuple[str, ...] | None = None
    order: RowOrder | None = None
    low: int | None = None
    high: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeepStatement:
    """One SQL statement.

    `sql` is a template: inline literals are `?`, comments are left out. `parameters` stand in the order of its placeholders (of the first executions
    of several, `sets` says how many there were). `fetched` counts the rows that were fetched, `exhausted` tells that there were no more; `affected`
    is what the driver said of a statement that writes, None for others. `at` is the innermost line of the suite's own files that issued it, `through`
    the lines of any files under the root, innermost first.
    """

    sql: str
    parameters: tuple[DeepValue, ...] = ()
    fetched: int = 0
    affected: int | None = None
    exhausted: bool = False
    failed: bool = False
    sets: int = 1
    columns: tuple[DeepColumn, ...] = ()
    at: DeepPlace | None = None
    through: tuple[DeepPlace, ...] = ()
    phase: Phase = Phase.CALL
    driver: str = ""

    @property
    def rows(self) -> int:
        """Rows touched: fetched or affected."""
        return self.fetched + (self.affected or 0)

    @property
    def found_nothing(self) -> bool:
        """Whether it fetched the one row of a count, a sum or the like, and that says that there was nothing to count."""
        if self.fetched != 1 or not self.columns or not _AGGREGATE.match(self.sql) or _GROUPED.search(self.sql):
            return False
        return all(not column.types or (column.low == 0 and column.high == 0) for column in self.columns)

    @property
    def touches_data(self) -> bool:
        """Whether it is about data, and not about the schema or the connection."""
        return touches_data(self.sql)

    @property
    def touched(self) -> int:
        """Rows touched, where a row that says there was nothing is none."""
        return (self.affected or 0) if self.found_nothing else self.rows

    def slim(self) -> Self:
        """How many rows it touched, without parameters, columns and the way it came. A row that says there was nothing is none."""
        return replace(self, parameters=(), columns=(), through=(), fetched=0 if self.found_nothing else self.fetched)

    @property
    def shape(self) -> str:
        """The template with lists of placeholders as one, however long they are: what both sides' statements are matched by."""
        return _shape(self.sql)


@lru_cache(maxsize=8192)
def touches_data(sql: str) -> bool:
    """Whether a statement is about data, and not about the schema or the connection."""
    return _NO_DATA.search(sql) is None


@lru_cache(maxsize=8192)
def _shape(sql: str) -> str:
    return _SEVERAL.sub("?", sql)
