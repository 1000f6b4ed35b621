"""Cases that one side alone has, and keys under which both sides hold different records."""

from __future__ import annotations

from dataclasses import replace

import pytest

from compare.causes import explain, sketch_of_cases, skip_in
from harness.model import (
    Cause,
    CouplingKind,
    DeepColumn,
    DeepPlace,
    DeepRecord,
    DeepRequest,
    DeepStatement,
    DeepValue,
    Direction,
    Failure,
    Frame,
    HostClass,
    KnownLiteral,
    Outcome,
    PairResult,
    Pattern,
    Phase,
    ReachedLiteral,
    Remedy,
    Side,
    SideResult,
    SourceEvidence,
    Verdict,
)
from harness.model.assertion import Ask, Sketch
from harness.model.coupling import LiteralForm, LiteralSource, Match, Presence

PATH = "tests/test_a.py"
TEST = f"{PATH}::test_one"


def pair(direction: Direction, test_id: str = TEST) -> PairResult:
    failure = Failure(type="AssertionError", message="assert 'a' == 'b'", phase=Phase.CALL, frames=(Frame(path=PATH, line=5, function="test_one"),))
    only = direction in {Direction.LEGACY_ONLY_COLLECTED, Direction.SHADOW_ONLY_COLLECTED}
    return PairResult(
        test_id=test_id,
        legacy=SideResult(outcome=None if direction is Direction.SHADOW_ONLY_COLLECTED else Outcome.PASSED),
        shadow=SideResult(outcome=None if direction is Direction.LEGACY_ONLY_COLLECTED else Outcome.FAILED, failure=None if only else failure),
        verdict=Verdict.DIVERGENT,
        reason="",
        direction=direction,
    )


@pytest.mark.parametrize(
    ("source", "test_id", "line", "ask"),
    [
        ("@mark.parametrize('ward', wards())\ndef test_one(ward): ...\n", f"{TEST}[north]", 1, Ask.TEXT),
        ("\n@mark.parametrize('month', MONTHS)\n@mark.parametrize('n', [1, 2])\ndef test_one(month, n): ...\n", f"{TEST}[1-2024-03]", 2, Ask.MOMENT),
        ("@mark.parametrize('ward', wards())\nclass TestA:\n    def test_one(self, ward): ...\n", f"{PATH}::TestA::test_one[x]", 1, Ask.TEXT),
    ],
)
def test_cases_are_made_where_their_decorator_stands(source: str, test_id: str, line: int, ask: Ask) -> None:
    sketch = sketch_of_cases(test_id, {PATH: source})
    assert sketch is not None
    assert (sketch.place, sketch.asks) == (DeepPlace(path=PATH, line=line), frozenset({ask}))


@pytest.mark.parametrize(
    ("source", "test_id"),
    [
        ("@mark.parametrize('ward', wards())\ndef test_one(ward): ...\n", TEST),
        ("@mark.parametrize('ward', os.environ['WARDS'].split())\ndef test_one(ward): ...\n", f"{TEST}[north]"),
        ("def test_other(ward): ...\n", f"{TEST}[north]"),
        ("def test_one(", f"{TEST}[north]"),
    ],
)
def test_what_the_data_do_not_make_has_no_such_place(source: str, test_id: str) -> None:
    assert sketch_of_cases(test_id, {PATH: source}) is None


def test_a_case_of_one_side_is_made_of_its_data() -> None:
    case = f"{TEST}[north]"
    place = DeepPlace(path=PATH, line=1)
    sketch = Sketch(place=place, lines=(place,), asks=frozenset({Ask.TEXT}), whole=True)
    results = [
        explain([pair(direction, case)], sources=None, legacy={}, shadow={}, assertions={case: sketch})[0]
        for direction in (Direction.LEGACY_ONLY_COLLECTED, Direction.SHADOW_ONLY_COLLECTED)
    ]
    assert [(one.pattern, one.line) for one in results[0].couplings] == [(Pattern.VALUE_SET, 1)]
    assert results[1].couplings == ()
    assert [one.remedy for one in results] == [Remedy.MAKE_DATA_AGNOSTIC] * 2


@pytest.mark.parametrize(
    ("body", "line"),
    [
        ("if not rows:\n        pytest.skip('none')\n    assert rows", 3),
        ("assert rows", None),
        ("if a:\n        pytest.skip('a')\n    if b:\n        pytest.skip('b')", None),
    ],
)
def test_a_test_skips_itself_in_one_place_or_nobody_knows_where(body: str, line: int | None) -> None:
    found = skip_in(TEST, {PATH: f"def test_one(rows):\n    {body}\n"})
    assert (found.frames[0].line if found else None) == line


def record(side: Side, name: str, *keys: str) -> DeepRecord:
    columns = (DeepColumn(name="surname", types=("str",), distinct=1, values=(name,)),)
    statements = tuple(
        DeepStatement(
            sql="SELECT * FROM patients WHERE id = ?",
            parameters=(DeepValue(type="int", fingerprints=(key,)),),
            fetched=1,
            columns=columns,
            at=DeepPlace(path=PATH, line=5),
        )
        for key in keys
    )
    return DeepRecord(test_id=TEST, side=side, statements=statements)


