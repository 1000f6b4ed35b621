"""Couplings to one record: which literals of a divergent test are real identifiers or natural keys that it asked for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import groupby
from typing import TYPE_CHECKING

from compare.causes.bound import by_fingerprint
from compare.causes.collisions import direct, supports
from compare.identity.affinity import affinity
from compare.identity.base_rate import stands_alone
from harness.model import Coupling, CouplingKind, DeepPlace, Signal, Strength
from harness.model.coupling import LiteralForm, LiteralSource, Presence

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from compare.causes.bound import Use, Used
    from compare.causes.collisions import Support
    from harness.model import DeepRecord, KnownLiteral, ReachedLiteral, SourceEvidence
    from harness.model.coupling import Match

_SAID = frozenset({LiteralSource.COMMENT, LiteralSource.DOCSTRING})
"""What is said and not done: it cannot make a test fail."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attributed:
    """A coupling to a record, with the literal's place in `SourceEvidence.literals` (None where the source does not hold the value)."""

    literal: int | None
    coupling: Coupling


def attribute(
    test_id: str,
    sources: SourceEvidence,
    legacy: DeepRecord | None,
    shadow: DeepRecord | None,
    *,
    failed_at: frozenset[DeepPlace],
    made_of: Iterable[DeepPlace] = (),
    missed: bool = False,
) -> tuple[Attributed, ...]:
    """The couplings of one divergent test to records, the strongest first. `failed_at` are the lines of the assertion that failed, `made_of` those of
    what its operands are made of, `missed` tells that it failed for a key that was not there.

    Those that are possible only are included; what is reported of them depends on what else explains the divergence.
    """
    used = by_fingerprint(legacy, shadow)
    all_reached = sources.reached.get(test_id) or sources.reached.get(test_id.rpartition(" [")[0], ())  # a subtest's test
    reached = [one for one in all_reached if one.source not in _SAID]
    weighing = _Weighing(used=used, failed_at=failed_at, made_of=frozenset(made_of), missed=missed, recorded=legacy is not None or shadow is not None)
    found = [one for each in reached if (one := weighing.of(each, _with_referring(sources.literals[each.literal], sources))) is not None]
    kept = [one for _, same in groupby(sorted(found, key=lambda one: one.key), key=lambda one: one.key) for one in _meant(list(same))]
    kept = [one for one in kept if not any(_instead(other, one) for other in kept)]
    known = {fingerprint for each in reached for fingerprint in sources.literals[each.literal].fingerprints}
    attributed = [Attributed(literal=one.reached.literal, coupling=_of_literal(one)) for one in kept]
    attributed += [Attributed(literal=None, coupling=one) for one in _unwritten(test_id.partition("::")[0], sources, used, known)]
    return tuple(sorted(_single(attributed), key=lambda one: _order(one.coupling)))


def _with_referring(literal: KnownLiteral, sources: SourceEvidence) -> KnownLiteral:
    """A literal with what it may be in columns that refer to its own, where it was seen in use."""
    seen = {match.entity: match for fingerprint in literal.fingerprints for match in sources.values.get(fingerprint, ())}
    more = [match for entity, match in seen.items() if entity not in {one.entity for one in literal.matches}]
    return replace(literal, matches=(*literal.matches, *more)) if more else literal


@dataclass(frozen=True, slots=True, kw_only=True)
class _Weighed:
    """A literal with what speaks for its best match."""

    reached: ReachedLiteral
    literal: KnownLiteral
    support: Support

    @property
    def key(self) -> tuple[str, str]:
        """Literals of one value that mean one column."""
        return (self.literal.fingerprints[0] if self.literal.fingerprints else self.literal.token, self.support.match.entity)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Weighing:
    """What literals are weighed by: how values were used, where the assertion failed, and whether there is any record of what the test did."""

    used: Mapping[str, Used]
    failed_at: frozenset[DeepPlace]
    made_of: frozenset[DeepPlace]
    missed: bool
    recorded: bool

    def of(self, each: ReachedLiteral, literal: KnownLiteral) -> _Weighed | None:
        """A literal with its best match; None for what is no more than a collision."""
        here = next((self.used[fingerprint] for fingerprint in literal.fingerprints if fingerprint in self.used), None)
        place = DeepPlace(path=literal.path, line=literal.line)
        asserted = place in self.failed_at or (place in self.made_of and any(map(stands_alone, literal.matches)))
        ranked = supports(literal.matches, here, literal, asserted=asserted, missed=self.missed)
        if not ranked or ranked[0].strength is None:
            return None
        expected = Signal.ASSERTION in ranked[0].signals
        idle = ranked[0].use is None and not stands_alone(ranked[0].match) and not expected
        if idle and (self.recorded or _is_reference(literal.matches)):
            return None  # it was not asked for, or reference data explains it as well
        return _Weighed(reached=each, literal=literal, support=ranked[0])


def _is_reference(matches: Iterable[Match]) -> bool:
    return any(match.presence is Presence.BOTH for match in matches)


