"""How the base rate of accidental collisions enters: when a literal that the production copy holds too is more than a number that happens to be one.

docs/causes.md says why.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from compare.identity.affinity import affinity, is_called
from compare.identity.base_rate import stands_alone
from harness.model import CouplingKind, Signal, Strength
from harness.model.coupling import LiteralForm, Presence

if TYPE_CHECKING:
    from collections.abc import Iterable

    from compare.causes.bound import Use, Used
    from harness.model import KnownLiteral
    from harness.model.coupling import Match

SAME_NAME = 0.5
"""From this share of telling words on, the source calls a value what the schema calls its column."""
_UNSURE = {Signal.LITERAL, Signal.ASSERTION, Signal.FOUND_NOTHING}
"""Signals that say nothing of whether the value is the record's, and do not count by themselves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Support:
    """What speaks for one match of one value. `signals` are all, `count` the independent ones among them; `use` is where it was asked for."""

    match: Match
    signals: tuple[Signal, ...]
    count: int
    use: Use | None

    @property
    def strength(self) -> Strength | None:
        """Two independent signals are `likely`, one is `possible`, none is a collision: None."""
        return Strength.LIKELY if self.count > 1 else Strength.POSSIBLE if self.count else None

    @property
    def rank(self) -> tuple[int, float]:
        """The better supported first; of equals the rarer."""
        return (-self.count, self.match.density)


def supports(
    matches: Iterable[Match], used: Used | None, literal: KnownLiteral | None = None, *, asserted: bool = False, missed: bool = False
) -> list[Support]:
    """What speaks for each match that only the production copy holds, the best supported first.

    `used` is how the value was used in the deep reruns, None where it was not seen at all; `asserted` tells that it stands in the assertion that
    failed, `missed` that this looked something up by a key that was not there.
    """
    found = [_support(match, used, literal, asserted=asserted, missed=missed) for match in matches if match.presence is Presence.LEGACY]
    return sorted(found, key=lambda one: one.rank)


def _support(match: Match, used: Used | None, literal: KnownLiteral | None, *, asserted: bool, missed: bool) -> Support:
    alone = stands_alone(match)
    named = literal is not None and affinity(literal.name, match.entity) >= SAME_NAME
    asked = _asked(match, used, trusted=alone or named)
    signals = [Signal.LITERAL] if literal is not None else []
    signals.append(Signal.LEGACY_ONLY)
    count = int(alone)
    if named:
        signals.append(Signal.NAME)
        count += 1
    if asked is not None:
        signals.append(asked.signal)
        count += 1
        if used is not None and used.found_nothing:
            signals.append(Signal.FOUND_NOTHING)
            count += 1
    elif asserted and (alone or missed or _expected_key(match, literal)):
        signals.append(Signal.ASSERTION)
        count += 1
    return Support(match=match, signals=tuple(signals), count=count, use=asked)


def _expected_key(match: Match, literal: KnownLiteral | None) -> bool:
    """Whether the source expects this very key: `order.order_id == 17`."""
    return match.kind is CouplingKind.IDENTIFIER and literal is not None and is_called(literal.name, match.entity)


def _asked(match: Match, used: Used | None, *, trusted: bool) -> Use | None:
    """The use that speaks for a match.

    On shadow, where the value does not exist, it cannot have come out of the data: what asked for it is the source. On legacy alone it may have,
    unless chance is ruled out otherwise (`trusted`): a test that reads all customers asks for number 20, too, without any 20 in its source meaning
    it. And what the source holds is asked for on legacy, too, where the test passes.
    """
    if used is None:
        return None
    sides = used.shadow if used.legacy or not used.compared else ()
    sides = sides or ((*used.legacy, *used.shadow) if trusted else ())
    fitting = [use for use in sides if use.may_be(match)]
    if fitting:
        return fitting[0]
    lost = next((use for use in sides if use.addresses), None) if used.legacy and used.found_nothing else None
    if lost is not None:
        return lost  # nothing says what it was handed over for, but legacy answered it and shadow did not
    return next((use for use in sides if not use.is_known or (stands_alone(match) and not use.wrote)), None) if trusted else None


def direct(form: LiteralForm) -> int:
    """Rank of a form: a value as it stands in the source before one computed from it."""
    return {LiteralForm.WRITTEN: 0, LiteralForm.PART: 1, LiteralForm.COMPUTED: 2}[form]
