"""What the code of a test says about the record that it asks for: columns it names, numbers it compares."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_MORE = {ast.Gt: ">", ast.GtE: ">=", ast.Lt: "<", ast.LtE: "<="}
_MIRRORED = {">": "<", ">=": "<=", "<": ">", "<=": ">="}
_ASSERTED = {"assertGreater": ">", "assertGreaterEqual": ">=", "assertLess": "<", "assertLessEqual": "<="}
_EQUAL = {"assertEqual", "assertEquals", "assertAlmostEqual", "assertCountEqual"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold:
    """More or less than a number: of a `column`, of how many there are (`counts`), or of what is added up."""

    sign: str
    number: int | float
    column: str | None = None
    counts: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeFacts:
    """`named` are the words in quotes and the attributes, `equal` the numbers that something is compared with, `alone` tells that a list is taken
    apart into its only item.
    """

    named: frozenset[str]
    equal: frozenset[int | float]
    thresholds: tuple[Threshold, ...]
    alone: bool


def facts_of(functions: Iterable[ast.AST]) -> CodeFacts:
    """What the code of these functions says."""
    nodes = [node for function in functions for node in ast.walk(function)]
    named = {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    named |= {node.attr for node in nodes if isinstance(node, ast.Attribute)}
    pairs = [pair for node in nodes for pair in _compared(node)]
    equal = {number for sign, _, number in pairs if sign == "=="}
    alone = any(
        isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Tuple | ast.List) and len(node.targets[0].elts) == 1 for node in nodes
    )
    thresholds = tuple(_threshold(sign, value, number) for sign, value, number in pairs if sign != "==")
    return CodeFacts(named=frozenset(named), equal=frozenset(equal), thresholds=thresholds, alone=alone)


def _compared(node: ast.AST) -> Iterator[tuple[str, ast.expr, int | float]]:
    """The comparisons of a node with a number, as sign, what is compared, number."""
    if isinstance(node, ast.Compare):
        left = node.left
        for operator, right in zip(node.ops, node.comparators, strict=True):
            yield from _pair("==" if isinstance(operator, ast.Eq) else _MORE.get(type(operator)), left, right)
            left = right
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and len(node.args) >= 2:
        yield from _pair("==" if node.func.attr in _EQUAL else _ASSERTED.get(node.func.attr), node.args[0], node.args[1])


def _pair(sign: str | None, left: ast.expr, right: ast.expr) -> Iterator[tuple[str, ast.expr, int | float]]:
    if sign is None:
        return
    if (number := _number(right)) is not None:
        yield sign, left, number
    elif (number := _number(left)) is not None:
        yield _MIRRORED.get(sign, sign), right, number


def _number(node: ast.expr) -> int | float | None:
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        inner = _number(node.operand)
        return None if inner is None else -inner
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float) and not isinstance(node.value, bool):
        return node.value
    return None


def _threshold(sign: str, value: ast.expr, number: float) -> Threshold:
    counts = isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id == "len"
    column = None
    for node in ast.walk(value):
        if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, str):
            column = node.slice.value
            break
        if isinstance(node, ast.Attribute) and column is None:
            column = node.attr
    return Threshold(sign=sign, number=number, column=column, counts=counts)
