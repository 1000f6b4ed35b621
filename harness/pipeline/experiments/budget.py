"""What experiments may cost: in a night, and for one test."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from harness.evidence import ExperimentCounts

if TYPE_CHECKING:
    from harness.model import Evidence

MOST_OF_A_TEST = 15
"""Executions of one divergent test in its fresh pairs, the deep one among them, and its experiments. Its two of the full run come on top."""
_AUTO_EXECUTIONS = 200
_AUTO_SHARE = 10
_AUTO_SESSIONS = 24

SPENT = "the budget of experiments was spent"
SPENT_ON_TEST = f"{MOST_OF_A_TEST} executions of this test are not exceeded, and its fresh pairs left too few"


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """The most of executions, and of fresh processes in which they run, in a night."""

    executions: int
    sessions: int

    @classmethod
    def of(cls, executions: int | None, tests: int) -> Budget:
        """The budget for a suite of so many tests: as many `executions` as are asked for, or, with None, a share of the suite in few processes."""
        if executions is None:
            return cls(executions=max(_AUTO_EXECUTIONS, tests // _AUTO_SHARE), sessions=_AUTO_SESSIONS)
        return cls(executions=executions, sessions=executions)


@dataclass(slots=True)
class Spending:
    """What was spent so far, of a budget and of each test's own. `reruns` counts executions of fresh pairs by test id; a subtest's are its test's."""

    budget: Budget
    reruns: Counter[str]
    by_test: Counter[str] = field(default_factory=Counter)
    sessions: int = 0

    @classmethod
    def of(cls, evidence: Evidence, budget: Budget, earlier: ExperimentCounts) -> Spending:
        """The spending of a run; `earlier` is what it spent before it was interrupted."""
        reruns = Counter(attempt.test_id for side in (evidence.legacy, evidence.shadow) for attempt in side.reruns)
        return cls(budget=budget, reruns=reruns, by_test=Counter(earlier.executions), sessions=earlier.sessions)

    @property
    def executions(self) -> int:
        """Executions of experiments."""
        return self.by_test.total()

    @property
    def counts(self) -> ExperimentCounts:
        """What a bundle keeps of it."""
        return ExperimentCounts(executions=dict(self.by_test), sessions=self.sessions)

    def obstacle(self, test_id: str, wanted: int = 1) -> str:
        """Why a test may not be executed so many times more; empty where it may."""
        if self.executions + wanted > self.budget.executions or self.sessions >= self.budget.sessions:
            return SPENT
        return SPENT_ON_TEST if self.reruns[test_id] + self.by_test[test_id] + wanted > MOST_OF_A_TEST else ""

    def begin_session(self) -> bool:
        """Count a session; False where none is left."""
        if self.sessions >= self.budget.sessions:
            return False
        self.sessions += 1
        return True
