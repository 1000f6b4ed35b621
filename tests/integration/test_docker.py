"""Both sides in containers: a database each, faults of services, a harness that is killed, a harness that is not root."""

from __future__ import annotations

import hashlib
import io
import json
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harness.errors import InfrastructureError
from harness.model import DatasetKind, EndReason, SessionRequest, Side, SidePlan, SuitePlan
from runners.docker import docker_environment, sweep_leftovers
from runners.docker.override import built_name

docker = pytest.importorskip("docker")
pytestmark = pytest.mark.docker

ROOT = Path(__file__).parents[2]
DOCKERFILE = "FROM python:3.11-slim\nRUN pip install --no-cache-dir 'pytest>=8.4' 'psycopg[binary]>=3.2'\n"
CANARY = "Wilhelmina Quackenbush"

DATABASE = """
services:
  db:
    image: postgres:15
    container_name: the-only-one
    restart: always
    ports: ["5432:5432"]
    environment:
      POSTGRES_PASSWORD: $PASSWORD
      LANG: C.UTF-8
    volumes:
      - data:/var/lib/postgresql/data
      - type: bind
        source: ./{side}.sql
        target: /docker-entrypoint-initdb.d/1.sql
        read_only: true
    healthcheck: {{test: [CMD, pg_isready, -h, 127.0.0.1, -U, postgres], interval: 1s, retries: 60}}
  prepared:
    image: python:3.11-slim
    command: [python, -c, "print('prepared')"]
    depends_on: {{db: {{condition: service_healthy}}}}
volumes:
  data: {{name: shared-by-everybody}}
"""
SUITE = """
import os, psycopg

def names():
    with psycopg.connect(os.environ["DATABASE_URL"], connect_timeout=5) as database:
        return [name for (name,) in database.execute("select name from customer")]

def test_there_are_customers(): assert len(names()) == 2

def test_knows_a_customer(): assert "Wilhelmina Quackenbush" in names()

def test_writes_what_no_other_run_sees():
    with psycopg.connect(os.environ["DATABASE_URL"], connect_timeout=5) as database:
        database.execute("insert into customer values ('one too many')")
        try: database.execute("select 1 / 0 -- for Wilhelmina Quackenbush")
        except psycopg.Error: database.rollback()
"""


@pytest.fixture(scope="session")
def client() -> Iterator[Any]:
    client = docker.from_env()
    yield client
    client.close()


@pytest.fixture(scope="session")
def image(client: Any) -> str:
    """The runner's image: made once for this machine, by what is in it."""
    name = f"shadow-harness-test:{hashlib.sha256(DOCKERFILE.encode()).hexdigest()[:12]}"
    try:
        client.images.get(name)
    except docker.errors.ImageNotFound:
        client.images.build(fileobj=io.BytesIO(DOCKERFILE.encode()), tag=name, rm=True)
    return name


class Place:
    """A folder with a suite, Compose files, and environments made of them."""

    def __init__(self, folder: Path, image: str) -> None:
        folder.chmod(0o755)
        self.folder = folder
        self.image = image
        self.root = folder / "suite"
        self.root.mkdir()
        self.suite = SuitePlan(name="integration", root=self.root, command=("pytest",), args=("-q",))

    def side(self, side: Side, compose: str | None, *, run: str, **changes: Any) -> Any:
        file = self.folder / f"{run}-{side}.yaml"
        if compose is not None:
            file.write_text(compose)
        plan = SidePlan(
            side=side,
            runner="docker",
            dataset=DatasetKind.SIMULATED,
            data={"DATABASE_URL": "postgresql://postgres:geheim@db/postgres", "PASSWORD": "geheim"},
            compose=(file,) if compose is not None else (),
            image=self.image,
            memory="256m",
            startup_timeout=60,
        )
        return docker_environment(
            replace(plan, **changes), self.suite, run_id=run, workdir=self.folder / ".shadow", logs=self.folder / "logs" / run, seed=7
        )

    def request(self, side: Side, name: str) -> SessionRequest:
        output = self.folder / "sessions" / f"{side}-{name}.jsonl"
        output.parent.mkdir(exist_ok=True)
        return SessionRequest(side=side, output=output)


@pytest.fixture
def place(tmp_path: Path, image: str) -> Place:
    return Place(tmp_path, image)


def of_run(client: Any, run: str) -> dict[str, list[Any]]:
    filters = {"label": f"dev.shadow-harness.run={run}"}
    return {
        "containers": client.api.containers(all=True, filters=filters),
        "networks": client.api.networks(filters=filters),
        "volumes": client.api.volumes(filters=filters)["Volumes"] or [],
    }


def nothing(client: Any, run: str) -> bool:
    return not any(of_run(client, run).values())


