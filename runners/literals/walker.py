"""Walks the syntax of one scope: collects its literals, the names it reads, and the expressions that can be worked out without running anything.

Every node is visited once, on an own stack; what this costs decides how long a scan takes.
"""

from __future__ import annotations

import ast
import builtins
import re
from itertools import pairwise
from typing import TYPE_CHECKING, Any, ClassVar

from runners.literals.cases import cases_of
from runners.literals.full_names import is_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from runners.literals.facts import Expression

_CHILD_TYPES = frozenset({"expr", "stmt", "keyword", "arg", "arguments", "comprehension", "withitem", "excepthandler", "match_case", "pattern"})
_SIGNATURE = re.compile(r"(\w+)([*?]?) (\w+)")
_OPERATORS = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Mod: "%", ast.Div: "/", ast.FloorDiv: "//", ast.LShift: "<<", ast.Pow: "**"}
_KNOWN_CALLS = frozenset(
    {"int", "str", "float", "range", "list", "tuple", "set", "sorted", "uuid.UUID", "UUID", "Decimal", "decimal.Decimal", "Path", "pathlib.Path"}
)
_KNOWN_METHODS = frozenset(
    {"join", "split", "format", "joinpath", "lower", "upper", "strip", "zfill", "replace", "encode", "rjust", "ljust", "title", "swapcase"}
)
_DOTTED = frozenset({ast.Name, ast.Attribute})
_PLAIN = frozenset({str, int, float, bytes})
_LONGEST_LIST = 512
RESULT = "return"
"""What a function comes to is bound to this word, which no variable can be called."""
_BUILTINS = frozenset(dir(builtins))
_GETTING = frozenset({"get", "get_one", "get_object_or_404"})
"""Calls that take a class of records and a key: those of SQLAlchemy's session, Django's shortcut."""


def child_fields() -> dict[type, tuple[str, ...]]:
    """The fields of each kind of node that hold nodes, from the grammar in its docstring."""
    found: dict[type, tuple[str, ...]] = {}
    for kind in vars(ast).values():
        if isinstance(kind, type) and issubclass(kind, ast.AST):
            typed = {name: of for of, _, name in _SIGNATURE.findall(kind.__doc__ or "")}
            found[kind] = tuple(name for name in kind._fields if typed.get(name) in _CHILD_TYPES)
    return found


_FIELDS = child_fields()


