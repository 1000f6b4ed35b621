"""Whether an assertion asks something of every row that it looks at: then rows that are there break it, and no added row mends that."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from compare.causes.syntax import called, is_empty

if TYPE_CHECKING:
    from compare.causes.scope import Scope

_MOST = (ast.Lt, ast.LtE)
_LEAST = (ast.Gt, ast.GtE)
_EXTREMES = {"max": _MOST, "min": _LEAST}
_STEPS = 4
"""How many names are followed to what they stand for."""


def asks_of_every(scope: Scope, statement: ast.stmt) -> bool:
    """Whether the assertion in `statement` holds something of all rows, or says that there is no such row. A loop over rows does, too; one over what
    the source lists does not.
    """
    expression = _asserted(statement)
    if expression is None:
        return False
    return _Asking(scope, statement.lineno).every(expression, wanted=True) or any(
        isinstance(head, ast.For | ast.AsyncFor) and _is_in_body(head, statement) and not _is_listed(scope, head.iter)
        for head, _ in scope.around(statement)
    )


def _asserted(statement: ast.stmt) -> ast.expr | None:
    if isinstance(statement, ast.Assert):
        return statement.test
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call) and called(statement.value).startswith("assert"):
        return statement.value
    return None


def _is_in_body(loop: ast.For | ast.AsyncFor, statement: ast.stmt) -> bool:
    return any(one is statement for part in loop.body for one in ast.walk(part))


def _is_listed(scope: Scope, iterated: ast.expr) -> bool:
    """Whether what is run over stands in the source: a list, a range, a constant of either."""
    if isinstance(iterated, ast.Call):
        inner = [*iterated.args, *([iterated.func.value] if isinstance(iterated.func, ast.Attribute) else [])]
        return called(iterated) == "range" or (called(iterated) in {"enumerate", "zip", "items", "sorted", "reversed"} and _any_listed(scope, inner))
    if isinstance(iterated, ast.Name):
        made = [one for node in (*scope.module.body, *ast.walk(scope.body)) for one in _given(node, iterated.id)]
        return bool(made) and all(isinstance(one, ast.List | ast.Tuple | ast.Set | ast.Dict) for one in made)
    return isinstance(iterated, ast.List | ast.Tuple | ast.Set | ast.Dict | ast.Constant)


def _any_listed(scope: Scope, several: list[ast.expr]) -> bool:
    return any(_is_listed(scope, one) for one in several)


def _given(node: ast.AST, name: str) -> list[ast.expr]:
    if isinstance(node, ast.Assign) and any(isinstance(one, ast.Name) and one.id == name for one in node.targets):
        return [node.value]
    return [node.value] if isinstance(node, ast.AnnAssign) and node.value and isinstance(node.target, ast.Name) and node.target.id == name else []


class _Asking:
    """Follows a condition, and whether it is to hold or not."""

    def __init__(self, scope: Scope, line: int) -> None:
        self._scope, self._line, self._left = scope, line, _STEPS

    def every(self, node: ast.expr, *, wanted: bool) -> bool:
        """Whether `node` being true (`wanted`), or false, says something of all rows."""
        node = self._meant(node)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            return self.every(node.operand, wanted=not wanted)
        if isinstance(node, ast.BoolOp):
            return any(self.every(one, wanted=wanted) for one in node.values)
        if isinstance(node, ast.Call):
            return self._called(node, wanted=wanted)
        if isinstance(node, ast.Compare) and len(node.ops) == 1:
            return self._compared(node.left, node.ops[0], node.comparators[0], wanted=wanted)
        return not wanted and _is_chosen(node)

    def _called(self, node: ast.Call, *, wanted: bool) -> bool:
        name, arguments = called(node), node.args
        if name in {"assertTrue", "assertFalse"} and arguments:
            return self.every(arguments[0], wanted=name == "assertTrue")
        if name in _ASSERTIONS and len(arguments) > 1:
            return self._compared(arguments[0], _ASSERTIONS[name], arguments[1], wanted=True)
        if name == "assertIsNone" and arguments:
            return self._compared(arguments[0], ast.Is(), ast.Constant(value=None), wanted=True)
        if name in {"all", "any"}:
            return wanted is (name == "all")
        if name in {"bool", "list", "tuple", "set", "len"} and arguments:
            return self.every(arguments[0], wanted=wanted)
        return (wanted and name in {"issubset", "isdisjoint"}) or (not wanted and name in _SEVERAL)

    def _compared(self, left: ast.expr, operator: ast.cmpop, right: ast.expr, *, wanted: bool) -> bool:
        left, right = self._meant(left), self._meant(right)
        equal = isinstance(operator, ast.Eq | ast.Is | ast.LtE) and wanted
        for one, other, turned in ((left, right, False), (right, left, True)):
            if equal and (is_empty(other) or _is_nothing(other)) and self.every(one, wanted=False):
                return True  # there is no such row
            if equal and isinstance(one, ast.Call) and called(one) == "sorted":
                return True
            extreme = _EXTREMES.get(called(one)) if isinstance(one, ast.Call) else None
            if wanted and extreme is not None and isinstance(operator, _LEAST if (extreme is _MOST) is turned else _MOST):
                return True
        if equal and _is_count(left) and _is_count(right) and _is_of_different(left) != _is_of_different(right):
            return True  # no two are alike
        subset = isinstance(operator, ast.Lt | ast.LtE) and isinstance(left, ast.SetComp)
        return wanted and (subset or (isinstance(operator, ast.Gt | ast.GtE) and isinstance(right, ast.SetComp)))

    def _meant(self, node: ast.expr) -> ast.expr:
        """What a name was given last above the assertion, where it was given that once."""
        while isinstance(node, ast.Name) and self._left:
            self._left -= 1
            made = [
                one for statement in ast.walk(self._scope.body) if getattr(statement, "lineno", 0) < self._line for one in _given(statement, node.id)
            ]
            if len(made) != 1:
                break
            node = made[0]
        return node.value if isinstance(node, ast.Await) else node


_ASSERTIONS: dict[str, ast.cmpop] = {
    **dict.fromkeys(("assertEqual", "assertEquals", "assertListEqual", "assertSequenceEqual", "assertCountEqual", "assertSetEqual"), ast.Eq()),
    "assertLess": ast.Lt(),
    "assertLessEqual": ast.LtE(),
    "assertGreater": ast.Gt(),
    "assertGreaterEqual": ast.GtE(),
    "assertIs": ast.Is(),
}
_SEVERAL = frozenset({"fetchall", "fetchmany", "all", "scalars", "execute", "exists", "fetch"})
"""Calls that give the rows that were asked for: that there are none is said of every row."""


def _is_chosen(node: ast.expr) -> bool:
    """Whether it holds the rows that meet a condition."""
    return isinstance(node, ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp) and any(one.ifs for one in node.generators)


def _is_nothing(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and (node.value is None or (node.value == 0 and not isinstance(node.value, bool)))


def _is_count(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and called(node) == "len" and bool(node.args)


def _is_of_different(node: ast.expr) -> bool:
    held = node.args[0] if isinstance(node, ast.Call) and node.args else node
    return isinstance(held, ast.SetComp) or (isinstance(held, ast.Call) and called(held) in {"set", "frozenset"})
