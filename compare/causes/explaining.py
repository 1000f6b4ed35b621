"""Puts the explanations of a pair beside each other and keeps the best."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar

from compare.causes.answers import answers
from compare.causes.assertion import Ask, by_message
from compare.causes.attribution import attribute
from compare.causes.environment import broke_off, settings_at_import, settings_read, switched_off, telling
from compare.causes.expected import expected_keys
from compare.causes.experiments import remedy_of, shown, tried, weighed
from compare.causes.inside import behind, runs_inside, without_counts, without_data
from compare.causes.patterns import find_pattern
from compare.causes.requests import pattern_of_answers, pattern_of_requests
from compare.causes.results import groups
from compare.causes.same_record import other_record, same_record
from compare.causes.sentences import CASES, pattern_sentence, request_sentence
from compare.causes.sketching import function_of, own_files
from harness.model import Cause, Coupling, CouplingKind, DeepPlace, Direction, Pattern, Remedy, Signal, SourceEvidence, Strength, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from compare.causes.assertion import Sketch
    from compare.causes.experiments import Tried
    from compare.causes.finding import Finding
    from compare.causes.results import Group
    from harness.model import DeepRecord, Experiment, PairResult

_T = TypeVar("_T")
_LEGACY_NEEDED = frozenset(
    {Direction.LEGACY_ONLY_PASS, Direction.LEGACY_ONLY_COLLECTED, Direction.SKIP_MISMATCH, Direction.OBSERVATION, Direction.EFFECT, None}
)
"""Directions in which shadow lacks something. Where shadow alone passes, the test asks for no record of legacy: it suffers from what legacy holds."""
_COLLECTED = frozenset({Direction.LEGACY_ONLY_COLLECTED, Direction.SHADOW_ONLY_COLLECTED})
"""Cases that one side alone has: they were made of its data."""
_UNEXPLAINED: dict[Direction | None, Remedy] = {
    **dict.fromkeys(_COLLECTED, Remedy.MAKE_DATA_AGNOSTIC),
    Direction.OBSERVATION: Remedy.DOCUMENT_SCENARIO,
}
"""What is left where no cause is known: cases that do not hang on the data; what is merely observed fails no test, so that a person decides."""
_VOLUME = 5
"""From this class of rows on (thousands), a case made by hand cannot stand for what legacy holds."""


def explain(
    pairs: Iterable[PairResult],
    *,
    sources: SourceEvidence | None,
    legacy: Mapping[str, DeepRecord],
    shadow: Mapping[str, DeepRecord],
    experiments: Sequence[Experiment] = (),
    settings: Sequence[str] = (),
    assertions: Mapping[str, Sketch] | None = None,
) -> tuple[PairResult, ...]:
    """The pairs with `couplings`, `cause` and `remedy` of those that diverge; the others as they are.

    Records are those of the deep rerun on a side, by test id; either may be missing, and so may `sources`: then less is found. `settings` names
    variables that differ between the sides, `assertions` are sketches by test id (`sketch_of`). The order of anything given changes nothing.
    """
    given = tuple(pairs)
    evidence = sources or SourceEvidence()
    by_test: dict[str, list[Experiment]] = {}
    for one in experiments:
        by_test.setdefault(one.test_id, []).append(one)
    cases = {
        pair.test_id: _Case.of(
            pair,
            evidence,
            _of_test(legacy, pair.test_id),
            _of_test(shadow, pair.test_id),
            by_test.get(pair.test_id, ()),
            _of_test(assertions or {}, pair.test_id),
        )
        for pair in given
        if pair.verdict is Verdict.DIVERGENT
    }
    said = telling(settings, [case.records for case in cases.values() if case.is_sure])
    inside = runs_inside(record for case in cases.values() for record in case.records)
    tested = {test_id: shown(every, sources) for test_id, every in by_test.items()}
    return tuple(
        replace(cases[pair.test_id].explained(said, differ=bool(settings), inside=inside), experiments=tested.get(pair.test_id, ()))
        if pair.test_id in cases
        else pair
        for pair in given
    )


def _of_test(by_test: Mapping[str, _T], test_id: str) -> _T | None:
    """What is known of a test; of a subtest, what is known of the test that it belongs to."""
    own = by_test.get(test_id)
    return own if own is not None or not test_id.endswith("]") else by_test.get(test_id.rpartition(" [")[0])


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    """A divergent pair with all that may explain it."""

    pair: PairResult
    records: tuple[DeepRecord, ...]
    couplings: tuple[Coupling, ...]
    pattern: Coupling | None
    remedy: Remedy
    was_likely: bool
    of_fixtures: bool
    results: Tried
    broke_off: bool
    switched_off: bool

    @classmethod
    def of(
        cls,
        pair: PairResult,
        sources: SourceEvidence,
        legacy: DeepRecord | None,
        shadow: DeepRecord | None,
        experiments: Sequence[Experiment],
        sketch: Sketch | None,
    ) -> _Case:
        results = tried(experiments)
        seen = groups(legacy, shadow)
        place = _failed_at(pair, legacy, shadow)
        sketch = sketch or (by_message(pair.failure, place) if pair.failure is not None and place is not None else None)
        couplings: tuple[Coupling, ...] = ()
        pattern: Coupling | None = None
        remedy = Remedy.NONE
        was_likely = of_fixtures = False
        if pair.direction in _LEGACY_NEEDED:
            at = frozenset(one for one in (place, sketch.place if sketch else None) if one is not None)
            missed = pair.failure is not None and pair.failure.type.rpartition(".")[2] == "KeyError"
            made_of = sketch.lines if sketch is not None and sketch.whole else ()
            attributed = attribute(pair.test_id, sources, legacy, shadow, failed_at=at, made_of=made_of, missed=missed)
            couplings = tuple(one.coupling for one in weighed(attributed, results))
            if all(one.strength is Strength.POSSIBLE for one in couplings):
                couplings = (*expected_keys(pair.test_id, sources, seen, sketch, at), *couplings)
            was_likely = any(one.coupling.strength is Strength.LIKELY for one in attributed)
        if pair.direction in _COLLECTED:
            pattern, remedy = _of_cases(pair, sketch), Remedy.MAKE_DATA_AGNOSTIC
        else:
            answered = answers(legacy, shadow, sketch)
            finding = find_pattern(behind(seen, answered, sketch), sketch)
            if finding is None or finding.strength is not Strength.LIKELY:
                finding = find_pattern(without_counts(seen, answered, sketch), sketch)
            if finding is None or finding.strength is not Strength.LIKELY:
                finding = pattern_of_answers(legacy, shadow, sketch) or finding
            pattern, remedy = _pattern(finding, seen, legacy, shadow, sketch)
            of_fixtures = finding is not None and finding.group.is_setup and _leads_elsewhere(finding, sketch)
            if finding is not None and pair.direction in _LEGACY_NEEDED:
                couplings = (*couplings, *same_record(pair.test_id, sources, legacy, shadow, finding.group))
            elif pair.direction in _LEGACY_NEEDED and not couplings:
                shared = (one for group in other_record(seen, sketch) for one in same_record(pair.test_id, sources, legacy, shadow, group))
                couplings = tuple(replace(one, strength=Strength.POSSIBLE) for one in shared)
        return cls(
            pair=pair,
            records=tuple(one for one in (legacy, shadow) if one is not None),
            couplings=couplings,
            pattern=pattern,
            remedy=remedy,
            was_likely=was_likely,
            of_fixtures=of_fixtures,
            results=results,
            broke_off=broke_off(seen),
            switched_off=switched_off(legacy, shadow),
        )

    @property
    def sure(self) -> tuple[Coupling, ...]:
        """Couplings to a record that are likely or proven; once one is proven, those alone that are."""
        proven = tuple(one for one in self.couplings if one.strength is Strength.CONFIRMED)
        return proven or tuple(one for one in self.couplings if one.strength is Strength.LIKELY)

    @property
    def is_sure(self) -> bool:
        """Whether a record explains it."""
        return bool(self.sure) and not self.results.swap_passed

    def explained(self, settings: frozenset[str], *, differ: bool, inside: bool) -> PairResult:
        """The pair with the best of its explanations. `settings` are those that say something, `differ` tells that the sides' differ at all, `inside`
        that the system under test was seen to run in the tests' process.
        """
        possible = tuple(one for one in self.couplings if one.strength is Strength.POSSIBLE)
        if self.results.swap_passed or (not self.sure and (self._is_setting(settings, inside=inside) or (differ and self.switched_off))):
            return self._with((), Cause.ENVIRONMENT, Remedy.FIX_ENVIRONMENT)
        guessed = self.pattern is None or (
            self.was_likely and self.pattern.strength is Strength.POSSIBLE
        )  # a twin that does not mend it proves no guess
        if self.sure or (possible and guessed):
            couplings = self.sure or possible
            return self._with(couplings, _cause(couplings), remedy_of(couplings))
        if self.pattern is not None:
            return self._with((self.pattern,), Cause.PATTERN, self.remedy)
        if settings_at_import(settings, self.records):
            return self._with((), Cause.ENVIRONMENT, Remedy.FIX_ENVIRONMENT)
        return self._with((), Cause.UNKNOWN, _UNEXPLAINED.get(self.pair.direction, Remedy.NONE))

    def _is_setting(self, settings: frozenset[str], *, inside: bool) -> bool:
        """Whether the test read a setting that says something, and no property of the data explains it as well. Where statements of the system under
        test are seen and there was none, an answer that differs is none of the data's; nor is what fixtures alone read, where the assertion does not
        lead there.
        """
        of_data = not self.of_fixtures and not (inside and without_data(self.records))
        likely = self.pattern is not None and self.pattern.strength is Strength.LIKELY and of_data
        return bool(settings_read(settings, self.records)) and (self.broke_off or not likely)

    def _with(self, couplings: tuple[Coupling, ...], cause: Cause, remedy: Remedy) -> PairResult:
        return replace(self.pair, couplings=couplings, cause=cause, remedy=remedy)


def _cause(couplings: Sequence[Coupling]) -> Cause:
    return Cause.NATURAL_KEY if couplings[0].kind is CouplingKind.NATURAL_KEY else Cause.IDENTIFIER


def _failed_at(pair: PairResult, legacy: DeepRecord | None, shadow: DeepRecord | None) -> DeepPlace | None:
    """The line of the test's function that the failure shows, else the innermost of the suite's own files; where all lie elsewhere, the innermost."""
    if pair.failure is None or not pair.failure.frames:
        return None
    own = own_files(pair, legacy, shadow)
    shown = [frame for frame in reversed(pair.failure.frames) if frame.path in own]
    of_test = (frame for frame in shown if frame.function == function_of(pair.test_id))
    frame = next(of_test, shown[0] if shown else pair.failure.frames[-1])
    return DeepPlace(path=frame.path, line=frame.line)


def _pattern(
    finding: Finding | None, seen: Sequence[Group], legacy: DeepRecord | None, shadow: DeepRecord | None, sketch: Sketch | None
) -> tuple[Coupling | None, Remedy]:
    if finding is not None and finding.strength is not None:
        place = sketch.place if sketch else finding.group.at
        if place is None:
            return None, Remedy.NONE
        signals = (*((Signal.RESULT_SHAPE,) if finding.shown else ()), *((Signal.ASSERTION,) if finding.asked else ()))
        return _of_pattern(finding.pattern, finding.strength, place, str(finding.entity), signals, pattern_sentence(finding)), _remedy(
            finding, sketch
        )
    if any(group.outline.tables for group in seen):
        return None, Remedy.NONE
    asked = pattern_of_requests(legacy, shadow, sketch)
    if asked is None or sketch is None:
        return None, Remedy.NONE
    pattern, request = asked
    entity = f"{request.method} {request.path}"
    found = _of_pattern(pattern, Strength.POSSIBLE, sketch.place, entity, (Signal.ASSERTION,), request_sentence(pattern, entity))
    return found, Remedy.ADD_SYNTHETIC_CASE


def _of_cases(pair: PairResult, sketch: Sketch | None) -> Coupling | None:
    """That a parametrised case exists on legacy alone, where its values are made of the data and are no literals."""
    if sketch is None or pair.direction is not Direction.LEGACY_ONLY_COLLECTED or "[" not in pair.test_id:
        return None
    pattern = Pattern.TIME_WINDOW if Ask.MOMENT in sketch.asks else Pattern.VALUE_SET
    entity = pair.test_id.partition("[")[0].rpartition("::")[2]
    return _of_pattern(pattern, Strength.POSSIBLE, sketch.place, entity, (Signal.ASSERTION,), CASES)


def _of_pattern(pattern: Pattern, strength: Strength, place: DeepPlace, entity: str, signals: tuple[Signal, ...], sentence: str) -> Coupling:
    return Coupling(
        kind=CouplingKind.PATTERN,
        pattern=pattern,
        strength=strength,
        path=place.path,
        line=place.line,
        column=1,
        entity=entity,
        signals=signals,
        sentence=sentence,
    )


def _leads_elsewhere(finding: Finding, sketch: Sketch | None) -> bool:
    return sketch is not None and sketch.whole and finding.group.places.isdisjoint(sketch.lines)


def _remedy(finding: Finding, sketch: Sketch | None) -> Remedy:
    """A case with the pattern, where a few rows can show it; a scenario on record where the test asks for thousands.

    Where the source does not say what it asks for, the rows do: thousands of which shadow has not a tenth.
    """
    counted = finding.pattern in {Pattern.CARDINALITY, Pattern.FAN_OUT}
    if counted and sketch is not None and sketch.whole:
        volume = sketch.has(Ask.VOLUME) and finding.pattern is Pattern.CARDINALITY  # however many belong to one record, they are one case
        return Remedy.DOCUMENT_SCENARIO if volume else Remedy.ADD_SYNTHETIC_CASE
    most = [max(side.fetched, default=0) for side in (finding.group.legacy, finding.group.shadow)]
    if counted and len(str(most[0])) + 1 >= _VOLUME and most[0] >= 10 * max(1, most[1]):
        return Remedy.DOCUMENT_SCENARIO
    return Remedy.ADD_SYNTHETIC_CASE
