"""Sessions that end early, and tests that are hard on whoever shares their process."""

from __future__ import annotations

import os
import signal
import subprocess
from typing import Any

import pytest


def test_a_killed_session_leaves_what_it_finished(suite: Any) -> None:
    suite.write(test_a="import os\ndef test_1(): pass\ndef test_2(): os._exit(7)\ndef test_3(): pass")
    session = suite.run()
    assert session.exit_status == 7
    assert session.outcomes == {"test_a.py::test_1": "passed"}
    assert session.lines[-1]["e"] == "start"
    assert session.lines[-1]["id"] == "test_a.py::test_2"
    assert session.of("footer") == []


def test_lines_are_in_the_file_before_the_next_test_begins(suite: Any) -> None:
    suite.write(test_a="import os, signal\ndef test_1(): pass\ndef test_2(): os.kill(os.getpid(), signal.SIGKILL)")
    session = suite.run()
    assert session.exit_status == -signal.SIGKILL
    assert session.outcomes == {"test_a.py::test_1": "passed"}


def test_subtests_of_a_test_that_died_are_left_to_its_next_run(suite: Any) -> None:
    suite.write(test_a="import os\ndef test_1(subtests):\n    with subtests.test(): pass\n    os._exit(1)")
    assert suite.run().of("subtest") == []


@pytest.mark.parametrize("args", [("-x",), ("--maxfail=1", "-n1")])
def test_stopping_at_the_first_failure_is_said(suite: Any, args: tuple[str, ...]) -> None:
    suite.write(test_a="def test_1(): assert 0\ndef test_2(): pass\n" + "".join(f"def test_{n}(): pass\n" for n in range(3, 30)))
    footer = suite.run(*args).only("footer")
    assert footer["stopped"] == "stopping after 1 failures"
    assert footer["complete"] is False


def test_a_last_failure_that_stops_leaves_a_complete_session(suite: Any) -> None:
    session = suite.write(test_a="def test_1(): assert 0").run("-x")
    assert session.only("footer") == {"e": "footer", "complete": True, "exit_status": 1, "stopped": "stopping after 1 failures"}


@pytest.mark.parametrize(
    ("statement", "stopped", "exit_status"),
    [
        ("raise KeyboardInterrupt", "keyboard interrupt", 2),
        ("pytest.exit('database of Alice is gone', returncode=9)", "pytest.exit: database of <word> is gone", 9),
    ],
)
def test_interruptions_are_named_without_their_data(suite: Any, statement: str, stopped: str, exit_status: int) -> None:
    suite.write(test_a=f"import pytest\ndef test_0(): pass\ndef test_1(): {statement}\ndef test_2(): pass")
    session = suite.run()
    assert session.only("footer") == {"e": "footer", "complete": False, "exit_status": exit_status, "stopped": stopped}
    assert session.outcomes == {"test_a.py::test_0": "passed"}
    assert b"Alice" not in session.raw


def test_an_internal_error_is_named_without_its_data(suite: Any) -> None:
    suite.write(
        test_a="def test_1(): pass", conftest="def pytest_runtest_setup(item): pass\ndef pytest_runtest_logfinish(): raise OSError('no Alice')"
    )
    footer = suite.run().only("footer")
    assert footer["exit_status"] == 3
    assert footer["stopped"] == "internal error: OSError: no <word>"


@pytest.mark.parametrize("args", [(), ("-n1",)])
def test_collection_errors_are_recorded_once_and_without_data(suite: Any, args: tuple[str, ...]) -> None:
    suite.write(test_a="def test_1(): pass", test_b="def broken(:", sub__conftest="", sub__test_c="raise ValueError('Alice Smith')")
    session = suite.run(*args)
    errors = {line["id"]: line["failure"] for line in session.of("collect_error")}
    assert set(errors) == {"test_b.py", "sub/test_c.py"}
    assert errors["test_b.py"]["type"] == "SyntaxError"
    assert errors["sub/test_c.py"]["message"] == "<word>"
    assert b"Alice" not in session.raw
    footer = session.only("footer")
    if args:  # workers of pytest-xdist run what could be collected
        assert footer["complete"] is True
    else:
        assert footer == {"e": "footer", "complete": False, "exit_status": 2, "stopped": "2 errors during collection"}


def test_a_module_skipped_as_a_whole_is_no_error(suite: Any) -> None:
    session = suite.write(test_a="import pytest\npytest.skip('x', allow_module_level=True)", test_b="def test_1(): pass").run()
    assert session.of("collect_error") == []
    assert session.outcomes == {"test_b.py::test_1": "passed"}


def test_a_worker_that_dies_without_a_test_is_recorded(suite: Any) -> None:
    suite.write(
        test_a="def test_1(): pass",
        conftest="import os\ndef pytest_sessionfinish(session):\n    hasattr(session.config, 'workerinput') and os._exit(4)",
    )
    session = suite.run("-n1", "--max-worker-restart=0")
    assert session.only("worker_crash") == {"e": "worker_crash", "worker": "gw0", "id": None}
    assert session.outcomes == {"test_a.py::test_1": "passed"}


