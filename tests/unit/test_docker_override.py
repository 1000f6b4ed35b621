"""The docker runner's pure parts: the override, the judge of Compose models, the naming of faults. No engine is needed."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import ExitCode, UnsafeError
from harness.model import InfrastructureKind, Side
from runners.docker import faults
from runners.docker.compose import interpolation, masked
from runners.docker.container import LineCopy, merged_variables
from runners.docker.events import ProjectEvents
from runners.docker.model import ComposeModel, parse_model
from runners.docker.override import RUNNER_SERVICE, RunnerSpec, render_override, used_networks
from runners.docker.ownership import Life, Owner, Ownership, project_name
from runners.docker.safety import judge, refuse
from runners.docker.yaml import Replaced, Reset, to_yaml

OWNER = Owner(machine="m", boot="b", namespace="1", pid=1, start=1.0)
OWNERSHIP = Ownership(run="night", side=Side.LEGACY, project="shadow-night-legacy", owner=OWNER)
SPEC = RunnerSpec(
    image="tests:1",
    build=None,
    user="65534:65534",
    memory="1g",
    pids=100,
    suite=Path("/work/suite"),
    probe=Path("/lib/probe"),
    out=Path("/work/out"),
)


class Loader(yaml.SafeLoader):
    """Reads Compose's tags as values that a test can compare."""


Loader.add_constructor("!reset", lambda _loader, _node: Reset())
Loader.add_constructor("!override", lambda loader, node: Replaced(loader.construct_sequence(node)))


def load(text: str) -> Any:
    return yaml.load(text, Loader)


def model(services: dict[str, Any], **sections: Any) -> ComposeModel:
    return parse_model(json.dumps({"services": services, **sections}))


def override(of: ComposeModel, spec: RunnerSpec = SPEC) -> Any:
    return load(render_override(of, spec, OWNERSHIP, (Path("/work/compose.yaml"),)))


def test_a_service_loses_its_ports_its_name_and_its_restarts() -> None:
    service = override(model({"db": {"image": "postgres:15", "ports": [{"target": 5432}], "container_name": "x", "restart": "always"}}))["services"][
        "db"
    ]
    assert service["ports"] == Reset()
    assert service["container_name"] == Reset()
    assert service["restart"] == "no"
    assert "deploy" not in service


def test_a_restart_policy_of_deploy_is_taken_away_too() -> None:
    services = override(model({"db": {"image": "x", "deploy": {"restart_policy": {"condition": "any"}}}}))["services"]
    assert services["db"]["deploy"] == {"restart_policy": Reset()}


def test_everything_carries_the_labels_of_run_and_side() -> None:
    document = override(model({"db": {"image": "x", "networks": {"back": None}}}, networks={"back": {}}, volumes={"pg": {}}))
    labels = [
        thing["labels"] for section in ("services", "networks", "volumes") for thing in document[section].values()
    ]  # the service, the runner, the network, the volume
    assert len(labels) == 4
    for label in labels:
        assert label["dev.shadow-harness.run"] == "night"
        assert label["dev.shadow-harness.side"] == "legacy"
        assert label["dev.shadow-harness.project"] == "shadow-night-legacy"
        assert Owner.parse(label["dev.shadow-harness.owner"]) == OWNER


def test_every_network_is_internal_and_the_projects_own() -> None:
    document = override(model({"db": {"image": "x", "networks": {"back": None, "default": None}}}, networks={"back": {"name": "shared"}}))
    assert set(document["networks"]) == {"back", "default"}
    for key, network in document["networks"].items():
        assert network["internal"] is True
        assert network["enable_ipv6"] is False
        assert network["name"] == f"shadow-night-legacy_{key}"
        assert network["driver_opts"] == {"com.docker.network.bridge.inhibit_ipv4": "true"}


def test_volumes_get_a_name_of_this_run_and_external_ones_are_left_alone() -> None:
    document = override(model({"db": {"image": "x"}}, volumes={"pg": {"name": "production"}, "seed": {"external": True}}))
    assert document["volumes"]["pg"]["name"] == "shadow-night-legacy_pg"
    assert "seed" not in document["volumes"]


def test_the_runner_has_no_powers() -> None:
    runner = override(model({"db": {"image": "x"}}))["services"][RUNNER_SERVICE]
    assert runner["cap_drop"] == ["ALL"]
    assert runner["security_opt"] == ["no-new-privileges:true"]
    assert runner["user"] == "65534:65534"
    assert runner["read_only"] is True
    assert runner["init"] is True
    assert (runner["mem_limit"], runner["memswap_limit"], runner["pids_limit"]) == ("1g", "1g", 100)
    mounts = {mount["target"]: (mount["source"], mount["read_only"]) for mount in runner["volumes"]}
    assert mounts == {"/suite": ("/work/suite", True), "/shadow/probe": ("/lib/probe", True), "/shadow/out": ("/work/out", False)}
    assert "ports" not in runner
    assert runner["profiles"] == [RUNNER_SERVICE]


