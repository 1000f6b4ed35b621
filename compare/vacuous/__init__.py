"""Passes that mean less on shadow: which tests are looked at, and what makes a pass vacuous (docs/deep.md)."""

from compare.vacuous.deciding import vacuous_reasons
from compare.vacuous.flagging import flagged, survey_of
from compare.vacuous.sampling import NIGHTS, WEEK, due_days, in_turn, passing_on_both

__all__ = ["NIGHTS", "WEEK", "due_days", "flagged", "in_turn", "passing_on_both", "survey_of", "vacuous_reasons"]