def _meant(same: Sequence[_Weighed]) -> list[_Weighed]:
    """Of the literals of one value those that are most probably handed to where it was used.

    A literal on the line from which it was asked for, or called like the column, is; another 17 elsewhere in the test need not be.
    """
    same = [one for one in same if one.reached.source is not LiteralSource.DATA_FILE or not any(_on_its_line(other) for other in same)]
    ranked: list[tuple[int, _Weighed]] = []
    for one in same:
        use = one.support.use
        lines = {use.at, *use.through} if use is not None else set()
        near = DeepPlace(path=one.literal.path, line=one.literal.line) in lines
        named = affinity(one.literal.name, one.support.match.entity) > 0
        ranked.append((0 if near or named else 1, one))
    best = min(rank for rank, _ in ranked)
    nearest = [one for rank, one in ranked if rank == best]
    if best == 1:
        shortest = min((one.reached.distance, direct(one.literal.form)) for one in nearest)
        nearest = [one for one in nearest if (one.reached.distance, direct(one.literal.form)) == shortest]
    return nearest


def _on_its_line(one: _Weighed) -> bool:
    """Whether the test itself holds a value as it stands on the line from which it was asked for: then no file is read for it."""
    use, literal = one.support.use, one.literal
    lines = {use.at, *use.through} if use is not None else set()
    of_test = one.reached.source is LiteralSource.BODY and literal.form is LiteralForm.WRITTEN
    return of_test and DeepPlace(path=literal.path, line=literal.line) in lines


def _instead(asked: _Weighed, idle: _Weighed) -> bool:
    """Whether of two records of a file, under one key, the test asked for one in vain and for the other never: that one is another case's."""
    of_file = idle.reached.source is LiteralSource.DATA_FILE and idle.support.use is None and idle.literal.line != asked.literal.line
    keys = [(one.literal.path, one.literal.name, one.support.match.entity) for one in (asked, idle)]
    return of_file and keys[0] == keys[1] and Signal.FOUND_NOTHING in asked.support.signals


def _of_literal(one: _Weighed) -> Coupling:
    literal, support = one.literal, one.support
    return Coupling(
        kind=support.match.kind,
        strength=support.strength or Strength.POSSIBLE,
        path=literal.path,
        line=literal.line,
        column=literal.column,
        entity=support.match.entity,
        signals=support.signals,
        token=literal.token,
        sentence=sentence(support.match, support.signals),
    )


def _unwritten(path: str, sources: SourceEvidence, used: Mapping[str, Used], known: set[str]) -> Iterable[Coupling]:
    """Values of no literal that were nevertheless asked for on shadow, where they do not exist, and found something on legacy.

    They are placed where the test's own file, whose `path` is given, led to that: what asks may be a helper of all tests.
    """
    for fingerprint, one in used.items():
        if fingerprint in known or not one.found_nothing or not one.legacy:
            continue
        ranked = supports(sources.values.get(fingerprint, ()), one)
        place = next((_led_by(path, use) for use in one.shadow if use.at is not None), None)
        if ranked and ranked[0].use is not None and ranked[0].strength is Strength.LIKELY and place is not None:
            match = ranked[0].match
            yield Coupling(
                kind=match.kind,
                strength=Strength.LIKELY,
                path=place.path,
                line=place.line,
                column=1,
                entity=match.entity,
                signals=ranked[0].signals,
                token=f"{match.content}:{fingerprint[:6]}",
                sentence=sentence(match, ranked[0].signals),
            )


def _led_by(path: str, use: Use) -> DeepPlace | None:
    return next((place for place in reversed(use.through) if place.path == path), use.at)


def _single(attributed: Iterable[Attributed]) -> list[Attributed]:
    """One coupling a place and value: `"17"` inside a longer text is found as itself and as a part."""
    best: dict[tuple[str, int, str | None], Attributed] = {}
    for one in sorted(attributed, key=lambda one: _order(one.coupling)):
        best.setdefault((one.coupling.path, one.coupling.line, one.coupling.token), one)
    return list(best.values())


_STRENGTHS = {Strength.CONFIRMED: 0, Strength.LIKELY: 1, Strength.POSSIBLE: 2}


def _order(coupling: Coupling) -> tuple[int, int, str, int, int, str]:
    return (_STRENGTHS[coupling.strength], -len(coupling.signals), coupling.path, coupling.line, coupling.column, coupling.entity)


def sentence(match: Match, signals: Sequence[Signal]) -> str:
    """What the test depends on, for a person, in words that disclose nothing."""
    what = (
        f"a real {match.content.replace('_', ' ')} of {match.entity}"
        if match.kind is CouplingKind.NATURAL_KEY
        else f"one real record by {match.entity}"
    )
    if Signal.FOUND_NOTHING in signals:
        return f"depends on {what}: it is found on legacy, not on shadow"
    if Signal.BOUND_PARAMETER in signals or Signal.REQUESTED in signals:
        return f"asks for {what}, which only legacy holds"
    return f"names {what}, which only legacy holds"
