"""The suite's source, scanned once in a run, whoever asks."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from harness.evidence import ProjectKey
    from runners.literals.suite import SuiteLiterals


@dataclass(slots=True)
class ScannedSuite:
    """The literals of the suite below `root`, scanned when they are first asked for. They hold values, and live in memory only.

    `key` is that of the test processes.
    """

    root: Path
    key: ProjectKey | None = None
    _found: SuiteLiterals | None = field(default=None, repr=False)

    def literals(self) -> SuiteLiterals:
        """The scanned suite. Raises InputError, and ImportError where the extra is not installed."""
        if self._found is None:
            from runners.literals.suite import scan_suite  # noqa: PLC0415 - the extra may be missing

            self._found = scan_suite(self.root, key=self.key)
        return self._found