@pytest.mark.parametrize(
    ("keys", "presence", "expected"),
    [
        (("k42",), Presence.BOTH, Cause.IDENTIFIER),
        (("k42", "k43", "k44"), Presence.BOTH, Cause.PATTERN),  # each record was read in turn
        (("k43",), Presence.BOTH, Cause.PATTERN),  # a key that the source does not hold
        (("k42",), Presence.SHADOW, Cause.PATTERN),
    ],
)
def test_a_key_of_both_sides_may_hold_another_record(keys: tuple[str, ...], presence: Presence, expected: Cause) -> None:
    match = Match(entity="patients.id", kind=CouplingKind.IDENTIFIER, content="number", presence=presence, density=0.6)
    literal = KnownLiteral(
        path=PATH, line=2, column=1, form=LiteralForm.WRITTEN, token="number:k42", fingerprints=("k42",), matches=(match,), name=None
    )
    sources = SourceEvidence(
        literals=(literal,),
        reached={TEST: (ReachedLiteral(literal=0, source=LiteralSource.BODY, distance=0),)},
        values=dict.fromkeys(keys, (match,)),
    )
    place = DeepPlace(path=PATH, line=5)
    sketch = Sketch(place=place, lines=(place,), names=("surname",), asks=frozenset({Ask.TEXT}), whole=True)
    (result,) = explain(
        [pair(Direction.LEGACY_ONLY_PASS)],
        sources=sources,
        legacy={TEST: record(Side.LEGACY, "aaa", *keys)},
        shadow={TEST: record(Side.SHADOW, "bbb", *keys)},
        assertions={TEST: sketch},
    )
    assert result.cause is expected
    if expected is Cause.IDENTIFIER:
        assert [(one.path, one.line, one.entity) for one in result.couplings] == [(PATH, 2, "patients.id")]
        assert result.remedy is Remedy.MAKE_DATA_AGNOSTIC


@pytest.mark.parametrize(
    ("legacy_alone", "name", "expected"),
    [
        (True, "patient_id", Cause.IDENTIFIER),
        (False, "patient_id", Cause.PATTERN),  # as far as anything tells, both sides share the patients: they are reference data
        (True, "ward_id", Cause.PATTERN),  # it is another key
    ],
)
def test_what_refers_to_a_record_of_both_sides_belongs_to_it(*, legacy_alone: bool, name: str, expected: Cause) -> None:
    shared = Match(entity="patients.id", kind=CouplingKind.IDENTIFIER, content="number", presence=Presence.BOTH, density=0.6)
    held = replace(shared, presence=Presence.LEGACY if legacy_alone else Presence.BOTH)
    literals = tuple(
        KnownLiteral(path=PATH, line=line, column=1, form=LiteralForm.WRITTEN, token=f"number:{key}", fingerprints=(key,), matches=(one,), name=None)
        for line, key, one in ((2, "k42", shared), (30, "k99", held))
    )
    place = DeepPlace(path=PATH, line=5)
    records = [
        DeepRecord(
            test_id=TEST,
            side=side,
            statements=(
                DeepStatement(
                    sql=f"SELECT * FROM visits WHERE {name} = ?",
                    parameters=(DeepValue(type="int", fingerprints=("k42",)),),
                    fetched=count,
                    columns=(DeepColumn(name="cost", types=("float",), distinct=1),),
                    at=place,
                ),
            ),
        )
        for side, count in ((Side.LEGACY, 34), (Side.SHADOW, 2))
    ]
    (result,) = explain(
        [pair(Direction.LEGACY_ONLY_PASS)],
        sources=SourceEvidence(
            literals=literals, reached={TEST: (ReachedLiteral(literal=0, source=LiteralSource.BODY, distance=0),)}, values={"k42": (shared,)}
        ),
        legacy={TEST: records[0]},
        shadow={TEST: records[1]},
        assertions={TEST: Sketch(place=place, lines=(place,), asks=frozenset({Ask.COUNT}), whole=True)},
    )
    assert result.cause is expected


def test_a_record_that_both_sides_answer_under_one_key_is_one_record() -> None:
    shared = Match(entity="patients.id", kind=CouplingKind.IDENTIFIER, content="number", presence=Presence.BOTH, density=0.6)
    literals = tuple(
        KnownLiteral(
            path=PATH, line=line, column=1, form=LiteralForm.PART, token=f"number:{key}", fingerprints=(key,), matches=(one,), name="patients"
        )
        for line, key, one in ((5, "k42", shared), (30, "k99", replace(shared, presence=Presence.LEGACY)))
    )
    place = DeepPlace(path=PATH, line=5)
    records = [
        DeepRecord(
            test_id=TEST,
            side=side,
            requests=(
                DeepRequest(
                    method="GET",
                    host=HostClass.LOOPBACK,
                    path="/api/patients/{}",
                    segments=(DeepValue(type="str", format="integer", fingerprints=("k42",)),),
                    status=200,
                    rows=1,
                    single=True,
                    columns=(DeepColumn(name="surname", types=("str",), distinct=1, values=(value,)),),
                    at=place,
                ),
            ),
        )
        for side, value in ((Side.LEGACY, "aaa"), (Side.SHADOW, "bbb"))
    ]
    (result,) = explain(
        [pair(Direction.LEGACY_ONLY_PASS)],
        sources=SourceEvidence(
            literals=literals, reached={TEST: (ReachedLiteral(literal=0, source=LiteralSource.BODY, distance=0),)}, values={"k42": (shared,)}
        ),
        legacy={TEST: records[0]},
        shadow={TEST: records[1]},
        assertions={TEST: Sketch(place=place, lines=(place,), names=("surname",), asks=frozenset({Ask.TEXT}), whole=True)},
    )
    assert [(one.kind, one.line, one.entity) for one in result.couplings] == [(CouplingKind.IDENTIFIER, 5, "patients.id")]
