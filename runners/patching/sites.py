"""Where a value has to be exchanged: in the test itself, where a constant or a file's key is used, in a list of parameters, or where it stands."""

from __future__ import annotations

import ast
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from harness.model.canonical import canonical
from harness.model.coupling import LiteralForm
from runners.patching.places import Constant, Consumer, How, Parameter, Use
from runners.patching.project import definition, dotted, fixture_scope, module_value, parameters
from runners.patching.source import FunctionNode, UnpatchableError
from runners.patching.syntax import (
    argument_names,
    folded,
    is_autouse,
    key_of,
    loads_of,
    local_value,
    marked_fixtures,
    owner_of,
    parametrized,
    sources_of,
    values_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from runners.patching.access import Ways
    from runners.patching.asked import Spot, Task
    from runners.patching.project import Project
    from runners.patching.source import Source

_DEEPEST = 4
_PREPARING = {"setUp", "setUpClass", "asyncSetUp", "setup_method", "setup_class"}
_READING = ("json", "csv", "yaml", "toml", "open(", "read_text", "read_bytes")


class Sites:
    """Resolves the spots of one task."""

    def __init__(self, project: Project, ways: Ways, task: Task) -> None:
        self._project = project
        self.task = task
        self.unit = _unit(project, ways, task)
        self.fixtures = ways.fixtures(task.path, task.names)
        self.consumers = [self.unit, *self._prepared(), *self._closure()]
        self.constants: set[Constant] = set()
        self.left_in: set[str] = set()
        self.bases: set[tuple[Source, ast.stmt]] = set()

    @property
    def code(self) -> list[ast.AST]:
        """The functions that say what the test relies on."""
        return [one.function for one in self.consumers]

    def of(self, spot: Spot) -> list[Use | Parameter]:
        """The places to change for one spot. Raises UnpatchableError where none is known."""
        if not spot.path.endswith(".py"):
            self.left_in.add(spot.path)
            return list(self._flows(spot, spot.name, (PurePosixPath(spot.path).name, *_READING)))
        source = self._project.source(spot.path)
        if source is None:
            raise UnpatchableError(f"{spot.path} cannot be read as Python")
        node, how, index = self._node(source, spot)
        start, end = (source.start(node), source.end(node)) if how is How.VALUE else self._part(source, spot)
        owner, within = owner_of(source, node)
        if owner is not None and within == "decorator":
            return [self._parameter(source, owner, node, spot)]
        if owner is not None and within == "default":
            return list(self._default(owner, node, spot))
        if owner is not None:
            consumer = next((one for one in self.consumers if one.function is owner), None)
            return [Use(source=source, start=start, end=end, how=how, spots=(spot,), consumer=consumer, index=index)]
        return self._at_module(source, node, how, (start, end), spot)

    def _node(self, source: Source, spot: Spot) -> tuple[ast.expr, How, str]:
        """The expression that is to change, and what counts records there."""
        offset = source.at(spot.line, spot.column)
        covering = list(source.covering(offset))
        if not covering:
            raise UnpatchableError("the source has changed since the run")
        if spot.form is LiteralForm.COMPUTED:
            return self._computed(source, covering, spot)
        strings = [node for node in covering if isinstance(node, ast.JoinedStr)]
        if spot.form is LiteralForm.PART:
            node = strings[-1] if strings else next((one for one in covering if isinstance(one, ast.Constant)), covering[0])
            return node, How.PART, ""
        node = next((one for one in covering if isinstance(one, ast.Constant)), covering[0])
        if isinstance(node, ast.Constant) and (node.value != spot.value or type(node.value) is not type(spot.value)) and not strings:
            raise UnpatchableError("the source has changed since the run")
        parent = next(source.parents(node), None)
        if isinstance(parent, ast.UnaryOp):
            return parent, How.VALUE, ""
        return (strings[-1], How.PART, "") if strings else (node, How.VALUE, "")

    def _computed(self, source: Source, covering: list[ast.expr], spot: Spot) -> tuple[ast.expr, How, str]:
        """A text that is put together, as a whole; of a number that is counted up from another, that other."""
        owner = owner_of(source, covering[0])[0]
        for node in (one for one in covering if isinstance(one, ast.BinOp | ast.JoinedStr)):
            if isinstance(spot.value, str) and canonical(folded(source, owner, node)) == canonical(spot.value):
                return node, How.VALUE, ""
            if isinstance(spot.value, int) and isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
                for base, step in ((node.left, node.right), (node.right, node.left)):
                    known = self._number(source, owner, base)
                    if known is not None and not isinstance(step, ast.Constant):
                        return node, How.VALUE, f"{source.of(step)} + {known}"
        raise UnpatchableError("the value is put together in a way that cannot be followed")

    def _number(self, source: Source, owner: FunctionNode | None, node: ast.expr) -> int | None:
        """The number that an expression is written as, or that its name has. A name that is used for nothing else is not needed afterwards."""
        value = (local_value(owner, node.id) or module_value(source, node.id)) if isinstance(node, ast.Name) else node
        if not isinstance(value, ast.Constant) or not isinstance(value.value, int):
            return None
        if (
            isinstance(node, ast.Name)
            and owner is not None
            and local_value(owner, node.id) is not None
            and len([one for one in ast.walk(owner) if isinstance(one, ast.Name) and one.id == node.id]) == 2
        ):
            self.bases.update((source, one) for one in ast.walk(owner) if isinstance(one, ast.Assign) and one.value is value)
        return value.value

    def _part(self, source: Source, spot: Spot) -> tuple[int, int]:
        start = source.at(spot.line, spot.column)
        end = start + len(str(spot.value))
        if source.text[start:end] != str(spot.value) or source.string_at(start) is None:
            raise UnpatchableError("the value does not stand in the text as it is written in the database")
        return start, end

    def _parameter(self, source: Source, owner: FunctionNode, node: ast.expr, spot: Spot) -> Parameter:
        """The place of a value in `parametrize`."""
        consumer = next((one for one in self.consumers if one.function is owner), None)
        call = next((one for one in source.parents(node) if isinstance(one, ast.Call) and dotted(one.func).endswith("parametrize")), None)
        if consumer is None or call is None or len(call.args) < 2:
            raise UnpatchableError("the value stands in a decorator that is no list of parameters")
        rows = call.args[1]
        if not isinstance(rows, ast.List | ast.Tuple):
            raise UnpatchableError("the list of parameters is put together in a way that cannot be followed")
        for found in self._in_rows(source, call, rows, node, spot, consumer):
            return found
        raise UnpatchableError("the value stands inside a larger parameter")

    def _default(self, owner: FunctionNode, node: ast.expr, spot: Spot) -> Iterator[Use]:
        """A default of a helper: calls that leave it out are given the value."""
        names = [one.arg for one in (*owner.args.posonlyargs, *owner.args.args)]
        defaults = dict(zip(reversed(names), reversed(owner.args.defaults), strict=False))
        defaults |= {one.arg: value for one, value in zip(owner.args.kwonlyargs, owner.args.kw_defaults, strict=True) if value is not None}
        name = next((one for one, value in defaults.items() if value is node), None)
        found = False
        for consumer in self.consumers if name else ():
            for call in (one for one in ast.walk(consumer.function) if isinstance(one, ast.Call)):
                if dotted(call.func).rpartition(".")[2] != owner.name or any(one.arg in {name, None} for one in call.keywords):
                    continue
                if name in names and len(call.args) > names.index(name):
                    continue
                found = True
                at = consumer.source.end(call) - 1
                before = f"{', ' if call.args or call.keywords else ''}{name}="
                yield Use(source=consumer.source, start=at, end=at, how=How.VALUE, spots=(spot,), consumer=consumer, before=before)
        if not found:
            raise UnpatchableError(f"no call of {owner.name} could be found that takes the default")

    def _at_module(self, source: Source, node: ast.expr, how: How, place: tuple[int, int], spot: Spot) -> list[Use | Parameter]:
        """A value of a module or class: where its name is used, or where it stands."""
        statement = next((one for one in (node, *source.parents(node)) if isinstance(one, ast.Assign | ast.AnnAssign)), None)
        target = statement.targets[0] if isinstance(statement, ast.Assign) else statement.target if statement is not None else None
        here = Use(source=source, start=place[0], end=place[1], how=how, spots=(spot,), consumer=None)
        if statement is None or not isinstance(target, ast.Name):
            return [here]
        owner = next((one for one in source.parents(statement) if isinstance(one, ast.ClassDef)), None)
        if statement.value is node and how is How.VALUE:
            return self._named_uses(source, target.id, owner, statement, How.VALUE, (spot,)) or [here]
        parent = next(source.parents(node), None)
        if isinstance(parent, ast.Dict) and (
            key := next((one for one, value in zip(parent.keys, parent.values, strict=True) if value is node), None)
        ):
            try:
                return list(self._flows(spot, str(key.value) if isinstance(key, ast.Constant) else None, (target.id,)))
            except UnpatchableError:
                return [here]
        if isinstance(parent, ast.List | ast.Tuple | ast.Set) and statement.value is parent and how is How.VALUE:
            return self._named_uses(source, target.id, owner, statement, How.LIST, (spot,), len(parent.elts)) or [here]
        return [*self._listed(source, node, statement, target.id, spot)] or [here]

    def _listed(self, source: Source, node: ast.expr, statement: ast.stmt, name: str, spot: Spot) -> Iterator[Parameter]:
        """A value in a table of a module that is the list of parameters of the test."""
        rows = getattr(statement, "value", None)
        for call in self.unit.function.decorator_list:
            if not isinstance(call, ast.Call) or not dotted(call.func).endswith("parametrize") or len(call.args) < 2:
                continue
            if (
                isinstance(call.args[1], ast.Name)
                and isinstance(rows, ast.List | ast.Tuple)
                and self._is(self.unit, call.args[1], source, name, None)
            ):
                yield from self._in_rows(source, call, rows, node, spot, self.unit)

    def _in_rows(
        self, source: Source, call: ast.Call, rows: ast.List | ast.Tuple, node: ast.expr, spot: Spot, consumer: Consumer
    ) -> Iterator[Parameter]:
        """Where a value stands in a list of parameters."""
        names = argument_names(call.args[0])
        inside = {node, *source.parents(node)}
        for number, row in enumerate(rows.elts):
            for name, value in zip(names, values_of(row, len(names)) if row in inside else (), strict=False):
                if value is node:
                    yield Parameter(source=source, call=call, rows=rows, name=name, number=number, element=value, spot=spot, consumer=consumer)

    def _named_uses(
        self, source: Source, name: str, owner: ast.ClassDef | None, statement: ast.stmt, how: How, spots: tuple[Spot, ...], length: int = 1
    ) -> list[Use | Parameter]:
        """The places in tests and fixtures where a constant is used."""
        found: list[Use | Parameter] = []
        for consumer in self.consumers:
            for node in loads_of(consumer.function):
                if self._is(consumer, node, source, name, owner):
                    start, end = consumer.source.start(node), consumer.source.end(node)
                    if consumer.source.text[start:end] != dotted(node):
                        raise UnpatchableError("the place of a name inside an f-string cannot be told")
                    found.append(Use(source=consumer.source, start=start, end=end, how=how, spots=spots, consumer=consumer, length=length))
        if found:
            self.constants.add(Constant(path=source.path, name=name, statement=statement))
        return found

    def _is(self, consumer: Consumer, node: ast.expr, source: Source, name: str, owner: ast.ClassDef | None) -> bool:
        """Whether an expression of a consumer is a given constant."""
        called = dotted(node)
        if owner is not None:
            return called in {f"self.{name}", f"cls.{name}", f"{owner.name}.{name}"} and consumer.source is source
        if "." not in called:
            if consumer.source is source:
                return called == name and local_value(consumer.function, name) is None
            place = self._project.imported(consumer.source, called)
            return place is not None and place[0] is source and place[1] == name
        head, _, rest = called.rpartition(".")
        place = self._project.imported(consumer.source, head) if rest == name and "." not in head else None
        return place is not None and place[0] is source and not place[1]

    def _flows(self, spot: Spot, key: str | None, signs: tuple[str, ...]) -> Iterator[Use]:
        """The places where a test reads a key of what comes from a file or a table of cases."""
        found = False
        for consumer in self.consumers:
            for node in ast.walk(consumer.function) if key is not None else ():
                if not isinstance(node, ast.expr) or key_of(node) != key or not self._comes_from(consumer, node, signs):
                    continue
                found = True
                start, end = consumer.source.start(node), consumer.source.end(node)
                yield Use(source=consumer.source, start=start, end=end, how=How.VALUE, spots=(spot,), consumer=consumer, shared=True)
        if not found:
            raise UnpatchableError("the value is read from a file, and the place where the test uses it could not be told")

    def _comes_from(self, consumer: Consumer, node: ast.expr, signs: tuple[str, ...]) -> bool:
        """Whether what a key is read of leads back to one of these words."""
        inner = node
        while isinstance(inner, ast.Subscript | ast.Attribute | ast.Call):
            inner = inner.func if isinstance(inner, ast.Call) else inner.value
        if not isinstance(inner, ast.Name):
            return False
        text = self._provenance(consumer.source, consumer.function, inner.id, 0)
        return any(sign in text for sign in signs)

    def _provenance(self, source: Source, function: FunctionNode | None, name: str, depth: int) -> str:
        """The source of all expressions that a name is made of, as far as they are of this suite."""
        if depth > _DEEPEST:
            return ""
        made: list[tuple[Source, FunctionNode | None, ast.AST]] = []
        if function is not None:
            made += [(source, function, one) for one in sources_of(function, name)]
            made += [(source, None, one) for one in parametrized(function, name)]
            if name in self.fixtures and any(one.arg == name for one in parameters(function)):
                made.append((self.fixtures[name][0], None, self.fixtures[name][1]))
        if not made and (value := module_value(source, name)) is not None:
            made.append((source, None, value))
        if not made and isinstance(found := definition(source.tree.body, name), FunctionNode):
            made.append((source, None, found))
        if not made and (place := self._project.imported(source, name)) is not None and place[1]:
            return name + self._provenance(place[0], None, place[1], depth + 1)
        parts = [name]
        for where, inside, one in made:
            parts.append(where.of(one))
            names = {inner.id for inner in ast.walk(one) if isinstance(inner, ast.Name)} - {name}
            parts += [self._provenance(where, inside, inner, depth + 1) for inner in sorted(names)]
            for inner in (call for call in ast.walk(one) if isinstance(call, ast.Attribute)):
                place = self._project.imported(where, dotted(inner.value)) if dotted(inner.value) and "." not in dotted(inner.value) else None
                if place is not None and not place[1]:
                    parts.append(self._provenance(place[0], None, inner.attr, depth + 1))
        return "\n".join(parts)

    def _prepared(self) -> Iterator[Consumer]:
        """Methods that run before a test of the same class."""
        owner = definition(self.unit.source.tree.body, self.unit.in_class) if self.unit.in_class else None
        for node in owner.body if isinstance(owner, ast.ClassDef) else ():
            if isinstance(node, FunctionNode) and node.name in _PREPARING:
                yield Consumer(source=self.unit.source, function=node, in_class=self.unit.in_class, is_test_case=self.unit.is_test_case)

    def _closure(self) -> Iterator[Consumer]:
        """The fixtures that the test asks for, and those that they ask for."""
        waiting = [one.arg for one in parameters(self.unit.function)] + marked_fixtures(self.unit.function)
        waiting += [name for name, (_, node) in self.fixtures.items() if is_autouse(node)]
        seen: set[str] = set()
        while waiting:
            name = waiting.pop(0)
            if name in seen or name not in self.fixtures:
                continue
            seen.add(name)
            source, node = self.fixtures[name]
            yield Consumer(source=source, function=node, scope=fixture_scope(node) or "function")
            waiting += [one.arg for one in parameters(node)]


def _unit(project: Project, ways: Ways, task: Task) -> Consumer:
    source = project.source(task.path)
    if source is None:
        raise UnpatchableError(f"{task.path} cannot be read as Python")
    *classes, name = task.names
    body = source.tree.body
    for one in classes:
        owner = definition(body, one)
        if not isinstance(owner, ast.ClassDef):
            raise UnpatchableError("the class of this test is not in its file")
        body = owner.body
    found = definition(body, name)
    if not isinstance(found, FunctionNode):
        raise UnpatchableError("the test is inherited, or made while the suite is collected")
    if isinstance(found, ast.AsyncFunctionDef) and classes and ways.is_test_case(source, classes[-1]):
        raise UnpatchableError("the test is an asynchronous one of unittest (async def), and such are not rewritten")
    return Consumer(
        source=source, function=found, in_class=classes[-1] if classes else "", is_test_case=bool(classes) and ways.is_test_case(source, classes[-1])
    )
