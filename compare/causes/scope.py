"""The function in which an assertion stands: where its names get their values, and what decides that a line runs."""

from __future__ import annotations

import ast
from collections import deque
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from compare.causes.syntax import ONE_ROW, called, counts_up, handed_over, is_collection, looked_up, results_of, stored_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.model import Frame

_BLOCKS = ("body", "orelse", "finalbody", "handlers", "cases")
"""Where a statement holds others."""


@lru_cache(maxsize=64)
def parsed(source: str) -> ast.Module | None:
    """The module of a source; None for what this interpreter cannot read. Many divergences of a night lie in the same files."""
    try:
        return ast.parse(source)
    except (SyntaxError, ValueError, RecursionError):
        return None


@lru_cache(maxsize=64)
def statements(module: ast.Module) -> tuple[ast.stmt, ...]:
    """All statements of a module, an outer one ahead of those in it."""
    found: list[ast.stmt] = []
    waiting: deque[ast.AST] = deque(module.body)
    while waiting:
        node = waiting.popleft()
        if isinstance(node, ast.stmt):
            found.append(node)
        for name in _BLOCKS:
            inner = getattr(node, name, ())
            waiting.extend(inner if isinstance(inner, list) else ())
    return tuple(found)


def statement_at(module: ast.Module, line: int) -> ast.stmt | None:
    """The innermost statement that covers a line: of a compound one, its head."""
    found = [node for node in statements(module) if node.lineno <= line <= (node.end_lineno or node.lineno)]
    return max(found, key=lambda node: (node.lineno, -(node.end_lineno or 0)), default=None)


def function_at(module: ast.Module, frame: Frame) -> ast.FunctionDef | ast.AsyncFunctionDef | None:
    """The innermost function that covers the line of a frame; None at the top of a module."""
    found = [
        node
        for node in statements(module)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.lineno <= frame.line <= (node.end_lineno or node.lineno)
    ]
    return max(found, key=lambda node: node.lineno, default=None)


def fixture_of(module: ast.Module, name: str) -> ast.FunctionDef | ast.AsyncFunctionDef | None:
    """The fixture of pytest that a module has under a name."""
    for node in statements(module):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            for one in node.decorator_list:
                named = {word.arg: word.value for word in one.keywords} if isinstance(one, ast.Call) else {}
                held = one.func if isinstance(one, ast.Call) else one
                other = named.get("name")
                called_so = other.value if isinstance(other, ast.Constant) else node.name
                if (
                    "fixture" in (held.attr if isinstance(held, ast.Attribute) else held.id if isinstance(held, ast.Name) else "")
                    and called_so == name
                ):
                    return node
    return None


def is_around(shared: str, path: str) -> bool:
    """Whether a conftest.py lies in the folder of a file, or above it."""
    return path.startswith(shared.removesuffix("conftest.py"))


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
        for node in statements(self.module):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name == name and node is not self.function:
                yield node

    def made(self, name: str, before: int) -> Iterator[tuple[ast.stmt, list[ast.expr]]]:
        """The statements that give a name its value, above a line, with the expressions they give it.

        What the function does not make itself is a constant of the module, or an attribute that another method or the class has set.
        """
        found = list(_making(self.body, name, before))
        if not found and self.function is not None and name not in _arguments(self.function):
            found = list(_making(self.module, name, None) if name.startswith("self.") else _making_above(self.module, name))
        yield from found

    def takes(self, name: str) -> bool:
        """Whether a name is an argument of the function."""
        return self.function is not None and name in _arguments(self.function)

    def collections(self) -> frozenset[str]:
        """Names in the function that plainly hold several values."""
        return frozenset(
            name
            for node in ast.walk(self.body)
            if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None and is_collection(node.value)
            for name in targets_of(node)
        )

    def constants(self) -> dict[str, ast.expr | None]:
        """Names of constants with what they are: of the module, of the function, and (unknown) those that a parametrisation gives it."""
        found: dict[str, ast.expr | None] = dict.fromkeys((*_parametrised(self.function), *_in_turn(self.function)) if self.function else ())
        for node in (*self.module.body, *(ast.walk(self.function) if self.function else ())):
            if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None and _is_constant(node.value):
                found.update(dict.fromkeys(targets_of(node), node.value))
        return found

    def around(self, statement: ast.stmt) -> Iterator[tuple[ast.stmt, list[ast.expr]]]:
        """The heads of loops and conditions that a statement stands in."""
        for node in ast.walk(self.body):
            if isinstance(node, ast.For | ast.AsyncFor | ast.While | ast.If) and node is not statement:
                inside = any(one is statement for part in (node.body, node.orelse) for each in part for one in ast.walk(each))
                if inside:
                    yield node, [node.iter if isinstance(node, ast.For | ast.AsyncFor) else node.test]


