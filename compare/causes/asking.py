"""What expressions ask of the data on the way: counts, extremes, totals, formats, places and orders, and of which columns."""

from __future__ import annotations

import ast

from compare.causes.assertion import Ask
from compare.causes.deciding import SEARCHES, SHAPING, Deciding
from compare.causes.frames import COMPARES, COUNTS_EACH, MISSING, is_grouping, is_of_groups, labels, queried, receiver
from compare.causes.scope import Scope, counted_in, is_one_row, made_into
from compare.causes.syntax import (
    ONE_ROW,
    TOTALS,
    breadth_first,
    called,
    conditions_of,
    counts_up,
    guards_in,
    in_comprehension,
    is_among_groups,
    is_cut_off,
    is_fixed_place,
    is_mark,
    is_none,
    is_of_neighbours,
    is_of_signs,
    is_of_truth,
    is_one,
    is_order,
    is_piece,
    is_text,
    is_what_is_kept,
    iterated,
    looked_up,
    looks_for_words,
    results_of,
)
from compare.causes.unpacking import Comprehension, is_duration, taken_apart
from compare.causes.words import words

_DATING = words(
    """date datetime timedelta fromisoformat strptime strftime parse_date today now utcnow isoformat year month day weekday
    dt to_datetime to_period resample Timestamp Grouper quarter isocalendar"""
)
_COUNTS = frozenset({"len", "count", "Counter", "most_common", "assertLen", "groupby"})
_FIRSTS = words("first one_or_none last pop popleft latest earliest idxmax idxmin nlargest nsmallest")
_SORTS = frozenset({"sorted", "sort", "reversed", "is_sorted"})
_SETS = frozenset({"set", "frozenset", "distinct", "unique", "nunique"})
_CUTTING = frozenset({"split", "rsplit", "partition", "rpartition", "splitlines", "groups", "splitext"})
"""Methods that cut a text: what stands at a fixed place of that is no row."""
_BY_NAME = (
    (Ask.EXTREME, frozenset({"max", "min"})),
    (Ask.FIRST, _FIRSTS),
    (Ask.SORTED, _SORTS),
    (Ask.DISTINCT, _SETS),
    (Ask.FORMAT, SHAPING),
    (Ask.MOMENT, _DATING),
)


