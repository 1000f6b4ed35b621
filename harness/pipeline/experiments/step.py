"""The step of a run that experiments on its divergent tests. Whatever goes wrong in it costs experiments, and never the run."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.evidence import experiment_counts, write_experiments
from harness.model import Side
from harness.pipeline.events import ExperimentsFinished, ExperimentsStarted
from harness.pipeline.experiments.budget import Budget, Spending
from harness.pipeline.experiments.records import asking_of
from harness.pipeline.experiments.rounds import Laboratory, Rounds
from harness.pipeline.experiments.settings import swappable
from harness.pipeline.experiments.trials import trials_of
from harness.pipeline.side import StoppedError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from harness.evidence import Bundle, ProjectKey
    from harness.model import Evidence, Plan
    from harness.pipeline.events import Event
    from harness.pipeline.experiments.trials import Trial
    from harness.pipeline.sources import ScannedSuite
    from harness.ports import TestRunner


@dataclass(frozen=True, slots=True, kw_only=True)
class ExperimentStep:
    """What the step needs. `executions` is the most of them, None for as many as the size of the suite allows; `key` is the project's; relative
    SQLite paths of `urls` (legacy's, shadow's) count from `base`.
    """

    plan: Plan
    urls: tuple[str, str] | None
    base: Path
    key: ProjectKey
    executions: int | None
    scanned: ScannedSuite

    def carry_out(self, bundle: Bundle, runners: Mapping[Side, TestRunner], *, emit: Callable[[Event], None], is_stopped: Callable[[], bool]) -> None:
        """Experiment on the divergent tests and record what came of it; what is recorded already is not tried again.

        Raises StoppedError once `is_stopped`.
        """
        if self.executions == 0 or not self.plan.suite.is_pytest or len(self.plan.sides) < len(Side):
            return
        executions = tests = 0
        try:
            evidence = bundle.evidence()
            settings = swappable(self.plan)
            trials = trials_of(evidence, settings=tuple(settings))
            if not trials:
                return
            counts = experiment_counts(bundle)
            budget = Budget.of(self.executions, len({attempt.test_id for attempt in evidence.legacy.full}))
            spending, tests = Spending.of(evidence, budget, counts), len(trials)
            emit(ExperimentsStarted(tests=tests, budget=budget.executions))
            with contextlib.ExitStack() as stack:
                laboratory = Laboratory(
                    runners=runners,
                    spending=spending,
                    is_stopped=is_stopped,
                    found=list(evidence.experiments),
                    record=lambda found: write_experiments(bundle, found, spending.counts),
                )
                try:
                    self._rounds(laboratory, evidence, trials, settings, stack).carry_out()
                finally:
                    executions = spending.executions - sum(counts.executions.values())
                    with contextlib.suppress(OSError):  # a full disk will be told by what has to be written
                        laboratory.keep()
        except StoppedError:
            raise
        except Exception as error:  # noqa: BLE001 - a fault here costs experiments alone; what was found until then counts
            emit(ExperimentsFinished(executions=executions, tests=tests, fault=type(error).__name__))
            return
        emit(ExperimentsFinished(executions=executions, tests=tests))

    def _rounds(
        self, laboratory: Laboratory, evidence: Evidence, trials: tuple[Trial, ...], settings: Mapping[str, str], stack: contextlib.ExitStack
    ) -> Rounds:
        asking = asking_of(self.urls, self.base, self.key, self.scanned, stack) if any(trial.literals for trial in trials) else ""
        return Rounds(laboratory=laboratory, trials=trials, settings=settings, asking=asking, sources=evidence.sources)