def test_the_runner_joins_every_network_of_the_services_or_the_default_one() -> None:
    services = {"a": {"image": "x", "networks": {"front": None}}, "b": {"image": "x", "networks": {"back": None}}}
    assert used_networks(model(services, networks={"front": {}, "back": {}})) == ("back", "front")
    assert used_networks(ComposeModel()) == ("default",)
    assert override(ComposeModel())["networks"]["default"]["internal"] is True


def test_services_resolve_no_foreign_names() -> None:
    services = override(model({"a": {"image": "x", "dns": ["1.1.1.1"]}, "b": {"image": "x", "network_mode": "none"}}))["services"]
    assert services["a"]["dns"] == Replaced(["127.0.0.1"])
    assert "dns" not in services["b"]  # Compose refuses it there


def test_a_built_service_without_a_name_gets_the_same_one_in_every_run() -> None:
    once, again = (override(model({"app": {"build": {"context": "/x"}}}))["services"]["app"]["image"] for _ in range(2))
    assert once == again
    assert once.startswith("shadow-harness-built:")
    assert "image" not in override(model({"app": {"build": {"context": "/x"}, "image": "app:1"}}))["services"]["app"]


def test_the_runner_is_built_from_its_dockerfile(tmp_path: Path) -> None:
    dockerfile = tmp_path / "Dockerfile.tests"
    dockerfile.write_text("FROM scratch")
    spec = RunnerSpec(image=None, build=dockerfile, user="1:1", memory="1g", pids=1, suite=tmp_path, probe=tmp_path, out=tmp_path)
    runner = override(ComposeModel(), spec)["services"][RUNNER_SERVICE]
    assert runner["build"]["context"] == str(tmp_path)
    assert runner["build"]["dockerfile"] == "Dockerfile.tests"
    assert runner["image"] == spec.image_name


@given(
    st.recursive(
        st.text() | st.booleans() | st.integers(), lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=40), inner), max_leaves=20
    )
)
def test_what_is_written_is_read_again_with_dollars_doubled(value: Any) -> None:
    def doubled(node: Any) -> Any:
        if isinstance(node, str):
            return node.replace("$", "$$")
        if isinstance(node, dict):
            return {key: doubled(inner) for key, inner in node.items()}
        return [doubled(inner) for inner in node] if isinstance(node, list) else node

    assert load(to_yaml(value)) == doubled(value)


@pytest.mark.parametrize(
    ("service", "key"),
    [
        ({"privileged": True}, "services.app.privileged"),
        ({"network_mode": "host"}, "services.app.network_mode"),
        ({"network_mode": "bridge"}, "services.app.network_mode"),
        ({"network_mode": "container:other"}, "services.app.network_mode"),
        ({"pid": "host"}, "services.app.pid"),
        ({"ipc": "host"}, "services.app.ipc"),
        ({"userns_mode": "host"}, "services.app.userns"),
        ({"cap_add": ["CAP_SYS_ADMIN"]}, "services.app.cap_add"),
        ({"cap_add": ["net_admin"]}, "services.app.cap_add"),
        ({"devices": [{"source": "/dev/kmsg", "target": "/dev/kmsg"}]}, "services.app.devices"),
        ({"volumes_from": ["container:other"]}, "services.app.volumes_from"),
        ({"volumes": [{"type": "bind", "source": "/var/run/docker.sock", "target": "/x"}]}, "services.app.volumes"),
        ({"volumes": [{"type": "bind", "source": "/run", "target": "/x", "read_only": True}]}, "services.app.volumes"),
        ({"volumes": [{"type": "bind", "source": "/", "target": "/host"}]}, "services.app.volumes"),
        ({"use_api_socket": True}, "services.app.volumes"),
        ({"provider": {"type": "awesomecloud"}}, "services.app.provider"),
    ],
)
def test_what_could_leave_the_run_is_refused(service: dict[str, Any], key: str) -> None:
    with pytest.raises(UnsafeError) as refused:
        refuse(model({"app": {"image": "x", **service}}), [Path("/work/legacy.yaml")])
    assert key in refused.value.found
    assert refused.value.where == "legacy.yaml"
    assert refused.value.hint
    assert refused.value.exit_code is ExitCode.UNSAFE


