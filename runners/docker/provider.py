"""One side's environment in containers: brought up by Compose from the user's own files and an override, removed without a trace."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

from docker.errors import ImageNotFound

from harness.errors import ConfigurationError, InfrastructureError, ShadowError
from runners.command import session_variables
from runners.docker import faults
from runners.docker.compose import Compose, find_compose, interpolation
from runners.docker.engine import ENGINE_ERRORS, connected, engine_version, remove_container
from runners.docker.events import ProjectEvents
from runners.docker.override import RUNNER_SERVICE, UNPRIVILEGED_USER, RunnerSpec, render_override
from runners.docker.ownership import Owner, Ownership, project_name
from runners.docker.runner import DockerRunner, refuse_shared_results
from runners.docker.safety import refuse
from runners.docker.services import keep_logs, raise_for_failed, raise_for_unhealthy, service_states, wait_until_ready
from runners.docker.sweep import FOLDER, OWNER_FILE, remove_project, sweep, sweep_files
from runners.redaction import Redaction

if TYPE_CHECKING:
    from collections.abc import Mapping

    from docker import DockerClient

    from harness.model import Side, SidePlan, SuitePlan
    from harness.ports import TestRunner
    from runners.docker.model import ComposeModel

_PROBE = Path(__file__).parent.with_name("probe")
_IMAGE_SECONDS = 1800.0  # to pull or build images
_CALL_SECONDS = 60.0
_building = threading.Lock()  # both sides often build the same image: the second one finds it made
_READ_AND_ENTER = 0o005
_BUILD_STEP = re.compile(r"---> Running in ([0-9a-f]{12,64})$", re.MULTILINE)
"""What the engine's own builder says of a step; the container of a step that fails stays, and carries no label."""


