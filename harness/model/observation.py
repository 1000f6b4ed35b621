"""What a test observed on a side, and what two sides' observations say of each other.

No value of the data is in any of it: a tree holds shapes, or keyed fingerprints with their types (docs/observations.md has both forms).
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.model.vocabulary import Side


class ObserveMode(StrEnum):
    """How a value is compared: by what it is like, or by what it is."""

    SHAPE = "shape"
    EXACT = "exact"


class ObservationStatus(StrEnum):
    """What comparing one observation came to. What was cut short is never equal."""

    EQUAL = "equal"
    DIFFERENT = "different"
    CUT_SHORT = "cut_short"


class ObservationKind(StrEnum):
    """In what an observation differs."""

    ABSENT = "absent"  # one side did not observe it at all
    TYPE = "type"
    NULL = "null"
    FORMAT = "format"
    ENUMERATION = "enumeration"
    CARDINALITY = "cardinality"
    KEY = "key"
    VALUE = "value"
    ELEMENT = "element"  # of a list or set, without a counterpart


class ObservationBudget(StrEnum):
    """What ran out, or was missing, so that an observation is not known whole."""

    TIME = "time"  # while recording
    NODES = "nodes"
    DEPTH = "depth"
    SIZE = "size"  # of all observations of one test
    COUNT = "count"  # of observations of one test
    KEY = "key"  # without a project key exact values cannot travel: only their shape was recorded
    UNREADABLE = "unreadable"  # a part that cannot be looked into
    IDENTIFIER = "identifier"  # numbers that may be identifiers travel as fingerprints, which know no tolerance
    ROWS = "rows"  # too many unequal elements of an unordered list without a key
    PASSES = "passes"  # of the structural difference
    DIFFERENCES = "differences"
    UNKNOWN = "unknown"  # named by a newer probe

    @classmethod
    def _missing_(cls, value: object) -> ObservationBudget | None:
        return cls.UNKNOWN if isinstance(value, str) else None

    @property
    def sentence(self) -> str:
        """What happened, for a person to read."""
        return _SENTENCES[self]


_SENTENCES = {
    ObservationBudget.TIME: "recording took longer than its budget of time",
    ObservationBudget.NODES: "the value has more parts than are recorded",
    ObservationBudget.DEPTH: "the value is nested deeper than is looked at",
    ObservationBudget.SIZE: "the test's observations together are larger than is recorded",
    ObservationBudget.COUNT: "the test observes more often than is recorded",
    ObservationBudget.KEY: "there was no project key, so only the shape was recorded",
    ObservationBudget.UNREADABLE: "a part of the value cannot be looked into",
    ObservationBudget.IDENTIFIER: "whole numbers above 9,999 may be identifiers and are not compared within a tolerance",
    ObservationBudget.ROWS: "too many elements of an unordered list without a key differ to tell which belong together",
    ObservationBudget.PASSES: "the structural difference did not end within its budget",
    ObservationBudget.DIFFERENCES: "there are more differences than are listed",
    ObservationBudget.UNKNOWN: "it was cut short for a reason that this version does not know",
}


_TREE = ',"tree":'
"""Never within a text of a line, where each quote has a backslash before it."""
_TIGHT = (",", ":")


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """One value that a test observed on one side, as shape or as fingerprints.

    `number` counts the observations of this name within the test, from 1. `digest` is equal where `tree` is; `tree` is JSON text with sorted keys.
    `tolerance` is the smaller number up to which numbers count as equal, None where none travel. `cut` names why the tree is not whole.
    """

    test_id: str
    side: Side
    name: str
    number: int
    compare: ObserveMode
    digest: str
    tree: str
    tolerance: float | None = None
    cut: ObservationBudget | None = None

    @classmethod
    def from_text(cls, text: str, side: Side) -> Self:
        """The observation of one whole line `observe` of a session file; KeyError, TypeError or ValueError where it is not as docs/bundle.md says.

        The tree is the last key of such a line, and is not parsed: where both sides are equal it never will be.
        """
        head, mark, tree = text.partition(_TREE)
        if not mark or not tree.endswith("}\n"):
            raise ValueError("an observation has a tree, and its line an end")
        line = json.loads(head + "}")
        options = line.get("options") or {}
        tolerance = options.get("tolerance")
        cut = line.get("cut")
        if not all(isinstance(line[key], str) for key in ("id", "name", "digest")):
            raise TypeError("an observation has an id, a name and a digest")
        return cls(
            test_id=line["id"],
            side=side,
            name=line["name"],
            number=int(line["n"]),
            compare=ObserveMode(line["compare"]),
            digest=line["digest"],
            tree=tree[:-2],
            tolerance=None if tolerance is None else float(tolerance),
            cut=None if cut is None else ObservationBudget(cut),
        )

    @classmethod
    def from_line(cls, line: Mapping[str, Any], side: Side) -> Self:
        """The observation of a line that has been parsed; the errors of `from_text`."""
        head = {key: value for key, value in line.items() if key != "tree"}
        return cls.from_text(
            json.dumps(head, separators=_TIGHT)[:-1] + _TREE + json.dumps(line["tree"], sort_keys=True, separators=_TIGHT) + "}\n", side
        )

    @property
    def holds_shape(self) -> bool:
        """Whether the tree is a shape, asked for or for want of a key."""
        return self.compare is ObserveMode.SHAPE or self.cut is ObservationBudget.KEY


@dataclass(frozen=True, slots=True, kw_only=True)
class ObservationDifference:
    """One way in which an observation differs, at `path` (`$` is the observed value, `[*]` any element) in `count` places.

    `legacy` and `shadow` say what each side shows; neither discloses a value.
    """

    name: str
    path: str
    kind: ObservationKind
    legacy: str
    shadow: str
    count: int = 1

    @property
    def place(self) -> str:
        """The path with the observation's name for its root: `customer.phone`."""
        return self.name + self.path.removeprefix("$")

    @property
    def sentence(self) -> str:
        """The difference for a person to read: `customer.phone: may be null on legacy, never null on shadow`."""
        places = f" ({self.count} places)" if self.count > 1 else ""
        if self.legacy == self.shadow:
            return f"{self.place}: {self.legacy}{places}"
        return f"{self.place}: {self.legacy} on legacy, {self.shadow} on shadow{places}"

    @property
    def order(self) -> tuple[str, str, str, str]:
        """What differences are listed by."""
        return (self.path, self.kind, self.legacy, self.shadow)

    def mirrored(self) -> ObservationDifference:
        """The same with the sides swapped."""
        return replace(self, legacy=self.shadow, shadow=self.legacy)


@dataclass(frozen=True, slots=True, kw_only=True)
class ObservationResult:
    """What one observation says of both sides.

    `differences` are proven, also where a budget ran out. `cut_short` with differences: there may be more; without: it is not known whether the
    sides agree.
    """

    test_id: str
    name: str
    number: int
    compare: ObserveMode
    status: ObservationStatus
    differences: tuple[ObservationDifference, ...] = ()
    budget: ObservationBudget | None = None

    @property
    def differs(self) -> bool:
        """Whether the sides are known to differ."""
        return bool(self.differences)

    @property
    def sentence(self) -> str:
        """The result in one line for a person to read."""
        title = self.name if self.number == 1 else f"{self.name} (observation {self.number})"
        cut = f"cut short: {self.budget.sentence}" if self.budget is not None else ""
        if not self.differences:
            return f"{title}: {cut or 'equal on both sides'}"
        more = f", and {len(self.differences) - 1} more" if len(self.differences) > 1 else ""
        return self.differences[0].sentence + more + (f" ({cut})" if cut else "")

    def mirrored(self) -> ObservationResult:
        """The same with the sides swapped."""
        return replace(self, differences=tuple(sorted((one.mirrored() for one in self.differences), key=lambda one: one.order)))
