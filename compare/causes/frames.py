"""What calls of data frames (pandas, polars) ask: rows are counted, summed and looked up by methods, and columns are named as texts."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from compare.causes.syntax import called
from compare.causes.words import words

if TYPE_CHECKING:
    from collections.abc import Iterator

MISSING = words("isna isnull notna notnull is_null is_not_null")
"""Whether values are there."""
COUNTS_EACH = words("size value_counts")
"""How many of each there are."""
COMPARES = words("eq ne gt ge lt le isin is_in")
"""Comparisons that are written as methods."""
_NAMES_COLUMNS = words(
    "groupby group_by set_index pivot pivot_table crosstab unstack melt value_counts drop_duplicates sort_values nlargest nsmallest resample merge"
)
_LABELS = frozenset({"loc", "at"})


def is_grouping(call: ast.Call) -> bool:
    """`frame.groupby("city")`, which is no `itertools.groupby(rows, key)`: what is asked of each group comes behind it."""
    if called(call) != "groupby" or not isinstance(call.func, ast.Attribute) or (isinstance(call.func.value, ast.Name) and len(call.args) > 1):
        return False
    named = [*call.args, *(word.value for word in call.keywords)]
    return any(isinstance(node, ast.Constant) and isinstance(node.value, str) for one in named for node in ast.walk(one))


def is_of_groups(call: ast.Call) -> bool:
    """Whether a method is called of what was grouped before: `frame.groupby("city")["total"].count()`."""
    return isinstance(call.func, ast.Attribute) and any(isinstance(node, ast.Call) and is_grouping(node) for node in ast.walk(call.func.value))


def receiver(call: ast.Call) -> list[ast.expr]:
    """What a method without operands of its own is about: `frame["total"]` of `frame["total"].sum()`."""
    return [call.func.value] if isinstance(call.func, ast.Attribute) and not call.args else []


def columns_named(call: ast.Call) -> Iterator[str]:
    """The texts by which a call names columns."""
    if called(call) in _NAMES_COLUMNS:
        for argument in (*call.args, *(word.value for word in call.keywords)):
            for node in ast.walk(argument):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    yield node.value


def labels(node: ast.AST) -> list[str]:
    """The texts by which rows are looked up: of `pivot.loc["desk", "paid"]`."""
    if not (isinstance(node, ast.Subscript) and isinstance(node.value, ast.Attribute) and node.value.attr in _LABELS):
        return []
    keys = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
    return [one.value for one in keys if isinstance(one, ast.Constant) and isinstance(one.value, str)]


def queried(call: ast.Call) -> ast.expr | None:
    """The condition in `frame.query("status == 'open'")`, its columns as those of a row; None for anything else."""
    text = call.args[0] if called(call) == "query" and call.args else None
    if not (isinstance(text, ast.Constant) and isinstance(text.value, str)):
        return None
    try:
        found = ast.parse(text.value.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError):
        return None
    made: ast.expr = _OfRow().visit(found)
    return made


class _OfRow(ast.NodeTransformer):
    """Makes `status` `row["status"]`."""

    def visit_Name(self, node: ast.Name) -> ast.expr:  # as ast calls it
        return ast.Subscript(value=ast.Name(id="row", ctx=ast.Load()), slice=ast.Constant(value=node.id), ctx=ast.Load())
