"""Which values a test asked for: what was bound in its statements or stood in its requests, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from compare.causes.outlines import Column, Role
from compare.causes.results import found_nothing
from compare.causes.sql import outline
from compare.causes.words import plain, words
from compare.identity.affinity import affinity, is_general
from harness.model import CouplingKind, Signal

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
_SEARCH = words("q query search searchterm term terms text keyword keywords needle filter lookup find")
"""Names of a search in any column."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """One value where a test used it. `column` is what a statement compared it with, `word` what a request or a parameter calls it; `key` names
    the statement's or request's shape, by which both sides are matched; `answered` tells whether something came back. `wrote` tells that the
    value went into the data, which took it, `addresses` that it is an argument of a program, a part of a path, or what was searched for everywhere,
    under which nothing was found, and which no word tells.
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
            return fits(self.column, match)
        return affinity(self.word, match.entity) > 0

    @property
    def is_known(self) -> bool:
        """Whether anything tells what it was used for."""
        return self.wrote or self.column is not None or self.word is not None


def fits(column: Column, match: Match) -> bool:
    """Whether a column that something is compared with can be the matched one: itself, or one of another table that refers to it."""
    table, _, names = match.entity.rpartition(".")
    own = table.rpartition(".")[2]
    same = plain(column.name) in {plain(name) for name in names.split("+")}
    if same and (column.table is None or plain(column.table) == plain(own)):
        return True
    if same and match.kind is CouplingKind.IDENTIFIER and affinity(column.name, column.name) > 0:
        return True  # a key that keeps its name where others refer to it, as NATURAL JOIN has it: `salaries.emp_no`; `id` says nothing of the kind
    return affinity(column.name, match.entity) > 0 and affinity(column.name, own) > 0


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
    sent = [(value, _named(request, value.name), answered is False and _searches(value)) for value in (*request.query, *request.body)]
    for value, word, addresses in (*addressed, *sent):
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


def _searches(value: DeepValue) -> bool:
    """Whether a value is looked for wherever it may stand: no name says of what it is."""
    return plain((value.name or "").rpartition(".")[2]) in _SEARCH


def _named(request: DeepRequest, name: str | None) -> str | None:
    """What a request calls a value: of `/tickets?number=17`, where `number` says nothing by itself, `tickets number`."""
    parts = [part for part in request.path.split("/") if part and part != "{}"]
    return f"{parts[-1]} {name}" if is_general(name) and parts else name


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
