"""Suggestions for divergent tests: patches, cases, entries of the scenario inventory (docs/patches.md)."""
