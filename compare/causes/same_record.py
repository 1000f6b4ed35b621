"""Couplings to a record whose key both sides hold: the key finds another record on shadow than on legacy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from compare.causes.assertion import Ask
from compare.causes.bound import by_fingerprint, fits
from compare.causes.differing import numbers_differ
from compare.causes.outlines import Role
from compare.causes.words import plain
from compare.identity.affinity import is_general
from harness.model import Coupling, CouplingKind, DeepPlace, Signal, Strength
from harness.model.coupling import LiteralSource, Presence

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from compare.causes.assertion import Sketch
    from compare.causes.outlines import Column
    from compare.causes.results import Group
    from harness.model import DeepRecord, DeepStatement, KnownLiteral, ReachedLiteral, SourceEvidence
    from harness.model.coupling import Match

_SAID = frozenset({LiteralSource.COMMENT, LiteralSource.DOCSTRING})


def same_record(test_id: str, sources: SourceEvidence, legacy: DeepRecord | None, shadow: DeepRecord | None, group: Group) -> tuple[Coupling, ...]:
    """The couplings to the one record that a statement reads by its key, which the source holds, and under which both sides hold one.

    `group` is the statement that shows the property which the test found on legacy alone. A key that came out of the data is none: a statement that
    is executed again and again, or with other keys on the sides, is passed over. Where it reads what refers to the record, the column must hold keys
    that legacy alone has: what both sides share is reference data.
    """
    executions = (*group.legacy.executions, *group.shadow.executions)
    if group.repeated or not executions:
        return ()
    partly = _shared_in_part(sources)
    keys = [{key for key, own in _keys(group, one, sources) if own or key[1].entity in partly} for one in executions]
    shared = set.intersection(*keys)
    reached = sources.reached.get(test_id) or sources.reached.get(test_id.rpartition(" [")[0], ())
    used = by_fingerprint(legacy, shadow)
    found = []
    for fingerprint, match in sorted(shared, key=lambda key: (key[0], key[1].entity)):
        literals = [one for one in reached if one.source not in _SAID and fingerprint in sources.literals[one.literal].fingerprints]
        lines = {place for use in used[fingerprint].legacy for place in (use.at, *use.through)} if fingerprint in used else set()
        found += [_coupling(sources.literals[one.literal], match) for one in _nearest(literals, sources, lines)]
    return tuple({(one.path, one.line, one.token): one for one in found}.values())


def other_record(seen: Sequence[Group], sketch: Sketch | None) -> tuple[Group, ...]:
    """The statements that the assertion is made of which read one row on both sides, another one on shadow: where it shows no property by a name
    (`greeting(row) == "Dear Ms Lund"`), what this row holds is left as its cause.
    """
    if sketch is None or not sketch.whole or not sketch.has(Ask.TEXT, Ask.NUMBER):
        return ()
    near = (group for group in seen if not group.places.isdisjoint(sketch.lines) and not group.outline.selected)
    return tuple(group for group in near if {*group.legacy.fetched} == {*group.shadow.fetched} == {1} and numbers_differ(group))


def _shared_in_part(sources: SourceEvidence) -> frozenset[str]:
    """Columns of keys of which, as far as the source and the records name them, legacy alone holds some."""
    matches = [match for one in sources.literals for match in one.matches] + [match for several in sources.values.values() for match in several]
    return frozenset(match.entity for match in matches if match.presence is Presence.LEGACY and match.kind is CouplingKind.IDENTIFIER)


def _keys(group: Group, statement: DeepStatement, sources: SourceEvidence) -> Iterator[tuple[tuple[str, Match], bool]]:
    """The keys that a statement asks for, as far as both sides hold them, and whether it reads one row by its own."""
    facts = group.outline
    if len(facts.placeholders) != len(statement.parameters):
        return
    single = len(facts.tables) == 1 and max((*group.legacy.fetched, *group.shadow.fetched), default=2) <= 1
    for place, value in zip(facts.placeholders, statement.parameters, strict=True):
        if place.role is not Role.COMPARED or place.operator != "=" or place.column is None:
            continue
        for fingerprint in value.fingerprints[:1]:
            for match in sources.values.get(fingerprint, ()):
                table, _, column = match.entity.rpartition(".")
                own = single and plain(table.rpartition(".")[2]) == plain(facts.tables[0]) and plain(column) == plain(place.column.name)
                if match.presence is Presence.BOTH and match.content != "name" and (own or fits(_told(place.column), match)):
                    yield (fingerprint, match), own


def _told(column: Column) -> Column:
    """The column of a route as its path tells it: `customers_id` of the last part of `GET /customers/{}`."""
    parts = [part for part in (column.table or "").partition(" /")[2].split("/") if part and part != "{}"]
    return column._replace(table=None, name=f"{parts[-1]}_{column.name}") if parts and is_general(column.name) else column


def _nearest(literals: list[ReachedLiteral], sources: SourceEvidence, lines: set[DeepPlace | None]) -> list[ReachedLiteral]:
    """Those on the lines that led to the statement; where none is, those that are reached first."""
    near = [one for one in literals if DeepPlace(path=sources.literals[one.literal].path, line=sources.literals[one.literal].line) in lines]
    least = min((one.distance for one in literals), default=0)
    return near or [one for one in literals if one.distance == least]


def _coupling(literal: KnownLiteral, match: Match) -> Coupling:
    return Coupling(
        kind=CouplingKind.IDENTIFIER if match.kind is CouplingKind.IDENTIFIER else CouplingKind.NATURAL_KEY,
        strength=Strength.LIKELY,
        path=literal.path,
        line=literal.line,
        column=literal.column,
        entity=match.entity,
        signals=(Signal.LITERAL, Signal.BOUND_PARAMETER, Signal.RESULT_SHAPE),
        token=literal.token,
        sentence=f"depends on what legacy holds under one key of {match.entity}: shadow has another record under it",
    )
