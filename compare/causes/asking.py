"""What expressions ask of the data: comparisons, quantifiers, counts, extremes, formats, and of which columns."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from compare.causes.assertion import Ask
from compare.causes.constants import UNKNOWN, constant_of
from compare.causes.frames import COMPARES, COUNTS_EACH, MISSING, columns_named, is_grouping, is_of_groups, labels, queried, receiver
from compare.causes.scope import Scope, counted_in, is_one_row
from compare.causes.syntax import (
    ONE_ROW,
    breadth_first,
    called,
    conditions_of,
    counts_up,
    defaults_in,
    in_comprehension,
    is_collection,
    is_cut_off,
    is_empty,
    is_fixed_place,
    is_mark,
    is_of_neighbours,
    is_of_signs,
    is_one,
    is_order,
    is_piece,
    is_reshaped,
    is_text,
    iterated,
    looked_up,
    results_of,
)
from compare.causes.unpacking import is_duration, taken_apart
from compare.causes.words import plain, words

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_SHAPING = words(
    """isascii isdigit isalpha isalnum isnumeric isdecimal isupper islower istitle isspace isidentifier fullmatch match search findall encode
    assertRegex assertNotRegex normalize ord"""
)
_DATING = words(
    """date datetime timedelta fromisoformat strptime strftime parse_date today now utcnow isoformat year month day days weekday
    dt to_datetime to_period resample Timestamp Grouper quarter isocalendar"""
)
_TOTALS = words("sum fsum mean fmean median average avg stdev std var quantile")
_COUNTS = frozenset({"len", "count", "Counter", "most_common", "assertCountEqual", "assertLen", "groupby"})
_FIRSTS = words("first one_or_none last pop popleft latest earliest idxmax idxmin nlargest nsmallest")
_SORTS = frozenset({"sorted", "sort", "reversed", "is_sorted"})
_SETS = frozenset({"set", "frozenset", "distinct", "unique", "nunique"})
_CUTTING = frozenset({"split", "rsplit", "partition", "rpartition", "splitlines", "groups", "splitext"})
"""Methods that cut a text: what stands at a fixed place of that is no row."""
_SEARCHES = words("startswith endswith removeprefix removesuffix find index contains")
_BY_NAME = (
    (Ask.EXTREME, frozenset({"max", "min"})),
    (Ask.FIRST, _FIRSTS),
    (Ask.SORTED, _SORTS),
    (Ask.DISTINCT, _SETS),
    (Ask.FORMAT, _SHAPING),
    (Ask.MOMENT, _DATING),
)
_VOLUME = 5_000
_PLAIN_CALLS = (
    frozenset({"bool", "get", "getattr", "strip", "fetchall", "fetchmany", "all", "scalar", "scalar_one_or_none", "list", "tuple", "exists"})
    | ONE_ROW
)

_SAYING = _SHAPING | _SEARCHES | words("any all isinstance hasattr callable issubset issuperset isdisjoint")
"""Calls that say yes or no of a value by themselves."""


@dataclass(slots=True)
class Asking:
    """Notes what expressions ask. `known` are the columns by their plain spelling: what is no column is not kept. `several` are names in the function
    at hand that plainly hold several values, `constants` names of constants with what they are, None where that is not known.
    """

    known: Mapping[str, tuple[str, ...]]
    several: frozenset[str] = frozenset()
    constants: Mapping[str, ast.expr | None] = field(default_factory=dict)
    names: list[str] = field(default_factory=list)
    positions: list[int] = field(default_factory=list)
    asks: set[Ask] = field(default_factory=set)
    asked_of: list[tuple[Ask, str]] = field(default_factory=list)
    values: set[str] = field(default_factory=set)

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
        instead = defaults_in(side)
        for node in ast.walk(side):
            if isinstance(node, ast.Constant) and node.value in {None, ""} and node not in instead:
                self._add(Ask.NONE, *sides)

    def made_by(self, statement: ast.stmt) -> None:
        """What the way asks in which a statement gives a name its value: `first, *rest = rows`, `counts[row["city"]] += 1`."""
        targets = statement.targets if isinstance(statement, ast.Assign) else []
        if any(isinstance(one, ast.Tuple | ast.List) and any(isinstance(part, ast.Starred) for part in one.elts) for one in targets):
            self.asks.add(Ask.FIRST)
        if any(isinstance(one, ast.Tuple | ast.List) for one in targets) and isinstance(statement, ast.Assign) and is_cut_off(statement.value):
            self.asks.add(Ask.FIRST)  # `top, = rows[:1]`
        counted = counts_up(statement)
        if counted is not None:
            self._add(Ask.COUNT_EACH, counted)
        elif isinstance(statement, ast.AugAssign) and isinstance(statement.value, ast.Attribute | ast.Subscript) and self._read(statement.value):
            self._add(Ask.TOTAL, statement.value)  # added up
        elif isinstance(statement, ast.AugAssign) and isinstance(statement.target, ast.Name) and is_one(statement.value):
            self.asks.add(Ask.COUNT)

    def missing(self, statement: ast.stmt) -> bool:
        """Whether a statement that raised KeyError looks a text of the source up that is no column: what it compares that with was never asked."""
        keys = (key for node in ast.walk(statement) if isinstance(node, ast.Subscript) and (key := looked_up(node)[1]) is not None)
        found = any(not self._columns(key) for key in keys)
        if found:
            self.asks.add(Ask.TEXT)
        return found

    def measured(self, made_of: list[ast.expr]) -> list[ast.expr]:
        """`len(Counter(names))` asks how many different ones there are, and not how often each occurs: what is counted, instead of the Counter."""
        found: list[ast.expr] = []
        for one in made_of:
            counter = isinstance(one, ast.Call) and called(one) == "Counter" and bool(one.args)
            if counter and isinstance(one, ast.Call):
                self._add(Ask.DISTINCT, *results_of(one.args))
            found.extend(one.args if counter and isinstance(one, ast.Call) else [one])
        return found

    def _is_several(self, expression: ast.expr) -> bool:
        return is_collection(expression) or (isinstance(expression, ast.Name) and expression.id in self.several)

    def take(self, scope: Scope, expression: ast.expr, *, each: bool) -> None:
        """What an expression asks on the way, and the columns it reads."""
        for node in breadth_first(expression):
            self.names.extend(self._read(node))
            self.unpack(node)
            if self._looks_up(node):
                self._add(Ask.TEXT, *counted_in(scope, node))
            if isinstance(node, ast.Call):
                self._call(node, each=each or in_comprehension(expression, node))
            elif isinstance(node, ast.SetComp | ast.Set):
                self._add(Ask.DISTINCT, *([node.elt] if isinstance(node, ast.SetComp) else node.elts))
            elif isinstance(node, ast.Subscript):
                self._taken_out(scope, expression, node)
            elif isinstance(node, ast.Attribute):
                self._attribute(node)
            elif isinstance(node, ast.GeneratorExp | ast.ListComp | ast.SetComp | ast.DictComp | ast.Lambda) and not is_order(expression, node):
                for test in conditions_of(node):
                    self.condition(test)
            elif isinstance(node, ast.Compare) and node is not expression:
                self._compared([node.left, *node.comparators], node.ops)

    def _attribute(self, node: ast.Attribute) -> None:
        if node.attr in _SHAPING and isinstance(node.value, ast.Name) and node.value.id == "str":
            self.asks.add(Ask.FORMAT)  # `map(str.isdigit, codes)`
        elif node.attr in _DATING and not isinstance(node.value, ast.BinOp):  # a difference is a duration
            self.asks.add(Ask.MOMENT)

    def unpack(self, loop: ast.AST) -> None:
        """Note the columns that a loop reads by their places: `for number, name in rows`."""
        parts = taken_apart(loop)
        self.values |= parts.keys()
        self.positions.extend(parts.values())

    def _looks_up(self, node: ast.AST) -> bool:
        """Whether a text of the source that is no column is looked up in what the function made: `by_status.get("open", 0)`, `by_status["open"]`."""
        held, key = looked_up(node)
        in_several = (isinstance(held, ast.Name) and held.id in self.several) or (isinstance(held, ast.Call) and called(held) == "Counter")
        return (in_several and key is not None and not self._columns(key)) or any(not self._columns(label) for label in labels(node))

    def _taken_out(self, scope: Scope, expression: ast.expr, node: ast.Subscript) -> None:
        """A piece of a text that a row holds asks how it is written."""
        if is_piece(node):
            if self._read(node.value):
                self._add(Ask.FORMAT, node.value)
        elif is_fixed_place(node.slice):
            self._indexed(scope, expression, node)

    def _indexed(self, scope: Scope, expression: ast.expr, node: ast.Subscript) -> None:
        """`rows[0]` is the first row, `row[0]` a column."""
        held = node.value
        if isinstance(held, ast.Call) and called(held) in _CUTTING | {"most_common"}:
            return  # a piece of a text, or a value with its number
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
        elif self._of_frame(node):
            pass
        elif name in _COUNTS:
            self._counted(node, each=each)
        elif name in _TOTALS:
            counted = bool(node.args) and isinstance(node.args[0], ast.GeneratorExp) and isinstance(node.args[0].elt, ast.Constant | ast.Compare)
            self._add((Ask.COUNT_EACH if each else Ask.COUNT) if counted else Ask.TOTAL, *results_of(node.args), *receiver(node))
        elif is_of_signs(node):
            self.asks.add(Ask.FORMAT)
        elif is_of_neighbours(node):
            self.asks.add(Ask.SORTED)
        elif name in _SEARCHES and node.args:
            marks = [one.value for one in ast.walk(node.args[0]) if isinstance(one, ast.Constant) and isinstance(one.value, str)]
            self._add(Ask.FORMAT if marks and all(map(is_mark, marks)) else Ask.TEXT, node.func)
        else:
            self._called_by_name(node)

    def _called_by_name(self, node: ast.Call) -> None:
        name = called(node)
        ask = next((ask for ask, names in _BY_NAME if name in names), None)
        if ask is not None:
            if ask is Ask.EXTREME and is_duration(node.args):
                ask = Ask.TOTAL
            about = [*results_of(node.args), *receiver(node)] if ask in {Ask.EXTREME, Ask.DISTINCT} else [node] if ask is Ask.FORMAT else []
            by = [word.value for word in node.keywords if word.arg == "key"] if ask is Ask.EXTREME else []
            self._add(ask, *about, *by)
            if by:
                self.asks.add(Ask.FIRST)  # which record is on top
            if name == "nunique":
                self._add(Ask.COUNT, *receiver(node))

    def _of_frame(self, node: ast.Call) -> bool:
        """What a method asks that data frames alone have; whether it is one."""
        name = called(node)
        if name in MISSING:
            self._add(Ask.NONE, node)
        elif name in COMPARES and node.args and isinstance(node.func, ast.Attribute):
            self._compared([node.func.value, node.args[0]], [ast.Gt() if name in {"gt", "ge", "lt", "le"} else ast.Eq()])
        elif name in COUNTS_EACH or (name in _COUNTS and is_of_groups(node)):
            self._add(Ask.COUNT_EACH, *receiver(node))
        elif (chosen := queried(node)) is not None:
            self.condition(chosen)
            self.names.extend(column for part in ast.walk(chosen) for column in self._read(part))
        else:
            return is_grouping(node)  # what is asked of each group comes behind it
        return True

    def _counted(self, node: ast.Call, *, each: bool) -> None:
        if called(node) == "count" and isinstance(node.func, ast.Attribute) and is_text(node.args[:1]):
            marked = all(is_mark(one.value) for one in node.args if isinstance(one, ast.Constant) and isinstance(one.value, str))
            self._add(Ask.FORMAT if marked else Ask.TEXT, node.func)  # how often a text of the source occurs: whether it does
            return
        if called(node) in {"count", "Counter", "groupby", "most_common"} and (node.args or called(node) == "most_common"):
            self._add(Ask.COUNT_EACH, *(results_of(node.args[:1]) if called(node) == "Counter" else ()))
            return
        argument = node.args[0] if node.args else None
        if isinstance(argument, ast.Name) and argument.id in self.values:
            self.asks.add(Ask.FORMAT)  # the length of what stands in a row
            return
        if isinstance(argument, ast.Call) and called(argument) in _CUTTING and isinstance(argument.func, ast.Attribute):
            self._add(Ask.FORMAT, argument.func.value)  # of how many words a text is
            return
        if (
            isinstance(argument, ast.Subscript)
            and isinstance(argument.slice, ast.Constant)
            and isinstance(argument.slice.value, str)
            and self._columns(argument.slice.value)
        ):
            self.asks.add(Ask.FORMAT)  # the length of a text
            self.asked_of.extend((Ask.FORMAT, name) for name in self._read(argument))
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
        elif isinstance(node, ast.Call):
            return tuple(column for named in columns_named(node) for column in self._columns(named))
        return () if text is None else self._columns(text)

    def _columns(self, text: str) -> tuple[str, ...]:
        return self.known.get(plain(text), ())


def _says(name: str) -> bool:
    """Whether a call says yes or no of a value by itself."""
    return name in _SAYING or name.startswith(("is_", "has_", "can_", "was_"))
