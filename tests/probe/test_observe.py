"""The fixture `observe` in real sessions: what reaches the session file, from every kind of process, and what never does."""

from __future__ import annotations

import json
import subprocess
import textwrap
from pathlib import Path
from typing import Any

import pytest

from harness.model import Side
from harness.model.observation import Observation, ObserveMode

OBSERVING = """
    import pytest

    CUSTOMER = {"name": "Mary Smith", "email": "mary.smith@example.com", "rentals": [{"amount": 4711.25}, {"amount": 815.5}]}

    @pytest.fixture
    def ending(observe):
        observe("before", None)
        yield
        observe("after", None)

    def test_shape(observe):
        observe("customer", CUSTOMER)

    def test_exact(observe, ending):
        observe("customer", CUSTOMER, compare="exact")
        observe("customer", CUSTOMER, compare="exact", tolerance=0.1)

    def test_failing(observe):
        observe("customer", CUSTOMER)
        assert not CUSTOMER

    def test_silent(): pass

    @pytest.mark.parametrize("n", range(3))
    def test_several(observe, n):
        observe(f"number {n}", n)
"""
SECRETS = (b"Mary", b"mary.smith")


@pytest.fixture
def key(tmp_path: Path) -> str:
    path = tmp_path / "key"
    path.write_text("ab" * 32 + "\n")
    return str(path)


def observed(session: Any) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for line in session.of("observe"):
        found.setdefault(line["id"].partition("::")[2], []).append(line)
    return found


@pytest.mark.parametrize("args", [(), ("-n", "2"), ("-n", "2", "--dist", "loadgroup")])
def test_observations_reach_the_session_file(suite: Any, key: str, args: tuple[str, ...]) -> None:
    session = suite.write(test_a=OBSERVING).run(*args, SHADOW_PROBE_KEY=key)
    found = observed(session)
    assert [(line["name"], line["n"], line["compare"]) for line in found["test_exact"]] == [
        ("before", 1, "shape"),
        ("customer", 1, "exact"),
        ("customer", 2, "exact"),
        ("after", 1, "shape"),
    ]
    assert [line["cut"] for line in found["test_exact"]] == [None] * 4
    assert len(found["test_shape"]) == len(found["test_failing"]) == 1
    assert "test_silent" not in found
    assert all(found[f"test_several[{n}]"][0]["name"].startswith("number ") for n in range(3))
    assert session.outcomes["test_a.py::test_failing"] == "failed"
    assert session.only("footer")["complete"]


def test_observations_stand_before_the_result_of_their_test(suite: Any, key: str) -> None:
    session = suite.write(test_a=OBSERVING).run(SHADOW_PROBE_KEY=key)
    done: set[str] = set()
    for line in session.lines:
        if line["e"] == "result":
            done.add(line["id"])
        if line["e"] == "observe":
            assert line["id"] not in done


def test_lines_are_read_without_parsing_their_trees(suite: Any, key: str) -> None:
    session = suite.write(test_a=OBSERVING).run(SHADOW_PROBE_KEY=key)
    texts = [text for text in session.raw.decode("ascii").splitlines(keepends=True) if text.startswith('{"e":"observe"')]
    assert len(texts) == len(session.of("observe"))
    for text, line in zip(texts, session.of("observe"), strict=True):
        read = Observation.from_text(text, Side.LEGACY)
        assert read == Observation.from_line(line, Side.LEGACY)
        assert json.loads(read.tree) == line["tree"]


def test_no_value_reaches_the_session_file(suite: Any, key: str) -> None:
    helper = "def values():\n    return {'name': 'Q' 'XJZ', 'total': 98.0 + 0.7654, 'Q' 'XJK': ['x' * 3 + 'QXJ'] * 40}\n"
    test = """
        from helper import values
        def test_it(observe):
            for options in ({}, {"compare": "exact"}, {"compare": "exact", "key": "name"}):
                observe("values", values(), **options)
                observe(values()["name"], [values()] * 30, **options)
    """
    for variables in ({}, {"SHADOW_PROBE_KEY": key}):
        session = suite.write(test_a=test, helper=helper).run(**variables)
        assert len(session.of("observe")) == 6
        assert not [secret for secret in (b"QXJ", b"98.76") if secret in session.raw]
    assert b"ab" * 32 not in session.raw


def test_without_a_key_exact_values_are_recorded_as_shapes(suite: Any) -> None:
    found = observed(suite.write(test_a=OBSERVING).run())
    line = found["test_exact"][1]
    assert (line["compare"], line["cut"]) == ("exact", "key")
    assert line["tree"]["types"] == ["object"]
    assert Observation.from_line(line, Side.LEGACY).holds_shape
    assert Observation.from_line(line, Side.LEGACY).compare is ObserveMode.EXACT


