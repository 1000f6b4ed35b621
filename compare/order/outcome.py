"""What the search for order-dependence concluded of one candidate, in numbers and in words."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum, auto
from typing import TYPE_CHECKING

from compare.evalue import DROP_BELOW, course, e_value
from harness.model import OrderDependence

if TYPE_CHECKING:
    from compare.evalue import FreshPair
    from harness.model import OrderSuspect

_NAMED = 3
"""Polluting tests named in a sentence; the report's `order` holds all."""


class OrderState(StrEnum):
    """Where the search ended."""

    NOT_TRIED = auto()  # the budget was used up before it began, or never allowed it
    AGREED = auto()  # behind the tests that were tried it showed what it shows alone
    PASSING = auto()  # it differed behind them once, and not again: no dependence that lasts
    NOT_FINISHED = auto()  # the budget was used up before it was proven
    LOST = auto()  # a session of it died, or its environment did
    DEPENDENT = auto()  # proven


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderOutcome:
    """How the search for one candidate ended. `behind` are the tests that it was last found to depend on, or that were tried.

    `pairs` are the fresh pairs behind them, both sides in the same order, as (side that should pass, side seen failing) failed. `orders` are the
    same side's two orders, as (ahead, behind) showed what the full run showed. `obstacle` is what kept the search from going further.
    """

    suspect: OrderSuspect
    state: OrderState
    behind: tuple[str, ...] = ()
    shortest: bool = False
    pairs: tuple[FreshPair, ...] = ()
    orders: tuple[FreshPair, ...] = ()
    obstacle: str = ""

    @property
    def revives(self) -> bool:
        """Whether the fresh pairs behind its predecessors speak for a lasting difference: it is not dropped then."""
        return bool(self.pairs) and min(course(self.pairs)) >= DROP_BELOW

    @property
    def dependence(self) -> OrderDependence | None:
        """The proven dependence, None otherwise."""
        if self.state is not OrderState.DEPENDENT:
            return None
        return OrderDependence(
            side=self.suspect.side, behind=self.behind, shortest=self.shortest, rounds=len(self.orders), e_value=e_value(self.orders)
        )

    def sentence(self, *, full: str, alone: str) -> str:
        """What to say of it. `full` says what the candidate did in the full run, `alone` what it does alone: "fails", "passes"."""
        match self.state:
            case OrderState.NOT_TRIED:
                return self._not_tried()
            case OrderState.AGREED:
                return self._agreed()
            case OrderState.PASSING:
                return "once it seemed order-dependent, which more fresh processes did not bear out"
            case OrderState.LOST:
                return "whether it is order-dependent could not be told: a process ended early"
            case OrderState.NOT_FINISHED:
                what = f"{full} behind {_tests(len(self.behind))} of those that ran before it"
                return f"it seems order-dependent ({what} on {self.suspect.side.value}), not proven: {self.obstacle}"
            case OrderState.DEPENDENT:
                return self._proven(full, alone)

    @property
    def _predecessors(self) -> int:
        return len(self.suspect.before) + self.suspect.earlier

    def _not_tried(self) -> str:
        before = f"the {_tests(self._predecessors)} that ran before it on {self.suspect.side.value}" if self._predecessors else "the order of tests"
        return f"whether it depends on {before} was not looked into: {self.obstacle}"

    def _agreed(self) -> str:
        total, tried, side = self._predecessors, len(self.behind), self.suspect.side.value
        if tried < total:
            return f"the same behind the last {tried} of {_tests(total)} that ran before it on {side}; the others were not tried: {self.obstacle}"
        return f"the same behind {'the only test' if total == 1 else f'all {total} tests'} that ran before it on {side}"

    def _proven(self, full: str, alone: str) -> str:
        side = self.suspect.side.value
        more = f" and {len(self.behind) - _NAMED} more" if len(self.behind) > _NAMED else ""
        named = " and ".join(self.behind[:_NAMED]) if not more else ", ".join(self.behind[:_NAMED])
        longer = "" if self.shortest else ", which may be more than it takes, since the order budget ended"
        return (
            f"order-dependent: on {side} it {full} behind {named}{more}{longer}, and {alone} ahead of "
            f"{'it' if len(self.behind) == 1 else 'them'}, in {len(self.orders)} rounds (e = {e_value(self.orders):.1f})"
        )


def _tests(count: int) -> str:
    return "1 test" if count == 1 else f"{count} tests"