class Walker:
    """What one scope holds, after `walk`. Literals and the spans of texts with a `#` go to the lists of the whole file."""

    __slots__ = ("_literals", "_scope", "_stack", "_texts", "bindings", "cases", "computed", "doc", "names", "stored")

    def __init__(self, scope: int, literals: list[tuple[Any, ...]], texts: list[tuple[int, int, int, int]], doc: ast.AST | None = None) -> None:
        self._scope = scope
        self._literals = literals
        self._texts = texts
        self._stack: list[Any] = []
        self.doc = doc
        self.names: set[str] = set()
        self.stored: set[str] = set()
        self.bindings: list[tuple[str, Expression]] = []
        self.computed: list[tuple[Expression, int, int]] = []
        self.cases: list[tuple[Any, ...]] = []

    def walk(self, roots: Iterable[ast.AST]) -> None:
        """Visit these nodes and all below them."""
        stack = self._stack
        stack.extend(roots)
        stack.reverse()
        pop, push, extend = stack.pop, stack.append, stack.extend
        special, fields, names, stored = self._special, _FIELDS, self.names, self.stored
        name_kind, load_kind = ast.Name, ast.Load
        while stack:
            node = pop()
            kind = node.__class__
            if kind is name_kind:
                if node.ctx.__class__ is load_kind:
                    names.add(node.id)
                else:
                    stored.add(node.id)
                continue
            handler = special.get(kind)
            if handler is not None:
                handler(self, node)
                continue
            for field in fields[kind]:
                value = getattr(node, field, None)
                if value.__class__ is list:
                    if value:
                        extend(value if None not in value else [one for one in value if one is not None])
                elif value is not None:
                    push(value)

    def literal(self, node: Any, name: str | None = None, value: Any = None) -> Expression:  # noqa: ANN401  # nodes and plain values
        """Keep a literal; None where it is none that can name somebody (True, None, ...)."""
        value = node.value if value is None else value
        if value.__class__ not in _PLAIN:
            return None
        line, column, end_line = node.lineno, node.col_offset, node.end_lineno
        if value.__class__ is str or value.__class__ is bytes:
            if end_line != line or (b"#" in value if isinstance(value, bytes) else "#" in value):
                self._texts.append((line, column, end_line, node.end_col_offset))
            if not value:
                return ("k", value, line, column)
        self._literals.append((value, line, column, end_line, self._scope, name, node is self.doc))
        return ("k", value, line, column)

    def build(self, node: Any, name: str | None = None) -> Expression:  # noqa: ANN401  # any node
        """An expression of a node, None where it is not known; what lies below has been or will be visited."""
        kind = node.__class__
        if kind is ast.Constant:
            return self.literal(node, name)
        if kind is ast.Name:
            self.names.add(node.id)
            return ("n", node.id)
        builder = self._builders.get(kind)
        if builder is None:
            self._stack.append(node)
            return None
        return builder(self, node)

    def _item(self, node: Any, name: str | None = None) -> Expression:  # noqa: ANN401  # any node
        built = self.build(node, name)
        self._keep(built, node)
        return built

    def _keep(self, built: Expression, node: Any) -> None:  # noqa: ANN401  # any node
        if built is not None and built[0] in "bjfc":
            self.computed.append((built, node.lineno, node.col_offset))

    # Expressions: each returns what it is, or None

    def _attribute(self, node: Any) -> Expression:  # noqa: ANN401  # ast.Attribute
        parts: list[str] = []
        while node.__class__ is ast.Attribute:
            parts.append(node.attr)
            self.names.add("." + node.attr)
            node = node.value
        if node.__class__ is not ast.Name:
            self._stack.append(node)
            return None
        parts.append(node.id)
        dotted = ".".join(reversed(parts))
        self.names.add(dotted)
        return ("n", dotted)

    def _operation(self, node: Any) -> Expression:  # noqa: ANN401  # ast.BinOp
        left, right = self.build(node.left), self.build(node.right)
        operator = _OPERATORS.get(node.op.__class__)
        if operator is None or (left is None and right is None):
            return None
        return ("b", operator, left, right)

    def _negative(self, node: Any) -> Expression:  # noqa: ANN401  # ast.UnaryOp
        operand = node.operand
        if node.op.__class__ is ast.USub and operand.__class__ is ast.Constant and operand.value.__class__ in (int, float):
            return self.literal(node, None, -operand.value) if operand.value else self.literal(operand)
        self._stack.append(operand)
        return None

    def _joined(self, node: Any) -> Expression:  # noqa: ANN401  # ast.JoinedStr
        self._texts.append((node.lineno, node.col_offset, node.end_lineno, node.end_col_offset))
        parts: list[Expression] = []
        for part in node.values:
            if part.__class__ is ast.Constant:
                parts.append(self.literal(part))
            else:
                if part.format_spec is not None:
                    self._stack.append(part.format_spec)
                parts.append(_written(self._item(part.value), part.format_spec))
        return ("j", tuple(parts))

    def _several(self, node: Any) -> Expression:  # noqa: ANN401  # ast.List, Tuple, Set
        if len(node.elts) > _LONGEST_LIST:
            self._stack.extend(node.elts)
            return None
        return ("l", tuple([self._item(one) for one in node.elts]))

    def _dictionary(self, node: Any) -> Expression:  # noqa: ANN401  # ast.Dict
        keys, values = [], []
        for key, value in zip(node.keys, node.values, strict=True):
            keys.append(None if key is None else self._item(key))
            called = key.value if key.__class__ is ast.Constant and key.value.__class__ is str else None
            values.append(self._item(value, called))
        self._full_names(values)
        return ("d", tuple(keys), tuple(values))

    def _subscript(self, node: Any) -> Expression:  # noqa: ANN401  # ast.Subscript
        base, key = self.build(node.value), self._item(node.slice)
        return None if base is None or key is None else ("s", base, key)

    def _comparison(self, node: Any) -> Expression:  # noqa: ANN401  # ast.Compare
        sides = [node.left, *node.comparators]
        called = _compared_with(sides)
        for one in sides:
            self._item(one, called)
        return None

    def _call(self, node: Any) -> Expression:  # noqa: ANN401  # ast.Call
        function = node.func
        if function.__class__ is ast.Attribute and function.value.__class__ not in _DOTTED:
            self.names.add("." + function.attr)
            called, base = function.attr, self.build(function.value)
        else:
            built = self.build(function)
            called = built[1] if built is not None and built[0] == "n" else ""
            base = ("n", called.rpartition(".")[0]) if "." in called else None
        if called.endswith(("getfixturevalue", "usefixtures")):
            self.names.update("!" + one.value for one in node.args if one.__class__ is ast.Constant and one.value.__class__ is str)
        arguments = [self._item(one, name) for one, name in zip(node.args, _argument_names(called, node.args), strict=True)]
        named = [self._item(keyword.value, keyword.arg) for keyword in node.keywords]
        self._full_names([*arguments, *named])
        return _called(called, base, arguments) or _handed(called, arguments, node.keywords, named)

    def _full_names(self, values: list[Expression]) -> None:
        """Two names beside each other may be one person's, first name and last, which says more than either."""
        for first, last in pairwise(values):
            if _is_name(first) and _is_name(last):
                self.computed.append((("j", (first, ("k", " ", 0, 0), last)), first[2], first[3]))  # type: ignore[index]  # both are literals

    def result(self, node: Any) -> None:  # noqa: ANN401  # what a function gives back at its end
        """Keep what a function comes to, for where it is called."""
        built = self._item(node)
        if built is not None:
            self.bindings.append((RESULT, built))
        self.walk(())

    # Statements and the like

    def _expression(self, node: Any) -> None:  # noqa: ANN401  # a node with a builder
        self._keep(self._builders[node.__class__](self, node), node)

    def _constant(self, node: Any) -> None:  # noqa: ANN401  # ast.Constant
        self.literal(node)

    def _assign(self, node: Any) -> None:  # noqa: ANN401  # ast.Assign, AnnAssign, NamedExpr
        targets = node.targets if node.__class__ is ast.Assign else [node.target]
        single = targets[0] if len(targets) == 1 else None
        called = single.id if single.__class__ is ast.Name else single.attr if single.__class__ is ast.Attribute else None
        self._stack.extend(targets)
        if node.value is None:
            return
        if single.__class__ is ast.Tuple and node.value.__class__ is ast.Tuple and len(single.elts) == len(node.value.elts):
            each = [(_bound(target), self._item(value, _bound(target))) for target, value in zip(single.elts, node.value.elts, strict=True)]
            self.bindings += [(name, value) for name, value in each if name is not None and value is not None]
            return
        built = self._item(node.value, called)
        if built is not None:
            self.bindings += [(name, built) for target in targets if (name := _bound(target)) is not None]

    def _loop(self, node: Any) -> None:  # noqa: ANN401  # ast.For, AsyncFor, comprehension
        self._stack.append(node.target)
        self._stack.extend(node.ifs if node.__class__ is ast.comprehension else [*node.body, *node.orelse])
        built = self._item(node.iter)
        if built is not None and node.target.__class__ is ast.Name:
            self.bindings.append((node.target.id, ("i", built)))
        elif built is not None and node.target.__class__ is ast.Tuple:
            each: Expression = ("i", built)
            self.bindings += [(one.id, ("s", each, ("k", place, 0, 0))) for place, one in enumerate(node.target.elts) if one.__class__ is ast.Name]

    def _arguments(self, node: Any) -> None:  # noqa: ANN401  # ast.arguments
        plain = [*node.posonlyargs, *node.args]
        pairs = list(zip(plain[len(plain) - len(node.defaults) :], node.defaults, strict=True))
        pairs += [(one, default) for one, default in zip(node.kwonlyargs, node.kw_defaults, strict=True) if default is not None]
        self.stored.update(one.arg for one in [*plain, *node.kwonlyargs, *filter(None, (node.vararg, node.kwarg))])
        for one, default in pairs:
            built = self._item(default, one.arg)
            if built is not None:
                self.bindings.append((one.arg, built))
        self._stack.extend(one.annotation for one in [*plain, *node.kwonlyargs] if one.annotation is not None)

    def _function(self, node: Any) -> None:  # noqa: ANN401  # a function in a function
        self.stored.add(node.name)
        self._stack.extend([*node.body, node.args, *node.decorator_list])

    def decorators(self, nodes: Iterable[ast.AST]) -> None:
        """Visit the decorators of a definition; parametrisations among them are also read case by case."""
        for node in nodes:
            found = cases_of(node, self)
            if found is not None:
                self.cases.append(found)

    # Which method is for which node

    _builders: ClassVar[dict[type, Callable[[Walker, Any], Expression]]] = {
        ast.Attribute: _attribute,
        ast.BinOp: _operation,
        ast.UnaryOp: _negative,
        ast.JoinedStr: _joined,
        ast.List: _several,
        ast.Tuple: _several,
        ast.Set: _several,
        ast.Dict: _dictionary,
        ast.Subscript: _subscript,
        ast.Call: _call,
        ast.Compare: _comparison,
    }
    _special: ClassVar[dict[type, Callable[[Walker, Any], None]]] = {
        **dict.fromkeys(_builders, _expression),
        ast.Constant: _constant,
        ast.Assign: _assign,
        ast.AnnAssign: _assign,
        ast.NamedExpr: _assign,
        ast.For: _loop,
        ast.AsyncFor: _loop,
        ast.comprehension: _loop,
        ast.arguments: _arguments,
        ast.FunctionDef: _function,
        ast.AsyncFunctionDef: _function,
    }


