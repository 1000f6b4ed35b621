"""The values behind known literals, and what stands in their place. Values live here in memory, and in the file that a session reads."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from harness.model import CouplingKind
from harness.model.canonical import canonical
from harness.model.coupling import LiteralForm, LiteralSource, Presence

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

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
    """Where a value stands; `old` is how it is spelled there."""

    path: str
    line: int
    column: int
    part: bool
    old: Value = field(repr=False)


def subjects_of(trial: Trial, sources: SourceEvidence, reached: Iterable[Reached], key: ProjectKey) -> tuple[Subject, ...]:
    """The values behind the literals that explain a trial's test. Those that are put together at run time are left out."""
    known = {number: sources.literals[number] for number in trial.literals}
    by_token: dict[str, list[int]] = {}
    for number, one in known.items():
        by_token.setdefault(one.token, []).append(number)
    every = list(reached)
    whole = (one.literal.value for one in every if one.literal.form is not LiteralForm.PART)  # a piece of the value itself is no expectation
    beside = frozenset(spelling for value in whole if (spelling := canonical(value)) is not None)
    values = [one for one in every if one.source not in _SEEN_ONLY and not isinstance(one.literal.value, bytes)]
    found = []
    for numbers in by_token.values():
        first = known[numbers[0]]
        places = _places(first, values, key)
        own = {(known[number].path, known[number].line, known[number].column) for number in numbers}
        entity = _entity(first)
        here = tuple(place for place in places if (place.path, place.line, place.column) in own)
        if entity and here:
            others = tuple(place for place in places if place not in here)
            found.append(Subject(literals=tuple(numbers), entity=entity, value=here[0].old, places=here, elsewhere=others, beside=beside))
    return (*found, *_extra(trial, sources, values, key)) if found else ()


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


def _places(known: KnownLiteral, reached: Iterable[Reached], key: ProjectKey) -> tuple[Place, ...]:
    """Every place where a test reaches this value."""
    found: dict[tuple[str, int, int], Place] = {}
    for one in reached:
        literal = one.literal
        if literal.form is LiteralForm.COMPUTED or not _is(literal.value, known, key):
            continue
        place = Place(path=literal.path, line=literal.line, column=literal.column, part=literal.form is LiteralForm.PART, old=literal.value)
        at = (literal.path, literal.line, literal.column)
        if at not in found or found[at].part:
            found[at] = place
    return tuple(found.values())


def _is(value: Value, known: KnownLiteral, key: ProjectKey) -> bool:
    spelling = canonical(value)
    return spelling is not None and key.fingerprint(spelling) in known.fingerprints


def _entity(known: KnownLiteral) -> str | None:
    found = [match for match in known.matches if match.presence is Presence.LEGACY and match.kind is not CouplingKind.PATTERN]
    return found[0].entity if found else None


def write_replacements(path: Path, subjects: Sequence[Subject], values: Sequence[Value | None], spell: Spelling, *, everywhere: bool) -> int:
    """Write what a session replaces (mode 0600), `everywhere` or only where it explains; how many literals that are. The session removes the file as
    soon as it has read it.
    """
    entries = []
    for subject, new in zip(subjects, values, strict=True):
        places = (*subject.places, *(subject.elsewhere if everywhere else ()))
        for place in places if new is not None else ():
            spelled = spell(place.old, new)
            if spelled is not None:
                entries.append({"path": place.path, "line": place.line, "column": place.column, "old": place.old, "new": spelled, "part": place.part})
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        json.dump({"replace": entries}, file)
    return len(entries)


if TYPE_CHECKING:
    from collections.abc import Callable

    Spelling = Callable[[Value, Value | None], Value | None]
