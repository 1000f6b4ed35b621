"""The scenario inventory as a file: entries are added once, in TOML and in Markdown."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from harness.errors import UsageError
from harness.model.suggestion import InventoryEntry
from harness.report.inventory import add_to_inventory, entry_toml

ENTRY = InventoryEntry(
    id="cardinality-0123456789",
    scenario="legacy holds thousands of rows where shadow holds tens",
    pattern="cardinality",
    entity="orders.order_id",
    volume="thousands",
    statement='SELECT * FROM "orders" WHERE state = ?',
    tests=("test_a.py::test_many",),
    since="2026-11-22",
    run="20261122T000000Z-0000",
)


def test_an_entry_is_toml_with_everything_that_is_known() -> None:
    (found,) = tomllib.loads(entry_toml(ENTRY))["scenario"]
    assert found["id"] == ENTRY.id
    assert found["statement"] == ENTRY.statement
    assert found["owner"] == ""
    assert found["since"].isoformat() == ENTRY.since


@pytest.mark.parametrize("name", ["scenarios.toml", "scenarios.md"])
def test_an_entry_is_added_once_and_what_people_wrote_stays(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    assert add_to_inventory([ENTRY], path) == (ENTRY,)
    written = path.read_text().replace('owner = ""', 'owner = "payments"')
    path.write_text(written)
    assert add_to_inventory([ENTRY], path) == ()
    assert path.read_text() == written
    other = InventoryEntry(**{**{name: getattr(ENTRY, name) for name in ENTRY.__slots__}, "id": "fan_out-9876543210"})
    assert add_to_inventory([ENTRY, other], path) == (other,)
    assert path.read_text().startswith(written.rstrip("\n"))


def test_a_file_that_is_no_inventory_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "scenarios.toml"
    path.write_text("scenario = = 1\n")
    with pytest.raises(UsageError):
        add_to_inventory([ENTRY], path)
    assert path.read_text() == "scenario = = 1\n"
