"""How a suite reaches its data: fixtures, attributes, names and variables that lead to a connection, an engine or a session."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from runners.patching.project import definition, dotted, fixture_scope, module_value, parameters
from runners.patching.source import FunctionNode

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from runners.patching.project import Project
    from runners.patching.source import Source

_DEEPEST = 8
SCOPES = ("function", "class", "module", "package", "session")
_DRIVERS = re.compile(r"(?:sqlite3|psycopg2?|pymysql|MySQLdb|mysql\.connector|mariadb|pg8000|oracledb)(?:\.dbapi2?|\.native)?\.connect")
_OUTER = {"contextlib.closing", "closing", "iter", "next"}


class Kind(StrEnum):
    """What a name leads to, the best to ask a query of first."""

    CONNECTION = "connection"  # SQLAlchemy's
    SESSION = "session"
    DBAPI = "dbapi"
    CURSOR = "cursor"
    ENGINE = "engine"
    FACTORY = "factory"  # of sessions


_STEPS = {
    (Kind.ENGINE, "connect"): Kind.CONNECTION,
    (Kind.ENGINE, "begin"): Kind.CONNECTION,
    (Kind.ENGINE, "raw_connection"): Kind.DBAPI,
    (Kind.ENGINE, "execution_options"): Kind.ENGINE,
    (Kind.CONNECTION, "execution_options"): Kind.CONNECTION,
    (Kind.DBAPI, "cursor"): Kind.CURSOR,
    (Kind.FACTORY, "begin"): Kind.SESSION,
}
"""What a method of one leads to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """A way to the data. `name` is a fixture's, an attribute's of a test case, or one of a module; `path` where a fixture is defined."""

    kind: Kind
    name: str
    path: str
    scope: str = "function"
    in_class: str = ""
    is_fixture: bool = True


