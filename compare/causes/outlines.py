"""What is kept of a statement's template: its tables, the columns it compares, counts and groups by, and what each placeholder is there for."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

AGGREGATES = frozenset({"sum", "avg", "min", "max", "total", "stddev", "variance", "median", "percentile_cont"})
"""Functions that make one number of many rows, but for counting."""

ROWS = "*"
"""The name of a column that stands for the rows of its table."""


class Column(NamedTuple):
    """A column as a statement names it. `table` is the table's own name, None where the statement does not tell it."""

    table: str | None
    name: str

    def __str__(self) -> str:
        """`Table.Column`, the column alone, or the table alone where it is about its rows."""
        if self.name == ROWS:
            return self.table or "the query"
        return f"{self.table}.{self.name}" if self.table else self.name


class Role(StrEnum):
    """What a placeholder is there for."""

    COMPARED = "compared"  # with a column, in WHERE, ON or HAVING
    WRITTEN = "written"  # into a column
    LIMITING = "limiting"  # a number of rows
    FIGURE = "figure"  # a column of the result (SELECT 1), or what something computed is compared with (HAVING count(*) > 5)
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Placeholder:
    """One placeholder. `column` is what it is compared with or written to, None where that is no plain column; `operator` in lower case. What is
    compared in the select list (`sum(state = ?)`) chooses no rows: `chooses` is False.
    """

    role: Role
    column: Column | None = None
    operator: str = ""
    chooses: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """What a template says. Words are in lower case but for names.

    `tables` in the order of the statement. `selected` are aggregate functions of the select list with their column. `counts` tells that it counts,
    `null_tests` are columns compared with NULL, `anti` that it looks for rows without partners (NOT EXISTS, NOT IN, EXCEPT, an outer join whose
    partner is NULL), `outer` are the tables that need not have a partner. `grouped`, `ordered` are columns of GROUP BY and ORDER BY; `having`
    functions in HAVING; `patterned` tells that text is matched with an expression, `measured` the columns whose text is taken apart in WHERE,
    `calendar` that dates are reckoned with, `dated` that the result is nothing but parts of dates, `renamed` are columns that the result calls
    otherwise.
    """

    verb: str
    tables: tuple[str, ...] = ()
    placeholders: tuple[Placeholder, ...] = ()
    selected: tuple[tuple[str, Column | None], ...] = ()
    counts: bool = False
    distinct: bool = False
    null_tests: tuple[Column, ...] = ()
    anti: bool = False
    outer: frozenset[str] = frozenset()
    grouped: tuple[Column, ...] = ()
    ordered: tuple[Column, ...] = ()
    limited: bool = False
    paged: bool = False
    having: tuple[tuple[str, Column | None], ...] = ()
    patterned: bool = False
    measured: tuple[Column, ...] = ()
    calendar: tuple[Column, ...] = ()
    dated: bool = False
    flags: tuple[Column, ...] = ()
    selected_columns: tuple[Column, ...] = ()
    renamed: tuple[tuple[str, Column], ...] = ()
    computed: tuple[str, ...] = ()

    def resolved(self, name: str) -> Column:
        """The column of a result called `name`, with its table where the statement tells it."""
        wanted = name.casefold()
        for column in self.selected_columns:
            if column.name.casefold() == wanted:
                return column
        unnamed = [column for function, column in self.selected if function == wanted.partition("(")[0]]  # min, max(amount)
        return unnamed[0] if len(unnamed) == 1 and unnamed[0] else Column(self.tables[0] if len(self.tables) == 1 else None, name)

    def origin(self, name: str) -> Column:
        """The column of a table that a result calls `name`: `t.id` of `t.id AS trip_id`."""
        return next((column for alias, column in self.renamed if alias.casefold() == name.casefold()), None) or self.resolved(name)

    @property
    def aggregates(self) -> bool:
        """Whether one number is made of many rows, other than by counting them."""
        return any(function in AGGREGATES for function, _ in self.selected)
