"""Columns that refer to keys under names of their own."""

from __future__ import annotations

from harness.pipeline.sources.reading import other_names


def test_foreign_keys_whose_name_says_so_need_no_second_match() -> None:
    keys = [
        ("staff.reports_to", "staff.staff_no"),
        ("orders.customer_id", "customers.id"),
        ("orders.sold_by", "staff.staff_no"),
        ("pay.staff_no", "staff.staff_no"),
    ]
    assert other_names(keys) == {"staff.staff_no": ("staff.reports_to", "orders.sold_by")}
