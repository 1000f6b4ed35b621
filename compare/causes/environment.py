"""Whether a setting that differs between the sides makes a test diverge."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from compare.causes.results import Group
    from harness.model import DeepRecord

MOST_COMMON = 0.5
"""A setting that more than this share of the tests read which diverge for another reason tells nothing."""

_REFUSED = 400
_SWITCHED_OFF = frozenset({501, 503})
"""Not implemented; not available."""


def telling(settings: Sequence[str], explained: Sequence[Iterable[DeepRecord]]) -> frozenset[str]:
    """The settings whose being read says something.

    `explained` are the records of each test that diverges for a reason of its own: what most of these read as well (a database's name, a level of
    logging) is no reason.
    """
    if not explained:
        return frozenset(settings)
    read = [frozenset(name for record in records for name in record.variables) for records in explained]
    return frozenset(setting for setting in settings if sum(setting in one for one in read) <= MOST_COMMON * len(read))


def settings_read(settings: Collection[str], records: Iterable[DeepRecord]) -> tuple[str, ...]:
    """Those of the settings that a test itself read, sorted."""
    return tuple(sorted({name for record in records for name in record.variables if name in settings}))


def settings_at_import(settings: Collection[str], records: Iterable[DeepRecord]) -> tuple[str, ...]:
    """Those that were read before the first test: every test may depend on them."""
    return tuple(sorted({name for record in records for name in record.at_import if name in settings}))


def switched_off(legacy: DeepRecord | None, shadow: DeepRecord | None) -> bool:
    """Whether another process that answers on legacy says on shadow that it does not do such a thing, or not now: it has settings of its own."""
    if legacy is None or shadow is None:
        return False
    served = {(one.method, one.path) for one in legacy.requests if one.status is not None and one.status < _REFUSED}
    return any(one.status in _SWITCHED_OFF and (one.method, one.path) in served for one in shadow.requests)


def broke_off(groups: Iterable[Group]) -> bool:
    """Whether shadow went another way than legacy although all that both asked for was found: no statement says why, so something else decided."""
    seen = list(groups)
    return any(group.legacy.executions and not group.shadow.executions for group in seen) and not any(group.only_shadow_finds_none for group in seen)
