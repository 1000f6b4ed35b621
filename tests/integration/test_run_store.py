"""The store while a run goes on, after one that died, and made again from the bundles."""

from __future__ import annotations

import shutil
import signal
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import pytest

from harness.model import PairFilter
from harness.pipeline import rebuild, settle_dead_runs
from harness.store import open_store
from tests.running import Project, until

if TYPE_CHECKING:
    from harness.errors import BundleError

MIXED = """
    import os, pytest

    SHADOW = os.environ["SIDE"] == "shadow"

    def test_agrees(): pass
    def test_differs(): assert not SHADOW
    def test_fails(): raise ValueError("4711")
    def test_skips():
        if SHADOW: pytest.skip("no data")
"""
WAITING = """
    import os, time
    from pathlib import Path

    NOTES = Path(os.environ["NOTES"])

    def test_before(): pass

    def test_waits():
        (NOTES / ("waiting-" + os.environ["SIDE"])).touch()
        while not (NOTES / "go").exists():
            time.sleep(0.01)
"""


def refuse(error: BundleError) -> NoReturn:
    raise error


def content(project: Project) -> object:
    """Everything that the store says of the runs and their pairs."""
    store = open_store(str(project.workdir / "shadow.db"))
    try:
        return [(row, store.comparison(row.id), store.pairs(row.id, PairFilter(), limit=1000)) for row in store.runs()]
    finally:
        store.close()


@pytest.mark.slow
def test_the_store_is_made_again_from_the_bundles(tmp_path: Path) -> None:
    project = Project(folder=tmp_path, suite={"test_it.py": MIXED})
    assert project.run("--no-confirm").exit == 1
    project.write("test_it.py", WAITING)
    process = project.start("run")
    until(lambda: all((project.notes / f"waiting-{side}").exists() for side in ("legacy", "shadow")), "both sides wait")
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    process = project.start("run")
    until(lambda: len(project.bundles()) == 3 and (project.bundles()[2].path / "facts" / "shadow.json").exists(), "the third run is under way")
    process.kill()
    process.communicate(timeout=60)
    until(lambda: not project.survivors(), "the suite's processes are gone")
    assert project.call("runs").exit == 0  # settles the dead one
    before = content(project)
    assert [row.state.value for row in project.rows()] == ["incomplete", "incomplete", "complete"]
    assert [row.exit for row in project.rows()] == [3, 130, 1]
    for path in project.workdir.glob("shadow.db*"):
        path.unlink()
    store = open_store(str(project.workdir / "shadow.db"))
    assert rebuild(store, project.workdir / "runs", failed=refuse) == 3
    store.close()
    assert content(project) == before


def test_progress_is_live_and_a_run_under_way_is_left_alone(tmp_path: Path) -> None:
    project = Project(folder=tmp_path, suite={"test_it.py": WAITING})
    process = project.start("run")
    until(lambda: all((project.notes / f"waiting-{side}").exists() for side in ("legacy", "shadow")), "both sides wait")
    until(lambda: (progress := project.rows()[0].progress) and progress.step == "full_run", "the store knows the step")
    store = open_store(str(project.workdir / "shadow.db"))
    assert settle_dead_runs(store, project.workdir / "runs") == ()
    assert rebuild(store, project.workdir / "runs", failed=refuse) == 1
    assert [run.state.value for run in store.runs()] == ["running"]
    (project.notes / "go").touch()
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, out + err
    assert [run.state.value for run in store.runs()] == ["complete"]
    store.close()


def test_a_damaged_bundle_stops_nothing(tmp_path: Path) -> None:
    project = Project(folder=tmp_path, suite={"test_it.py": "def test_one(): pass\n"})
    assert project.run().exit == 0
    first = project.bundles()[0].path
    shutil.copytree(first, first.with_name("20200101T000000Z-0000"))
    (first.with_name("20200101T000000Z-0000") / "bundle.json").write_text("{}")
    failed: list[BundleError] = []
    store = open_store(str(project.workdir / "shadow.db"))
    assert rebuild(store, project.workdir / "runs", failed=failed.append) == 1
    store.close()
    assert len(failed) == 1
    assert project.run().exit == 0
