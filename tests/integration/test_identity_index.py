"""An identity index built from two databases, and what it answers."""

from __future__ import annotations

import random
import sqlite3
from pathlib import Path
from uuid import UUID

import numpy as np
import pytest

from harness.errors import ConfigurationError, InfrastructureError, InputError
from harness.evidence.key import ProjectKey
from harness.model import CouplingKind
from harness.model.coupling import IndexSummary, Presence
from runners.identity import sorting
from runners.identity.building import build_index
from runners.identity.index import IdentityIndex, open_index
from runners.identity.limits import ReadLimits
from runners.identity.sorting import EntrySorter, entry

KEY = ProjectKey(b"k" * 32)
SCHEMA = """
CREATE TABLE country (code CHAR(2) PRIMARY KEY, name TEXT);
CREATE TABLE customer (id INTEGER PRIMARY KEY, first_name TEXT, last_name TEXT, email TEXT UNIQUE, phone TEXT, legacy_no VARCHAR(10), token BLOB);
CREATE TABLE orders (no INTEGER, line INTEGER, customer_id INTEGER REFERENCES customer (id), placed DATETIME, PRIMARY KEY (no, line));
"""


def make(path: Path, first: int, host: str, names: list[tuple[str, str]]) -> None:
    with sqlite3.connect(path) as database:
        database.executescript(SCHEMA)
        database.executemany("INSERT INTO country VALUES (?, ?)", [("NO", "Norway"), ("SE", "Sweden"), ("PT", "Portugal")])
        for number, (given, family) in enumerate(names):
            ident = first + number
            email = f"{given}.{family}@{host}".lower()
            row = (ident, given, family, email, f"+47 22 44 {first % 89 + 10} {number + 10}", f"{ident:08d}", UUID(int=ident << 100).bytes)
            database.execute("INSERT INTO customer VALUES (?, ?, ?, ?, ?, ?, ?)", row)
            database.execute("INSERT INTO orders VALUES (?, ?, ?, ?)", (ident * 10, 1 + number, ident, "2024-01-01 00:00:00"))
    database.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    make(tmp_path / "legacy.sqlite", 11, "real.test", [("Zoë", "Åkesson"), ("Priya", "Raman"), ("Helena", "Holý"), ("Ulf", "Berg")])
    make(tmp_path / "shadow.sqlite", 9011, "corpus.test", [("Gray", "Ashby"), ("Noel", "Frost"), ("Harper", "Quill"), ("Casey", "Lowe")])
    return tmp_path


def build(folder: Path, **options: object) -> IndexSummary:
    return build_index("sqlite:///legacy.sqlite", "sqlite:///shadow.sqlite", key=KEY, into=folder / "index", base=folder, **options)  # type: ignore[arg-type]  # passed on


def entities(index: IdentityIndex, value: object) -> dict[str, Presence]:
    return {match.entity: match.presence for match in index.lookup([value])[0]}


def test_values_are_found_in_any_spelling(folder: Path) -> None:
    build(folder)
    with open_index(folder / "index", KEY) as index:
        assert entities(index, 11) == {"customer.id": Presence.LEGACY, "customer.legacy_no": Presence.LEGACY}
        assert entities(index, "00000011") == entities(index, 11)
        assert entities(index, "ZOË.ÅKESSON@REAL.TEST") == {"customer.email": Presence.LEGACY}
        assert entities(index, "Zoe\u0308 A\u030akesson") == {"customer.first_name+last_name": Presence.LEGACY}
        assert entities(index, "+47 22 44 21 10") == {"customer.phone": Presence.LEGACY}
        assert entities(index, "22442110") == {"customer.phone": Presence.LEGACY}
        assert entities(index, (110, 1)) == {"orders.no+line": Presence.LEGACY}
        assert entities(index, UUID(int=11 << 100)) == {"customer.token": Presence.LEGACY}
        assert entities(index, 9011) == {"customer.id": Presence.SHADOW, "customer.legacy_no": Presence.SHADOW}
        assert entities(index, "nobody@real.test") == entities(index, None) == {}


def test_what_is_on_both_sides_is_reference_data(folder: Path) -> None:
    summary = build(folder)
    with open_index(folder / "index", KEY) as index:
        assert entities(index, "no") == {"country.code": Presence.BOTH}
        assert index.referring == (("orders.customer_id", "customer.id"),)
    counted = {column.entity: (column.legacy_only, column.both, column.shadow_only) for column in summary.columns}
    assert counted["country.code"] == (0, 3, 0)
    assert counted["customer.id"] == (4, 0, 4)


def test_kinds_contents_and_covers_are_told(folder: Path) -> None:
    columns = {column.entity: column for column in build(folder).columns}
    assert columns["customer.id"].kind is CouplingKind.IDENTIFIER
    assert columns["customer.email"].kind is CouplingKind.NATURAL_KEY
    assert columns["customer.email"].content == "email"
    assert columns["orders.customer_id"].covered_by == "customer.id"
    assert "orders.placed" not in columns


def test_density_is_the_share_of_numbers_with_as_many_digits(folder: Path) -> None:
    build(folder)
    with open_index(folder / "index", KEY) as index:
        density = {match.entity: match.density for match in index.lookup([12])[0]}
        assert density["customer.id"] == pytest.approx(4 / 90)
        assert index.lookup(["priya.raman@real.test"])[0][0].density == 0.0
        by_name = index.lookup(["Priya Raman"])[0][0].density
        assert 0 < by_name < 0.5


def test_fingerprints_are_answered_like_values(folder: Path) -> None:
    build(folder)
    with open_index(folder / "index", KEY) as index:
        found = index.lookup_fingerprints([KEY.fingerprint("n:11"), KEY.fingerprint("n:12345")])
        assert {match.entity for match in found[0]} == {"customer.id", "customer.legacy_no"}
        assert found[1] == ()


