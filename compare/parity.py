"""What differs between the sides apart from the data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.model import ParityDifference

if TYPE_CHECKING:
    from collections.abc import Mapping

EXPECTED_PREFIX = "data."
"""Facts about the dataset are shown and never counted as differences: two datasets differ by design."""


def parity(legacy: Mapping[str, str], shadow: Mapping[str, str]) -> tuple[ParityDifference, ...]:
    """Every fact that the sides do not share, by name."""
    names = sorted(name for name in legacy.keys() | shadow.keys() if not name.startswith(EXPECTED_PREFIX))
    return tuple(
        ParityDifference(name=name, legacy=legacy.get(name), shadow=shadow.get(name)) for name in names if legacy.get(name) != shadow.get(name)
    )