class DockerEnvironment:
    """An `EnvironmentProvider` of containers (docs/docker.md).

    `workdir` is the harness's work directory, the same for every run; a run's folder is made below it and removed by `down`. `logs` gets the
    services' logs. `run_id` and the side become labels of everything on the engine.
    """

    def __init__(self, plan: SidePlan, suite: SuitePlan, *, run_id: str, workdir: Path, logs: Path, seed: int, key: Path | None = None) -> None:
        self.side: Side = plan.side
        self._plan = plan
        self._suite = suite
        self._logs = logs
        self._ownership = Ownership(run=run_id, side=plan.side, project=project_name(run_id, plan.side), owner=Owner.this_process())
        self._workdir = workdir.resolve()
        self._folder = self._workdir / FOLDER / self._ownership.project
        self._variables = _variables(plan, suite, seed)
        self._key = key
        self._redaction = Redaction.of_file(key)
        self._compose: Compose | None = None
        self._events: ProjectEvents | None = None
        self._cancelled = threading.Event()
        self._busy = threading.RLock()

    def check(self) -> None:
        """Look whether `up` can work. Raises ConfigurationError, UnsafeError (exit 4) or InfrastructureError (engine, Compose, image)."""
        refuse_shared_results(self._suite)
        self._check_files()
        with connected() as client:
            engine_version(client)
            model = self._model(self._new_compose())
            for name in self._images(model):
                _look_for_image(client, name)

    def up(self) -> Mapping[str, str]:
        """Start the services and wait until they are ready (see `harness.ports.EnvironmentProvider`). Leftovers of dead runs are swept first.

        Raises what `check` raises, and InfrastructureError for a build, a service that does not get ready, a time-out.
        """
        with self._busy:
            refuse_shared_results(self._suite)
            self._check_files()
            with connected() as client:
                sweep(client)
                sweep_files(self._workdir)
                try:
                    return self._bring_up(client)
                except BaseException:
                    with contextlib.suppress(ShadowError):  # the first fault is the one to tell
                        self.down()
                    raise

    def runner(self) -> TestRunner:
        """A runner whose sessions each get a fresh container on the project's networks. Valid between `up` and `down`."""
        if self._events is None:
            raise faults.runner_removed()
        return DockerRunner(
            self._suite,
            self._variables,
            out=self._folder / "out",
            events=self._events,
            memory=self._plan.memory,
            key=self._key,
            redaction=self._redaction,
        )

    def down(self) -> None:
        """Keep the services' logs and remove everything. Safe to call twice, after a failed `up` and from another thread during one."""
        self._cancelled.set()
        if self._compose is not None:
            self._compose.interrupt()
        with self._busy:
            compose, self._compose = self._compose, None
            events, self._events = self._events, None
            try:
                if events is not None:
                    events.close()
                if compose is not None:
                    self._remove(compose)
            finally:
                shutil.rmtree(self._folder, ignore_errors=True)
                self._cancelled.clear()

    def _check_files(self) -> None:
        """What the configuration names must be there and, for the user that runs the tests, readable."""
        for path in (*self._plan.compose, *filter(None, (self._plan.build,))):
            if not path.exists():
                raise ConfigurationError("this file does not exist", where=str(path), hint="Mend `compose` or `build` of this environment.")
        if self._plan.image is None and self._plan.build is None:
            raise ConfigurationError(
                "a docker environment needs `image` or `build` for the container that runs the tests",
                where=f"[environments.{self.side}]",
                hint='image = "my-tests:latest", or build = "Dockerfile.tests"',
            )
        mode = self._suite.root.stat().st_mode
        if runner_user() == UNPRIVILEGED_USER and mode & _READ_AND_ENTER != _READ_AND_ENTER:
            raise ConfigurationError(
                f"the tests run as user {UNPRIVILEGED_USER} and may not read this folder",
                where=str(self._suite.root),
                hint="chmod -R o+rX the suite's root, or run the harness as the user who owns it.",
            )

    def _new_compose(self) -> Compose:
        return Compose(
            find_compose(),
            project=self._ownership.project,
            files=self._plan.compose,
            folder=self._suite.root,
            environ=interpolation(os.environ, self._plan.settings, self._plan.data),
            hidden={**self._plan.settings, **self._plan.data},
        )

    def _model(self, compose: Compose) -> ComposeModel:
        model = compose.model()
        refuse(model, self._plan.compose)
        return model

    def _images(self, model: ComposeModel) -> tuple[str, ...]:
        """The images that are not built here."""
        named = {service.image for service in model.services if not service.built}
        if self._plan.build is None:
            named.add(self._plan.image)
        return tuple(sorted(name for name in named if name is not None))

    def _bring_up(self, client: DockerClient) -> Mapping[str, str]:
        """The steps of `up`, in order."""
        self._compose = compose = self._new_compose()
        model = self._model(compose)
        compose.use_override(self._write_override(model))
        self._have_images(client, compose, model)
        self._build_images(client, compose, model)
        self._events = ProjectEvents(self._ownership.project).start()
        self._start_services(client, compose, model)
        answer = compose.run("create", "--no-build", "--pull", "never", RUNNER_SERVICE, profile=RUNNER_SERVICE, seconds=_CALL_SECONDS)
        if answer.status:
            raise faults.compose_failed("create", answer.errors)
        return self._facts(client, compose, model)

    def _write_override(self, model: ComposeModel) -> Path:
        out = self._folder / "out"
        out.mkdir(parents=True, exist_ok=True)
        self._folder.chmod(0o700)
        out.chmod(0o755)
        (self._folder / OWNER_FILE).write_text(str(self._ownership.owner), encoding="ascii")
        path = self._folder / "override.yaml"
        path.write_text(render_override(model, self._spec(), self._ownership, self._plan.compose), encoding="utf-8")
        return path

    def _spec(self) -> RunnerSpec:
        return RunnerSpec(
            image=self._plan.image,
            build=self._plan.build,
            user=runner_user(),
            memory=self._plan.memory,
            pids=self._plan.pids,
            suite=self._suite.root,
            probe=_PROBE,
            out=self._folder / "out",
        )

    def _have_images(self, client: DockerClient, compose: Compose, model: ComposeModel) -> None:
        """Pull what is missing; what is there stays as it is, so that both sides and all sessions of a night see one image."""
        if not missing_images(client, self._images(model)):
            return
        answer = compose.run("pull", "--policy", "missing", "--ignore-buildable", profile=RUNNER_SERVICE, seconds=_IMAGE_SECONDS)
        if missing := missing_images(client, self._images(model)):
            raise faults.image_missing(missing, detail=faults.last_lines(answer.errors, lines=1))

    def _build_images(self, client: DockerClient, compose: Compose, model: ComposeModel) -> None:
        if self._plan.build is None and not any(service.built for service in model.services):
            return
        with _building:
            answer = compose.run("build", profile=RUNNER_SERVICE, seconds=_IMAGE_SECONDS)
        if answer.status:
            for container in _BUILD_STEP.findall(answer.output):
                remove_container(client, container)
            raise faults.build_failed(f"{answer.output}\n{answer.errors}", self._redaction)

    def _start_services(self, client: DockerClient, compose: Compose, model: ComposeModel) -> None:
        """Start the services and wait for them. What is wrong with a container comes before what Compose says about it."""
        if not model.services:
            return
        seconds = self._plan.startup_timeout
        deadline = time.monotonic() + seconds
        try:
            answer = compose.run("up", "--detach", "--no-build", "--pull", "never", seconds=seconds)
        except InfrastructureError:
            if not self._cancelled.is_set():
                self._raise_for_services(client, seconds)
            raise
        if answer.status:
            self._raise_for_services(client, seconds)
            raise faults.compose_failed("up", answer.errors)
        wait_until_ready(client, self._ownership.project, self._redaction, seconds=seconds, deadline=deadline, cancelled=self._cancelled)

    def _raise_for_services(self, client: DockerClient, seconds: float) -> None:
        states = service_states(client, self._ownership.project)
        raise_for_failed(client, states, self._redaction)
        raise_for_unhealthy(client, states, self._redaction, seconds=seconds)

    def _facts(self, client: DockerClient, compose: Compose, model: ComposeModel) -> Mapping[str, str]:
        """What parity compares."""
        images = {f"image.{state.service}": _short(state.image) for state in service_states(client, self._ownership.project)}
        definitions = {f"service.{service.name}": service.digest for service in model.services}
        return {
            "runner": "docker",
            "docker.engine": engine_version(client),
            "docker.compose": compose.version,
            "docker.memory": self._plan.memory,
            "image.runner": _short(str(client.images.get(self._spec().image_name).id)),
            **images,
            **definitions,
        }

    def _remove(self, compose: Compose) -> None:
        """Keep the logs, let Compose take down what it put up, and remove by label what is left."""
        project = self._ownership.project
        compose.resume()
        with connected() as client:
            try:
                keep_logs(client, project, self._logs, self._redaction, side=self.side.value)
            finally:
                with contextlib.suppress(InfrastructureError):  # what it leaves is removed next
                    compose.run("down", "--volumes", "--remove-orphans", "--timeout", "1", profile=RUNNER_SERVICE, seconds=_CALL_SECONDS)
                left = remove_project(client, project)
        if left:
            raise faults.not_removed(left)


