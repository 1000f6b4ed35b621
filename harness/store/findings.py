"""What few pairs and runs have beside their columns, as JSON: it is shown whole and never searched."""

from __future__ import annotations

from dataclasses import dataclass, fields
from operator import attrgetter
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from harness.errors import StoreError
from harness.model import (  # noqa: F401, TC001  # the adapters look the names of fields' types up here
    AAFrequency,
    Coupling,
    ExperimentResult,
    Floor,
    FloorPlan,
    ObservationBudget,
    ObservationDifference,
    ObservationKind,
    ObservationResult,
    ObservationStatus,
    ObserveMode,
    OrderDependence,
    Rate,
    Side,
    Stickiness,
    StickinessState,
    Tally,
    VacuousReason,
    VacuousSurvey,
)
from harness.model.suggestion import Suggestion, SuggestionKind  # noqa: F401, TC001  # the same

if TYPE_CHECKING:
    from harness.model import Comparison, PairResult


@dataclass(frozen=True, slots=True, kw_only=True)
class PairFindings:
    """The fields of a PairResult that most pairs do not have."""

    order: OrderDependence | None = None
    observations: tuple[ObservationResult, ...] = ()
    vacuous: tuple[VacuousReason, ...] = ()
    couplings: tuple[Coupling, ...] = ()
    experiments: tuple[ExperimentResult, ...] = ()
    suggestion: Suggestion | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFindings:
    """The fields of a Comparison that most runs do not have."""

    floor: Floor | None = None
    vacuity: VacuousSurvey | None = None
    latent: tuple[Coupling, ...] = ()


_PAIR, _RUN = TypeAdapter(PairFindings), TypeAdapter(RunFindings)
_PAIR_NAMES, _RUN_NAMES = (tuple(field.name for field in fields(kind)) for kind in (PairFindings, RunFindings))
_PAIR_FIELDS = attrgetter(*_PAIR_NAMES)
_TERSE: Any = {"exclude_defaults": True, "ensure_ascii": True}
_Findings = TypeVar("_Findings", PairFindings, RunFindings)


def pair_findings(result: PairResult) -> str | None:
    """What a pair has beside its columns; None where that is nothing."""
    given = _PAIR_FIELDS(result)
    return _PAIR.dump_json(PairFindings(**dict(zip(_PAIR_NAMES, given, strict=True))), **_TERSE).decode() if any(given) else None


def run_findings(comparison: Comparison) -> str | None:
    """What a run has beside its columns; None where that is nothing."""
    given = {name: getattr(comparison, name) for name in _RUN_NAMES}
    return _RUN.dump_json(RunFindings(**given), **_TERSE).decode() if any(given.values()) else None


def pair_findings_of(text: str | None) -> dict[str, Any]:
    """What was stored of a pair, by field of PairResult. Raises StoreError where it cannot be read."""
    found = PairFindings() if text is None else _read(_PAIR, text)
    return {name: getattr(found, name) for name in _PAIR_NAMES}


def run_findings_of(text: str | None) -> dict[str, Any]:
    """What was stored of a run, by field of Comparison. Raises StoreError where it cannot be read."""
    found = RunFindings() if text is None else _read(_RUN, text)
    return {name: getattr(found, name) for name in _RUN_NAMES}


def _read(adapter: TypeAdapter[_Findings], text: str) -> _Findings:
    try:
        return adapter.validate_json(text)
    except ValidationError:
        raise StoreError("findings of a run cannot be read", hint="Rebuild the store from the bundles: shadow store rebuild") from None
