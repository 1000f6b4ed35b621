"""Patches of single tests: what the source says before and after. And what is shown of them."""

from __future__ import annotations

import re
import sqlite3
import textwrap
from contextlib import ExitStack
from pathlib import Path

import pytest

from harness.model.coupling import LiteralForm, LiteralSource
from runners.identity.connection import reading
from runners.patching.asked import Case, DataVariable, Spot, Task, Touched
from runners.patching.dataset import Dataset
from runners.patching.patcher import Patcher
from runners.patching.project import Project
from runners.patching.shown import Known, shown_diff
from runners.patching.source import Edit, UnpatchableError, applied

CONFTEST = """
    import pytest
    from sqlalchemy import create_engine


    @pytest.fixture
    def engine():
        return create_engine("sqlite://")
"""


def patched(
    folder: Path, code: str, *asked: tuple[object, str], expected: tuple[object, ...] = (), conftest: str = CONFTEST, variables: bool = True
) -> dict[str, str]:
    """The files of a suite after the patch of `test_it`, which asks for values of entities and expects others of the same record."""
    for name, base in (("legacy", 700), ("shadow", 90_000)):
        with sqlite3.connect(folder / f"{name}.sqlite") as connection:
            connection.execute("create table clients (id integer primary key, mail text unique, land text, phone text)")
            rows = [
                (base + one, f"{name}{one}@example.test", "DE" if one % 2 else "NO" if base == 700 else "DE", f"+4{base}{one}") for one in range(6)
            ]
            connection.executemany("insert into clients values (?, ?, ?, ?)", rows)
            connection.execute("create table visits (visit integer primary key, id integer references clients (id), cost integer)")
            connection.executemany(
                "insert into visits (id, cost) values (?, ?)",
                [(base + one, 10 + one) for one in range(1, 6) for _ in range(one if base == 700 else 1)],
            )
        connection.close()
    text = textwrap.dedent(code)
    (folder / "test_it.py").write_text(text)
    (folder / "conftest.py").write_text(textwrap.dedent(conftest))
    spots = [spot for value, entity in asked for spot in places(text, value, entity)]
    spots += [spot for value in expected for spot in places(text, value, None)]
    names = "::".join(["test_it.py", *(["Test"] if "class Test" in text else []), "test_it"])
    touched = (Touched(tables=("clients",), sums=(), counts=False, rows=1), Touched(tables=("visits",), sums=("cost",), counts=False, rows=1))
    task = Task(function=names, cases=(Case(test_id=names, spots=tuple(spots), touched=touched if "visits" in text else touched[:1]),))
    with ExitStack() as stack:
        sides = [
            Dataset(stack.enter_context(reading(f"sqlite:///{name}.sqlite", base=folder, statement_seconds=10))) for name in ("legacy", "shadow")
        ]
        project = Project(folder, ("conftest.py", "test_it.py"))
        patcher = Patcher(project, sides[0], sides[1], (DataVariable(name="APP_DB", shape="path", backend="sqlite"),) if variables else ())
        return patcher.patch(task).written(project)


def places(text: str, value: object, entity: str | None) -> list[Spot]:
    found = []
    for number, line in enumerate(text.split("\n"), start=1):
        found_at = re.search(rf"(?<!\w){re.escape(str(value))}(?!\w)", line)
        if found_at is not None:
            at = found_at.start()
            quotes = line[at - 1 : at] in {'"', "'"} and line[at + len(str(value)) :][:1] in {'"', "'"}
            form = LiteralForm.WRITTEN if quotes or not isinstance(value, str) else LiteralForm.PART
            column = at if quotes else at + 1
            source = LiteralSource.PARAMETRIZE if "parametrize" in line else LiteralSource.BODY
            found.append(Spot(value=value, path="test_it.py", line=number, column=column, form=form, source=source, entity=entity))  # type: ignore[arg-type]  # tests give plain values
    return found


def test_a_literal_of_a_test_comes_from_a_fixture_that_asks_the_engine(tmp_path: Path) -> None:
    found = patched(tmp_path, "def test_it(engine):\n    assert look(engine, 703)\n", (703, "clients.id"))
    assert found["test_it.py"] == 'def test_it(engine, some_client):\n    assert look(engine, some_client["id"])\n'
    assert "from sqlalchemy import create_engine, text\n" in found["conftest.py"]
    assert 'text("SELECT * FROM clients ORDER BY id LIMIT 1")' in found["conftest.py"]
    assert "with engine.connect() as connection:" in found["conftest.py"]


def test_what_both_sides_hold_is_a_condition_and_what_is_the_records_own_a_column(tmp_path: Path) -> None:
    code = 'def test_it(engine):\n    one = look(engine, 703)\n    assert (one.land, one.mail) == ("DE", "legacy3@example.test")\n'
    found = patched(tmp_path, code, (703, "clients.id"), expected=("DE", "legacy3@example.test"))
    assert '("DE", some_client_with_land_de["mail"])' in found["test_it.py"]
    assert "WHERE land = 'DE'" in found["conftest.py"]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('get("/clients/703")', "get(f\"/clients/{some_client['id']}\")"),
        ("get('/clients/703/{x}')", "get(f'/clients/{some_client[\"id\"]}/{{x}}')"),
        ('sql("select 1 from clients where id = 703")', 'sql("select 1 from clients where id = (SELECT min(id) FROM clients)")'),
    ],
)
def test_a_part_of_a_text_becomes_a_replacement_field_or_a_query_inside_the_statement(tmp_path: Path, before: str, after: str) -> None:
    found = patched(tmp_path, f"def test_it(engine):\n    assert {before}\n", ("703", "clients.id"))
    assert after in found["test_it.py"]


