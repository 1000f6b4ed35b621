"""Reads a Python file into facts: the scopes it opens, each walked once."""

from __future__ import annotations

import ast
import warnings
from bisect import bisect_right
from itertools import accumulate
from typing import Any

from runners.literals.cases import items_of
from runners.literals.facts import PythonFacts, facts_from
from runners.literals.walker import Walker

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_COMPOUND = (ast.If, ast.Try, ast.With, ast.For, ast.While, ast.TryStar)
_BLOCKS = ("body", "orelse", "finalbody")
_HEADS = ("test", "iter", "items")


def scan_python(source: bytes) -> PythonFacts | None:
    """Facts of a file, None where it is no Python that this interpreter reads."""
    raw = raw_facts(source)
    return None if raw is None else facts_from(raw)


def raw_facts(source: bytes) -> tuple[Any, ...] | None:
    """The same as plain tuples."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of invalid escapes and the like, which are the suite's affair
            tree = ast.parse(source)
        reader = _Reader()
        reader.module(tree)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    comments = _comments(source, reader.texts) if b"#" in source else []
    literals = reader.literals if source.isascii() else _in_characters(reader.literals, source)
    return tuple(reader.scopes), tuple(literals), tuple(reader.imports), tuple(comments)


class _Reader:
    """Collects the facts of one module."""

    def __init__(self) -> None:
        self.scopes: list[tuple[Any, ...]] = []
        self.literals: list[tuple[Any, ...]] = []
        self.imports: list[tuple[str, str, str | None, int]] = []
        self.texts: list[tuple[int, int, int, int]] = []
        self.made: set[str] = set()

    def module(self, tree: ast.Module) -> None:
        number = self._reserve()
        self.made = {name for one in tree.body if isinstance(one, ast.Assign | ast.AnnAssign) for name in _assigned(one)}
        loose = self._block(tree.body, number, "")
        walker = Walker(number, self.literals, self.texts, _docstring(tree))
        walker.walk(loose)
        self._keep(number, walker, ("", "module", 1, 0, -1))

    def _block(self, body: list[ast.stmt], owner: int, prefix: str) -> list[ast.AST]:
        """Open scopes for what a module or class defines; the statements that are left belong to itself."""
        loose: list[ast.AST] = []
        for statement in body:
            if isinstance(statement, _FUNCTIONS):
                self._function(statement, owner, prefix)
            elif isinstance(statement, ast.ClassDef):
                self._class(statement, owner, prefix)
            elif isinstance(statement, ast.Import):
                self.imports += [(one.asname or one.name, one.name, None, 0) for one in statement.names]
            elif isinstance(statement, ast.ImportFrom):
                self.imports += [(one.asname or one.name, statement.module or "", one.name, statement.level) for one in statement.names]
            elif isinstance(statement, ast.Assign | ast.AnnAssign | ast.AugAssign) and (names := _assigned(statement)):
                self._constant(statement, names, owner, prefix)
            elif isinstance(statement, ast.Expr | ast.Assign) and (filled := _filled(statement)) in self.made:
                self._constant(statement, [filled], owner, prefix)
            elif isinstance(statement, _COMPOUND):
                loose += [
                    one for head in _HEADS if (value := getattr(statement, head, None)) for one in (value if isinstance(value, list) else [value])
                ]
                blocks = [getattr(statement, name, []) for name in _BLOCKS] + [one.body for one in getattr(statement, "handlers", ())]
                loose += [left for block in blocks for left in self._block(block, owner, prefix)]
            else:
                loose.append(statement)
        return loose

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef, owner: int, prefix: str) -> None:
        number = self._reserve()
        walker = Walker(number, self.literals, self.texts, _docstring(node))
        walker.decorators(node.decorator_list)
        ends = node.body[-1].value if isinstance(node.body[-1], ast.Return) else None
        walker.walk([node.args, *(node.body if ends is None else node.body[:-1])])
        if ends is not None:
            walker.result(ends)
        fixture, autouse = _fixture(node)
        params = tuple(one.arg for one in [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs])
        first = min([node.lineno, *(one.lineno for one in node.decorator_list)])
        head = (prefix + node.name, "function", first, node.end_lineno, owner)
        self._keep(number, walker, head, params=params, fixture=fixture, autouse=autouse)

    def _class(self, node: ast.ClassDef, owner: int, prefix: str) -> None:
        number = self._reserve()
        loose = self._block(node.body, number, f"{prefix}{node.name}.")
        walker = Walker(number, self.literals, self.texts, _docstring(node))
        walker.decorators(node.decorator_list)
        walker.walk([*node.bases, *node.keywords, *loose])
        first = min([node.lineno, *(one.lineno for one in node.decorator_list)])
        bases = tuple(ast.unparse(base) for base in node.bases if isinstance(base, ast.Name | ast.Attribute))
        self._keep(number, walker, (prefix + node.name, "class", first, node.end_lineno, owner), bases=bases)

    def _constant(self, node: ast.Assign | ast.AnnAssign | ast.AugAssign | ast.Expr, names: list[str], owner: int, prefix: str) -> None:
        number = self._reserve()
        walker = Walker(number, self.literals, self.texts)
        walker.walk([node])
        items = items_of(node.value)
        if items:
            span = (node.lineno, node.col_offset, node.end_lineno, node.end_col_offset)
            walker.cases.append(((), items, None, (), *span))
        head = ("constant", node.lineno, node.end_lineno, owner)
        self._keep(number, walker, (prefix + names[0], *head))
        for name in names[1:]:  # another name for the same
            alias = Walker(len(self.scopes), self.literals, self.texts)
            alias.names.add(names[0] if not prefix else f"{prefix}{names[0]}")
            alias.bindings = [one for one in walker.bindings if one[0] == name]
            self._keep(self._reserve(), alias, (prefix + name, *head))

    def _reserve(self) -> int:
        self.scopes.append(())
        return len(self.scopes) - 1

    def _keep(
        self,
        number: int,
        walker: Walker,
        head: tuple[Any, ...],
        *,
        params: tuple[str, ...] = (),
        fixture: str | None = None,
        autouse: bool = False,
        bases: tuple[str, ...] = (),
    ) -> None:
        own = walker.stored - set(params[:1]) if head[1] == "function" else ()  # what is read of `self` is the class's
        names = tuple(name for name in walker.names if name.partition(".")[0] not in own or name[0] in ".!")
        expressions = (tuple(walker.bindings), tuple(walker.computed), tuple(walker.cases))
        self.scopes[number] = (*head, names, params, fixture, autouse, bases, *expressions)


def _filled(node: ast.stmt) -> str:
    """The name of what a statement puts something into: `CONFIG.read("night.ini")`, `CASES["late"] = 17`; "" for other statements."""
    holder: ast.expr | None = None
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) and isinstance(node.value.func, ast.Attribute):
        holder = node.value.func.value
    elif isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Subscript):
        holder = node.targets[0].value
    return holder.id if isinstance(holder, ast.Name) else ""


def _assigned(node: ast.Assign | ast.AnnAssign | ast.AugAssign) -> list[str]:
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    flat = [one for target in targets for one in (target.elts if isinstance(target, ast.Tuple | ast.List) else [target])]
    return [one.id for one in flat if isinstance(one, ast.Name)]


def _docstring(node: ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) -> ast.AST | None:
    first = node.body[0] if node.body else None
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str):
        return first.value
    return None


def _fixture(node: ast.FunctionDef | ast.AsyncFunctionDef) -> tuple[str | None, bool]:
    """The name under which a function is a fixture, and whether every test around gets it."""
    for one in node.decorator_list:
        function = one.func if isinstance(one, ast.Call) else one
        called = function.attr if isinstance(function, ast.Attribute) else function.id if isinstance(function, ast.Name) else ""
        if not called.endswith("fixture"):
            continue
        keywords = {word.arg: word.value for word in one.keywords} if isinstance(one, ast.Call) else {}
        named, autouse = keywords.get("name"), keywords.get("autouse")
        name = str(named.value) if isinstance(named, ast.Constant) else node.name
        return name, isinstance(autouse, ast.Constant) and bool(autouse.value)
    return None, False


def _comments(source: bytes, texts: list[tuple[int, int, int, int]]) -> list[tuple[str, int, int]]:
    """Comments with line and column: every # that lies in no text."""
    starts = [0, *accumulate(len(line) for line in source.splitlines(keepends=True))]
    spans = sorted((starts[line - 1] + column, starts[end_line - 1] + end_column) for line, column, end_line, end_column in texts)
    opening = [start for start, _ in spans]
    found: list[tuple[str, int, int]] = []
    at = source.find(b"#")
    while at >= 0:
        within = bisect_right(opening, at) - 1
        if within >= 0 and spans[within][1] > at:
            at = source.find(b"#", spans[within][1])
            continue
        end = source.find(b"\n", at)
        end = len(source) if end < 0 else end
        line = bisect_right(starts, at)
        found.append((source[at:end].decode("utf-8", "replace"), line, len(source[starts[line - 1] : at].decode("utf-8", "replace"))))
        at = source.find(b"#", end)
    return found


def _in_characters(literals: list[tuple[Any, ...]], source: bytes) -> list[tuple[Any, ...]]:
    """Columns of the syntax tree count bytes of UTF-8; make them count characters."""
    lines = source.splitlines()
    wide = {number for number, line in enumerate(lines, 1) if not line.isascii()}
    return [one if one[1] not in wide else (*one[:2], len(lines[one[1] - 1][: one[2]].decode("utf-8", "replace")), *one[3:]) for one in literals]
