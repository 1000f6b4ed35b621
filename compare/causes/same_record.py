"""Couplings to a record whose key both sides hold: the key finds another record on shadow than on legacy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from compare.causes.bound import by_fingerprint
from compare.causes.sql import Role
from compare.causes.words import plain
from harness.model import Coupling, CouplingKind, DeepPlace, Signal, Strength
from harness.model.coupling import LiteralSource, Presence

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compare.causes.results import Group
    from harness.model import DeepRecord, DeepStatement, KnownLiteral, ReachedLiteral, SourceEvidence
    from harness.model.coupling import Match

_SAID = frozenset({LiteralSource.COMMENT, LiteralSource.DOCSTRING})


def same_record(test_id: str, sources: SourceEvidence, legacy: DeepRecord | None, shadow: DeepRecord | None, group: Group) -> tuple[Coupling, ...]:
    """The couplings to the one record that a statement reads by its own key, which the source holds, and under which both sides hold one.

    `group` is the statement that shows the property which the test found on legacy alone. A key that came out of the data is none: a statement that
    is executed again and again, or with other keys on the sides, is passed over.
    """
    executions = (*group.legacy.executions, *group.shadow.executions)
    if group.repeated or not executions or max((*group.legacy.fetched, *group.shadow.fetched), default=2) > 1:
        return ()
    keys = [set(_keys(group, one, sources)) for one in executions]
    shared = set.intersection(*keys)
    reached = sources.reached.get(test_id) or sources.reached.get(test_id.rpartition(" [")[0], ())
    used = by_fingerprint(legacy, shadow)
    found = []
    for fingerprint, match in sorted(shared, key=lambda key: (key[0], key[1].entity)):
        literals = [one for one in reached if one.source not in _SAID and fingerprint in sources.literals[one.literal].fingerprints]
        lines = {place for use in used[fingerprint].legacy for place in (use.at, *use.through)} if fingerprint in used else set()
        found += [_coupling(sources.literals[one.literal], match) for one in _nearest(literals, sources, lines)]
    return tuple({(one.path, one.line, one.token): one for one in found}.values())


def _keys(group: Group, statement: DeepStatement, sources: SourceEvidence) -> Iterator[tuple[str, Match]]:
    """The values that a statement compares with the key of the table that it reads, as far as both sides hold them."""
    facts = group.outline
    if len(facts.placeholders) != len(statement.parameters) or len(facts.tables) != 1:
        return
    for place, value in zip(facts.placeholders, statement.parameters, strict=True):
        if place.role is not Role.COMPARED or place.operator != "=" or place.column is None:
            continue
        for fingerprint in value.fingerprints[:1]:
            for match in sources.values.get(fingerprint, ()):
                table, _, column = match.entity.rpartition(".")
                own = plain(table.rpartition(".")[2]) == plain(facts.tables[0]) and plain(column) == plain(place.column.name)
                if own and match.presence is Presence.BOTH and match.content != "name":
                    yield fingerprint, match


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
