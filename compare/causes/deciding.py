"""What decides asks of the data: comparisons, quantifiers, assertions of unittest, whole records that are written in the source."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from compare.causes.assertion import Ask
from compare.causes.constants import UNKNOWN, constant_of
from compare.causes.noted import Noted
from compare.causes.syntax import ONE_ROW, called, defaults_in, guards_in, is_cut_off, is_empty, is_mark, is_reshaped
from compare.causes.words import words

if TYPE_CHECKING:
    from collections.abc import Sequence

SHAPING = words(
    """isascii isdigit isalpha isalnum isnumeric isdecimal isupper islower istitle isspace isidentifier fullmatch match search findall encode
    assertRegex assertNotRegex normalize ord"""
)
"""Calls that ask how a text is written."""
SEARCHES = words("startswith endswith removeprefix removesuffix find index contains like ilike")
"""Calls that look for a text in another."""
_VOLUME = 5_000
_PLAIN_CALLS = (
    frozenset({"bool", "get", "getattr", "strip", "fetchall", "fetchmany", "all", "scalar", "scalar_one_or_none", "list", "tuple", "exists"})
    | ONE_ROW
)

_SAYING = SHAPING | SEARCHES | words("any all isinstance hasattr callable issubset issuperset isdisjoint")
"""Calls that say yes or no of a value by themselves."""


class Deciding(Noted):
    """Notes what conditions ask: the test of an assertion, and those within it."""

    __slots__ = ()

    def condition(self, expression: ast.expr) -> None:
        """What decides: the test of an assertion, or of a quantifier within it."""
        node = expression.operand if isinstance(expression, ast.UnaryOp) and isinstance(expression.op, ast.Not) else expression
        if isinstance(node, ast.BoolOp):
            for one in node.values:
                self.condition(one)
        elif isinstance(node, ast.Compare):
            self._compared([node.left, *node.comparators], node.ops)
        elif isinstance(node, ast.Call) and called(node).startswith("assert"):
            self._assert_method(node)
        elif isinstance(node, ast.Call) and called(node) in {"any", "all", "next", "filter"}:
            self._quantified(node)
        elif isinstance(node, ast.GeneratorExp | ast.ListComp):
            for one in (test for generator in node.generators for test in generator.ifs):
                self.condition(one)
        elif isinstance(node, ast.Name | ast.Attribute | ast.Subscript) or (isinstance(node, ast.Call) and called(node) in _PLAIN_CALLS):
            self._add(Ask.TRUTH, node)

    def came_to(self, asserted: ast.expr) -> None:
        """That a call comes to anything is asked where it is all that is asserted: `assert desk.late_orders()`."""
        if isinstance(asserted, ast.Call) and not _says(called(asserted)) and not called(asserted).startswith("assert"):
            self.asks.add(Ask.TRUTH)

    def expected_by(self, statement: ast.stmt) -> None:
        """What a chain of calls asks in which a helper asserts: `expect(ratings).to_contain("NC-17")`."""
        call = statement.value if isinstance(statement, ast.Expr) else None
        of = call.func.value if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) else None
        texts = [one for one in call.args if isinstance(one, ast.Constant) and isinstance(one.value, str)] if isinstance(call, ast.Call) else []
        if isinstance(of, ast.Call) and texts and isinstance(call, ast.Call) and len(texts) == len(call.args):
            self._add(Ask.TEXT, of)

    def _quantified(self, node: ast.Call) -> None:
        self.asks.add(Ask.SOME)
        for argument in node.args[:1] if called(node) in {"any", "all"} else ():
            if isinstance(argument, ast.GeneratorExp | ast.ListComp | ast.SetComp):
                self.condition(argument.elt)
                if isinstance(argument.elt, ast.Call) and not _says(called(argument.elt)):
                    self.asks.add(Ask.TRUTH)  # whether there is anything in what each comes to
                for generator in argument.generators:
                    self._among(generator.iter, argument.elt)
            else:
                self._add(Ask.TRUTH, argument)
        if called(node) == "next" and not (
            node.args and isinstance(node.args[0], ast.GeneratorExp) and any(one.ifs for one in node.args[0].generators)
        ):
            self.asks.add(Ask.FIRST)

    def _among(self, iterated: ast.expr, asked: ast.expr) -> None:
        """`any(sign in text for sign in "-/")`: signs, or texts of the source, are looked for one by one."""
        elements = iterated.elts if isinstance(iterated, ast.List | ast.Tuple | ast.Set) else [iterated]
        texts = [one.value for one in elements if isinstance(one, ast.Constant) and isinstance(one.value, str)]
        if texts and len(texts) == len(elements):
            self._add(Ask.FORMAT if iterated in elements or all(map(is_mark, texts)) else Ask.TEXT, asked)

    def _assert_method(self, call: ast.Call) -> None:
        name, arguments = called(call), call.args
        if "None" in name:
            self._add(Ask.NONE, *arguments[:1])
        elif name in {"assertTrue", "assertFalse"} and arguments:
            self.condition(arguments[0])
        elif "Greater" in name or "Less" in name or name == "assertAlmostEqual":
            self._compared(arguments[:2], [ast.Gt()])
        elif "Equal" in name or name in {"assertIs", "assertIsNot"}:
            self._compared(arguments[:2], [ast.Eq()])
        elif name in {"assertIn", "assertNotIn"}:
            self._compared(arguments[:2], [ast.In()])

    def _compared(self, sides: list[ast.expr], operators: Sequence[ast.cmpop]) -> None:
        if len(sides) == 2 and is_reshaped(*sides):
            self._add(Ask.FORMAT, *sides)
        ordering = any(isinstance(one, ast.Lt | ast.LtE | ast.Gt | ast.GtE) for one in operators)
        sides = [constant_of(side, self.constants) for side in sides]
        within = any(isinstance(one, ast.In | ast.NotIn) for one in operators) and not self._is_several(sides[-1])
        if any(isinstance(one, ast.List | ast.Tuple) for one in sides) and any(is_cut_off(side) for side in sides):
            self.asks.add(Ask.FIRST)  # which ones come first
        if ordering:
            self.asked_of.extend((Ask.THRESHOLD, column) for side in sides for column in self._read(side))
        for side in sides:
            self._mark_durations(side)
        if any(isinstance(side, ast.Call) and called(side) == "timedelta" for side in sides) and all(map(self._is_span, sides)):
            self.durations.update(part for side in sides for part in ast.walk(side))
            self._add(Ask.TOTAL, *sides)
        for side in sides:
            self._against_nothing(side, sides)
            if side is UNKNOWN:
                for ask in (Ask.THRESHOLD,) if ordering else (Ask.TEXT, Ask.NUMBER):
                    self._add(ask, *sides)
            else:
                self._against(side, sides, ordering=ordering, within=within)

    def _against(self, side: ast.expr, sides: list[ast.expr], *, ordering: bool, within: bool) -> None:
        """What it asks that one side is written in the source."""
        value = side.value if isinstance(side, ast.Constant) else side.operand if isinstance(side, ast.UnaryOp) else None
        if isinstance(value, str):
            if value:
                self.compared.add(value)
                marked = is_mark(value) if within else not any(map(str.isalnum, value))
                self._add(Ask.FORMAT if marked and not ordering else Ask.TEXT, *sides)
        elif isinstance(value, ast.Constant) or (isinstance(value, int | float) and not isinstance(value, bool)):
            self._add(Ask.THRESHOLD if ordering else Ask.NUMBER, *sides)
            if isinstance(value, int | float) and value >= _VOLUME:
                self.asks.add(Ask.VOLUME)
        elif isinstance(side, ast.Set | ast.List | ast.Tuple):
            held = {type(one.value) for one in side.elts if isinstance(one, ast.Constant)}
            for ask in [ask for kind, ask in ((str, Ask.TEXT), (int, Ask.NUMBER)) if kind in held]:
                self._add(ask, *sides)
        elif isinstance(side, ast.Dict):
            self._expected(side)

    def _expected(self, record: ast.Dict) -> None:
        """What a record that is written in the source asks of its members: `{"city": "Ghent", "fax": None}`."""
        for key, value in zip(record.keys, record.values, strict=True):
            members = self._columns(key.value) if isinstance(key, ast.Constant) and isinstance(key.value, str) else ()
            held = constant_of(value, self.constants)
            written = held.value if isinstance(held, ast.Constant) else None
            ask = Ask.TEXT if isinstance(written, str) else Ask.NUMBER if held is UNKNOWN or written is not None else Ask.NONE
            self.names.extend(members)
            if members and (isinstance(held, ast.Constant) or held is UNKNOWN):
                self.asks.add(ask)
                self.asked_of.extend((ask, member) for member in members)

    def _against_nothing(self, side: ast.expr, sides: list[ast.expr]) -> None:
        if is_empty(side):
            self._add(Ask.TRUTH, *sides)
        instead = defaults_in(side) | guards_in(side)
        for node in ast.walk(side):
            if isinstance(node, ast.Constant) and node.value in {None, ""} and node not in instead:
                self._add(Ask.NONE, *sides)


def _says(name: str) -> bool:
    """Whether a call says yes or no of a value by itself."""
    return name in _SAYING or name.startswith(("is_", "has_", "can_", "was_"))
