"""What experiments add: a coupling proven, or shown not to be the whole of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from harness.model import Cause, ExperimentKind, ExperimentResult, OutcomeClass, Remedy, Signal, Strength

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from compare.causes.attribution import Attributed
    from harness.model import Coupling, Experiment, KnownLiteral, PairResult, SourceEvidence


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What came of the experiments on one test. `refuted` are literals whose twin changed nothing."""

    confirmed: frozenset[int]
    refuted: frozenset[int]
    needed: frozenset[int]
    settings: tuple[str, ...]

    @property
    def swap_passed(self) -> bool:
        """Whether legacy's settings alone made it pass on shadow's data."""
        return bool(self.settings)


def tried(experiments: Iterable[Experiment]) -> Tried:
    """The results that say something; what could not be tried says nothing."""
    confirmed: set[int] = set()
    refuted: set[int] = set()
    needed: set[int] = set()
    settings: list[str] = []
    for one in experiments:
        if one.outcome is None:
            continue
        passed = one.outcome.kind is OutcomeClass.PASSING
        if one.kind is ExperimentKind.SETTINGS_SWAP and passed:
            settings.append(one.setting or "the settings")
        elif one.literal is not None and one.kind is ExperimentKind.COUNTERFACTUAL:
            (confirmed if passed else refuted).add(one.literal)
        elif one.literal is not None and one.kind is ExperimentKind.OTHER_RECORD and not passed:
            needed.add(one.literal)
    return Tried(confirmed=frozenset(confirmed), refuted=frozenset(refuted - confirmed), needed=frozenset(needed), settings=tuple(settings))


def shown(experiments: Iterable[Experiment], sources: SourceEvidence | None) -> tuple[ExperimentResult, ...]:
    """The experiments on a test, with the places of their literals instead of their numbers; each place once."""
    literals = sources.literals if sources else ()
    return tuple(dict.fromkeys(_shown(one, literals) for one in experiments))


def _shown(one: Experiment, literals: Sequence[KnownLiteral]) -> ExperimentResult:
    at = literals[one.literal] if one.literal is not None and one.literal < len(literals) else None
    return ExperimentResult(
        kind=one.kind,
        side=one.side,
        outcome=one.outcome,
        obstacle=one.obstacle,
        path=at.path if at else None,
        line=at.line if at else None,
        column=at.column if at else None,
        setting=one.setting,
    )


def by_settings(pair: PairResult, experiments: Sequence[Experiment]) -> PairResult:
    """A pair of which nothing is known but the experiments: settings that make it pass are its cause."""
    found = replace(pair, experiments=shown(experiments, None))
    return replace(found, cause=Cause.ENVIRONMENT, remedy=Remedy.FIX_ENVIRONMENT) if tried(experiments).swap_passed else found


def weighed(found: Iterable[Attributed], results: Tried) -> tuple[Attributed, ...]:
    """The couplings with what experiments say of them.

    A twin that made the test pass confirms. One that did not, refutes: unless another record of legacy fails there, too, for then the test needs the
    properties of this record, which no twin of shadow need have; or unless the value was seen to find rows on legacy and none on shadow, for then it
    is one of several things that shadow lacks.
    """
    return tuple(replace(one, coupling=_weighed(one.coupling, one.literal, results)) for one in found)


def _weighed(coupling: Coupling, literal: int | None, results: Tried) -> Coupling:
    if literal is None:
        return coupling
    signals = coupling.signals
    if literal in results.needed:
        signals = (*signals, Signal.OTHER_RECORD)
    if literal in results.confirmed:
        return replace(coupling, strength=Strength.CONFIRMED, signals=(*signals, Signal.COUNTERFACTUAL))
    if literal in results.refuted and literal not in results.needed and Signal.FOUND_NOTHING not in signals:
        return replace(coupling, strength=Strength.POSSIBLE, signals=signals)
    return replace(coupling, signals=signals)


def remedy_of(couplings: Sequence[Coupling]) -> Remedy:
    """What to do about a test that asks for one record: take any record, unless it needs what is special about this one."""
    needed = any(Signal.OTHER_RECORD in one.signals and Signal.COUNTERFACTUAL not in one.signals for one in couplings)
    return Remedy.ADD_SYNTHETIC_CASE if needed else Remedy.MAKE_DATA_AGNOSTIC
