"""What is suggested for a divergence: a patch, a case, an entry of the scenario inventory. No value of the data is in any of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from harness.model.vocabulary import Remedy


class SuggestionKind(StrEnum):
    """What a suggestion is."""

    PATCH = "patch"  # a change of the suite, remedy make_data_agnostic
    CASE = "case"  # a case for shadow's data, remedy add_synthetic_case
    INVENTORY = "inventory"  # an entry of the scenario inventory, remedy document_scenario

    @property
    def remedy(self) -> Remedy:
        """The remedy that it carries out."""
        return _REMEDIES[self]


_REMEDIES = {
    SuggestionKind.PATCH: Remedy.MAKE_DATA_AGNOSTIC,
    SuggestionKind.CASE: Remedy.ADD_SYNTHETIC_CASE,
    SuggestionKind.INVENTORY: Remedy.DOCUMENT_SCENARIO,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """A suggestion for one test. `text` is for reading: a unified diff in which tokens stand for values, or an entry; empty where there is none, and
    then `obstacle` says why. `command` is what makes or carries it out. `proven` tells whether the patched test passed on both sides; None where that
    was not tried. `notes` are what a person has to know besides.
    """

    kind: SuggestionKind
    text: str
    command: str
    proven: bool | None = None
    obstacle: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class InventoryEntry:
    """A scenario that only the production copy shows, for the inventory. `id` stays the same from run to run.

    `pattern` is what kind of property it is, `entity` the table and column (or the request) that show it, `volume` the class of how many rows of
    legacy's data it takes (`thousands`), `statement` the shape of the query, without a value. `since` is the day on which it was seen first.
    """

    id: str
    scenario: str
    pattern: str
    entity: str
    volume: str
    statement: str
    tests: tuple[str, ...]
    since: str
    run: str
