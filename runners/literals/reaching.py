"""Gathers the literals that one Python test reaches."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from harness.model.canonical import canonical
from harness.model.coupling import Literal, LiteralForm, LiteralSource, Reached
from runners.literals.closure import Closure
from runners.literals.evaluation import UNKNOWN, Evaluator, Known
from runners.literals.full_names import full_names
from runners.literals.leaves import leaves_of
from runners.literals.modules import Modules, Spot
from runners.literals.parts import parts_of
from runners.literals.placing import Placing
from runners.literals.selection import rows_of, select, within
from runners.literals.walker import RESULT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from runners.literals.closure import TestName
    from runners.literals.evaluation import Arguments, Calls, Place
    from runners.literals.facts import PythonFacts, Written
    from runners.literals.leaves import Leaf
    from runners.literals.opened import DataFiles
    from runners.literals.selection import Selected

_DEEPEST = 30
_MOST = 64


class Reach:
    """Answers for one suite; keeps what files hold between questions."""

    def __init__(self, root: Path, modules: Modules, data: DataFiles) -> None:
        self._root = root
        self.modules = modules
        self.data = data
        self.placing = Placing(root)
        self.leaves = lru_cache(maxsize=512)(self._leaves)
        self.comments = lru_cache(maxsize=2048)(self._comments)
        self.by_scope = lru_cache(maxsize=2048)(self._by_scope)
        self.by_place = lru_cache(maxsize=2048)(self._by_place)
        self.refusing = lru_cache(maxsize=2048)(lambda path: self._facts(path).refusing())

    def of(self, test: TestName) -> tuple[Reached, ...]:
        """The literals of a test, nearest first; () where the suite has no such test."""
        return _Gathering(reach=self, test=test).run()

    def _leaves(self, path: str) -> tuple[Leaf, ...]:
        try:
            return leaves_of(path, (self._root / path).read_bytes())
        except OSError:
            return ()

    def _by_scope(self, path: str) -> dict[int, list[Written]]:
        found: dict[int, list[Written]] = defaultdict(list)
        for one in self._facts(path).literals:
            found[one.scope].append(one)
        return found

    def _by_place(self, path: str) -> dict[tuple[int, int], Written]:
        return {(one.line, one.column): one for one in self._facts(path).literals}

    def _comments(self, path: str) -> dict[int, list[tuple[str, int, int]]]:
        """Comments by the scope that they stand in, or right above."""
        facts = self._facts(path)
        found: dict[int, list[tuple[str, int, int]]] = defaultdict(list)
        inner = {}
        for number in sorted(range(1, len(facts.scopes)), key=lambda number: facts.scopes[number].line):
            inner.update(dict.fromkeys(range(facts.scopes[number].line, facts.scopes[number].end_line + 1), number))
        lines = {line for _, line, _ in facts.comments}
        for comment in facts.comments:
            below = comment[1]
            while below in lines and below not in inner:
                below += 1
            found[inner.get(comment[1], inner.get(below, 0))].append(comment)
        return found

    def _facts(self, path: str) -> PythonFacts:
        facts = self.modules.facts(path)
        assert facts is not None, "only asked of files that were read"  # noqa: S101
        return facts


@dataclass(slots=True)
class _Gathering:
    """The work for one test."""

    reach: Reach
    test: TestName
    closure: Closure = field(init=False)
    selected: Selected = field(init=False)
    found: dict[tuple[str, int, int, object], Reached] = field(default_factory=dict)
    files: dict[str, tuple[int, bool]] = field(default_factory=dict)
    values: dict[tuple[Spot, str], tuple[Known, ...]] = field(default_factory=dict)
    called: set[Spot] = field(default_factory=set)
    constants: dict[Place, list[tuple[Spot, Known]]] = field(default_factory=lambda: defaultdict(list))
    """Constants that are worked out (`FLAT = "ord_" + "17"`), by the first literal that they are made of."""

    def __post_init__(self) -> None:
        self.closure = Closure(modules=self.reach.modules)

    def run(self) -> tuple[Reached, ...]:
        scopes = self.closure.run(self.test)
        self.selected = select(self.closure, self.test.case)
        for spot, (source, distance) in scopes.items():
            self._written(spot, source, distance)
            if spot.number:
                self._comments(spot, distance)
        for spot, (source, distance) in scopes.items():
            self._computed(spot, source, distance)
        self._bare_names()
        for path, (distance, feeds) in self.files.items():
            self._file(path, distance, feeds=feeds)
        self._unwritten()
        return tuple(
            sorted(
                self.found.values(), key=lambda one: (one.distance, one.literal.path, one.literal.line, one.literal.column, str(one.literal.value))
            )
        )

    def _add(self, literals: Sequence[Literal], source: LiteralSource, distance: int) -> None:
        for literal in literals:
            key = (literal.path, literal.line, literal.column, literal.value)
            if key not in self.found or self.found[key].distance > distance:
                self.found[key] = Reached(literal=literal, source=source, distance=distance)

    def _kept(self, spot: Spot) -> Iterator[Written]:
        dropped = self.selected.dropped.get(spot, ())
        for one in self.reach.by_scope(spot.path).get(spot.number, ()):
            if not any(within((one.line, one.column), span) for span in dropped):
                yield one

    def _written(self, spot: Spot, source: LiteralSource, distance: int) -> None:
        scope = self.reach.modules.scope(spot)
        decorating = self.selected.decorating.get(spot, ())
        called = scope.qualname.rpartition(".")[2] if scope.kind == "constant" else None
        refused = spot.number in self.reach.refusing(spot.path)
        for one in self._kept(spot):
            if one.is_doc:
                if spot.number:
                    self._add(
                        self.reach.placing.pieces(one.value, spot.path, one.line, one.column + 1, one.end_line), LiteralSource.DOCSTRING, distance
                    )
                continue
            name = self.selected.names.get((spot.path, one.line, one.column)) or one.name or called
            by = LiteralSource.PARAMETRIZE if any(within((one.line, one.column), span) for span in decorating) else source
            placed = self.reach.placing.written(one.value, spot.path, one.line, one.column + 1, one.end_line, name, refused=refused)
            self._add(placed, by, distance)
            if isinstance(one.value, str):
                self._opens(one.value, spot, distance)

    def _comments(self, spot: Spot, distance: int) -> None:
        for text, line, column in self.reach.comments(spot.path).get(spot.number, ()):
            self._add(self.reach.placing.pieces(text, spot.path, line, column + 1, line), LiteralSource.COMMENT, distance)

    def _opens(self, text: str, spot: Spot, distance: int) -> None:
        for path in self.reach.data.meant(text, spot.path):
            self._note(path, distance + 1, feeds=spot in self.selected.feeding)

    def _note(self, path: str, distance: int, *, feeds: bool) -> None:
        known, fed = self.files.get(path, (distance, feeds))
        self.files[path] = (min(known, distance), fed or feeds)

    def _bare_names(self) -> None:
        """Files named without their suffix, which a helper adds."""
        texts = [
            (one, one.literal.value) for one in self.found.values() if isinstance(one.literal.value, str) and one.source is not LiteralSource.COMMENT
        ]
        suffixes = frozenset(suffix for _, text in texts for suffix in self.reach.data.suffixes if suffix in text and len(text) < 80)
        for one, text in texts if suffixes else ():
            if "." not in text and one.literal.form is LiteralForm.WRITTEN:
                for path in self.reach.data.bare(text, one.literal.path, suffixes):
                    self._note(path, one.distance + 1, feeds=True)

    def _file(self, path: str, distance: int, *, feeds: bool) -> None:
        leaves = self.reach.leaves(path)
        leaves = tuple(rows_of(leaves, self.test.case)) if feeds else leaves
        for leaf in leaves:
            name = next((str(key) for key in reversed(leaf.key) if isinstance(key, str)), None)
            if leaf.is_comment and isinstance(leaf.value, str):
                self._add(self.reach.placing.pieces(leaf.value, path, leaf.line, leaf.column, leaf.end_line), LiteralSource.COMMENT, distance)
            else:
                self._add(
                    self.reach.placing.written(leaf.value, path, leaf.line, leaf.column, leaf.end_line, name), LiteralSource.DATA_FILE, distance
                )
        self._add(tuple(full_names(path, leaves)), LiteralSource.DATA_FILE, distance)

    def _unwritten(self) -> None:
        """Cases that are made while tests are collected, perhaps from a database: their values show in the id alone. The place is the decorator's."""
        written = {canonical(one.literal.value) for one in self.found.values()}
        for spot, cases in self.selected.unwritten if self.test.case else ():
            name = cases.arguments[0] if len(cases.arguments) == 1 else None
            for value in dict.fromkeys((self.test.case or "", *(self.test.case or "").split("-"))):
                spelled = canonical(value)
                if spelled is not None and spelled not in written:
                    literal = Literal(value=value, path=spot.path, line=cases.line, column=cases.column + 1, form=LiteralForm.COMPUTED, name=name)
                    self._add([literal], LiteralSource.PARAMETRIZE, self.closure.found[spot][1])

    # What expressions come to

    def _computed(self, spot: Spot, source: LiteralSource, distance: int) -> None:
        scope = self.reach.modules.scope(spot)
        evaluator = self._evaluator(spot)
        dropped = self.selected.dropped.get(spot, ())
        for expression, line, column in scope.computed:
            if any(within((line, column), span) for span in dropped):
                continue
            pieces = expression is not None and expression[:2] == ("f", "split")  # each piece of a text that is cut is a value of its own
            for known in evaluator.values(("i", expression) if pieces else expression):
                self._result(known, spot, (line, column), source, distance)

    def _result(self, known: Known, spot: Spot, place: tuple[int, int], source: LiteralSource, distance: int) -> None:
        value = known.value
        if not isinstance(value, str | int | float | bytes):
            return
        if isinstance(value, str):
            self._opens(value, spot, distance)
        said = self._said(known, spot)
        values = _whole_pieces(value) if isinstance(value, str) else [value]
        made = [one for one in values if (spelled := canonical(one)) is not None and spelled not in said]
        literals = [Literal(value=one, path=spot.path, line=place[0], column=place[1] + 1, form=LiteralForm.COMPUTED) for one in made]
        self._add(literals, source, distance)

    def _said(self, known: Known, spot: Spot) -> set[str]:
        """What the literals and constants that a value was made of say already, at their own places."""
        values = [one.value for path, line, column in known.origins if (one := self.reach.by_place(path).get((line, column))) is not None]
        for origin in dict.fromkeys(known.origins):
            inner = (one.value for of, one in self.constants.get(origin, ()) if of != spot and set(one.origins) <= set(known.origins))
            values += [value for value in inner if isinstance(value, str | int | float | bytes)]
        texts = [text for one in values for text in ([one, *(part.value for part in parts_of(one))] if isinstance(one, str) else [one])]
        return {spelled for text in texts if (spelled := canonical(text)) is not None}

    def _evaluator(self, spot: Spot) -> Evaluator:
        return Evaluator(spot.path, lambda name, depth: self._resolved(spot, name, depth), self._calls(spot))

    def _calls(self, spot: Spot) -> Calls:
        return lambda name, given, named, depth: self._come_to(spot, name, given, named, depth)

    def _come_to(self, spot: Spot, name: str, given: Arguments, named: Mapping[str, tuple[Known, ...]], depth: int) -> Iterator[Known]:
        """What functions of the suite that are called so give back for these arguments. One that calls itself is not followed."""
        for target in self.closure.resolve(spot, name):
            scope = self.reach.modules.scope(target)
            if not scope.fixture and target not in self.called and depth <= _DEEPEST:
                params = scope.params[1:] if scope.params[:1] in {("self",), ("cls",)} else scope.params
                self.called.add(target)
                yield from self._given_back(target, {**dict(zip(params, given, strict=False)), **named}, depth)
                self.called.discard(target)

    def _given_back(self, spot: Spot, taken: Mapping[str, tuple[Known, ...]], depth: int) -> list[Known]:
        """What a function comes to in its last line, where its arguments are known."""
        inside = Evaluator(spot.path, lambda name, deeper: taken.get(name) or self._resolved(spot, name, deeper), self._calls(spot))
        ends = [expression for bound, expression in self.reach.modules.scope(spot).bindings if bound == RESULT]
        return [known for expression in ends for known in inside.values(expression, depth)]

    def _resolved(self, spot: Spot, name: str, depth: int) -> tuple[Known, ...]:
        """The values of a name in a scope, worked out once. A name that is made of itself (`text = text + "."`) has those it began with."""
        known = self.values.get((spot, name))
        if known is None:
            self.values[spot, name] = ()
            known = self.values[spot, name] = tuple(dict.fromkeys(self._work_out(spot, name, depth)))[:_MOST]
        return known

    def _work_out(self, spot: Spot, name: str, depth: int) -> list[Known]:
        if depth > _DEEPEST:
            return []
        scope = self.reach.modules.scope(spot)
        evaluator = self._evaluator(spot)
        values = [known for bound, expression in scope.bindings if bound == name for known in evaluator.values(expression, depth)]
        if name in scope.params:
            for path, expression in self.selected.values.get(name, ()):
                values += Evaluator(path, lambda inner, deeper: self._resolved(Spot(spot.path, 0), inner, deeper)).values(expression, depth)
            return values
        if values:
            return values
        last = name.rpartition(".")[2]
        for target in self.closure.resolve(spot, name):
            constant = self.reach.modules.scope(target)
            if constant.kind == "constant":
                inside = self._evaluator(target)
                made = [known for bound, expression in constant.bindings if bound == last for known in inside.values(expression, depth)]
                for known in made:
                    if len(known.origins) > 1:
                        self.constants[known.origins[0]].append((target, known))
                values += made
        return values


def _whole_pieces(text: str) -> list[str]:
    """A text and its pieces; where parts of it are unknown, only pieces that no unknown part touches."""
    pieces = [part.value for part in parts_of(text) if UNKNOWN not in (text[max(0, part.offset - 1) : part.offset + len(part.value) + 1])]
    return pieces if UNKNOWN in text else [text, *pieces]