def test_both_sides_at_once_with_a_database_each(place: Place, client: Any) -> None:
    (place.root / "test_customers.py").write_text(SUITE)
    (place.folder / "legacy.sql").write_text(f"create table customer (name text); insert into customer values ('{CANARY}'), ('B');")
    (place.folder / "shadow.sql").write_text("create table customer (name text); insert into customer values ('A'), ('B');")
    before = {volume["Name"] for volume in client.api.volumes()["Volumes"] or []}
    sides = {side: place.side(side, DATABASE.format(side=side), run="both") for side in Side}

    def night(side: Side) -> tuple[dict[str, str], dict[str, str]]:
        environment = sides[side]
        environment.check()
        facts = environment.up()
        request = place.request(side, "full")
        assert environment.runner().run(request, lambda _line: None).reason is EndReason.FINISHED
        lines = [json.loads(line) for line in request.output.read_text().splitlines()]
        return dict(facts), {line["id"].partition("::")[2]: line["outcome"] for line in lines if line["e"] == "result"}

    try:
        with ThreadPoolExecutor(2) as pool:
            (legacy, on_legacy), (shadow, on_shadow) = pool.map(night, Side)
        up = of_run(client, "both")
        assert {found["Names"][0] for found in up["containers"]}.isdisjoint({"/the-only-one"})
        assert [found["Ports"] for found in up["containers"] if found["State"] == "running"] == [[], []]
        assert all(network["Internal"] for network in up["networks"])
        assert len(up["volumes"]) == len(up["networks"]) == 2
    finally:
        for environment in sides.values():
            environment.down()

    assert on_legacy == {"test_there_are_customers": "passed", "test_knows_a_customer": "passed", "test_writes_what_no_other_run_sees": "passed"}
    assert on_shadow == {**on_legacy, "test_knows_a_customer": "failed"}
    assert legacy == shadow  # nothing differs but the data
    assert {"image.db", "image.prepared", "service.db", "image.runner"} <= set(legacy)
    assert nothing(client, "both")
    assert {volume["Name"] for volume in client.api.volumes()["Volumes"] or []} <= before
    logs = {path.name: path.read_text() for path in (place.folder / "logs" / "both").iterdir()}
    assert set(logs) == {f"{side}-{service}-1.log" for side in Side for service in ("db", "prepared")}
    assert "database system is ready to accept connections" in logs["legacy-db-1.log"]
    assert "division by zero" in logs["legacy-db-1.log"]
    written = b"".join(
        path.read_bytes() for folder in ("logs", "sessions", ".shadow") for path in (place.folder / folder).rglob("*") if path.is_file()
    )
    assert CANARY.encode() not in written
    assert b"geheim" not in written


def test_a_service_that_never_gets_healthy(place: Place, client: Any) -> None:
    compose = """
services:
  app:
    image: python:3.11-slim
    command: [python, -c, "print('cannot find the disk', flush=True); import signal; signal.pause()"]
    healthcheck: {test: [CMD, python, -c, "raise SystemExit('not yet')"], interval: 1s, retries: 1}
"""
    with pytest.raises(InfrastructureError, match="'app' did not get healthy within 3 s") as fault:
        place.side(Side.LEGACY, compose, run="unhealthy", startup_timeout=3).up()
    assert fault.value.kind == "unhealthy_service"
    assert "not yet" in fault.value.found
    assert "startup_timeout" in str(fault.value.hint)
    assert nothing(client, "unhealthy")
    assert (place.folder / "logs" / "unhealthy" / "legacy-app-1.log").exists()


AND_LATER = """
services:
  later: {image: 'python:3.11-slim', depends_on: {app: {condition: service_completed_successfully}}}
"""


def test_a_service_that_ends_with_an_error(place: Place, client: Any) -> None:
    compose = AND_LATER + "  app: {image: 'python:3.11-slim', command: [python, -c, raise ModuleNotFoundError]}"
    with pytest.raises(InfrastructureError, match="'app' ended with exit status 1") as fault:
        place.side(Side.LEGACY, compose, run="ended").up()
    assert fault.value.kind == "unhealthy_service"
    assert "ModuleNotFoundError" in fault.value.found
    assert nothing(client, "ended")


def test_a_service_that_dies_of_memory(place: Place, client: Any) -> None:
    compose = AND_LATER + "  app: {image: 'python:3.11-slim', mem_limit: 32m, memswap_limit: 32m, command: [python, -c, bytearray(300 << 20)]}"
    with pytest.raises(InfrastructureError, match="'app' ran out of memory") as fault:
        place.side(Side.LEGACY, compose, run="hungry").up()
    assert fault.value.kind == "out_of_memory"
    assert "mem_limit" in str(fault.value.hint)
    assert nothing(client, "hungry")


