"""What holds of every value: it equals itself, order of keys says nothing, sides can be swapped, and no value is in any recorded line."""

from __future__ import annotations

import dataclasses
import json
import math
import random
import uuid
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from compare.observations import compare_observations
from harness.model import Side
from harness.model.observation import Observation, ObservationResult, ObservationStatus
from runners.probe import shadow_harness_observe as probe

KEY = b"k" * 32
KEYS = st.sampled_from(["id", "name", "rentals", "amount", "phone", "a b", "Mary Smith", "2021-01-02", "x@example.com", "4711", "__x", "!cut", "#"])
LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=20),
    st.binary(max_size=5),
    st.dates(),
    st.datetimes(),
    st.decimals(),
    st.uuids(),
    st.timedeltas(),
    st.sampled_from(["open", "paid", "", " ", "2021-03-04", "mary@example.com", "+49 171 2345678", "12", "1.50", "DE89 3704 0044 0532 0130 00"]),
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=6),
        st.dictionaries(st.one_of(KEYS, st.integers(), st.text(max_size=5)), inner, max_size=5),
        st.tuples(inner, inner),
        st.frozensets(st.one_of(st.integers(0, 9), st.text(max_size=3)), max_size=4),
    ),
    max_leaves=25,
)
OPTIONS = st.sampled_from(
    [
        {},
        {"compare": "exact"},
        {"compare": "exact", "unordered": True},
        {"compare": "exact", "key": "id"},
        {"compare": "exact", "tolerance": 0.5},
        {"compare": "exact", "tolerance": 0.5, "unordered": True, "key": ("id", "name")},
    ]
)
RELAXED = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def line(value: Any, **options: Any) -> str:
    observed = probe.Observed(KEY, frozenset())
    observed("order", value, **options)
    (text,) = observed.lines
    return str(text)


def observation(side: Side, value: Any, **options: Any) -> Observation:
    return Observation.from_line({"id": "t", **json.loads(line(value, **options))}, side)


def compared(legacy: Any, shadow: Any, **options: Any) -> ObservationResult:
    (result,) = compare_observations([observation(Side.LEGACY, legacy, **options)], [observation(Side.SHADOW, shadow, **options)])
    return result


def reordered(value: Any) -> Any:
    """The same value with the keys of every mapping the other way round."""
    if isinstance(value, dict):
        return {key: reordered(value[key]) for key in reversed(value)}
    if isinstance(value, list | tuple):
        return [reordered(part) for part in value]
    return value


@RELAXED
@given(VALUES, OPTIONS)
def test_a_value_equals_itself_whatever_the_order_of_keys(value: Any, options: dict[str, Any]) -> None:
    assert compared(value, reordered(value), **options).status is ObservationStatus.EQUAL


@RELAXED
@given(VALUES, VALUES, OPTIONS)
def test_swapping_sides_mirrors_the_result(one: Any, other: Any, options: dict[str, Any]) -> None:
    assert compared(one, other, **options) == compared(other, one, **options).mirrored()


@RELAXED
@given(st.lists(VALUES, max_size=12), st.randoms(use_true_random=False))
def test_a_shuffled_list_has_the_same_shape(values: list[Any], chance: random.Random) -> None:
    shuffled = values[:]
    chance.shuffle(shuffled)
    assert line(values) == line(shuffled)


@RELAXED
@given(st.lists(VALUES, max_size=8), st.randoms(use_true_random=False))
def test_a_shuffled_list_without_order_is_the_same_value(values: list[Any], chance: random.Random) -> None:
    shuffled = values[:]
    chance.shuffle(shuffled)
    assert compared(values, shuffled, compare="exact", unordered=True).status is ObservationStatus.EQUAL


def _same(one: Any, other: Any) -> bool:  # noqa: PLR0911 a rule for each kind of value
    """Equality as it is meant: by type and value, one kind of NaN, one zero, tuples as lists."""
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return len(one) == len(other) and all(map(_same, one, other))
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return {(type(key), key) for key in one} == {(type(key), key) for key in other} and all(_same(part, other[key]) for key, part in one.items())
    if isinstance(one, frozenset):
        return {(type(part), part) for part in one} == {(type(part), part) for part in other}
    if isinstance(one, float) and math.isnan(one):
        return math.isnan(other)
    if isinstance(one, Decimal) and not one.is_finite():
        return (one.is_nan() and other.is_nan()) or (not one.is_nan() and not other.is_nan() and one == other)
    return bool(one == other)


