"""Measurements: each module prints JSON."""
