"""The Python files of a suite as modules that import each other: what a name in one of them stands for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from runners.literals.facts import PythonFacts, Scope

_DEEPEST_IMPORT = 12


class Spot(NamedTuple):
    """A scope of a suite: its file and its number there."""

    path: str
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Fixtures:
    """The fixtures that are defined at the top of a file: by name, and those that no test has to ask for."""

    named: Mapping[str, tuple[Spot, ...]]
    autouse: tuple[Spot, ...]


class Modules:
    """Files by path, read when they are first needed."""

    def __init__(self, paths: Sequence[str], facts: Callable[[str], PythonFacts | None]) -> None:
        self._paths = frozenset(paths)
        self._facts = facts
        self._scopes: dict[str, dict[str, list[int]]] = {}
        self._resolved: dict[tuple[str, str], tuple[Spot, ...]] = {}
        self._members: dict[tuple[str, int], list[int]] = {}
        self._fixtures: dict[str, Fixtures] = {}
        self._around: dict[str, tuple[str, ...]] = {}

    def facts(self, path: str) -> PythonFacts | None:
        """Facts of a file of the suite."""
        return self._facts(path) if path in self._paths else None

    def scope(self, spot: Spot) -> Scope:
        """The scope at a spot."""
        facts = self._facts(spot.path)
        assert facts is not None, "spots are made from facts"  # noqa: S101
        return facts.scopes[spot.number]

    def named(self, path: str, qualname: str) -> tuple[Spot, ...]:
        """The scopes of that name in a file: several where branches define it more than once."""
        if path not in self._scopes:
            index: dict[str, list[int]] = {}
            facts = self.facts(path)
            for number, scope in enumerate(facts.scopes if facts else ()):
                if number:
                    index.setdefault(scope.qualname, []).append(number)
            self._scopes[path] = index
        return tuple(Spot(path, number) for number in self._scopes[path].get(qualname, ()))

    def resolve(self, path: str, dotted: str) -> tuple[Spot, ...]:
        """What a dotted name stands for at the top of a module: `CONSTANT`, `helper`, `Class.attribute`, `module.CONSTANT`."""
        known = self._resolved.get((path, dotted))
        if known is None:
            known = self._resolved[path, dotted] = self._resolve(path, dotted, 0)
        return known

    def _resolve(self, path: str, dotted: str, depth: int) -> tuple[Spot, ...]:
        if depth > _DEEPEST_IMPORT:
            return ()
        found = self.named(path, dotted)
        if found:
            return found
        first, _, rest = dotted.partition(".")
        if rest and (owners := self.named(path, first)):
            return tuple(member for owner in owners for member in self.members(owner, rest.partition(".")[0]))
        facts = self.facts(path)
        for local, module, name, level in facts.imports if facts else ():
            if name != "*" and local.partition(".")[0] != first:
                continue
            found = self._through(path, dotted, local, module, name, level, depth)
            if found:
                return found
        return ()

    def _through(self, path: str, dotted: str, local: str, module: str, name: str | None, level: int, depth: int) -> tuple[Spot, ...]:
        first, _, rest = dotted.partition(".")
        if name is None:
            if dotted.startswith(local + "."):
                return next(
                    (found for target in self._located(path, module, 0) if (found := self._resolve(target, dotted[len(local) + 1 :], depth + 1))), ()
                )
            return ()
        if name != "*" and local != first:
            return ()
        for target in self._located(path, module, level):
            wanted = dotted if name == "*" else f"{name}.{rest}" if rest else name
            if found := self._resolve(target, wanted, depth + 1):
                return found
        if name != "*" and rest:
            inner = f"{module}.{name}" if module else name
            return next((found for target in self._located(path, inner, level) if (found := self._resolve(target, rest, depth + 1))), ())
        return ()

    def fixtures(self, path: str) -> Fixtures:
        """The fixtures at the top of a file."""
        if path not in self._fixtures:
            named: dict[str, tuple[Spot, ...]] = {}
            autouse: list[Spot] = []
            facts = self.facts(path)
            for number, scope in enumerate(facts.scopes if facts else ()):
                if not number or scope.parent:
                    continue
                if scope.fixture:
                    named[scope.fixture] = (*named.get(scope.fixture, ()), Spot(path, number))
                if scope.autouse:
                    autouse.append(Spot(path, number))
            self._fixtures[path] = Fixtures(named=named, autouse=tuple(autouse))
        return self._fixtures[path]

    def around(self, path: str) -> tuple[str, ...]:
        """Files called conftest from the nearest to the root, and the plugins that any of them or the file names."""
        if path not in self._around:
            files = [(parent / "conftest.py").as_posix() for parent in PurePosixPath(path).parents]
            present = [name for name in files if self.facts(name) is not None]
            self._around[path] = (*present, *(file for name in (path, *present) for file in self._plugins(name)))
        return self._around[path]

    def _plugins(self, path: str) -> Iterator[str]:
        """Files of the modules that a file names in `pytest_plugins`."""
        facts = self.facts(path)
        for spot in self.named(path, "pytest_plugins"):
            for one in facts.literals if facts else ():
                if one.scope == spot.number and isinstance(one.value, str):
                    yield from self._located(path, one.value, 0)

    def _located(self, path: str, module: str, level: int) -> tuple[str, ...]:
        """Files that an import may mean: relative ones one, absolute ones from the importing folder upwards, for any of them may be on sys.path."""
        folder = PurePosixPath(path).parent
        below = module.replace(".", "/")
        if level:
            for _ in range(level - 1):
                folder = folder.parent
            bases = [folder]
        else:
            bases = [folder, *folder.parents]
        return tuple(
            name for base in bases for name in ((base / f"{below}.py").as_posix(), (base / below / "__init__.py").as_posix()) if name in self._paths
        )

    def lineage(self, owner: Spot, depth: int = 0) -> Iterator[Spot]:
        """A class and the classes of the suite that it is built on, nearest first."""
        yield owner
        if depth > _DEEPEST_IMPORT:
            return
        for base in self.scope(owner).bases:
            for spot in self.resolve(owner.path, base):
                if spot != owner and self.scope(spot).kind == "class":
                    yield from self.lineage(spot, depth + 1)

    def members(self, owner: Spot, name: str) -> tuple[Spot, ...]:
        """What `name` is in a class or in what it is built on."""
        for one in self.lineage(owner) if self.scope(owner).kind == "class" else ():
            if found := self.named(one.path, f"{self.scope(one).qualname}.{name}"):
                return found
        return ()

    def all_members(self, owner: Spot) -> Iterator[Spot]:
        """Everything defined in a class and in what it is built on."""
        for one in self.lineage(owner):
            if one not in self._members:
                facts = self.facts(one.path)
                found = enumerate(facts.scopes if facts else ())
                self._members[one] = [number for number, scope in found if scope.parent == one.number and number != one.number]
            yield from (Spot(one.path, number) for number in self._members[one])
