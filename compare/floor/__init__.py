"""The A/A floor: what the method reports where both sides are the same, and whether reruns are independent enough for its error bound."""

from compare.floor.arms import next_of_arms
from compare.floor.measuring import counted, measured
from compare.floor.sampling import SERIES_RERUNS, flaky_tests, rotating

__all__ = ["SERIES_RERUNS", "counted", "flaky_tests", "measured", "next_of_arms", "rotating"]
