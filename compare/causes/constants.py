"""What assertions compare with: constants, and what is taken out of them, as far as a file tells."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from compare.causes.syntax import called, decimal_of
from compare.causes.words import words

if TYPE_CHECKING:
    from collections.abc import Mapping

_CONVERTING = words("approx float int str")
"""Calls around a number or text that say what it is compared as."""

UNKNOWN: ast.expr = ast.Name(id="_")
"""Stands for a constant whose value the file does not tell."""


def constant_of(side: ast.expr, constants: Mapping[str, ast.expr | None]) -> ast.expr:
    """What a name of a constant stands for, as far as the file tells (None in `constants` where it does not); other expressions as they are."""
    if (number := decimal_of(side)) is not None:
        return number
    if isinstance(side, ast.Name) and side.id in constants:
        return constants[side.id] or UNKNOWN
    if isinstance(side, ast.Call) and called(side) in _CONVERTING and side.args:
        inner = constant_of(side.args[0], constants)
        return inner if inner is UNKNOWN or isinstance(inner, ast.Constant | ast.UnaryOp) else side
    return UNKNOWN if _is_of_constant(side, constants) else side


def _is_of_constant(side: ast.expr, constants: Mapping[str, ast.expr | None]) -> bool:
    """Whether it is a constant, or is taken out of one: `EXPECTED["total"]`, `case.total` of a parametrised `case`."""
    named = side.id if isinstance(side, ast.Name) else side.attr if isinstance(side, ast.Attribute) else ""
    if (named.isupper() and len(named) > 1) or (isinstance(side, ast.Name) and named in constants and constants[named] is None):
        return True
    return isinstance(side, ast.Subscript | ast.Attribute) and _is_of_constant(side.value, constants)