class Asking(Deciding):
    """Notes what expressions ask, on the way as well as in what decides."""

    __slots__ = ()

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
        elif isinstance(statement, ast.AugAssign) and isinstance(statement.op, ast.Add) and any(map(self._read, ast.walk(statement.value))):
            self._add(Ask.TOTAL, statement.value)  # added up
        elif isinstance(statement, ast.AugAssign) and isinstance(statement.target, ast.Name) and is_one(statement.value):
            self.asks.add(Ask.COUNT)

    def missing(self, statement: ast.stmt) -> bool:
        """Whether a statement that raised KeyError looks a text of the source up that is no column: what it compares that with was never asked."""
        keys = (key for node in ast.walk(statement) if isinstance(node, ast.Subscript) and (key := looked_up(node)[1]) is not None)
        found = any(not self._columns(key) for key in keys)
        if found:
            self.asks.add(Ask.TEXT)
        numbered = any(isinstance(node, ast.Subscript) and is_fixed_place(node.slice) for node in ast.walk(statement))
        if numbered:
            self.asks.add(Ask.NUMBER)  # `by_number[2388]`
        return found or numbered

    def measured(self, made_of: list[ast.expr]) -> list[ast.expr]:
        """`len(Counter(names))` asks how many different ones there are, and not how often each occurs: what is counted, instead of the Counter."""
        found: list[ast.expr] = []
        for one in made_of:
            counter = isinstance(one, ast.Call) and called(one) == "Counter" and bool(one.args)
            if counter and isinstance(one, ast.Call):
                self._add(Ask.DISTINCT, *results_of(one.args))
            found.extend(one.args if counter and isinstance(one, ast.Call) else [one])
        return found

    def take(self, scope: Scope, expression: ast.expr, *, each: bool) -> None:
        """What an expression asks on the way, and the columns it reads."""
        for node in breadth_first(expression):
            self.names.extend(self._read(node))
            self.unpack(node)
            self._lengths(scope, node)
            self._stood_in_for(node)
            if self._looks_up(node):
                self._add(Ask.TEXT, *counted_in(scope, node))
            if isinstance(node, ast.Call):
                self._call(node, each=each or in_comprehension(expression, node))
                self._longest(scope, node)
            elif isinstance(node, ast.SetComp | ast.Set):
                self._add(Ask.DISTINCT, *([node.elt] if isinstance(node, ast.SetComp) else node.elts))
            elif isinstance(node, ast.Subscript):
                self._taken_out(scope, expression, node)
            elif isinstance(node, ast.Attribute):
                self._attribute(node)
            elif isinstance(node, ast.GeneratorExp | ast.ListComp | ast.SetComp | ast.DictComp | ast.Lambda) and not is_order(expression, node):
                self._chosen_by(expression, conditions_of(node), None if isinstance(node, ast.DictComp | ast.Lambda) else node.elt)
            elif isinstance(node, ast.Compare) and node is not expression and node not in self.postponed:
                self._compared([node.left, *node.comparators], node.ops)

    def _chosen_by(self, expression: ast.expr, conditions: list[ast.expr], kept: ast.expr | None) -> None:
        guards = guards_in(expression)
        for test in conditions:
            if is_what_is_kept(test, kept):
                self.postponed.append(test)
            elif test not in guards:
                self.condition(test)

    def settle(self) -> None:
        """Ask whether there is anything, where what is there was kept, unless a number was made of it: `mean(x for x in xs if x is not None)`."""
        if self.asks.isdisjoint({Ask.TOTAL, Ask.EXTREME}):
            for test in self.postponed:
                self.condition(test)

    def _longest(self, scope: Scope, call: ast.Call) -> None:
        """The largest or smallest of durations that were worked out before."""
        if called(call) in {"max", "min"} and is_duration(made_of := made_into(scope, call)):
            self._add(Ask.TOTAL, *made_of)

    def _lengths(self, scope: Scope, node: ast.AST) -> None:
        """`map(len, codes)`, `len(code) for code in codes`: how long texts are, where codes are a column of rows; else how many each has."""
        if isinstance(node, Comprehension):
            heads = (head for head in node.generators if isinstance(head.iter, ast.Name) and self._held_by_rows(scope, head.iter))
            self.values.update(head.target.id for head in heads if isinstance(head.target, ast.Name))
        elif isinstance(node, ast.Call) and called(node) == "map" and any(isinstance(one, ast.Name) and one.id == "len" for one in node.args[:1]):
            texts = [one for several in node.args[1:] for one in self._held_by_rows(scope, several)]
            self._add(Ask.FORMAT if texts else Ask.COUNT_EACH, *texts)

    def _held_by_rows(self, scope: Scope, several: ast.expr) -> list[ast.expr]:
        """What is read of each row: `row["code"]` of `[row["code"] for row in rows]`, or of a name that stands for this."""
        made_of = [one for _, made in scope.made(several.id, several.lineno) for one in made] if isinstance(several, ast.Name) else [several]
        return [one.elt for one in made_of if isinstance(one, ast.GeneratorExp | ast.ListComp | ast.SetComp) and self._read(one.elt)]

    def _cut_up(self, cut: ast.expr | None) -> ast.expr | None:
        """The text that is cut into words, or a value into lines; the lines of a document are none: they are counted as rows are."""
        if not (isinstance(cut, ast.Call) and called(cut) in _CUTTING and isinstance(cut.func, ast.Attribute)):
            return None
        text = cut.func.value
        return None if called(cut) == "splitlines" and not any(self._read(part) for part in ast.walk(text)) else text

    def _stood_in_for(self, node: ast.AST) -> None:
        """`row["note"] or "-"`, where "-" is what the assertion looks for: it asks whether there is none, and not how it is written."""
        if isinstance(node, ast.IfExp):
            value, instead = node.body, node.orelse
        elif isinstance(node, ast.BoolOp) and isinstance(node.op, ast.Or):
            value, instead = node.values[0], node.values[-1]
        else:
            return
        if isinstance(instead, ast.Constant) and instead.value in self.compared and any(self._read(part) for part in ast.walk(value)):
            self._add(Ask.NONE, value)
            self.asks -= {Ask.FORMAT, Ask.TEXT} - {ask for ask, _ in self.asked_of}

    def _attribute(self, node: ast.Attribute) -> None:
        self._mark_durations(node)
        if node.attr in SHAPING and isinstance(node.value, ast.Name) and node.value.id == "str":
            self.asks.add(Ask.FORMAT)  # `map(str.isdigit, codes)`
        elif node.attr in _DATING and not isinstance(node.value, ast.BinOp) and node not in self.durations:  # a difference is a duration
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
        in_several = in_several or is_among_groups(node)
        return (in_several and key is not None and not self._columns(key)) or any(not self._columns(label) for label in labels(node))

    def _taken_out(self, scope: Scope, expression: ast.expr, node: ast.Subscript) -> None:
        """A piece of a text that a row holds asks how it is written."""
        if is_piece(node):
            of = node.value.value if isinstance(node.value, ast.Attribute) and node.value.attr == "str" else node.value  # as data frames write it
            if self._read(of):
                self._add(Ask.FORMAT, of)
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
            if self._is_of_row(scope, expression, held):
                self._add(Ask.FORMAT, held)  # a sign of a text: `row["sku"][-1]`
        elif isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, int):
            self.positions.append(node.slice.value)

    def _is_of_row(self, scope: Scope, expression: ast.expr, held: ast.expr) -> bool:
        """Whether it is a column of one row, and not one of a data frame."""
        row = held.value if isinstance(held, ast.Attribute | ast.Subscript) else None
        single = isinstance(row, ast.Name) and (row.id in iterated(expression) or is_one_row(scope, row.id))
        return single and bool(self._read(held))

    def _call(self, node: ast.Call, *, each: bool) -> None:
        name = called(node)
        if name in {"any", "all", "next"}:
            self.condition(node)
        elif self._of_frame(node):
            pass
        elif name in _COUNTS:
            self._counted(node, each=each)
        elif name in TOTALS:
            self._summed(node, each=each)
        elif name == "itemgetter":
            self.positions.extend(one.value for one in node.args if isinstance(one, ast.Constant) and isinstance(one.value, int))
        elif name in {"map", "filter"} and node.args and isinstance(node.args[0], ast.Attribute) and node.args[0].attr in SHAPING:
            self._add(Ask.FORMAT, *node.args[1:])  # `filter(pattern.fullmatch, names)`
        elif is_of_signs(node):
            self.asks.add(Ask.FORMAT)
        elif is_of_neighbours(node):
            self.asks.add(Ask.SORTED)
        elif name in SEARCHES and node.args:
            marks = [one.value for one in ast.walk(node.args[0]) if isinstance(one, ast.Constant) and isinstance(one.value, str)]
            self._add(Ask.FORMAT if marks and all(map(is_mark, marks)) else Ask.TEXT, node.func)
        else:
            self._called_by_name(node)

    def _summed(self, node: ast.Call, *, each: bool) -> None:
        """One number is made of many; of conditions, how many are met."""
        counted = bool(node.args) and isinstance(node.args[0], ast.GeneratorExp) and isinstance(node.args[0].elt, ast.Constant | ast.Compare)
        if is_of_truth(node):
            self._add(Ask.TRUTH, *node.args)
            counted = True
        self._add((Ask.COUNT_EACH if each else Ask.COUNT) if counted else Ask.TOTAL, *results_of(node.args), *receiver(node))

    def _called_by_name(self, node: ast.Call) -> None:
        name = called(node)
        ask = next((ask for ask, names in _BY_NAME if name in names), None)
        if ask is not None:
            if ask is Ask.FORMAT and looks_for_words(node):
                self._add(Ask.TEXT, node)
                return
            if ask is Ask.EXTREME and is_duration(node.args):
                ask = Ask.TOTAL
            if ask is Ask.MOMENT and node in self.durations:
                return
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
        if called(node) == "count" and isinstance(node.func, ast.Attribute) and is_none(node.args):
            self._add(Ask.NONE, node.func)
            return
        if called(node) in {"count", "Counter", "groupby", "most_common"} and (node.args or called(node) == "most_common"):
            self._add(Ask.COUNT_EACH, *(results_of(node.args[:1]) if called(node) == "Counter" else ()))
            return
        argument = node.args[0] if node.args else None
        if isinstance(argument, ast.Name) and argument.id in self.values:
            self.asks.add(Ask.FORMAT)  # the length of what stands in a row
            return
        if (words_of := self._cut_up(argument)) is not None:
            self._add(Ask.FORMAT, words_of)  # of how many words a text is
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
