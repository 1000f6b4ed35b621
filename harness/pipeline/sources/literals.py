"""From literals, which hold values, to known literals, which hold none: the one place where the suite's source meets the identity index."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING

from compare.identity.commonplace import weighed
from compare.latent import bits, is_telling
from harness.evidence import token
from harness.model import KnownLiteral
from harness.model.canonical import canonical
from harness.model.coupling import Presence

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from harness.evidence import ProjectKey
    from harness.model.coupling import Literal, Match, Reached, Value
    from runners.identity.index import IdentityIndex

    _Spelled = tuple[tuple[str, Value], ...]

_BATCH = 4_096
_REMEMBERED = 8_192
"""Values with their names that are kept in mind."""
_WORD_OF_CODE = re.compile(r"[^\W\d]\w*(?:[.-]\w+)*")
_LONGEST_NAME = 60
_RANK = {Presence.LEGACY: 0, Presence.BOTH: 1, Presence.SHADOW: 2}


def known_literals(reached: Iterable[Reached], index: IdentityIndex, key: ProjectKey) -> Iterator[tuple[Reached, Known | None]]:
    """Each literal with what the index knows of it; None where legacy holds no such value. Asked in batches."""
    memory = Memory(index, key)
    remaining = iter(reached)
    while batch := list(islice(remaining, _BATCH)):
        memory.learn(one.literal for one in batch)
        for one in batch:
            yield one, memory.known(one.literal)


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What the index knows of a value that the source calls by a name, wherever it stands."""

    token: str
    fingerprints: tuple[str, ...]
    matches: tuple[Match, ...]
    name: str | None
    is_telling: bool
    """Whether it can be taken for a record by the source alone (compare.latent)."""

    def at(self, literal: Literal) -> KnownLiteral:
        """The same at the place of a literal."""
        return KnownLiteral(
            path=literal.path,
            line=literal.line,
            column=literal.column,
            form=literal.form,
            token=self.token,
            fingerprints=self.fingerprints,
            matches=self.matches,
            name=self.name,
        )


class Memory:
    """What the index said so far: a suite holds the same values again and again."""

    def __init__(self, index: IdentityIndex, key: ProjectKey) -> None:
        self._index = index
        self._key = key
        self._columns = {column.entity: column for column in index.columns}
        self._answers: dict[str, tuple[Match, ...]] = {}
        self._spelled = lru_cache(maxsize=_REMEMBERED, typed=True)(_spellings)
        self._known = lru_cache(maxsize=_REMEMBERED, typed=True)(self._recall)

    def learn(self, literals: Iterable[Literal]) -> None:
        """Ask the index of all values and names in `literals` that it was not asked of yet, at once."""
        spelled = (pair for literal in literals for pairs in self._spelled(literal.value, literal.name) for pair in pairs)
        wanted = {spelling: value for spelling, value in spelled if spelling not in self._answers}
        if not wanted:
            return
        for spelling, found in zip(wanted, self._index.lookup(wanted.values()), strict=True):
            self._answers[spelling] = tuple(weighed(match, spelling, self._columns.get(match.entity)) for match in found)

    def known(self, literal: Literal) -> Known | None:
        """What the index knows of a literal that was learned; None where legacy holds no such value."""
        return self._known(literal.value, literal.name)

    def _recall(self, value: Value, called: str | None) -> Known | None:
        values, names = self._spelled(value, called)
        matches = dict.fromkeys(match for spelling, _ in values for match in self._answers[spelling])
        if not any(match.presence is not Presence.SHADOW for match in matches):
            return None
        # what the source calls it, where that is a word of code and no value of the data: keys of a dictionary may be records themselves
        name = called if names and not any(self._answers[spelling] for spelling, _ in names) else None
        ordered = tuple(sorted(matches, key=lambda match: (_RANK[match.presence], -bits(match, name), match.entity)))
        first = next(spelling for spelling, _ in values if self._answers[spelling])
        return Known(
            token=token(ordered[0].content, self._key.fingerprint(first)),
            fingerprints=tuple(self._key.fingerprint(spelling) for spelling, _ in values),
            matches=ordered,
            name=name,
            is_telling=any(is_telling(match, name) for match in ordered),
        )


def _spellings(value: Value, name: str | None) -> tuple[_Spelled, _Spelled]:
    """The canonical spellings of a value, and of what the source calls it, each with what it spells."""
    return tuple(_values(value).items()), tuple(_names(name).items())


def _values(value: Value) -> dict[str, Value]:
    """The canonical spellings of a value, and of what stands between the wildcards of LIKE, as the deep probe has them (docs/deep.md)."""
    inner = value.strip("%") if isinstance(value, str) else value
    return {spelling: one for one in ((value, inner) if inner != value else (value,)) if (spelling := canonical(one)) is not None}


def _names(name: str | None) -> dict[str, Value]:
    if name and len(name) <= _LONGEST_NAME and _WORD_OF_CODE.fullmatch(name) and (spelling := canonical(name)) is not None:
        return {spelling: name}
    return {}
