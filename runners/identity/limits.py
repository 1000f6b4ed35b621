"""What a database may be asked at most."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadLimits:
    """Limits of reading a database that others may be using.

    `rows_per_second` bounds the pace over the whole database, None does not; `statement_seconds` is after how long the database ends a statement
    (0: never); `batch_rows` are fetched at a time; `sample_rows` of each table are looked at to tell what its columns hold.
    """

    rows_per_second: int | None = None
    statement_seconds: int = 300
    batch_rows: int = 5_000
    sample_rows: int = 2_000


class Pace:
    """Holds back so that rows come no faster than allowed. Batches are accounted for after they were read."""

    def __init__(
        self, rows_per_second: int | None, *, monotonic: Callable[[], float] = time.monotonic, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._rate = rows_per_second
        self._monotonic = monotonic
        self._sleep = sleep
        self._free_at = monotonic()

    def batch(self, wanted: int) -> int:
        """How many rows to fetch at a time: a second's worth at most."""
        return wanted if self._rate is None else max(1, min(wanted, self._rate))

    def took(self, rows: int) -> None:
        """Account for rows just read; returns when the next may be."""
        if self._rate is None:
            return
        now = self._monotonic()
        self._free_at = max(self._free_at, now - 1.0) + rows / self._rate
        if self._free_at > now:
            self._sleep(self._free_at - now)
