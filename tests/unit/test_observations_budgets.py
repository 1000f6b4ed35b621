"""What is too large, too deep or too tangled ends in a result that names why, and never in an equal one."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING, Any

import pytest

from compare.observations import budgets, compare_observations
from harness.model import Side
from harness.model.observation import Observation, ObservationBudget, ObservationResult, ObservationStatus
from runners.probe import shadow_harness_observe as probe

if TYPE_CHECKING:
    from collections.abc import Sequence

KEY = b"k" * 32


def lines(*values: Any, **options: Any) -> list[dict[str, Any]]:
    observed = probe.Observed(KEY, frozenset())
    for value in values:
        observed("order", value, **options)
    return [json.loads(text) for text in observed.lines]


def compared(legacy: Any, shadow: Any, **options: Any) -> ObservationResult:
    sides = [Observation.from_line({"id": "t", **lines(value, **options)[0]}, side) for value, side in ((legacy, Side.LEGACY), (shadow, Side.SHADOW))]
    (result,) = compare_observations([sides[0]], [sides[1]])
    return result


def of_trees(legacy: Any, shadow: Any, mode: str = "exact", **more: Any) -> ObservationResult:
    whole = {"id": "t", "name": "order", "n": 1, "compare": mode, **more}
    (result,) = compare_observations(
        [Observation.from_line({**whole, "digest": "a", "tree": legacy}, Side.LEGACY)],
        [Observation.from_line({**whole, "digest": "b", "tree": shadow}, Side.SHADOW)],
    )
    return result


def nested(depth: int, leaf: Any) -> Any:
    value = leaf
    for _ in range(depth):
        value = {"a": value}
    return value


def rows(number: int, seed: int = 1) -> list[dict[str, Any]]:
    chance = random.Random(seed)
    return [{"id": n, **{f"f{field}": chance.random() for field in "abcd"}} for n in range(number)]


@pytest.mark.parametrize("options", [{}, {"compare": "exact"}])
def test_a_value_nested_too_deep_is_cut_and_named(options: dict[str, Any]) -> None:
    result = compared(nested(1000, 1), nested(1000, 1), **options)
    assert (result.status, result.budget, result.differs) == (ObservationStatus.CUT_SHORT, ObservationBudget.DEPTH, False)


@pytest.mark.parametrize("options", [{}, {"compare": "exact"}])
def test_what_differs_beside_a_cut_is_still_told(options: dict[str, Any]) -> None:
    result = compared({"deep": nested(100, 1), "id": 1}, {"deep": nested(100, 2), "id": None}, **options)
    assert (result.status, result.budget) == (ObservationStatus.CUT_SHORT, ObservationBudget.DEPTH)
    assert [one.place for one in result.differences] == ["order.id"]


@pytest.mark.parametrize("options", [{}, {"compare": "exact"}, {"compare": "exact", "unordered": True}, {"compare": "exact", "key": "id"}])
def test_a_value_with_too_many_parts_is_cut_and_named(options: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probe, "MAX_NODES", 300)
    result = compared(rows(100), rows(100)[:90], **options)
    assert (result.status, result.budget, result.differs) == (ObservationStatus.CUT_SHORT, ObservationBudget.NODES, False)


def test_time_is_a_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probe, "MAX_SECONDS", -1)
    assert [read["cut"] for read in lines(rows(100))] == ["time"]


def test_a_test_observes_only_so_often_and_so_much(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probe, "MAX_OBSERVATIONS", 3)
    assert [read["cut"] for read in lines(*range(9))] == [None, None, None, "count"]
    monkeypatch.setattr(probe, "MAX_TREES", 100)
    assert [read["cut"] for read in lines(rows(9), 1, compare="exact")] == ["size", "size"]
    result = compared(rows(9), 1, compare="exact")
    assert (result.status, result.budget, result.differs) == (ObservationStatus.CUT_SHORT, ObservationBudget.SIZE, False)


def test_many_unequal_rows_without_a_key_end_at_once() -> None:
    legacy, shadow = rows(3000), rows(3000, seed=2)
    result = compared(legacy, shadow[::-1], compare="exact", unordered=True)
    assert (result.status, result.budget, result.differs) == (ObservationStatus.CUT_SHORT, ObservationBudget.ROWS, True)
    assert result.differences[0].sentence == "order[*]: elements that have no equal on the other side (3000 places)"


def test_within_a_tolerance_what_was_not_worked_out_is_no_difference() -> None:
    near = [{name: number + 0.001 if isinstance(number, float) else number for name, number in row.items()} for row in rows(300)]
    result = compared(rows(300), near[::-1], compare="exact", unordered=True, tolerance=0.01)
    assert (result.status, result.budget, result.differs) == (ObservationStatus.CUT_SHORT, ObservationBudget.ROWS, False)


def test_many_numbers_without_order_need_no_deepdiff() -> None:
    result = compared(list(range(3000)), list(range(1500, 4500)), compare="exact", unordered=True)
    assert result.budget is None
    assert [one.count for one in result.differences] == [1500, 1500]


def test_more_differences_than_are_looked_for_are_named() -> None:
    result = compared(rows(5000), rows(5000, seed=2), compare="exact", key="id")
    assert (result.status, result.budget, result.differs) == (ObservationStatus.CUT_SHORT, ObservationBudget.DIFFERENCES, True)
    assert sum(one.count for one in result.differences) > 5_000


def test_more_kinds_of_differences_than_are_listed_are_named() -> None:
    result = compared({f"a{n}": 1 for n in range(300)}, {f"a{n}": None for n in range(300)}, compare="exact")
    assert (result.status, result.budget, len(result.differences)) == (ObservationStatus.CUT_SHORT, ObservationBudget.DIFFERENCES, 200)


@pytest.mark.parametrize("bound", ["MAX_DIFFS", "MAX_PASSES"])
@pytest.mark.parametrize("options", [{}, {"unordered": True}])
def test_an_empty_result_of_deepdiff_at_its_bounds_is_not_taken_for_equal(
    bound: str, options: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(f"compare.observations.structure.{bound}", 0)
    legacy, shadow = [{"a": [{"b": n, "c": 1}]} for n in range(3)], [{"a": [{"b": n + 7, "c": 1}]} for n in range(3)]
    result = compared(legacy, shadow, compare="exact", **options)
    assert result.status is not ObservationStatus.EQUAL
    assert result.differs
    if bound == "MAX_DIFFS":
        assert (result.status, result.budget) == (ObservationStatus.CUT_SHORT, ObservationBudget.PASSES)


@pytest.mark.parametrize("mode", ["exact", "shape"])
@pytest.mark.parametrize("depth", [150, 500])
def test_a_tree_deeper_than_the_probe_makes_is_cut(mode: str, depth: int) -> None:
    def tree(leaf: str) -> Any:
        found: Any = leaf if mode == "exact" else {"types": [leaf]}
        for _ in range(depth):
            found = {"a": found} if mode == "exact" else {"types": ["list"], "items": found}
        return found

    result = of_trees(tree("int"), tree("str:1"), mode)
    assert result.differs or (result.status, result.budget) == (ObservationStatus.CUT_SHORT, ObservationBudget.DEPTH)


@pytest.mark.parametrize(
    ("legacy", "shadow"),
    [
        ({"!cut": "nodes"}, "int:1"),
        ({"a": "int:1", "!cut": "nodes"}, {"a": "int:1", "b": "int:2"}),
        (["int:1", {"!cut": "nodes"}], ["int:1", "int:2", "int:3"]),
        ({"!set": ["int:1"], "!cut": "nodes"}, {"!set": ["int:1", "int:2"]}),
        ({"!rows": [["k1", "int:1"]], "!cut": "nodes"}, {"!rows": [["k1", "int:1"], ["k2", "int:2"]]}),
        ({"!unordered": [{"a": {"!cut": "depth"}}]}, {"!unordered": [{"a": "int:1"}]}),
        ([{"a": {"!cut": "depth"}}, "int:1"], [{"a": "int:9"}, "int:1"]),
    ],
)
def test_what_was_left_out_proves_nothing(legacy: Any, shadow: Any) -> None:
    for one, other in ((legacy, shadow), (shadow, legacy)):
        result = of_trees(one, other, cut="nodes")
        assert (result.status, result.budget, result.differs) == (ObservationStatus.CUT_SHORT, ObservationBudget.NODES, False)


def test_equal_digests_of_what_was_cut_are_not_equal_values() -> None:
    sides = [Observation.from_line({"id": "t", **lines(nested(90, 1))[0]}, side) for side in Side]
    (result,) = compare_observations([sides[0]], [sides[1]])
    assert sides[0].digest == sides[1].digest
    assert result.status is ObservationStatus.CUT_SHORT


def test_work_is_counted_over_all_lists_of_a_value() -> None:
    def lists(seed: int) -> Sequence[Any]:
        return [{"rows": rows(15, seed=seed + n)} for n in range(60)]

    result = compared(lists(1), lists(1000), compare="exact", unordered=True)
    assert result.budget is ObservationBudget.ROWS
    spending = budgets.Spending()
    assert spending.afford(budgets.MAX_PAIRING)
    assert not spending.afford(1)
