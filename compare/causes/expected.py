"""Keys that an assertion expects among those that were found: `17 in {row["order_id"] for row in rows}`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from compare.causes.assertion import Ask
from compare.causes.attribution import sentence
from compare.causes.outlines import Column
from compare.identity.affinity import is_called
from compare.identity.commonplace import COMMONPLACE
from harness.model import Coupling, CouplingKind, DeepPlace, Signal, Strength
from harness.model.coupling import LiteralForm, Presence

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from compare.causes.assertion import Sketch
    from compare.causes.results import Group
    from harness.model import KnownLiteral, SourceEvidence
    from harness.model.coupling import Match

_SIGNALS = (Signal.LITERAL, Signal.LEGACY_ONLY, Signal.ASSERTION)
_WORKED_OUT = (Ask.COUNT, Ask.COUNT_EACH, Ask.TOTAL, Ask.EXTREME, Ask.THRESHOLD)
"""Where an assertion asks for any of these, its numbers are no keys."""


def expected_keys(
    test_id: str, sources: SourceEvidence, seen: Sequence[Group], sketch: Sketch | None, failed_at: frozenset[DeepPlace]
) -> tuple[Coupling, ...]:
    """The couplings to keys that only the production copy holds, which are compared with a column of keys: they stand in the assertion that failed,
    or in what it is made of (a table of expectations), where legacy's results hold this very key in that column and shadow's do not.
    """
    if sketch is None or not sketch.whole or sketch.has(*_WORKED_OUT):
        return ()
    columns = frozenset(_columns(seen, sketch))
    lost = frozenset(_lost(seen, sketch))
    reached = sources.reached.get(test_id) or sources.reached.get(test_id.rpartition(" [")[0], ())
    found = []
    for literal in (sources.literals[one.literal] for one in reached):
        place = DeepPlace(path=literal.path, line=literal.line)
        asserted = place in failed_at and sketch.has(Ask.NUMBER, Ask.TEXT)
        came_to = place in sketch.lines and not lost.isdisjoint(literal.fingerprints)
        if literal.form is not LiteralForm.WRITTEN or not (asserted or came_to):
            continue
        match = next((match for match in literal.matches if _is_key_of(match, columns)), None)
        if match is not None:
            found.append(_coupling(literal, match))
    return tuple(found)


def _columns(seen: Sequence[Group], sketch: Sketch) -> Iterator[Column]:
    """The columns of results that the assertion reads, by name or by place."""
    for group in seen:
        if not group.places.isdisjoint(sketch.lines):
            names = [name for name in sketch.names if name in group.column_names]
            names += [group.column_names[place] for place in sketch.positions if place < len(group.column_names)]
            yield from map(group.outline.resolved, names)


def _lost(seen: Sequence[Group], sketch: Sketch) -> Iterator[str]:
    """The values that legacy's results hold, and shadow's do not, in a column that the assertion names, as far as they are listed."""
    for group in seen:
        for name in sketch.names if not group.places.isdisjoint(sketch.lines) else ():
            both = group.column(name)
            if both is not None and both[0].values is not None and both[1].values is not None:
                yield from both[0].values - both[1].values


def _is_key_of(match: Match, columns: frozenset[Column]) -> bool:
    if match.presence is not Presence.LEGACY or match.kind is not CouplingKind.IDENTIFIER:
        return False
    table, _, name = match.entity.rpartition(".")
    return any(is_called(one.name, match.entity) or one == Column(table.rpartition(".")[2], name) for one in columns)


def _coupling(literal: KnownLiteral, match: Match) -> Coupling:
    return Coupling(
        kind=match.kind,
        strength=Strength.LIKELY if match.density < COMMONPLACE else Strength.POSSIBLE,
        path=literal.path,
        line=literal.line,
        column=literal.column,
        entity=match.entity,
        signals=_SIGNALS,
        token=literal.token,
        sentence=sentence(match, _SIGNALS),
    )
