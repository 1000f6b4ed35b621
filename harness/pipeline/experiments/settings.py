"""Which of legacy's settings may be given to a test on shadow's data: none that could lead it to real data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.model import Side

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.model import Plan, SidePlan


def swappable(plan: Plan) -> Mapping[str, str]:
    """Legacy's settings that differ from shadow's and name no place: no path, no address, nothing of its data or database."""
    legacy, shadow = plan.of(Side.LEGACY), plan.of(Side.SHADOW)
    return {
        name: value
        for name, value in legacy.settings.items()
        if shadow.settings.get(name) != value
        and name not in shadow.data
        and not _leads(value, legacy)
        and not _leads(shadow.settings.get(name, ""), shadow)
    }


def _leads(value: str, side: SidePlan) -> bool:
    """Whether a value may say where data are."""
    if any(sign in value for sign in ("/", "\\", "://", "@")):
        return True
    places = [*side.data.values(), *([side.database] if side.database else [])]
    return len(value) > 2 and any(value in place for place in places)
