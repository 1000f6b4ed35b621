from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from alembic import op
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.engine import make_url

from harness.errors import StoreError
from harness.model import (
    Comparison,
    ConfirmPolicy,
    Direction,
    Outcome,
    PairFilter,
    PairResult,
    RunHeader,
    SideResult,
    Totals,
    Verdict,
)
from harness.store import migration, open_store
from harness.store.database import Database
from harness.store.schema import VERSION, VERSION_TABLE, metadata

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
OPENERS = 4


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "shadow.db"


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database(request: pytest.FixtureRequest, file: Path) -> Iterator[Database]:
    """An empty database, behind the store's back."""
    url = request.getfixturevalue("postgres_url") if request.param == "postgres" else f"sqlite:///{file}"
    opened = Database(make_url(url))
    yield opened
    opened.close()


def execute(database: Database, *statements: str) -> None:
    with database.updating("preparing the test") as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)


def tables(database: Database) -> set[str]:
    with database.reading("looking") as connection:
        return set(migration._look(connection).tables)


def open_it(database: Database) -> None:
    open_store(database.url.render_as_string(hide_password=False)).close()


def scripts() -> ScriptDirectory:
    config = Config()
    config.set_main_option("script_location", str(migration._MIGRATIONS))
    return ScriptDirectory.from_config(config)


def night(day: int, *, complete: bool) -> Comparison:
    started = datetime(2026, 11, 1, tzinfo=UTC) + timedelta(days=day)
    passed, failed = SideResult(outcome=Outcome.PASSED), SideResult(outcome=Outcome.FAILED)
    way = Direction.LEGACY_ONLY_PASS
    pair = PairResult(test_id="a", legacy=passed, shadow=failed, verdict=Verdict.DIVERGENT, reason="r", direction=way, confirmed=True, cluster="c")
    run = RunHeader(id=f"night-{day}", suite="ledger", started_at=started, confirm=ConfirmPolicy(), complete=complete)
    return Comparison(run=run, pairs=(pair,), totals=Totals(tests=1, divergent=1), exit=1, legacy={"suite.digest": "x"})


VERSIONS = [script.revision for script in scripts().walk_revisions()]


def test_the_schema_version_is_that_of_the_last_migration() -> None:
    assert scripts().get_current_head() == VERSION
    assert sorted(VERSIONS) == [f"{number:04d}" for number in range(1, len(VERSIONS) + 1)]


def test_every_table_and_column_says_what_it_is_for() -> None:
    assert all(table.comment for table in metadata.tables.values())
    assert all(column.comment for table in metadata.tables.values() for column in table.columns)


def test_the_schema_tells_the_history_of_its_versions() -> None:
    from harness.store import schema

    assert all(f"\n{version}  " in (schema.__doc__ or "") for version in VERSIONS)


def test_an_empty_database_gets_the_schema_that_the_code_knows(database: Database) -> None:
    open_it(database)

    with database.reading("comparing") as connection:
        context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE, "compare_type": False})
        assert compare_metadata(context, metadata) == []


@pytest.mark.parametrize("version", [version for version in VERSIONS if version != VERSION] or ["base"])
def test_every_earlier_version_is_upgraded(database: Database, version: str) -> None:
    if version != "base":
        with database.writing("preparing the test") as connection:
            migration.upgrade(connection, version)

    open_it(database)
    open_it(database)

    with database.reading("looking") as connection:
        assert migration._look(connection).version == VERSION


def test_what_the_first_version_held_is_followed_after_an_upgrade(database: Database) -> None:
    url = database.url.render_as_string(hide_password=False)
    with closing(open_store(url)) as store:
        for day in range(3):
            store.save(night(day, complete=day != 1))
        before = store.divergence("a"), store.discordances(), store.comparison("night-2")
    tables = ("course", "divergence", "discordance", "rename", "tombstone", "pair_finding")
    execute(
        database,
        *(f"DROP TABLE {table}" for table in tables),
        *(f"ALTER TABLE run DROP COLUMN {column}" for column in ("whole", "confirm_clean_nights", "findings")),
        f"UPDATE {VERSION_TABLE} SET version_num = '0001'",
    )

    with closing(open_store(url)) as store:
        assert (store.divergence("a"), store.discordances(), store.comparison("night-2")) == before
        found = store.divergence("a")
    assert found is not None
    assert (found.nights_seen, found.first_seen.run_id) == (2, "night-0")


def test_a_newer_schema_is_refused_with_both_versions(database: Database) -> None:
    open_it(database)
    execute(database, f"UPDATE {VERSION_TABLE} SET version_num = '9999'")

    with pytest.raises(StoreError, match=f"version 9999; this program knows versions up to {VERSION}") as caught:
        open_it(database)

    assert "upgrade shadow-harness" in str(caught.value)


