"""What a run's tests reach of what the identity index knows."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import TYPE_CHECKING

from compare.identity.affinity import affinity
from compare.survey import survey
from harness.evidence import deep_fingerprints, message_fingerprints
from harness.model import ReachedLiteral, SourceEvidence
from harness.model.coupling import Presence
from harness.pipeline.sources.known_words import hide_known_words
from harness.pipeline.sources.literals import Memory, known_literals
from harness.pipeline.sources.nearness import leading_to

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from harness.evidence import Bundle, ProjectKey
    from harness.model import Evidence, KnownLiteral
    from harness.model.coupling import Match, Reached
    from harness.pipeline.sources.literals import Known
    from runners.identity.index import IdentityIndex
    from runners.literals.suite import SuiteLiterals

_MOST_REFERRING = 16
MOST_AGREEING = 2_000
"""So many tests that agree are looked at whatever their files hold; of more, only those whose files can lead to a telling place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surveyed:
    """The ids of a run's tests, each group sorted."""

    differing: tuple[str, ...]
    agreeing: tuple[str, ...]

    @classmethod
    def of(cls, evidence: Evidence) -> Surveyed:
        """Those that differ in the full run, and the others."""
        differing = {pair.test_id for pair, _ in survey(evidence).differing}
        every = {attempt.test_id for side in (evidence.legacy, evidence.shadow) for attempt in side.full}
        return cls(differing=tuple(sorted(differing)), agreeing=tuple(sorted(every - differing)))


def read_sources(
    tests: Surveyed, suite: SuiteLiterals, index: IdentityIndex, key: ProjectKey, *, look: Callable[[], None] = lambda: None
) -> SourceEvidence:
    """What the index knows of the suite's source: all that a test reaches which differs between the sides; of other tests, and of the suite as a
    whole, what can be told for a record by itself. Nothing of a bundle is needed for it. `look` is called again and again, and ends the work by
    raising.
    """
    reading = _Reading(suite, Memory(index, key), look)
    for reached, known in known_literals(suite.every(), index, key):
        look()
        if known is None:
            reading.pass_over(reached)
        elif known.is_telling:
            reading.everywhere.append(reading.put(reached, known))
        else:
            reading.untelling.add(_place(reached))
    for test_id in tests.differing:
        if found := reading.all_of(test_id):
            reading.reached[test_id] = found
    reading.look_at(tests.agreeing)
    return SourceEvidence(literals=tuple(reading.literals), reached=reading.reached, everywhere=tuple(dict.fromkeys(reading.everywhere)))


def with_values(found: SourceEvidence, bundle: Bundle, index: IdentityIndex, key: ProjectKey) -> SourceEvidence:
    """The same with what the index says of values that the run saw. Words in messages that name a record of legacy become tokens.

    A key may also be asked for by a column that refers to it under another name: `employees.manager` of `employees.id`.
    """
    hide_known_words(bundle, index, key)
    fingerprints = sorted(deep_fingerprints(bundle) | message_fingerprints(bundle))
    matched = zip(fingerprints, index.lookup_fingerprints(fingerprints), strict=True)
    referring = other_names(index.referring)
    return replace(found, values={one: with_other_names(matches, referring) for one, matches in matched if matches})


def with_other_names(matches: Sequence[Match], referring: Mapping[str, Sequence[str]]) -> tuple[Match, ...]:
    """The matches of a value, and those of columns that refer to these by a name of their own, also where both sides hold a record under it."""
    own = (match for match in matches if match.presence is not Presence.SHADOW)
    return (*matches, *(replace(match, entity=column) for match in own for column in referring.get(match.entity, ())))


def other_names(referring: Iterable[tuple[str, str]]) -> dict[str, tuple[str, ...]]:
    """Foreign keys by what they refer to, but those whose name says so: `orders.customer_id` of `customers.id`. Of many the first few."""
    found: dict[str, tuple[str, ...]] = {}
    for column, target in referring:
        name, of = column.rpartition(".")[2], found.get(target, ())
        if len(of) < _MOST_REFERRING and not affinity(name, target) and name.casefold() != target.rpartition(".")[2].casefold():
            found[target] = (*of, column)
    return found


@dataclass(slots=True)
class _Reading:
    """What was found so far. Literals are numbered as they come."""

    suite: SuiteLiterals
    memory: Memory
    look: Callable[[], None]
    literals: list[KnownLiteral] = field(default_factory=list)
    reached: dict[str, tuple[ReachedLiteral, ...]] = field(default_factory=dict)
    everywhere: list[ReachedLiteral] = field(default_factory=list)
    untelling: set[tuple[object, ...]] = field(default_factory=set)
    _telling: list[bool] = field(default_factory=list)
    _numbers: dict[tuple[object, ...], int | None] = field(default_factory=dict)

    def put(self, reached: Reached, known: Known) -> ReachedLiteral:
        """A known literal with its number."""
        place = _place(reached)
        number = self._numbers.get(place)
        if number is None:
            number = self._numbers[place] = len(self.literals)
            self.literals.append(known.at(reached.literal))
            self._telling.append(known.is_telling)
        return ReachedLiteral(literal=number, source=reached.source, distance=reached.distance)

    def pass_over(self, reached: Reached) -> None:
        """Remember a literal that the index does not know: most are of that kind, and reached by many tests."""
        self._numbers[_place(reached)] = None

    def all_of(self, test_id: str, *, telling: bool = False) -> tuple[ReachedLiteral, ...]:
        """All known literals that a test reaches, or those alone which can be told for a record by themselves."""
        self.look()
        every = self.suite.literals_of(test_id)
        if telling:
            every = tuple(one for one in every if _place(one) not in self.untelling)
        self.memory.learn(one.literal for one in every if _place(one) not in self._numbers)
        return tuple(found for one in every if (found := self._known(one, telling=telling)) is not None)

    def look_at(self, tests: Sequence[str]) -> None:
        """Find what is telling of tests that agree. The cases of one function are looked at one by one only where the function reaches any."""
        functions = [(function, list(cases)) for function, cases in groupby(tests, key=_function)]
        if len(functions) > MOST_AGREEING:
            files = self.suite.files
            far = {*files.python, *files.code} - leading_to(files, {self.literals[one.literal].path for one in self.everywhere})
            functions = [(function, cases) for function, cases in functions if function.partition("::")[0] not in far]
        for function, cases in functions:
            found = self._telling_of(function)
            if cases == [function]:
                self._keep(function, found)
            elif found:
                for test_id in cases:
                    self._keep(test_id, self._telling_of(test_id))

    def _telling_of(self, test_id: str) -> tuple[ReachedLiteral, ...]:
        return tuple(one for one in self.all_of(test_id, telling=True) if self._telling[one.literal])

    def _keep(self, test_id: str, found: tuple[ReachedLiteral, ...]) -> None:
        if found:
            self.reached[test_id] = found

    def _known(self, reached: Reached, *, telling: bool) -> ReachedLiteral | None:
        place = _place(reached)
        if place not in self._numbers:
            known = self.memory.known(reached.literal)
            if known is None or (telling and not known.is_telling):
                self.pass_over(reached)
                return None
            return self.put(reached, known)
        number = self._numbers[place]
        return None if number is None else ReachedLiteral(literal=number, source=reached.source, distance=reached.distance)


def _place(reached: Reached) -> tuple[object, ...]:
    one = reached.literal
    return (one.path, one.line, one.column, one.form, one.value.__class__, one.value, one.name)


def _function(test_id: str) -> str:
    """The test function of a node id; other ids as they are."""
    return test_id.partition("[")[0] if ".py::" in test_id.partition("[")[0] else test_id