def test_an_external_network_is_refused() -> None:
    (refusal,) = judge(model({"app": {"image": "x", "networks": {"corp": None}}}, networks={"corp": {"external": True}}))
    assert refusal.key == "networks.corp"
    assert "internal" in refusal.why


def test_a_network_that_is_no_bridge_is_refused() -> None:
    (refusal,) = judge(model({"app": {"image": "x"}}, networks={"lan": {"driver": "macvlan"}}))
    assert refusal.key == "networks.lan.driver"


@pytest.mark.parametrize(("read_only", "refused"), [(True, 0), (False, 1)])
def test_an_external_volume_may_only_be_read(read_only: bool, refused: int) -> None:  # noqa: FBT001  # a parameter of the test
    mount = {"type": "volume", "source": "seed", "target": "/seed", "read_only": read_only}
    assert len(judge(model({"db": {"image": "x", "volumes": [mount]}}, volumes={"seed": {"external": True}}))) == refused


def test_an_ordinary_model_is_not_refused() -> None:
    services = {
        "db": {"image": "postgres:15", "cap_add": ["SYS_NICE"], "volumes": [{"type": "volume", "source": "pg", "target": "/data"}]},
        "app": {"build": {"context": "."}, "pid": "service:db", "volumes": [{"type": "bind", "source": "/home/me/app", "target": "/app"}]},
        "side": {"image": "x", "network_mode": "service:app"},
    }
    assert judge(model(services, networks={"default": {}}, volumes={"pg": {}})) == ()


def test_a_services_digest_ignores_its_data_and_sees_its_definition() -> None:
    def digest(**value: Any) -> str:
        return model({"db": {"image": "postgres:15", **value}}).services[0].digest

    legacy = digest(environment={"PW": "a"}, volumes=[{"type": "bind", "source": "/legacy.sql", "target": "/seed.sql"}])
    shadow = digest(environment={"PW": "b"}, volumes=[{"type": "bind", "source": "/shadow.sql", "target": "/seed.sql"}])
    assert legacy == shadow
    assert digest(environment={"PW": "a", "MORE": "1"}) != digest(environment={"PW": "a"})
    assert digest(command=["postgres", "-c", "fsync=off"]) != digest()


@pytest.mark.parametrize(
    ("output", "kind", "said"),
    [
        ("Cannot connect to the Docker daemon at unix:///x. Is the docker daemon running?", InfrastructureKind.ENGINE_MISSING, "stopped answering"),
        ("Error response from daemon: No such image: app:9", InfrastructureKind.IMAGE_MISSING, "app:9"),
        ("write /var/lib/docker/x: no space left on device", InfrastructureKind.COMPOSE_FAILED, "disk is full"),
        ("could not find an available, non-overlapping IPv4 address pool", InfrastructureKind.COMPOSE_FAILED, "address range"),
        ("Pool overlaps with other one on this address space", InfrastructureKind.COMPOSE_FAILED, "fixed addresses"),
        ("something else", InfrastructureKind.COMPOSE_FAILED, "something else"),
    ],
)
def test_what_compose_says_becomes_a_fault_of_its_own(output: str, kind: InfrastructureKind, said: str) -> None:
    fault = faults.compose_failed("up", output)
    assert fault.kind == kind.value
    assert said in fault.found
    assert fault.hint
    assert fault.exit_code is ExitCode.INFRASTRUCTURE


def test_an_engine_that_may_not_be_used_is_told_from_one_that_is_not_there() -> None:
    denied = faults.engine_missing(RuntimeError("('Connection aborted.', PermissionError(13, 'Permission denied'))"))
    refused = faults.engine_missing(RuntimeError("[Errno 111] Connection refused"))
    assert "permission" in denied.found
    assert "connection refused" in refused.found
    assert denied.hint != refused.hint


def test_values_of_settings_and_data_are_masked() -> None:
    assert masked("cannot use postgres://u:s3cret@db/x", {"URL": "postgres://u:s3cret@db/x", "PW": "s3cret"}) == "cannot use <URL>"
    assert masked("retries: 3", {"N": "3"}) == "retries: 3"


def test_settings_reach_interpolation_and_cannot_steer_the_client() -> None:
    variables = interpolation({"PATH": "/bin", "COMPOSE_FILE": "x.yaml"}, {"FEATURE": "1", "PATH": "/evil"}, {"DOCKER_HOST": "tcp://evil"})
    assert variables == {"PATH": "/bin", "FEATURE": "1"}


