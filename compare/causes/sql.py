"""What a statement's template says of its values and its result: columns, functions, conditions, placeholders.

It reads SELECT, INSERT, UPDATE and DELETE as the deep probe writes them. What it does not understand it leaves out: then less is known of the
statement, and nothing wrong.
"""

from __future__ import annotations

import re
from functools import cached_property, lru_cache

from compare.causes.clauses import Clauses
from compare.causes.outlines import AGGREGATES, ROWS, Column, Outline
from compare.causes.placeholders import placeholder
from compare.causes.words import words

_PLACEHOLDER = re.compile(r"\A(?:\?|:[A-Za-z_]\w*)\Z")
_TEXTUAL = frozenset({"regexp", "rlike", "glob", "similar", "~", "~*"})
_COUNTING = frozenset({"count"})
_CALENDAR = words(
    """date datetime julianday strftime now current_date current_timestamp extract date_trunc year month day dayofweek datediff date_sub date_add age
    getdate curdate unixepoch localtimestamp date_part interval"""
)
_MEASURING = frozenset(
    {"length", "char_length", "len", "upper", "lower", "instr", "substr", "substring", "regexp_like", "ascii", "unicode", "octet_length"}
)


_CUTTING = frozenset({"substr", "substring", "left"})
_MOMENTS = words("at on date day datetime time timestamp month year since until")
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")


def _says_moment(name: str) -> bool:
    """Whether a column is called like a moment, the year of which is cut off: `substr(placed_at, 1, 4)`."""
    return (_WORD.findall(name) or [""])[-1].lower() in _MOMENTS


@lru_cache(maxsize=4096)
def outline(sql: str) -> Outline:
    """The outline of a template."""
    return _Reader(sql).outline()


