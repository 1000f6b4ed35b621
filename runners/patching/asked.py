"""What a patch is asked for: the values that one test function takes from the production copy, and what it does with them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from harness.model.coupling import LiteralForm

if TYPE_CHECKING:
    from harness.model.coupling import LiteralSource, Value


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """A place where a value stands; line and column are 1-based, the column counts characters."""

    value: Value = field(repr=False)
    path: str
    line: int
    column: int
    form: LiteralForm
    source: LiteralSource
    name: str | None = None
    entity: str | None = None
    """The column of the production copy that holds the value, where it is one that explains a divergence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Touched:
    """A statement that the test issued on legacy: its tables, the columns that it sums, whether it counts, and how many rows came."""

    tables: tuple[str, ...]
    sums: tuple[str, ...]
    counts: bool
    rows: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One test of a function: all literals that it reaches, those with an `entity` being what it asks the production copy for."""

    test_id: str
    spots: tuple[Spot, ...]
    touched: tuple[Touched, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A test function (`path::Class::function`) with its tests that diverge. `lists` are paths of requests that answer with many records."""

    function: str
    cases: tuple[Case, ...]

    @property
    def path(self) -> str:
        """The file that the function stands in."""
        return self.function.partition("::")[0]

    @property
    def names(self) -> tuple[str, ...]:
        """Its classes and the function's own name."""
        return tuple(self.function.split("::")[1:])


@dataclass(frozen=True, slots=True, kw_only=True)
class DataVariable:
    """A variable that points at the dataset. `shape` is `url` (SQLAlchemy), `dsn`, `path` (SQLite) or `other`, `backend` the database."""

    name: str
    shape: str
    backend: str


def is_part(spot: Spot) -> bool:
    """Whether the value stands inside a longer text."""
    return spot.form is LiteralForm.PART
