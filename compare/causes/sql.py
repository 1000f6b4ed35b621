"""What a statement's template says of its values and its result, by a small tokenizer of its own: clauses, columns, functions, placeholders.

It reads SELECT, INSERT, UPDATE and DELETE as the deep probe writes them. What it does not understand it leaves out: then less is known of the
statement, and nothing wrong.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

from compare.causes.words import words

_TOKEN = re.compile(r"""\?|:[A-Za-z_]\w*|"[^"]*"|`[^`]*`|\[[^\]]*\]|[^\W\d][\w$]*|::|<=>|[<>=!~]+|[(),.*;+/-]""")
_PLACEHOLDER = re.compile(r"\A(?:\?|:[A-Za-z_]\w*)\Z")
_COMPARING = frozenset({"=", "<", ">", "<=", ">=", "<>", "!=", "==", "<=>", "like", "ilike", "in", "is", "regexp", "rlike", "glob", "match", "~"})
_TEXTUAL = frozenset({"regexp", "rlike", "glob", "similar", "~", "~*"})
_CLAUSES = frozenset({"select", "from", "where", "having", "limit", "offset", "fetch", "set", "values", "on", "group", "order", "into", "returning"})
_KEYWORDS = _CLAUSES | words(
    """and or not null by as join left right inner outer full cross distinct all case when then else end exists between asc desc using union insert
    update delete true false is in like ilike escape with recursive over partition top nulls first last cast interval top"""
)
AGGREGATES = frozenset({"sum", "avg", "min", "max", "total", "stddev", "variance", "median", "percentile_cont"})
"""Functions that make one number of many rows, but for counting."""
_COUNTING = frozenset({"count"})
_CALENDAR = words(
    """date datetime julianday strftime now current_date current_timestamp extract date_trunc year month day dayofweek datediff date_sub date_add age
    getdate curdate unixepoch localtimestamp date_part interval"""
)
_MEASURING = frozenset(
    {"length", "char_length", "len", "upper", "lower", "instr", "substr", "substring", "regexp_like", "ascii", "unicode", "octet_length"}
)


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
    """One placeholder. `column` is what it is compared with or written to, None where that is no plain column; `operator` in lower case."""

    role: Role
    column: Column | None = None
    operator: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """What a template says. Words are in lower case but for names.

    `tables` in the order of the statement. `selected` are aggregate functions of the select list with their column. `counts` tells that it counts,
    `null_tests` are columns compared with NULL, `anti` that it looks for rows without partners (NOT EXISTS, NOT IN, an outer join whose partner is
    NULL). `grouped`, `ordered` are columns of GROUP BY and ORDER BY; `having` functions in HAVING; `patterned` tells that text is matched with an
    expression, `measured` the columns whose text is taken apart in WHERE, `calendar` that dates are reckoned with.
    """

    verb: str
    tables: tuple[str, ...] = ()
    placeholders: tuple[Placeholder, ...] = ()
    selected: tuple[tuple[str, Column | None], ...] = ()
    counts: bool = False
    distinct: bool = False
    null_tests: tuple[Column, ...] = ()
    anti: bool = False
    grouped: tuple[Column, ...] = ()
    ordered: tuple[Column, ...] = ()
    limited: bool = False
    having: tuple[tuple[str, Column | None], ...] = ()
    patterned: bool = False
    measured: tuple[Column, ...] = ()
    calendar: tuple[Column, ...] = ()
    flags: tuple[Column, ...] = ()
    selected_columns: tuple[Column, ...] = ()
    computed: tuple[str, ...] = ()

    def resolved(self, name: str) -> Column:
        """The column of a result called `name`, with its table where the statement tells it."""
        wanted = name.casefold()
        for column in self.selected_columns:
            if column.name.casefold() == wanted:
                return column
        unnamed = [column for function, column in self.selected if function == wanted.partition("(")[0]]  # min, max(amount)
        return unnamed[0] if len(unnamed) == 1 and unnamed[0] else Column(self.tables[0] if len(self.tables) == 1 else None, name)

    @property
    def aggregates(self) -> bool:
        """Whether one number is made of many rows, other than by counting them."""
        return any(function in AGGREGATES for function, _ in self.selected)


@lru_cache(maxsize=4096)
def outline(sql: str) -> Outline:
    """The outline of a template."""
    return _Reader(_TOKEN.findall(sql)).outline()


