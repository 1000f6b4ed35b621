"""A statement's template as words: the clause each stands in, its depth in parentheses, the tables and the columns that names stand for.

What it does not understand it leaves out.
"""

from __future__ import annotations

import re

from compare.causes.outlines import Column
from compare.causes.words import words

_TOKEN = re.compile(r"""\?|:[A-Za-z_]\w*|"[^"]*"|`[^`]*`|\[[^\]]*\]|[^\W\d][\w$]*|::|\|\||<=>|[<>=!~]+|[(),.*;+/-]""")
_CLAUSES = frozenset({"select", "from", "where", "having", "limit", "offset", "fetch", "set", "values", "on", "group", "order", "into", "returning"})
_KEYWORDS = _CLAUSES | words(
    """and or not null by as join left right inner outer full cross distinct all case when then else end exists between asc desc using union except
    intersect insert update delete true false is in like ilike escape with recursive over partition top nulls first last cast interval top"""
)


class Clauses:
    """A template taken apart: its words as they are written and in lower case. A place is the number of a word, counted from 0."""

    def __init__(self, sql: str) -> None:
        self.tokens: list[str] = _TOKEN.findall(sql)
        self.words = [token.lower() for token in self.tokens]
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
            elif word in _CLAUSES and not (word in {"group", "order"} and self.at(place + 1) != "by") and self.at(place - 1) != ".":
                stack[-1] = word
            elif word == "join":
                stack[-1] = "from"
            self.clauses.append(stack[-1])
            self.depths.append(depth)

    def at(self, place: int) -> str:
        """The word at a place in lower case, empty where there is none."""
        return self.words[place] if 0 <= place < len(self.words) else ""

    def is_name(self, place: int) -> bool:
        """Whether a place holds a name: quoted, or no keyword."""
        word = self.at(place)
        return bool(word) and (word[0] in '"`[' or (word[0].isalpha() or word[0] == "_")) and word not in _KEYWORDS

    def name(self, place: int) -> str:
        """The name at a place without its quotes."""
        token = self.tokens[place]
        return token[1:-1] if token[:1] in '"`[' else token

    def _find_tables(self) -> None:
        for place, word in enumerate(self.words):
            opens = word in {"from", "join", "into", "update"} or (word == "," and self.clauses[place] == "from" and self.is_name(place + 1))
            if not opens or not self.is_name(place + 1) or (word == "from" and self._in_function(place)):
                continue
            end = place + 1
            while self.at(end + 1) == "." and self.is_name(end + 2):
                end += 2
            table = self.name(end)
            if table not in self.tables:
                self.tables.append(table)
            self.aliases[table.casefold()] = table
            alias = end + 2 if self.at(end + 1) == "as" else end + 1
            named = self.name(alias) if self.is_name(alias) else table
            self.aliases[named.casefold()] = table
            if word == "join" and {"left", "full"} & {self.at(place - 1), self.at(place - 2)}:
                self.outer.add(table.casefold())

    def _in_function(self, place: int) -> bool:
        """`extract(year from ...)`, `substring(... from ...)`: no table follows."""
        back, depth = place, self.depths[place]
        while back > 0 and self.depths[back - 1] >= depth and depth:
            back -= 1
        return depth > 0 and "select" not in self.words[back:place]

    def column(self, place: int) -> Column | None:
        """The column whose last word stands at a place."""
        if not self.is_name(place) or self.at(place + 1) == "(":
            return None
        if self.at(place - 1) == "." and self.is_name(place - 2):
            qualifier = self.name(place - 2)
            return Column(self.aliases.get(qualifier.casefold(), qualifier), self.name(place))
        return Column(self.tables[0] if len(self.tables) == 1 else None, self.name(place))

    def left_of(self, place: int) -> Column | None:
        """The column left of an operator, also inside of functions."""
        at = place - 1
        while self.at(at) == "not":
            at -= 1
        if self.at(at) == ")":
            depth = self.depths[at - 1]
            while at > 0 and self.depths[at - 1] >= depth:
                at -= 1
                if self.is_name(at) and self.at(at + 1) not in {".", "("}:
                    return self.column(at)
            return None
        return self.column(at)
