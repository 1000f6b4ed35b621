"""Questions about pieces of Python source, by `ast`."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ONE_ROW = frozenset({"fetchone", "first", "one", "one_or_none", "fetchrow", "fetch_one", "get"})
"""Calls that give one row, or one record."""


def expressions(statement: ast.AST) -> Iterator[ast.expr]:
    """The expressions of a statement itself, not those of statements within it."""
    for child in ast.iter_child_nodes(statement):
        if isinstance(child, ast.expr):
            yield child
        elif isinstance(child, ast.withitem):
            yield child.context_expr


def breadth_first(expression: ast.expr) -> Iterator[ast.AST]:
    """All nodes of an expression, the outermost first."""
    waiting: list[ast.AST] = [expression]
    while waiting:
        node = waiting.pop(0)
        yield node
        waiting.extend(ast.iter_child_nodes(node))


def results(node: ast.AST) -> Iterator[ast.AST]:
    """All nodes of an expression but those that comprehensions in it choose by."""
    waiting = [node]
    while waiting:
        one = waiting.pop()
        yield one
        waiting.extend([one.target, one.iter] if isinstance(one, ast.comprehension) else ast.iter_child_nodes(one))


def called(node: ast.Call) -> str:
    """The name of the function or method that is called, "" for anything else."""
    return node.func.attr if isinstance(node.func, ast.Attribute) else node.func.id if isinstance(node.func, ast.Name) else ""


def results_of(arguments: list[ast.expr]) -> list[ast.expr]:
    """What arguments come to: of a comprehension, its elements."""
    return [one.elt if isinstance(one, ast.GeneratorExp | ast.ListComp | ast.SetComp) else one for one in arguments]


def calls_of_own(expression: ast.expr) -> Iterator[str]:
    """Functions called by name, and methods of the test's own class."""
    for node in ast.walk(expression):
        if isinstance(node, ast.Call):
            if isinstance(node.func, ast.Name):
                yield node.func.id
            elif isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Name) and node.func.value.id in {"self", "cls"}:
                yield node.func.attr


def handed_over(call: ast.Call) -> Iterator[str]:
    """The texts that are handed to a function by its name, or to a method of the test's own class: `by("city", rows)`, `self.column("City")`."""
    own = isinstance(call.func, ast.Name) or (isinstance(call.func, ast.Attribute) and stored_under(call.func) is not None)
    if own and not called(call).startswith("assert"):
        for argument in (*call.args, *(word.value for word in call.keywords)):
            if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                yield argument.value


def read_names(expression: ast.expr) -> Iterator[str]:
    """The names that an expression reads, `self.rows` among them."""
    for node in ast.walk(expression):
        if isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.Attribute) and (name := stored_under(node)) is not None:
            yield name


def stored_in(target: ast.AST) -> set[str]:
    """Names that are assigned to, `self.rows` and the `found` of `found[key]` among them."""
    found = set()
    for node in ast.walk(target):
        if isinstance(node, ast.Name):
            found.add(node.id)
        elif isinstance(node, ast.Attribute) and (name := stored_under(node)) is not None:
            found.add(name)
    return found


def iterated(expression: ast.expr) -> set[str]:
    """Names that comprehensions within an expression run over."""
    return {name for node in ast.walk(expression) if isinstance(node, ast.comprehension) for name in stored_in(node.target)}


def in_comprehension(expression: ast.expr, inner: ast.AST) -> bool:
    """Whether a part is worked out for each of several."""
    comprehensions = [node for node in ast.walk(expression) if isinstance(node, ast.GeneratorExp | ast.ListComp | ast.SetComp | ast.DictComp)]
    parts: list[ast.AST] = []
    for one in comprehensions:
        parts += [one.key, one.value] if isinstance(one, ast.DictComp) else [one.elt]
        parts += [test for generator in one.generators for test in generator.ifs]
    return any(node is inner for part in parts for node in ast.walk(part))


def is_fixed_place(index: ast.expr) -> bool:
    """Whether a subscript is a number written in the source."""
    node = index.operand if isinstance(index, ast.UnaryOp) else index
    return isinstance(node, ast.Constant) and isinstance(node.value, int) and not isinstance(node.value, bool)


def is_empty(expression: ast.expr) -> bool:
    """Whether it is an empty collection written in the source."""
    if isinstance(expression, ast.Dict):
        return not expression.keys
    if isinstance(expression, ast.Call):
        return called(expression) in _COLLECTIONS and not expression.args and not expression.keywords
    return isinstance(expression, ast.List | ast.Tuple) and not expression.elts


def is_cut_off(expression: ast.expr) -> bool:
    """Whether it is made of as many of several as the source says: `rows[:3]`."""
    cuts = [node.slice for node in ast.walk(expression) if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Slice)]
    return any(one is not None and is_fixed_place(one) for cut in cuts for one in (cut.lower, cut.upper))


def is_order(expression: ast.expr, inner: ast.AST) -> bool:
    """Whether a function says what something is ordered by: `key=lambda row: row["total"]`. It chooses nothing."""
    return any(isinstance(node, ast.keyword) and node.arg == "key" and node.value is inner for node in ast.walk(expression))


