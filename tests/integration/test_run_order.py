"""Order-dependence and A/A runs, from the command line to the report: found, named, recorded, resumed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from harness.pipeline.files import compare_bundle
from tests.running import Project

if TYPE_CHECKING:
    from harness.evidence import Bundle

POLLUTED_ON_SHADOW = """
    import os, pytest

    STATE = {}
    SHADOW = os.environ["SIDE"] == "shadow"

    @pytest.mark.parametrize("n", range(3))
    def test_before(n): pass

    def test_polluter():
        if SHADOW:
            STATE["dirty"] = True

    @pytest.mark.parametrize("n", range(3))
    def test_between(n): pass

    def test_victim(): assert not STATE

    def test_real(): assert not SHADOW
"""
POLLUTED_ON_BOTH = """
    import pytest

    STATE = {}

    def test_polluter(): STATE["dirty"] = True

    @pytest.mark.parametrize("n", range(4))
    def test_between(n): pass

    def test_victim(): assert not STATE
"""
OTHER_ORDER_ON_LEGACY = """
    import os

    def pytest_collection_modifyitems(items):
        if os.environ["SIDE"] == "legacy":
            items.reverse()
"""


def project_of(folder: Path, suite: dict[str, str], **confirm: Any) -> Project:
    return Project(folder=folder, suite=suite, confirm={"max_pairs": 12, "alpha": 0.1, **confirm})


def test_of(project: Project, name: str) -> dict[str, Any]:
    (found,) = [test for test in project.report["tests"] if test["id"].endswith(f"::{name}")]
    return dict(found)


test_of.__test__ = False  # type: ignore[attr-defined]  # a helper whose name reads like a test


@pytest.fixture(scope="module")
def polluted(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project whose run found a test that only shadow's own predecessors break."""
    project = project_of(tmp_path_factory.mktemp("polluted"), {"test_it.py": POLLUTED_ON_SHADOW})
    answer = project.run()
    assert answer.exit == 1, answer.err
    return project


def test_a_test_that_only_shadow_pollutes_diverges_and_its_polluter_is_named(polluted: Project) -> None:
    victim = test_of(polluted, "test_victim")
    assert (victim["verdict"], victim["confirmed"]) == ("divergent", True)
    assert (victim["order"]["side"], victim["order"]["behind"], victim["order"]["shortest"]) == ("shadow", ["test_it.py::test_polluter"], True)
    assert "order-dependent: on shadow it fails behind test_it.py::test_polluter, and passes ahead of it" in victim["reason"]
    real = test_of(polluted, "test_real")
    assert (real["verdict"], real["order"]) == ("divergent", None)


def test_a_test_that_both_sides_pollute_is_flaky_and_its_polluter_is_named(tmp_path: Path) -> None:
    project = project_of(tmp_path, {"test_it.py": POLLUTED_ON_BOTH, "conftest.py": OTHER_ORDER_ON_LEGACY})
    answer = project.run("--markdown", str(tmp_path / "report.md"), "--html", str(tmp_path / "report.html"))
    assert answer.exit == 0, answer.err
    victim = test_of(project, "test_victim")
    assert (victim["verdict"], victim["direction"], victim["order"]["behind"]) == ("flaky", "legacy_only_pass", ["test_it.py::test_polluter"])
    assert "1 test depends on the order of tests" in answer.out
    for text in (answer.out, (tmp_path / "report.md").read_text(), (tmp_path / "report.html").read_text()):
        assert "fails behind" in " ".join(text.split())


def test_the_bundle_alone_gives_the_same(polluted: Project) -> None:
    (bundle,) = polluted.bundles()
    (victim,) = [pair for pair in compare_bundle(bundle.path).pairs if pair.test_id.endswith("::test_victim")]
    told = test_of(polluted, "test_victim")
    assert (victim.reason, victim.e_value) == (told["reason"], told["e_value"])


