"""What was recorded during a run, as read back from a bundle."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from harness.model.vocabulary import Side

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from harness.model.assertion import Sketch
    from harness.model.attempt import Attempt
    from harness.model.cause import Experiment, SourceEvidence
    from harness.model.deep import DeepRecord
    from harness.model.plan import ConfirmPolicy
    from harness.model.rerun import FloorEvidence, OrderEvidence
    from harness.model.suggestion import Suggestion
    from harness.model.vocabulary import EndReason, InfrastructureKind


@dataclass(frozen=True, slots=True, kw_only=True)
class InfrastructureFailure:
    """A fault of an environment or of the harness. `message` says what happened, `hint` what to do; neither holds a value of the data."""

    kind: InfrastructureKind
    message: str
    hint: str
    side: Side | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionEnd:
    """How one session ended. `guilty` are the tests that were running when it was killed; `detail` is redacted."""

    reason: EndReason
    exit_status: int | None = None
    guilty: tuple[str, ...] = ()
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunHeader:
    """Identity of a run. Times are aware and in UTC; `finished_at` is None while it runs or where it died.

    `whole` tells whether both sides were to run the whole suite: no part of it (`--shard`), no selection, no single side. Only such runs are nights.
    """

    id: str
    suite: str
    started_at: datetime
    confirm: ConfirmPolicy
    finished_at: datetime | None = None
    complete: bool = False
    harness_version: str = ""
    whole: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class SideEvidence:
    """What one side showed.

    `collected`: ids in collection order; `full`: attempts of the full run; `reruns`: attempts of confirmation pairs, by pair then order;
    `facts`: what parity compares, name -> text; `finished`: every planned session of the full run ended by itself;
    `deep`: what tests did on their way, of fresh pairs as a whole, of other sessions without the details (`DeepRecord.slim`).
    """

    side: Side
    collected: tuple[str, ...] = ()
    full: tuple[Attempt, ...] = ()
    reruns: tuple[Attempt, ...] = ()
    facts: Mapping[str, str] = field(default_factory=dict)
    finished: bool = False
    deep: tuple[DeepRecord, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One run, whole: what `compare` decides from.

    `decided` is True once confirmation reached its one stopping time; `can_rerun` tells whether candidates could be rerun at all;
    `planned` are the sides that were to run (both, but for `--side`). `order` and `floor` are None where there was no such search, no A/A run;
    `sources` is None where couplings were not looked for, `assertions` are what failed assertions ask of the data, by test id; `experiments` are
    those that were tried, or could not be, `suggestions` what was suggested, by test id.
    """

    run: RunHeader
    legacy: SideEvidence
    shadow: SideEvidence
    infrastructure: tuple[InfrastructureFailure, ...] = ()
    decided: bool = True
    can_rerun: bool = True
    planned: frozenset[Side] = frozenset(Side)
    order: OrderEvidence | None = None
    floor: FloorEvidence | None = None
    sources: SourceEvidence | None = None
    assertions: Mapping[str, Sketch] = field(default_factory=dict)
    experiments: tuple[Experiment, ...] = ()
    suggestions: Mapping[str, Suggestion] = field(default_factory=dict)