def is_piece(node: ast.Subscript) -> bool:
    """Whether a text is cut at fixed places, that is a text that a row holds: `row["iban"][:2]`, `client.phone[-4:]`."""
    held, cut = node.value, node.slice
    named = isinstance(held, ast.Attribute) or (
        isinstance(held, ast.Subscript) and isinstance(held.slice, ast.Constant) and isinstance(held.slice.value, str)
    )
    bounds = [one for one in (cut.lower, cut.upper) if one is not None] if isinstance(cut, ast.Slice) and cut.step is None else []
    return named and bool(bounds) and all(map(is_fixed_place, bounds))


def defaults_in(expression: ast.expr) -> set[ast.AST]:
    """What stands in for what is not there, and is not asked for: the "" of `note or ""`, of `row.get("note", "")`, of `"".join(notes)`."""
    found: set[ast.AST] = set()
    for node in ast.walk(expression):
        if isinstance(node, ast.BoolOp) and isinstance(node.op, ast.Or):
            found.update(node.values[1:])
        elif isinstance(node, ast.Call):
            found.update(word.value for word in node.keywords if word.arg == "default")
            if called(node) in {"get", "getattr", "pop", "next", "replace"}:
                found.update(node.args[1:])
            elif called(node) == "join" and isinstance(node.func, ast.Attribute):
                found.add(node.func.value)
    return found


TOTALS = frozenset({"sum", "fsum", "mean", "fmean", "median", "average", "avg", "stdev", "std", "var", "quantile"})
"""Calls that make one number of many."""


def guards_in(expression: ast.expr) -> set[ast.AST]:
    """What keeps what is not there out of a number that is worked out: `if row.ended` of `max(row.days for row in rows if row.ended)`."""
    made = [node.args[0] for node in ast.walk(expression) if isinstance(node, ast.Call) and called(node) in TOTALS | {"max", "min"} and node.args]
    several = [one for one in made if isinstance(one, ast.GeneratorExp | ast.ListComp) and not isinstance(one.elt, ast.Constant)]
    tests = [test for one in several for generator in one.generators for test in generator.ifs if _is_guard(test)]
    return {node for test in tests for node in ast.walk(test)}


def _is_guard(test: ast.expr) -> bool:
    if isinstance(test, ast.Compare):
        return isinstance(test.ops[0], ast.IsNot) and is_none(test.comparators)
    return isinstance(test, ast.Name | ast.Attribute | ast.Subscript)


def is_what_is_kept(test: ast.expr, kept: ast.expr | None) -> bool:
    """Whether a comprehension keeps a value where there is one: `row["km"] for row in rows if row["km"] is not None`."""
    asked = test.left if isinstance(test, ast.Compare) else test
    return kept is not None and _is_guard(test) and ast.dump(asked) == ast.dump(kept)


def is_of_truth(call: ast.Call) -> bool:
    """`sum(map(bool, notes))`: how many are there."""
    inner = call.args[0] if call.args else None
    function = inner.args[0] if isinstance(inner, ast.Call) and called(inner) == "map" and inner.args else None
    return isinstance(function, ast.Name) and function.id == "bool"


def is_collection(expression: ast.expr) -> bool:
    """Whether it plainly holds several values, of which a text is one, and is no text of which it is a part."""
    if isinstance(expression, ast.Call):
        return called(expression) in _COLLECTIONS
    return isinstance(expression, ast.SetComp | ast.ListComp | ast.DictComp | ast.Set | ast.List | ast.Tuple | ast.Dict)


_COLLECTIONS = frozenset({"set", "list", "tuple", "frozenset", "dict", "sorted", "keys", "values", "Counter", "defaultdict"})


def looked_up(node: ast.AST) -> tuple[ast.expr | None, str | None]:
    """The dictionary and the text of `found["open"]`, `found.get("open", 0)`."""
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, str):
        return node.value, node.slice.value
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "get" and node.args:
        first = node.args[0]
        if isinstance(first, ast.Constant) and isinstance(first.value, str):
            return node.func.value, first.value
    return None, None


def is_among_groups(node: ast.AST) -> bool:
    """Whether a text is looked up among collections: `by_status.get("open", [])`."""
    return isinstance(node, ast.Call) and looked_up(node)[1] is not None and len(node.args) > 1 and is_empty(node.args[1])


def conditions_of(node: ast.GeneratorExp | ast.ListComp | ast.SetComp | ast.DictComp | ast.Lambda) -> list[ast.expr]:
    """What a comprehension chooses by; of a function handed over, what it says."""
    return [node.body] if isinstance(node, ast.Lambda) else [test for generator in node.generators for test in generator.ifs]


def is_of_signs(call: ast.Call) -> bool:
    """`set("äö")`: the signs of a text written in the source. Capitals are codes: `set("ABC")`."""
    first = call.args[0] if call.args else None
    text = first.value if isinstance(first, ast.Constant) and isinstance(first.value, str) else ""
    return called(call) in {"set", "frozenset"} and bool(text) and not (text.isascii() and text.isalpha() and text.isupper())


