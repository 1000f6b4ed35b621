"""How a side's session may end, and what becomes of its tests then."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.running import Project

DYING = """
    import os
    from pathlib import Path

    def note(name):
        with Path(os.environ["NOTES"], os.environ["SIDE"]).open("a") as file:
            file.write(name + "\\n")

    def test_before():
        note("before")

    def test_dies():
        note("dies")
        if os.environ["SIDE"] == "shadow":
            os._exit(3)

    def test_after():
        note("after")
"""
SLOW = """
    import os, time

    def test_before(): pass

    def test_hangs():
        while os.environ["SIDE"] == "shadow":
            time.sleep(60)

    def test_after(): pass
"""


def test_a_test_that_ends_the_process_is_crashed_and_the_rest_goes_on(tmp_path: Path) -> None:
    project = Project(folder=tmp_path, suite={"test_it.py": DYING})
    answer = project.run()
    assert answer.exit == 1, answer.err
    assert project.outcomes("shadow") == {"test_before": "passed", "test_dies": "crashed", "test_after": "passed"}
    assert project.verdicts() == {"test_before": "equivalent", "test_dies": "divergent", "test_after": "equivalent"}
    assert [test["confirmed"] for test in project.report["tests"] if test["verdict"] == "divergent"] == [True]
    assert project.noted("shadow").count("before") == project.noted("shadow").count("after") == 1
    assert "going on with the rest" in answer.err


@pytest.mark.slow
def test_a_test_that_exceeds_its_time_is_a_timeout_and_the_rest_goes_on(tmp_path: Path) -> None:
    project = Project(folder=tmp_path, suite={"test_it.py": SLOW}, keys={"test_timeout": 1})
    answer = project.run("--no-confirm")
    assert answer.exit == 1, answer.err
    assert project.outcomes("shadow") == {"test_before": "passed", "test_hangs": "timeout", "test_after": "passed"}
    assert project.outcomes("legacy") == dict.fromkeys(("test_before", "test_hangs", "test_after"), "passed")


@pytest.mark.slow
def test_a_worker_of_xdist_that_dies_costs_the_test_it_was_running_only(tmp_path: Path) -> None:
    suite = {"test_it.py": DYING + "\n    import pytest\n\n    @pytest.mark.parametrize('n', range(6))\n    def test_more(n): pass\n"}
    both = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": ""}
    project = Project(folder=tmp_path, suite=suite, keys={"workers": 2}, legacy_settings=both, shadow_settings=both)
    answer = project.run("--no-confirm")
    assert answer.exit == 1, answer.err
    assert project.outcomes("shadow")["test_dies"] == "crashed"
    assert set(project.outcomes("shadow").values()) == {"passed", "crashed"}
    assert len(project.outcomes("legacy")) == 9


@pytest.mark.slow
def test_the_time_of_a_side_is_of_all_its_sessions_together(tmp_path: Path) -> None:
    hanging = "import pytest, time\n@pytest.mark.parametrize('n', range(40))\ndef test_hangs(n): time.sleep(600)\n"
    project = Project(folder=tmp_path, suite={"test_it.py": hanging}, keys={"test_timeout": 2, "timeout": 6})
    answer = project.run("--no-confirm")
    assert answer.exit == 3
    assert "the side took too long" in answer.err
    assert project.report["run"]["infrastructure"][0]["kind"] == "side_timeout"


def test_a_suite_that_stops_early_is_no_comparison(tmp_path: Path) -> None:
    suite = {"test_it.py": "def test_fails(): assert False\ndef test_after(): pass\n"}
    project = Project(folder=tmp_path, suite=suite, keys={"args": ["-x", "-p", "no:cacheprovider"]})
    answer = project.run("--no-confirm")
    assert answer.exit == 3
    assert "the suite stopped early: stopping after 1 failures" in answer.err
    assert "take -x, --maxfail" in answer.out + answer.err
    assert project.rows()[0].state == "incomplete"


def test_tests_left_without_a_result_are_no_comparison(tmp_path: Path) -> None:
    project = Project(folder=tmp_path, suite={"test_it.py": "def test_one(): pass\n"}, keys={"args": ["--collect-only"]})
    answer = project.run("--no-confirm")
    assert answer.exit == 3
    assert "left tests without a result" in answer.err


@pytest.mark.slow
def test_a_module_that_one_side_cannot_collect_diverges_as_what_it_holds(tmp_path: Path) -> None:
    suite = {
        "test_broken.py": "import os\nif os.environ['SIDE'] == 'shadow': raise LookupError('no data')\ndef test_one(): pass\ndef test_two(): pass\n",
        "test_whole.py": "def test_three(): pass\n",
    }
    project = Project(folder=tmp_path, suite=suite)
    answer = project.run()
    assert answer.exit == 1, answer.err
    assert {test["id"]: test["verdict"] for test in project.report["tests"]} == {
        "test_broken.py::test_one": "divergent",
        "test_broken.py::test_two": "divergent",
        "test_whole.py::test_three": "equivalent",
    }


def test_a_command_that_refuses_its_arguments_is_an_infrastructure_failure_with_its_last_lines(tmp_path: Path) -> None:
    project = Project(folder=tmp_path, suite={"test_it.py": "def test_one(): pass\n"}, keys={"args": ["--no-such-option=471108154711-secret"]})
    answer = project.run("--no-confirm")
    assert answer.exit == 3
    assert "the suite did not start" in answer.err
    assert "unrecognized arguments" in answer.err
    assert "47110815" not in answer.out + answer.err


def test_a_command_that_is_not_there_is_said_before_anything_runs(tmp_path: Path) -> None:
    project = Project(folder=tmp_path, suite={"test_it.py": "def test_one(): pass\n"}, keys={"command": ["no-such-place/pytest"]})
    answer = project.run()
    assert answer.exit == 2
    assert "no-such-place/pytest" in answer.err
    assert project.bundles() == []


def test_most_tests_failing_alike_is_a_fault_of_the_night(tmp_path: Path) -> None:
    failing = """
        import os, pytest

        @pytest.mark.parametrize("n", range(20))
        def test_reads(n):
            if os.environ["SIDE"] == "shadow":
                raise ConnectionRefusedError("no")
    """
    project = Project(folder=tmp_path, suite={"test_it.py": failing})
    answer = project.run()
    assert answer.exit == 3, answer.err
    assert [failure["kind"] for failure in project.report["run"]["infrastructure"]] == ["mass_failure"]
    assert set(project.verdicts().values()) == {"inconclusive"}
    assert not list((project.bundles()[0].path / "sessions").glob("*-pair*"))


def test_a_subtest_that_diverges_is_rerun_with_its_test(tmp_path: Path) -> None:
    suite = {
        "test_it.py": """
            import os, unittest

            class TestParts(unittest.TestCase):
                def test_parts(self):
                    for part in ("first", "second"):
                        with self.subTest(part=part):
                            self.assertFalse(part == "first" and os.environ["SIDE"] == "shadow")
                    self.fail("on both sides")
        """
    }
    project = Project(folder=tmp_path, suite=suite)
    answer = project.run()
    tests = {test["id"].rpartition("::")[2]: test for test in project.report["tests"]}
    assert answer.exit in {0, 1}, answer.err
    subtest = next(test for name, test in tests.items() if "first" in name)
    assert (subtest["verdict"], subtest["confirmed"]) == ("divergent", True), tests
