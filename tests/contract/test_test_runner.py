"""What every runner of subprocesses keeps: pytest with the probe, and a command that writes JUnit XML. (Containers: test_docker_environment.py.)"""

from __future__ import annotations

import re
import sys
import threading
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from harness import ports
from harness.errors import InfrastructureError
from harness.evidence import SessionName, read_session
from harness.evidence.deep import deep_records
from harness.evidence.session import parse_name
from harness.model import DatasetKind, EndReason, Outcome, SessionRequest, Shard, Side, SidePlan, SuiteParts, SuitePlan
from runners.process import ProcessEnvironment

PYTEST = {
    "test_it.py": """
import os, time
def test_passes(): pass
def test_fails(): assert False
def test_waits():
    open("waiting", "w").close()
    while os.path.exists("hold"): time.sleep(0.01)
"""
}
TOOL = {
    "tool.py": """
import os, sys, time
from pathlib import Path
names = ["test_passes", "test_fails", "test_waits"]
names = [name for name in sys.argv[2:] or names if name in names]
cases = []
for name in names:
    if name == "test_waits":
        Path("waiting").touch()
        while Path("hold").exists(): time.sleep(0.01)
    inner = "<failure/>" if name == "test_fails" else ""
    cases.append(f"<testcase file='test_it.py' name='{name}'>{inner}</testcase>")
Path(sys.argv[1], "r.xml").write_text("<testsuite>" + "".join(cases) + "</testsuite>")
"""
}
IDS = {name: f"test_it.py::test_{name}" for name in ("passes", "fails", "waits")}
Make = Callable[..., tuple[ports.TestRunner, SessionRequest]]


@pytest.fixture(params=["pytest", "junit"])
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Make:
    """A runner over three tests, and a request to it."""
    root, sessions = tmp_path / "suite", tmp_path / "sessions"
    root.mkdir()
    sessions.mkdir()
    files, keys = (PYTEST, {"command": (sys.executable, "-m", "pytest")}) if request.param == "pytest" else (TOOL, _junit())
    for name, text in files.items():
        (root / name).write_text(text)

    def made(*, command: tuple[str, ...] | None = None, timeout: float = 60.0, **wanted: object) -> tuple[ports.TestRunner, SessionRequest]:
        suite = SuitePlan(name="s", root=root, timeout=timeout, **{**keys, **({"command": command} if command else {})})  # type: ignore[arg-type]
        side = SidePlan(side=Side.LEGACY, runner="process", dataset=DatasetKind.PRODUCTION_COPY, settings={"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"})
        environment = ProcessEnvironment(side, suite, seed=1)
        environment.up()
        name = SessionName(side=Side.LEGACY, pair=int(wanted.get("select") is not None), shard=Shard(), number=1)
        return environment.runner(), SessionRequest(side=Side.LEGACY, output=sessions / str(name), pair=name.pair, **wanted)  # type: ignore[arg-type]

    return made


def _junit() -> dict[str, object]:
    command = (sys.executable, "tool.py", "{out}")
    return {"command": command, "junit": "{out}/*.xml", "rerun": (*command, "{name}")}


def outcomes(request: SessionRequest) -> dict[str, Outcome]:
    return {attempt.test_id: attempt.outcome for attempt in read_session(request.output).attempts}


def test_a_session_is_recorded_and_closed(make: Make) -> None:
    runner, request = make()
    lines: list[Mapping[str, object]] = []
    end = runner.run(request, lines.append)
    assert end.reason is EndReason.FINISHED
    assert read_session(request.output).end == end
    assert outcomes(request) == {IDS["passes"]: Outcome.PASSED, IDS["fails"]: Outcome.FAILED, IDS["waits"]: Outcome.PASSED}
    assert [line["id"] for line in lines if line["e"] == "result"] == list(IDS.values())


def test_only_the_selected_tests_run_in_their_order(make: Make) -> None:
    runner, request = make(select=(IDS["fails"], IDS["passes"]))
    lines: list[Mapping[str, object]] = []
    runner.run(request, lines.append)
    assert [line["id"] for line in lines if line["e"] == "result"] == [IDS["fails"], IDS["passes"]]
    assert set(outcomes(request)) == {IDS["fails"], IDS["passes"]}


def test_what_is_done_is_skipped(make: Make) -> None:
    runner, request = make(skip=frozenset({IDS["fails"]}))
    runner.run(request, lambda _: None)
    assert set(outcomes(request)) == {IDS["passes"], IDS["waits"]}


def test_parts_are_counted_and_other_tests_are_not(make: Make) -> None:
    runner, request = make(count=SuiteParts(numbers=(1,), of=2))
    runner.run(request, lambda _: None)
    found = [record.test_id for record in deep_records(request.output, parse_name(request.output))]
    assert set(outcomes(request)) == set(IDS.values())
    is_pytest = (request.output.parents[1] / "suite" / "test_it.py").exists()
    wanted = [test_id for test_id in IDS.values() if zlib.crc32(test_id.encode()) % 2 == 0]
    assert 0 < len(wanted) < len(IDS)
    assert found == (wanted if is_pytest else []), "the results of other tools say nothing of the way of a test"


def test_a_selected_test_that_is_not_there_is_absent(make: Make) -> None:
    runner, request = make(select=(IDS["passes"], "test_it.py::test_gone"))
    runner.run(request, lambda _: None)
    assert outcomes(request)["test_it.py::test_gone"] is Outcome.ABSENT


def test_stopping_ends_the_session(make: Make) -> None:
    runner, request = make()
    root = request.output.parent.parent / "suite"
    (root / "hold").touch()
    ends: list[EndReason] = []
    session = threading.Thread(target=lambda: ends.append(runner.run(request, lambda _: None).reason))
    session.start()
    while not (root / "waiting").exists():
        session.join(0.01)
        assert session.is_alive()
    runner.stop()
    session.join(30)
    assert ends == [EndReason.INTERRUPTED]
    assert read_session(request.output).end is not None


def test_a_session_that_takes_too_long_is_ended(make: Make) -> None:
    runner, request = make(timeout=2.0)
    (request.output.parent.parent / "suite" / "hold").touch()
    assert runner.run(request, lambda _: None).reason is EndReason.SIDE_TIMEOUT


def test_a_command_that_cannot_be_started_is_an_infrastructure_failure(make: Make) -> None:
    runner, request = make(command=("/no/such/program",))
    with pytest.raises(InfrastructureError, match="could not be started") as caught:
        runner.run(request, lambda _: None)
    assert caught.value.kind == "command_failed"


def test_a_command_that_records_nothing_has_not_started(make: Make) -> None:
    runner, request = make(command=(sys.executable, "-c", "print('name 4711')"))
    end = runner.run(request, lambda _: None)
    assert end.reason is EndReason.NOT_STARTED
    assert re.search("name number:[0-9a-f]{6}", end.detail)
    assert "4711" not in request.output.read_text()


def test_an_error_of_whoever_follows_ends_the_session(make: Make) -> None:
    runner, request = make()

    def refuse(line: Mapping[str, object]) -> None:
        if line["e"] == "result":
            raise LookupError("enough")

    with pytest.raises(LookupError, match="enough"):
        runner.run(request, refuse)
