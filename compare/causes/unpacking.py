"""Rows that a loop or comprehension takes apart: `for number, name in rows` reads columns by their places."""

from __future__ import annotations

import ast
from itertools import takewhile

from compare.causes.syntax import called

_PAIRING = frozenset({"items", "zip", "enumerate", "groupby", "pairwise", "product", "combinations", "permutations", "most_common"})
_AROUND = frozenset({"sorted", "list", "tuple", "reversed", "set", "iter", "filter"})
Comprehension = ast.GeneratorExp | ast.ListComp | ast.SetComp | ast.DictComp


def taken_apart(node: ast.AST) -> dict[str, int]:
    """The names that a loop or comprehension gives parts of a row and reads, with their places; none where it runs over pairs made by Python."""
    heads = node.generators if isinstance(node, Comprehension) else [node] if isinstance(node, ast.For | ast.AsyncFor) else []
    found = {name: place for head in heads for name, place in _places(head.target, head.iter).items()}
    read = {one.id for one in ast.walk(node) if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Load)} if found else set()
    return {name: place for name, place in found.items() if name in read}


_LASTING = frozenset({"days", "seconds", "total_seconds"})


def is_duration(expressions: list[ast.expr]) -> bool:
    """Whether what is asked is how long something took: `(end - start).days`, `(ended - begun).dt.days` of a data frame, `stay.days`."""
    return any(isinstance(node, ast.Attribute) and node.attr in _LASTING for one in expressions for node in ast.walk(one))


def difference(node: ast.AST) -> ast.BinOp | None:
    """The difference whose length is asked: `end - start` of `(end - start).days`; None for anything else."""
    if not isinstance(node, ast.Attribute) or node.attr not in _LASTING:
        return None
    held = node.value.value if isinstance(node.value, ast.Attribute) and node.value.attr == "dt" else node.value
    return held if isinstance(held, ast.BinOp) else None


def _places(target: ast.expr, iterated: ast.expr) -> dict[str, int]:
    while isinstance(iterated, ast.Call) and called(iterated) in _AROUND and iterated.args:
        iterated = iterated.args[-1]
    made = isinstance(iterated, ast.Call) and called(iterated) in _PAIRING
    if made or not isinstance(target, ast.Tuple | ast.List):
        return {}
    certain = takewhile(lambda one: not isinstance(one, ast.Starred), target.elts)
    return {one.id: place for place, one in enumerate(certain) if isinstance(one, ast.Name)}
