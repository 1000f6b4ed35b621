"""What one test reaches: from its function along names, fixtures, classes and imports, nearest first."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from harness.model.coupling import LiteralSource
from runners.literals.modules import Spot

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from runners.literals.facts import Scope
    from runners.literals.modules import Modules

_TEST_ID = re.compile(r"(?P<path>[^:]*?\.py)::(?P<names>[^\[ ]+)(?:\[(?P<case>.*?)\])?(?: \[.*\])?")
_AROUND_METHOD = (
    *("setUp", "asyncSetUp", "tearDown", "asyncTearDown", "setUpClass", "tearDownClass", "setUpTestData", "setup_method", "teardown_method"),
    *("setup_class", "teardown_class", "setup", "teardown", "fixtures", "pytestmark"),
)
_AROUND_MODULE = ("setUpModule", "tearDownModule", "setup_module", "teardown_module", "setup_function", "teardown_function", "pytestmark")


@dataclass(frozen=True, slots=True, kw_only=True)
class TestName:
    """A test id taken apart: its file, the names that lead to the function, and what stands in brackets."""

    __test__ = False

    path: str
    names: tuple[str, ...]
    case: str | None

    @classmethod
    def of(cls, test_id: str) -> TestName | None:
        """None for an id that names no Python file. A subtest's key after the brackets is left out."""
        found = _TEST_ID.fullmatch(test_id)
        return None if found is None else cls(path=found["path"], names=tuple(found["names"].split("::")), case=found["case"])