def test_a_missing_image_of_a_service(place: Place, client: Any) -> None:
    compose = "services: {app: {image: 'shadow-harness-test:gone'}, db: {image: 'postgres:15'}}"
    environment = place.side(Side.LEGACY, compose, run="gone")
    for step in (environment.check, environment.up):
        with pytest.raises(InfrastructureError, match="image not found: shadow-harness-test:gone;") as fault:
            step()
        assert fault.value.kind == "image_missing"
    assert nothing(client, "gone")


def test_an_image_that_cannot_be_built(place: Place, client: Any) -> None:
    dockerfile = place.folder / "Dockerfile.tests"
    dockerfile.write_text("FROM python:3.11-slim\nRUN python -c 'raise SystemExit(\"unbuildable\")'\n")
    with pytest.raises(InfrastructureError, match="could not be built") as fault:
        place.side(Side.LEGACY, None, run="unbuilt", image=None, build=dockerfile).up()
    assert fault.value.kind == "build_failed"
    assert not [found for found in client.api.containers(all=True) if "unbuildable" in found["Command"]]  # nor a step of the build
    assert nothing(client, "unbuilt")


def test_images_are_built_and_a_service_that_dies_meanwhile_is_no_failing_test(place: Place, client: Any) -> None:
    (place.folder / "Dockerfile").write_text(f'FROM {place.image}\nENTRYPOINT ["false"]\n')
    (place.folder / "Dockerfile.app").write_text(
        'FROM python:3.11-slim\nCMD ["python", "-c", "import socket; socket.create_server((\'\', 9000)).accept(); raise SystemExit(3)"]\n'
    )
    (place.root / "test_app.py").write_text(
        "import socket, threading\n"
        "def test_first(): pass\n"
        "def test_touches():\n    socket.create_connection(('app', 9000), 5)\n    threading.Event().wait()\n"
    )
    compose = f"services: {{app: {{build: {{context: '{place.folder}', dockerfile: Dockerfile.app}}}}}}"
    environment = place.side(Side.SHADOW, compose, run="built", image=None, build=place.folder / "Dockerfile")
    request = place.request(Side.SHADOW, "built")
    environment.check()
    environment.up()
    try:
        with pytest.raises(InfrastructureError, match="'app' ended with exit status 3") as fault:
            environment.runner().run(request, lambda _line: None)
    finally:
        environment.down()
    assert fault.value.kind == "unhealthy_service"
    results = [line for line in map(json.loads, request.output.read_text().splitlines()) if line["e"] == "result"]
    assert [line["outcome"] for line in results] == ["passed"]  # what was finished is kept
    assert nothing(client, "built")
    for name in (built_name(str(place.folder / "Dockerfile")), built_name("app", str(place.folder / "built-shadow.yaml"))):
        assert client.images.get(name).labels["dev.shadow-harness.image"]  # kept, for the next run
        client.images.remove(name)


HARNESS = """
import sys
from pathlib import Path
from harness.model import DatasetKind, SessionRequest, Side, SidePlan, SuitePlan
from runners.docker import docker_environment

folder, image, run = Path(sys.argv[1]), *sys.argv[2:4]
if sys.argv[4:]:
    # Everything is imported first: this Python may lie where that user cannot read.
    import os, encodings.ascii, encodings.idna, encodings.latin_1, http.cookiejar, runners.docker.provider, stringprep, zoneinfo
    os.setgroups([int(sys.argv[4])])
    os.setgid(1234)
    os.setuid(1234)
suite = SuitePlan(name="x", root=folder / "suite", command=("pytest",))
compose = folder / "compose.yaml"
plan = SidePlan(side=Side.LEGACY, runner="docker", dataset=DatasetKind.SIMULATED, image=image, compose=(compose,), memory="256m")
environment = docker_environment(plan, suite, run_id=run, workdir=folder / ".shadow", logs=folder / "logs", seed=1)
environment.check()
environment.up()
try:
    end = environment.runner().run(
        SessionRequest(side=Side.LEGACY, output=folder / "session.jsonl"), lambda line: print(line["e"], flush=True)
    )
finally:
    environment.down()
print(end.reason.value, flush=True)
"""
QUIET = """
services:
  app: {image: 'python:3.11-slim', command: [python, -c, import signal; signal.pause()], init: true, volumes: ['kept:/kept']}
volumes: {kept: {}}
"""