def test_parameters_become_positions(tmp_path: Path) -> None:
    code = """
        import pytest


        @pytest.mark.parametrize("client", [701, 703])
        def test_it(engine, client):
            assert look(engine, client)
    """
    found = patched(tmp_path, code, (701, "clients.id"), (703, "clients.id"))
    assert '@pytest.mark.parametrize("position", range(2))' in found["test_it.py"]
    assert "def test_it(engine, position, some_clients):" in found["test_it.py"]
    assert 'client = some_clients[position]["id"]' in found["test_it.py"]


def test_a_count_that_is_expected_is_asked_for_with_the_record(tmp_path: Path) -> None:
    found = patched(tmp_path, "def test_it(engine):\n    assert len(visits(engine, 704)) == 4\n", (704, "clients.id"), expected=(4,))
    assert 'some_client["id"])) == some_client["visits"]' in found["test_it.py"]
    assert "(SELECT count(*) FROM visits WHERE visits.id = clients.id) AS visits" in found["conftest.py"]


def test_a_test_case_of_unittest_asks_through_what_its_set_up_opened(tmp_path: Path) -> None:
    code = """
        import os
        import sqlite3
        import unittest


        class Test(unittest.TestCase):
            def setUp(self):
                self.db = sqlite3.connect(os.environ["APP_DB"])

            def test_it(self):
                self.assertTrue(look(self.db, 703))
    """
    found = patched(tmp_path, code, (703, "clients.id"), conftest="")
    assert 'self.assertTrue(look(self.db, self.some_client()["id"]))' in found["test_it.py"]
    assert "    def some_client(self):" in found["test_it.py"]


def test_a_test_without_any_way_to_the_data_opens_what_the_variable_names(tmp_path: Path) -> None:
    found = patched(tmp_path, "def test_it():\n    assert look(703)\n", (703, "clients.id"), conftest="")
    every = "\n".join(found.values())
    assert 'sqlite3.connect(os.environ["APP_DB"])' in every
    assert "def test_it(some_client):" in every


def test_what_shadow_cannot_show_is_refused_with_the_reason(tmp_path: Path) -> None:
    with pytest.raises(UnpatchableError, match="needs a synthetic case"):
        patched(tmp_path, "def test_it(engine):\n    assert len(visits(engine, 705)) > 4\n", (705, "clients.id"))


def test_edits_that_overlap_are_refused() -> None:
    edits = [Edit(path="a.py", start=0, end=3, new="x"), Edit(path="a.py", start=2, end=4, new="y")]
    with pytest.raises(UnpatchableError):
        applied("abcdef", edits)


def test_every_known_value_on_a_shown_line_is_its_token() -> None:
    old = 'A = 4711\n\n\ndef test_a():\n    assert look("real@example.com", 17)\n\n\ndef test_b():\n    assert look("real@example.com")\n'
    new = old.replace('"real@example.com", 17', "some, 17")
    known = [
        Known(path="a.py", line=1, column=5, token="number:aaaaaa", spelled="4711"),
        Known(path="a.py", line=5, column=17, token="email:bbbbbb", spelled="real@example.com"),
        Known(path="a.py", line=5, column=37, token="number:cccccc", spelled="17"),
        Known(path="a.py", line=9, column=17, token="email:bbbbbb", spelled="not as it stands"),
    ]
    shown = shown_diff({"a.py": old}, {"a.py": new}, known, {("a.py", 5, 17)})
    assert '-    assert look("email:bbbbbb", number:cccccc)' in shown
    assert "+    assert look(some, number:cccccc)" in shown
    assert not any(value in shown for value in ("4711", "real@", " 17"))


ASYNCHRONOUS = """
    import pytest_asyncio
    from shop import opened


    @pytest_asyncio.fixture
    async def conn():
        async with opened() as connection:
            yield connection


    @pytest_asyncio.fixture
    async def desk(conn):
        return Desk(conn)
"""


def test_an_asynchronous_fixture_is_named_as_the_obstacle_where_nothing_else_leads_to_the_data(tmp_path: Path) -> None:
    code, asked = "async def test_it(desk):\n    assert await desk.look(703)\n", (703, "clients.id")
    with pytest.raises(UnpatchableError, match=r"through an asynchronous fixture \(conn\), and patches ask through synchronous ones alone"):
        patched(tmp_path, code, asked, conftest=ASYNCHRONOUS, variables=False)
    for name in ("legacy", "shadow"):
        (tmp_path / f"{name}.sqlite").unlink()
    found = patched(tmp_path, code, asked, conftest=ASYNCHRONOUS)
    assert found["test_it.py"].startswith('async def test_it(desk, some_client):\n    assert await desk.look(some_client["id"])')
    assert 'sqlite3.connect(os.environ["APP_DB"])' in found["conftest.py"]
