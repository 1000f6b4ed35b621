"""In what a column of a result differs between the sides."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from compare.causes.results import ColumnResult, Group


def nullness(legacy: ColumnResult, shadow: ColumnResult) -> str | None:
    """What of a column is NULL or empty on one side alone: `filled` and `null` on legacy, `empty` on either; None where nothing is."""
    if legacy.filled and not shadow.filled and shadow.null:
        return "filled"
    if legacy.null and not shadow.null and shadow.filled:
        return "null"
    if ("empty" in legacy.formats) != ("empty" in shadow.formats):
        return "empty"
    return None


def values_differ(legacy: ColumnResult, shadow: ColumnResult) -> bool:
    """Whether a column holds other values on the sides: by its enumeration where there is one; many values, which are not listed, are held to do."""
    if legacy.values is None or shadow.values is None:
        return True
    return legacy.values != shadow.values or legacy.null != shadow.null


def spread(fetched: Sequence[int], column: ColumnResult) -> tuple[int, int]:
    """Rows in all and how many different values they share, by classes."""
    return (sum(fetched), column.distinct)


def lacks_values(legacy: ColumnResult, shadow: ColumnResult) -> bool:
    """Whether shadow lacks values that legacy's column holds, as far as both list theirs."""
    return legacy.values is not None and shadow.values is not None and not legacy.values <= shadow.values


def numbers_differ(group: Group) -> bool:
    """Whether the numbers of a result that was computed differ."""
    return any(values_differ(*both) for name in group.column_names if (both := group.column(name)) is not None)
