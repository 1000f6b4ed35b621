"""A run that did not end is resumed: the rest is done, and nothing twice."""

from __future__ import annotations

import signal
from collections import Counter
from pathlib import Path

import pytest

from harness.evidence import Bundle
from tests.running import Project, until

COUNTING = """
    import os, time
    from pathlib import Path
    import pytest

    NOTES = Path(os.environ["NOTES"])
    SIDE = os.environ["SIDE"]

    @pytest.fixture(autouse=True)
    def counted(request):
        yield
        with (NOTES / f"done-{SIDE}").open("a") as file:
            file.write(request.node.name + "\\n")

    @pytest.mark.parametrize("n", range(4))
    def test_before(n): pass

    def test_waits():
        (NOTES / f"waiting-{SIDE}").touch()
        while not (NOTES / "go").exists():
            time.sleep(0.01)

    @pytest.mark.parametrize("n", range(4))
    def test_after(n): pass
"""
DIVERGING = """
    import os, time
    from pathlib import Path
    import pytest

    NOTES = Path(os.environ["NOTES"])
    SIDE = os.environ["SIDE"]

    @pytest.mark.parametrize("n", range(3))
    def test_differs(n):
        with (NOTES / f"done-{SIDE}").open("a") as file:
            file.write(f"{n}\\n")
        count = len((NOTES / f"done-{SIDE}").read_text().splitlines())
        if count == 8 and not (NOTES / "go").exists():  # the second test of the third time
            (NOTES / f"waiting-{SIDE}").touch()
            while not (NOTES / "go").exists():
                time.sleep(0.01)
        assert SIDE == "legacy"

    @pytest.mark.parametrize("n", range(3))
    def test_agrees(n): pass
"""


def waiting(project: Project) -> bool:
    return (project.notes / "waiting-legacy").exists() and (project.notes / "waiting-shadow").exists()


def killed_while_waiting(project: Project, number: signal.Signals = signal.SIGKILL) -> str:
    process = project.start("run")
    until(lambda: waiting(project), "both sides wait")
    process.send_signal(number)
    process.communicate(timeout=60)
    until(lambda: not project.survivors(), "the suite's processes are gone")
    (project.notes / "go").touch()
    return project.bundles()[0].path.name


def test_after_the_harness_was_killed_in_the_full_run(tmp_path: Path) -> None:
    project = Project(folder=tmp_path, suite={"test_it.py": COUNTING}, confirm={"vacuous": "all"})
    run = killed_while_waiting(project)
    answer = project.run("--resume", run)
    assert answer.exit == 0, answer.err
    assert "goes on" in answer.err
    once = {**{f"test_before[{n}]": 1 for n in range(4)}, "test_waits": 1, **{f"test_after[{n}]": 1 for n in range(4)}}
    assert Counter(project.noted("done-legacy")) == once
    assert Counter(project.noted("done-shadow")) == once
    assert set(project.verdicts().values()) == {"equivalent"}
    assert project.report["totals"]["vacuous_checked"] == 9
    assert project.report["run"]["complete"] is True
    assert [(row.id, row.state.value) for row in project.rows()] == [(run, "complete")]


@pytest.mark.slow
def test_after_an_interrupt(tmp_path: Path) -> None:
    project = Project(folder=tmp_path, suite={"test_it.py": COUNTING})
    run = killed_while_waiting(project, signal.SIGINT)
    assert project.run("--resume", run).exit == 0
    assert set(Counter(project.noted("done-legacy")).values()) == {1}
    assert len(project.report["tests"]) == 9


def test_after_the_harness_was_killed_in_the_middle_of_a_fresh_pair(tmp_path: Path) -> None:
    project = Project(folder=tmp_path, suite={"test_it.py": DIVERGING})
    process = project.start("run")
    until(lambda: any((project.notes / f"waiting-{side}").exists() for side in ("legacy", "shadow")), "a side of the second pair waits")
    process.kill()
    process.communicate(timeout=60)
    until(lambda: not project.survivors(), "the suite's processes are gone")
    (project.notes / "go").touch()
    run = project.bundles()[0].path.name
    answer = project.run("--resume", run)
    assert answer.exit == 1, answer.err
    counts = {"tests": 6, "equivalent": 3, "divergent": 3, "flaky": 0, "both_failing": 0, "inconclusive": 0}
    assert project.report["totals"] == {**counts, "vacuous": 0, "vacuous_checked": 0}
    for test in project.report["tests"]:
        if test["verdict"] == "divergent":
            assert test["confirmed"] is True
            # What was killed in the middle had begun once and is begun again: nothing else ran more often than it is counted.
            assert test["legacy"]["attempts"] == test["shadow"]["attempts"]
    counted = {
        side: sum(test[side]["attempts"] for test in project.report["tests"] if test["verdict"] == "divergent") for side in ("legacy", "shadow")
    }
    begun = {side: len(project.noted(f"done-{side}")) for side in counted}
    assert sorted(begun[side] - counted[side] for side in counted) == [0, 1]


def test_a_run_with_another_plan_is_refused(tmp_path: Path) -> None:
    project = Project(folder=tmp_path, suite={"test_it.py": COUNTING})
    run = killed_while_waiting(project)
    project.write("test_more.py", "def test_new(): pass\n")
    project.configure(seed=7)
    before = {path: path.stat().st_mtime_ns for path in project.bundles()[0].path.rglob("*") if path.name != "lock"}
    answer = project.run("--resume", run, "--select", "before")
    assert answer.exit == 2
    for changed in ("seed", "suite.digest", "suite.select"):
        assert changed in answer.err
    assert {path: path.stat().st_mtime_ns for path in project.bundles()[0].path.rglob("*") if path.name != "lock"} == before
    assert project.run("--resume", run, "--side", "legacy").exit == 2


def test_a_complete_run_and_an_unknown_one_are_refused(tmp_path: Path) -> None:
    project = Project(folder=tmp_path, suite={"test_it.py": "def test_one(): pass\n"})
    assert project.run("--no-confirm").exit == 0
    run = project.bundles()[0].path.name
    answer = project.run("--no-confirm", "--resume", run)
    assert (answer.exit, "is complete" in answer.err) == (2, True)
    answer = project.run("--resume", "20200101T000000Z-0000")
    assert answer.exit == 2
    assert run in answer.err


@pytest.mark.slow
def test_a_run_under_way_in_another_process_is_refused(tmp_path: Path) -> None:
    project = Project(folder=tmp_path, suite={"test_it.py": COUNTING})
    process = project.start("run", "--no-confirm")
    until(lambda: waiting(project), "both sides wait")
    run = project.bundles()[0].path.name
    assert Bundle.open(project.bundles()[0].path).alive
    answer = project.run("--no-confirm", "--resume", run)
    assert answer.exit == 2
    assert "under way in another process" in answer.err
    (project.notes / "go").touch()
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, out + err


@pytest.mark.slow
def test_reports_and_artifacts_among_the_tests_do_not_change_the_plan(tmp_path: Path) -> None:
    project = Project(folder=tmp_path, suite={"test_it.py": COUNTING})
    run = killed_while_waiting(project, signal.SIGTERM)
    project.write("report.json", "{}")
    project.write("out/junit.xml", "<testsuites/>")
    assert project.run("--resume", run).exit == 0
