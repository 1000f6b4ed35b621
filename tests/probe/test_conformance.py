"""The same sessions under every Python and every pytest: what the probe must write wherever it is loaded."""

from __future__ import annotations

from typing import Any

import pytest

KINDS = r"""
    import unittest
    import pytest

    SECRET = "alice.smith@example.com"

    @pytest.fixture
    def broken():
        raise RuntimeError("customer 42 has no row")

    @pytest.fixture
    def breaking():
        yield
        raise ValueError("teardown of 'x'")

    def test_pass(): pass
    def test_fail():
        customer = {"email": SECRET}
        assert customer["email"] == "bob.jones@example.com"
    @pytest.mark.skip(reason="secret-reason")
    def test_skip(): pass
    def test_skip_inside(): pytest.skip("secret-reason")
    @pytest.mark.xfail(reason="secret-reason")
    def test_xfail(): assert 0
    @pytest.mark.xfail(run=False)
    def test_xfail_without_running(): pass
    @pytest.mark.xfail
    def test_xpass(): pass
    @pytest.mark.xfail(strict=True, reason="secret-reason")
    def test_strict_xpass(): pass
    def test_setup_error(broken): pass
    def test_teardown_error(breaking): pass
    def test_both_fail(breaking): raise KeyError(SECRET)
    @pytest.mark.parametrize("value", ["a b/c::d@e", "\x00\n\t"])
    def test_ids(value): pass
    @pytest.mark.parametrize("value", [1])
    def test_raw_names(value): pass

    class Case(unittest.TestCase):
        def test_method(self): pass
        def test_broken(self): self.assertEqual(471108154711, 471208154712)
        @unittest.skip("secret-reason")
        def test_skipped(self): pass
        def test_parts(self):
            for i in range(2):
                with self.subTest(i=i):
                    self.assertEqual(i, 0)
"""
# pytest escapes what stands in parameters, so the hostile name is given by a hook.
RAW_NAMES = r"""
    def pytest_make_parametrize_id(config, val, argname):
        return "line\nbreak\x00\x1b\u2028\U0001f600" if val == 1 else None
"""
SUBTESTS = """
    def test_parts(subtests):
        for n in range(3):
            with subtests.test("part", n=n):
                assert n != 1
    def test_same_names(subtests):
        for email in ("a@example.com", "b@example.com"):
            with subtests.test(email=email):
                raise ValueError(email)
"""
OUTCOMES = {
    "test_pass": "passed",
    "test_fail": "failed",
    "test_skip": "skipped",
    "test_skip_inside": "skipped",
    "test_xfail": "xfailed",
    "test_xfail_without_running": "xfailed",
    "test_xpass": "xpassed",
    "test_strict_xpass": "failed",
    "test_setup_error": "error",
    "test_teardown_error": "error",
    "test_both_fail": "failed",
    "test_ids[a b/c::d@e]": "passed",
    "test_ids[\\x00\\n\\t]": "passed",
    "test_raw_names[line\nbreak\x00\x1b\u2028\U0001f600]": "passed",
    "Case::test_method": "passed",
    "Case::test_broken": "failed",
    "Case::test_skipped": "skipped",
    "Case::test_parts": "failed",
}
EXPECTED = {f"test_kinds.py::{name}": outcome for name, outcome in OUTCOMES.items()}