def _argument_names(called: str, arguments: list[Any]) -> list[str | None]:
    """What a call says of its positional arguments: the function's name; of the default of an environment variable, that variable's; of what a
    method asserts, what it is compared with; of a key, the class of the record that it is the key of (`session.get(Order, 17)`).
    """
    name = called.rpartition(".")[2] or None
    if name is not None and name.startswith("assert"):
        return [_compared_with(arguments[:2]) or name] * len(arguments)
    if name in _GETTING and len(arguments) > 1 and (record := _class_named(arguments[0])):
        return [name, record, *[name] * (len(arguments) - 2)]
    if len(arguments) == 2 and called.endswith(("environ.get", "getenv")) and arguments[0].__class__ is ast.Constant:
        return [name, str(arguments[0].value)]
    return [name] * len(arguments)


def _compared_with(sides: list[Any]) -> str | None:
    """What the source calls the values that a literal is compared with: `row["emp_no"] == 17`, `order.order_id == 17`."""
    for one in sides:
        if one.__class__ is ast.Attribute:
            return str(one.attr)
        if one.__class__ is ast.Subscript and one.slice.__class__ is ast.Constant and one.slice.value.__class__ is str:
            return str(one.slice.value)
    return None


def _written(built: Expression, spec: Any) -> Expression:  # noqa: ANN401  # ast.JoinedStr, or None
    """A value as an f-string writes it: `{number:05d}`."""
    if spec is None or built is None:
        return built
    plain = len(spec.values) == 1 and spec.values[0].__class__ is ast.Constant
    return ("f", "__format__", built, (("k", spec.values[0].value, 0, 0),)) if plain else None


