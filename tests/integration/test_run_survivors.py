"""Nothing that a suite starts outlives the run: by whatever way the run ends."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

import pytest

from tests.running import Project, until

DETACHED = """
    import os, signal, sys, time
    from pathlib import Path

    def detach():
        "A daemon as the book has it: forked twice, in a session of its own, deaf to SIGTERM."
        if os.fork():
            return
        os.setsid()
        if os.fork():
            os._exit(0)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        for descriptor in (0, 1, 2):
            os.close(descriptor)
        Path(os.environ["NOTES"], "daemon-" + os.environ["SIDE"]).write_text(str(os.getpid()))
        while True:
            time.sleep(60)

    def wait_for(name):
        while not Path(os.environ["NOTES"], name).exists():
            time.sleep(0.01)

    def test_detaches():
        detach()
        wait_for("daemon-" + os.environ["SIDE"])
"""
ENDLESS = """
    def test_never_ends():
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        Path(os.environ["NOTES"], "endless-" + os.environ["SIDE"]).touch()
        while True:
            time.sleep(60)
"""


def endless(folder: Path, **keys: object) -> Project:
    return Project(folder=folder, suite={"test_it.py": DETACHED + ENDLESS}, keys=keys)


def both_under_way(project: Project) -> bool:
    return all((project.notes / f"endless-{side}").exists() for side in ("legacy", "shadow"))


def test_daemons_of_a_finished_suite_are_ended(tmp_path: Path) -> None:
    project = Project(folder=tmp_path, suite={"test_it.py": DETACHED})
    answer = project.run("--no-confirm")
    assert answer.exit == 0, answer.err
    assert (project.notes / "daemon-legacy").exists()
    assert project.survivors() == []


@pytest.mark.slow
def test_a_suite_deaf_to_sigterm_is_ended_when_the_sides_time_is_over(tmp_path: Path) -> None:
    project = endless(tmp_path, timeout=4)
    answer = project.run("--no-confirm")
    assert answer.exit == 3
    assert "took too long" in answer.err
    assert "timeout" in answer.out + answer.err
    assert project.survivors() == []


@pytest.mark.parametrize("number", [pytest.param(signal.SIGINT, marks=pytest.mark.slow), signal.SIGTERM])
def test_an_interrupt_ends_everything_and_keeps_what_was_finished(tmp_path: Path, number: signal.Signals) -> None:
    project = endless(tmp_path)
    process = project.start("run")
    until(lambda: both_under_way(project), "both sides run the endless test")
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, out + err
    assert "interrupted" in err
    assert "Traceback" not in err
    assert project.survivors() == []
    assert sorted(project.recorded()) == ["legacy test_detaches", "shadow test_detaches"]
    assert [row.state.value for row in project.rows()] == ["incomplete"]


def test_nothing_survives_a_harness_that_is_killed(tmp_path: Path) -> None:
    project = endless(tmp_path)
    process = project.start("run")
    until(lambda: both_under_way(project), "both sides run the endless test")
    process.kill()
    process.communicate(timeout=60)
    until(lambda: not project.survivors(), "the suite's processes are gone")


@pytest.mark.slow
def test_a_suite_that_leaves_new_processes_while_it_is_being_ended(tmp_path: Path) -> None:
    respawning = (
        DETACHED
        + """
    def test_respawns_when_it_is_asked_to_end():
        def again(*_):
            if not os.fork():
                os.setsid()
                signal.signal(signal.SIGTERM, signal.SIG_IGN)
                time.sleep(600)
            os._exit(0)
        signal.signal(signal.SIGTERM, again)
        Path(os.environ["NOTES"], "endless-" + os.environ["SIDE"]).touch()
        time.sleep(600)
    """
    )
    project = Project(folder=tmp_path, suite={"test_it.py": respawning})
    process = project.start("run")
    until(lambda: both_under_way(project), "both sides run the last test")
    process.terminate()
    process.communicate(timeout=60)
    assert project.survivors() == []


def test_reports_of_another_tool_do_not_outlive_a_harness_that_is_killed(tmp_path: Path) -> None:
    tool = """
        import os, sys, time
        from pathlib import Path
        Path(sys.argv[1], "raw.xml").write_text("values of the data")
        Path(os.environ["NOTES"], "endless-" + os.environ["SIDE"]).touch()
        time.sleep(600)
    """
    keys = {"command": [sys.executable, "tool.py", "{out}"], "args": [], "junit": "{out}/*.xml"}
    project = Project(folder=tmp_path, suite={"tool.py": tool}, keys=keys)
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    process = project.start("run", environ={"TMPDIR": str(temporary)})
    until(lambda: both_under_way(project), "both sides have written")
    assert list(temporary.rglob("raw.xml"))
    process.kill()
    process.communicate(timeout=60)
    until(lambda: not list(temporary.iterdir()), "the private folders are removed")