def _making(body: ast.AST, name: str, before: int | None) -> Iterator[tuple[ast.stmt, list[ast.expr]]]:
    for node in ast.walk(body):
        if isinstance(node, ast.stmt) and (before is None or node.lineno <= before) and (made_of := _makes(node, name)):
            yield node, made_of


def _making_above(module: ast.Module, name: str) -> Iterator[tuple[ast.stmt, list[ast.expr]]]:
    """At the top of a module, and in functions that give a global name its value: setUpModule."""
    for node in module.body:
        if made_of := _makes(node, name):
            yield node, made_of
    for node in statements(module):
        if isinstance(node, ast.FunctionDef) and any(isinstance(one, ast.Global) and name in one.names for one in node.body):
            yield from _making(node, name, None)


def _makes(node: ast.stmt, name: str) -> list[ast.expr]:
    """The expressions that a statement gives a name; none where it does not."""
    if isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign) and node.value is not None and name in targets_of(node):
        return [node.value]
    if isinstance(node, ast.For | ast.AsyncFor) and name in stored_in(node.target):
        return [node.iter]
    if isinstance(node, ast.With | ast.AsyncWith) and any(one.optional_vars and name in stored_in(one.optional_vars) for one in node.items):
        return [one.context_expr for one in node.items]
    if isinstance(node, ast.Expr) and _grows(node.value) == name:
        return [node.value]
    return []


def _is_constant(value: ast.expr) -> bool:
    if isinstance(value, ast.List | ast.Tuple | ast.Set):
        return bool(value.elts) and all(map(_is_constant, value.elts))
    return isinstance(value.operand if isinstance(value, ast.UnaryOp) else value, ast.Constant)


def _in_turn(function: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[str]:
    """Names that stand for one constant after the other: `for city in ("Ghent", "Bruges")`."""
    for node in ast.walk(function):
        if isinstance(node, ast.For | ast.comprehension) and isinstance(node.target, ast.Name):
            named = isinstance(node.iter, ast.Name) and node.iter.id.isupper()
            if named or _is_constant(node.iter):
                yield node.target.id


def _parametrised(function: ast.FunctionDef | ast.AsyncFunctionDef) -> set[str]:
    """The arguments that `pytest.mark.parametrize` gives a function."""
    calls = [one for one in function.decorator_list if isinstance(one, ast.Call) and called(one) == "parametrize" and one.args]
    texts = [node.value for call in calls for node in ast.walk(call.args[0]) if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    return {name.strip() for text in texts for name in text.split(",")}


def _arguments(function: ast.FunctionDef | ast.AsyncFunctionDef) -> set[str]:
    return {one.arg for one in ast.walk(function.args) if isinstance(one, ast.arg)}


def targets_of(node: ast.Assign | ast.AnnAssign | ast.AugAssign) -> set[str]:
    """The names that an assignment gives a value."""
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    return {name for target in targets for name in stored_in(target)}


def _grows(call: ast.expr) -> str | None:
    """The list, set or dictionary that `found.append(...)`, `found[key].append(...)`, `found.setdefault(key, []).append(...)` fill."""
    if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr in {"append", "add", "extend", "update", "setdefault"}:
        held = call.func.value
        if isinstance(held, ast.Subscript):
            held = held.value
        return held.id if isinstance(held, ast.Name) else _grows(held)
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


def made_into(scope: Scope, call: ast.Call) -> list[ast.expr]:
    """What the names stand for that a function is called with, or a method is called of: of `took.max()`, what `took` was made of."""
    operands = [*call.args, *([call.func.value] if isinstance(call.func, ast.Attribute) else [])]
    names = [one.id for one in operands if isinstance(one, ast.Name)]
    return [expression for name in names for _, made_of in scope.made(name, call.lineno) for expression in made_of]


def counted_in(scope: Scope, node: ast.AST) -> list[ast.expr]:
    """What a dictionary in which something is looked up was counted by: `row["kind"]` of `Counter(row["kind"] for row in rows)["open"]`."""
    held = looked_up(node)[0]
    if isinstance(held, ast.Call):
        return [held] if any(handed_over(held)) else results_of(held.args[:1])
    if not isinstance(held, ast.Name):
        return []
    found: list[ast.expr] = []
    for statement, made_of in scope.made(held.id, getattr(node, "lineno", 0)):
        counted = counts_up(statement)
        found += [counted] if counted is not None else []
        found += [part for one in made_of if isinstance(one, ast.Call) and called(one) == "Counter" for part in results_of(one.args[:1])]
        found += [one for one in made_of if isinstance(one, ast.Call) and any(handed_over(one))]  # by the column that it was told
    return found
