"""Which values a test asked for: what was bound in its statements or stood in its requests, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from compare.causes.results import found_nothing
from compare.causes.sql import Column, Role, outline
from compare.causes.words import plain
from compare.identity.affinity import affinity
from harness.model import Signal

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from harness.model import DeepPlace, DeepRecord, DeepRequest, DeepStatement, DeepValue
    from harness.model.coupling import Match

_FAILED = "failed"
"""The key of statements that raised: their templates leave words out, so that those of both sides do not match."""
PROGRAM = "RUN"
"""What a program that a test starts is recorded as."""
_MISSING = frozenset({404, 410})
"""Statuses that say that there is no such thing."""
_REFUSED = 400
"""Statuses from here on say that it was not done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """One value where a test used it. `column` is what a statement compared it with, `word` what a request or a parameter calls it; `key` names
    the statement's or request's shape, by which both sides are matched; `answered` tells whether something came back. `wrote` tells that the
    value went into the data, which took it, `addresses` that it is an argument of a program, or a part of a path, under which nothing was found, and
    which no word tells.
    """

    fingerprint: str
    key: str
    signal: Signal
    answered: bool | None
    column: Column | None = None
    wrote: bool = False
    word: str | None = None
    addresses: bool = False
    at: DeepPlace | None = None
    through: tuple[DeepPlace, ...] = ()

    def may_be(self, match: Match) -> bool:
        """Whether what it was used for can be the matched column; unknown is no, and so is what makes a row and asks for none."""
        if self.wrote:
            return False
        if self.column is not None:
            return _fits(self.column, match.entity)
        return affinity(self.word, match.entity) > 0

    @property
    def is_known(self) -> bool:
        """Whether anything tells what it was used for."""
        return self.wrote or self.column is not None or self.word is not None


def _fits(column: Column, entity: str) -> bool:
    table, _, names = entity.rpartition(".")
    own = table.rpartition(".")[2]
    same = plain(column.name) in {plain(name) for name in names.split("+")}
    if same and (column.table is None or plain(column.table) == plain(own)):
        return True
    return affinity(column.name, entity) > 0 and affinity(column.name, own) > 0


def uses(record: DeepRecord | None) -> tuple[Use, ...]:
    """All uses of identifying values in a record. A limit of rows is none."""
    if record is None:
        return ()
    return (
        *(use for one in record.statements if one.touches_data for use in _bound(one)),
        *(use for one in record.requests for use in _requested(one)),
    )


def _bound(statement: DeepStatement) -> Iterator[Use]:
    places = outline(statement.sql).placeholders
    aligned = bool(places) and len(statement.parameters) % len(places) == 0  # a statement that failed may be shown with words left out
    for number, value in enumerate(statement.parameters):
        place = places[number % len(places)] if aligned else None
        if place is not None and place.role in {Role.LIMITING, Role.FIGURE}:
            continue
        for fingerprint in value.fingerprints:
            yield Use(
                fingerprint=fingerprint,
                key=_FAILED if statement.failed else statement.shape,
                signal=Signal.BOUND_PARAMETER,
                answered=not (statement.failed or found_nothing(statement)),
                column=place.column if place else None,
                wrote=place is not None and place.role is Role.WRITTEN and not statement.failed,
                word=value.name,
                at=statement.at,
                through=statement.through,
            )


def _requested(request: DeepRequest) -> Iterator[Use]:
    answered = (
        None if request.status is None else request.status == 0 if request.method == PROGRAM else request.status < _REFUSED and request.rows != 0
    )
    missing = answered is False if request.method == PROGRAM else request.status in _MISSING
    addressed = [(value, word, missing and word is None) for value, word in _segments(request)]
    for value, word, addresses in (*addressed, *((value, value.name, False) for value in (*request.query, *request.body))):
        for fingerprint in value.fingerprints:
            yield Use(
                fingerprint=fingerprint,
                key=f"{request.method} {request.path}",
                signal=Signal.REQUESTED,
                answered=answered,
                word=word,
                addresses=addresses,
                at=request.at,
                through=request.through,
            )


def _segments(request: DeepRequest) -> Iterable[tuple[DeepValue, str | None]]:
    """The values of a path, each with the word in front of it: `customers` in `/customers/{}`."""
    words: list[str | None] = []
    last: str | None = None
    for part in request.path.split("/"):
        if part == "{}":
            words.append(last)
            last = None if request.method == PROGRAM else last
        elif part:
            last = part if request.method != PROGRAM or part.startswith("-") else None  # an argument of a program is told by its option alone
    return zip(request.segments, words, strict=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Used:
    """How a fingerprint was used on both sides. `compared` tells whether there are records of both."""

    legacy: tuple[Use, ...]
    shadow: tuple[Use, ...]
    compared: bool

    @property
    def found_nothing(self) -> bool:
        """Whether what it was used in had an answer on legacy and none on shadow; where legacy has no record of it, whether shadow had none."""
        answered = {use.key for use in self.legacy if use.answered}
        empty = {use.key for use in self.shadow if use.answered is False}
        return bool(empty & answered or (_FAILED in empty and answered)) if self.legacy else bool(empty)


def by_fingerprint(legacy: DeepRecord | None, shadow: DeepRecord | None) -> dict[str, Used]:
    """All uses of both sides by fingerprint."""
    found: dict[str, tuple[list[Use], list[Use]]] = {}
    for number, record in enumerate((legacy, shadow)):
        for use in uses(record):
            found.setdefault(use.fingerprint, ([], []))[number].append(use)
    both = legacy is not None and shadow is not None
    return {fingerprint: Used(legacy=tuple(one), shadow=tuple(other), compared=both) for fingerprint, (one, other) in found.items()}
