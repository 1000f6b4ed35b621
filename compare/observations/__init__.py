"""Observations of both sides: equal by digest at once, otherwise compared as shapes or value by value, within budgets and without a clock."""

from compare.observations.comparison import compare_observations

__all__ = ["compare_observations"]
