"""What every environment and runner promises (harness/ports.py), kept by the docker runner against a real engine and real Compose."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harness.errors import ConfigurationError, ExitCode, InfrastructureError, UnsafeError
from harness.model import DatasetKind, EndReason, SessionEnd, SessionRequest, Side, SidePlan, SuiteParts, SuitePlan
from runners.docker import docker_environment

docker = pytest.importorskip("docker")
pytestmark = pytest.mark.docker

DOCKERFILE = "FROM python:3.11-slim\nRUN pip install --no-cache-dir 'pytest>=8.4'\n"
SUITE = """
import json, os, signal, socket, subprocess, sys, threading
from pathlib import Path
import pytest

def test_passes(): pass

def test_fails(): assert 1 == 2

def test_is_not_root(): assert os.getuid() != 0 and os.getgid() != 0

def test_has_no_capabilities():
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    assert int(status["CapEff"], 16) == int(status["CapBnd"], 16) == 0
    assert status["NoNewPrivs"].strip() == "1"

def test_the_suite_is_read_only():
    assert Path.cwd() == Path("/suite")
    with pytest.raises(OSError): Path("new").write_text("x")
    with pytest.raises(OSError): Path(__file__).write_text("x")

def test_the_root_filesystem_is_read_only():
    with pytest.raises(OSError): Path("/usr/new").write_text("x")

def test_there_is_a_place_for_scratch_files(tmp_path):
    (tmp_path / "x").write_text("x")
    assert os.environ["HOME"] == "/tmp"

@pytest.mark.parametrize("address", ["1.1.1.1", "192.0.2.2", "172.17.0.1"])
def test_the_outside_cannot_be_reached(address):
    with pytest.raises(OSError): socket.create_connection((address, 80), 1)

def test_foreign_names_are_not_resolved():
    with pytest.raises(OSError): socket.getaddrinfo("example.com", 80)

def test_has_its_variables():
    assert os.environ["FEATURE"] == "on $HOME"
    assert os.environ["DATABASE_URL"] == "sqlite:///x"
    assert (os.environ["TZ"], os.environ["PYTHONHASHSEED"]) == ("UTC", "7")
    assert "FROM_THE_HARNESS" not in os.environ

def test_zombies_are_reaped():
    assert Path("/proc/1/comm").read_text().strip() in {"docker-init", "tini"}

def test_eats_memory(): bytearray(600 << 20)

def test_hangs(): threading.Event().wait()

def test_dies(): os._exit(9)

def test_a_child_eats_memory(): assert subprocess.run([sys.executable, "-c", "bytearray(600 << 20)"]).returncode == -9

def test_process_limit():
    children = []
    with pytest.raises(BlockingIOError):
        for _ in range(200):
            children.append(os.fork())
            if not children[-1]: signal.pause()
    for child in children:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
"""


@pytest.fixture(scope="session")
def image() -> str:
    """The runner's image: made once for this machine, by what is in it."""
    name = f"shadow-harness-test:{hashlib.sha256(DOCKERFILE.encode()).hexdigest()[:12]}"
    import io

    from runners.docker.engine import connect

    client = connect()
    try:
        client.images.get(name)
    except docker.errors.ImageNotFound:
        client.images.build(fileobj=io.BytesIO(DOCKERFILE.encode()), tag=name, rm=True)
    finally:
        client.close()
    return name


class Place:
    """A suite, and environments for it."""

    def __init__(self, folder: Path, image: str) -> None:
        folder.chmod(0o755)
        self.folder = folder
        self.root = folder / "suite"
        self.root.mkdir()
        (self.root / "test_all.py").write_text(SUITE)
        self.suite = SuitePlan(name="contract", root=self.root, command=("pytest",), args=("-q", "-W", "error"))
        self.plan = SidePlan(
            side=Side.LEGACY,
            runner="docker",
            dataset=DatasetKind.SYNTHETIC,
            settings={"FEATURE": "on $HOME"},
            data={"DATABASE_URL": "sqlite:///x"},
            image=image,
            memory="192m",
            pids=64,
            startup_timeout=60,
        )

    def environment(self, run: str, *, suite: SuitePlan | None = None, **changes: Any) -> Any:
        return docker_environment(
            replace(self.plan, **changes), suite or self.suite, run_id=run, workdir=self.folder / "work", logs=self.folder / "logs", seed=7
        )

    def request(self, name: str, *tests: str) -> SessionRequest:
        output = self.folder / "sessions" / f"{name}.jsonl"
        output.parent.mkdir(exist_ok=True)
        return SessionRequest(side=Side.LEGACY, output=output, select=tuple(f"test_all.py::{test}" for test in tests) or None)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, image: str) -> Place:
    return Place(tmp_path_factory.mktemp("contract"), image)


