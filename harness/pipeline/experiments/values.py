"""The values behind known literals, and where they stand. Values live in memory."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from harness.model import CouplingKind
from harness.model.canonical import canonical
from harness.model.coupling import LiteralForm, LiteralSource, Presence

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from harness.evidence import ProjectKey
    from harness.model import KnownLiteral, SourceEvidence
    from harness.model.coupling import Reached, Value
    from harness.pipeline.experiments.trials import Trial

_SEEN_ONLY = {LiteralSource.COMMENT, LiteralSource.DOCSTRING}


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A value that a test asks for: its `literals`, the entity of the production copy that holds it, the `places` of these literals, and `elsewhere`
    the others where the test reaches it, which may mean something else (a status 200 beside invoice 200).

    One without `literals` explains nothing, but may belong to the same record (the name that a test expects of a customer): then it is replaced with
    the others. `beside` are canonical spellings of what else the test reaches, since it may expect that of the record.
    """

    literals: tuple[int, ...]
    entity: str
    value: Value = field(repr=False)
    places: tuple[Place, ...]
    elsewhere: tuple[Place, ...] = ()
    beside: frozenset[str] = field(default=frozenset(), repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a value stands; `old` is how it is spelled there. One that is `computed` is what an expression at this place comes to: a sum, a joined
    text.
    """

    path: str
    line: int
    column: int
    part: bool
    old: Value = field(repr=False)
    computed: bool = False


def subjects_of(trial: Trial, sources: SourceEvidence, reached: Iterable[Reached], key: ProjectKey, *, computed: bool = False) -> tuple[Subject, ...]:
    """The values behind the literals that explain a trial's test. Those that are put together at run time are left out, unless `computed` ones are
    asked for.
    """
    known = {number: sources.literals[number] for number in trial.literals}
    as_what = dict(zip(trial.literals, trial.entities, strict=False))
    by_token: dict[str, list[int]] = {}
    for number, one in known.items():
        by_token.setdefault(one.token, []).append(number)
    every = list(reached)
    values = [one for one in every if one.source not in _SEEN_ONLY and not isinstance(one.literal.value, bytes)]
    found = []
    for numbers in by_token.values():
        first = known[numbers[0]]
        places = _places(first, values, key, computed=computed)
        own = {(known[number].path, known[number].line, known[number].column) for number in numbers}
        entity = _entity(first, *(as_what[number] for number in numbers if number in as_what))
        here = tuple(place for place in places if (place.path, place.line, place.column) in own)
        if entity and here:
            others = tuple(place for place in places if place not in here)
            beside = _beside(here[0].old, every)
            found.append(Subject(literals=tuple(numbers), entity=entity, value=here[0].old, places=here, elsewhere=others, beside=beside))
    return (*found, *_extra(trial, sources, values, key)) if found else ()


def _beside(value: Value, reached: Iterable[Reached]) -> frozenset[str]:
    """What else a test reaches. A piece of the value itself, written in it or on the way to it, is no expectation."""
    whole = (one.literal for one in reached if one.literal.form is not LiteralForm.PART)
    told = (one.value for one in whole if one.form is not LiteralForm.COMPUTED or str(one.value) not in str(value))
    return frozenset(spelling for one in told if (spelling := canonical(one)) is not None)


def _extra(trial: Trial, sources: SourceEvidence, values: Sequence[Reached], key: ProjectKey) -> list[Subject]:
    """Texts that only the production copy holds and that the test reaches beside those that explain it."""
    tokens = {sources.literals[number].token for number in trial.literals}
    found: dict[str, Subject] = {}
    for one in sources.reached.get(trial.test_id, ()):
        known = sources.literals[one.literal]
        entity = _entity(known)
        if known.token in tokens or known.token in found or entity is None:
            continue
        places = tuple(place for place in _places(known, values, key) if isinstance(place.old, str) and not place.old.isdecimal())
        if places:
            found[known.token] = Subject(literals=(), entity=entity, value=places[0].old, places=places)
    return list(found.values())


def _places(known: KnownLiteral, reached: Iterable[Reached], key: ProjectKey, *, computed: bool = False) -> tuple[Place, ...]:
    """Every place where a test reaches this value; with `computed` also the Python expressions that come to it."""
    found: dict[tuple[str, int, int], Place] = {}
    for one in reached:
        literal = one.literal
        is_computed = literal.form is LiteralForm.COMPUTED
        if (is_computed and not (computed and literal.path.endswith(".py"))) or not _is(literal.value, known, key):
            continue
        place = Place(
            path=literal.path,
            line=literal.line,
            column=literal.column,
            part=literal.form is LiteralForm.PART,
            old=literal.value,
            computed=is_computed,
        )
        at = (literal.path, literal.line, literal.column)
        if at not in found or found[at].part:
            found[at] = place
    return tuple(found.values())


def _is(value: Value, known: KnownLiteral, key: ProjectKey) -> bool:
    spelling = canonical(value)
    return spelling is not None and key.fingerprint(spelling) in known.fingerprints


def _entity(known: KnownLiteral, *explained: str) -> str | None:
    """The entity that holds it: of several, the one as which it explains the test. A number of a customer may be that of an order as well."""
    found = [match.entity for match in known.matches if match.presence is Presence.LEGACY and match.kind is not CouplingKind.PATTERN]
    return next((one for one in explained if one in found), next(iter(found), None))