class Ways:
    """Finds ways to the data by reading source."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._by_fixture: dict[tuple[str, tuple[str, ...]], list[Access]] = {}

    def fixtures(self, path: str, names: tuple[str, ...] = ()) -> dict[str, tuple[Source, FunctionNode]]:
        """All fixtures that a test in a file (and class) can ask for, by name; the nearest of that name."""
        found: dict[str, tuple[Source, FunctionNode]] = {}
        own = self._project.source(path)
        bodies: list[tuple[Source, Iterable[ast.AST]]] = []
        if own is not None:
            inner = definition(own.tree.body, names[0]) if len(names) > 1 else None
            bodies += [(own, inner.body)] if isinstance(inner, ast.ClassDef) else []
            bodies.append((own, own.tree.body))
        bodies += [(source, source.tree.body) for one in self._project.conftests(path) if (source := self._project.source(one)) is not None]
        for source, body in bodies:
            for node in body:
                if isinstance(node, FunctionNode) and fixture_scope(node) is not None:
                    found.setdefault(_fixture_name(node), (source, node))
        return found

    def by_fixture(self, path: str, names: tuple[str, ...] = ()) -> list[Access]:
        """Fixtures that give something which queries can be asked of."""
        key = (path, names[:-1])
        if key not in self._by_fixture:
            self._by_fixture[key] = self._find_by_fixture(path, names)
        return list(self._by_fixture[key])

    def _find_by_fixture(self, path: str, names: tuple[str, ...]) -> list[Access]:
        known = self.fixtures(path, names)
        found = []
        for name, (source, node) in known.items():
            kind = self.of_function(source, node, known)
            if kind is not None and kind is not Kind.FACTORY and not isinstance(node, ast.AsyncFunctionDef):
                found.append(Access(kind=kind, name=name, path=source.path, scope=fixture_scope(node) or "function"))
        return found

    def by_attribute(self, source: Source, name: str) -> list[Access]:
        """Attributes of a class of tests, also inherited, that queries can be asked of."""
        known = self.fixtures(source.path, (name, ""))
        found = []
        for where, owner in self._family(source, name):
            for node in owner.body:
                if isinstance(node, FunctionNode):
                    for target, value in _assigned(node):
                        if target.partition(".")[0] in {"self", "cls"} and (kind := self._kind(where, node, value, known, 0)) not in {
                            None,
                            Kind.FACTORY,
                        }:
                            found.append(Access(kind=kind or Kind.ENGINE, name=target.partition(".")[2], path=where.path, in_class=owner.name))
                elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                    kind = self._kind(where, None, node.value, known, 0)
                    if kind not in {None, Kind.FACTORY}:
                        found.append(Access(kind=kind or Kind.ENGINE, name=node.targets[0].id, path=where.path, in_class=owner.name))
        return found

    def by_name(self, source: Source) -> list[Access]:
        """Names of a module, its own or imported, that queries can be asked of."""
        found = []
        for node in source.tree.body:
            names = [target.id for target in node.targets if isinstance(target, ast.Name)] if isinstance(node, ast.Assign) else []
            names += [alias.asname or alias.name for alias in node.names] if isinstance(node, ast.ImportFrom) else []
            for name in names:
                kind = self._kind(source, None, ast.Name(id=name), {}, 0)
                if kind is not None:
                    found.append(Access(kind=kind, name=name, path=source.path, scope="session", is_fixture=False))
        return found

    def is_test_case(self, source: Source, name: str) -> bool:
        """Whether a class is one of unittest's, as far as its bases can be read."""
        return any("TestCase" in dotted(base).rpartition(".")[2] for _, owner in self._family(source, name) for base in owner.bases)

    def _family(self, source: Source, name: str) -> Iterator[tuple[Source, ast.ClassDef]]:
        """A class and its bases."""
        waiting, seen = [(source, name)], set()
        while waiting:
            where, called = waiting.pop(0)
            owner = definition(where.tree.body, called)
            if not isinstance(owner, ast.ClassDef):
                place = self._project.imported(where, called)
                if place is None or not place[1]:
                    continue
                where, owner = place[0], definition(place[0].tree.body, place[1])
            if isinstance(owner, ast.ClassDef) and (where.path, owner.name) not in seen:
                seen.add((where.path, owner.name))
                yield where, owner
                waiting += [(where, dotted(base)) for base in owner.bases if "." not in dotted(base)]

    def of_function(self, source: Source, function: FunctionNode, fixtures: dict[str, tuple[Source, FunctionNode]], depth: int = 0) -> Kind | None:
        """What a function returns or yields."""
        if depth > _DEEPEST:
            return None
        if (kind := _of_annotation(self._project, source, function.returns)) is not None:
            return kind
        for node in _own(function):
            if (
                isinstance(node, ast.Return | ast.Yield)
                and node.value is not None
                and (kind := self._kind(source, function, node.value, fixtures, depth + 1))
            ):
                return kind
        return None

    def _kind(
        self, source: Source, function: FunctionNode | None, node: ast.expr, fixtures: dict[str, tuple[Source, FunctionNode]], depth: int
    ) -> Kind | None:
        if depth > _DEEPEST:
            return None
        if isinstance(node, ast.Await):
            return None
        if isinstance(node, ast.Name | ast.Attribute):
            return self._of_name(source, function, node, fixtures, depth + 1)
        if isinstance(node, ast.Call):
            return self._of_call(source, function, node, fixtures, depth + 1)
        if isinstance(node, ast.IfExp):
            return self._kind(source, function, node.body, fixtures, depth + 1)
        return None

    def _of_name(
        self, source: Source, function: FunctionNode | None, node: ast.expr, fixtures: dict[str, tuple[Source, FunctionNode]], depth: int
    ) -> Kind | None:
        name = dotted(node)
        if not name or depth > _DEEPEST:
            return None
        if function is not None and (found := self._of_local(source, function, name, fixtures, depth)) is not None:
            return found
        head, _, rest = name.partition(".")
        assigned = module_value(source, head) if not rest else None
        if assigned is not None:
            return self._kind(source, None, assigned, {}, depth)
        place = self._project.imported(source, head)
        wanted = "" if place is None or (place[1] and rest) else place[1] or rest
        return self._kind(place[0], None, ast.Name(id=wanted), {}, depth) if place is not None and wanted and "." not in wanted else None

    def _of_local(
        self, source: Source, function: FunctionNode, name: str, fixtures: dict[str, tuple[Source, FunctionNode]], depth: int
    ) -> Kind | None:
        """What a function sets a name to, or is given under it."""
        for target, value in _assigned(function):
            if target == name and (kind := self._kind(source, function, value, fixtures, depth)) is not None:
                return kind
        for one in parameters(function):
            if one.arg == name and (kind := _of_annotation(self._project, source, one.annotation)) is not None:
                return kind
            if one.arg == name and name in fixtures and fixtures[name][1] is not function:
                return self.of_function(*fixtures[name], fixtures, depth)
        return None

    def _of_call(
        self, source: Source, function: FunctionNode | None, node: ast.Call, fixtures: dict[str, tuple[Source, FunctionNode]], depth: int
    ) -> Kind | None:
        name = dotted(node.func)
        last = name.rpartition(".")[2] or (node.func.attr if isinstance(node.func, ast.Attribute) else "")
        if (known := _by_name(name, last)) is not None:
            return known
        if name in _OUTER or last in {"enter_context", "enterContext", "enterClassContext"}:
            return self._kind(source, function, node.args[0], fixtures, depth) if node.args else None
        if isinstance(node.func, ast.Attribute):
            owner = self._kind(source, function, node.func.value, fixtures, depth)
            if owner is not None and (owner, last) in _STEPS:
                return _STEPS[owner, last]
        if self._kind(source, function, node.func, fixtures, depth) is Kind.FACTORY:
            return Kind.SESSION
        called = self._called(source, name)
        return None if called is None else self.of_function(*called, {}, depth)

    def _called(self, source: Source, name: str) -> tuple[Source, FunctionNode] | None:
        """The function of this project that a dotted name calls."""
        head, _, rest = name.partition(".")
        if not rest and isinstance(found := definition(source.tree.body, head), FunctionNode):
            return source, found
        place = self._project.imported(source, head) if head else None
        if place is None:
            return None
        there, original = place
        wanted = original or rest
        found = definition(there.tree.body, wanted)
        if isinstance(found, FunctionNode):
            return there, found
        return self._called(there, wanted) if wanted and there is not source and "." not in wanted and module_value(there, wanted) is None else None