@RELAXED
@given(VALUES, VALUES)
def test_exact_differs_where_values_do(one: Any, other: Any) -> None:
    result = compared(one, other, compare="exact")
    assert result.differs is not _same(one, other)
    assert result.status is not ObservationStatus.CUT_SHORT


@RELAXED
@given(
    st.lists(st.fixed_dictionaries({"id": st.integers(0, 5), "n": st.integers(0, 2)}), max_size=8), st.randoms(use_true_random=False), st.booleans()
)
def test_exact_differs_where_rows_do(rows: list[dict[str, int]], chance: random.Random, keyed: bool) -> None:  # noqa: FBT001 given by hypothesis
    options: dict[str, Any] = {"key": "id"} if keyed else {"unordered": True}
    other = [dict(row) for row in rows]
    chance.shuffle(other)
    if other:
        chance.choice(other)["n"] += chance.choice((0, 1))
    same = sorted(map(str, rows)) == sorted(map(str, other))
    assert compared(rows, other, compare="exact", **options).differs is not same


def leaves(value: Any) -> list[str]:
    """The texts under which the values within a value might be found."""
    if isinstance(value, dict):
        return [text for part in [*value.values(), *value] for text in leaves(part)]
    if isinstance(value, list | tuple | set | frozenset):
        return [text for part in value for text in leaves(part)]
    if isinstance(value, bytes):
        return [value.hex()]
    if isinstance(value, datetime | date):
        return [value.isoformat(), str(value)]
    return [str(value)]


SECRETS = st.one_of(
    st.text(alphabet="QXZJVWKY", min_size=6, max_size=12),
    st.integers(min_value=10**9, max_value=10**15),
    st.floats(min_value=1e6, max_value=1e9).map(lambda number: number + 0.123),
    st.decimals(min_value=10**6, max_value=10**9, places=4),
    st.dates(),
    st.datetimes(),
    st.uuids(),
    st.text(alphabet="QXZJVWKY", min_size=6, max_size=9).map(lambda word: f"{word}@example.com"),
    st.integers(10**9, 10**12).map(lambda number: f"+{number}"),
    st.timedeltas(min_value=timedelta(days=9)),
)
SECRET_VALUES = st.recursive(
    SECRETS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=30),
        st.dictionaries(KEYS.filter(lambda key: key.isidentifier()), inner, max_size=4),
        st.dictionaries(SECRETS, inner, max_size=4),
        st.frozensets(SECRETS, max_size=4),
    ),
    max_leaves=40,
)


@RELAXED
@given(SECRET_VALUES, OPTIONS.filter(lambda options: "tolerance" not in options))
def test_no_value_is_in_any_recorded_line(value: Any, options: dict[str, Any]) -> None:
    text = line(value, **options)
    assert not [leaf for leaf in leaves(value) if len(leaf) > 5 and leaf not in ("rentals", "amount") and leaf in text]


def test_values_many_times_over_are_not_recorded_either() -> None:
    value = [{"status": "QXZJVW", "city": "KYKYKY", "QXQXQX": 1} for _ in range(100)]
    for options in ({}, {"compare": "exact"}, {"compare": "exact", "key": "status"}):
        assert not [secret for secret in ("QXZJVW", "KYKYKY", "QXQXQX") if secret in line(value, **options)]


def test_a_name_made_of_data_is_not_recorded() -> None:
    observed = probe.Observed(KEY, frozenset())
    observed(f"order of {uuid.UUID(int=7)} QXZJVW 4711", 1)
    assert '"name":"order of <uuid> <word> <n>"' in observed.lines[0]


@dataclasses.dataclass
class _Customer:
    name: str
    customer_id: int


def test_another_key_gives_other_fingerprints() -> None:
    value = [_Customer("Mary", 4711)]
    texts = []
    for key in (KEY, b"j" * 32):
        observed = probe.Observed(key, frozenset())
        observed("order", value, compare="exact")
        texts.append(observed.lines[0])
    assert texts[0] != texts[1]
