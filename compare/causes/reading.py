"""Reads the source of an assertion that failed. Runs nothing; what comes of it holds names of columns and no value."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING

from compare.causes.asking import Asking
from compare.causes.assertion import Ask, Sketch
from compare.causes.scope import Scope, fixture_of, function_at, in_loop, is_around, parsed, statement_at
from compare.causes.syntax import called, calls_of_own, expressions, is_measured, read_names
from compare.causes.universal import asks_of_every
from compare.causes.words import plain
from harness.model import DeepPlace, Frame

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from harness.model import Failure

_MOST_STEPS = 200
_SEVERAL = re.compile(r"MultipleResultsFound|MultipleObjectsReturned|too many values to unpack")
"""What is said where one row was asked for and there were several."""
_BEYOND = {Ask.COUNT, Ask.COUNT_EACH, Ask.TOTAL, Ask.EXTREME, Ask.DISTINCT}
"""What is asked of a group is beyond the matter where there is no such group."""
_GIVING_UP = frozenset({"fail", "skip", "xfail"})


def read_assertion(sources: Mapping[str, str], failure: Failure, *, own: Collection[str], columns: Collection[str], test: str = "") -> Sketch | None:
    """The sketch of the assertion that failed, from the text of the suite's files by path.

    It lies in the function of the test, which is called `test`: one that many tests assert by says nothing of this one. `own` are the suite's own
    files (a frame elsewhere is the system under test), `columns` the names of columns that may be kept.
    None where no frame lies in a file whose text is given and can be read.
    """
    frames = [frame for frame in failure.frames if frame.path in sources and (frame.path in own or not own)]
    shared = [path for path in sources if path.rpartition("/")[2] == "conftest.py"]
    modules = ((path, parsed(sources[path])) for path in sorted(shared, key=len, reverse=True))
    reader = _Reader(Asking(_known(columns)), shared=tuple((path, module) for path, module in modules if module is not None))
    place: DeepPlace | None = None
    in_test = missing = False
    for number, frame in enumerate(reversed(frames)):
        module = parsed(sources[frame.path])
        statement = statement_at(module, frame.line) if module is not None else None
        if module is None or statement is None:
            continue
        if place is None or (frame.function == test and not in_test):
            place, in_test = DeepPlace(path=frame.path, line=statement.lineno), frame.function == test
        scope = Scope(module, frame, function_at(module, frame))
        if number == 0 and failure.type == "KeyError":
            missing = reader.asking.missing(statement)
        reader.read(scope, statement, asserting=number == 0 and not missing)
    if place is None:
        return None
    reader.asking.settle()
    if _SEVERAL.search(f"{failure.type} {failure.template}"):
        reader.asking.asks.add(Ask.COUNT)
    return Sketch(
        place=place,
        lines=tuple(dict.fromkeys(reader.lines)),
        names=tuple(dict.fromkeys(reader.asking.names)),
        positions=tuple(dict.fromkeys(reader.asking.positions)),
        asks=frozenset(reader.asking.asks - (_BEYOND if missing else set())),
        asked_of=tuple(dict.fromkeys(reader.asking.asked_of)),
        whole=True,
    )


def _known(columns: Collection[str]) -> dict[str, tuple[str, ...]]:
    """Columns by their plain spelling. A result may call `customer.last_name` `customer_last_name`, so that its endings are known, too."""
    known: dict[str, list[str]] = {}
    for column in sorted(columns):
        parts = column.split("_")
        for spelling in dict.fromkeys([plain(column), *(plain("_".join(parts[begin:])) for begin in range(1, len(parts)))]):
            known.setdefault(spelling, []).append(column)
    return {spelling: tuple(sorted(several, key=lambda column: plain(column) != spelling)) for spelling, several in known.items()}


@dataclass(slots=True)
class _Reader:
    """Follows an assertion back to what its operands are made of, and notes what is asked on the way. `shared` are the conftest.py files."""

    asking: Asking
    shared: tuple[tuple[str, ast.Module], ...] = ()
    lines: list[DeepPlace] = field(default_factory=list)
    _seen: set[tuple[str, str]] = field(default_factory=set)
    _steps: int = 0

    def read(self, scope: Scope, statement: ast.stmt, *, asserting: bool) -> None:
        """Take in a statement and all that it depends on in its function."""
        parts = list(expressions(statement))
        self._note(scope, statement)
        self.asking.several, self.asking.constants = scope.collections(), scope.constants()
        if asserting:
            for expression in parts if isinstance(statement, ast.Assert | ast.Expr | ast.If | ast.While) else ():
                self.asking.condition(expression)
            if isinstance(statement, ast.Assert):
                self.asking.came_to(statement.test)
            if asks_of_every(scope, statement):
                self.asking.asks.add(Ask.EVERY)
        else:
            self.asking.expected_by(statement)
        for expression in parts:
            self._follow(scope, expression, statement.lineno, each=in_loop(scope, statement))
        gives_up = any(called(node) in _GIVING_UP for expression in parts for node in ast.walk(expression) if isinstance(node, ast.Call))
        self._heads(scope, statement, deciding=gives_up or isinstance(statement, ast.Raise))
        if gives_up and scope.function is not None:
            self._all_conditions(scope, statement)

    def _heads(self, scope: Scope, statement: ast.stmt, *, deciding: bool) -> None:
        """The loops that a statement stands in and, where they decide that it runs, the conditions."""
        for head, conditions in scope.around(statement):
            loops = isinstance(head, ast.For | ast.AsyncFor)
            key = (f"{scope.frame.path}:{head.lineno}", "head")
            if key in self._seen or not (loops or deciding):
                continue
            self._seen.add(key)
            self._note(scope, head)
            self.asking.unpack(head)
            for condition in conditions:
                if not loops:
                    self.asking.condition(condition)
                self._follow(scope, condition, head.lineno, each=False)

    def _all_conditions(self, scope: Scope, statement: ast.stmt) -> None:
        """Where a test gives up after a search, what it searched for are the conditions above."""
        for node in ast.walk(scope.body):
            if isinstance(node, ast.If) and node.lineno < statement.lineno:
                self._note(scope, node)
                self.asking.condition(node.test)
                self._follow(scope, node.test, node.lineno, each=True)

    def _note(self, scope: Scope, statement: ast.stmt) -> None:
        head = min((one.lineno - 1 for one in getattr(statement, "body", ()) if isinstance(one, ast.stmt)), default=statement.end_lineno)
        last = max(statement.lineno, head or statement.lineno)
        self.lines.extend(DeepPlace(path=scope.frame.path, line=line) for line in range(statement.lineno, min(last, statement.lineno + 40) + 1))

    def _follow(self, scope: Scope, expression: ast.expr, before: int, *, each: bool) -> None:
        self._steps += 1
        if self._steps > _MOST_STEPS:
            return
        self.asking.take(scope, expression, each=each)
        for name in read_names(expression):
            key = (f"{scope.frame.path}:{scope.frame.function}", name)
            if key in self._seen:
                continue
            self._seen.add(key)
            for statement, made_of in scope.made(name, before):
                self._note(scope, statement)
                self.asking.made_by(statement)
                sums_up = isinstance(statement, ast.AugAssign) and isinstance(statement.target, ast.Name)
                for one in self.asking.measured(made_of) if is_measured(expression, name) else made_of:
                    self._follow(scope, one, statement.lineno, each=each or (in_loop(scope, statement) and not sums_up))
                self._heads(scope, statement, deciding=True)
        for function in self._own_functions(scope, expression):
            self._inside(Scope(scope.module, scope.frame, function), each=each)
        for inside in self._fixtures(scope, expression):
            self._inside(inside, each=each)

    def _inside(self, inside: Scope, *, each: bool) -> None:
        """What a function that is called asks on the way."""
        for statement in inside.function.body if inside.function else ():
            self._note(inside, statement)
            for node in ast.walk(statement):
                for one in expressions(node) if isinstance(node, ast.stmt) else ():
                    self.asking.take(inside, one, each=each)

    def _fixtures(self, scope: Scope, expression: ast.expr) -> Iterator[Scope]:
        """The fixtures behind the arguments that an expression reads, each once: those of the file, else of the nearest conftest.py above it."""
        for name in read_names(expression):
            key = (scope.frame.path, f"{name} fixture")
            if key not in self._seen and scope.takes(name):
                self._seen.add(key)
                modules = [(scope.frame.path, scope.module), *((path, module) for path, module in self.shared if is_around(path, scope.frame.path))]
                found = ((path, module, fixture) for path, module in modules if (fixture := fixture_of(module, name)) is not None)
                for path, module, fixture in islice(found, 1):
                    yield Scope(module, Frame(path=path, line=fixture.lineno, function=fixture.name), fixture)

    def _own_functions(self, scope: Scope, expression: ast.expr) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
        """Functions of the same file that an expression calls, each once."""
        for name in calls_of_own(expression):
            key = (scope.frame.path, f"{name}()")
            if key not in self._seen:
                self._seen.add(key)
                yield from scope.functions(name)