def test_without_a_file_to_write_the_probe_does_nothing(suite: Any) -> None:
    suite.write(
        test_a="def test_1(request): assert not [p for p in request.config.pluginmanager.list_name_plugin() if str(p[0]).startswith('shadow-probe')]"
    )
    environment = suite.environment(None)
    done = subprocess.run(suite.command(), cwd=suite.root, env=environment, capture_output=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout
    assert list(suite.root.glob("*.jsonl")) == []


def test_a_file_that_cannot_be_opened_stops_the_session(suite: Any) -> None:
    session = suite.write(test_a="def test_1(): pass").run(SHADOW_PROBE_OUT=str(suite.root / "missing" / "out.jsonl"))
    assert session.exit_status == 4
    assert "SHADOW_PROBE_OUT cannot be opened" in session.output


def test_a_full_disk_does_not_stop_the_suite(suite: Any) -> None:
    session = suite.write(test_a="def test_1(): pass").run(SHADOW_PROBE_OUT="/dev/full")
    assert session.exit_status == 0
    assert "stopped writing: No space left on device" in session.output


def test_forked_children_and_nested_sessions_write_nothing(suite: Any) -> None:
    suite.write(
        test_a="""
            import os, subprocess, sys
            def test_fork():
                pid = os.fork()
                if pid == 0:
                    raise ValueError("in the child")  # the child runs on through pytest and ends by itself
                os.waitpid(pid, 0)
            def test_nested(tmp_path):
                (tmp_path / "test_inner.py").write_text("def test_inner(): pass")
                args = [sys.executable, "-m", "pytest", "-p", "shadow_harness_probe", "-p", "xdist.plugin", "--rootdir", str(tmp_path), "-n1"]
                assert subprocess.run(args, cwd=tmp_path, stdout=subprocess.DEVNULL).returncode == 0
        """
    )
    session = suite.run(select={"select": ["test_a.py::test_fork", "test_a.py::test_nested"]})
    assert session.outcomes == {"test_a.py::test_fork": "passed", "test_a.py::test_nested": "passed"}, session.output
    assert len(session.of("header")) == len(session.of("footer")) == 1


def test_a_test_that_closes_every_descriptor_loses_nothing(suite: Any) -> None:
    suite.write(
        test_a="""
            import os
            def test_close(): os.closerange(3, 4096)
            def test_reuse(tmp_path):
                for n in range(60): os.open(str(tmp_path / str(n)), os.O_WRONLY | os.O_CREAT)
                test_reuse.folder = tmp_path
            def test_untouched(): assert not any(p.stat().st_size for p in test_reuse.folder.iterdir())
        """
    )
    session = suite.run("-s")
    assert set(session.outcomes.values()) == {"passed"}, session.output
    assert session.only("footer")["complete"] is True


def test_replaced_system_calls_and_clocks_are_no_matter(suite: Any) -> None:
    suite.write(
        test_a="""
            import json, os, pytest, time
            @pytest.fixture(scope="session", autouse=True)
            def replaced():
                saved = (os.write, os.getpid, time.time, os.path.realpath)
                def broken(*args): raise RuntimeError("replaced")
                os.write = os.getpid = time.time = os.path.realpath = broken
                yield
                os.write, os.getpid, time.time, os.path.realpath = saved
            def test_1(): raise ValueError("no row")
        """
    )
    session = suite.run("-p", "no:faulthandler")
    assert session.results["test_a.py::test_1"]["failure"]["message"] == "no row", session.output


def test_an_exception_that_fights_back_does_not_harm_the_session(suite: Any) -> None:
    suite.write(
        test_a="""
            class Bad(Exception):
                def __str__(self): raise SystemExit(5)
                def __repr__(self): raise SystemExit(6)
                def __getattribute__(self, name): raise SystemExit(7)
            def test_1():
                raise Bad()
            def test_2(): pass
        """
    )
    session = suite.run("-p", "no:terminal")
    assert session.of("header")
    if "test_a.py::test_1" in session.outcomes:  # pytest itself may give up on such an exception
        assert session.results["test_a.py::test_1"]["failure"]["message"] == "<unprintable>"


def test_ids_with_lone_surrogates_are_escaped(suite: Any) -> None:
    suite.write(
        conftest="def pytest_make_parametrize_id(config, val, argname): return 'a\\udcffb'",
        test_a="import pytest\n@pytest.mark.parametrize('v', [1])\ndef test_1(v): assert v == 2",
    )
    session = suite.run("-p", "no:terminal")
    assert session.outcomes == {"test_a.py::test_1[a\udcffb]": "failed"}


def test_paths_are_relative_to_the_suites_root(suite: Any) -> None:
    suite.write(code__helper="def help_out(row): raise LookupError('no row')", sub__test_a="from code_helper import help_out")
    (suite.root / "sub" / "test_a.py").write_text(
        f"import sys\nsys.path.insert(0, {str(suite.root / 'code')!r})\nfrom helper import help_out\n\ndef test_1():\n    help_out(1)\n"
    )
    session = suite.run("sub")
    assert session.results["sub/test_a.py::test_1"]["failure"]["frames"] == [["sub/test_a.py", 6, "test_1"], ["code/helper.py", 1, "help_out"]]
    session = suite.run("sub", SHADOW_PROBE_ROOT=str(suite.root / "sub"))
    assert session.results["sub/test_a.py::test_1"]["failure"]["frames"] == [["test_a.py", 6, "test_1"]]


def test_reports_carry_nothing_that_other_plugins_show(suite: Any) -> None:
    suite.write(test_a="def test_1(record_property): record_property('k', 1); assert 'Alice' == 1")
    session = suite.run("--junitxml=out.xml")
    text = (suite.root / "out.xml").read_text()
    assert "shadow" not in text.replace(str(suite.root), "").replace("shadow_harness_probe", "") or os.sep == "\\"
    assert text.count("<property ") == 1
    assert session.outcomes == {"test_a.py::test_1": "failed"}