def _by_name(name: str, last: str) -> Kind | None:
    """What a call gives, as far as its name says so."""
    if _DRIVERS.fullmatch(name):
        return Kind.DBAPI
    if name in {"Session", "orm.Session", "sqlalchemy.orm.Session"}:
        return Kind.SESSION
    makers = {"create_engine": Kind.ENGINE, "engine_from_config": Kind.ENGINE, "sessionmaker": Kind.FACTORY, "scoped_session": Kind.FACTORY}
    return makers.get(last)


def _fixture_name(function: FunctionNode) -> str:
    for decorator in function.decorator_list:
        for keyword in decorator.keywords if isinstance(decorator, ast.Call) else ():
            if keyword.arg == "name" and isinstance(keyword.value, ast.Constant):
                return str(keyword.value.value)
    return function.name


def _own(function: FunctionNode) -> Iterator[ast.AST]:
    """The nodes of a function without those of functions inside it."""
    waiting: list[ast.AST] = list(function.body)
    while waiting:
        node = waiting.pop(0)
        yield node
        if not isinstance(node, FunctionNode | ast.Lambda | ast.ClassDef):
            waiting = [*ast.iter_child_nodes(node), *waiting]


def _assigned(function: FunctionNode) -> Iterator[tuple[str, ast.expr]]:
    """The names and attributes that a function sets, with the expression of each."""
    for node in _own(function):
        if isinstance(node, ast.Assign):
            yield from ((dotted(target), node.value) for target in node.targets if dotted(target))
        elif isinstance(node, ast.AnnAssign) and node.value is not None and dotted(node.target):
            yield dotted(node.target), node.value
        elif isinstance(node, ast.With):
            yield from ((dotted(item.optional_vars), item.context_expr) for item in node.items if item.optional_vars is not None)
        elif isinstance(node, ast.NamedExpr):
            yield node.target.id, node.value


def _of_annotation(project: Project, source: Source, annotation: ast.expr | None) -> Kind | None:
    """What an annotation names, also inside `Iterator[...]`."""
    if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
        try:
            annotation = ast.parse(annotation.value, mode="eval").body
        except SyntaxError:
            return None
    if isinstance(annotation, ast.Subscript):
        inner = annotation.slice.elts[0] if isinstance(annotation.slice, ast.Tuple) and annotation.slice.elts else annotation.slice
        outer = dotted(annotation.value).rpartition(".")[2]
        wanted = inner if outer in {"Iterator", "Generator", "Iterable"} else annotation.value if outer in {"Connection", "Cursor"} else None
        return _of_annotation(project, source, wanted)
    name = dotted(annotation) if annotation is not None else ""
    module, last = _module_of(source, name), name.rpartition(".")[2]
    if "sqlalchemy" in module:
        return {"Engine": Kind.ENGINE, "Connection": Kind.CONNECTION, "Session": Kind.SESSION, "scoped_session": Kind.SESSION}.get(last)
    return {"Connection": Kind.DBAPI, "Cursor": Kind.CURSOR}.get(last) if module else None


def _module_of(source: Source, name: str) -> str:
    """The module that a dotted name of a file comes from; "" where it is not imported."""
    return source.imports.get(name.partition(".")[0], ("", 0, None))[0]
