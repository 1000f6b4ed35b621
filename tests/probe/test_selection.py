"""Which tests run: chosen ids in the chosen order, without those that are done, of one shard."""

from __future__ import annotations

from typing import Any

import pytest

FILES = {
    "test_a": "def test_1(): pass\ndef test_2(): pass\nclass TestC:\n    def test_3(self): pass",
    "sub__test_b": "import pytest\n@pytest.mark.parametrize('v', ['x', 'y::z'])\ndef test_4(v): pass",
    "sub__deep__test_c": "def test_5(): pass",
}
ALL = [
    "sub/deep/test_c.py::test_5",
    "sub/test_b.py::test_4[x]",
    "sub/test_b.py::test_4[y::z]",
    "test_a.py::test_1",
    "test_a.py::test_2",
    "test_a.py::TestC::test_3",
]


@pytest.fixture
def three(suite: Any) -> Any:
    return suite.write(**FILES)


def ran(session: Any) -> list[str]:
    return [line["id"] for line in session.of("start")]


def test_select_gives_the_order_and_skips_other_files(three: Any) -> None:
    three.write(test_d="raise SystemExit('must not be imported')", sub__deep__test_e="raise SystemExit('must not be imported')")
    wanted = ["test_a.py::TestC::test_3", "sub/test_b.py::test_4[y::z]", "test_a.py::test_1"]
    session = three.run(select={"select": [*wanted, "test_gone.py::test_x"], "skip": [], "shard": None, "expression": None})
    assert ran(session) == session.collected == wanted, session.output
    assert session.only("collection_finished") == {"e": "collection_finished", "count": 3, "deselected": 1}
    assert session.only("footer")["complete"] is True


def test_functions_of_which_none_is_selected_make_no_tests(everywhere: Any, tmp_path: Any) -> None:
    suite = everywhere.suite(tmp_path / "suite").write(
        conftest="def pytest_collection_modifyitems(items): print('made', sorted(item.nodeid for item in items))",
        test_a="""
        import unittest
        import pytest

        class Shared:
            def test_inherited(self): pass
            def test_left_out(self): pass

        class TestA(Shared):
            class TestInner:
                def test_in(self): pass
                def test_out(self): pass

        class TestB(Shared): pass

        class Case(unittest.TestCase):
            def test_one(self): pass
            def test_two(self): pass

        @pytest.mark.parametrize("one", ["a::b", "[c]"])
        def test_p(one): pass

        def test_left_out(): pass
        """,
    )
    wanted = ["test_a.py::test_p[[c]]", "test_a.py::TestA::test_inherited", "test_a.py::TestA::TestInner::test_in", "test_a.py::Case::test_two"]
    session = suite.run("-s", select={"select": wanted})
    assert ran(session) == wanted, session.output
    made = ["test_a.py::test_p[a::b]", "test_a.py::Case::test_one"]
    assert f"made {sorted([*wanted, *made])}" in session.output


def test_tests_that_a_suite_gives_other_ids_are_found(suite: Any) -> None:
    suite.write(
        conftest="""
        import pytest
        def pytest_pycollect_makeitem(collector, name, obj):
            if name.startswith("test"):
                return pytest.Function.from_parent(collector, name=obj.__doc__, callobj=obj)
        """,
        test_a="def test_1():\n    'Somebody logs in'\ndef test_2():\n    'Somebody [else] logs in'\n",
    )
    wanted = suite.run().collected
    assert wanted == ["test_a.py::Somebody logs in", "test_a.py::Somebody [else] logs in"]
    for one in wanted:
        assert ran(suite.run(select={"select": [one]})) == [one]


def test_a_rerun_records_failures_as_ever_and_makes_no_traceback(suite: Any) -> None:
    suite.write(test_f="def test_fails():\n    found = {'a': 1}\n    assert found['a'] == 2  # a line of the source\n")
    whole, rerun = suite.run(), suite.run(select={"select": ["test_f.py::test_fails"]})
    assert [line["failure"] for line in rerun.of("result")] == [line["failure"] for line in whole.of("result")]
    assert ["a line of the source" in session.output for session in (whole, rerun)] == [True, False]


