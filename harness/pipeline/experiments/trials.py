"""Which experiments are worth their execution: of tests that pass on legacy and not on shadow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from compare.explanation import deep_records_of, differing_settings
from compare.judge import judge
from harness.model import Cause, CouplingKind, Outcome, OutcomeClass, Pattern, Side, Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from harness.model import Coupling, DeepRecord, Evidence, PairResult, SourceEvidence

_DEADLY = {Outcome.CRASHED, Outcome.TIMEOUT}


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """A test to experiment on. `select` is what pytest is asked for (a subtest runs with its test); `literals` are places in
    `SourceEvidence.literals` that explain it, `entities` say one by one as what; `settings` names those variables of legacy that it is worth to
    try. One that is to be kept `apart` has ended its process, and shares none.
    """

    test_id: str
    select: str
    literals: tuple[int, ...]
    settings: tuple[str, ...]
    entities: tuple[str, ...] = ()
    apart: bool = False


def trials_of(evidence: Evidence, *, settings: Sequence[str]) -> tuple[Trial, ...]:
    """The tests to experiment on, by id. `settings` are the names that may be swapped."""
    pairs = [pair for pair in judge(evidence).pairs if pair.verdict is Verdict.DIVERGENT and _can_tell(pair)]
    differing = set(differing_settings(evidence)) & set(settings)
    records = {side: deep_records_of(evidence, side, pairs) for side in Side}
    places = _places(evidence.sources)
    deadly = {one.test_id for side in (evidence.legacy, evidence.shadow) for one in (*side.full, *side.reruns) if one.outcome in _DEADLY}
    found: list[Trial] = []
    for pair in sorted(pairs, key=lambda one: one.test_id):
        entities: dict[int, str] = {}
        for one in pair.couplings:
            for number in places.get((one.path, one.line, one.column, one.token), ()) if one.kind is not CouplingKind.PATTERN else ():
                entities.setdefault(number, one.entity)
        literals = tuple(entities)
        swapped = _settings(pair, differing, [record for side in Side if (record := records[side].get(pair.test_id)) is not None])
        if literals or swapped:
            select = _select(pair.test_id)
            found.append(
                Trial(
                    test_id=pair.test_id,
                    select=select,
                    literals=literals,
                    settings=swapped,
                    entities=tuple(entities.values()),
                    apart=bool(deadly & {pair.test_id, select}),
                )
            )
    return tuple(found)


def _can_tell(pair: PairResult) -> bool:
    """Whether an outcome can tell anything: legacy passes, shadow does not, and has collected the test."""
    legacy, shadow = pair.of(Side.LEGACY).outcome, pair.of(Side.SHADOW).outcome
    return (
        legacy is not None
        and shadow is not None
        and legacy.kind is OutcomeClass.PASSING
        and shadow.kind not in {OutcomeClass.PASSING, OutcomeClass.ABSENT}
    )


def _settings(pair: PairResult, differing: set[str], records: Sequence[DeepRecord]) -> tuple[str, ...]:
    """Those that the test itself read; all where nothing else explains it, or what another process answered, which may have read any."""
    read = differing & {name for record in records for name in record.variables}
    if read:
        return tuple(sorted(read))
    return tuple(sorted(differing)) if pair.cause in {Cause.ENVIRONMENT, Cause.UNKNOWN, None} or any(map(_is_answered, pair.couplings)) else ()


def _is_answered(coupling: Coupling) -> bool:
    """Whether a value or number in an answer explains it: `GET /fees/{}.currency`."""
    return coupling.pattern in {Pattern.VALUE_SET, Pattern.AGGREGATE} and " /" in coupling.entity


def _places(sources: SourceEvidence | None) -> Mapping[tuple[str, int, int, str | None], list[int]]:
    found: dict[tuple[str, int, int, str | None], list[int]] = {}
    for number, one in enumerate(sources.literals if sources else ()):
        found.setdefault((one.path, one.line, one.column, one.token), []).append(number)
    return found


def _select(test_id: str) -> str:
    """The test of a subtest; any other id as it is."""
    return test_id.rpartition(" [")[0] if " [" in test_id and "[" not in test_id.partition(" [")[0] and test_id.endswith("]") else test_id
