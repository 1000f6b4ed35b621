"""What the assertion that failed asks of the data, without a value of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harness.model.deep_statement import DeepPlace


class Ask(StrEnum):
    """What an assertion, with what it is made of, asks."""

    NONE = "none"  # compared with None
    TRUTH = "truth"  # a value itself is the condition
    COUNT = "count"  # how many there are
    COUNT_EACH = "count_each"  # how many there are for each of several
    DISTINCT = "distinct"  # different ones
    EXTREME = "extreme"  # the largest or smallest
    TOTAL = "total"  # a sum or mean
    FIRST = "first"  # what stands at a fixed place in the order
    SORTED = "sorted"  # an order
    MOMENT = "moment"  # dates
    FORMAT = "format"  # how a text is made
    TEXT = "text"  # a text written in the source
    NUMBER = "number"  # equal to a number written in the source
    THRESHOLD = "threshold"  # more or less than a number written in the source
    SOME = "some"  # any, all, next
    EVERY = "every"  # something of all rows, or that there is no such row: those that are there break it
    VOLUME = "volume"  # compared with a number of thousands


@dataclass(frozen=True, slots=True, kw_only=True)
class Sketch:
    """An assertion without its values. `place` is its first line, `lines` are those of all statements that it is made of, itself included.

    `names` are the columns of which it speaks, nearest first: words that are names of columns in the deep records, and no others; `positions`
    are columns read by their number in the row, from 0. `asked_of` says which column an ask
    is about, where the source does. With `whole` False nothing but the message's template was at hand.
    """

    place: DeepPlace
    lines: tuple[DeepPlace, ...] = ()
    names: tuple[str, ...] = ()
    positions: tuple[int, ...] = ()
    asks: frozenset[Ask] = frozenset()
    asked_of: tuple[tuple[Ask, str], ...] = ()
    whole: bool = False

    def has(self, *asks: Ask) -> bool:
        """Whether it asks any of these."""
        return not self.asks.isdisjoint(asks)

    def about(self, *asks: Ask) -> tuple[str, ...]:
        """The columns that any of these asks is about; all that it speaks of, where the source does not tell or nothing is asked for."""
        direct = tuple(dict.fromkeys(name for ask, name in self.asked_of if ask in asks))
        return direct or self.names
