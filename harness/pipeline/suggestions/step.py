"""The step of a run that makes suggestions for its divergent tests. Whatever goes wrong in it costs suggestions, and never the run."""

from __future__ import annotations

import contextlib
import shlex
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from compare.judge import judge
from harness.evidence.suggestions import write_suggestions
from harness.model import Remedy, Side, Verdict
from harness.model.suggestion import Suggestion, SuggestionKind
from harness.pipeline.side import StoppedError
from harness.pipeline.suggestions.insufficient import insufficient
from harness.pipeline.suggestions.inventory import entries_of, entry_of
from harness.pipeline.suggestions.making import making
from harness.pipeline.suggestions.tasks import is_for_patch
from harness.report.inventory import entry_toml

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from harness.evidence import Bundle, ProjectKey
    from harness.model import Evidence, PairResult, Plan
    from harness.pipeline.sources import ScannedSuite
    from harness.pipeline.suggestions.making import Made

_SECONDS = 30.0
"""What the making of patches may take in a run."""
_LONGEST = 20_000
"""Characters of a suggestion that a bundle keeps."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SuggestionStep:
    """What the step needs. `key` is the project's; relative SQLite paths of `urls` (legacy's, shadow's) count from `base`."""

    plan: Plan
    urls: tuple[str, str] | None
    base: Path
    key: ProjectKey
    scanned: ScannedSuite

    def carry_out(self, bundle: Bundle, *, is_stopped: Callable[[], bool]) -> None:
        """Make the suggestions and record them. Raises StoppedError once `is_stopped`."""
        if len(self.plan.sides) < len(Side):
            return
        made: dict[str, Suggestion] = {}
        try:
            self._make(bundle.evidence(), made, is_stopped)
        except StoppedError:
            raise
        except Exception:  # noqa: BLE001  # a fault here costs suggestions alone; those made until then count
            made = dict(made)
        with contextlib.suppress(OSError):  # a full disk will be told by what has to be written
            if made:
                write_suggestions(bundle, made)

    def _make(self, evidence: Evidence, made: dict[str, Suggestion], is_stopped: Callable[[], bool]) -> None:
        pairs = [pair for pair in judge(evidence).pairs if pair.verdict is Verdict.DIVERGENT]
        entries = {test: entry for entry in entries_of(pairs, evidence) for test in entry.tests}
        for pair in pairs:
            if pair.remedy is Remedy.ADD_SYNTHETIC_CASE:
                made[pair.test_id] = _case(pair, insufficient(pair, evidence.assertions.get(pair.test_id)))
            elif pair.remedy is Remedy.DOCUMENT_SCENARIO:
                text = entry_toml(entries.get(pair.test_id) or entry_of([pair], evidence))
                made[pair.test_id] = Suggestion(kind=SuggestionKind.INVENTORY, text=text, command="shadow inventory")
            elif is_for_patch(pair):
                made[pair.test_id] = _unmade(pair, "it was not made in the run")
        if self.plan.suite.is_pytest and any(map(is_for_patch, pairs)):
            self._patches(evidence, pairs, made, is_stopped)

    def _patches(self, evidence: Evidence, pairs: Sequence[PairResult], made: dict[str, Suggestion], is_stopped: Callable[[], bool]) -> None:
        by_id: Mapping[str, PairResult] = {pair.test_id: pair for pair in pairs}
        begun = time.monotonic()
        with making(evidence, pairs, plan=self.plan, urls=self.urls, base=self.base, key=self.key, scanned=self.scanned) as maker:
            found: list[Made] = []
            for task in maker.tasks:
                if is_stopped():
                    raise StoppedError
                if time.monotonic() - begun > _SECONDS:
                    break
                found.append(maker.make(task))
            for one in found:  # once all are made it is known what none of them may show
                text = "" if one.draft is None else _shortened(maker.diff(one.draft))
                for test_id in one.tests:
                    made[test_id] = replace(_unmade(by_id[test_id], one.obstacle), text=text, notes=one.notes)


def _case(pair: PairResult, note: str) -> Suggestion:
    command = f"shadow case make {shlex.quote(pair.test_id)}"
    return Suggestion(kind=SuggestionKind.CASE, text="", command=command, notes=(note,) if note else ())


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST else text[:_LONGEST].rpartition("\n")[0] + "\n(the rest is left out)\n"


def _unmade(pair: PairResult, obstacle: str) -> Suggestion:
    return Suggestion(kind=SuggestionKind.PATCH, text="", command=f"shadow patch {shlex.quote(pair.test_id)} --prove", obstacle=obstacle)
