"""What expressions ask of the data: comparisons, quantifiers, counts, extremes, formats, and of which columns."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from compare.causes.assertion import Ask
from compare.causes.scope import Scope, is_one_row
from compare.causes.syntax import ONE_ROW, breadth_first, called, in_comprehension, is_fixed_place, is_mark, iterated, results_of
from compare.causes.words import plain, words

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_SHAPING = words(
    """isascii isdigit isalpha isalnum isnumeric isdecimal isupper islower istitle isspace isidentifier fullmatch match search findall encode
    assertRegex assertNotRegex normalize"""
)
_DATING = words("date datetime timedelta fromisoformat strptime strftime parse_date today now utcnow isoformat year month day days weekday")
_TOTALS = frozenset({"sum", "fsum", "mean", "fmean", "median", "average", "avg", "stdev"})
_COUNTS = frozenset({"len", "count", "Counter", "assertCountEqual", "assertLen"})
_FIRSTS = frozenset({"first", "one_or_none", "last", "pop", "popleft", "latest", "earliest"})
_SORTS = frozenset({"sorted", "sort", "reversed", "is_sorted"})
_SETS = frozenset({"set", "frozenset", "distinct", "unique", "nunique"})
_SEARCHES = frozenset({"startswith", "endswith", "removeprefix", "removesuffix", "find", "index"})
_BY_NAME = (
    (Ask.EXTREME, frozenset({"max", "min"})),
    (Ask.FIRST, _FIRSTS),
    (Ask.SORTED, _SORTS),
    (Ask.DISTINCT, _SETS),
    (Ask.FORMAT, _SHAPING),
    (Ask.MOMENT, _DATING),
)
_PLAIN_CALLS = frozenset({"bool", "get", "getattr", "strip"})


@dataclass(slots=True)
class Asking:
    """Notes what expressions ask. `known` are the columns by their plain spelling: what is no column is not kept."""

    known: Mapping[str, tuple[str, ...]]
    names: list[str] = field(default_factory=list)
    positions: list[int] = field(default_factory=list)
    asks: set[Ask] = field(default_factory=set)
    asked_of: list[tuple[Ask, str]] = field(default_factory=list)

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

    def _quantified(self, node: ast.Call) -> None:
        self.asks.add(Ask.SOME)
        for argument in node.args[:1] if called(node) in {"any", "all"} else ():
            if isinstance(argument, ast.GeneratorExp | ast.ListComp | ast.SetComp):
                self.condition(argument.elt)

    def _add(self, ask: Ask, *about: ast.AST) -> None:
        self.asks.add(ask)
        self.asked_of.extend((ask, column) for part in about for node in ast.walk(part) for column in self._read(node))

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

    def _compared(self, sides: list[ast.expr], operators: Iterable[ast.cmpop]) -> None:
        ordering = any(isinstance(one, ast.Lt | ast.LtE | ast.Gt | ast.GtE) for one in operators)
        for side in sides:
            for node in ast.walk(side):
                if isinstance(node, ast.Constant) and node.value in {None, ""}:
                    self._add(Ask.NONE, *sides)
            value = side.value if isinstance(side, ast.Constant) else side.operand if isinstance(side, ast.UnaryOp) else None
            if isinstance(value, str):
                if value:
                    self._add(Ask.FORMAT if is_mark(value) and not ordering else Ask.TEXT, *sides)
            elif isinstance(value, ast.Constant) or (isinstance(value, int | float) and not isinstance(value, bool)):
                self._add(Ask.THRESHOLD if ordering else Ask.NUMBER, *sides)
            elif isinstance(side, ast.Set | ast.List | ast.Tuple) and any(
                isinstance(one, ast.Constant) and isinstance(one.value, str) for one in side.elts
            ):
                self._add(Ask.TEXT, *sides)

    def take(self, scope: Scope, expression: ast.expr, *, each: bool) -> None:
        """What an expression asks on the way, and the columns it reads."""
        for node in breadth_first(expression):
            self.names.extend(self._read(node))
            if isinstance(node, ast.Call):
                self._call(node, each=each or in_comprehension(expression, node))
            elif isinstance(node, ast.SetComp | ast.Set):
                self._add(Ask.DISTINCT, *([node.elt] if isinstance(node, ast.SetComp) else node.elts))
            elif isinstance(node, ast.Subscript) and is_fixed_place(node.slice):
                self._indexed(scope, expression, node)
            elif isinstance(node, ast.Attribute) and node.attr in _DATING:
                self.asks.add(Ask.MOMENT)
            elif isinstance(node, ast.GeneratorExp | ast.ListComp | ast.SetComp | ast.DictComp):
                for test in (test for generator in node.generators for test in generator.ifs):
                    self.condition(test)
            elif isinstance(node, ast.Compare) and node is not expression:
                self._compared([node.left, *node.comparators], node.ops)

    def _indexed(self, scope: Scope, expression: ast.expr, node: ast.Subscript) -> None:
        """`rows[0]` is the first row, `row[0]` a column."""
        held = node.value
        is_row = (
            (isinstance(held, ast.Subscript) and is_fixed_place(held.slice))
            or (isinstance(held, ast.Call) and called(held) in ONE_ROW)
            or (isinstance(held, ast.Name) and (held.id in iterated(expression) or is_one_row(scope, held.id)))
        )
        if not is_row:
            self.asks.add(Ask.FIRST)
        elif isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, int):
            self.positions.append(node.slice.value)

    def _call(self, node: ast.Call, *, each: bool) -> None:
        name = called(node)
        if name in {"any", "all", "next"}:
            self.condition(node)
        elif name in _COUNTS:
            self._counted(node, each=each)
        elif name in _TOTALS:
            counted = bool(node.args) and isinstance(node.args[0], ast.GeneratorExp) and isinstance(node.args[0].elt, ast.Constant)
            self._add(Ask.COUNT if counted else Ask.TOTAL, *results_of(node.args))
        elif name in _SEARCHES and node.args:
            marks = [one.value for one in ast.walk(node.args[0]) if isinstance(one, ast.Constant) and isinstance(one.value, str)]
            self._add(Ask.FORMAT if marks and all(map(is_mark, marks)) else Ask.TEXT, node.func)
        elif (ask := next((ask for ask, names in _BY_NAME if name in names), None)) is not None:
            self._add(ask, *(results_of(node.args) if ask in {Ask.EXTREME, Ask.DISTINCT} else [node] if ask is Ask.FORMAT else []))

    def _counted(self, node: ast.Call, *, each: bool) -> None:
        if called(node) in {"count", "Counter"} and node.args:
            self.asks.add(Ask.COUNT_EACH)
            return
        argument = node.args[0] if node.args else None
        if (
            isinstance(argument, ast.Subscript)
            and isinstance(argument.slice, ast.Constant)
            and isinstance(argument.slice.value, str)
            and self._columns(argument.slice.value)
        ):
            self._add(Ask.FORMAT, argument)  # the length of a text
            return
        self.asks.add(Ask.COUNT_EACH if each else Ask.COUNT)

    def _read(self, node: ast.AST) -> tuple[str, ...]:
        """The columns that a node may read: several results may have one of this name."""
        text = None
        if isinstance(node, ast.Attribute):
            text = node.attr
        elif isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, str):
            text = node.slice.value
        elif isinstance(node, ast.Call) and called(node) in {"get", "itemgetter", "attrgetter", "getattr", "pop"}:
            text = next((one.value for one in node.args if isinstance(one, ast.Constant) and isinstance(one.value, str)), None)
        return () if text is None else self._columns(text)

    def _columns(self, text: str) -> tuple[str, ...]:
        return self.known.get(plain(text), ())
