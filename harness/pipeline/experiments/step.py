"""The step of a run that experiments on its divergent tests. Whatever goes wrong in it costs experiments, and never the run."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from harness.errors import ShadowError
from harness.evidence import write_experiments
from harness.model import Experiment, ExperimentKind, OutcomeClass, Side
from harness.pipeline.events import ExperimentsFinished, ExperimentsStarted
from harness.pipeline.experiments.session import Seen, execute
from harness.pipeline.experiments.settings import swappable
from harness.pipeline.experiments.trials import trials_of
from harness.pipeline.experiments.values import subjects_of, write_replacements
from harness.pipeline.side import StoppedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from harness.evidence import Bundle, ProjectKey
    from harness.model import Plan, SourceEvidence
    from harness.model.coupling import Value
    from harness.pipeline.events import Event
    from harness.pipeline.experiments.trials import Trial
    from harness.pipeline.experiments.values import Subject
    from harness.ports import TestRunner
    from runners.identity.twins import Records

_TWINS = 2
"""Twins that are tried on shadow for one test, until one makes it pass."""
_OTHERS = 2
"""Other records that are tried on legacy for one test, until one makes it pass."""
_STATEMENT_SECONDS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class ExperimentStep:
    """What the step needs. `budget` is the most of executions; `key` the project's; relative SQLite paths of `urls` (legacy's, shadow's) count from
    `base`.
    """

    plan: Plan
    urls: tuple[str, str] | None
    base: Path
    key: ProjectKey
    budget: int

    def carry_out(self, bundle: Bundle, runners: Mapping[Side, TestRunner], *, emit: Callable[[Event], None], is_stopped: Callable[[], bool]) -> None:
        """Experiment on the divergent tests and record what came of it. Raises StoppedError once `is_stopped`."""
        if not self.budget or not self.plan.suite.is_pytest or len(self.plan.sides) < len(Side):
            return
        night = _Experiments(self, bundle, runners, is_stopped)
        try:
            night.carry_out(emit)
        except StoppedError:
            raise
        except Exception as error:  # noqa: BLE001 - a fault here costs experiments alone; what was found until then counts
            emit(ExperimentsFinished(executions=night.executions, tests=0, fault=type(error).__name__))
        with contextlib.suppress(OSError):  # a full disk will be told by what has to be written
            if night.found:
                write_experiments(bundle, night.found)


@dataclass(slots=True)
class _Experiments:
    """The experiments of a run so far."""

    step: ExperimentStep
    bundle: Bundle
    runners: Mapping[Side, TestRunner]
    is_stopped: Callable[[], bool]
    found: list[Experiment] = field(default_factory=list)
    executions: int = 0

    def carry_out(self, emit: Callable[[Event], None]) -> None:
        """Counterfactuals of all tests come first, then settings, then other records, which only matter where these have failed."""
        evidence = self.bundle.evidence()
        settings = swappable(self.step.plan)
        trials = trials_of(evidence, settings=tuple(settings))
        if not trials:
            return
        emit(ExperimentsStarted(tests=len(trials), budget=self.step.budget))
        with contextlib.ExitStack() as stack:
            asking = _Asking.opened(self.step, stack) if any(trial.literals for trial in trials) else None
            subjects = {trial.test_id: asking.subjects(trial, evidence.sources) for trial in trials if asking and evidence.sources and trial.literals}
            open_ones = [trial for trial in trials if trial.literals and not self._counterfactual(trial, subjects.get(trial.test_id, ()), asking)]
            for trial in trials:
                if trial.settings and not self._is_confirmed(trial):
                    self._swap(trial, {name: settings[name] for name in trial.settings})
            for trial in open_ones:
                if subjects.get(trial.test_id) and not self._passes_by_settings(trial):
                    self._other_record(trial, subjects[trial.test_id], asking)
        emit(ExperimentsFinished(executions=self.executions, tests=len(trials)))

    def _counterfactual(self, trial: Trial, subjects: Sequence[Subject], asking: _Asking | None) -> bool:
        """Try twins on shadow; whether one made the test pass."""
        kind, side = ExperimentKind.COUNTERFACTUAL, Side.SHADOW
        if not subjects or asking is None:
            self._record_literals(kind, trial, side, trial.literals, Seen(obstacle="the value is put together while the test runs"))
            return False
        seen = self._tried(trial, side, subjects, asking.twins(subjects), asking)
        self._record_literals(kind, trial, side, _literals(subjects), seen)
        return seen.outcome is not None and seen.outcome.kind is OutcomeClass.PASSING

    def _other_record(self, trial: Trial, subjects: Sequence[Subject], asking: _Asking | None) -> None:
        if asking is not None:
            seen = self._tried(trial, Side.LEGACY, subjects, asking.others(subjects), asking)
            self._record_literals(ExperimentKind.OTHER_RECORD, trial, Side.LEGACY, _literals(subjects), seen)

    def _tried(self, trial: Trial, side: Side, subjects: Sequence[Subject], sets: Sequence[Sequence[Value | None]], asking: _Asking) -> Seen:
        """Run the test with one set of values after another, until it passes; the last outcome otherwise."""
        seen = Seen(obstacle="no record could be found to stand in its place, with what else the test expects of it")
        for number, values in enumerate(sets):
            now = self._execute(
                trial, side, replace=partial(write_replacements, subjects=subjects, values=values, spell=asking.spelled, everywhere=number > 0)
            )
            if now.outcome is not None or seen.outcome is None:
                seen = now
            if now.outcome is None or now.outcome.kind is OutcomeClass.PASSING:
                break
        return seen

    def _swap(self, trial: Trial, settings: Mapping[str, str]) -> None:
        seen = self._execute(trial, Side.SHADOW, settings=settings)
        self._record(ExperimentKind.SETTINGS_SWAP, trial, Side.SHADOW, None, ", ".join(sorted(settings)), seen)

    def _execute(self, trial: Trial, side: Side, *, replace: Callable[[Path], int] | None = None, settings: Mapping[str, str] | None = None) -> Seen:
        if self.is_stopped():
            raise StoppedError
        if self.executions >= self.step.budget:
            return Seen(obstacle="the budget of experiments was spent")
        self.executions += 1
        return execute(trial, side, self.runners[side], replace=replace, settings=settings)

    def _record_literals(self, kind: ExperimentKind, trial: Trial, side: Side, literals: Sequence[int], seen: Seen) -> None:
        for literal in literals:
            self._record(kind, trial, side, literal, None, seen)

    def _record(self, kind: ExperimentKind, trial: Trial, side: Side, literal: int | None, setting: str | None, seen: Seen) -> None:
        self.found.append(
            Experiment(kind=kind, test_id=trial.test_id, side=side, literal=literal, setting=setting, outcome=seen.outcome, obstacle=seen.obstacle)
        )

    def _is_confirmed(self, trial: Trial) -> bool:
        return any(one.kind is ExperimentKind.COUNTERFACTUAL for one in self._passing(trial))

    def _passes_by_settings(self, trial: Trial) -> bool:
        return any(one.kind is ExperimentKind.SETTINGS_SWAP for one in self._passing(trial))

    def _passing(self, trial: Trial) -> Iterator[Experiment]:
        return (one for one in self.found if one.test_id == trial.test_id and one.outcome is not None and one.outcome.kind is OutcomeClass.PASSING)


def _literals(subjects: Sequence[Subject]) -> tuple[int, ...]:
    return tuple(number for subject in subjects for number in subject.literals)


class _Asking:
    """Looks values up in the suite's source and records in both databases; both are only read."""

    def __init__(self, step: ExperimentStep, stack: contextlib.ExitStack, urls: tuple[str, str]) -> None:
        from runners.identity import twins  # noqa: PLC0415 - a run without couplings does without
        from runners.identity.connection import reading  # noqa: PLC0415 - the same
        from runners.literals.suite import scan_suite  # noqa: PLC0415 - the extra may be missing

        self._twins = twins
        self._suite = scan_suite(step.plan.suite.root)
        self._key = step.key.of_probe()
        connections = [stack.enter_context(reading(url, base=step.base, statement_seconds=_STATEMENT_SECONDS)) for url in urls]
        self._legacy, self._shadow = (twins.Records(connection) for connection in connections)

    @classmethod
    def opened(cls, step: ExperimentStep, stack: contextlib.ExitStack) -> _Asking | None:
        """None where a database cannot be read, or what reads the suite is not installed."""
        if step.urls is None:
            return None
        try:
            return cls(step, stack, step.urls)
        except (ShadowError, ImportError):
            return None

    def subjects(self, trial: Trial, sources: SourceEvidence | None) -> tuple[Subject, ...]:
        """The values that explain a trial's test."""
        return subjects_of(trial, sources, self._suite.literals_of(trial.select), self._key) if sources else ()

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
