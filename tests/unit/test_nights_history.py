"""What reaches from run to run beside the store: bodies of tests, renames, and what retention removed."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from harness.errors import BundleError
from harness.evidence import Bundle, project_key
from harness.model import (
    Comparison,
    ConfirmPolicy,
    DatasetKind,
    DivergenceFilter,
    Outcome,
    PairResult,
    Plan,
    Rename,
    RenameReason,
    Retention,
    RunHeader,
    Shard,
    Side,
    SidePlan,
    SideResult,
    SuitePlan,
    Totals,
    Verdict,
)
from harness.pipeline import history
from tests.fakes import MemoryStore

if TYPE_CHECKING:
    from harness.ports import Store

STARTED = datetime(2026, 11, 1, 1, 30, tzinfo=UTC)
NOW = datetime(2026, 12, 24, tzinfo=UTC)
PLAIN = "def test_a(db):\n    assert db.count() == 3\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "suite"
    folder.mkdir()
    return folder


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    folder = tmp_path / "runs"
    folder.mkdir()
    return folder


def bodies(root: Path, **files: str) -> dict[str, str]:
    for name, text in files.items():
        (root / f"{name}.py").write_text(text, encoding="utf-8")
    return dict(history.test_bodies(root))


SIDES = tuple(SidePlan(side=side, runner="process", dataset=DatasetKind.SYNTHETIC) for side in Side)


def begin(runs: Path, root: Path, day: int, **changes: bool) -> Bundle:
    """A bundle of a night; `complete` is False for one that died."""
    header = RunHeader(id=f"night-{day}", suite="ledger", started_at=STARTED + timedelta(days=day), confirm=ConfirmPolicy())
    plan = Plan(suite=SuitePlan(name="ledger", root=root, command=("pytest",)), sides=SIDES, shards=(Shard(),), confirm=ConfirmPolicy(), seed=1)
    bundle = Bundle.create(runs / header.id, header, plan, project_key(runs.parent))
    history.record_suite(bundle, root)
    if changes.get("complete", True):
        bundle.finish(finished_at=STARTED, complete=True, decided=True)
    bundle.close()
    return bundle


def comparison(bundle: Bundle, *ids: str, verdict: Verdict = Verdict.DIVERGENT) -> Comparison:
    passed = SideResult(outcome=Outcome.PASSED)
    pairs = [PairResult(test_id=name, legacy=passed, shadow=passed, verdict=verdict, reason="r") for name in sorted(ids)]
    return Comparison(run=bundle.header(), pairs=tuple(pairs), totals=Totals(tests=len(pairs)), exit=0)


def moves(bundle: Bundle, *ids: str) -> list[tuple[str, str]]:
    return [(item.old, item.new) for item in history.renames_of(bundle, comparison(bundle, *ids))]


def git(root: Path, *arguments: str) -> None:
    subprocess.run(("git", "-c", "user.name=t", "-c", "user.email=t@localhost", *arguments), cwd=root, check=True, capture_output=True)


def test_a_body_is_the_same_whatever_its_name_place_and_layout(root: Path) -> None:
    found = bodies(
        root,
        test_a=PLAIN,
        test_b='"""Moved."""\n\n\nclass TestX:\n    class TestY:\n        def test_other(self_or_db):\n            pass\n\n\n'
        "def test_z( db ):  # where\n\n        assert (db.count()\n            == 3)\n",
    )

    assert found["test_a.py::test_a"] == found["test_b.py::test_z"]
    assert set(found) == {"test_a.py::test_a", "test_b.py::test_z", "test_b.py::TestX::TestY::test_other"}


@pytest.mark.parametrize(
    "other",
    [
        "def test_a(db):\n    assert db.count() == 4\n",
        "def test_a(api):\n    assert db.count() == 3\n",
        "async def test_a(db):\n    assert db.count() == 3\n",
        "@mark\ndef test_a(db):\n    assert db.count() == 3\n",
    ],
)
def test_a_body_changes_with_everything_that_it_does(root: Path, other: str) -> None:
    found = bodies(root, test_a=PLAIN, test_b=other)

    assert found["test_a.py::test_a"] != found["test_b.py::test_a"]


@pytest.mark.parametrize("text", ["def test_a(:\n", "def test_a():\n    return '\\d'\n\x00", "x" * 10, "def test_a(): return " + "(" * 5000])
def test_a_file_that_is_no_python_has_no_bodies(root: Path, text: str) -> None:
    assert bodies(root, test_a=text) == {}


def test_foreign_and_hidden_folders_are_passed_over(root: Path) -> None:
    for name in (".venv", "node_modules", "sub"):
        (root / name).mkdir()
        (root / name / "test_a.py").write_text(PLAIN)

    assert set(bodies(root)) == {"sub/test_a.py::test_a"}


def test_a_renamed_test_is_known_again_in_the_next_night(root: Path, runs: Path) -> None:
    bodies(root, test_a=PLAIN, test_same="def test_it():\n    pass\n")
    begin(runs, root, 1)
    (root / "test_a.py").unlink()
    bodies(root, test_b=PLAIN.replace("test_a", "test_renamed"))
    later = begin(runs, root, 2)

    assert moves(later, "test_b.py::test_renamed[1-x]", "test_same.py::test_it") == [("test_a.py::test_a[1-x]", "test_b.py::test_renamed[1-x]")]
    assert moves(begin(runs, root, 3), "test_b.py::test_renamed[1-x]") == []


def test_runs_that_are_no_nights_are_looked_past(root: Path, runs: Path) -> None:
    bodies(root, test_a=PLAIN)
    begin(runs, root, 1)
    (root / "test_a.py").unlink()
    bodies(root, test_b=PLAIN)
    begin(runs, root, 2, complete=False)

    assert moves(begin(runs, root, 3), "test_b.py::test_a") == [("test_a.py::test_a", "test_b.py::test_a")]


@pytest.mark.parametrize(("within", "ids"), [("", "tests/suite/"), ("deep", "")])
def test_ids_may_count_from_another_folder_than_the_suites_root(root: Path, runs: Path, within: str, ids: str) -> None:
    (root / within).mkdir(exist_ok=True)
    (root / within / "test_a.py").write_text(PLAIN)
    begin(runs, root, 1)
    (root / within / "test_a.py").rename(root / within / "test_b.py")

    assert moves(begin(runs, root, 2), f"{ids}test_b.py::test_a") == [(f"{ids}test_a.py::test_a", f"{ids}test_b.py::test_a")]


def test_git_tells_of_a_moved_file_whose_tests_changed(root: Path, runs: Path) -> None:
    text = PLAIN + "".join(f"\n\ndef helper_{number}():\n    return {number}\n" for number in range(30))
    git(root.parent, "init", "-q")
    bodies(root, test_a=text)
    git(root.parent, "add", "suite")
    git(root.parent, "commit", "-q", "-m", "one")
    first = history.suite_commit(root)
    begin(runs, root, 1)
    git(root.parent, "mv", "suite/test_a.py", "suite/test_caf\u00e9.py")
    (root / "test_caf\u00e9.py").write_text(text.replace("== 3", "== 4"))
    git(root.parent, "commit", "-q", "-a", "-m", "two")

    assert history.moved_files(root, first, history.suite_commit(root)) == {"test_a.py": "test_caf\u00e9.py"}
    assert moves(begin(runs, root, 2), "test_caf\u00e9.py::test_a") == [("test_a.py::test_a", "test_caf\u00e9.py::test_a")]


def test_outside_a_checkout_git_knows_nothing(root: Path) -> None:
    assert history.suite_commit(root) is None
    assert history.moved_files(root, "0" * 40, "1" * 40) == {}
    assert history.moved_files(root, "--output=x", "1" * 40) == {}


def test_a_bundle_without_a_record_has_no_renames_and_a_damaged_one_says_so(root: Path, runs: Path) -> None:
    bundle = begin(runs, root, 1)
    (bundle.path / "history.json.gz").write_bytes(b"\x1f\x8b")

    with pytest.raises(BundleError, match="cannot be read"):
        moves(bundle, "x")

    (bundle.path / "history.json.gz").unlink()
    assert moves(bundle, "x") == []


def project(store: Store, runs: Path, verdicts: dict[str, Verdict]) -> None:
    """A rebuild as `shadow store rebuild` does it."""
    store.delete_all()
    gone = history.restore(store, runs)
    for path in sorted(runs.glob("night-*")):
        if path.name not in gone:
            store.save(comparison(Bundle.open(path), "a", "\ud800", verdict=verdicts[path.name]), renames=RENAMES.get(path.name, ()))


RENAMES = {"night-1": (Rename(old="z", new="a", reason=RenameReason.MOVED_FILE),)}


def test_a_rebuild_after_retention_gives_the_same_store(root: Path, runs: Path) -> None:
    verdicts = {f"night-{day}": Verdict.DIVERGENT if day % 2 else Verdict.EQUIVALENT for day in range(6)}
    for day in range(6):
        begin(runs, root, day)
    store = MemoryStore()
    project(store, runs, verdicts)
    everything = store.divergences(DivergenceFilter()).rows

    history.retain(store, runs, now=NOW, keep_runs=4)
    made = history.retain(store, runs, now=NOW, keep_runs=3)
    again = MemoryStore()
    project(again, runs, verdicts)

    assert [stone.run_id for stone in made] == ["night-2"]
    assert sorted(path.name for path in runs.iterdir()) == ["night-3", "night-4", "night-5", "retention.jsonl"]
    assert store.divergences(DivergenceFilter()).rows == everything == again.divergences(DivergenceFilter()).rows
    assert store.retention() == again.retention() == history.read_retention(runs)
    assert again.divergence("z") == again.divergence("a")


def test_bundles_left_by_a_retention_that_was_cut_off_do_not_count_and_go_with_the_next(root: Path, runs: Path) -> None:
    verdicts = {f"night-{day}": Verdict.DIVERGENT for day in range(3)}
    for day in range(3):
        begin(runs, root, day)
    store = MemoryStore()
    project(store, runs, verdicts)
    store.retain(now=NOW, keep_runs=1)
    history.write_retention(runs, store.retention())

    project(store, runs, verdicts)
    assert [run.id for run in store.runs()] == ["night-2"]
    other = MemoryStore()
    other.save(comparison(Bundle.open(runs / "night-2"), "a"))
    history.retain(other, runs, now=NOW, keep_runs=1)

    assert sorted(path.name for path in runs.iterdir()) == ["night-2", "retention.jsonl"]
    assert other.tombstone("night-0") == store.tombstone("night-0")
    assert [row.nights_seen for row in other.divergences(DivergenceFilter()).rows] == [3, 2]


def test_nothing_removed_leaves_no_file(root: Path, runs: Path) -> None:
    begin(runs, root, 0)

    assert history.retain(MemoryStore(), runs, now=NOW, keep_runs=3) == ()
    assert not (runs / "retention.jsonl").exists()
    assert history.read_retention(runs) == Retention()


@pytest.mark.parametrize("text", ["", "{", '{"schema": "other/9"}', '{"schema": "shadow-retention/1"}\n{"kind": "tombstone"}', "[]"])
def test_a_damaged_list_of_removed_runs_is_refused(runs: Path, text: str) -> None:
    (runs / "retention.jsonl").write_text(text)

    with pytest.raises(BundleError):
        history.read_retention(runs)
