"""Where in the source cases are made that one side alone has, and where a test skips itself."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from compare.causes.scope import parsed
from harness.model import DeepPlace, Failure, Frame, Phase
from harness.model.assertion import Ask, Sketch

if TYPE_CHECKING:
    from collections.abc import Mapping

_MOMENT = re.compile(r"(?<!\d)(?:19|20)\d\d-(?:0[1-9]|1[0-2])(?!\d)")
_MAKING = frozenset({"parametrize", "fixture", "expand", "parameterized", "parameterized_class"})
_SKIPPING = frozenset({"skip", "skipTest", "SkipTest"})
_DEFINING = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_SETTING = frozenset({"environ", "getenv"})


def sketch_of_cases(test_id: str, sources: Mapping[str, str]) -> Sketch | None:
    """Where the cases of a parametrised test are made, and whether they are called like moments; None where a setting makes them, or nothing tells.

    `sources` are texts of files by path.
    """
    path, _, rest = test_id.partition("::")
    names, _, case = rest.partition("[")
    module = parsed(sources[path]) if path in sources else None
    if module is None or not case:
        return None
    decorator = _made_by(module, names.split("::"))
    if decorator is None or any(isinstance(node, ast.Attribute | ast.Name) and _named(node) in _SETTING for node in ast.walk(decorator)):
        return None
    asks = frozenset({Ask.MOMENT if _MOMENT.search(case) else Ask.TEXT})
    place = DeepPlace(path=path, line=decorator.lineno)
    return Sketch(place=place, lines=(place,), asks=asks, whole=True)


def skip_in(test_id: str, sources: Mapping[str, str]) -> Failure | None:
    """The place where a test skips itself, as a failure that nobody recorded; None where it has none, or several."""
    path, _, rest = test_id.partition("::")
    module = parsed(sources[path]) if path in sources else None
    function = _defined(module, rest.partition("[")[0].split("::")) if module is not None else None
    found = [node.lineno for node in ast.walk(function) if isinstance(node, ast.Call) and _named(node.func) in _SKIPPING] if function else []
    if len(found) != 1 or function is None:
        return None
    return Failure(type="Skipped", message="", phase=Phase.CALL, frames=(Frame(path=path, line=found[0], function=function.name),))


def _defined(module: ast.Module, names: list[str]) -> ast.FunctionDef | ast.AsyncFunctionDef | None:
    body: list[ast.stmt] = module.body
    found: ast.stmt | None = None
    for name in names:
        found = next((one for one in body if isinstance(one, _DEFINING) and one.name == name), None)
        body = found.body if isinstance(found, _DEFINING) else []
    return found if isinstance(found, ast.FunctionDef | ast.AsyncFunctionDef) else None


def _made_by(module: ast.Module, names: list[str]) -> ast.expr | None:
    """The decorator that makes the cases: of the function, or of its class; the first whose values are worked out before one that lists them."""
    body: list[ast.stmt] = module.body
    found: list[ast.expr] = []
    for name in names:
        defined = next(
            (one for one in body if isinstance(one, _DEFINING) and one.name == name),
            None,
        )
        if defined is None:
            return None
        body = defined.body
        found = [one for one in defined.decorator_list if _MAKING & {_named(node) for node in ast.walk(one)}] + found
    computed = [one for one in found if any(isinstance(node, ast.Call | ast.Name) for value in _values(one) for node in ast.walk(value))]
    return next(iter(computed or found), None)


def _values(decorator: ast.expr) -> list[ast.expr]:
    """What a decorator is given for values."""
    return [*decorator.args, *(one.value for one in decorator.keywords if one.arg != "ids")] if isinstance(decorator, ast.Call) else []


def _named(node: ast.AST) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
