"""What is kept of a Python file: plain tuples, so that processes can hand them over by marshal. Lines are 1-based, columns here 0-based.

A *scope* is a function (with all that is nested in it), a class body, an assignment at module or class level, or the rest of the module.
An *expression* is a tuple: ("k", value, line, column) a literal; ("n", dotted name); ("b", operator, left, right); ("j", parts) an f-string;
("f", function, base, arguments); ("c", function of the suite, arguments, named ones); ("l", items); ("d", keys, values); ("s", base, key);
("i", iterable) one of its items; None what is not known before it runs.
"""

from __future__ import annotations

from typing import Any, NamedTuple

Expression = tuple[Any, ...] | None


class Scope(NamedTuple):
    """One scope. `names` are the dotted names read in it, `!name` a fixture named in a text, `.name` any attribute; `parent` the class around it."""

    qualname: str
    kind: str  # module, class, function, constant
    line: int
    end_line: int
    parent: int
    names: tuple[str, ...]
    params: tuple[str, ...]
    fixture: str | None
    autouse: bool
    bases: tuple[str, ...]
    bindings: tuple[tuple[str, Expression], ...]
    computed: tuple[tuple[Expression, int, int], ...]
    cases: tuple[tuple[Any, ...], ...]


class Written(NamedTuple):
    """A literal as it stands. `is_doc` for docstrings."""

    value: Any
    line: int
    column: int
    end_line: int
    scope: int
    name: str | None
    is_doc: bool


class Case(NamedTuple):
    """One set of a parametrisation, or one item of a list that may be one: its place, its id where that can be told, its values."""

    explicit: str | None
    parts: tuple[str | None, ...]
    line: int
    column: int
    end_line: int
    end_column: int
    values: tuple[Expression, ...]


class Cases(NamedTuple):
    """A parametrisation: names of arguments, the items where they stand there, else the expression they come from; the span of its text."""

    arguments: tuple[str, ...]
    items: tuple[tuple[Any, ...], ...]
    source: Expression
    names: tuple[str, ...]
    line: int
    column: int
    end_line: int
    end_column: int


class PythonFacts(NamedTuple):
    """All of one file. `imports`: (local name, module, name in it or None, level), of a star both names are "*"; `comments`: (text, line, column)."""

    scopes: tuple[Scope, ...]
    literals: tuple[Written, ...]
    imports: tuple[tuple[str, str, str | None, int], ...]
    comments: tuple[tuple[str, int, int], ...]

    def refusing(self) -> frozenset[int]:
        """The scopes in which a number stands by which a server says that there is no such thing, or that nothing of the kind is done with it."""
        return frozenset(one.scope for one in self.literals if one.value.__class__ is int and one.value in _REFUSALS)


_REFUSALS = frozenset({404, 405, 410})
"""Not found, method not allowed, gone."""


def facts_from(raw: tuple[Any, ...]) -> PythonFacts:
    """Give names back to what marshal carried."""
    scopes, literals, imports, comments = raw
    return PythonFacts(tuple(map(Scope._make, scopes)), tuple(map(Written._make, literals)), imports, comments)