@pytest.mark.parametrize("content", [None, "", "zz" * 32, "ab" * 31])
def test_a_key_that_is_none_stops_the_session(suite: Any, tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "key"
    if content is not None:
        path.write_text(content)
    session = suite.write(test_a=OBSERVING).run(SHADOW_PROBE_KEY=str(path))
    assert session.exit_status == pytest.ExitCode.USAGE_ERROR
    assert "SHADOW_PROBE_KEY" in session.output
    assert not content or content not in session.output


def test_the_same_values_give_the_same_lines_in_every_session(suite: Any, key: str) -> None:
    suite.write(test_a=OBSERVING)
    sessions = [suite.run("-k", "exact or shape", SHADOW_PROBE_KEY=key, PYTHONHASHSEED=seed) for seed in ("1", "2")]
    assert sessions[0].of("observe") == sessions[1].of("observe") != []


WRONG = """
    import pytest
    def test_right(observe): observe("customer", {"id": 1}, compare="exact", key="id")
    def test_mode(observe): observe("customer", 1, compare="other")
    def test_tolerance(observe): observe("customer", 1, tolerance=1)
    def test_nothing(observe): pass
"""


@pytest.mark.parametrize("out", [True, False])
def test_arguments_are_looked_at_with_and_without_a_file(suite: Any, out: bool) -> None:  # noqa: FBT001 a parameter of the test
    suite.write(test_a=WRONG)
    path = suite.root / "out.jsonl"
    done = subprocess.run(
        suite.command("-q"), cwd=suite.root, env=suite.environment(path if out else None), capture_output=True, text=True, timeout=60, check=False
    )
    assert "2 failed, 2 passed" in done.stdout
    assert path.exists() is out


def test_a_session_within_a_test_observes_nothing(suite: Any) -> None:
    suite.write(
        test_a="""
        pytest_plugins = ["pytester"]
        def test_inner(pytester):
            pytester.makepyfile("def test_it(observe): observe('x', 1)")
            pytester.runpytest_inprocess("-p", "shadow_harness_probe").assert_outcomes(passed=1)
        """
    )
    session = suite.run()
    assert session.outcomes == {"test_a.py::test_inner": "passed"}
    assert session.of("observe") == []


FALLBACK = """
    import pytest

    try:
        import shadow_harness_probe  # on the path where Shadow Harness runs the suite
    except ImportError:

        @pytest.fixture
        def observe():
            return lambda name, value, **options: None
"""


def test_a_suite_runs_without_the_harness_and_with_it(suite: Any) -> None:
    suite.write(conftest=FALLBACK, test_a="def test_it(observe): observe('customer', {'id': 1})")
    assert len(suite.run().of("observe")) == 1
    environment = suite.environment(None)
    del environment["PYTHONPATH"]
    command = [str(suite.interpreter.python), "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    done = subprocess.run(command, cwd=suite.root, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert "1 passed" in done.stdout


def test_observations_are_written_everywhere(everywhere: Any, tmp_path: Path) -> None:
    suite = everywhere.suite(tmp_path / "suite").write(test_a=OBSERVING)
    path = tmp_path / "key"
    path.write_text("ab" * 32)
    for args in ((), ("-n", "2")):
        session = suite.run(*args, SHADOW_PROBE_KEY=str(path))
        found = observed(session)
        assert [line["name"] for line in found["test_exact"]] == ["before", "customer", "customer", "after"]
        assert [line["cut"] for line in session.of("observe")] == [None] * 9
        assert not [secret for secret in SECRETS if secret in session.raw]


def test_only_the_last_run_of_a_test_counts(everywhere: Any, tmp_path: Path) -> None:
    if "pytest-rerunfailures" not in everywhere.plugins:
        pytest.skip("needs pytest-rerunfailures")
    suite = everywhere.suite(tmp_path / "suite").write(
        test_a="""
        RUNS = []
        def test_it(observe):
            RUNS.append(1)
            observe("runs", RUNS)
            assert len(RUNS) > 2
        """
    )
    for args in ((), ("-n", "1")):
        (line,) = suite.run("--reruns", "3", *args).of("observe")
        assert line["tree"]["size"] == ["2-9", "2-9"]
        assert line["n"] == 1


def test_observing_beside_subtests(suite: Any) -> None:
    if suite.interpreter.pytest_major < 9:
        pytest.skip("needs the subtests of pytest 9")
    session = suite.write(
        test_a="""
        def test_it(observe, subtests):
            observe("first", 1)
            with subtests.test("part"):
                observe("second", 2)
                assert False
        """
    ).run()
    assert [line["name"] for line in session.of("observe")] == ["first", "second"]


def test_the_fallback_is_as_documented() -> None:
    document = (Path(__file__).parents[2] / "docs" / "observations.md").read_text(encoding="utf-8")
    assert textwrap.dedent(FALLBACK).strip() in document