def test_the_probes_path_comes_before_the_images_own() -> None:
    assert merged_variables(["PYTHONPATH=/app", "A=b=c"], {"PYTHONPATH": "/shadow/probe"}) == {"PYTHONPATH": "/shadow/probe:/app", "A": "b=c"}
    assert merged_variables(["A=1"], {"A": "2"}) == {"A": "2"}


def test_project_names_are_what_compose_allows_and_differ_by_run_and_side() -> None:
    names = {project_name(run, side) for run in ("2026-01-01T00:00Z", "2026-01-01t00:00z", "ÄÖ", "") for side in Side}
    assert len(names) == 8
    for name in names:
        assert name == name.lower()
        assert name.replace("-", "").replace("_", "").isalnum()
        assert name.isascii()


def test_this_process_is_alive_and_a_former_one_is_dead() -> None:
    me = Owner.this_process()
    assert Owner.parse(str(me)) is not None
    assert me.life() is Life.ALIVE
    earlier = Owner(machine=me.machine, boot=me.boot, namespace=me.namespace, pid=me.pid, start=me.start - 60)
    assert earlier.life() is Life.DEAD  # the number was given to another process since
    restarted = Owner(machine=me.machine, boot="another", namespace=me.namespace, pid=me.pid, start=me.start)
    assert restarted.life() is Life.DEAD
    elsewhere = Owner(machine="another", boot=me.boot, namespace=me.namespace, pid=me.pid, start=me.start)
    assert elsewhere.life() is Life.UNKNOWN
    contained = Owner(machine=me.machine, boot=me.boot, namespace="1", pid=me.pid, start=me.start)
    assert contained.life() is Life.UNKNOWN


@pytest.mark.parametrize("label", ["", "a:b", "m:b:1:one:2.0", "m:b:1:1:2.0:more"])
def test_a_foreign_label_has_no_owner(label: str) -> None:
    assert Owner.parse(label) is None


def test_only_complete_lines_are_copied(tmp_path: Path) -> None:
    source, target = tmp_path / "in", tmp_path / "out"
    copy = LineCopy(source, target)
    copy.more()
    assert not target.exists()
    source.write_bytes(b"one\ntw")
    copy.more()
    assert target.read_bytes() == b"one\n"
    with source.open("ab") as file:
        file.write(b"o\nthree")
    copy.more()
    copy.close()
    assert target.read_bytes() == b"one\ntwo\n"


def test_a_link_or_a_pipe_in_place_of_the_probes_file_is_not_read(tmp_path: Path) -> None:
    secret, link, pipe, target = tmp_path / "secret", tmp_path / "link", tmp_path / "pipe", tmp_path / "out"
    secret.write_text("secret\n")
    link.symlink_to(secret)
    os.mkfifo(pipe)
    for source in (link, pipe):
        copy = LineCopy(source, target)
        copy.more()
        copy.close()
    assert not target.exists()


class Stream:
    """What an engine says until the connection breaks; the last one stays open until it is closed."""

    def __init__(self, events: list[dict[str, Any]], *, last: bool = False) -> None:
        self._events = events
        self._closed = threading.Event()
        if not last:
            self._closed.set()

    def __iter__(self) -> Iterator[dict[str, Any]]:
        yield from self._events
        self._closed.wait()

    def close(self) -> None:
        self._closed.set()


def event(action: str, time: int, service: str = RUNNER_SERVICE) -> dict[str, Any]:
    attributes = {"com.docker.compose.service": service, "exitCode": "137"}
    return {"Action": action, "time": time, "timeNano": time * 10**9, "Actor": {"ID": service, "Attributes": attributes}}


def test_a_stream_of_events_that_breaks_is_taken_up_again(monkeypatch: pytest.MonkeyPatch) -> None:
    oom, death, other = event("oom", 1), event("die", 3), event("die", 2, "db")
    streams = [Stream([oom]), Stream([oom, other]), Stream([other, death], last=True)]
    api = SimpleNamespace(events=lambda **_: streams.pop(0))
    monkeypatch.setattr("runners.docker.events.connect", lambda: SimpleNamespace(api=api, close=lambda: None))
    monkeypatch.setattr("runners.docker.events._AGAIN", 0)
    events = ProjectEvents("p").start()
    seen = events.wait_for_death(RUNNER_SERVICE, 60)
    events.close()
    assert seen is not None
    assert seen.exit_status == 137
    assert [one.action for one in events.of(RUNNER_SERVICE)] == ["oom", "die"]
    assert [one.service for one in events.of_services()] == ["db"]
    assert events.wait_for_death("nobody", 0) is None