class _Reader(Clauses):
    def outline(self) -> Outline:
        words, clauses = self.words, self.clauses
        select_list = [place for place, clause in enumerate(clauses) if clause == "select"]
        having = [place for place, clause in enumerate(clauses) if clause == "having"]
        filters = [place for place, clause in enumerate(clauses) if clause in {"where", "having", "on"}]
        nulls = self._null_tests()
        inner = any(
            words[place] == "exists" and "not" in {self.at(place - 1), *([self.at(place - 2)] if self.at(place - 1) == "(" else [])}
            for place in filters
        )
        inner |= len(self.tables) > 1 and "except" in words
        inner |= any(words[place] == "in" and "select" in words[place + 1 : place + 3] and self._is_negated(place) for place in filters)
        return Outline(
            verb=words[0] if words else "",
            tables=tuple(self.tables),
            placeholders=tuple(placeholder(self, place) for place, token in enumerate(self.tokens) if _PLACEHOLDER.match(token)),
            selected=self._functions(select_list),
            counts=any(words[place] in _COUNTING and self.at(place + 1) == "(" for place in select_list),
            distinct="distinct" in words,
            null_tests=nulls,
            outer=frozenset(table for table in self.tables if table.casefold() in self.outer),
            anti=inner or any((column.table or "").casefold() in self.outer for column in nulls),
            grouped=self._columns_of("group") or self._grouped_by_number(select_list),
            ordered=self._columns_of("order"),
            limited=bool({"limit", "fetch", "top"} & set(words)),
            paged="offset" in words,
            having=(*self._functions(having), *self._by_alias(having, select_list)),
            renamed=tuple((self.name(place + 1), column) for place in select_list if (column := self._renamed(place)) is not None),
            patterned=any(words[place] in _TEXTUAL for place in filters),
            dated=bool(self._inside(select_list, _CALENDAR)) and not self._functions(select_list) and not self._selected_columns(select_list),
            measured=tuple(column for column in self._inside(filters, _MEASURING - {"upper", "lower"}) if not _says_moment(column.name)),
            calendar=self._inside([place for place in range(len(words)) if not self._is_of_duration(place)], _CALENDAR)
            or tuple(column for column in (*self._inside(filters, _CUTTING), *self._beside(filters)) if _says_moment(column.name)),
            selected_columns=self._selected_columns(select_list),
            flags=tuple(dict.fromkeys(column for place in filters if self._is_flag(place) and (column := self.column(place)) is not None)),
            computed=tuple(self.name(place) for place in select_list if self.is_name(place) and self._is_result_of_function(place)),
        )

    def _beside(self, places: list[int]) -> list[Column]:
        """The columns that must be more or less than another of the same row: `shipped_on > required_on`."""
        compared = (place for place in places if self.words[place] in {"<", "<=", ">", ">="} and self.is_name(place + 1))
        return [column for place in compared if (column := self.left_of(place)) is not None]

    def _is_negated(self, place: int) -> bool:
        """`x NOT IN`, and `NOT (x IN ...)` as object mappers write it."""
        at = place - 1
        while self.is_name(at) or self.at(at) in {".", "("}:
            at -= 1
        return self.at(at) == "not"

    def _grouped_by_number(self, select_list: list[int]) -> tuple[Column, ...]:
        """GROUP BY 1: the first plain column, or the rows."""
        first = self._selected_columns(select_list)[:1] or (Column(self.tables[0] if self.tables else None, ROWS),)
        return first if "group" in self.clauses else ()

    def _functions(self, places: list[int]) -> tuple[tuple[str, Column | None], ...]:
        known = AGGREGATES | _COUNTING
        return tuple(
            (self.words[place], self._first_column(place + 1)) for place in places if self.words[place] in known and self.at(place + 1) == "("
        )

    def _by_alias(self, places: list[int], select_list: list[int]) -> list[tuple[str, Column | None]]:
        """The functions that a clause names by what the select list calls their results: `HAVING n > 5` of `count(*) AS n`."""
        called = {}
        for place in select_list:
            for function in self._functions([place]):
                end = next((at for at in range(place + 2, len(self.words)) if self.words[at] == ")" and self.depths[at] == self.depths[place]), place)
                alias = end + 2 if self.at(end + 1) == "as" else end + 1
                if self.is_name(alias):
                    called[self.words[alias]] = function
        return [called[self.words[place]] for place in places if self.words[place] in called and self.at(place - 1) != "."]

    def _renamed(self, place: int) -> Column | None:
        """The column in front of AS: `t.id AS trip_id`."""
        return self.column(place - 1) if self.words[place] == "as" and self.is_name(place + 1) and self.at(place - 2) == "." else None

    def _first_column(self, opening: int) -> Column | None:
        depth = self.depths[opening]
        for place in range(opening + 1, len(self.words)):
            if self.depths[place] < depth:
                return None
            if self.is_name(place) and self.at(place + 1) not in {".", "("} and self.words[place] not in _CALENDAR:
                return self.column(place)
        return None

    def _inside(self, places: range | list[int], functions: frozenset[str]) -> tuple[Column, ...]:
        calls = (place for place in places if self.words[place] in functions and self.at(place + 1) == "(")
        return tuple(dict.fromkeys(column for place in calls if (column := self._first_column(place + 1)) is not None))

    def _columns_of(self, clause: str) -> tuple[Column, ...]:
        places = (place for place, one in enumerate(self.clauses) if one == clause and self.at(place) not in {clause, "by"})
        return tuple(dict.fromkeys(column for place in places if self.at(place + 1) != "." and (column := self.column(place)) is not None))

    def _selected_columns(self, places: list[int]) -> tuple[Column, ...]:
        ends = (place for place in places if self.at(place + 1) in {",", "from"} and self.at(place - 1) not in {"as", ")"})
        return tuple(dict.fromkeys(column for place in ends if (column := self.column(place)) is not None and column.table))

    def _is_result_of_function(self, place: int) -> bool:
        """`total` of `sum(amount) AS total`."""
        before = place - 2 if self.at(place - 1) == "as" else place - 1
        outer = self.depths[place] == self.depths[0] or (self.at(0) == "with" and self.at(place) in self._outermost)
        return self.at(before) == ")" and self.at(place + 1) in {",", "from"} and outer

    @cached_property
    def _outermost(self) -> frozenset[str]:
        """Words that stand in no parentheses: what a common table expression works out is selected by its name."""
        return frozenset(word for word, depth in zip(self.words, self.depths, strict=True) if depth == 0)

    def _is_of_duration(self, place: int) -> bool:
        """`julianday(departed) - julianday(arrived)` in the select list: how long each took, and no period. Between extremes: how far dates reach."""
        if self.clauses[place] != "select" or self.at(place + 1) != "(" or self.at(place + 2) in AGGREGATES:
            return False
        depth = self.depths[place]
        end = next((at for at in range(place + 2, len(self.words)) if self.depths[at] == depth and self.at(at) == ")"), place)
        return "-" in {self.at(place - 1), self.at(end + 1)}

    def _null_tests(self) -> tuple[Column, ...]:
        found = []
        for place, word in enumerate(self.words):
            summed = self.clauses[place] == "select" and {"sum", "count"} & set(self.words[max(0, place - 8) : place])  # sum(fax IS NULL)
            tested = word == "is" and "null" in self.words[place + 1 : place + 3] and (summed or self.clauses[place] in {"where", "having", "on"})
            if tested and (column := self.left_of(place)) is not None:
                found.append(column)
        return tuple(dict.fromkeys(found))

    def _is_flag(self, place: int) -> bool:
        """Whether a column stands for a condition by itself: WHERE barred AND NOT gone."""
        first = place
        while self.at(first - 1) == "." and self.is_name(first - 2):
            first -= 2
        ends = {"", "and", "or", ")", "limit", "order", "group", "having", ";", "offset", "union"}
        return (
            self.is_name(place)
            and self.at(first - 1) in {"where", "and", "or", "not", "("}
            and self.at(place + 1) in ends
            and not self._in_call(first)
        )

    def _in_call(self, place: int) -> bool:
        """Whether a name is an argument, or stands in a list: lower(name), IN (name)."""
        at = place - 1
        while self.at(at) == "(":
            at -= 1
        return self.at(place - 1) == "(" and (self.is_name(at) or self.at(at) in {"in", "any", "all", "values", "by", "using", "between", "over"})
