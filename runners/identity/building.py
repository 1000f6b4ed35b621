"""Builds an identity index from the two databases."""

from __future__ import annotations

import os
import secrets
from collections import Counter
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from harness.errors import ConfigurationError
from harness.model.canonical import canonical
from harness.model.coupling import IdentifyingColumn, IndexSummary
from runners.identity.choice import choose
from runners.identity.connection import reading
from runners.identity.content import family_names, national_number
from runners.identity.documents import identifying
from runners.identity.layout import BLOCK, CHECK, LEGACY, MAGIC, MOST_COLUMNS, SHADOW, Description, Profile, first_entry
from runners.identity.limits import Pace, ReadLimits
from runners.identity.reading import sample, stream
from runners.identity.schema import tables_of
from runners.identity.sorting import EntrySorter, entry

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from numpy.typing import NDArray
    from sqlalchemy import Connection

    from harness.evidence.key import ProjectKey
    from runners.identity.choice import Choice
    from runners.identity.schema import Table

_DEFAULT_LIMITS = ReadLimits()
_HERE = Path()


def build_index(
    legacy_url: str,
    shadow_url: str,
    *,
    key: ProjectKey,
    into: Path,
    base: Path = _HERE,
    add: Sequence[str] = (),
    ignore: Sequence[str] = (),
    limits: ReadLimits = _DEFAULT_LIMITS,
    progress: Callable[[str, int], None] = lambda _table, _rows: None,
) -> IndexSummary:
    """Read both databases and write the index file `into` (mode 0600), replacing what is there once it is whole.

    The URLs are SQLAlchemy's; relative SQLite paths count from `base`. `add` and `ignore` are `table.column` or `table.*`. `progress` gets the name
    of each table and the rows read of it so far. Columns are chosen from the legacy database; shadow is read where it has them.

    Raises ConfigurationError for a URL or an entity that cannot be used, InfrastructureError where a database does not answer or takes too long.
    """
    into.parent.mkdir(parents=True, exist_ok=True)
    with EntrySorter(into.parent) as sorter:
        with reading(legacy_url, base=base, statement_seconds=limits.statement_seconds) as connection:
            pace = Pace(limits.rows_per_second)
            tables = tables_of(connection)
            samples = {table.name: sample(connection, table, limits.sample_rows, pace) for table in tables}
            choices = choose(tables, samples, add=add, ignore=ignore)
            del samples
            reader = _Reader(key, sorter, _stored(choices), limits, progress)
            reader.read(connection, tables, LEGACY, pace)
        with reading(shadow_url, base=base, statement_seconds=limits.statement_seconds) as connection:
            reader.read(connection, tables_of(connection), SHADOW, Pace(limits.rows_per_second))
        return _write(into, sorter, choices, reader, key)


def _stored(choices: Sequence[Choice]) -> tuple[Choice, ...]:
    stored = tuple(choice for choice in choices if choice.stored)
    if len(stored) > MOST_COLUMNS:
        raise ConfigurationError(
            f"{len(stored)} identifying columns are more than an index holds",
            where="[coupling]",
            expected=f"at most {MOST_COLUMNS}",
            hint="Leave whole tables out with ignore = ['table.*'].",
        )
    return stored


