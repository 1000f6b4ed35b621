"""Latent couplings: real identifiers in what agrees, in comments, in data files. No divergence, and still an exposure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from compare.identity.affinity import affinity
from compare.identity.base_rate import ENOUGH_BITS, surprise
from harness.model import Coupling, Signal, Strength, Verdict
from harness.model.coupling import LiteralSource, Presence

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from harness.model import KnownLiteral, PairResult, ReachedLiteral, SourceEvidence
    from harness.model.coupling import Match

NAME_BITS = 6.0
"""What it is worth where the source calls a value what the schema calls its column."""

_NAMED = 0.5
_AGREEING = frozenset({Verdict.EQUIVALENT, Verdict.BOTH_FAILING, Verdict.FLAKY})
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_QUANTITIES = frozenset(
    {"amount", "count", "day", "days", "delay", "height", "hour", "hours", "http", "interval", "length", "limit", "max", "min", "minutes", "month"}
    | {"months", "ms", "offset", "page", "pages", "percent", "port", "price", "quantity", "rate", "retries", "rows", "seconds", "size", "status"}
    | {"sum", "timeout", "total", "ttl", "version", "weeks", "weight", "width", "year", "years"}
)
_CONTENTS = {
    "card": "a card number",
    "email": "an email address",
    "iban": "an account number",
    "name": "a name",
    "number": "a number",
    "phone": "a telephone number",
    "tax_number": "a tax number",
    "uuid": "a UUID",
}
_PLACES = {LiteralSource.COMMENT: " in a comment", LiteralSource.DOCSTRING: " in a docstring", LiteralSource.DATA_FILE: " in a data file"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Latent:
    """The latent couplings of tests that agree, by test id, and those of the whole suite, each place once, sorted by place."""

    tests: dict[str, tuple[Coupling, ...]]
    everywhere: tuple[Coupling, ...]


def bits(match: Match, name: str | None) -> float:
    """What a match is worth without running anything: its surprise, and more where `name` is what the schema calls the column.

    A name that speaks of a quantity (`PAGE_SIZE`, `customer_count`) names no record.
    """
    return surprise(match.density) + NAME_BITS * _named(match, name)


def is_telling(match: Match, name: str | None) -> bool:
    """Whether a value can be taken for a record of the production copy by its source alone: legacy's own, and too surprising to be chance."""
    return match.presence is Presence.LEGACY and bits(match, name) >= ENOUGH_BITS


def most_telling(literal: KnownLiteral) -> Match | None:
    """The match that says most of a literal; None where none is telling."""
    found = [match for match in literal.matches if is_telling(match, literal.name)]
    return max(found, key=lambda match: (bits(match, literal.name), match.entity)) if found else None


def latent(sources: SourceEvidence, pairs: Iterable[PairResult]) -> Latent:
    """What real identifiers stand in the suite without making a test diverge.

    A place that explains a divergence (a coupling of one of `pairs`) is not listed again, unless a test that agrees reaches it as well.
    """
    tests: dict[str, tuple[Coupling, ...]] = {}
    explained: set[tuple[str, int, str | None]] = set()
    telling = tuple((literal, most_telling(literal)) for literal in sources.literals)
    for pair in pairs:
        if pair.verdict in _AGREEING and pair.test_id in sources.reached:
            if found := _once(_couplings(telling, sources.reached[pair.test_id])):
                tests[pair.test_id] = found
        else:
            explained.update((coupling.path, coupling.line, coupling.token) for coupling in pair.couplings if not coupling.latent)
    places = [one for one in _couplings(telling, sources.everywhere) if (one.path, one.line, one.token) not in explained]
    return Latent(tests=tests, everywhere=_once([*places, *(one for found in tests.values() for one in found)]))


def _couplings(telling: Sequence[tuple[KnownLiteral, Match | None]], reached: Iterable[ReachedLiteral]) -> Iterator[Coupling]:
    for one in reached:
        literal, match = telling[one.literal]
        if match is not None:
            yield coupling_of(literal, match, one.source)


def coupling_of(literal: KnownLiteral, match: Match, source: LiteralSource) -> Coupling:
    """The latent coupling that a telling match is."""
    is_named = _named(match, literal.name) >= _NAMED
    what = _CONTENTS.get(match.content, "a value")
    return Coupling(
        kind=match.kind,
        strength=Strength.LIKELY if is_named or surprise(match.density) >= 2 * ENOUGH_BITS else Strength.POSSIBLE,
        path=literal.path,
        line=literal.line,
        column=literal.column,
        entity=match.entity,
        signals=(Signal.LITERAL, Signal.LEGACY_ONLY, *((Signal.NAME,) if is_named else ())),
        latent=True,
        token=literal.token,
        sentence=f"{what} of {match.entity} stands here{_PLACES.get(source, '')}; the production copy holds it, shadow does not",
    )


def _named(match: Match, name: str | None) -> float:
    words = {word.lower() for word in _WORD.findall(name or "")}
    return 0.0 if words & _QUANTITIES else affinity(name, match.entity)


def _once(couplings: Iterable[Coupling]) -> tuple[Coupling, ...]:
    """Each value once on a line, sorted by place; the first column it stands at."""
    found: dict[tuple[str, int, str | None], Coupling] = {}
    for one in sorted(couplings, key=lambda one: (one.path, one.line, one.column, one.entity, one.token or "", one.sentence)):
        found.setdefault((one.path, one.line, one.token), one)
    return tuple(found.values())