def test_a_search_that_was_killed_is_gone_on_with_and_ends_the_same(polluted: Project) -> None:
    whole = polluted.report["tests"]
    (bundle,) = polluted.bundles()
    _as_if_killed(bundle, last=4)
    kept = {path: path.stat().st_mtime_ns for path in (bundle.path / "sessions").glob("*-s1of1-n1.jsonl")}
    answer = polluted.run("--resume", bundle.path.name)
    assert answer.exit == 1, answer.err
    again = polluted.report["tests"]
    assert [(test["verdict"], test["reason"], test["order"]) for test in again] == [
        (test["verdict"], test["reason"], test["order"]) for test in whole
    ]
    changed = {path.name for path, time in kept.items() if path.stat().st_mtime_ns != time}
    assert len(changed) == 1  # the one that was cut short


def _as_if_killed(bundle: Bundle, *, last: int) -> None:
    """Leave what a run would that died in step `last` of the search: one session of it is cut short, later ones are not there."""
    (bundle.path / "finish.json").unlink()
    for kind in ("behind", "ahead"):
        for path in (bundle.path / "sessions").glob(f"*-{kind}*"):
            number = int(path.name.split("-")[1].removeprefix(kind))
            if number > last:
                path.unlink()
            elif number == last and path.suffix == ".jsonl" and kind == "behind" and path.name.startswith("shadow"):
                lines = path.read_text().splitlines(keepends=True)
                path.write_text("".join(lines[:-3]) + '{"e":"resu')


def test_no_budget_no_search(tmp_path: Path) -> None:
    project = project_of(tmp_path, {"test_it.py": POLLUTED_ON_SHADOW}, order_budget=0)
    assert project.run().exit == 1
    victim = test_of(project, "test_victim")
    assert (victim["verdict"], victim["order"]) == ("flaky", None)
    assert "was not looked into: order budget of 0" in victim["reason"]


def test_reruns_are_fresh_processes_of_both_sides(tmp_path: Path) -> None:
    suite = """
        import os
        from pathlib import Path

        def test_differs():
            with Path(os.environ["NOTES"], "seen").open("a") as file:
                file.write(f"{os.environ['SIDE']} {os.getpid()}\\n")
            assert os.environ["SIDE"] == "legacy"

        def test_agrees(): pass
    """
    project = project_of(tmp_path, {"test_it.py": suite}, alpha=0.01)
    assert project.run().exit == 1
    seen = [line.split() for line in project.noted("seen")]
    assert len({pid for _, pid in seen}) == len(seen) == 10  # the full run, then four fresh pairs
    for first, second in zip(seen[2::2], seen[3::2], strict=True):
        assert {first[0], second[0]} == {"legacy", "shadow"}


def test_each_side_against_itself(tmp_path: Path) -> None:
    suite = """
        import os, random, pytest

        CHANCE = random.Random()

        @pytest.mark.parametrize("n", range(4))
        def test_agrees(n): pass

        def test_differs_once():
            path = os.path.join(os.environ["NOTES"], "once")
            if os.environ["SIDE"] == "shadow" and not os.path.exists(path):
                open(path, "w").close()
                assert False
    """
    project = project_of(tmp_path, {"test_it.py": suite}, aa_sample=3, order_budget=0)
    assert project.run().exit == 0
    assert "Each side against itself" not in project.call("report").out
    (project.notes / "once").unlink()
    answer = project.run("--aa")
    assert answer.exit == 0, answer.err
    aa = project.report["aa"]
    assert (aa["why"], aa["sample"], aa["tests"], aa["runs"], aa["complete"]) == ("asked for", 3, 5, 1, True)
    assert (aa["false_divergences"]["count"], aa["false_divergences"]["of"]) == (0, 6)
    assert (aa["stickiness"]["state"], aa["stickiness"]["reruns"]) == ("nothing_flaky", 16)
    assert aa["executions"] == 2 * 16 + 2 * 2 * 3
    assert "Each side against itself" in answer.out
    newest = project.bundles()[-1]
    assert compare_bundle(newest.path).floor is not None
    assert json.loads((newest.path / "aa.json").read_text())["flaky"] == ["test_it.py::test_differs_once"]
    assert project.run("--aa").exit == 0
    assert (project.report["aa"]["runs"], project.report["aa"]["false_divergences"]["of"]) == (2, 12)
