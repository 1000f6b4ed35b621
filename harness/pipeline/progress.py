"""Keeps the store's live progress of a run up to date: one of the handlers of the events."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from typing import TYPE_CHECKING

from harness.errors import StoreError
from harness.model import Progress, Side
from harness.pipeline.events import AttemptFinished, CollectionFinished, ConfirmationStarted, PairConfirmed

if TYPE_CHECKING:
    from harness.pipeline.events import Event
    from harness.ports import Clock, Store


class LiveProgress:
    """Writes where a run stands, a few times a second at most."""

    EVERY = 0.4

    def __init__(self, store: Store, run_id: str, clock: Clock) -> None:
        self._store = store
        self._run_id = run_id
        self._clock = clock
        self._progress = Progress(step="start")
        self._totals: dict[Side, int] = {}
        self._written = float("-inf")

    def step(self, name: str) -> None:
        """The pipeline enters a step."""
        self._progress = replace(self._progress, step=name)
        self._write()

    def take(self, event: Event) -> None:
        """Count an event."""
        progress = self._progress
        if isinstance(event, AttemptFinished) and not event.pair:
            if event.side is Side.LEGACY:
                progress = replace(progress, legacy_done=progress.legacy_done + 1)
            else:
                progress = replace(progress, shadow_done=progress.shadow_done + 1)
        elif isinstance(event, CollectionFinished):
            self._totals[event.side] = self._totals.get(event.side, 0) + event.tests
            progress = replace(progress, total=max(self._totals.values()))
        elif isinstance(event, ConfirmationStarted):
            progress = replace(progress, candidates=event.candidates)
        elif isinstance(event, PairConfirmed):
            progress = replace(progress, pair=event.number)
        self._progress = progress
        if self._clock.monotonic() - self._written >= self.EVERY:
            self._write()

    def _write(self) -> None:
        self._written = self._clock.monotonic()
        with contextlib.suppress(StoreError):  # a page that stands still for a moment costs nothing; what is decided is stored at the end
            self._store.progress(self._run_id, self._progress)
