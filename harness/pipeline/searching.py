"""A store that is searched by raw values too: what a person looks for is redacted as ids were, before it is looked up."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar, cast

from harness.evidence import project_key
from runners.redaction import Redaction

if TYPE_CHECKING:
    from pathlib import Path

    from harness.model import DivergenceFilter, PairFilter
    from harness.ports import Store

_SPELLED = re.compile(r"(?<=:[0-9a-f]{12})\.[0-9a-f]{4}(?!\w)")
_Filter = TypeVar("_Filter", "PairFilter", "DivergenceFilter")


def searched_by_value(store: Store, workdir: Path) -> Store:
    """The store, in which ids are found by the email address (or another recognisable value) that they had; as it is where the project has no key."""
    return cast("Store", _SearchedByValue(store, Redaction.under(project_key(workdir)))) if (workdir / "key").exists() else store


class _SearchedByValue:
    def __init__(self, store: Store, redaction: Redaction) -> None:
        self._store = store
        self._redaction = redaction

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - the store's own methods
        return getattr(self._store, name)

    def pairs(self, run_id: str, where: PairFilter, **page: Any) -> Any:  # noqa: ANN401 - as the store
        return self._store.pairs(run_id, self._redacted(where), **page)

    def divergences(self, where: DivergenceFilter, **page: Any) -> Any:  # noqa: ANN401 - as the store
        return self._store.divergences(self._redacted(where), **page)

    def _redacted(self, where: _Filter) -> _Filter:
        """Whatever the spelling: of a token its digits alone."""
        return replace(where, text=_SPELLED.sub("", self._redaction.name(where.text))) if where.text else where
