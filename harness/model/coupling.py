"""Literals of a suite, identifying columns of its datasets, and where the two meet.

Literals and what is made of them hold values that may be real data: they live in memory only, and no `repr` here shows a value.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harness.model.vocabulary import CouplingKind

Value = str | int | float | bytes
"""What a literal can be: Python's plain values but for truth values and None, which name nobody."""


class LiteralSource(StrEnum):
    """How a test reaches a literal."""

    BODY = "body"
    HELPER = "helper"
    FIXTURE = "fixture"
    CONSTANT = "constant"
    PARAMETRIZE = "parametrize"
    DATA_FILE = "data_file"
    COMMENT = "comment"
    DOCSTRING = "docstring"


class LiteralForm(StrEnum):
    """How a value stands in the source."""

    WRITTEN = "written"  # as it is
    COMPUTED = "computed"  # the result of a sum, a concatenation, an f-string; the place is that of the piece it grew from
    PART = "part"  # inside a longer text: a path, a sentence, an SQL statement


class Presence(StrEnum):
    """Which datasets hold a value. `both` is reference data and couples nothing."""

    LEGACY = "legacy"
    SHADOW = "shadow"
    BOTH = "both"


@dataclass(frozen=True, slots=True, kw_only=True)
class Literal:
    """A value in the source of a suite. `path` is relative to the suite's root; line and column are 1-based (the column counts characters).

    `name` is what the source calls it: a constant, a keyword, a dictionary's or a file's key, the column an SQL statement compares it with.
    """

    value: Value = field(repr=False)
    path: str
    line: int
    column: int
    form: LiteralForm = LiteralForm.WRITTEN
    name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """A literal that one test can reach. `distance` counts the steps between: 0 in the test itself, 1 in what it names, and so on."""

    literal: Literal
    source: LiteralSource
    distance: int


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentifyingColumn:
    """A column (or several read as one, joined by `+`) whose values are in the identity index, or are covered by those of another.

    `entity` is `Table.Column`, with the schema in front where it is not the default one. `reason` says why it was chosen. `content` is what the
    values are: `number`, `uuid`, `email`, `phone`, `name`, `iban`, `card`, `tax_number`, `reference`, `text`. `covered_by` names the entity under
    which the values of a foreign key stand. The counts are of distinct values.
    """

    entity: str
    kind: CouplingKind
    content: str
    reason: str
    covered_by: str | None = None
    legacy_only: int = 0
    both: int = 0
    shadow_only: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexSummary:
    """What an identity index holds. `unread` names tables that could not be read, with the reason."""

    columns: tuple[IdentifyingColumn, ...]
    entries: int
    rows: int
    unread: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """A value found in the identity index.

    `density` is the share of the plausible values of this shape that the column holds: the base rate at which a value that means something else
    hits it by chance. Of the two-digit numbers, 52 customers fill .58; an email address hits none by chance (0.0).
    """

    entity: str
    kind: CouplingKind
    content: str
    presence: Presence
    density: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A literal that a test reaches and that the index knows."""

    reached: Reached
    match: Match
