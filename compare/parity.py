"""What differs between the sides apart from the data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.model import ParityDifference

if TYPE_CHECKING:
    from collections.abc import Mapping

EXPECTED = ("dataset", "data.")
"""Names, and beginnings of names, of facts about the dataset: they are shown and never counted as differences, since the data differs by design."""


def parity(legacy: Mapping[str, str], shadow: Mapping[str, str]) -> tuple[ParityDifference, ...]:
    """Every fact that the sides do not share, by name. A side that recorded nothing at all (it did not run) leaves nothing to compare."""
    if not legacy or not shadow:
        return ()
    names = sorted(name for name in legacy.keys() | shadow.keys() if not name.startswith(EXPECTED))
    return tuple(
        ParityDifference(name=name, legacy=legacy.get(name), shadow=shadow.get(name)) for name in names if legacy.get(name) != shadow.get(name)
    )