@pytest.fixture(scope="module")
def kinds(everywhere: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """One session, without pytest-xdist, over a suite that holds every outcome and a module that cannot be collected."""
    suite = everywhere.suite(tmp_path_factory.mktemp("kinds") / "suite")
    suite.write(conftest=RAW_NAMES, test_kinds=KINDS, test_unreadable="import module_that_is_missing")
    if _has_subtests(everywhere):
        suite.write(test_subtests=SUBTESTS)
    return suite.run("--continue-on-collection-errors", "-W", "error")


@pytest.fixture(scope="module")
def distributed(everywhere: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The same under two workers, with a test that ends its process."""
    suite = everywhere.suite(tmp_path_factory.mktemp("distributed") / "suite")
    suite.write(conftest=RAW_NAMES, test_kinds=KINDS, test_dying="import os\ndef test_dies(): os._exit(3)")
    if _has_subtests(everywhere):
        suite.write(test_subtests=SUBTESTS)
    return suite.run("-n2")


def _has_subtests(interpreter: Any) -> bool:
    return interpreter.pytest_major >= 9 or "pytest-subtests" in interpreter.plugins


def _common(session: Any, file: str = "test_kinds.py") -> dict[str, str]:
    return {test: outcome for test, outcome in session.outcomes.items() if test.startswith(file)}


def test_header_is_first_and_footer_last(kinds: Any, everywhere: Any) -> None:
    assert [kinds.lines[0]["e"], kinds.lines[-1]["e"]] == ["header", "footer"]
    header = kinds.only("header")
    assert header["schema"] == "shadow-probe/1"
    assert int(header["pytest"].split(".")[0]) == everywhere.pytest_major
    assert header["xdist"] == 0
    assert ("pytest-xdist" in header["plugins"]) is everywhere.autoload
    assert {"python", "implementation", "timezone", "locale", "hash_seed", "seed", "time", "pid"} <= header.keys()
    assert kinds.only("footer") == {"e": "footer", "complete": True, "exit_status": 1, "stopped": None}


def test_every_outcome_is_named(kinds: Any) -> None:
    assert _common(kinds) == EXPECTED


def test_ids_of_any_bytes_stay_on_one_line_and_come_back_unchanged(kinds: Any) -> None:
    assert all(byte >= 0x20 or byte == 0x0A for byte in kinds.raw)
    assert kinds.collected == list(kinds.results), kinds.output
    assert kinds.collected == [line["id"] for line in kinds.of("start")]
    assert kinds.only("collection_finished")["count"] == len(kinds.collected)


def test_a_module_that_cannot_be_collected_is_named_with_its_real_cause(kinds: Any) -> None:
    error = kinds.only("collect_error")
    assert error["id"] == "test_unreadable.py"
    assert error["failure"] == {
        "type": "ModuleNotFoundError",
        "message": "No module named <str>",
        "phase": "collect",
        "frames": [["test_unreadable.py", 1, "<module>"]],
    }


def test_failures_have_a_type_a_template_a_phase_and_frames_in_the_suite(kinds: Any) -> None:
    failure = kinds.results["test_kinds.py::test_fail"]["failure"]
    assert failure["type"] == "AssertionError"
    assert failure["phase"] == "call"
    assert failure["message"].splitlines()[0] == "assert <str> == <str>"
    assert failure["frames"] == [["test_kinds.py", 19, "test_fail"]]
    assert kinds.results["test_kinds.py::test_both_fail"]["failure"]["message"] == "<str>"
    assert kinds.results["test_kinds.py::test_both_fail"]["failure"]["phase"] == "call"
    assert kinds.results["test_kinds.py::test_setup_error"]["failure"]["phase"] == "setup"
    assert kinds.results["test_kinds.py::test_teardown_error"]["failure"] == {
        "type": "ValueError",
        "message": "teardown of <str>",
        "phase": "teardown",
        "frames": [["test_kinds.py", 14, "breaking"]],
    }
    assert kinds.results["test_kinds.py::Case::test_broken"]["failure"]["message"] == "<n> != <n>"
    assert "failure" not in kinds.results["test_kinds.py::test_xfail"]


def test_no_value_and_no_reason_is_written(kinds: Any, distributed: Any) -> None:
    for session in (kinds, distributed):
        for secret in (b"alice", b"smith", b"bob.jones", b"secret-reason", b"47110815", b"47120815"):  # no time and no process id has so many digits
            assert secret not in session.raw


def test_subtests_have_keys_and_fail_their_test(kinds: Any, distributed: Any, everywhere: Any) -> None:
    if not _has_subtests(everywhere):
        pytest.skip("no subtests fixture in this environment")
    for session in (kinds, distributed):
        parts = {line["key"]: line["outcome"] for line in session.of("subtest") if line["id"] == "test_subtests.py::test_parts"}
        assert parts == {"part, n=0": "passed", "part, n=1": "failed", "part, n=2": "passed"}
        same = [line for line in session.of("subtest") if line["id"].endswith("test_same_names")]
        assert [line["key"] for line in same] == ["email=<email>", "email=<email> #2"]
        assert same[0]["failure"]["message"] == "<email>"
        assert _common(session, "test_subtests.py") == {"test_subtests.py::test_parts": "failed", "test_subtests.py::test_same_names": "failed"}
        assert session.results["test_subtests.py::test_parts"]["failure"]["type"] == "AssertionError"
        unit = {line["key"]: line["outcome"] for line in session.of("subtest") if "Case" in line["id"]}
        assert unit["i=1"] == "failed"


def test_workers_tell_the_controller_the_same(kinds: Any, distributed: Any) -> None:
    assert _common(distributed) == EXPECTED
    for test, alone in kinds.results.items():
        assert distributed.results[test].get("failure") == alone.get("failure")
        assert distributed.results[test]["worker"].startswith("gw")
    assert distributed.only("header")["xdist"] == 2
    assert sorted(distributed.collected) == sorted(distributed.results)


def test_a_crashed_worker_is_one_crashed_test(distributed: Any) -> None:
    crash = distributed.only("worker_crash")
    assert crash["id"] == "test_dying.py::test_dies"
    assert distributed.results["test_dying.py::test_dies"]["outcome"] == "crashed"
    assert distributed.results["test_dying.py::test_dies"]["worker"] == crash["worker"]
    assert distributed.only("footer")["complete"] is True


def test_start_comes_before_result_for_every_test(kinds: Any, distributed: Any) -> None:
    for session in (kinds, distributed):
        order = [(line["e"], line["id"]) for line in session.lines if line["e"] in ("start", "result")]
        for test in session.results:
            assert order.index(("start", test)) < order.index(("result", test))


def test_selection_is_the_same_on_every_worker_and_groups_are_no_part_of_ids(everywhere: Any, tmp_path: Any) -> None:
    suite = everywhere.suite(tmp_path / "suite").write(
        test_one="""
            import pytest
            @pytest.mark.xdist_group("blue")
            @pytest.mark.parametrize("v", ["x", "y@z", "w"])
            def test_grouped(v): pass
            def test_alone(): pass
        """,
        test_other="raise SystemExit('this module must not be imported')",
        sub__conftest="",
        sub__test_two="def test_two(): pass\ndef test_three(): pass",
    )
    wanted = ["sub/test_two.py::test_three", "test_one.py::test_grouped[y@z]", "test_one.py::test_grouped[x]"]
    session = suite.run("-n2", "--dist", "loadgroup", select={"select": wanted, "skip": [], "shard": None, "expression": None})
    assert session.collected == wanted, session.output
    assert session.only("collection_finished") == {"e": "collection_finished", "count": 3, "deselected": None}
    assert set(session.outcomes) == set(wanted)
    assert session.only("footer")["complete"] is True


def test_reruns_by_a_plugin_give_one_result(everywhere: Any, tmp_path: Any) -> None:
    if "pytest-rerunfailures" not in everywhere.plugins:
        pytest.skip("no pytest-rerunfailures in this environment")
    text = """
        import os
        def test_second_time(tmp_path_factory):
            flag = os.path.join(os.path.dirname(__file__), "flag")
            if not os.path.exists(flag):
                open(flag, "w").close()
                raise ValueError("first")
        def test_never(): assert 0
        def test_always(): pass
    """
    for number, args in enumerate((("--reruns=1",), ("--reruns=1", "-n2"))):
        session = everywhere.suite(tmp_path / str(number)).write(test_rerun=text).run(*args)
        assert session.outcomes == {
            "test_rerun.py::test_second_time": "passed",
            "test_rerun.py::test_never": "failed",
            "test_rerun.py::test_always": "passed",
        }
        assert "failure" not in session.results["test_rerun.py::test_second_time"]


def test_other_plugins_cannot_undo_the_selected_order(everywhere: Any, tmp_path: Any) -> None:
    if "pytest-randomly" not in everywhere.plugins:
        pytest.skip("no pytest-randomly in this environment")
    suite = everywhere.suite(tmp_path / "suite").write(test_many="".join(f"def test_{n}(): pass\n" for n in range(8)))
    wanted = [f"test_many.py::test_{n}" for n in (5, 0, 7, 2, 1)]
    session = suite.run("--randomly-seed=7", select={"select": wanted})
    assert [line["id"] for line in session.of("start")] == wanted
    assert session.only("header")["seed"] == 7
