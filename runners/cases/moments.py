"""Moves the moments of a case: as far from each other as they were, and never where legacy has one."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from harness.model.case import FromAnchor
from runners.cases.named import moment_of

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Sequence

    from runners.cases.dataset import Dataset
    from runners.cases.named import Named
    from runners.identity.schema import Table

_DAYS = 27
_FAR = 2100
_HOUR = 3_600
_TRIES = 400

if TYPE_CHECKING:
    Held = Callable[[Table, str, Any], str | None]


class Moments:
    """The moments of a case. Where the test names moments or asks for a period, they stay in the same period, some days off; else they count from the
    latest one of shadow's data, as they did from the latest one of legacy's.
    """

    def __init__(
        self, every: Sequence[tuple[Table, str, Any]], legacy: Dataset, named: Named, chance: random.Random, held: Held, *, fixed: bool
    ) -> None:
        self._named, self._chance, self._held = named, chance, held
        self.is_fixed = fixed or bool(named.moments)
        self.columns = tuple(sorted({f"{table.name}.{name}" for table, name, _ in every}))
        has_clock = any((moment_of(value) or _MIDNIGHT).time() != _MIDNIGHT.time() for _, _, value in every)
        self._seconds = chance.randrange(1, _HOUR) if has_clock else 0
        self._anchor = _latest(every, legacy)
        self._shift = self._common(every) if self.is_fixed else timedelta(days=-chance.randrange(7), seconds=-self._seconds)

    def moved(self, table: Table, name: str, value: Any) -> FromAnchor | str:  # noqa: ANN401  # a text, a date or a datetime
        """The moment that stands for another."""
        moment = moment_of(value)
        assert moment is not None, "only moments are moved"  # noqa: S101
        if not self.is_fixed:
            new = moment + _of(self._shift, moment)
            return FromAnchor((new.date() - self._anchor).days, written(new, value)[10:])
        new = moment + _of(self._shift, moment)
        if self._named.period(new) != self._named.period(moment) or self._held(table, name, as_given(new, value)):
            new = self._alone(table, name, moment, value)
        return written(new, value)

    def _common(self, every: Sequence[tuple[Table, str, Any]]) -> timedelta:
        """One shift for all, by which as many as possible stay in their period and fall where legacy has none."""
        best, fewest = timedelta(0), len(every) * 2 + 1
        for days in self._days():
            shift = timedelta(days=days, seconds=self._seconds if days < 0 else -self._seconds)
            bad = 0
            for table, name, value in every[:_TRIES]:
                moment = moment_of(value)
                if moment is not None:
                    new = moment + _of(shift, moment)
                    bad += 2 * (self._named.period(new) != self._named.period(moment)) + bool(self._held(table, name, as_given(new, value)))
            if bad < fewest:
                best, fewest = shift, bad
            if not bad:
                break
        return best

    def _alone(self, table: Table, name: str, moment: datetime, value: Any) -> datetime:  # noqa: ANN401  # as moved() takes it
        for days in self._days():
            new = moment + timedelta(days=days)
            if self._named.period(new) == self._named.period(moment) and not self._held(table, name, as_given(new, value)):
                return new
        for _ in range(_TRIES):  # a period of less than days
            new = moment + timedelta(seconds=self._chance.randrange(-_HOUR, _HOUR))
            if self._named.period(new) == self._named.period(moment) and not self._held(table, name, as_given(new, value)):
                return new
        return moment + timedelta(days=1)

    def _days(self) -> list[int]:
        days = [day for day in range(-_DAYS, _DAYS + 1) if day]
        self._chance.shuffle(days)
        return [*days, *(sign * day for day in range(_DAYS + 1, 120) for sign in (1, -1))]


_MIDNIGHT = datetime(2000, 1, 1)  # noqa: DTZ001  # stands for no moment


def _of(shift: timedelta, moment: datetime) -> timedelta:
    """A day stays a day: only what has a time of day is moved by seconds."""
    return timedelta(days=round(shift / timedelta(days=1))) if moment.time() == _MIDNIGHT.time() else shift


def _latest(every: Sequence[tuple[Table, str, Any]], legacy: Dataset) -> date:
    """The day of the latest moment of these columns in legacy's data; those of a far future stand for none."""
    found = [moment_of(value) for _, _, value in every]
    for table, name in {(table.name, name) for table, name, _ in every}:
        found.append(moment_of(legacy.extreme("max", legacy.tables[table], name)))
    return max((one.date() for one in found if one is not None and one.year < _FAR), default=_MIDNIGHT.date())


def anchor_of(shadow: Dataset, columns: Sequence[str]) -> date | None:
    """The day of the latest moment that shadow's data hold in these columns (`Table.Column`); None where they hold none."""
    found = []
    for entity in columns:
        name, _, column = entity.rpartition(".")
        table = shadow.table(name)
        if table is not None and table.column(column) is not None:
            found.append(moment_of(shadow.extreme("max", table, column)))
    return max((one.date() for one in found if one is not None and one.year < _FAR), default=None)


def written(moment: datetime, like: Any) -> str:  # noqa: ANN401  # a text, a date or a datetime
    """A moment in the spelling of another."""
    if isinstance(like, str):
        if len(like) == 10:
            return moment.date().isoformat()
        precision = "microseconds" if "." in like else "seconds" if like.count(":") >= 2 else "minutes"
        zone = like[19:].lstrip(".0123456789")
        return moment.isoformat(sep="T" if like[10] == "T" else " ", timespec=precision) + zone
    if isinstance(like, datetime):
        return moment.replace(tzinfo=like.tzinfo).isoformat(sep=" ")
    return moment.date().isoformat()


def as_given(moment: datetime, like: Any) -> Any:  # noqa: ANN401  # a text, a date or a datetime
    """A moment as the driver gives it."""
    if isinstance(like, str):
        return written(moment, like)
    return moment.replace(tzinfo=like.tzinfo) if isinstance(like, datetime) else moment.date()