class _Reader:
    def __init__(self, tokens: list[str]) -> None:
        self.tokens = tokens
        self.words = [token.lower() for token in tokens]
        self.clauses: list[str] = []
        self.depths: list[int] = []
        self._mark_clauses()
        self.outer: set[str] = set()
        self.aliases: dict[str, str] = {}
        self.tables: list[str] = []
        self._find_tables()

    def _mark_clauses(self) -> None:
        """The clause that each token stands in, and its depth in parentheses."""
        stack, depth = [""], 0
        for place, word in enumerate(self.words):
            if word == "(":
                stack.append(stack[-1])
                depth += 1
            elif word == ")" and depth:
                stack.pop()
                depth -= 1
            elif word in _CLAUSES and not (word in {"group", "order"} and self._at(place + 1) != "by") and self._at(place - 1) != ".":
                stack[-1] = word
            elif word == "join":
                stack[-1] = "from"
            self.clauses.append(stack[-1])
            self.depths.append(depth)

    def _at(self, place: int) -> str:
        return self.words[place] if 0 <= place < len(self.words) else ""

    def _is_name(self, place: int) -> bool:
        word = self._at(place)
        return bool(word) and (word[0] in '"`[' or (word[0].isalpha() or word[0] == "_")) and word not in _KEYWORDS

    def _name(self, place: int) -> str:
        token = self.tokens[place]
        return token[1:-1] if token[:1] in '"`[' else token

    def _find_tables(self) -> None:
        for place, word in enumerate(self.words):
            opens = word in {"from", "join", "into", "update"} or (word == "," and self.clauses[place] == "from" and self._is_name(place + 1))
            if not opens or not self._is_name(place + 1) or (word == "from" and self._in_function(place)):
                continue
            end = place + 1
            while self._at(end + 1) == "." and self._is_name(end + 2):
                end += 2
            table = self._name(end)
            if table not in self.tables:
                self.tables.append(table)
            self.aliases[table.casefold()] = table
            alias = end + 2 if self._at(end + 1) == "as" else end + 1
            named = self._name(alias) if self._is_name(alias) else table
            self.aliases[named.casefold()] = table
            if word == "join" and {"left", "full"} & {self._at(place - 1), self._at(place - 2)}:
                self.outer.add(table.casefold())

    def _in_function(self, place: int) -> bool:
        """`extract(year from ...)`, `substring(... from ...)`: no table follows."""
        back, depth = place, self.depths[place]
        while back > 0 and self.depths[back - 1] >= depth and depth:
            back -= 1
        return depth > 0 and "select" not in self.words[back:place]

    def _column(self, place: int) -> Column | None:
        """The column whose last word stands at a place."""
        if not self._is_name(place) or self._at(place + 1) == "(":
            return None
        if self._at(place - 1) == "." and self._is_name(place - 2):
            qualifier = self._name(place - 2)
            return Column(self.aliases.get(qualifier.casefold(), qualifier), self._name(place))
        return Column(self.tables[0] if len(self.tables) == 1 else None, self._name(place))

    def outline(self) -> Outline:
        words, clauses = self.words, self.clauses
        select_list = [place for place, clause in enumerate(clauses) if clause == "select"]
        having = [place for place, clause in enumerate(clauses) if clause == "having"]
        filters = [place for place, clause in enumerate(clauses) if clause in {"where", "having", "on"}]
        nulls = self._null_tests()
        inner = any(words[place] == "exists" and self._at(place - 1) == "not" for place in filters)
        inner |= any(words[place] == "in" and "select" in words[place + 1 : place + 3] and self._is_negated(place) for place in filters)
        return Outline(
            verb=words[0] if words else "",
            tables=tuple(self.tables),
            placeholders=tuple(self._placeholder(place) for place, token in enumerate(self.tokens) if _PLACEHOLDER.match(token)),
            selected=self._functions(select_list),
            counts=any(words[place] in _COUNTING and self._at(place + 1) == "(" for place in select_list),
            distinct="distinct" in words,
            null_tests=nulls,
            anti=inner or any((column.table or "").casefold() in self.outer for column in nulls),
            grouped=self._columns_of("group") or self._grouped_by_number(select_list),
            ordered=self._columns_of("order"),
            limited=bool({"limit", "fetch", "top"} & set(words)),
            having=self._functions(having),
            patterned=any(words[place] in _TEXTUAL for place in filters),
            measured=self._inside(filters, _MEASURING - {"upper", "lower"}),
            calendar=self._inside(range(len(words)), _CALENDAR),
            selected_columns=self._selected_columns(select_list),
            flags=tuple(dict.fromkeys(column for place in filters if self._is_flag(place) and (column := self._column(place)) is not None)),
            computed=tuple(self._name(place) for place in select_list if self._is_name(place) and self._is_result_of_function(place)),
        )

    def _is_negated(self, place: int) -> bool:
        """`x NOT IN`, and `NOT (x IN ...)` as object mappers write it."""
        at = place - 1
        while self._is_name(at) or self._at(at) in {".", "("}:
            at -= 1
        return self._at(at) == "not"

    def _grouped_by_number(self, select_list: list[int]) -> tuple[Column, ...]:
        """GROUP BY 1: the first plain column, or the rows."""
        first = self._selected_columns(select_list)[:1] or (Column(self.tables[0] if self.tables else None, ROWS),)
        return first if "group" in self.clauses else ()

    def _functions(self, places: list[int]) -> tuple[tuple[str, Column | None], ...]:
        known = AGGREGATES | _COUNTING
        return tuple(
            (self.words[place], self._first_column(place + 1)) for place in places if self.words[place] in known and self._at(place + 1) == "("
        )

    def _first_column(self, opening: int) -> Column | None:
        depth = self.depths[opening]
        for place in range(opening + 1, len(self.words)):
            if self.depths[place] < depth:
                return None
            if self._is_name(place) and self._at(place + 1) not in {".", "("} and self.words[place] not in _CALENDAR:
                return self._column(place)
        return None

    def _inside(self, places: range | list[int], functions: frozenset[str]) -> tuple[Column, ...]:
        calls = (place for place in places if self.words[place] in functions and self._at(place + 1) == "(")
        return tuple(dict.fromkeys(column for place in calls if (column := self._first_column(place + 1)) is not None))

    def _columns_of(self, clause: str) -> tuple[Column, ...]:
        places = (place for place, one in enumerate(self.clauses) if one == clause and self._at(place) not in {clause, "by"})
        return tuple(dict.fromkeys(column for place in places if self._at(place + 1) != "." and (column := self._column(place)) is not None))

    def _selected_columns(self, places: list[int]) -> tuple[Column, ...]:
        ends = (place for place in places if self._at(place + 1) in {",", "from"} and self._at(place - 1) not in {"as", ")"})
        return tuple(dict.fromkeys(column for place in ends if (column := self._column(place)) is not None and column.table))

    def _is_result_of_function(self, place: int) -> bool:
        """`total` of `sum(amount) AS total`."""
        before = place - 2 if self._at(place - 1) == "as" else place - 1
        return self._at(before) == ")" and self._at(place + 1) in {",", "from"} and self.depths[place] == self.depths[0]

    def _null_tests(self) -> tuple[Column, ...]:
        found = []
        for place, word in enumerate(self.words):
            summed = self.clauses[place] == "select" and {"sum", "count"} & set(self.words[max(0, place - 8) : place])  # sum(fax IS NULL)
            tested = word == "is" and "null" in self.words[place + 1 : place + 3] and (summed or self.clauses[place] in {"where", "having", "on"})
            if tested and (column := self._left_of(place)) is not None:
                found.append(column)
        return tuple(dict.fromkeys(found))

    def _is_flag(self, place: int) -> bool:
        """Whether a column stands for a condition by itself: WHERE barred AND NOT gone."""
        first = place
        while self._at(first - 1) == "." and self._is_name(first - 2):
            first -= 2
        ends = {"", "and", "or", ")", "limit", "order", "group", "having", ";", "offset", "union"}
        return (
            self._is_name(place)
            and self._at(first - 1) in {"where", "and", "or", "not", "("}
            and self._at(place + 1) in ends
            and not self._in_call(first)
        )

    def _in_call(self, place: int) -> bool:
        """Whether a name is an argument, or stands in a list: lower(name), IN (name)."""
        at = place - 1
        while self._at(at) == "(":
            at -= 1
        return self._at(place - 1) == "(" and (self._is_name(at) or self._at(at) in {"in", "any", "all", "values", "by", "using", "between", "over"})

    def _left_of(self, place: int) -> Column | None:
        """The column left of an operator, also inside of functions."""
        at = place - 1
        while self._at(at) == "not":
            at -= 1
        if self._at(at) == ")":
            depth = self.depths[at - 1]
            while at > 0 and self.depths[at - 1] >= depth:
                at -= 1
                if self._is_name(at) and self._at(at + 1) not in {".", "("}:
                    return self._column(at)
            return None
        return self._column(at)

    def _placeholder(self, place: int) -> Placeholder:
        clause, left = self.clauses[place], place - 1
        if clause in {"limit", "offset", "fetch"}:
            return Placeholder(Role.LIMITING)
        if clause == "values":
            return self._of_values(place)
        if clause == "select" and self._at(left) in {"select", "distinct", ","} and self.depths[place] == self.depths[self._clause_of(place)]:
            return Placeholder(Role.FIGURE)
        while self._at(left) == "(" or (self._is_name(left) and self._at(left + 1) == "(") or self._at(left) in {"not", "any", "all", "cast"}:
            left -= 1
        if self._at(left) in {",", "and"}:
            left = self._opening(left)
        operator = self._at(left)
        if operator in _COMPARING or operator[:1] in tuple("<>=!~") or operator == "between":
            column = self._left_of(left)
            if column is not None:
                return Placeholder(Role.WRITTEN if clause == "set" and operator == "=" else Role.COMPARED, column, operator)
            if self._at(left - 1) == ")" and {"count", "*"} & set(self.words[max(0, left - 4) : left]):
                return Placeholder(Role.FIGURE)
        return self._reversed(place)

    def _clause_of(self, place: int) -> int:
        """The word that opens the select list in which a place stands."""
        return next((at for at in range(place, -1, -1) if self.words[at] == "select" and self.depths[at] <= self.depths[place]), place)

    def _reversed(self, place: int) -> Placeholder:
        right = place + 1
        while self._at(right) == ")":
            right += 1
        operator = self._at(right)
        if operator != "is" and (operator in _COMPARING or operator[:1] in tuple("<>=!~")):
            for at in range(right + 1, min(right + 6, len(self.words))):
                if self._is_name(at) and self._at(at + 1) not in {".", "("}:
                    return Placeholder(Role.COMPARED, self._column(at), operator)
        return Placeholder(Role.OTHER)

    def _opening(self, left: int) -> int:
        """From a later value of IN (...) or BETWEEN ... AND ... back to the operator."""
        depth, word = self.depths[left], self._at(left)
        for at in range(left - 1, -1, -1):
            if word == "and" and self._at(at) == "between" and self.depths[at] == depth:
                return at
            if word == "," and self.depths[at] < depth:
                return at
            if self.depths[at] < depth or (word == "and" and self._at(at) in {"and", "or", "where"} and self.depths[at] == depth):
                return left
        return left

    def _of_values(self, place: int) -> Placeholder:
        if "into" in self.words[:place]:
            return Placeholder(Role.WRITTEN, self._inserted(place))
        column = self._joined(place)
        return Placeholder(Role.OTHER) if column is None else Placeholder(Role.COMPARED, column, "=")

    def _joined(self, place: int) -> Column | None:
        """JOIN (VALUES (?), (?)) AS w (id) ON w.id = t.id: what the column of the list is joined on."""
        listed = max(at for at in range(place) if self.words[at] == "values")
        begin = next(at for at in range(place - 1, listed - 1, -1) if self.words[at] in {"(", "values"})
        number = self.words[begin:place].count(",")
        end = next((at for at in range(place, len(self.words)) if self.depths[at] < self.depths[listed]), len(self.words))
        alias = end + 2 if self._at(end + 1) == "as" else end + 1
        names = [self.words[at] for at in range(alias + 2, len(self.words)) if self.words[at] != ","]
        if self._at(alias + 1) != "(" or number >= len(names) or ")" in names[: number + 1]:
            return None
        for at in range(alias + 2, len(self.words) - 2):
            if self.words[at : at + 3] == [self._at(alias), ".", names[number]]:
                after = at + 6 if self._at(at + 5) == "." else at + 4
                return self._column(after) if self._at(at + 3) == "=" else self._column(at - 2) if self._at(at - 1) == "=" else None
        return None

    def _inserted(self, place: int) -> Column | None:
        """INSERT INTO t (a, b) VALUES (?, ?): the column by its number."""
        values = max(at for at in range(place) if self.clauses[at] == "values" and self.words[at] == "values")
        depth, number = self.depths[values] + 1, 0
        for at in range(place - 1, values, -1):
            if self.words[at] == "(" and self.depths[at] == depth:
                break
            number += self.words[at] == "," and self.depths[at] == depth
        if "into" not in self.words or "(" not in self.words:
            return None
        begin, names = self.words.index("("), []
        for at in range(begin + 1, len(self.words)):
            if self.words[at] == ")":
                break
            if self._is_name(at):
                names.append(self._name(at))
        return Column(self.tables[0] if self.tables else None, names[number]) if number < len(names) else None