@pytest.fixture(scope="module")
def environment(place: Place) -> Iterator[Any]:
    environment = place.environment("contract")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FROM_THE_HARNESS", "1")
        environment.check()
        environment.up()
        try:
            yield environment
        finally:
            environment.down()


def run(environment: Any, request: SessionRequest) -> tuple[SessionEnd, list[dict[str, Any]], list[Mapping[str, object]]]:
    seen: list[Mapping[str, object]] = []
    end = environment.runner().run(request, seen.append)
    lines = [json.loads(line) for line in request.output.read_text().splitlines()]
    return end, lines, seen


def outcomes(lines: list[dict[str, Any]]) -> dict[str, str]:
    return {line["id"].partition("::")[2]: line["outcome"] for line in lines if line["e"] == "result"}


def containers(project_of: str) -> list[str]:
    from runners.docker.engine import connected

    with connected() as client:
        return [found["Id"] for found in client.api.containers(all=True, filters={"label": f"dev.shadow-harness.run={project_of}"})]


def test_a_session_runs_hardened_and_leaves_its_lines(environment: Any, place: Place) -> None:
    ids = [name for name in SUITE.split() if name.startswith("test_")]
    harmless = [
        name.partition("(")[0] for name in ids if not name.startswith(("test_eats", "test_hangs", "test_dies", "test_a_child", "test_process"))
    ]
    selected = [name for name in harmless if name != "test_the_outside_cannot_be_reached"]
    outside = [f"test_the_outside_cannot_be_reached[{address}]" for address in ("1.1.1.1", "192.0.2.2", "172.17.0.1")]
    end, lines, seen = run(environment, place.request("all", *selected, *outside))
    assert outcomes(lines) == {**dict.fromkeys([*selected, *outside], "passed"), "test_fails": "failed"}
    assert end == SessionEnd(reason=EndReason.FINISHED, exit_status=1)
    assert lines[0]["e"] == "header"
    assert [line["e"] for line in lines[-2:]] == ["footer", "end"]
    assert list(seen) == lines[:-1]
    assert not list((place.folder / "work" / "docker").glob("*/out/*"))  # nothing of a session stays


def test_what_a_test_does_is_counted_within(environment: Any, place: Place) -> None:
    request = replace(place.request("count", "test_passes", "test_fails"), count=SuiteParts(numbers=(1,), of=1))
    _, lines, _ = run(environment, request)
    assert [(line["id"], line["counts"]["assertions"]) for line in lines if line["e"] == "deep"] == [
        ("test_all.py::test_passes", 0),
        ("test_all.py::test_fails", 1),
    ]


def test_a_session_out_of_memory_is_told_from_a_crash(environment: Any, place: Place) -> None:
    end, lines, _ = run(environment, place.request("memory", "test_passes", "test_eats_memory"))
    assert end.reason is EndReason.OUT_OF_MEMORY
    assert end.guilty == ("test_all.py::test_eats_memory",)
    assert "192m" in end.detail
    assert outcomes(lines) == {"test_passes": "passed"}
    end, _, _ = run(environment, place.request("crash", "test_dies"))
    assert (end.reason, end.guilty, end.exit_status) == (EndReason.CRASHED, ("test_all.py::test_dies",), 9)


def test_a_test_whose_child_ran_out_of_memory_keeps_its_outcome(environment: Any, place: Place) -> None:
    end, lines, _ = run(environment, place.request("child", "test_a_child_eats_memory", "test_process_limit"))
    assert end.reason is EndReason.FINISHED
    assert outcomes(lines) == {"test_a_child_eats_memory": "passed", "test_process_limit": "passed"}


def test_a_test_that_hangs_is_ended_with_its_container(place: Place, environment: Any) -> None:
    quick = place.environment("contract", suite=replace(place.suite, test_timeout=0.5))
    quick._events, quick._folder = environment._events, environment._folder  # the same services, a shorter patience
    before = containers("contract")
    end, lines, _ = run(quick, place.request("hang", "test_passes", "test_hangs"))
    assert (end.reason, end.guilty) == (EndReason.TEST_TIMEOUT, ("test_all.py::test_hangs",))
    assert outcomes(lines) == {"test_passes": "passed"}
    assert containers("contract") == before


def test_a_side_that_takes_too_long_is_ended(place: Place, environment: Any) -> None:
    quick = place.environment("contract", suite=replace(place.suite, timeout=0.2))
    quick._events, quick._folder = environment._events, environment._folder
    end, _, _ = run(quick, place.request("late", "test_hangs"))
    assert end.reason is EndReason.SIDE_TIMEOUT