def harness(folder: Path, image: str, run: str, *group: str) -> subprocess.Popen[str]:
    """A harness in a process of its own; with the group of the engine's socket it becomes user 1234."""
    (folder / "compose.yaml").write_text(QUIET)
    command = [sys.executable, "-W", "error", "-c", HARNESS, str(folder), image, run, *group]
    environ = {**os.environ, "HOME": str(folder)}
    return subprocess.Popen(command, cwd=ROOT, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_a_killed_harness_is_swept_and_nothing_else(place: Place, client: Any) -> None:
    (place.root / "test_hangs.py").write_text("import threading\ndef test_hangs(): threading.Event().wait()\n")
    bystander = client.containers.create("python:3.11-slim", ["true"], labels={"com.example": "1", "dev.shadow-harness.run-notes": "1"})
    forged = client.containers.create("python:3.11-slim", ["true"], labels={"dev.shadow-harness.run": "mine", "dev.shadow-harness.owner": "me"})
    alive = place.side(Side.SHADOW, QUIET, run="alive")
    process = harness(place.folder, place.image, "killed")
    try:
        alive.up()
        assert process.stdout is not None
        while process.stdout.readline().strip() != "start":
            assert process.poll() is None, process.stderr and process.stderr.read()
        sweep_leftovers(place.folder / ".shadow")
        assert len(of_run(client, "killed")["containers"]) == 3  # it lives: the service, the template, the session
        process.send_signal(signal.SIGKILL)
        process.wait()
        left = of_run(client, "killed")
        assert all(left.values())
        assert sweep_leftovers(place.folder / ".shadow", keep=frozenset({"killed"})).total == 0
        swept = sweep_leftovers(place.folder / ".shadow")
        assert (swept.containers, swept.networks, swept.volumes) == (3, 1, 1)
        assert swept.runs == ("killed",)
        assert swept.unknown >= 1  # the forged one: nobody can tell whose it is
        assert nothing(client, "killed")
        assert all(of_run(client, "alive").values())
        assert client.containers.get(bystander.id)
        assert client.containers.get(forged.id)
        assert [path.name for path in (place.folder / ".shadow" / "docker").iterdir() if "killed" in path.name] == []
    finally:
        process.kill()
        process.communicate()
        alive.down()
        bystander.remove()
        forged.remove()
    assert nothing(client, "alive")


def test_the_next_run_sweeps_by_itself(place: Place, client: Any) -> None:
    process = harness(place.folder, place.image, "dead")
    (place.root / "test_hangs.py").write_text("import threading\ndef test_hangs(): threading.Event().wait()\n")
    with process:
        assert process.stdout is not None
        while process.stdout.readline().strip() != "start":
            assert process.poll() is None, process.stderr and process.stderr.read()
        process.kill()
        process.communicate()
    assert not nothing(client, "dead")
    environment = place.side(Side.LEGACY, None, run="next")
    environment.up()
    try:
        assert nothing(client, "dead")
    finally:
        environment.down()


def test_an_interrupt_while_services_start_leaves_nothing(place: Place, client: Any) -> None:
    compose = """
services:
  app:
    image: python:3.11-slim
    command: [python, -c, import signal; signal.pause()]
    healthcheck: {test: [CMD, "false"], interval: 1s, retries: 1000}
  later: {image: 'python:3.11-slim', depends_on: {app: {condition: service_healthy}}}
"""
    environment = place.side(Side.LEGACY, compose, run="interrupted")
    events = client.events(decode=True, filters={"type": "container", "event": "start", "label": "dev.shadow-harness.run=interrupted"})
    with ThreadPoolExecutor(1) as pool:
        up = pool.submit(environment.up)
        assert next(events)["Action"] == "start"
        events.close()
        environment.down()
        with pytest.raises(InfrastructureError, match="interrupted") as fault:
            up.result()
    assert fault.value.kind == "interrupted"
    assert nothing(client, "interrupted")


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become another user")
def test_a_harness_that_is_not_root(place: Place, client: Any) -> None:
    (place.root / "test_user.py").write_text("import os\ndef test_user(): assert (os.getuid(), os.getgid()) == (1234, 1234)\n")
    for parent in (place.folder, *place.folder.parents):
        if parent.stat().st_mode & 0o005 != 0o005:
            parent.chmod(0o755)
    os.chown(place.folder, 1234, 1234)
    process = harness(place.folder, place.image, "user", str(Path("/var/run/docker.sock").stat().st_gid))
    output, errors = process.communicate(timeout=120)
    assert output.split()[-1:] == ["finished"], errors
    lines = [json.loads(line) for line in (place.folder / "session.jsonl").read_text().splitlines()]
    assert [line["outcome"] for line in lines if line["e"] == "result"] == ["passed"]
    assert nothing(client, "user")
    assert list((place.folder / ".shadow" / "docker").iterdir()) == []
    assert stat.S_IMODE((place.folder / "session.jsonl").stat().st_mode) & 0o022 == 0
