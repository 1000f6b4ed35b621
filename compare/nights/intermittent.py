"""Which tests diverge now and then: the nightly pairs of many weeks, decided together.

The hypotheses are the tests whose pair was ever discordant since the last reset. Choosing them by the data costs nothing: given which nights were
discordant for which tests, every coin is still fair, so each e-value has the expectation 1 conditionally, and e-BH (Wang and Ramdas 2022, see
`compare.ebh`) bounds the false discovery rate within any such choice, under any dependence between tests.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from compare.ebh import rejected
from compare.nights.evalue import night_e_value
from harness.model import Side

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from harness.model import Discordance


@dataclass(frozen=True, slots=True, kw_only=True)
class Intermittent:
    """A test that one side fails more often than the other.

    `failing` is that side, `worse` the nights in which it did worse, `reverse` those in which the other did, out of `nights`; `reason` says so.
    """

    suite: str
    test_id: str
    failing: Side
    worse: int
    reverse: int
    nights: int
    e_value: float
    reason: str

    @property
    def every_night(self) -> bool:
        """Whether it differed every night: then confirmation finds it, too."""
        return self.worse == self.nights


def now_and_then(discordances: Iterable[Discordance]) -> tuple[Discordance, ...]:
    """Those whose pair did not differ every night: what always differs is a plain divergence, and confirmation finds it.

    A choice by which nights were discordant, whatever side did worse: given these nights every coin is still fair, so the bound holds for the rest.
    """
    return tuple(item for item in discordances if item.legacy_worse + item.shadow_worse < item.nights)


def intermittents(discordances: Sequence[Discordance], *, alpha: float) -> tuple[Intermittent, ...]:
    """The tests that fail more often on one side, the strongest first; of a share `alpha` of them at most, in expectation, is it not so.

    Give all discordances of one suite, or of several: each is a hypothesis. Raises ValueError for an alpha outside (0, 1).
    """
    e_values = [night_e_value(item.legacy_worse, item.shadow_worse) for item in discordances]
    decisions = rejected(e_values, alpha=alpha)
    found = [_intermittent(item, e_value) for item, e_value, sure in zip(discordances, e_values, decisions, strict=True) if sure]
    return tuple(sorted(found, key=lambda item: (-item.e_value, item.suite, item.test_id)))


def _intermittent(item: Discordance, e_value: float) -> Intermittent:
    failing = Side.SHADOW if item.shadow_worse > item.legacy_worse else Side.LEGACY
    worse, reverse = max(item.shadow_worse, item.legacy_worse), min(item.shadow_worse, item.legacy_worse)
    nights = "1 night" if item.nights == 1 else f"{item.nights} nights"
    return Intermittent(
        suite=item.suite,
        test_id=item.test_id,
        failing=failing,
        worse=worse,
        reverse=reverse,
        nights=item.nights,
        e_value=e_value,
        reason=f"in {worse} of {nights} {failing} alone did worse, in {reverse} {failing.other} (e = {e_value:.3g})",
    )