def test_a_database_of_something_else_is_refused_and_left_alone(database: Database, file: Path) -> None:
    execute(database, "CREATE TABLE customer (id INTEGER)")
    before = file.read_bytes() if file.exists() else b""

    with pytest.raises(StoreError, match="not a store") as caught:
        open_it(database)

    assert VERSION in str(caught.value)
    assert tables(database) == {"customer"}
    assert (file.read_bytes() if file.exists() else b"") == before


def test_a_schema_without_a_version_is_refused(database: Database) -> None:
    open_it(database)
    execute(database, f"DELETE FROM {VERSION_TABLE}")

    with pytest.raises(StoreError, match="half-made"):
        open_it(database)


def test_a_schema_that_lost_a_table_is_refused(database: Database) -> None:
    open_it(database)
    execute(database, "DROP TABLE pair", "DROP TABLE tally")

    with pytest.raises(StoreError, match="lost its tables pair, tally"):
        open_it(database)


def test_a_migration_that_fails_half_way_leaves_nothing_and_can_be_repeated(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("power cut")

    with monkeypatch.context() as patched:
        patched.setattr(op, "create_index", fail)
        with pytest.raises(RuntimeError, match="power cut"):
            open_it(database)

    assert tables(database) == set()
    open_it(database)
    assert set(metadata.tables) < tables(database)


def test_several_processes_open_a_new_store_at_once(database: Database) -> None:
    url = database.url.render_as_string(hide_password=False)
    program = "import sys; from harness.store import open_store; sys.stdin.read(); open_store(sys.argv[1]).close()"
    opening = [subprocess.Popen([sys.executable, "-W", "error", "-c", program, url], cwd=ROOT, stdin=subprocess.PIPE) for _ in range(OPENERS)]
    for process in opening:
        assert process.stdin is not None
        process.stdin.close()

    assert [process.wait() for process in opening] == [0] * OPENERS
    open_it(database)


def test_a_bare_path_is_an_sqlite_file_whose_folders_are_made(tmp_path: Path) -> None:
    path = tmp_path / "new" / "50% of it?" / "shadow.db"

    open_store(str(path)).close()

    assert path.is_file()


def test_readers_and_a_writer_of_sqlite_do_not_wait_for_each_other(file: Path) -> None:
    open_store(str(file)).close()

    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_connections_of_sqlite_enforce_foreign_keys_and_wait_for_locks(file: Path) -> None:
    database = Database(make_url(f"sqlite:///{file}"))

    with database.reading("looking") as connection:
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
        assert connection.exec_driver_sql("PRAGMA busy_timeout").scalar() == 60_000
    database.close()


def test_a_file_that_is_no_database_is_refused(file: Path) -> None:
    file.write_text("id,name\n" * 200)

    with pytest.raises(StoreError, match="not a database") as caught:
        open_store(str(file))

    assert "shadow store rebuild" in str(caught.value)


def test_a_folder_that_cannot_be_made_is_named(file: Path) -> None:
    file.write_text("")

    with pytest.raises(StoreError, match="folder cannot be made"):
        open_store(str(file / "shadow.db"))


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("mysql://localhost/shadow", "mysql is no database"),
        ("postgresql+asyncpg://localhost/shadow", "no database the store can live in"),
        ("sqlite://", "in memory"),
        (":memory:", "in memory"),
        ("://", "cannot be read"),
    ],
)
def test_a_url_that_names_no_store_is_refused(url: str, found: str) -> None:
    with pytest.raises(StoreError, match=found) as caught:
        open_store(url)

    assert "postgresql+psycopg://" in str(caught.value)


def test_a_server_that_does_not_answer_is_named_without_the_password(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="looking at the store's schema failed") as caught:
        open_store(f"postgresql://someone:tops3cret@/shadow?host={tmp_path}&password=tops3cret")

    assert "someone" in str(caught.value)
    assert "tops3cret" not in str(caught.value)
    assert "check that the server runs" in str(caught.value)


def test_a_list_is_read_through_indexes_alone(file: Path) -> None:
    open_store(str(file)).close()
    from harness.store.listing import _place, _places

    database = Database(make_url(f"sqlite:///{file}"))
    plans = []
    with database.reading("explaining") as connection:
        for where in (PairFilter(verdict=Verdict.DIVERGENT), PairFilter(verdict=Verdict.DIVERGENT, cluster="c"), PairFilter()):
            place = _place(where)
            query = _places(connection, 1, where).where(place > 5).order_by(place).limit(100)
            compiled = query.compile(connection)
            values = tuple(compiled.params[name] for name in compiled.positiontup or ())
            plans.append(" ".join(row.detail for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {compiled}", values)))
    database.close()

    assert "ix_pair_verdict (run_id=? AND verdict=? AND position>?)" in plans[0]
    assert "ix_pair_detail_cluster (run_id=? AND cluster_id=? AND position>?)" in plans[1]
    assert "PRIMARY KEY (run_id=? AND position>?)" in plans[2]
    assert not any("SCAN" in plan or "TEMP B-TREE" in plan for plan in plans)
