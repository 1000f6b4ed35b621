"""Columns that refer to keys under names of their own."""

from __future__ import annotations

import pytest

from harness.model import CouplingKind
from harness.model.coupling import Match, Presence
from harness.pipeline.sources.reading import other_names, with_other_names


def test_foreign_keys_whose_name_says_so_need_no_second_match() -> None:
    keys = [
        ("staff.reports_to", "staff.staff_no"),
        ("orders.customer_id", "customers.id"),
        ("orders.sold_by", "staff.staff_no"),
        ("pay.staff_no", "staff.staff_no"),
    ]
    assert other_names(keys) == {"staff.staff_no": ("staff.reports_to", "orders.sold_by")}


@pytest.mark.parametrize(("presence", "more"), [(Presence.LEGACY, ["staff.boss"]), (Presence.BOTH, ["staff.boss"]), (Presence.SHADOW, [])])
def test_a_key_may_be_asked_for_by_what_refers_to_it_also_where_both_sides_hold_one(presence: Presence, more: list[str]) -> None:
    match = Match(entity="staff.staff_no", kind=CouplingKind.IDENTIFIER, content="number", presence=presence, density=0.5)
    found = with_other_names((match,), {"staff.staff_no": ("staff.boss",)})
    assert [(one.entity, one.presence) for one in found] == [(name, presence) for name in ("staff.staff_no", *more)]
