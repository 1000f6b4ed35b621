"""Clocks: the service never asks the machine for the time by itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Tells the time as a naive datetime in UTC, which is what the tables hold."""

    def now(self) -> datetime:
        """Return the current moment."""
        ...


@dataclass(frozen=True, slots=True)
class SystemClock:
    """The clock of the machine, cut to whole seconds."""

    def now(self) -> datetime:
        """Return the machine's time in UTC."""
        return datetime.now(tz=UTC).replace(tzinfo=None, microsecond=0)


@dataclass(slots=True)
class ManualClock:
    """A clock that stands still until it is told to move: for simulations and tests."""

    moment: datetime

    def now(self) -> datetime:
        """Return the moment that was set."""
        return self.moment

    def advance(self, step: timedelta) -> datetime:
        """Move forward by `step` and return the new moment."""
        self.moment += step
        return self.moment
