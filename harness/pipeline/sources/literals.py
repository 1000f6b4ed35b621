"""From literals, which hold values, to known literals, which hold none: the one place where the suite's source meets the identity index."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING

from compare.identity.commonplace import weighed
from compare.latent import bits
from harness.evidence import token
from harness.model import KnownLiteral
from harness.model.canonical import canonical
from harness.model.coupling import Presence

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from harness.evidence import ProjectKey
    from harness.model.coupling import Literal, Match, Reached, Value
    from runners.identity.index import IdentityIndex

_BATCH = 4_096
_WORD_OF_CODE = re.compile(r"[^\W\d]\w*(?:[.-]\w+)*")
_LONGEST_NAME = 60
_RANK = {Presence.LEGACY: 0, Presence.BOTH: 1, Presence.SHADOW: 2}


def known_literals(reached: Iterable[Reached], index: IdentityIndex, key: ProjectKey) -> Iterator[tuple[Reached, KnownLiteral | None]]:
    """Each literal with what the index knows of it; None where legacy holds no such value. Asked in batches."""
    memory = Memory(index, key)
    remaining = iter(reached)
    while batch := list(islice(remaining, _BATCH)):
        memory.learn(one.literal for one in batch)
        for one in batch:
            yield one, memory.known(one.literal)


@dataclass(slots=True)
class Memory:
    """What the index said so far: a suite holds the same values again and again."""

    index: IdentityIndex
    key: ProjectKey
    _answers: dict[str, tuple[Match, ...]] = field(default_factory=dict)

    def learn(self, literals: Iterable[Literal]) -> None:
        """Ask the index of all values and names in `literals` that it was not asked of yet, at once."""
        spelled = (pair for literal in literals for pair in (*_values(literal).items(), *_names(literal).items()))
        wanted: dict[str, Value] = {spelling: value for spelling, value in spelled if spelling not in self._answers}
        if not wanted:
            return
        columns = {column.entity: column for column in self.index.columns}
        for spelling, found in zip(wanted, self.index.lookup(wanted.values()), strict=True):
            self._answers[spelling] = tuple(weighed(match, spelling, columns.get(match.entity)) for match in found)

    def known(self, literal: Literal) -> KnownLiteral | None:
        """What the index knows of a literal that was learned; None where legacy holds no such value."""
        spellings = tuple(_values(literal))
        matches = dict.fromkeys(match for spelling in spellings for match in self._answers[spelling])
        if not any(match.presence is not Presence.SHADOW for match in matches):
            return None
        name = self._name(literal)
        ordered = tuple(sorted(matches, key=lambda match: (_RANK[match.presence], -bits(match, name), match.entity)))
        first = next(spelling for spelling in spellings if self._answers[spelling])
        return KnownLiteral(
            path=literal.path,
            line=literal.line,
            column=literal.column,
            form=literal.form,
            token=token(ordered[0].content, self.key.fingerprint(first)),
            fingerprints=tuple(map(self.key.fingerprint, spellings)),
            matches=ordered,
            name=name,
        )

    def _name(self, literal: Literal) -> str | None:
        """What the source calls it, where that is a word of code and no value of the data: keys of a dictionary may be records themselves."""
        spelled = _names(literal)
        return literal.name if spelled and not any(self._answers[spelling] for spelling in spelled) else None


def _values(literal: Literal) -> dict[str, Value]:
    """The canonical spellings of a value, and of what stands between the wildcards of LIKE, as the deep probe has them (docs/deep.md)."""
    value = literal.value
    inner = value.strip("%") if isinstance(value, str) else value
    return {spelling: one for one in ((value, inner) if inner != value else (value,)) if (spelling := canonical(one)) is not None}


def _names(literal: Literal) -> dict[str, Value]:
    name = literal.name
    if name and len(name) <= _LONGEST_NAME and _WORD_OF_CODE.fullmatch(name) and (spelling := canonical(name)) is not None:
        return {spelling: name}
    return {}
