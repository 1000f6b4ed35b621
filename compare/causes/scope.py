"""The function in which an assertion stands: where its names get their values, and what decides that a line runs."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING

from compare.causes.syntax import ONE_ROW, called, stored_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.model import Frame


def parsed(source: str) -> ast.Module | None:
    """The module of a source; None for what this interpreter cannot read."""
    try:
        return ast.parse(source)
    except (SyntaxError, ValueError, RecursionError):
        return None


def statement_at(module: ast.Module, line: int) -> ast.stmt | None:
    """The innermost statement that covers a line: of a compound one, its head."""
    found = [node for node in ast.walk(module) if isinstance(node, ast.stmt) and node.lineno <= line <= (node.end_lineno or node.lineno)]
    return max(found, key=lambda node: (node.lineno, -(node.end_lineno or 0)), default=None)


def function_at(module: ast.Module, frame: Frame) -> ast.FunctionDef | ast.AsyncFunctionDef | None:
    """The innermost function that covers the line of a frame; None at the top of a module."""
    found = [
        node
        for node in ast.walk(module)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.lineno <= frame.line <= (node.end_lineno or node.lineno)
    ]
    return max(found, key=lambda node: node.lineno, default=None)


@dataclass(frozen=True, slots=True)
class Scope:
    """A function of a module, or the module itself where `function` is None."""

    module: ast.Module
    frame: Frame
    function: ast.FunctionDef | ast.AsyncFunctionDef | None

    @property
    def body(self) -> ast.AST:
        """What is searched for assignments."""
        return self.function or self.module

    def functions(self, name: str) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
        """Functions and methods of the same file that are called so."""
        for node in ast.walk(self.module):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name == name and node is not self.function:
                yield node

    def made(self, name: str, before: int) -> Iterator[tuple[ast.stmt, list[ast.expr]]]:
        """The statements that give a name its value, above a line, with the expressions they give it."""
        for node in ast.walk(self.body):
            if not isinstance(node, ast.stmt) or node.lineno > before:
                continue
            if isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign) and node.value is not None and name in targets_of(node):
                yield node, [node.value]
            elif isinstance(node, ast.For | ast.AsyncFor) and name in stored_in(node.target):
                yield node, [node.iter]
            elif isinstance(node, ast.With | ast.AsyncWith) and any(one.optional_vars and name in stored_in(one.optional_vars) for one in node.items):
                yield node, [one.context_expr for one in node.items]
            elif isinstance(node, ast.Expr) and _grows(node.value) == name:
                yield node, [node.value]

    def around(self, statement: ast.stmt) -> Iterator[tuple[ast.stmt, list[ast.expr]]]:
        """The heads of loops and conditions that a statement stands in."""
        for node in ast.walk(self.body):
            if isinstance(node, ast.For | ast.AsyncFor | ast.While | ast.If) and node is not statement:
                inside = any(one is statement for part in (node.body, node.orelse) for each in part for one in ast.walk(each))
                if inside:
                    yield node, [node.iter if isinstance(node, ast.For | ast.AsyncFor) else node.test]


def targets_of(node: ast.Assign | ast.AnnAssign | ast.AugAssign) -> set[str]:
    """The names that an assignment gives a value."""
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    return {name for target in targets for name in stored_in(target)}


def _grows(call: ast.expr) -> str | None:
    """The list or set that `found.append(...)` fills."""
    if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr in {"append", "add", "extend", "update", "setdefault"}:
        return call.func.value.id if isinstance(call.func.value, ast.Name) else None
    return None


def is_one_row(scope: Scope, name: str) -> bool:
    """Whether a name holds a row: it runs over rows, or was fetched as one."""
    for node in ast.walk(scope.body):
        if isinstance(node, ast.For | ast.AsyncFor) and name in stored_in(node.target):
            return True
        if isinstance(node, ast.Assign) and name in targets_of(node):
            value = node.value.value if isinstance(node.value, ast.Await) else node.value
            return isinstance(value, ast.Call) and called(value) in ONE_ROW
    return False


def in_loop(scope: Scope, statement: ast.stmt) -> bool:
    """Whether a statement runs once for each of several."""
    return any(isinstance(head, ast.For | ast.AsyncFor | ast.While) for head, _ in scope.around(statement))
