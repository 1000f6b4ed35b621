"""Which cases are loaded where: what `shadow case remove` goes by. A file for each in `cases/` of the work directory (mode 0600)."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from harness.errors import InputError, UsageError
from harness.model.case import InsertedRow
from harness.pipeline.cases.document import case_text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from harness.model.case import Case


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedCase:
    """A case that was loaded: `digest` of its content, the keyed fingerprint of the database's place, and its rows."""

    digest: str
    test_id: str
    database: str
    loaded_at: str
    rows: tuple[InsertedRow, ...]

    def value(self, row: str, column: str) -> str | int | float | None:
        """The value that a row was given, as far as it is found by it."""
        return next((value for one in self.rows if one.name == row for name, value in one.key if name == column), None)


def digest_of(case: Case) -> str:
    """16 hexadecimal digits of what a case says."""
    return hashlib.sha256(case_text(case).encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """The loaded cases of a project."""

    folder: Path

    def __iter__(self) -> Iterator[LoadedCase]:
        """All of them, by digest. Raises InputError for a damaged file."""
        for path in sorted(self.folder.glob("*.json")):
            yield self._read(path)

    def find(self, digest: str, database: str) -> LoadedCase | None:
        """A case that is loaded in a database."""
        path = self._path(digest, database)
        return self._read(path) if path.exists() else None

    def write(self, loaded: LoadedCase) -> Path:
        """Record a case, before its rows are committed. Raises UsageError where that cannot be."""
        path = self._path(loaded.digest, loaded.database)
        draft = path.with_suffix(".tmp")
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            draft.unlink(missing_ok=True)
            with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
                json.dump(asdict(loaded), file, indent=1)
            draft.replace(path)
        except OSError as error:
            raise UsageError(f"what was loaded cannot be recorded: {error.strerror}", where=str(path), hint="Give another --workdir.") from None
        return path

    def forget(self, loaded: LoadedCase) -> None:
        """A case is no longer loaded."""
        self._path(loaded.digest, loaded.database).unlink(missing_ok=True)

    def _path(self, digest: str, database: str) -> Path:
        return self.folder / f"{digest}-{database}.json"

    @staticmethod
    def _read(path: Path) -> LoadedCase:
        try:
            content = json.loads(path.read_text(encoding="ascii"))
            rows = tuple(
                InsertedRow(name=one["name"], table=one["table"], key=tuple((name, value) for name, value in one["key"])) for one in content["rows"]
            )
            return LoadedCase(
                digest=content["digest"], test_id=content["test_id"], database=content["database"], loaded_at=content["loaded_at"], rows=rows
            )
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise InputError(
                f"the record of a loaded case is damaged ({type(error).__name__})",
                where=str(path),
                hint="Its rows are told by the file of the case; delete them by hand, then this record.",
            ) from None
