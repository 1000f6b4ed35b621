"""Parallel validation of test environments: one suite, a production copy and a synthetic twin."""

__version__ = "0.1.0"