def test_a_session_under_a_fixed_directory_may_select_ids_above_it(three: Any) -> None:
    (three.root / "sub" / "pytest.ini").write_text("[pytest]\n")
    here = three.root / "sub"
    listed = three.run("--rootdir", str(here), "..", cwd=here)
    assert len(listed.collected) == 6
    wanted = [test for test in listed.collected if test.endswith(("test_1", "test_5"))]
    assert ran(three.run("--rootdir", str(here), "..", cwd=here, select={"select": wanted})) == wanted


def test_skip_and_expression_leave_tests_out(three: Any) -> None:
    session = three.run(select={"select": None, "skip": [ALL[0], ALL[3]], "shard": None, "expression": "not TestC"})
    assert ran(session) == [ALL[1], ALL[2], ALL[4]]
    assert session.only("collection_finished")["deselected"] == 3


def test_expression_and_the_users_own_both_hold(three: Any) -> None:
    assert ran(three.run("-k", "test_4 or test_3", select={"expression": "not TestC"})) == [ALL[1], ALL[2]]


def test_shards_share_the_files_out(three: Any) -> None:
    parts = [ran(three.run(select={"shard": [n, 2]})) for n in (1, 2)]
    assert sorted(test for part in parts for test in part) == sorted(ALL)
    for part in parts:
        assert part == [test for test in ALL if test in part]
    files = [{test.partition("::")[0] for test in part} for part in parts]
    assert sum(len(each) for each in files) == 3


def test_nothing_left_is_said_by_the_exit_status(three: Any) -> None:
    session = three.run(select={"select": []})
    assert session.exit_status == 5
    assert session.only("footer") == {"e": "footer", "complete": True, "exit_status": 5, "stopped": None}


def test_a_selection_that_cannot_be_read_stops_the_session(three: Any) -> None:
    session = three.run(SHADOW_PROBE_SELECT="missing.json")
    assert session.exit_status == 4
    assert "SHADOW_PROBE_SELECT cannot be read" in session.output


def test_other_plugins_reordering_comes_first(three: Any) -> None:
    three.write(
        conftest="""
            import pytest
            @pytest.hookimpl(trylast=True)
            def pytest_collection_modifyitems(items): items.reverse()
        """,
        sub__conftest="""
            import pytest
            @pytest.hookimpl(hookwrapper=True)
            def pytest_collection_modifyitems(items):
                yield
                items.reverse()
        """,
    )
    assert ran(three.run(select={"select": ALL})) == ALL


def test_files_that_are_no_python_and_packages_are_found(suite: Any) -> None:
    suite.write(
        conftest="""
            import pytest
            class Case(pytest.Item):
                def runtest(self): pass
            class File(pytest.File):
                def collect(self): yield Case.from_parent(self, name="only")
            def pytest_collect_file(file_path, parent):
                if file_path.suffix == ".case":
                    return File.from_parent(parent, path=file_path)
        """,
        package____init__="",
        package__conftest="import pytest\n@pytest.fixture\ndef given(): return 1",
        package__test_p="def test_p(given): assert given == 1",
    )
    (suite.root / "a.case").write_text("")
    (suite.root / "b.case").write_text("")
    wanted = ["package/test_p.py::test_p", "b.case::only"]
    assert ran(suite.run(select={"select": wanted})) == wanted


def test_two_tests_with_one_id_are_named(suite: Any) -> None:
    suite.write(
        test_a="def test_1(): pass\ndef test_2(): pass",
        conftest="""
            def pytest_collection_modifyitems(items):
                items.append(items[0])
        """,
    )
    session = suite.run()
    assert session.only("duplicate")["ids"] == ["test_a.py::test_1"]
    assert session.only("collection_finished")["count"] == 3


def test_long_lists_of_ids_take_several_lines(suite: Any) -> None:
    suite.write(test_many="import pytest\n@pytest.mark.parametrize('n', range(2300))\ndef test(n): pass")
    session = suite.run("--collect-only", "-q")
    assert [len(line["ids"]) for line in session.of("collected")] == [1000, 1000, 300]
    assert session.only("footer")["complete"] is False
