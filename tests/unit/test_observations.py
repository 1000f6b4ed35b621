"""What a difference between two observed values is called, in both modes."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from compare.observations import compare_observations
from harness.errors import BundleError
from harness.model import Side
from harness.model.observation import Observation, ObservationBudget, ObservationKind, ObservationResult, ObservationStatus
from runners.probe import shadow_harness_observe as probe

KEY = b"k" * 32


def recorded(side: Side, value: Any, *, key_of_project: bytes | None = KEY, name: str = "order", **options: Any) -> Observation:
    observed = probe.Observed(key_of_project, frozenset())
    observed(name, value, **options)
    (text,) = observed.lines
    return Observation.from_line({"id": "test_a.py::test_it", **json.loads(text)}, side)


def compared(legacy: Any, shadow: Any, **options: Any) -> ObservationResult:
    (result,) = compare_observations([recorded(Side.LEGACY, legacy, **options)], [recorded(Side.SHADOW, shadow, **options)])
    return result


def sentences(legacy: Any, shadow: Any, **options: Any) -> list[str]:
    result = compared(legacy, shadow, **options)
    assert result.budget is None
    assert result.status is (ObservationStatus.DIFFERENT if result.differences else ObservationStatus.EQUAL)
    return [difference.sentence for difference in result.differences]


def test_a_shape_knows_no_values() -> None:
    legacy = {"name": "Mary", "rentals": [{"id": 1, "amount": 2.5}, {"id": 2, "amount": 10}], "email": "mary@example.com"}
    shadow = {"name": "Jo", "rentals": [{"id": 7, "amount": 1.5}, {"id": 3, "amount": 0.1}, {"id": 4, "amount": 2.0}], "email": "x@example.org"}
    assert sentences(legacy, shadow) == []


@pytest.mark.parametrize(
    ("legacy", "shadow", "sentence"),
    [
        ({"phone": None}, {"phone": "text"}, "order.phone: always null on legacy, never null on shadow"),
        ([{"phone": None}, {"phone": "a b"}], [{"phone": "c d"}] * 2, "order[*].phone: may be null on legacy, never null on shadow"),
        ({"id": 1}, {"id": "one two"}, "order.id: a whole number on legacy, text on shadow"),
        ({"amount": 1}, {"amount": True}, "order.amount: a whole number on legacy, true or false on shadow"),
        ({"amount": 1.0}, {"amount": Decimal(1)}, "order.amount: a number with decimals on legacy, a decimal on shadow"),
        ({"amount": 1.0}, {"amount": float("nan")}, "order.amount: a number with decimals on legacy, not a number on shadow"),
        ({"created": "2021-03-04"}, {"created": "2021-03-04T10:00:00Z"}, "order.created: date on legacy, datetime with zone on shadow"),
        ({"note": "free text"}, {"note": ""}, "order.note: text on legacy, empty on shadow"),
        (["a b", "c d", ""], ["a b", "12", "x@example.com"], "order[*]: may be empty on legacy, never empty or blank on shadow"),
        ([1] * 40, [1] * 9, "order: 10 to 99 elements on legacy, 2 to 9 elements on shadow"),
        ([[1] * 40, []], [[1]], "order: 2 to 9 elements on legacy, one element on shadow"),
        ({"id": 1, "fee": 2}, {"id": 1}, "order.fee: always there on legacy, never there on shadow"),
        ([{"id": 1, "fee": 2}, {"id": 2}], [{"id": 1, "fee": 2}] * 2, "order[*].fee: sometimes missing on legacy, always there on shadow"),
        (
            {"days": {"2021-01-01": 1}},
            {"days": {"2021-01-01": 1, "2021-01-02": 3}},
            "order.days: one entry on legacy, 2 to 9 entries on shadow",
        ),
        ({"days": {"2021-01-01": 1}}, {"days": {"2021-01-01": None}}, "order.days.*: never null on legacy, always null on shadow"),
        ({"days": {"2021-01-01": 1}}, {"days": {"id": 1}}, "order.days: a mapping by data on legacy, a record with names on shadow"),
        (
            [{"status": status} for status in ["open", "paid", "late"] * 10],
            [{"status": status} for status in ["open", "paid"] * 15],
            "order[*].status: 3 distinct values on legacy, 2 distinct values on shadow",
        ),
        (
            [{"status": status} for status in ["open", "paid"] * 10],
            [{"status": status} for status in ["open", "late"] * 10],
            "order[*].status: 2 distinct values on both sides, but not the same",
        ),
        (
            [{"status": status} for status in ["open", "paid"] * 20],
            [{"status": f"state{number}"} for number in range(40)],
            "order[*].status: 2 distinct values on legacy, many distinct values on shadow",
        ),
    ],
)
def test_a_shape_tells_what_means_less(legacy: Any, shadow: Any, sentence: str) -> None:
    assert sentence in sentences(legacy, shadow)


@pytest.mark.parametrize(
    ("legacy", "shadow"),
    [
        ([], [{"id": 1}] * 0),
        ([{"city": city} for city in ["Ulm", "Bonn"] * 10], [{"city": city} for city in ["Rome", "Bari"] * 10]),  # places are no states
        ([{"a": 1.5}, {"a": 2}], [{"a": 2.5}]),
        ({"days": {"2021-01-01": 1}}, {"days": {"2020-05-01": 9}}),
        (["some text", "4711"], ["other text", "more"]),  # what looks like a number in free text does so by accident
        (["open"] * 3, ["paid"] * 3),  # too few to tell an enumeration
    ],
)
def test_a_shape_does_not_cry_wolf(legacy: Any, shadow: Any) -> None:
    assert [one for one in sentences(legacy, shadow) if "elements" not in one] == []


def test_an_empty_list_says_nothing_of_its_elements() -> None:
    assert sentences({"rows": []}, {"rows": [{"id": 1}]}) == ["order.rows: no elements on legacy, one element on shadow"]


@pytest.mark.parametrize(
    ("legacy", "shadow", "sentence"),
    [
        (1, 1.0, "order: a whole number on legacy, a number with decimals on shadow"),
        (1, True, "order: a whole number on legacy, true or false on shadow"),
        ("1", 1, "order: text on legacy, a whole number on shadow"),
        ({"name": "Mary"}, {"name": "Jo"}, "order.name: not the same value (text)"),
        ({"name": "Mary"}, {"name": None}, "order.name: text on legacy, null on shadow"),
        ({"fee": 1}, {}, "order.fee: there on legacy, not there on shadow"),
        ({"row": {"id": 1}}, {"row": [1]}, "order.row: a record on legacy, a list on shadow"),
        ({"row": {"id": 1}}, {"row": 5}, "order.row: a record on legacy, a whole number on shadow"),
        ({1, 2}, {1, 3}, "order[*]: an element on legacy, none equal to it on shadow"),
        ([1, 2, 3], [1, 3], "order[*]: an element on legacy, none equal to it on shadow"),
        ({"__slot": 1}, {"__slot": 2}, "order.__slot: not the same value"),  # names that DeepDiff would pass over
        ({'it\'s "x"][0]': 1}, {'it\'s "x"][0]': 2}, "order.<key"),
    ],
)
def test_exact_tells_values_apart_by_type(legacy: Any, shadow: Any, sentence: str) -> None:
    assert any(one.startswith(sentence) for one in sentences(legacy, shadow, compare="exact"))


def test_nan_equals_itself() -> None:
    value = {"rate": float("nan"), "rates": [float("nan"), float("inf"), -0.0]}
    assert sentences(value, {"rate": float("nan"), "rates": [float("nan"), float("inf"), 0.0]}, compare="exact") == []


def test_an_inserted_row_is_one_difference() -> None:
    rows = [{"id": number, "name": f"name {number}"} for number in range(300)]
    result = compared(rows, [{"id": -1, "name": "new"}, *rows], compare="exact")
    assert [(one.sentence, one.count) for one in result.differences] == [("order[*]: none equal to it on legacy, an element on shadow", 1)]


def test_a_change_beside_an_insertion_is_told_from_it() -> None:
    rows = [{"id": number, "name": f"name {number}"} for number in range(50)]
    changed = [rows[0], {"id": -1, "name": "new"}, *rows[1:30], {"id": 30, "name": "other"}, *rows[31:]]
    assert sentences(rows, changed, compare="exact") == [
        "order[*]: none equal to it on legacy, an element on shadow",
        "order[*].name: not the same value (text)",
    ]


def test_rows_go_by_their_key() -> None:
    rows = [{"id": number, "name": f"name {number}", "fee": None} for number in range(40)]
    others = [{**row, "name": "other"} if row["id"] < 4 else row for row in reversed(rows) if row["id"] != 9]
    assert sentences(rows, others, compare="exact", key="id") == [
        "order[*]: an element on legacy, none equal to it on shadow",
        "order[*].name: not the same value (text) (4 places)",
    ]
    assert sentences(rows, list(reversed(rows)), compare="exact", key=("id", "name")) == []
    assert sentences(rows, list(reversed(rows)), compare="exact") != []


def test_rows_that_share_a_key_are_told_apart_by_what_they_hold() -> None:
    rows = [{"id": 1, "n": 1}, {"id": 1, "n": 2}]
    assert sentences(rows, rows[::-1], compare="exact", key="id") == []
    assert sentences(rows, [{"id": 1, "n": 3}, rows[0]], compare="exact", key="id") == ["order[*].n: not the same value (a whole number)"]


def test_a_side_where_a_row_has_no_key_is_compared_without_order() -> None:
    rows = [{"id": 1, "n": 1}, {"id": 2, "n": 2}]
    assert len(sentences(rows, [{"n": 1}, *rows[1:]], compare="exact", key="id")) == 1
    assert sentences([], rows, compare="exact", key="id") == ["order[*]: none equal to it on legacy, an element on shadow (2 places)"]


def test_lists_without_order() -> None:
    rows = [{"tags": ["a", "b"], "n": number} for number in range(5)]
    shuffled = [{"tags": ["b", "a"], "n": number} for number in (3, 1, 4, 0, 2)]
    assert sentences(rows, shuffled, compare="exact", unordered=True) == []
    assert sentences(rows, [*shuffled[1:], {"tags": ["b", "a"], "n": 9}], compare="exact", unordered=True) == [
        "order[*].n: not the same value (a whole number)"
    ]
    assert sentences([1, 1, 2], [1, 2, 2], compare="exact", unordered=True) == [
        "order[*]: an element on legacy, none equal to it on shadow",
        "order[*]: none equal to it on legacy, an element on shadow",
    ]


def test_what_is_ignored_differs_nowhere() -> None:
    legacy = {"id": 1, "rows": [{"at": 1, "n": 1}, {"at": 2, "n": 2}], "meta": {"at": 1}, "any key": 1}
    shadow = {"id": 2, "rows": [{"at": 3, "n": 1}, {"at": 4, "n": 2}], "meta": {"at": 2}, "any key": None}
    paths = ("$.id", "$..at", '$["any key"]')
    assert sentences(legacy, shadow, compare="exact", ignore=paths) == []
    assert sentences(legacy, shadow, ignore='$["any key"]') == []
    assert len(sentences(legacy, shadow, compare="exact", ignore=("$.rows[*].at", "$.meta.*", *paths[::2]))) == 0
    assert len(sentences(legacy, shadow, compare="exact", ignore="$.rows")) == 3


def test_numbers_are_equal_within_a_tolerance() -> None:
    legacy = {"amount": 10.0, "fee": 3, "totals": [1.0, 2.0, 9.5]}
    assert sentences(legacy, {"amount": 10.004, "fee": 3.0, "totals": [1.001, 2.002, 9.499]}, compare="exact", tolerance=0.01) == []
    assert sentences(legacy, {**legacy, "amount": 10.02}, compare="exact", tolerance=0.01) == ["order.amount: not the same value (a number)"]
    assert sentences([1.0, 2.0], [2.0, 3.0], compare="exact", tolerance=1) == []  # by position
    assert sentences([1.0, 5.0, 2.0], [5.001, 2.001, 1.001], compare="exact", tolerance=0.01, unordered=True) == []
    assert len(sentences([1.0, 5.0, 2.0], [5.001, 2.001, 3.001], compare="exact", tolerance=0.01, unordered=True)) == 2
    rows = [{"name": f"name {number}", "rate": number * 1.1} for number in range(9)]
    near = [{**row, "rate": float(str(row["rate"])) + 0.001} for row in reversed(rows)]
    assert sentences(rows, near, compare="exact", tolerance=0.01, unordered=True) == []
    assert len(sentences(rows, [{**near[0], "rate": 99.0}, *near[1:]], compare="exact", tolerance=0.01, unordered=True)) == 1


def test_identifiers_know_no_tolerance() -> None:
    assert sentences({"customer_id": 17}, {"customer_id": 18}, compare="exact", tolerance=5) == [
        "order.customer_id: not the same value (a whole number)"
    ]
    result = compared({"total": 1_000_000}, {"total": 1_000_001}, compare="exact", tolerance=5)  # an amount, or a number of somebody?
    assert (result.status, result.budget, result.differs) == (ObservationStatus.CUT_SHORT, ObservationBudget.IDENTIFIER, False)
    assert compared({"total": 1_000_000}, {"total": 3}, compare="exact", tolerance=5).differs


def test_without_a_key_only_shapes_are_known() -> None:
    legacy = recorded(Side.LEGACY, {"name": "Mary"}, compare="exact", key_of_project=None)
    for shadow, differs in (({"name": "Jo"}, False), ({"name": None}, True)):
        (result,) = compare_observations([legacy], [recorded(Side.SHADOW, shadow, compare="exact", key_of_project=None)])
        assert (result.status, result.budget, result.differs) == (ObservationStatus.CUT_SHORT, ObservationBudget.KEY, differs)
    (result,) = compare_observations([legacy], [recorded(Side.SHADOW, {"name": None}, compare="exact")])
    assert (result.status, result.budget, result.differs) == (ObservationStatus.CUT_SHORT, ObservationBudget.KEY, False)


def test_observations_are_paired_by_name_and_number() -> None:
    legacy = [recorded(Side.LEGACY, 1), recorded(Side.LEGACY, 1, name="customer")]
    shadow = [recorded(Side.SHADOW, 2), recorded(Side.SHADOW, "a b", name="payment")]
    results = compare_observations(legacy, shadow)
    assert [(one.name, one.status.value, [difference.sentence for difference in one.differences]) for one in results] == [
        ("customer", "different", ["customer: observed on legacy, not observed on shadow"]),
        ("order", "equal", []),
        ("payment", "different", ["payment: not observed on legacy, observed on shadow"]),
    ]
    assert results[0].differences[0].kind is ObservationKind.ABSENT
    assert results[0].sentence == "customer: observed on legacy, not observed on shadow"


def test_modes_that_differ_are_a_difference() -> None:
    (result,) = compare_observations([recorded(Side.LEGACY, 1)], [recorded(Side.SHADOW, 1, compare="exact")])
    assert result.status is ObservationStatus.DIFFERENT


def test_a_damaged_tree_is_an_error_that_names_its_test() -> None:
    legacy = recorded(Side.LEGACY, [1])
    damaged = Observation.from_line(
        {"id": "test_a.py::test_it", "name": "order", "n": 1, "compare": "shape", "digest": "0", "tree": {"types": 3}}, Side.SHADOW
    )
    with pytest.raises(BundleError, match="damaged") as caught:
        compare_observations([legacy], [damaged])
    assert caught.value.where is not None
    assert "test_a.py::test_it" in caught.value.where


def test_lines_that_are_none_are_refused() -> None:
    whole = {"id": "t", "name": "order", "n": 1, "compare": "shape", "digest": "0", "tree": {}}
    assert Observation.from_line({**whole, "cut": "something newer"}, Side.LEGACY).cut is ObservationBudget.UNKNOWN
    for key, value in (("name", 3), ("compare", "other"), ("n", "x"), ("options", {"tolerance": "x"})):
        with pytest.raises((KeyError, TypeError, ValueError)):
            Observation.from_line({**whole, key: value}, Side.LEGACY)
    text = json.dumps({**whole, "tree": {"a": "int:1"}}, separators=(",", ":")) + "\n"
    assert Observation.from_text(text, Side.LEGACY).tree == '{"a":"int:1"}'
    for broken in (text[: text.index(',"tree"')], text[:-4], "", "{}", "[]"):
        with pytest.raises((KeyError, TypeError, ValueError)):
            Observation.from_text(broken, Side.LEGACY)
