"""What the syntax of a suite says: what a function holds, what a name is made of, the parameters of a test."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from runners.patching.project import dotted, module_value
from runners.patching.source import FunctionNode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from runners.patching.source import Source


def argument_names(node: ast.expr) -> list[str]:
    """The names of `parametrize`."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return [one.strip() for one in node.value.split(",") if one.strip()]
    if isinstance(node, ast.List | ast.Tuple):
        return [str(one.value) for one in node.elts if isinstance(one, ast.Constant)]
    return []


def values_of(row: ast.expr, count: int) -> list[ast.expr]:
    """The values of one set of parameters."""
    if isinstance(row, ast.Call) and dotted(row.func).rpartition(".")[2] == "param":
        return list(row.args)
    return list(row.elts) if count > 1 and isinstance(row, ast.Tuple | ast.List) else [row]


def owner_of(source: Source, node: ast.AST) -> tuple[FunctionNode | None, str]:
    """The outermost function that a node stands in, and where: `body`, `decorator` or `default`."""
    found: tuple[FunctionNode | None, str] = (None, "")
    inner = node
    for parent in source.parents(node):
        if isinstance(parent, FunctionNode):
            found = (parent, "decorator" if inner in parent.decorator_list else "default" if inner is parent.args else "body")
        inner = parent
    return found


def local_value(function: FunctionNode | None, name: str) -> ast.expr | None:
    """What a function assigns to a name, where it does so once."""
    found = [
        node.value
        for node in (ast.walk(function) if function is not None else ())
        if isinstance(node, ast.Assign) and any(isinstance(one, ast.Name) and one.id == name for one in node.targets)
    ]
    return found[0] if len(found) == 1 else None


def folded(source: Source, function: FunctionNode | None, node: ast.expr) -> str | None:
    """The text that an expression of texts makes; None where it is not known."""
    if isinstance(node, ast.Constant):
        return str(node.value) if isinstance(node.value, str | int) else None
    if isinstance(node, ast.Name):
        value = local_value(function, node.id) or module_value(source, node.id)
        return folded(source, function, value) if isinstance(value, ast.Constant | ast.BinOp | ast.JoinedStr) else None
    if isinstance(node, ast.FormattedValue):
        return folded(source, function, node.value) if node.format_spec is None else None
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        parts = [folded(source, function, node.left), folded(source, function, node.right)]
    elif isinstance(node, ast.JoinedStr):
        parts = [folded(source, function, one) for one in node.values]
    else:
        return None
    return None if None in parts else "".join(one for one in parts if one is not None)


def loads_of(function: FunctionNode) -> Iterator[ast.expr]:
    """Names and attributes that a function's body reads, the outermost of each chain."""
    for statement in function.body:
        for node in ast.walk(statement):
            if isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Load) and dotted(node):
                yield node


def key_of(node: ast.expr) -> str | None:
    """The key that an expression reads: `x["key"]`, `x.get("key")`, `x.key`."""
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant) and isinstance(node.ctx, ast.Load):
        return str(node.slice.value)
    if (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "get"
        and node.args
        and isinstance(node.args[0], ast.Constant)
    ):
        return str(node.args[0].value)
    return node.attr if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load) else None


def sources_of(function: FunctionNode, name: str) -> Iterator[ast.AST]:
    """The expressions that give a name of a function its value."""
    for node in ast.walk(function):
        if isinstance(node, ast.For | ast.comprehension) and any(isinstance(one, ast.Name) and one.id == name for one in ast.walk(node.target)):
            yield node.iter
        elif isinstance(node, ast.Assign) and any(
            isinstance(one, ast.Name) and one.id == name for target in node.targets for one in ast.walk(target)
        ):
            yield node.value
        elif isinstance(node, ast.With):
            yield from (one.context_expr for one in node.items if isinstance(one.optional_vars, ast.Name) and one.optional_vars.id == name)


def parametrized(function: FunctionNode, name: str) -> Iterator[ast.AST]:
    """The lists of parameters that give an argument of a test its values."""
    for decorator in function.decorator_list:
        if (
            isinstance(decorator, ast.Call)
            and dotted(decorator.func).endswith("parametrize")
            and len(decorator.args) > 1
            and name in argument_names(decorator.args[0])
        ):
            yield decorator.args[1]


def marked_fixtures(function: FunctionNode) -> list[str]:
    """The fixtures that a mark asks for."""
    return [
        str(one.value)
        for decorator in function.decorator_list
        if isinstance(decorator, ast.Call) and dotted(decorator.func).endswith("usefixtures")
        for one in decorator.args
        if isinstance(one, ast.Constant)
    ]


def is_autouse(function: FunctionNode) -> bool:
    """Whether a fixture runs for every test that sees it."""
    return any(
        keyword.arg == "autouse" and isinstance(keyword.value, ast.Constant) and bool(keyword.value.value)
        for decorator in function.decorator_list
        if isinstance(decorator, ast.Call)
        for keyword in decorator.keywords
    )
