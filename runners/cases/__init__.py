"""Synthetic cases: rows with invented values that have the structure of real ones, loaded into shadow's data and removed again (docs/cases.md)."""
