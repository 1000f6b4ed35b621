"""Asks both databases for records that can stand for those that a test names; both are only read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.errors import ShadowError
from harness.pipeline.experiments.values import subjects_of

if TYPE_CHECKING:
    import contextlib
    from collections.abc import Sequence
    from pathlib import Path

    from harness.evidence import ProjectKey
    from harness.model import SourceEvidence
    from harness.model.coupling import Value
    from harness.pipeline.experiments.change import Spot
    from harness.pipeline.experiments.trials import Trial
    from harness.pipeline.experiments.values import Subject
    from harness.pipeline.sources import ScannedSuite
    from runners.identity.twins import Records

_TWINS = 2
"""Twins that are tried on shadow for one test, until one makes it pass."""
_OTHERS = 2
"""Other records that are tried on legacy for one test, until one makes it pass."""
_STATEMENT_SECONDS = 60


class Asking:
    """Looks values up in the suite's source, and records in both databases."""

    def __init__(self, urls: tuple[str, str], base: Path, key: ProjectKey, scanned: ScannedSuite, stack: contextlib.ExitStack) -> None:
        """Open both databases (legacy's and shadow's URL) for as long as `stack`. Raises ShadowError and ImportError."""
        from runners.identity import twins  # noqa: PLC0415 - a run without couplings does without
        from runners.identity.connection import reading  # noqa: PLC0415 - the same

        self._twins = twins
        self._suite = scanned.literals()
        self._key = key.of_probe()
        connections = [stack.enter_context(reading(url, base=base, statement_seconds=_STATEMENT_SECONDS)) for url in urls]
        self._legacy, self._shadow = (twins.Records(connection) for connection in connections)

    def subjects(self, trial: Trial, sources: SourceEvidence) -> tuple[Subject, ...]:
        """The values that explain a trial's test."""
        return subjects_of(trial, sources, self._suite.literals_of(trial.select), self._key, computed=True)

    def reach(self, trial: Trial) -> frozenset[Spot]:
        """The places of all literals that a trial's test reaches."""
        return frozenset((one.literal.path, one.literal.line, one.literal.column) for one in self._suite.literals_of(trial.select))

    def twins(self, subjects: Sequence[Subject]) -> Sequence[Sequence[Value | None]]:
        """Values of records of shadow's data that are like those of legacy."""
        return self._alternatives(subjects, self._shadow, _TWINS)

    def others(self, subjects: Sequence[Subject]) -> Sequence[Sequence[Value | None]]:
        """Values of other records of legacy."""
        return self._alternatives(subjects, self._legacy, _OTHERS)

    def spelled(self, old: Value, new: Value | None) -> Value | None:
        """A new value in the style of the one that stands at a place."""
        return self._twins.spelled_like(old, [new])

    def _alternatives(self, subjects: Sequence[Subject], other: Records, most: int) -> Sequence[Sequence[Value | None]]:
        asked = [self._twins.Asked(entity=one.entity, value=one.value, extra=not one.literals, beside=one.beside) for one in subjects]
        return self._twins.alternatives(asked, self._legacy, other, most=most)


def asking_of(urls: tuple[str, str] | None, base: Path, key: ProjectKey, scanned: ScannedSuite, stack: contextlib.ExitStack) -> Asking | str:
    """Both databases opened, or why they cannot be asked."""
    if urls is None:
        return "no `database` of both sides can be asked for records"
    try:
        return Asking(urls, base, key, scanned, stack)
    except ImportError:
        return "the extra `coupling` is not installed"
    except ShadowError:
        return "a database cannot be read from here"
