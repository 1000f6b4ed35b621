"""What many nights tell that one does not: intermittent divergences, and tests that go on under another id. Pure."""

from compare.nights.evalue import night_e_value, night_factor
from compare.nights.intermittent import Intermittent, intermittents, now_and_then
from compare.nights.renames import BodyDigests, followed_ids, function_of, rename_candidates

__all__ = [
    "BodyDigests",
    "Intermittent",
    "followed_ids",
    "function_of",
    "intermittents",
    "night_e_value",
    "night_factor",
    "now_and_then",
    "rename_candidates",
]
