"""Experiments: what makes a test diverge is replaced, and the test run once more (docs/experiments.md)."""

from harness.pipeline.experiments.step import ExperimentStep

__all__ = ["ExperimentStep"]
