"""Questions about pieces of Python source, by `ast`."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ONE_ROW = frozenset({"fetchone", "first", "one", "one_or_none", "fetchrow", "fetch_one", "get"})
"""Calls that give one row, or one record."""


def expressions(statement: ast.AST) -> Iterator[ast.expr]:
    """The expressions of a statement itself, not those of statements within it."""
    for child in ast.iter_child_nodes(statement):
        if isinstance(child, ast.expr):
            yield child
        elif isinstance(child, ast.withitem):
            yield child.context_expr


def breadth_first(expression: ast.expr) -> Iterator[ast.AST]:
    """All nodes of an expression, the outermost first."""
    waiting: list[ast.AST] = [expression]
    while waiting:
        node = waiting.pop(0)
        yield node
        waiting.extend(ast.iter_child_nodes(node))


def called(node: ast.Call) -> str:
    """The name of the function or method that is called, "" for anything else."""
    return node.func.attr if isinstance(node.func, ast.Attribute) else node.func.id if isinstance(node.func, ast.Name) else ""


def results_of(arguments: list[ast.expr]) -> list[ast.expr]:
    """What arguments come to: of a comprehension, its elements."""
    return [one.elt if isinstance(one, ast.GeneratorExp | ast.ListComp | ast.SetComp) else one for one in arguments]


def calls_of_own(expression: ast.expr) -> Iterator[str]:
    """Functions called by name, and methods of the test's own class."""
    for node in ast.walk(expression):
        if isinstance(node, ast.Call):
            if isinstance(node.func, ast.Name):
                yield node.func.id
            elif isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Name) and node.func.value.id in {"self", "cls"}:
                yield node.func.attr


def read_names(expression: ast.expr) -> Iterator[str]:
    """The names that an expression reads, `self.rows` among them."""
    for node in ast.walk(expression):
        if isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "self":
            yield f"self.{node.attr}"


def stored_in(target: ast.AST) -> set[str]:
    """Names that are assigned to, `self.rows` and the `found` of `found[key]` among them."""
    found = set()
    for node in ast.walk(target):
        if isinstance(node, ast.Name):
            found.add(node.id)
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "self":
            found.add(f"self.{node.attr}")
    return found


def iterated(expression: ast.expr) -> set[str]:
    """Names that comprehensions within an expression run over."""
    return {name for node in ast.walk(expression) if isinstance(node, ast.comprehension) for name in stored_in(node.target)}


def in_comprehension(expression: ast.expr, inner: ast.AST) -> bool:
    """Whether a part is worked out for each of several."""
    comprehensions = [node for node in ast.walk(expression) if isinstance(node, ast.GeneratorExp | ast.ListComp | ast.SetComp | ast.DictComp)]
    parts: list[ast.AST] = []
    for one in comprehensions:
        parts += [one.key, one.value] if isinstance(one, ast.DictComp) else [one.elt]
        parts += [test for generator in one.generators for test in generator.ifs]
    return any(node is inner for part in parts for node in ast.walk(part))


def is_fixed_place(index: ast.expr) -> bool:
    """Whether a subscript is a number written in the source."""
    node = index.operand if isinstance(index, ast.UnaryOp) else index
    return isinstance(node, ast.Constant) and isinstance(node.value, int) and not isinstance(node.value, bool)


def is_mark(text: str) -> bool:
    """Whether a text says how others are made, and not what they are: signs, spaces, a digit or two."""
    return not re.search(r"[^\W\d_]{2}|\d{3}", text)