@dataclass(slots=True)
class _Reader:
    """Turns rows into entries."""

    key: ProjectKey
    sorter: EntrySorter
    choices: tuple[Choice, ...]
    limits: ReadLimits
    progress: Callable[[str, int], None]
    rows: int = 0
    missing: list[str] = field(default_factory=list)
    digits: dict[int, Counter[int]] = field(default_factory=dict)
    taken: Counter[int] = field(default_factory=Counter)

    def read(self, connection: Connection, tables: Sequence[Table], side: int, pace: Pace) -> None:
        """Read all chosen columns that this database has."""
        here = {table.name.casefold(): table for table in tables}
        by_table: dict[str, list[tuple[int, Choice]]] = {}
        for number, choice in enumerate(self.choices):
            by_table.setdefault(choice.table.name, []).append((number, choice))
        for name, wanted in by_table.items():
            table = here.get(name.casefold())
            if table is None:
                self.missing.append(f"{name}: shadow has no such table")
                continue
            self._table(connection, table, wanted, side, pace)

    def _table(self, connection: Connection, table: Table, wanted: Sequence[tuple[int, Choice]], side: int, pace: Pace) -> None:
        present = [(number, choice) for number, choice in wanted if all(table.column(name) for name in choice.columns)]
        self.missing += [f"{choice.shown.entity}: shadow has no such column" for _, choice in wanted if (_, choice) not in present]
        names = list(dict.fromkeys(one.name for _, choice in present for name in choice.columns if (one := table.column(name))))
        places = {name.casefold(): place for place, name in enumerate(names)}
        read = 0
        for batch in stream(connection, table, names, self.limits.batch_rows, pace) if names else ():
            columns = list(zip(*batch, strict=True))
            for number, choice in present:
                self._values(number, choice, [columns[places[name.casefold()]] for name in choice.columns], side)
            read += len(batch)
            self.progress(table.name, read)
        self.rows += read

    def _values(self, number: int, choice: Choice, columns: Sequence[Sequence[object]], side: int) -> None:
        if choice.within:
            values: Iterable[object] = [text for document in columns[0] for text in identifying(document)]
        elif len(columns) == 1:
            values = columns[0]
        elif choice.joined_by is not None:
            values = [choice.joined_by.join(map(str, parts)) if all(parts) else None for parts in zip(*columns, strict=True)]
        else:
            values = zip(*columns, strict=True)
        spelled = [text for value in values if value is not None and (text := canonical(value)) is not None]
        if side == LEGACY:
            lengths = Counter(len(text) - 2 for text in spelled if text.startswith("n:"))
            self.digits.setdefault(number, Counter()).update(lengths)
            self.taken[number] += len(spelled)
        if choice.shown.content == "phone" and not choice.within:
            spelled += [f"n:{digits}" for value in columns[0] if isinstance(value, str) and (digits := national_number(value))]
        if choice.of_people:
            spelled += [
                text for value in columns[0] if isinstance(value, str) for name in family_names(value) if (text := canonical(name)) is not None
            ]
        fingerprint, low = self.key.fingerprint, entry(0, number, side)
        self.sorter.extend([int(fingerprint(text), 16) << 16 | low for text in spelled])


def _write(into: Path, sorter: EntrySorter, choices: Sequence[Choice], reader: _Reader, key: ProjectKey) -> IndexSummary:
    """Entries first into a draft beside the target, for the description in front of them counts them."""
    stored = [choice.shown for choice in choices if choice.stored]
    referring = tuple((choice.shown.entity, choice.shown.covered_by) for choice in choices if choice.shown.covered_by is not None)
    draft = into.with_name(f".{into.name}-{secrets.token_hex(4)}.tmp")
    descriptor = os.open(draft, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    counts = np.zeros(len(stored) * 4, np.int64)
    total = 0
    try:
        with os.fdopen(descriptor, "w+b") as file:
            described = partial(Description, key_check=key.fingerprint(CHECK), referring=referring)
            reserved = first_entry(len(described(profiles=_profiles(stored, reader, None), entries=2**62).to_bytes()))
            directory: list[NDArray[np.uint64]] = []
            file.seek(reserved)
            for piece in sorter.merged():
                counts += np.bincount((piece & np.uint64(0xFFFF)).astype(np.int64), minlength=len(counts))[: len(counts)]
                directory.append(piece[(-total) % BLOCK :: BLOCK].copy())
                file.write(piece.tobytes())
                total += len(piece)
            file.write(b"".join(piece.tobytes() for piece in directory))
            profiles = _profiles(stored, reader, counts)
            text = described(profiles=profiles, entries=total).to_bytes()
            text = text.ljust(reserved - 24)
            file.seek(0)
            file.write(MAGIC + len(text).to_bytes(8, "little") + total.to_bytes(8, "little") + text)
        draft.replace(into)
    finally:
        draft.unlink(missing_ok=True)
    counted = {profile.column.entity: profile.column for profile in profiles}
    columns = tuple(counted.get(choice.shown.entity, choice.shown) for choice in choices)
    return IndexSummary(columns=columns, entries=total, rows=reader.rows, unread=tuple(dict.fromkeys(reader.missing)))


def _profiles(stored: Sequence[IdentifyingColumn], reader: _Reader, counts: NDArray[np.int64] | None) -> tuple[Profile, ...]:
    """Base rates of all columns. Without counts the largest that can come, to know how much room they need."""
    profiles = []
    for number, column in enumerate(stored):
        _, legacy, shadow, both = (2**62,) * 4 if counts is None else map(int, counts[number * 4 : number * 4 + 4])
        distinct = (legacy + both) / reader.taken[number] if reader.taken[number] and counts is not None else 1.0
        whole = tuple((digits, round(count * min(1.0, distinct))) for digits, count in sorted(reader.digits.get(number, {}).items()))
        by_name = (both + 1) / (shadow + both + 2)
        counted = replace(column, legacy_only=legacy, both=both, shadow_only=shadow)
        profiles.append(Profile(column=counted, whole=whole, by_name=by_name if counts is not None else 0.12345678901234567890))
    return tuple(profiles)
