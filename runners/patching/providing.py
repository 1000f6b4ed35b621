"""Gives the code of a test the records that it needs: fixtures, methods of test cases, functions."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from runners.patching.access import SCOPES, Kind, Ways
from runners.patching.draft import Definition
from runners.patching.naming import plural, singular
from runners.patching.project import parameters
from runners.patching.source import UnpatchableError
from runners.patching.writing import Style, asked_of, asked_of_variable, function_of, sentence_of, statement_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from runners.patching.access import Access
    from runners.patching.asked import DataVariable
    from runners.patching.dataset import Dataset
    from runners.patching.draft import Draft
    from runners.patching.places import Consumer
    from runners.patching.project import Project
    from runners.patching.records import Choice
    from runners.patching.sites import Sites
    from runners.patching.source import Source
    from runners.patching.writing import Written

_DICTS = re.compile(r"\b(?:dict_row|DictCursor|RealDictCursor|DictConnection)\b")
_ORDER = list(Kind)
_LONGEST_WORDS = 32
_MOST_NAMES = 1000


class Surroundings:
    """What the patches of one suite share. Names that are given in one patch are known in the next, and equal fixtures are one."""

    def __init__(self, project: Project, legacy: Dataset, shadow: Dataset, variables: Sequence[DataVariable]) -> None:
        self.project = project
        self.legacy = legacy
        self.shadow = shadow
        self.variables = tuple(variables)
        self.ways = Ways(project)
        self.modules = project.imported_modules()
        self._names: dict[tuple[str, str, str], str] = {}
        self._taken: dict[str, set[str]] = {}

    def name_for(self, path: str, wanted: str, code: str, sources: Iterable[Source], scope: str) -> str:
        """A name for what a definition of a file gives: `code` tells definitions apart, and names differ within a `scope`."""
        known = self._names.get((path, wanted, code))
        if known is not None:
            return known
        texts = [source.text for source in sources]
        taken = self._taken.setdefault(scope, set())
        names = (wanted, *(f"{wanted}_{number}" for number in range(2, _MOST_NAMES)))
        name = next(one for one in names if one not in taken and not any(re.search(rf"\b{one}\b", text) for text in texts))
        taken.add(name)
        self._names[path, wanted, code] = name
        return name


class Provider:
    """Provides the records of one patch. `count` says how many rows of a record are taken, `needs` whether a function asks for it."""

    def __init__(
        self,
        surroundings: Surroundings,
        sites: Sequence[Sites],
        choice: Choice,
        draft: Draft,
        *,
        count: Callable[[int], int],
        needs: Callable[[Consumer, int], bool],
    ) -> None:
        self._surroundings = surroundings
        self._sites = sites
        self._consumers = [consumer for one in sites for consumer in one.consumers]
        self._choice = choice
        self._draft = draft
        self._count = count
        self._needs = needs
        self._given: dict[tuple[int, int | str], str] = {}

    def called(self, record: int, consumer: Consumer | None, source: Source) -> str:
        """What gives the rows of a record at a place; it is defined where it is not yet."""
        key = (record, id(consumer) if consumer is not None else source.path)
        if key not in self._given:
            self._given[key] = self._provided(record, consumer, source)
        return self._given[key]

    def _provided(self, number: int, consumer: Consumer | None, source: Source) -> str:
        if consumer is None or (consumer.is_test_case and consumer.function.name == "setUpClass"):
            return self._function(number, source)
        if consumer.is_test_case:
            return self._method(number, consumer)
        return self._fixture(number, consumer)

    def _query(self, number: int) -> tuple[str, ...]:
        record = self._choice.records[number]
        used = {name for ref in self._choice.refs.values() if ref.record == number for name in ref.fields} & set(record.extra)
        return statement_of(record, self._surroundings.legacy, self._count(number), used)

    def _wanted_name(self, number: int) -> str:
        record = self._choice.records[number]
        name = f"some_{singular(record.table.bare) if self._count(number) == 1 else plural(record.table.bare)}"
        words = record.words[0] if record.words else ""
        return f"{name}_with_{words}" if words and len(words) <= _LONGEST_WORDS else name

    def _fixture(self, number: int, consumer: Consumer) -> str:
        """A fixture, in the nearest conftest.py that sees a way to the data, or in the test's own file."""
        scope = max((one.scope for one in self._consumers if self._needs(one, number)), key=SCOPES.index, default="function")
        path, access = self._place(consumer, scope)
        source = self._file(path)
        style = Style(quote=source.quote, step=source.step)
        statement, count = self._query(number), self._count(number)
        if access is None:
            body = self._from_variable(statement, count, style)
            head = ""
        else:
            gives = _DICTS.search(self._file(access.path).text) is not None
            body = asked_of(access, statement, count, style, name=access.name, gives_dicts=gives)
            head = access.name + self._annotation_of(source, access) if access.is_fixture else ""
        name = self._surroundings.name_for(
            path, self._wanted_name(number), "\n".join((head, scope, *body.lines)), self._nearby(consumer, source), "fixtures"
        )
        decorator = "@pytest.fixture" if scope == "function" else f"@pytest.fixture(scope={style.quote}{scope}{style.quote})"
        returns = self._returns(source, access, count)
        code = function_of(f"def {name}({head}){returns}:", sentence_of(self._choice.records[number], count), body, style, decorator=decorator)
        where = "end" if path.endswith("conftest.py") else "function"
        self._define(path, where, name, code, body.imports | {"import pytest"})
        node, asked = self._draft.parameters.setdefault((consumer.source.path, consumer.function.lineno), (consumer.function, {}))
        if name not in {one.arg for one in parameters(node)}:
            asked[name] = returns.removeprefix(" -> ") if re.search(r"\bAny\b", consumer.source.text) else ""
        return name

    def _place(self, consumer: Consumer, scope: str) -> tuple[str, Access | None]:
        """The file of a new fixture, and the way to the data that it uses; None for a variable."""
        project = self._surroundings.project
        task = next(one.task for one in self._sites if consumer in one.consumers)
        closure = {one.function.name for one in self._consumers}
        asked = {one.arg for consumer in self._consumers for one in parameters(consumer.function)} | closure
        found = [one for one in self._surroundings.ways.by_fixture(task.path, task.names) if SCOPES.index(one.scope) >= SCOPES.index(scope)]
        found.sort(key=lambda one: (one.name not in asked, _ORDER.index(one.kind)))
        conftests = [path for path in project.conftests(task.path) if path in project.conftests(consumer.source.path)]
        for access in found:
            if access.path == consumer.source.path and not access.path.endswith("conftest.py"):
                return access.path, access
            for path in conftests:
                if access.path in project.conftests(path):
                    return path, access
        source = consumer.source
        named = [one for one in self._surroundings.ways.by_name(source) if one.kind in {Kind.ENGINE, Kind.FACTORY}]
        if named:
            return source.path, named[0]
        return (conftests[0] if conftests else source.path), None

    def _method(self, number: int, consumer: Consumer) -> str:
        """A method of a test case, which asks what its `setUp` opened; a function where that opens nothing."""
        found = self._surroundings.ways.by_attribute(consumer.source, consumer.in_class)
        if not found:
            return self._function(number, consumer.source)
        access = min(found, key=lambda one: _ORDER.index(one.kind))
        style = Style(quote=consumer.source.quote, step=consumer.source.step)
        statement, count = self._query(number), self._count(number)
        gives = _DICTS.search(self._file(access.path).text) is not None
        body = asked_of(access, statement, count, style, name=f"self.{access.name}", gives_dicts=gives)
        wanted = self._wanted_name(number)
        inside = f"{consumer.source.path}::{consumer.in_class}"
        name = self._surroundings.name_for(inside, wanted, "\n".join(body.lines), [consumer.source], inside)
        sentence = sentence_of(self._choice.records[number], count)
        code = function_of(f"def {name}(self):", sentence, body, style, indent=style.step)
        self._define(consumer.source.path, consumer.in_class, name, code, body.imports)
        return f"self.{name}()"

    def _function(self, number: int, source: Source) -> str:
        """A function of the same file that opens the dataset by itself, for places where no fixture can be asked for."""
        style = Style(quote=source.quote, step=source.step)
        statement, count = self._query(number), self._count(number)
        named = [one for one in self._surroundings.ways.by_name(source) if one.kind in {Kind.ENGINE, Kind.FACTORY}]
        body = asked_of(named[0], statement, count, style, name=named[0].name) if named else self._from_variable(statement, count, style)
        wanted = f"find_{self._wanted_name(number)}"
        name = self._surroundings.name_for(source.path, wanted, "\n".join(body.lines), [source], source.path)
        code = function_of(f"def {name}():", sentence_of(self._choice.records[number], count), body, style)
        self._define(source.path, "function" if named else "imports", name, code, body.imports)
        return f"{name}()"

    def _from_variable(self, statement: tuple[str, ...], count: int, style: Style) -> Written:
        asynchronous = self._asynchronous()
        if not self._surroundings.variables:
            raise UnpatchableError(asynchronous or "how the tests reach the database could not be told: no fixture and no variable leads to it")
        reasons = [asynchronous] if asynchronous else []
        for variable in self._surroundings.variables:
            try:
                return asked_of_variable(variable, statement, count, style, modules=self._surroundings.modules)
            except UnpatchableError as error:
                reasons.append(str(error))
        raise UnpatchableError(reasons[0])

    def _asynchronous(self) -> str:
        """That the way to the data is an asynchronous one, where the tests ask for such a fixture; else empty."""
        for one in self._sites:
            known = self._surroundings.ways.fixtures(one.task.path, one.task.names)
            waiting = [parameter.arg for consumer in one.consumers for parameter in parameters(consumer.function)]
            seen: set[str] = set()
            while waiting:
                name = waiting.pop()
                if name in seen or name not in known:
                    continue
                seen.add(name)
                function = known[name][1]
                if isinstance(function, ast.AsyncFunctionDef):
                    return (
                        f"the tests reach the database through an asynchronous fixture ({name}), and patches ask through synchronous ones alone:"
                        " no variable of `data` leads there in another way"
                    )
                waiting += [parameter.arg for parameter in parameters(function)]
        return ""

    def _define(self, path: str, where: str, name: str, code: str, imports: Iterable[str]) -> None:
        self._draft.definitions[path, f"{where}:{name}"] = Definition(path=path, where=where, code=code)
        self._draft.imports.setdefault(path, set()).update(imports)

    def _file(self, path: str) -> Source:
        found = self._surroundings.project.source(path)
        if found is None:
            raise UnpatchableError(f"{path} cannot be read as Python")
        return found

    def _nearby(self, consumer: Consumer, source: Source) -> list[Source]:
        """The files in which a new name could meet another."""
        return [
            consumer.source,
            source,
            *(one.source for one in self._consumers),
            *(place[0] for one in self._sites for place in one.fixtures.values()),
        ]

    def _annotation_of(self, source: Source, access: Access) -> str:
        """The annotation of a fixture that others in the same file ask for."""
        for node in source.functions():
            for one in parameters(node):
                if one.arg == access.name and one.annotation is not None:
                    return f": {source.of(one.annotation)}"
        return ""

    def _returns(self, source: Source, access: Access | None, count: int) -> str:
        has_style = access is not None and self._annotation_of(source, access)
        if not has_style or not re.search(r"\bAny\b", source.text):
            return ""
        return " -> dict[str, Any]" if count == 1 else " -> list[dict[str, Any]]"