def _is_name(built: Expression) -> bool:
    return built is not None and built[0] == "k" and is_name(built[1])


def _class_named(node: Any) -> str | None:  # noqa: ANN401  # any argument
    name = node.id if node.__class__ is ast.Name else node.attr if node.__class__ is ast.Attribute else ""
    return name if name[:1].isupper() and not name.isupper() else None


def _called(called: str, base: Expression, arguments: list[Expression]) -> Expression:
    method = called.rpartition(".")[2]
    if called in _KNOWN_CALLS and arguments:
        return ("f", called.rpartition(".")[2], None, tuple(arguments))
    if called.endswith("path.join") and arguments:
        return ("f", "joinpath", arguments[0], tuple(arguments[1:]))
    if method in _KNOWN_METHODS and base is not None and (base[0] != "n" or method in {"split", "format", "joinpath", "zfill", "upper", "lower"}):
        return ("f", method, base, tuple(arguments))
    return None


def _handed(called: str, arguments: list[Expression], keywords: list[Any], named: list[Expression]) -> Expression:
    """A call of what may be a function of the suite, of one literal at least: `order_no(2019, 17)`."""
    for one in (*arguments, *named):
        if one is not None and one[0] == "k":
            break
    else:
        return None
    name = called[called.find(".") + 1 :] if called.startswith(("self.", "cls.")) else called
    if not name.isidentifier() or name in _BUILTINS or name.startswith("assert") or any(one.arg is None for one in keywords):
        return None
    return ("c", called, tuple(arguments), tuple((one.arg, value) for one, value in zip(keywords, named, strict=True)))


def _bound(target: Any) -> str | None:  # noqa: ANN401  # any target of an assignment
    if target.__class__ is ast.Name:
        return str(target.id)
    if target.__class__ is ast.Attribute and target.value.__class__ is ast.Name:
        return f"{target.value.id}.{target.attr}"
    return None
