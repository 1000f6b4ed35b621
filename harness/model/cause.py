"""Why a pair diverges: what of the suite's source the identity index knows, which couplings follow from it, and by which signals.

No value of the data is in any of it: a value is a token such as `email:7f3a91`, or a keyed fingerprint of its canonical spelling.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from harness.model.vocabulary import CouplingKind, Outcome, Pattern, Side, Strength  # noqa: TC001  # the store's adapters look them up here

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.model.coupling import LiteralForm, LiteralSource, Match


class Signal(StrEnum):
    """One reason to believe a coupling."""

    LITERAL = "literal"  # it stands in what the test reaches
    LEGACY_ONLY = "legacy_only"  # only the production copy holds it
    NAME = "name"  # the source calls it what the schema calls its column
    BOUND_PARAMETER = "bound_parameter"  # it was bound in a statement, on a side
    REQUESTED = "requested"  # it was part of a request
    FOUND_NOTHING = "found_nothing"  # what it was bound in found rows on legacy and none on shadow
    RESULT_SHAPE = "result_shape"  # the first statement whose result differs in shape between the sides
    ASSERTION = "assertion"  # the assertion that failed speaks of it
    COUNTERFACTUAL = "counterfactual"  # replaced by its twin, the test passes on shadow
    OTHER_RECORD = "other_record"  # replaced by another record of legacy, the test fails on legacy


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownLiteral:
    """A literal of the suite that the identity index knows. `path` is relative to the suite's root, line and column are 1-based.

    `token` stands for the value (`email:7f3a91`), `fingerprints` are those of its canonical spellings, `matches` what the index says of it, the most
    telling first. `name` is what the source calls it.
    """

    path: str
    line: int
    column: int
    form: LiteralForm
    token: str
    fingerprints: tuple[str, ...]
    matches: tuple[Match, ...]
    name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReachedLiteral:
    """A known literal that one test can reach; `literal` is its place in `SourceEvidence.literals`."""

    literal: int
    source: LiteralSource
    distance: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceEvidence:
    """What the scan of the suite and the identity index say together, as the bundle keeps it (`couplings.json`).

    `reached` is by test id, `everywhere` are all places of the suite, also comments, docstrings and data files that no test reaches,
    `values` is what the index says of fingerprints that the deep probe saw. `unavailable` says why there is none of it, where that is so.
    """

    literals: tuple[KnownLiteral, ...] = ()
    reached: Mapping[str, tuple[ReachedLiteral, ...]] = field(default_factory=dict)
    everywhere: tuple[ReachedLiteral, ...] = ()
    values: Mapping[str, tuple[Match, ...]] = field(default_factory=dict)
    unavailable: str = ""


class ExperimentKind(StrEnum):
    """What was changed in a rerun to see whether it changes the result."""

    COUNTERFACTUAL = "counterfactual"  # on shadow, the literal is replaced by its structural twin of shadow's data
    OTHER_RECORD = "other_record"  # on legacy, the literal is replaced by that of another record there
    SETTINGS_SWAP = "settings_swap"  # on shadow's data, with legacy's settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Experiment:
    """One experiment on one test. `literal` is a place in `SourceEvidence.literals`, None for the settings swap; `setting` names what was swapped
    there. `outcome` is None where it could not be tried, and then `obstacle` says why.
    """

    kind: ExperimentKind
    test_id: str
    side: Side
    literal: int | None = None
    setting: str | None = None
    outcome: Outcome | None = None
    obstacle: str = ""


_CHANGED = {
    ExperimentKind.COUNTERFACTUAL: "with a record of shadow's own",
    ExperimentKind.OTHER_RECORD: "with another record of legacy",
    ExperimentKind.SETTINGS_SWAP: "with legacy's settings",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ExperimentResult:
    """What came of an experiment on a pair's test. `path`, `line` and `column` are the place of the literal that was replaced, None for settings;
    `setting` names those. `outcome` is None where it could not be tried, and then `obstacle` says why.
    """

    kind: ExperimentKind
    side: Side
    outcome: Outcome | None = None
    obstacle: str = ""
    path: str | None = None
    line: int | None = None
    column: int | None = None
    setting: str | None = None

    @property
    def sentence(self) -> str:
        """It for a person to read: `with a record of shadow's own at tests/test_a.py:9:12: passed on shadow`."""
        at = f" at {self.path}:{self.line}:{self.column}" if self.path else f" ({self.setting})" if self.setting else ""
        return f"{_CHANGED[self.kind]}{at}: {f'{self.outcome.value} on {self.side.value}' if self.outcome else f'not tried, {self.obstacle}'}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Coupling:
    """A dependence of a test on real customer data, at a place of the suite's source.

    `pattern` is named where `kind` is `pattern`. `latent` couplings are those of tests that agree. `entity` is the table and column, `token` stands
    for the value (None for a pattern). `sentence` says for a person what the test depends on, in words that disclose nothing.
    """

    kind: CouplingKind
    strength: Strength
    path: str
    line: int
    column: int
    entity: str
    signals: tuple[Signal, ...]
    pattern: Pattern | None = None
    latent: bool = False
    token: str | None = None
    sentence: str = ""