def test_stop_from_another_thread_interrupts(environment: Any, place: Place) -> None:
    runner = environment.runner()
    request = place.request("stop", "test_hangs")

    def progress(line: Mapping[str, object]) -> None:
        if line["e"] == "start":
            threading.Thread(target=runner.stop).start()

    assert runner.run(request, progress).reason is EndReason.INTERRUPTED
    assert json.loads(request.output.read_text().splitlines()[-1])["reason"] == "interrupted"


@pytest.mark.parametrize(("command", "status", "said"), [(("nonesuch",), 127, "No such file"), (("pytest", "--nonesuch"), 4, "unrecognized")])
def test_a_command_that_cannot_be_started_says_why(environment: Any, place: Place, command: tuple[str, ...], status: int, said: str) -> None:
    other = place.environment("contract", suite=replace(place.suite, command=command))
    other._events, other._folder = environment._events, environment._folder
    end, _, _ = run(other, place.request(f"start-{status}"))
    assert (end.reason, end.exit_status) == (EndReason.NOT_STARTED, status)
    assert said in end.detail


def test_up_tells_what_parity_compares_and_down_leaves_nothing(place: Place) -> None:
    environment = place.environment("short")
    facts = environment.up()
    assert facts["runner"] == "docker"
    assert {"docker.engine", "docker.compose", "image.runner"} <= set(facts)
    assert all(isinstance(text, str) and text for text in facts.values())
    assert containers("short")
    environment.down()
    environment.down()
    assert not containers("short")
    assert not list((place.folder / "work" / "docker").glob("shadow-short-*"))


def test_down_before_up_does_nothing(place: Place) -> None:
    place.environment("never").down()


@pytest.mark.parametrize("host", ["tcp://127.0.0.1:1", "unix:///nonexistent/docker.sock"])
def test_an_engine_that_is_not_there(place: Place, monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    monkeypatch.setenv("DOCKER_HOST", host)
    for step in (place.environment("noengine").check, place.environment("noengine").up):
        with pytest.raises(InfrastructureError, match="no Docker engine answers") as fault:
            step()
        assert fault.value.kind == "engine_missing"
        assert "DOCKER_HOST" in str(fault.value)


def test_a_missing_image_is_named_before_anything_starts(place: Place) -> None:
    for step in (
        place.environment("noimage", image="shadow-harness-test:nonesuch").check,
        place.environment("noimage", image="shadow-harness-test:nonesuch").up,
    ):
        with pytest.raises(InfrastructureError, match="shadow-harness-test:nonesuch") as fault:
            step()
        assert fault.value.kind == "image_missing"
        assert fault.value.hint
    assert not containers("noimage")


def test_unsafe_files_are_refused(place: Place) -> None:
    compose = place.folder / "unsafe.yaml"
    compose.write_text("services: {db: {image: 'python:3.11-slim', network_mode: host, privileged: true}}")
    for step in (place.environment("unsafe", compose=(compose,)).check, place.environment("unsafe", compose=(compose,)).up):
        with pytest.raises(UnsafeError, match="network_mode") as refused:
            step()
        assert "services.db.privileged" in refused.value.found
        assert refused.value.exit_code is ExitCode.UNSAFE
    assert not containers("unsafe")


def test_files_that_compose_refuses_are_a_matter_of_configuration(place: Place) -> None:
    compose = place.folder / "broken.yaml"
    compose.write_text("services: {db: {image: x, nonesuch: 1}}")
    with pytest.raises(ConfigurationError, match="nonesuch") as refused:
        place.environment("broken", compose=(compose,)).check()
    assert "broken.yaml" in str(refused.value.where)


@pytest.mark.parametrize("changes", [{"image": None}, {"build": Path("Dockerfile.nonesuch"), "image": None}, {"compose": (Path("/nonesuch.yaml"),)}])
def test_files_that_are_not_there(place: Place, changes: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError):
        place.environment("missing", **changes).check()


def test_a_suite_that_the_runner_may_not_read(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.getuid", lambda: 0)
    closed = place.folder / "closed"
    closed.mkdir(mode=0o700)
    with pytest.raises(ConfigurationError, match="may not read"):
        place.environment("closed", suite=replace(place.suite, root=closed)).check()


def test_a_tool_that_writes_into_the_suite_is_refused(place: Place) -> None:
    with pytest.raises(ConfigurationError, match="read-only"):
        place.environment("junit", suite=replace(place.suite, junit="out/*.xml")).check()