def is_of_neighbours(call: ast.Call) -> bool:
    """`pairwise(days)`, `zip(days, days[1:])`: each with the one after it."""
    second = call.args[1] if called(call) == "zip" and len(call.args) > 1 else None
    return called(call) == "pairwise" or (
        isinstance(second, ast.Subscript) and isinstance(second.slice, ast.Slice) and second.slice.lower is not None
    )


def is_measured(expression: ast.expr, name: str) -> bool:
    """Whether an expression asks of what is called so how long it is, and nothing else."""
    measured = [node.args[0] for node in ast.walk(expression) if isinstance(node, ast.Call) and called(node) == "len" and len(node.args) == 1]
    read = [node for node in ast.walk(expression) if isinstance(node, ast.Name) and node.id == name]
    return bool(read) and all(any(node is one for one in measured) for node in read)


def is_none(arguments: list[ast.expr]) -> bool:
    """Whether the only argument is None."""
    return len(arguments) == 1 and isinstance(arguments[0], ast.Constant) and arguments[0].value is None


def is_text(arguments: list[ast.expr]) -> bool:
    """Whether the only argument is a text written in the source."""
    return len(arguments) == 1 and isinstance(arguments[0], ast.Constant) and isinstance(arguments[0].value, str)


def decimal_of(expression: ast.expr) -> ast.Constant | None:
    """The number of `Decimal("0.10")`."""
    if not (isinstance(expression, ast.Call) and called(expression) in {"Decimal", "Fraction"} and len(expression.args) == 1):
        return None
    value = expression.args[0].value if isinstance(expression.args[0], ast.Constant) else None
    try:
        return ast.Constant(float(value)) if isinstance(value, str | int | float) else None
    except ValueError:
        return None


def stored_under(node: ast.Attribute) -> str | None:
    """The name of an attribute of the object or its class: `self.rows`, also of `cls.rows`."""
    return f"self.{node.attr}" if isinstance(node.value, ast.Name) and node.value.id in {"self", "cls"} else None


def counts_up(statement: ast.stmt) -> ast.expr | None:
    """What is counted by: `row["city"]` of `counts[row["city"]] += 1`, of `counts[city] = counts.get(city, 0) + 1`, of `found[city].append(row)`."""
    target: ast.expr
    if isinstance(statement, ast.AugAssign):
        target, value = statement.target, statement.value
    elif isinstance(statement, ast.Assign) and len(statement.targets) == 1 and isinstance(statement.value, ast.BinOp):
        target, value = statement.targets[0], statement.value.right
    elif isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call) and called(statement.value) in {"append", "add"}:
        held = statement.value.func.value if isinstance(statement.value.func, ast.Attribute) else None
        if isinstance(held, ast.Call) and called(held) == "setdefault" and held.args:
            return held.args[0]
        return held.slice if isinstance(held, ast.Subscript) else None
    else:
        return None
    return target.slice if is_one(value) and isinstance(target, ast.Subscript) else None


def is_one(value: ast.expr) -> bool:
    """Whether it is the number 1."""
    return isinstance(value, ast.Constant) and value.value == 1


_RESHAPING = frozenset(
    {
        "round",
        "int",
        "floor",
        "ceil",
        "trunc",
        "quantize",
        "to_integral_value",
        "to_integral",
        "normalize",
        "strip",
        "lstrip",
        "rstrip",
        "lower",
        "upper",
    }
    | {"title", "capitalize", "casefold", "zfill", "rjust", "ljust", "replace", "str"}
)


def is_reshaped(one: ast.expr, other: ast.expr) -> bool:
    """Whether a value is compared with itself, written or rounded in another way: `price == round(price, 2)`."""
    for left, right in ((one, other), (other, one)):
        if isinstance(right, ast.Call) and called(right) in _RESHAPING:
            of = (
                right.func.value
                if isinstance(right.func, ast.Attribute) and not _is_module(right.func.value)
                else right.args[0]
                if right.args
                else None
            )
            if of is not None and not isinstance(left, ast.Constant) and ast.dump(of) == ast.dump(left):
                return True
    return False


def _is_module(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id in {"math", "np", "numpy"}


_PLAIN_EXPRESSION = re.compile(r"(?:\\b|\\s[*+]?|[\w\s|'&@-])+")


def looks_for_words(call: ast.Call) -> bool:
    """Whether a regular expression that is searched for is nothing but words: that asks for a text, and not for how one is written."""
    pattern = call.args[0].value if call.args and isinstance(call.args[0], ast.Constant) else None
    if called(call) not in {"search", "findall"} or not isinstance(pattern, str) or not _PLAIN_EXPRESSION.fullmatch(pattern):
        return False
    return not is_mark(pattern.replace("\\b", "").replace("\\s", ""))


def is_mark(text: str) -> bool:
    """Whether a text says how others are made, and not what they are: signs, spaces, a digit or two."""
    return not re.search(r"[^\W\d_]{2}|\d{3}", text)
