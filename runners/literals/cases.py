"""Parametrisations: which ids pytest gives their cases, as far as the source tells, and where each case stands."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from runners.literals.walker import Walker

_MOST_ITEMS = 2000


def cases_of(node: ast.AST, walker: Walker) -> tuple[Any, ...] | None:
    """The parametrisation that a decorator stands for, None where it is none. The decorator's literals are visited in either case.

    Known: `pytest.mark.parametrize`, fixtures with `params`, `parameterized.expand`, and their relatives by name.
    """
    before = set(walker.names)
    walker.names.clear()
    walker.walk([node])
    names = tuple(walker.names)
    walker.names |= before
    call = node if isinstance(node, ast.Call) else None
    if call is None:
        return None
    called = _last_name(call.func)
    keywords = {one.arg: one.value for one in call.keywords if one.arg}
    if called == "parametrize":
        argnames, values = (*call.args, None, None)[0] or keywords.get("argnames"), (*call.args[1:], None)[0] or keywords.get("argvalues")
        arguments = _argument_names(argnames)
    elif "params" in keywords:
        arguments, values = ("param",), keywords["params"]
    elif called == "expand" and call.args:
        arguments, values = (), call.args[0]
    else:
        return None
    ids = keywords.get("ids")
    explicit = [_text(one) for one in ids.elts] if isinstance(ids, ast.List | ast.Tuple) else []
    span = (call.lineno, call.col_offset, call.end_lineno, call.end_col_offset)
    source = ("n", ast.unparse(values)) if isinstance(values, ast.Name | ast.Attribute) else None
    return (arguments, items_of(values, explicit, len(arguments)), source, names, *span)


def items_of(node: ast.AST | None, explicit: list[str | None] | None = None, arguments: int = 1) -> tuple[tuple[Any, ...], ...]:
    """The items of a written list, tuple or set, each as a case; () for anything else."""
    if not isinstance(node, ast.List | ast.Tuple | ast.Set) or len(node.elts) > _MOST_ITEMS:
        return ()
    named = explicit or []
    return tuple(_item(one, named[place] if place < len(named) else None, arguments) for place, one in enumerate(node.elts))


def _item(node: ast.expr, explicit: str | None, arguments: int) -> tuple[Any, ...]:
    inner: list[ast.expr] = [node]
    if isinstance(node, ast.Call) and _last_name(node.func) == "param":
        explicit = next((text for one in node.keywords if one.arg == "id" and (text := _text(one.value)) is not None), explicit)
        inner = node.args
    elif arguments > 1 and isinstance(node, ast.Tuple | ast.List):
        inner = node.elts
    parts = tuple(_part(one) for one in inner)
    return (explicit, parts, node.lineno, node.col_offset, node.end_lineno, node.end_col_offset, tuple(_value(one) for one in inner))


def _argument_names(node: ast.AST | None) -> tuple[str, ...]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return tuple(name.strip() for name in node.value.split(",") if name.strip())
    if isinstance(node, ast.List | ast.Tuple):
        return tuple(text for one in node.elts if (text := _text(one)) is not None)
    return ()


def _last_name(node: ast.AST) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _text(node: ast.AST) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def _part(node: ast.AST) -> str | None:
    """The id that pytest gives a plain value (`_idval` in _pytest/python.py); None where it counts: `argument0`."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub) and isinstance(node.operand, ast.Constant):
        return f"-{node.operand.value!r}"
    if not isinstance(node, ast.Constant):
        return None
    value = node.value
    if isinstance(value, str):
        return value.encode("unicode_escape").decode("ascii") if not value.isascii() or not value.isprintable() else value
    if isinstance(value, bytes):
        return value.decode("ascii", "backslashreplace")
    return repr(value) if value is None or isinstance(value, int | float | bool | complex) else None


def _value(node: ast.AST) -> tuple[Any, ...] | None:
    if isinstance(node, ast.Constant) and isinstance(node.value, str | int | float | bytes):
        return ("k", node.value, node.lineno, node.col_offset)
    if isinstance(node, ast.Name | ast.Attribute):
        return ("n", ast.unparse(node))
    if isinstance(node, ast.Tuple | ast.List):
        return ("l", tuple(_value(one) for one in node.elts))
    if isinstance(node, ast.Dict):
        return ("d", tuple(None if key is None else _value(key) for key in node.keys), tuple(map(_value, node.values)))
    return None
