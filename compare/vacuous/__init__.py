"""Passes that mean less on shadow: which tests are looked at, and what makes a pass vacuous (docs/deep.md)."""

from compare.vacuous.deciding import vacuous_reasons
from compare.vacuous.flagging import flagged
from compare.vacuous.sampling import NIGHTS, WEEK, next_sample, passing_on_both

__all__ = ["NIGHTS", "WEEK", "flagged", "next_sample", "passing_on_both", "vacuous_reasons"]
