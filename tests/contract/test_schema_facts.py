"""The schema of a dataset's database as facts: the same reader for every database, which never writes."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import create_engine

from harness.errors import ConfigurationError, InfrastructureError
from runners.database import data_state, schema_facts

FIRST = "create table person (id integer primary key, phone varchar(20) not null)"
SECOND = "create table account (id integer primary key, person_id integer references person (id))"
Database = tuple[str, Callable[[str], None]]


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Database:
    """A URL, and a function that carries a statement out there."""
    url = "sqlite:///some base #1.sqlite" if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    own = f"sqlite:///{tmp_path / 'some base #1.sqlite'}" if request.param == "sqlite" else url

    def change(statement: str) -> None:
        engine = create_engine(own)
        with engine.begin() as connection:
            connection.exec_driver_sql(statement)
        engine.dispose()

    change(FIRST)
    change(SECOND)
    return url, change


def test_a_fact_for_each_table(database: Database, tmp_path: Path) -> None:
    url, _ = database
    facts = schema_facts(url, base=tmp_path)
    assert set(facts) == {"schema.person", "schema.account"}
    assert facts == schema_facts(url, base=tmp_path)


def test_rows_change_nothing_and_columns_do(database: Database, tmp_path: Path) -> None:
    url, change = database
    before = schema_facts(url, base=tmp_path)
    change("insert into person values (1, '4711')")
    assert schema_facts(url, base=tmp_path) == before
    change("alter table person add column name varchar(10)")
    after = schema_facts(url, base=tmp_path)
    assert {name for name in after if after[name] != before[name]} == {"schema.person"}


def test_the_state_of_the_data_changes_with_its_rows_and_tells_none_of_them(database: Database, tmp_path: Path) -> None:
    url, change = database
    states = [data_state(url, base=tmp_path), data_state(url, base=tmp_path)]
    assert states[0] == states[1]
    change("insert into person values (1, '4711')")
    states.append(data_state(url, base=tmp_path))
    change("delete from person")
    change("insert into person values (2, '4711')")
    states.append(data_state(url, base=tmp_path))
    assert len(set(states)) == 3
    assert all(len(state) == 64 and "4711" not in state for state in states)


def test_a_row_changed_in_place_shows_in_a_file(tmp_path: Path) -> None:
    path = tmp_path / "one.sqlite"
    states = []
    for phone in ("4711", "4712"):
        with sqlite3.connect(path) as connection:
            connection.executescript(f"drop table if exists person; {FIRST}; insert into person values (1, '{phone}')")
        states.append(data_state("sqlite:///one.sqlite", base=tmp_path))
    assert states[0] != states[1]


def test_rows_still_in_the_write_ahead_log_count(tmp_path: Path) -> None:
    path = tmp_path / "busy.sqlite"
    with sqlite3.connect(path, isolation_level=None) as writer:
        writer.execute("pragma journal_mode = wal")
        writer.execute(FIRST)
        before = data_state(f"sqlite:///{path}", base=tmp_path)
        writer.execute("insert into person values (1, '4711')")
        assert data_state(f"sqlite:///{path}", base=tmp_path) != before


def test_a_table_without_a_key_or_of_any_name_is_looked_at(database: Database, tmp_path: Path) -> None:
    url, change = database
    change('create table "odd ""name" (note text, made date)')
    before = data_state(url, base=tmp_path)
    change('insert into "odd ""name" values (\'x\', null)')
    assert data_state(url, base=tmp_path) != before


def test_it_reads_while_another_connection_writes(tmp_path: Path) -> None:
    path = tmp_path / "busy.sqlite"
    with sqlite3.connect(path, isolation_level=None) as writer:
        writer.execute("pragma journal_mode = wal")
        writer.execute(FIRST)
        writer.execute("begin immediate")
        assert set(schema_facts(f"sqlite:///{path}", base=tmp_path)) == {"schema.person"}
    writer.close()


@pytest.mark.parametrize("url", ["no url", "nosuch://u:secret@h/d", "nosuch+driver://h/d"])
def test_a_url_that_cannot_be_used_is_not_repeated(url: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        schema_facts(url, base=tmp_path)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("url", ["sqlite:///secret.sqlite", "postgresql+psycopg://u:secret@127.0.0.1:1/secret"])
def test_a_database_that_does_not_answer_is_not_repeated(url: str, tmp_path: Path) -> None:
    with pytest.raises(InfrastructureError) as caught:
        schema_facts(url, base=tmp_path)
    assert "secret" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    (tmp_path / "text.sqlite").write_text("just text " * 100)
    with pytest.raises(InfrastructureError, match="could not be read"):
        schema_facts("sqlite:///text.sqlite", base=tmp_path)
