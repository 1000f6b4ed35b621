"""Why pairs diverge: couplings to records, and what does not couple."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compare.causes import explain, sketch_of
from harness.model import (
    Cause,
    Coupling,
    CouplingKind,
    DeepColumn,
    DeepPlace,
    DeepRecord,
    DeepRequest,
    DeepStatement,
    DeepValue,
    Direction,
    Experiment,
    ExperimentKind,
    Failure,
    Frame,
    HostClass,
    KnownLiteral,
    Outcome,
    PairResult,
    Phase,
    ReachedLiteral,
    Remedy,
    Side,
    SideResult,
    Signal,
    SourceEvidence,
    Strength,
    Verdict,
)
from harness.model.coupling import LiteralForm, LiteralSource, Match, Presence

TEST = "tests/test_a.py::test_one"
PRINT = "aaaaaaaaaaaa"
BY_ID = "SELECT * FROM patients WHERE id = ?"


FAILURE = Failure(
    type="AssertionError", message="assert None", phase=Phase.CALL, frames=(Frame(path="tests/test_a.py", line=9, function="test_one"),)
)


def pair(direction: Direction = Direction.LEGACY_ONLY_PASS, verdict: Verdict = Verdict.DIVERGENT, test_id: str = TEST) -> PairResult:
    return PairResult(
        test_id=test_id,
        legacy=SideResult(outcome=Outcome.PASSED),
        shadow=SideResult(outcome=Outcome.FAILED, failure=FAILURE),
        verdict=verdict,
        reason="",
        direction=direction,
    )


def match(
    entity: str = "patients.id", density: float = 0.6, presence: Presence = Presence.LEGACY, kind: CouplingKind = CouplingKind.IDENTIFIER
) -> Match:
    return Match(entity=entity, kind=kind, content="number" if kind is CouplingKind.IDENTIFIER else "email", presence=presence, density=density)


EMAIL = match("patients.email", 0.0, kind=CouplingKind.NATURAL_KEY)


def literal(*matches: Match, line: int = 4, fingerprint: str = PRINT, name: str | None = None) -> KnownLiteral:
    return KnownLiteral(
        path="tests/test_a.py",
        line=line,
        column=7,
        form=LiteralForm.WRITTEN,
        token=f"number:{fingerprint[:6]}",
        fingerprints=(fingerprint,),
        matches=matches,
        name=name,
    )


def sources(
    *literals: KnownLiteral, source: LiteralSource = LiteralSource.BODY, values: dict[str, tuple[Match, ...]] | None = None
) -> SourceEvidence:
    reached = tuple(ReachedLiteral(literal=number, source=source, distance=0) for number in range(len(literals)))
    return SourceEvidence(literals=literals, reached={TEST: reached}, values=values or {})


def statement(rows: int, sql: str = BY_ID, fingerprint: str | None = PRINT, line: int = 4) -> DeepStatement:
    parameters = (DeepValue(type="int", fingerprints=(fingerprint,)),) if fingerprint else ()
    return DeepStatement(sql=sql, parameters=parameters, fetched=rows, at=DeepPlace(path="tests/test_a.py", line=line))


def record(
    side: Side, *statements: DeepStatement, requests: tuple[DeepRequest, ...] = (), variables: tuple[str, ...] = (), test_id: str = TEST
) -> DeepRecord:
    return DeepRecord(test_id=test_id, side=side, statements=statements, requests=requests, variables=variables)


def explained(
    evidence: SourceEvidence | None,
    legacy: tuple[DeepStatement, ...] = (),
    shadow: tuple[DeepStatement, ...] = (),
    experiments: tuple[Experiment, ...] = (),
    direction: Direction = Direction.LEGACY_ONLY_PASS,
) -> PairResult:
    (result,) = explain(
        [pair(direction)],
        sources=evidence,
        legacy={TEST: record(Side.LEGACY, *legacy)},
        shadow={TEST: record(Side.SHADOW, *shadow)},
        experiments=experiments,
    )
    return result


def one(result: PairResult) -> Coupling:
    (coupling,) = result.couplings
    return coupling


def test_a_number_that_is_asked_for_and_not_found_on_shadow_is_a_coupling() -> None:
    result = explained(sources(literal(match())), (statement(1),), (statement(0),))
    coupling = one(result)
    assert (coupling.kind, coupling.strength, coupling.entity, coupling.line) == (CouplingKind.IDENTIFIER, Strength.LIKELY, "patients.id", 4)
    assert coupling.signals == (Signal.LITERAL, Signal.LEGACY_ONLY, Signal.BOUND_PARAMETER, Signal.FOUND_NOTHING)
    assert (result.cause, result.remedy) == (Cause.IDENTIFIER, Remedy.MAKE_DATA_AGNOSTIC)


@pytest.mark.parametrize(
    ("sql", "why"),
    [
        ("SELECT * FROM patients ORDER BY id LIMIT ?", "it limits rows"),
        ("SELECT * FROM visits WHERE cost > ?", "it is compared with something else"),
        ("INSERT INTO visits (quantity) VALUES (?)", "it was written"),
    ],
)
def test_a_number_that_means_something_else_is_none(sql: str, why: str) -> None:
    result = explained(sources(literal(match())), (statement(1, sql),), (statement(0, sql),))
    assert not [coupling for coupling in result.couplings if coupling.kind is CouplingKind.IDENTIFIER], why


def test_a_number_that_is_asked_for_on_legacy_alone_came_out_of_the_data() -> None:
    every = tuple(statement(2, fingerprint=f"{number:012x}") for number in range(3))
    result = explained(sources(literal(match())), (*every, statement(2)), every)
    assert result.couplings == ()


def test_a_number_that_nothing_asks_for_is_none_whatever_it_is_called() -> None:
    assert explained(sources(literal(match(), name="patients_per_page")), (), ()).couplings == ()


def test_reference_data_couples_nothing() -> None:
    result = explained(sources(literal(match(presence=Presence.BOTH))), (statement(1),), (statement(1),))
    assert result.couplings == ()


def test_an_address_that_was_not_reached_on_shadow_is_asked_for_all_the_same() -> None:
    by_email = "SELECT id FROM patients WHERE lower(email) = lower(?)"
    both = sources(literal(EMAIL), literal(EMAIL, line=5, fingerprint="bbbbbbbbbbbb"))
    legacy = (statement(1, by_email), statement(1, by_email, "bbbbbbbbbbbb"))
    result = explained(both, legacy, (statement(0, by_email),))
    assert [(coupling.line, coupling.strength) for coupling in result.couplings] == [(4, Strength.LIKELY), (5, Strength.LIKELY)]
    assert result.cause is Cause.NATURAL_KEY


def test_an_address_that_is_never_used_is_possible_only_and_gives_way() -> None:
    alone = explained(sources(literal(EMAIL)))
    assert [coupling.strength for coupling in alone.couplings] == [Strength.POSSIBLE]
    beside = explained(sources(literal(EMAIL, line=5, fingerprint="bbbbbbbbbbbb"), literal(match())), (statement(1),), (statement(0),))
    assert one(beside).entity == "patients.id"


def of_file(*literals: KnownLiteral) -> SourceEvidence:
    """Literals of which all but the first stand in a data file."""
    found = sources(*literals)
    reached = found.reached[TEST]
    return replace(found, reached={TEST: (reached[0], *(replace(one, source=LiteralSource.DATA_FILE) for one in reached[1:]))})


def test_of_the_rows_of_a_file_the_one_that_was_asked_for_is_meant() -> None:
    """Cases of the others are other tests; one that was asked for on legacy, where the test goes on, is meant as well."""
    by_email = "SELECT id FROM patients WHERE lower(email) = lower(?)"
    body = literal(match("visits.id"), fingerprint="eeeeeeeeeeee")
    lines = [literal(EMAIL, line=number, fingerprint=f"{number:012x}", name="email") for number in (5, 6, 7)]
    legacy = (statement(1, by_email, f"{5:012x}"), statement(1, by_email, f"{6:012x}"))
    result = explained(of_file(body, *lines), legacy, (statement(0, by_email, f"{5:012x}"),))
    assert [coupling.line for coupling in result.couplings] == [5, 6]


def test_a_value_on_the_line_that_asked_for_it_was_not_read_out_of_a_file() -> None:
    found = of_file(literal(match(), line=4), literal(match(), line=30, name="patient"))
    assert one(explained(found, (statement(1),), (statement(0),))).line == 4


def test_a_key_that_was_not_there_may_be_a_record() -> None:
    name = match("patients.name", 0.0625, kind=CouplingKind.NATURAL_KEY)
    failed = replace(pair(), shadow=SideResult(outcome=Outcome.FAILED, failure=replace(FAILURE, type="KeyError")))
    found, other = (explain([each], sources=sources(literal(name, line=9)), legacy={}, shadow={})[0] for each in (failed, pair()))
    assert (one(found).strength, one(found).signals) == (Strength.POSSIBLE, (Signal.LITERAL, Signal.LEGACY_ONLY, Signal.ASSERTION))
    assert other.couplings == ()


@pytest.mark.parametrize("source", [LiteralSource.COMMENT, LiteralSource.DOCSTRING])
def test_what_is_only_said_makes_no_test_fail(source: LiteralSource) -> None:
    assert explained(sources(literal(EMAIL), source=source)).couplings == ()


def test_of_one_value_in_two_places_the_one_that_was_handed_over_is_meant() -> None:
    both = sources(literal(match(), line=4), literal(match(), line=30))
    assert one(explained(both, (statement(1),), (statement(0),))).line == 4


def test_of_two_tables_with_this_number_the_one_that_was_asked_is_meant() -> None:
    either = literal(match("visits.id", 0.9), match("patients.id", 0.6))
    foreign = "SELECT * FROM visits WHERE patient_id = ?"
    assert one(explained(sources(either), (statement(3, foreign),), (statement(0, foreign),))).entity == "patients.id"


@pytest.mark.parametrize("empty", [{"types": ()}, {"types": ("int",), "low": 0, "high": 0}])
def test_a_sum_of_nothing_is_nothing_found(empty: dict[str, object]) -> None:
    from harness.model import DeepColumn

    sql = "SELECT sum(cost) AS total FROM visits WHERE patient_id = ?"
    full = replace(statement(1, sql), columns=(DeepColumn(name="total", types=("int",), low=4, high=4, distinct=1),))
    none = replace(statement(1, sql), columns=(DeepColumn(name="total", **empty),))  # type: ignore[arg-type] # of the parameters above
    assert Signal.FOUND_NOTHING in one(explained(sources(literal(match())), (full,), (none,))).signals


def test_a_row_that_the_data_refuses_asks_for_its_partner() -> None:
    sql = "INSERT INTO visits (patient_id) VALUES (?)"
    took = replace(statement(0, sql), affected=1)
    refused = replace(statement(0, sql), failed=True)
    assert one(explained(sources(literal(match())), (took,), (refused,))).entity == "patients.id"


def test_a_value_that_stands_nowhere_in_the_source_is_reported_where_it_was_asked_for() -> None:
    result = explained(sources(values={PRINT: (match(),)}), (statement(1, line=7),), (statement(0, line=7),))
    coupling = one(result)
    assert (coupling.line, coupling.strength, Signal.LITERAL in coupling.signals) == (7, Strength.LIKELY, False)


def test_a_path_asks_for_what_its_word_says() -> None:
    def requests(status: int) -> tuple[DeepRequest, ...]:
        value = DeepValue(type="str", fingerprints=(PRINT,))
        return (DeepRequest(method="GET", host=HostClass.LOOPBACK, path="/api/patients/{}", segments=(value,), status=status),)

    def of(status: int, found: Match) -> PairResult:
        records = record(Side.LEGACY, requests=requests(200)), record(Side.SHADOW, requests=requests(status))
        return explain([pair()], sources=sources(literal(found)), legacy={TEST: records[0]}, shadow={TEST: records[1]})[0]

    assert one(of(404, match("patient.id"))).signals == (Signal.LITERAL, Signal.LEGACY_ONLY, Signal.REQUESTED, Signal.FOUND_NOTHING)
    assert of(404, match("invoice.id")).couplings == ()


def test_a_test_that_passes_on_shadow_alone_does_not_depend_on_real_data() -> None:
    result = explained(sources(literal(match())), (statement(1),), (statement(0),), direction=Direction.SHADOW_ONLY_PASS)
    assert (result.couplings, result.cause, result.remedy) == ((), Cause.UNKNOWN, Remedy.NONE)


def test_pairs_that_do_not_diverge_stay_as_they_are() -> None:
    pairs = tuple(pair(verdict=verdict) for verdict in Verdict if verdict is not Verdict.DIVERGENT)
    assert explain(pairs, sources=sources(literal(match())), legacy={}, shadow={}) == pairs


def test_without_any_evidence_the_cause_is_unknown() -> None:
    (result,) = explain([pair()], sources=None, legacy={}, shadow={})
    assert (result.couplings, result.cause, result.remedy) == ((), Cause.UNKNOWN, Remedy.NONE)


# Experiments


def experiment(kind: ExperimentKind, outcome: Outcome | None) -> Experiment:
    side = Side.LEGACY if kind is ExperimentKind.OTHER_RECORD else Side.SHADOW
    return Experiment(kind=kind, test_id=TEST, side=side, literal=None if kind is ExperimentKind.SETTINGS_SWAP else 0, outcome=outcome)


@pytest.mark.parametrize(
    ("experiments", "strength", "remedy"),
    [
        ([(ExperimentKind.COUNTERFACTUAL, Outcome.PASSED)], Strength.CONFIRMED, Remedy.MAKE_DATA_AGNOSTIC),
        ([(ExperimentKind.COUNTERFACTUAL, None)], Strength.LIKELY, Remedy.MAKE_DATA_AGNOSTIC),
        ([(ExperimentKind.COUNTERFACTUAL, Outcome.FAILED)], Strength.LIKELY, Remedy.MAKE_DATA_AGNOSTIC),
        ([(ExperimentKind.OTHER_RECORD, Outcome.FAILED)], Strength.LIKELY, Remedy.ADD_SYNTHETIC_CASE),
        (
            [(ExperimentKind.COUNTERFACTUAL, Outcome.FAILED), (ExperimentKind.OTHER_RECORD, Outcome.FAILED)],
            Strength.LIKELY,
            Remedy.ADD_SYNTHETIC_CASE,
        ),
        (
            [(ExperimentKind.COUNTERFACTUAL, Outcome.PASSED), (ExperimentKind.OTHER_RECORD, Outcome.PASSED)],
            Strength.CONFIRMED,
            Remedy.MAKE_DATA_AGNOSTIC,
        ),
    ],
)
def test_experiments_decide(experiments: list[tuple[ExperimentKind, Outcome | None]], strength: Strength, remedy: Remedy) -> None:
    tried = tuple(experiment(kind, outcome) for kind, outcome in experiments)
    result = explained(sources(literal(match())), (statement(1),), (statement(0),), tried)
    assert (one(result).strength, result.remedy) == (strength, remedy)


def test_a_twin_that_changes_nothing_refutes_what_was_not_seen_to_miss_its_rows() -> None:
    tried = (experiment(ExperimentKind.COUNTERFACTUAL, Outcome.FAILED),)
    result = explained(sources(literal(match())), (statement(1),), (statement(1),), tried)
    assert one(result).strength is Strength.POSSIBLE


def test_a_swap_of_settings_that_passes_makes_the_settings_the_cause() -> None:
    tried = (experiment(ExperimentKind.SETTINGS_SWAP, Outcome.PASSED),)
    result = explained(sources(literal(match())), (statement(1),), (statement(0),), tried)
    assert (result.couplings, result.cause, result.remedy) == ((), Cause.ENVIRONMENT, Remedy.FIX_ENVIRONMENT)


# Settings


def with_settings(*tests: tuple[str, tuple[str, ...], bool]) -> dict[str, Cause | None]:
    """Tests with the variables they read, and whether a record explains them."""
    records = {
        side: {
            name: record(side, *((statement(1 if side is Side.LEGACY else 0),) if coupled else ()), variables=read, test_id=name)
            for name, read, coupled in tests
        }
        for side in Side
    }
    literals = (literal(match()),)
    evidence = SourceEvidence(
        literals=literals,
        reached={name: (ReachedLiteral(literal=0, source=LiteralSource.BODY, distance=0),) for name, _, coupled in tests if coupled},
    )
    pairs = [pair(test_id=name) for name, _, _ in tests]
    results = explain(pairs, sources=evidence, legacy=records[Side.LEGACY], shadow=records[Side.SHADOW], settings=("EXPORTS", "LOG_LEVEL"))
    return {result.test_id: result.cause for result in results}


def test_a_setting_that_differs_and_was_read_is_the_cause_where_nothing_else_is() -> None:
    found = with_settings(("a", ("EXPORTS",), False), ("b", ("EXPORTS",), True), ("c", ("OTHER",), False), ("d", (), True), ("e", (), True))
    assert found == {"a": Cause.ENVIRONMENT, "b": Cause.IDENTIFIER, "c": Cause.UNKNOWN, "d": Cause.IDENTIFIER, "e": Cause.IDENTIFIER}


def test_a_setting_that_everybody_reads_says_nothing() -> None:
    found = with_settings(("a", ("LOG_LEVEL",), False), ("b", ("LOG_LEVEL",), True), ("c", ("LOG_LEVEL",), True))
    assert found["a"] is Cause.UNKNOWN


@given(st.permutations(range(4)))
def test_the_order_of_what_is_given_changes_nothing(order: list[int]) -> None:
    literals = [literal(match(), line=4 + number, fingerprint=f"{number:012x}") for number in range(4)]
    reached = tuple(ReachedLiteral(literal=number, source=LiteralSource.BODY, distance=0) for number in order)
    evidence = SourceEvidence(literals=tuple(literals), reached={TEST: reached})
    legacy = tuple(statement(1, fingerprint=f"{number:012x}", line=4 + number) for number in range(4))
    shadow = tuple(replace(each, fetched=0) for each in legacy)
    assert [coupling.line for coupling in explained(evidence, legacy, shadow).couplings] == [4, 5, 6, 7]


@given(density=st.floats(0, 1), presence=st.sampled_from(list(Presence)), asked=st.booleans(), found=st.booleans())
def test_what_only_legacy_holds_alone_couples(*, density: float, presence: Presence, asked: bool, found: bool) -> None:
    legacy, shadow = ((statement(1),), (statement(int(not found)),)) if asked else ((), ())
    result = explained(sources(literal(match(density=density, presence=presence))), legacy, shadow)
    if presence is not Presence.LEGACY:
        assert result.couplings == ()
    for coupling in result.couplings:
        assert coupling.strength is not Strength.CONFIRMED
        assert asked or density < 0.001


def test_a_subtest_is_explained_by_the_record_of_its_test() -> None:
    (result,) = explain(
        [pair(test_id=f"{TEST} [case=<n>]")],
        sources=sources(literal(match())),
        legacy={TEST: record(Side.LEGACY, statement(1))},
        shadow={TEST: record(Side.SHADOW, statement(0))},
    )
    assert one(result).entity == "patients.id"


def test_a_key_that_keeps_its_name_where_others_refer_to_it_is_asked_for_there_too() -> None:
    number = match("employees.emp_no", 0.0033)
    of_salaries = "SELECT amount FROM salaries WHERE emp_no = ?"
    result = explained(sources(literal(number)), (statement(3, of_salaries),), (statement(0, of_salaries),))
    assert (one(result).entity, one(result).strength) == ("employees.emp_no", Strength.LIKELY)
    elsewhere = "SELECT id FROM visits WHERE id = ?"
    assert explained(sources(literal(match())), (statement(1, elsewhere),), (statement(0, elsewhere),)).cause is not Cause.IDENTIFIER


@pytest.mark.parametrize(
    ("name", "entity", "coupled"),
    [
        ("emp_no", "employees.emp_no", True),
        ("patient_id", "patients.id", True),
        ("id", "patients.id", False),
        ("patients", "patients.id", False),
        ("patients_per_page", "patients.id", False),
    ],
)
def test_a_key_that_the_assertion_expects_is_one(name: str, entity: str, *, coupled: bool) -> None:
    result = explained(sources(literal(match(entity, 0.01), name=name, line=9)))
    assert bool(result.couplings) is coupled


@pytest.mark.parametrize(("asked", "coupled"), [("17 in {row[0] for row in db.all()}", True), ("len({row[0] for row in db.all()}) == 17", False)])
def test_a_key_that_the_assertion_expects_among_others_is_one(asked: str, *, coupled: bool) -> None:
    place = DeepPlace(path="tests/test_a.py", line=9)
    columns = (DeepColumn(name="emp_no", types=("int",), distinct=3),)
    statements = [DeepStatement(sql="SELECT emp_no FROM managers", fetched=9, columns=columns, at=place)]
    records = [record(side, *statements) for side in Side]
    sketch = sketch_of(pair(), {"tests/test_a.py": "\n" * 7 + f"def test_one(db):\n    assert {asked}\n"}, *records)
    assert sketch is not None
    evidence = sources(literal(match("employees.emp_no", 0.003), line=9))
    (result,) = explain([pair()], sources=evidence, legacy={TEST: records[0]}, shadow={TEST: records[1]}, assertions={TEST: sketch})
    assert (result.cause is Cause.IDENTIFIER) is coupled


@pytest.mark.parametrize(("line", "strength"), [(8, Strength.LIKELY), (4, Strength.POSSIBLE)])
def test_a_telling_value_in_what_the_assertion_is_made_of_is_asked_for(line: int, strength: Strength) -> None:
    text = "\n" * 6 + 'def test_one(db):\n    codes = [row.code for row in db.all() if row.email == "x"]\n    assert codes == ["A1"]\n'
    sketch = sketch_of(pair(), {"tests/test_a.py": text}, None, None)
    assert sketch is not None
    evidence = sources(literal(EMAIL, line=line))
    records = {side: {TEST: record(side)} for side in Side}
    (result,) = explain([pair()], sources=evidence, legacy=records[Side.LEGACY], shadow=records[Side.SHADOW], assertions={TEST: sketch})
    assert one(result).strength is strength


def test_what_no_literal_holds_is_placed_where_the_test_led_to_it() -> None:
    helper, of_test = DeepPlace(path="tests/desk.py", line=26), DeepPlace(path="tests/test_a.py", line=9)
    sides = [replace(statement(rows), at=helper, through=(helper, of_test)) for rows in (1, 0)]
    coupling = one(explained(sources(values={PRINT: (match(density=0.0),)}), (sides[0],), (sides[1],)))
    assert (coupling.path, coupling.line) == ("tests/test_a.py", 9)


def test_a_key_may_be_asked_for_by_a_column_that_refers_to_it_under_another_name() -> None:
    sides = [statement(rows, sql="SELECT * FROM patients WHERE guardian = ?") for rows in (3, 0)]
    assert one(explained(sources(literal(match())), (sides[0],), (sides[1],))).kind is CouplingKind.PATTERN
    values = {PRINT: (match(), match("patients.guardian"))}
    coupling = one(explained(sources(literal(match()), values=values), (sides[0],), (sides[1],)))
    assert (coupling.entity, coupling.strength) == ("patients.guardian", Strength.LIKELY)


OF_WARD = "SELECT n.* FROM wards w JOIN nurses n USING (nurse_no) WHERE w.ward_no = ?"


def staffed(side: Side, nurse: str) -> DeepRecord:
    """Line 9 reads the nurse of a ward, whose number is as given."""
    columns = tuple(
        DeepColumn(name=name, types=(kind,), distinct=1, values=values)
        for name, kind, values in (("nurse_no", "int", (nurse,)), ("surname", "str", (f"s{nurse}",)))
    )
    ward = (DeepValue(type="str", fingerprints=("dddddddddddd",)),)
    return record(side, DeepStatement(sql=OF_WARD, fetched=1, columns=columns, parameters=ward, at=DeepPlace(path="tests/test_a.py", line=9)))


@pytest.mark.parametrize(("on_legacy", "on_shadow", "coupled"), [(PRINT, "b" * 12, True), ("c" * 12, "b" * 12, False), (PRINT, PRINT, False)])
def test_a_key_in_a_table_of_expectations_is_one_where_legacy_came_to_it(on_legacy: str, on_shadow: str, *, coupled: bool) -> None:
    head = 'NURSES = {\n    "w4": 10039,\n}\n\n\ndef test_one(db):\n    for ward, nurse in NURSES.items():\n        told = ward\n'
    text = head + '        assert db.nurse(told)["nurse_no"] == nurse\n'
    records = [staffed(Side.LEGACY, on_legacy), staffed(Side.SHADOW, on_shadow)]
    sketch = sketch_of(pair(), {"tests/test_a.py": text}, *records)
    assert sketch is not None
    evidence = sources(literal(match("nurses.nurse_no", 0.003), line=2))
    (result,) = explain([pair()], sources=evidence, legacy={TEST: records[0]}, shadow={TEST: records[1]}, assertions={TEST: sketch})
    assert [(one.line, one.strength) for one in result.couplings if one.kind is CouplingKind.IDENTIFIER] == [(2, Strength.LIKELY)] * coupled


@pytest.mark.parametrize(("asked", "coupled"), [('greeting(head) == "Dear Ms Lund"', True), ("greeting(head)", False)])
def test_what_a_shared_key_leads_to_is_possible_where_nothing_else_explains_it(asked: str, *, coupled: bool) -> None:
    text = "\n" * 6 + f"def test_one(db):\n    head = (\n        db.nurse(WARD))\n    assert {asked}\n"
    failure = replace(FAILURE, frames=(Frame(path="tests/test_a.py", line=10, function="test_one"),))
    failed = replace(pair(), shadow=SideResult(outcome=Outcome.FAILED, failure=failure))
    records = [staffed(Side.LEGACY, "c" * 12), staffed(Side.SHADOW, "b" * 12)]
    sketch = sketch_of(failed, {"tests/test_a.py": text}, *records)
    assert sketch is not None
    ward = match("wards.ward_no", 0.05, Presence.BOTH)
    evidence = sources(literal(ward, line=4, fingerprint="d" * 12), values={"d" * 12: (ward,), "e" * 12: (replace(ward, presence=Presence.LEGACY),)})
    (result,) = explain([failed], sources=evidence, legacy={TEST: records[0]}, shadow={TEST: records[1]}, assertions={TEST: sketch})
    assert [(one.entity, one.strength) for one in result.couplings] == [("wards.ward_no", Strength.POSSIBLE)] * coupled
