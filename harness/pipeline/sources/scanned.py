"""The suite's source, scanned once in a run, whoever asks."""

from __future__ import annotations

import contextlib
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from harness.pipeline.thread import InThread

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
    _scanning: threading.Lock = field(default_factory=threading.Lock, repr=False)
    _begun: InThread | None = field(default=None, repr=False)

    def begin(self) -> None:
        """Scan from now on, in a thread. What goes wrong in it goes wrong again where the literals are asked for."""

        def scan_ahead() -> None:
            with contextlib.suppress(Exception):
                self.literals()

        if self._begun is None:
            self._begun = InThread(scan_ahead, done=lambda: None)

    def literals(self) -> SuiteLiterals:
        """The scanned suite. Raises InputError, and ImportError where the extra is not installed."""
        with self._scanning:
            if self._found is None:
                from runners.literals.suite import scan_suite  # noqa: PLC0415 - the extra may be missing

                self._found = scan_suite(self.root, key=self.key)
            return self._found

    def leave(self) -> None:
        """Return once nothing is scanned any more."""
        if self._begun is not None:
            self._begun.wait()
