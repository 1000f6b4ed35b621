"""A case as INSERT statements, for data that is loaded from SQL."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy.dialects import registry

from harness.errors import UsageError
from runners.cases.keys import CountedKeys, FreeKeys
from runners.cases.loading import resolved, statements
from runners.cases.moments import anchor_of

if TYPE_CHECKING:
    from datetime import date

    from sqlalchemy import Dialect

    from harness.model.case import Case
    from runners.cases.dataset import Dataset

DIALECTS = ("sqlite", "postgresql", "mysql", "mariadb")


def rendered(case: Case, target: Dataset, legacy: Dataset, *, dialect: str | None, first_key: int | None, anchor: date | None) -> tuple[str, ...]:
    """INSERT statements in the order in which they can be carried out. Keys are counted from `first_key` where it is given, moments from `anchor`."""
    keys = FreeKeys(target, legacy) if first_key is None else CountedKeys(first_key)
    rows = resolved(case, keys, anchor or anchor_of(target, case.moments))
    return tuple(statements(rows, _dialect(dialect) if dialect else target.connection.dialect))


def _dialect(name: str) -> Dialect:
    if name not in DIALECTS:
        raise UsageError(f"{name!r} is no dialect that is written here", where="--dialect", expected=", ".join(DIALECTS))
    made: Dialect = registry.load("mysql" if name == "mariadb" else name)()
    return made
