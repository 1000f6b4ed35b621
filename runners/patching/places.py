"""The places that a patch changes, and the functions that can ask for a record."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from runners.patching.asked import Spot
    from runners.patching.source import FunctionNode, Source


class How(StrEnum):
    """What stands at a place."""

    VALUE = "value"  # an expression that is the value
    PART = "part"  # some characters of a string
    LIST = "list"  # an expression that is a list of such values


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Consumer:
    """A function that can ask for the record: the test, a fixture, or a method of a unittest class (`in_class`)."""

    source: Source
    function: FunctionNode
    in_class: str = ""
    is_test_case: bool = False
    scope: str = "function"
    body: tuple[ast.AST, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Use:
    """A place to change. `spots` are those whose values it is, several for a list. `consumer` is None where nothing can be asked for there: then a
    function has to fetch the record. `index` is what counts the records, where there is such a thing, `length` how many values a
    list has. `shared` tells that it serves several cases at once, `before` is written before it.
    """

    source: Source
    start: int
    end: int
    how: How
    spots: tuple[Spot, ...]
    consumer: Consumer | None
    index: str = ""
    length: int = 1
    shared: bool = False
    before: str = ""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Parameter:
    """A place in a list of parameters: the `number`-th set of `rows`, in the argument `name` of a test. `source` is the file of the rows, the call
    is the test's decorator.
    """

    source: Source
    call: ast.Call
    rows: ast.List | ast.Tuple
    name: str
    number: int
    element: ast.expr
    spot: Spot
    consumer: Consumer


@dataclass(frozen=True, slots=True, kw_only=True)
class Constant:
    """A name of a module or class, whose uses are exchanged."""

    path: str
    name: str
    statement: ast.stmt = field(repr=False)