def test_no_value_is_in_the_file_and_nobody_else_can_read_it(folder: Path) -> None:
    build(folder)
    written = (folder / "index").read_bytes().lower()
    assert (folder / "index").stat().st_mode & 0o777 == 0o600
    for value in ("åkesson", "raman", "real.test", "norway", "22442110"):
        assert value.encode() not in written
    assert [path.name for path in folder.iterdir() if "tmp" in path.name] == []


def test_another_key_is_refused(folder: Path) -> None:
    build(folder)
    with pytest.raises(InputError, match="another project key"):
        open_index(folder / "index", ProjectKey(b"x" * 32))


@pytest.mark.parametrize("damage", [b"", b"no index at all, but long enough for a head", None])
def test_a_damaged_file_is_refused(folder: Path, damage: bytes | None) -> None:
    build(folder)
    whole = (folder / "index").read_bytes()
    (folder / "index").write_bytes(whole[: len(whole) - 4] if damage is None else damage)
    with pytest.raises(InputError):
        open_index(folder / "index", KEY)


def test_entities_can_be_added_and_left_out(folder: Path) -> None:
    columns = {column.entity for column in build(folder, add=["country.NAME"], ignore=["customer.phone", "orders.*"]).columns}
    assert "country.name" in columns
    assert "customer.phone" not in columns
    assert not {entity for entity in columns if entity.startswith("orders")}


def test_what_shadow_lacks_is_said(folder: Path) -> None:
    with sqlite3.connect(folder / "shadow.sqlite") as database:
        database.execute("DROP TABLE orders")
        database.execute("ALTER TABLE customer DROP COLUMN phone")
    database.close()
    assert build(folder).unread == ("customer.phone: shadow has no such column", "orders: shadow has no such table")


def test_a_slow_pace_reads_the_same(folder: Path) -> None:
    whole = build(folder)
    slow = build(folder, limits=ReadLimits(rows_per_second=1000, batch_rows=2))
    assert slow == whole


def test_keys_without_a_value_do_not_end_the_reading(folder: Path) -> None:
    with sqlite3.connect(folder / "legacy.sqlite") as database:
        database.execute("CREATE TABLE agent (code VARCHAR(9) PRIMARY KEY)")
        database.executemany("INSERT INTO agent VALUES (?)", [(None,)] * 3 + [(f"A-{number}",) for number in range(7)])
    database.close()
    found = build(folder, limits=ReadLimits(batch_rows=3))
    assert next(column.legacy_only for column in found.columns if column.entity == "agent.code") == 7


def test_a_statement_that_takes_too_long_is_ended(folder: Path) -> None:
    with sqlite3.connect(folder / "legacy.sqlite") as database:
        database.execute("CREATE VIEW slow AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) AS id FROM n")
    database.close()
    from runners.identity.connection import reading

    with (
        pytest.raises(InfrastructureError, match="OperationalError"),
        reading("sqlite:///legacy.sqlite", base=folder, statement_seconds=1) as connection,
    ):
        connection.exec_driver_sql("SELECT * FROM slow").all()


def test_nothing_can_be_written(folder: Path) -> None:
    from runners.identity.connection import reading

    with pytest.raises(InfrastructureError), reading("sqlite:///legacy.sqlite", base=folder, statement_seconds=5) as connection:
        connection.exec_driver_sql("DELETE FROM customer")


def test_a_url_that_cannot_be_used_is_not_repeated(folder: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        build_index("nonsense://user:secret@host/db", "sqlite:///shadow.sqlite", key=KEY, into=folder / "index", base=folder)
    assert "secret" not in str(caught.value)


def test_a_missing_database_is_an_infrastructure_failure(folder: Path) -> None:
    with pytest.raises(InfrastructureError):
        build_index("sqlite:///nowhere.sqlite", "sqlite:///shadow.sqlite", key=KEY, into=folder / "index", base=folder)
    assert not (folder / "index").exists()


def test_many_entries_are_sorted_in_runs_and_united(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sorting, "_RUN", 1000)
    rng = random.Random(7)
    given = [(rng.getrandbits(48), rng.randrange(5), 1 << rng.randrange(2)) for _ in range(6000)]
    given += given[:500] + [(fingerprint, column, 3 - side) for fingerprint, column, side in given[:500]]
    expected: dict[tuple[int, int], int] = {}
    for fingerprint, column, side in given:
        expected[fingerprint, column] = expected.get((fingerprint, column), 0) | side
    with EntrySorter(tmp_path) as sorter:
        for start in range(0, len(given), 300):
            sorter.extend(entry(*one) for one in given[start : start + 300])
        merged = np.concatenate(list(sorter.merged()))
    assert merged.tolist() == sorted(entry(fingerprint, column, side) for (fingerprint, column), side in expected.items())


def test_large_indexes_are_answered_across_blocks(tmp_path: Path) -> None:
    for side, first in (("legacy", 0), ("shadow", 40_000)):
        with sqlite3.connect(tmp_path / f"{side}.sqlite") as database:
            database.execute("CREATE TABLE member (id INTEGER PRIMARY KEY)")
            database.executemany("INSERT INTO member VALUES (?)", [(number,) for number in range(first, first + 50_000)])
        database.close()
    build(tmp_path)
    with open_index(tmp_path / "index", KEY) as index:
        answers = index.lookup(range(-10, 100_000))
    presence = [matches[0].presence if matches else None for matches in answers]
    expected = [None] * 10 + [Presence.LEGACY] * 40_000 + [Presence.BOTH] * 10_000 + [Presence.SHADOW] * 40_000 + [None] * 10_000
    assert presence == expected