@dataclass(slots=True)
class Closure:
    """The scopes that a test reaches, each with how and how far."""

    modules: Modules
    found: dict[Spot, tuple[LiteralSource, int]] = field(default_factory=dict)
    _waiting: list[Spot] = field(default_factory=list)
    _attributes: set[str] = field(default_factory=set)
    _classes: dict[Spot, int] = field(default_factory=dict)
    _owners: list[Spot] = field(default_factory=list)
    _test: Spot | None = None

    def run(self, test: TestName) -> dict[Spot, tuple[LiteralSource, int]]:
        """Start from the test of that name; {} where the suite has none."""
        for spot, owners in self._functions(test):
            self._test = spot
            self._add(spot, LiteralSource.BODY, 0)
            for owner in owners:
                self._add(owner, LiteralSource.BODY, 1)
                for name in _AROUND_METHOD:
                    self._add_all(self.modules.members(owner, name), LiteralSource.FIXTURE, 1)
                self._add_autouse(tuple(self.modules.all_members(owner)))
            for name in _AROUND_MODULE:
                self._add_all(self.modules.named(spot.path, name), LiteralSource.FIXTURE, 1)
            for path in (spot.path, *self.modules.around(spot.path)):
                self._add_all(self.modules.fixtures(path).autouse, LiteralSource.FIXTURE, 1)
                self._add_generating(path, self.modules.scope(spot).params)
            self._add(Spot(spot.path, 0), LiteralSource.CONSTANT, 1)
        while self._waiting:
            self._follow(self._waiting.pop(0))
            if not self._waiting:
                self._open_classes()
        return self.found

    def _self_of(self, spot: Spot) -> Spot | None:
        """The class whose object `self` is in a scope: the one around it, or the test's own class where that is built on it."""
        scope = self.modules.scope(spot)
        if scope.parent <= 0:
            return None
        around = Spot(spot.path, scope.parent)
        return next((own for own in self._owners if around in self.modules.lineage(own)), around)

    def _functions(self, test: TestName) -> Iterator[tuple[Spot, tuple[Spot, ...]]]:
        *classes, name = test.names
        if not classes:
            yield from ((spot, ()) for spot in self.modules.resolve(test.path, name))
            return
        for owner in self.modules.resolve(test.path, ".".join(classes)):
            for spot in self.modules.members(owner, name) or self._expanded(owner, name):
                outer = [found for depth in range(1, len(classes)) for found in self.modules.named(test.path, ".".join(classes[:depth]))]
                self._owners.append(owner)
                yield spot, (*self.modules.lineage(owner), *outer)

    def _expanded(self, owner: Spot, name: str) -> tuple[Spot, ...]:
        """The function behind `test_name_0_case`, as parameterized.expand calls its tests."""
        for length in range(len(name) - 1, 0, -1):
            if name[length] == "_" and (found := self.modules.members(owner, name[:length])):
                return found
        return ()

    def _add(self, spot: Spot, source: LiteralSource, distance: int) -> None:
        if spot not in self.found:
            self.found[spot] = (source, distance)
            self._waiting.append(spot)

    def _add_all(self, spots: tuple[Spot, ...], source: LiteralSource, distance: int) -> None:
        for spot in spots:
            self._add(spot, source, distance)

    def _add_autouse(self, spots: tuple[Spot, ...]) -> None:
        self._add_all(tuple(spot for spot in spots if self.modules.scope(spot).autouse), LiteralSource.FIXTURE, 1)

    def _add_generating(self, path: str, arguments: Collection[str]) -> None:
        """The hook that makes cases of a test, where it names one of the arguments."""
        for spot in self.modules.named(path, "pytest_generate_tests"):
            facts = self.modules.facts(path)
            if facts and any(one.scope == spot.number and one.value in arguments for one in facts.literals if isinstance(one.value, str)):
                self._add(spot, LiteralSource.FIXTURE, 1)

    def _follow(self, spot: Spot) -> None:
        source, distance = self.found[spot]
        scope = self.modules.scope(spot)
        for name in scope.names:
            if name.startswith("."):
                self._attributes.add(name[1:])
            elif name.startswith("!"):
                self._add_all(self.fixture(spot, name[1:]), LiteralSource.FIXTURE, distance + 1)
            else:
                for target in self.resolve(spot, name):
                    self._add(target, self._source_of(target, source), distance + 1)
        if scope.fixture or spot == self._test or source is LiteralSource.FIXTURE:
            for name in scope.params:
                self._add_all(self.fixture(spot, name), LiteralSource.FIXTURE, distance + 1)
        if scope.kind == "class" and distance and source is not LiteralSource.BODY:
            self._classes.setdefault(spot, distance)

    def _source_of(self, target: Spot, _source: LiteralSource) -> LiteralSource:
        scope = self.modules.scope(target)
        if scope.kind == "constant":
            return LiteralSource.CONSTANT
        return LiteralSource.FIXTURE if scope.fixture else LiteralSource.HELPER

    def resolve(self, spot: Spot, name: str) -> tuple[Spot, ...]:
        """What a dotted name read in a scope stands for."""
        first, _, rest = name.partition(".")
        owner = self._self_of(spot)
        if owner is not None and rest and first in {"self", "cls", "klass"}:
            return self.modules.members(owner, rest.partition(".")[0])
        scope = self.modules.scope(spot)
        if owner is not None and scope.kind == "constant" and (found := self.modules.members(owner, first)) and spot not in found:
            return found
        return tuple(one for one in self.modules.resolve(spot.path, name) or (self.modules.resolve(spot.path, first) if rest else ()) if one != spot)

    def _open_classes(self) -> None:
        """Of a class that is used somewhere: its fields and special methods, and of the others those whose name was used."""
        for owner, distance in list(self._classes.items()):
            for member in self.modules.all_members(owner):
                scope = self.modules.scope(member)
                name = scope.qualname.rpartition(".")[2]
                if scope.kind == "constant" or name.startswith("__") or name in self._attributes:
                    self._add(member, self._source_of(member, LiteralSource.HELPER), distance + 1)

    def fixture(self, spot: Spot, name: str) -> tuple[Spot, ...]:
        """The fixture of that name, as the scope sees it: its class, its module, the conftest files around it, plugins. Never the scope itself."""
        owner = self._self_of(spot)
        if owner is not None:
            found = self._fixtures(tuple(self.modules.all_members(owner)), name, spot)
            if found:
                return found
        start = self._test.path if self._test is not None else spot.path
        for path in dict.fromkeys((start, spot.path, *self.modules.around(start))):
            top = self.modules.fixtures(path).named.get(name, ())
            found = self._fixtures(top, name, spot) or self._fixtures(self.modules.resolve(path, name), name, spot)
            if found:
                return found
        return ()

    def _fixtures(self, spots: tuple[Spot, ...], name: str, asking: Spot) -> tuple[Spot, ...]:
        return tuple(
            spot for spot in spots if spot != asking and self._is_fixture(self.modules.scope(spot), name) and not self._shadows(spot, asking)
        )

    def _shadows(self, spot: Spot, asking: Spot) -> bool:
        """A fixture that asks for its own name means the one above it, not another one of its own file."""
        scope = self.modules.scope(asking)
        return scope.fixture is not None and scope.fixture == self.modules.scope(spot).fixture and spot.path == asking.path

    @staticmethod
    def _is_fixture(scope: Scope, name: str) -> bool:
        return scope.fixture == name
