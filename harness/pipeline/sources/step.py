"""The step of a run that looks for couplings in the suite's source. Whatever goes wrong in it costs the couplings, and never the run."""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from harness.errors import ShadowError
from harness.evidence import write_assertions, write_sources
from harness.model import Side, SourceEvidence
from harness.model.coupling import Presence
from harness.pipeline.events import SourcesRead, SourcesStarted
from harness.pipeline.side import StoppedError
from harness.pipeline.sources.ahead import Ahead
from harness.pipeline.sources.extra import INSTALL, missing_modules
from harness.pipeline.sources.index import IndexPlace, identity_index, is_made
from harness.pipeline.sources.reading import Surveyed, read_sources, with_values
from harness.pipeline.sources.scanned import ScannedSuite
from harness.pipeline.sources.sketches import sketched

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from harness.config import Config
    from harness.evidence import Bundle, ProjectKey
    from harness.model import Evidence
    from harness.pipeline.events import Event
    from runners.literals.suite import SuiteLiterals


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceStep:
    """What the step needs. `key` is the project's; `urls` are legacy's and shadow's database, None where a side has none: then only the assertions
    that failed are looked at. `scanned` is shared with who else reads the suite in this run.
    """

    config: Config
    urls: tuple[str, str] | None
    place: IndexPlace
    key: ProjectKey
    root: Path
    scanned: ScannedSuite | None = None
    ahead: Ahead = field(default_factory=Ahead)

    def scan(self) -> None:
        """Scan the suite from now on: one side is through with its tests, the other not yet, and a core or more is idle."""
        if self.urls is not None and self.scanned is not None and not missing_modules():
            self.scanned.begin()

    def begin(self, bundle: Bundle, evidence: Evidence, *, is_stopped: Callable[[], bool]) -> None:
        """Read the suite from now on, while tests are rerun. Only where the index is made already: making one reads both databases, in which tests
        may write.
        """
        states = self._states(bundle)
        if self.urls is None or missing_modules() or states is None or not is_made(self.config, self.place, key=self.key, states=states):
            return
        self.ahead.begin(Surveyed.of(evidence), lambda tests: self._read_ahead(tests, _looking(lambda: is_stopped() or self.ahead.is_left)))

    def leave(self) -> None:
        """End what was begun, where the run ends before it was asked for."""
        self.ahead.leave()
        if self.scanned is not None:
            self.scanned.leave()

    def carry_out(self, bundle: Bundle, *, emit: Callable[[Event], None], is_stopped: Callable[[], bool]) -> None:
        """Make or reuse the index, read the suite and record what both say together; then look at the assertions that failed.

        Raises StoppedError once `is_stopped`.
        """
        look = _looking(is_stopped)
        if self.urls is not None:
            emit(SourcesStarted())
            found = self._recorded(bundle, self.urls, look)
            telling = sum(any(match.presence is Presence.LEGACY for match in one.matches) for one in found.literals)
            emit(SourcesRead(literals=telling, tests=len(found.reached), unavailable=found.unavailable))
        look()
        with contextlib.suppress(Exception):  # without a sketch the template of the message has to do
            write_assertions(bundle, sketched(bundle, self.root))

    def _recorded(self, bundle: Bundle, urls: tuple[str, str], look: Callable[[], None]) -> SourceEvidence:
        try:
            found = self._found(bundle, urls, look)
            write_sources(bundle, found)
        except StoppedError:
            raise
        except Exception as error:  # noqa: BLE001 - a fault here costs the couplings alone
            found = SourceEvidence(unavailable=_why(error))
            with contextlib.suppress(OSError):  # a full disk will be told by what has to be written
                write_sources(bundle, found)
        return found

    def _found(self, bundle: Bundle, urls: tuple[str, str], look: Callable[[], None]) -> SourceEvidence:
        if missing := missing_modules():
            return SourceEvidence(unavailable=f"the extra `coupling` is not installed ({', '.join(missing)} missing): {INSTALL}")
        from runners.identity.index import open_index  # noqa: PLC0415 - the extra may be missing

        made = identity_index(self.config, urls, self.place, key=self.key, states=self._states(bundle), progress=lambda _table, _rows: look())
        key = self.key.of_probe()
        with open_index(made.path, key) as index:
            look()
            tests = self.ahead.tests or Surveyed.of(bundle.evidence())
            ahead = self.ahead.result()
            look()
            found = ahead if ahead is not None and made.summary is None else read_sources(tests, self._suite(), index, key, look=look)
            return with_values(found, bundle, index, key)

    def _read_ahead(self, tests: Surveyed, look: Callable[[], None]) -> SourceEvidence:
        from runners.identity.index import open_index  # noqa: PLC0415 - the extra may be missing

        key = self.key.of_probe()
        with open_index(self.place.path, key) as index:
            return read_sources(tests, self._suite(), index, key, look=look)

    def _suite(self) -> SuiteLiterals:
        return (self.scanned or ScannedSuite(self.root, self.key.of_probe())).literals()

    def _states(self, bundle: Bundle) -> tuple[str, str] | None:
        """Both datasets' states as they were when the environments came up, which the run has looked at already."""
        legacy, shadow = (bundle.facts(side).get("data.digest") for side in Side)
        return (legacy, shadow) if legacy and shadow else None


def _looking(is_stopped: Callable[[], bool]) -> Callable[[], None]:
    def look() -> None:
        if is_stopped():
            raise StoppedError

    return look


def _why(error: Exception) -> str:
    if isinstance(error, ShadowError):
        return f"{error.found}. {error.hint}" if error.hint else error.found
    if isinstance(error, OSError):
        return f"a file could not be read or written ({os.strerror(error.errno) if error.errno else type(error).__name__})"
    return f"the search failed ({type(error).__name__})"
