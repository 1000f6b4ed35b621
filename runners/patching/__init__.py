"""Suggested patches: reading a suite's source, and writing what makes a test independent of the data (docs/patches.md)."""
