"""The ports: what the pipeline asks of the world. Every implementation passes the suite of its port under tests/contract."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from harness.model import (
        Comparison,
        Discordance,
        DivergenceFilter,
        DivergenceRow,
        HistoryEntry,
        Page,
        PairFilter,
        PairResult,
        PairRow,
        Progress,
        Rename,
        Retention,
        RunHeader,
        RunOverview,
        RunState,
        RunSummary,
        SessionEnd,
        SessionRequest,
        Side,
        Tombstone,
    )

    ProgressSink = Callable[[Mapping[str, object]], None]


class Clock(Protocol):
    """The time of day, and a clock to measure with."""

    def now(self) -> datetime:
        """The time, aware, in UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds from an arbitrary start, never backwards."""
        ...


class TestRunner(Protocol):
    """Runs tests of one side in a fresh process (and a fresh container, where containers are used)."""

    def run(self, request: SessionRequest, progress: ProgressSink) -> SessionEnd:
        """Run one session and return how it ended; blocks.

        The session's JSON lines stand in `request.output` afterwards, closed by the runner's own `end` line (docs/bundle.md). `progress` gets
        each line as it is written, parsed. No process of the session is alive when this returns or raises.

        Raises InfrastructureError where the environment, not a test, is at fault.
        """
        ...

    def stop(self) -> None:
        """End a running session from another thread; its `run` returns with EndReason.INTERRUPTED, and so does every later one: what was stopped
        between two sessions begins no other.
        """
        ...


class EnvironmentProvider(Protocol):
    """Brings one side's environment up, hands out its runner, and removes everything again."""

    side: Side

    def check(self) -> None:
        """Look, without starting anything, whether `up` can work. Raises InfrastructureError (engine, image) or ConfigurationError."""
        ...

    def up(self) -> Mapping[str, str]:
        """Start the services, wait until they are healthy, and return the facts that parity compares (name -> text, redacted).

        Raises InfrastructureError; what was started by then is removed.
        """
        ...

    def runner(self) -> TestRunner:
        """The runner of this environment; valid between `up` and `down`."""
        ...

    def down(self) -> None:
        """Keep the services' logs (redacted) and remove everything that `up` and the runner started. Safe to call twice and after a failed `up`."""
        ...


class Executor(Protocol):
    """Carries out calls that do not depend on each other; later a cluster."""

    def map(self, calls: Sequence[Callable[[], object]]) -> Sequence[object]:
        """Run all calls, return their results in order. The first exception is raised after all have ended."""
        ...


class Store(Protocol):
    """The projection of bundles that pages, histories and gates read. Rows never leave it; it can be rebuilt from bundles."""

    def begin_run(self, run: RunHeader) -> None:
        """Record that a run is under way; replaces what is known of a run with this id. Raises StoreError."""
        ...

    def progress(self, run_id: str, progress: Progress) -> None:
        """Overwrite where a running run stands. Unknown ids do nothing."""
        ...

    def save(self, comparison: Comparison, *, renames: Sequence[Rename] = ()) -> None:
        """Store a decided run in one transaction, replacing what is known of it, and follow its divergences if it is a night.

        `renames` are the tests that go on under another id from this run on; each old and each new id stands in it once. Raises StoreError, and
        then nothing has changed.
        """
        ...

    def forget(self, run_id: str) -> None:
        """Remove one run; unknown ids do nothing."""
        ...

    def delete_all(self) -> None:
        """Forget every run, before a rebuild."""
        ...

    def runs(self, *, limit: int = 30, before: str | None = None) -> Sequence[RunSummary]:
        """Runs, newest first; `before` is a run id to continue after."""
        ...

    def run(self, run_id: str) -> RunSummary | None:
        """One run, None where it is unknown."""
        ...

    def latest(self) -> RunSummary | None:
        """The newest decided run (state complete or incomplete), None where there is none."""
        ...

    def comparison(self, run_id: str) -> Comparison | None:
        """A run with everything but its equivalent pairs (those are counted in `totals` only); None where it is unknown or running."""
        ...

    def pairs(self, run_id: str, where: PairFilter, *, after: str | None = None, limit: int = 100) -> Page[PairRow]:
        """A page of pairs by test id. Raises StoreError for a key that is not one of this list's."""
        ...

    def pair(self, run_id: str, test_id: str) -> PairResult | None:
        """One pair with both failures, None where it is unknown."""
        ...

    def comparison_without_pairs(self, run_id: str) -> RunOverview | None:
        """A decided run with everything but its pairs, in a time that does not grow with their number; None where it is unknown or running."""
        ...

    def history(self, test_id: str, *, limit: int = 50) -> Sequence[HistoryEntry]:
        """What became of one test over the runs, newest first, also under the ids it had before."""
        ...

    def divergences(self, where: DivergenceFilter, *, after: str | None = None, limit: int = 100) -> Page[DivergenceRow]:
        """A page of divergences over the nights, by test id. Raises StoreError for a key that is not one of this list's."""
        ...

    def divergence(self, test_id: str, *, suite: str | None = None) -> DivergenceRow | None:
        """One divergence, also by an id that its test had before; None where no night saw one. Without `suite`, the one seen last."""
        ...

    def discordances(self) -> Sequence[Discordance]:
        """Every test whose nightly pair differed since the suite's or the data's digest changed last (`compare.nights.intermittents` judges them)."""
        ...

    def renames(self, run_id: str) -> Sequence[Rename]:
        """The renames that a run brought, in the order they were given."""
        ...

    def retain(self, *, now: datetime, keep_runs: int | None = None, since: datetime | None = None) -> Sequence[Tombstone]:
        """Remove old runs, leave a tombstone of each, and return the new ones. Divergences and e-processes go on as if nothing had been removed.

        Kept are the newest `keep_runs` runs of each suite, or those started at `since` or later; always the newest night of each suite, what came
        after it, and what is running. Runs as old as a removed one are no nights from now on. Raises StoreError unless exactly one bound is given.
        """
        ...

    def tombstone(self, run_id: str) -> Tombstone | None:
        """What is left of a run that retention removed; None for any other."""
        ...

    def retention(self) -> Retention:
        """What bundles no longer tell, to be kept beside them."""
        ...

    def restore(self, retention: Retention) -> None:
        """Put back what bundles no longer tell, in place of what is known of it; before the bundles of a rebuild."""
        ...

    def mark(self, run_id: str, state: RunState) -> None:
        """Set the state of a run that died without a decision."""
        ...

    def close(self) -> None:
        """Release connections."""
        ...