def runner_user() -> str:
    """Who runs the tests, "uid:gid": never root. The harness's own user, so that its files can be read, or nobody where that is root."""
    return f"{os.getuid()}:{os.getgid()}" if os.getuid() else UNPRIVILEGED_USER


def missing_images(client: DockerClient, names: tuple[str, ...]) -> tuple[str, ...]:
    """The images that are not on this engine. Raises InfrastructureError where the engine is gone."""
    return tuple(name for name in names if not _has_image(client, name))


def _has_image(client: DockerClient, name: str) -> bool:
    try:
        client.images.get(name)
    except ImageNotFound:
        return False
    except ENGINE_ERRORS as error:
        raise faults.engine_gone(error) from None
    return True


def _look_for_image(client: DockerClient, name: str) -> None:
    """Raise InfrastructureError (image_missing) where an image is neither here nor in its registry. Nothing is pulled."""
    if _has_image(client, name):
        return
    try:
        client.images.get_registry_data(name)
    except ENGINE_ERRORS as error:
        raise faults.image_missing((name,), detail=faults.last_lines(str(getattr(error, "explanation", None) or error), lines=1)) from None


def _variables(plan: SidePlan, suite: SuitePlan, seed: int) -> dict[str, str]:
    """What the test process finds in its environment besides the image's own variables."""
    passed = {name: os.environ[name] for name in suite.pass_env if name in os.environ}
    return {**passed, **session_variables(seed), **plan.settings, **plan.data}


def _short(image: str) -> str:
    return image.removeprefix("sha256:")[:12]
