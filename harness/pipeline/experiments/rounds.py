"""The rounds of experiments: in each, all tests that it concerns are tried in as few fresh processes as keep them apart."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from harness.model import Experiment, ExperimentKind, Side
from harness.pipeline.experiments.budget import SPENT
from harness.pipeline.experiments.change import Change, exchanges_of, grouped
from harness.pipeline.experiments.session import ENVIRONMENT_FAILED, NOT_FOUND, Seen, execute
from harness.pipeline.side import StoppedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from harness.model import SourceEvidence
    from harness.model.coupling import Value
    from harness.pipeline.experiments.budget import Spending
    from harness.pipeline.experiments.change import Exchange
    from harness.pipeline.experiments.records import Asking
    from harness.pipeline.experiments.trials import Trial
    from harness.pipeline.experiments.values import Subject
    from harness.ports import TestRunner

PUT_TOGETHER = "the value is put together while the test runs"
NO_RECORD = "no record could be found to stand in its place, with what else the test expects of it"
FAILS_UNCHANGED = "unchanged, the test did not pass beside the others of its session either"


@dataclass(slots=True)
class Laboratory:
    """Where changes are executed, within the budget, and what came of them. `record` writes it down."""

    runners: Mapping[Side, TestRunner]
    spending: Spending
    is_stopped: Callable[[], bool]
    found: list[Experiment]
    record: Callable[[Sequence[Experiment]], None]

    def __post_init__(self) -> None:
        """A resumed run tries again what failed for a fault of the environment alone."""
        self.found = [one for one in self.found if one.obstacle != ENVIRONMENT_FAILED]

    def round(self, side: Side, changes: Iterable[Change]) -> dict[str, Seen]:
        """Execute each change once, and say by test id what was seen. Raises StoppedError."""
        seen: dict[str, Seen] = {}
        for group in grouped(changes):
            affordable = []
            for change in group:
                if obstacle := self.spending.obstacle(change.trial.select):
                    seen[change.trial.test_id] = Seen(obstacle=obstacle)
                else:
                    self.spending.by_test[change.trial.select] += 1
                    affordable.append(change)
            if affordable:
                seen.update(execute(affordable, side, self.runners[side], may_begin=self._may_begin))
                self.spending.by_test.subtract(one.trial.select for one in affordable if seen[one.trial.test_id].obstacle == SPENT)
                self.keep()
        return seen

    def keep(self) -> None:
        """Write down what was found so far, so that a resumed run goes on from here."""
        if self.found or self.spending.by_test:
            self.record(self.found)

    def add(self, kind: ExperimentKind, trial: Trial, seen: Seen, *, literals: Iterable[int | None] = (None,), setting: str | None = None) -> None:
        """Take in what came of an experiment: one entry for each literal."""
        side = Side.LEGACY if kind is ExperimentKind.OTHER_RECORD else Side.SHADOW
        self.found += [
            Experiment(kind=kind, test_id=trial.test_id, side=side, literal=one, setting=setting, outcome=seen.outcome, obstacle=seen.obstacle)
            for one in literals
        ]

    def of(self, kind: ExperimentKind, trial: Trial) -> list[Seen]:
        """What is known of a kind of experiment on a test; nothing where it was not made yet."""
        return [Seen(outcome=one.outcome, obstacle=one.obstacle) for one in self.found if one.kind is kind and one.test_id == trial.test_id]

    def _may_begin(self) -> bool:
        if self.is_stopped():
            raise StoppedError
        return self.spending.begin_session()


@dataclass(slots=True, kw_only=True)
class Rounds:
    """The experiments of a run. `settings` are those of legacy that may be swapped, `asking` both databases, or why they cannot be asked."""

    laboratory: Laboratory
    trials: Sequence[Trial]
    settings: Mapping[str, str]
    asking: Asking | str
    sources: SourceEvidence | None
    _subjects: dict[str, tuple[Subject, ...]] = field(default_factory=dict)

    def carry_out(self) -> None:
        """Counterfactuals come first, then settings, then other records, which only matter where both have failed. Raises StoppedError."""
        self._counterfactuals()
        self._swaps()
        self._other_records()
        self.laboratory.keep()

    def _counterfactuals(self) -> None:
        """Twins on shadow: the best ones for all tests, the second-best for those that still fail."""
        kind = ExperimentKind.COUNTERFACTUAL
        tries: dict[str, tuple[Trial, list[Change]]] = {}
        for trial in self._open(kind, (trial for trial in self.trials if trial.literals)):
            subjects = self._subjects_of(trial)
            if isinstance(self.asking, str) or not subjects:
                obstacle = self.asking if isinstance(self.asking, str) else PUT_TOGETHER
                self.laboratory.add(kind, trial, Seen(obstacle=obstacle), literals=trial.literals)
                continue
            sets = self.asking.twins(subjects)
            # the second try also exchanges the value where it may mean something else: a helper may hold it twice
            wanted = [(sets[0], False), (sets[min(1, len(sets) - 1)], True)] if sets else []
            changes = self._changes(trial, subjects, wanted)
            if changes:
                tries[trial.test_id] = trial, changes
            else:
                self.laboratory.add(kind, trial, Seen(obstacle=NO_RECORD), literals=_literals(subjects))
        seen = self.laboratory.round(Side.SHADOW, [changes[0] for _, changes in tries.values()])
        again = [changes[1] for test_id, (_, changes) in tries.items() if seen[test_id].failed and len(changes) > 1]
        for test_id, second in self.laboratory.round(Side.SHADOW, reversed(again)).items():
            seen[test_id] = second if second.outcome is not None else seen[test_id]
        for test_id, (trial, _) in tries.items():
            self.laboratory.add(kind, trial, seen[test_id], literals=_literals(self._subjects_of(trial)))

    def _swaps(self) -> None:
        """Legacy's settings on shadow's data."""
        kind = ExperimentKind.SETTINGS_SWAP
        wanted = [trial for trial in self.trials if trial.settings and not self._passed(ExperimentKind.COUNTERFACTUAL, trial)]
        changes = {
            trial.test_id: Change(trial=trial, settings=tuple((name, self.settings[name]) for name in trial.settings))
            for trial in self._open(kind, wanted)
        }
        for test_id, seen in self.laboratory.round(Side.SHADOW, changes.values()).items():
            trial = changes[test_id].trial
            self.laboratory.add(kind, trial, seen, setting=", ".join(sorted(trial.settings)))

    def _other_records(self) -> None:
        """Other records on legacy, for the tests that fail with twins and with legacy's settings.

        A test that fails with one is run with another beside one half of the others as they are, and as it is beside the other half changed: a
        failure counts only where the second record fails as well and the unchanged test passes.
        """
        kind = ExperimentKind.OTHER_RECORD
        firsts: dict[str, Change] = {}
        seconds: dict[str, Change] = {}
        for trial in self._open(kind, (trial for trial in self.trials if trial.literals and self._is_unexplained(trial))):
            subjects = self._subjects_of(trial)
            if isinstance(self.asking, str) or not subjects:
                continue  # said of the counterfactual
            changes = self._changes(trial, subjects, [(values, number > 0) for number, values in enumerate(self.asking.others(subjects))])
            # a failure that cannot be checked would count for nothing
            if not changes or (obstacle := self.laboratory.spending.obstacle(trial.select, len(changes) + 1)):
                self.laboratory.add(kind, trial, Seen(obstacle=obstacle if changes else NO_RECORD), literals=_literals(subjects))
                continue
            firsts[trial.test_id] = changes[0]
            if len(changes) > 1:
                seconds[trial.test_id] = changes[1]
        seen = self.laboratory.round(Side.LEGACY, firsts.values())
        failing = [firsts[test_id] for test_id, one in seen.items() if one.failed]
        again: dict[str, Seen] = {}
        unchanged: dict[str, Seen] = {}
        for changed, control in ((failing[::2], failing[1::2]), (failing[1::2], failing[::2])):
            tried = [seconds[one.trial.test_id] for one in changed if one.trial.test_id in seconds]
            shown = self.laboratory.round(Side.LEGACY, [*tried, *(Change(trial=one.trial, reach=one.reach) for one in control)])
            again.update((one.trial.test_id, shown[one.trial.test_id]) for one in tried)
            unchanged.update((one.trial.test_id, shown[one.trial.test_id]) for one in control)
        for test_id, first in firsts.items():
            result = _weighed(seen[test_id], again.get(test_id), unchanged.get(test_id))
            self.laboratory.add(kind, first.trial, result, literals=_literals(self._subjects_of(first.trial)))

    def _changes(self, trial: Trial, subjects: Sequence[Subject], sets: Iterable[tuple[Sequence[Value | None], bool]]) -> list[Change]:
        """A change for each set of values, everywhere or not; without those that change nothing, or nothing else."""
        if isinstance(self.asking, str):
            return []
        reach = self.asking.reach(trial)
        found: dict[tuple[Exchange, ...], Change] = {}
        for values, everywhere in sets:
            exchanges = exchanges_of(subjects, values, self.asking.spelled, everywhere=everywhere)
            if exchanges:
                found.setdefault(exchanges, Change(trial=trial, exchanges=exchanges, reach=reach))
        return list(found.values())

    def _subjects_of(self, trial: Trial) -> tuple[Subject, ...]:
        if trial.test_id not in self._subjects:
            known = not isinstance(self.asking, str) and self.sources is not None
            self._subjects[trial.test_id] = self.asking.subjects(trial, self.sources) if known else ()  # type: ignore[union-attr,arg-type]
        return self._subjects[trial.test_id]

    def _open(self, kind: ExperimentKind, trials: Iterable[Trial]) -> list[Trial]:
        return [trial for trial in trials if not self.laboratory.of(kind, trial)]

    def _passed(self, kind: ExperimentKind, trial: Trial) -> bool:
        return any(seen.passed for seen in self.laboratory.of(kind, trial))

    def _is_unexplained(self, trial: Trial) -> bool:
        known = self.laboratory.of(ExperimentKind.COUNTERFACTUAL, trial)
        explained = any(seen.passed or seen.obstacle in {NOT_FOUND, SPENT} for seen in known)
        return not explained and not self._passed(ExperimentKind.SETTINGS_SWAP, trial)


def _weighed(first: Seen, second: Seen | None, unchanged: Seen | None) -> Seen:
    """What came of other records: a failure only where nothing speaks against it."""
    if not first.failed:
        return first
    if second is not None and (second.passed or second.outcome is None):
        return second
    if unchanged is None or not unchanged.passed:
        return Seen(obstacle=unchanged.obstacle if unchanged and unchanged.obstacle else FAILS_UNCHANGED)
    return first


def _literals(subjects: Sequence[Subject]) -> tuple[int, ...]:
    return tuple(number for subject in subjects for number in subject.literals)
