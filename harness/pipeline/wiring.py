"""The composition root: which implementation stands behind which port."""

from __future__ import annotations

import os
import secrets
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from harness import __version__
from harness.errors import UsageError
from harness.evidence import Bundle, project_key, same_plan, suite_digest
from harness.model import RunHeader, Side
from harness.pipeline.cases.proving import prove
from harness.pipeline.clock import SystemClock
from harness.pipeline.experiments import ExperimentStep
from harness.pipeline.history import record_suite, suite_commit
from harness.pipeline.maintenance import bundle_paths
from harness.pipeline.run import Ports, run
from harness.pipeline.sources import IndexPlace, ScannedSuite, SourceStep
from harness.pipeline.suggestions.asking import patches_of
from harness.pipeline.suggestions.step import SuggestionStep
from harness.plan import Choices, build_plan
from harness.store import open_store
from runners.database import data_state, schema_facts
from runners.docker import docker_environment, sweep_leftovers
from runners.executor import ThreadExecutor
from runners.process import ProcessEnvironment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from harness.config import Config
    from harness.evidence import ProjectKey
    from harness.model import Plan, SidePlan
    from harness.model.case import Case, Proof
    from harness.pipeline.cases import Cases
    from harness.pipeline.events import Event
    from harness.pipeline.suggestions.asking import Asked, PatchAnswers
    from harness.pipeline.suggestions.proving import Providers
    from harness.ports import Clock, EnvironmentProvider, Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Workplace:
    """Where a project keeps what it records: `.shadow` beside its configuration, unless told otherwise. `store` is the store's URL."""

    workdir: Path
    store: str

    @property
    def runs(self) -> Path:
        """The folder of the bundles."""
        return self.workdir / "runs"

    @property
    def index(self) -> Path:
        """The identity index."""
        return self.workdir / "index"

    def bundle(self, run_id: str) -> Path:
        """The bundle of a run."""
        return self.runs / run_id


def workplace(base: Path, *, workdir: Path | None = None, store: str | None = None) -> Workplace:
    """The workplace of a project; makes the folder, and keeps git from taking it in. Raises UsageError where it cannot be written."""
    folder = (workdir or base / ".shadow").resolve()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        ignore = folder / ".gitignore"
        if not ignore.exists():
            ignore.write_text("*\n", encoding="ascii")
    except OSError as error:
        raise UsageError(
            f"the work directory cannot be written: {error.strerror}", where=str(folder), hint="Give another one with --workdir."
        ) from None
    return Workplace(workdir=folder, store=store or str(folder / "shadow.db"))


def start_run(config: Config, choices: Choices, place: Workplace, *, clock: Clock | None = None) -> Iterator[Event]:
    """Begin a run and yield its events (harness.pipeline.run). Raises what `run` raises, before anything is written where it can tell."""
    clock = clock or SystemClock()
    config.environments.check_apart(os.environ)
    plan = build_plan(config, choices, environ=os.environ, digest=suite_digest(config.suite.root))
    key = project_key(place.workdir)
    now = clock.now()
    header = RunHeader(
        id=f"{now:%Y%m%dT%H%M%SZ}-{secrets.token_hex(2)}",
        suite=plan.suite.name,
        started_at=now,
        confirm=plan.confirm,
        harness_version=__version__,
    )
    store = open_store(place.store)
    bundle = Bundle.create(place.bundle(header.id), header, plan, key)
    try:
        record_suite(bundle, plan.suite.root)
    except OSError as error:
        bundle.discard()
        raise UsageError(f"the bundle cannot be written: {error.strerror}", where=str(bundle.path), hint="Give another --workdir.") from None
    return _followed(plan, bundle, _ports(config, choices, plan, bundle, store=store, key=key, clock=clock), resumed=False)


def resume_run(config: Config, choices: Choices, place: Workplace, run_id: str) -> Iterator[Event]:
    """Go on with a run that did not end. Raises UsageError where it did, where another process writes it, or where the plan is another one."""
    bundle = Bundle.open(_known(place, run_id))
    config.environments.check_apart(os.environ)
    bundle.lock()
    try:
        plan = build_plan(config, choices, environ=os.environ, digest=suite_digest(config.suite.root))
        key = project_key(place.workdir)
        _refuse_other_plan(bundle, plan, key)
        store = open_store(place.store)
        bundle.reopen()
    except BaseException:
        bundle.close()
        raise
    return _followed(plan, bundle, _ports(config, choices, plan, bundle, store=store, key=key, clock=SystemClock()), resumed=True)


def _refuse_other_plan(bundle: Bundle, plan: Plan, key: ProjectKey) -> None:
    """Raise UsageError for a run that is over, or was begun with another plan."""
    header = bundle.header()
    if header.complete:
        raise UsageError(f"run {header.id} is complete: there is nothing left to do", hint=f"See it with: shadow report {header.id}")
    if changed := same_plan(bundle, plan, key):
        raise UsageError(
            f"run {header.id} cannot be resumed, because its plan has changed: {', '.join(changed)}",
            expected="the suite, the environments and the options with which it was begun",
            hint="Start a new run.",
        )


def _followed(plan: Plan, bundle: Bundle, ports: Ports, *, resumed: bool) -> Iterator[Event]:
    """The events of a run; the store is closed behind the last."""
    try:
        yield from run(plan, bundle, ports, resumed=resumed)
    finally:
        ports.store.close()


def _known(place: Workplace, run_id: str) -> Path:
    known = [path.name for path in bundle_paths(place.runs)]
    if run_id not in known:
        newest = f"known runs, newest first: {', '.join(reversed(known[-5:]))}" if known else "there is no run yet"
        raise UsageError(f"no run {run_id!r} here", where=str(place.runs), hint=newest)
    return place.bundle(run_id)


def _ports(config: Config, choices: Choices, plan: Plan, bundle: Bundle, *, store: Store, key: ProjectKey, clock: Clock) -> Ports:
    workdir = bundle.path.parent.parent
    probe_key = key.write_for_probe(workdir)
    scanned = ScannedSuite(plan.suite.root, key.of_probe())
    providers = {side.side: _provider(side, plan, run_id=bundle.header().id, workdir=workdir, key=probe_key) for side in plan.sides}
    return Ports(
        providers=providers,
        executor=ThreadExecutor(),
        store=store,
        clock=clock,
        facts=partial(_facts, plan=plan, base=config.base, key=key),
        sources=_source_step(config, plan, workdir, key, scanned) if choices.couplings and config.coupling.enabled else None,
        experiments=_experiment_step(config, plan, key, scanned) if choices.couplings and config.coupling.enabled else None,
        suggestions=_suggestion_step(config, plan, key, scanned) if choices.couplings and config.coupling.enabled else None,
    )


def _source_step(config: Config, plan: Plan, workdir: Path, key: ProjectKey, scanned: ScannedSuite) -> SourceStep | None:
    """The search for couplings; None where one side runs alone."""
    if len(plan.sides) < len(Side):
        return None
    legacy, shadow = (plan.of(side).database for side in Side)
    place = IndexPlace(path=Workplace(workdir=workdir, store="").index)
    return SourceStep(
        config=config, urls=(legacy, shadow) if legacy and shadow else None, place=place, key=key, root=plan.suite.root, scanned=scanned
    )


def _experiment_step(config: Config, plan: Plan, key: ProjectKey, scanned: ScannedSuite) -> ExperimentStep | None:
    """The experiments on divergent tests; None where one side runs alone, or where there is no budget."""
    if len(plan.sides) < len(Side) or config.coupling.experiments == 0:
        return None
    legacy, shadow = (plan.of(side).database for side in Side)
    urls = (legacy, shadow) if legacy and shadow else None
    return ExperimentStep(plan=plan, urls=urls, base=config.base, key=key, executions=config.coupling.experiments, scanned=scanned)


def _suggestion_step(config: Config, plan: Plan, key: ProjectKey, scanned: ScannedSuite) -> SuggestionStep | None:
    """What makes suggestions for divergent tests; None where one side runs alone."""
    if len(plan.sides) < len(Side):
        return None
    legacy, shadow = (plan.of(side).database for side in Side)
    return SuggestionStep(plan=plan, urls=(legacy, shadow) if legacy and shadow else None, base=config.base, key=key, scanned=scanned)


def suggest_patches(config: Config, place: Workplace, asked: Asked) -> PatchAnswers:
    """Make patches for a recorded run, prove and apply them (see `harness.pipeline.suggestions.asking.patches_of`, whose errors it raises)."""
    return patches_of(config, asked, workdir=place.workdir, providers=_for_proof(place, asked.run))


def prove_case(cases: Cases, case: Case, *, keep: bool, tell: Callable[[str], None]) -> Proof:
    """Prove a case (see `harness.pipeline.cases.proving.prove`, whose errors it raises)."""
    return prove(cases, case, keep=keep, providers=_for_proof(cases.place, case.run), tell=tell)


def _for_proof(place: Workplace, run_id: str) -> Providers:
    """Environments of their own for a proof of what a recorded run suggests. Logs of services lie in a folder of their own in its bundle."""
    key = project_key(place.workdir).write_for_probe(place.workdir)
    bundle = place.bundle(run_id)
    logs = (bundle if run_id and bundle.is_dir() else place.workdir) / "logs" / "proof"
    name = f"{run_id or 'case'}-{secrets.token_hex(2)}"

    def provider(side: SidePlan, plan: Plan) -> EnvironmentProvider:
        return _provider(side, plan, run_id=name, workdir=place.workdir, key=key, logs=logs)

    return provider


def check_environment(config: Config, side: Side) -> str:
    """Look whether one side's environment can be had, without starting anything, and say what it is.

    Raises what its provider raises (InfrastructureError, ConfigurationError).
    """
    plan = build_plan(config, Choices(side=side), environ=os.environ, digest="")
    of = plan.of(side)
    _provider(of, plan, run_id="doctor", workdir=config.base / ".shadow").check()
    if of.database is None:
        return f"{of.runner}, {of.dataset} data"
    tables = schema_facts(of.database, base=config.base)
    return f"{of.runner}, {of.dataset} data, a database of {len(tables)} tables"


def sweep(place: Workplace) -> dict[str, object]:
    """Remove what dead runs left on the Docker engine; how many containers, networks and volumes it was. Raises InfrastructureError."""
    return asdict(sweep_leftovers(place.workdir))


def _provider(side: SidePlan, plan: Plan, *, run_id: str, workdir: Path, key: Path | None = None, logs: Path | None = None) -> EnvironmentProvider:
    if side.runner == "process":
        return ProcessEnvironment(side, plan.suite, seed=plan.seed, key=key)
    logs = logs or workdir / "runs" / run_id / "logs"
    return docker_environment(side, plan.suite, run_id=run_id, workdir=workdir, logs=logs, seed=plan.seed, key=key)


def _facts(side: Side, *, plan: Plan, base: Path, key: ProjectKey) -> Mapping[str, str]:
    """What parity compares of a side that the harness knows by itself."""
    of = plan.of(side)
    facts = {
        "suite.digest": plan.suite.digest,
        "dataset": of.dataset.value,
    }
    facts |= {f"setting.{name}": key.fingerprint(value) for name, value in of.settings.items()}
    facts |= {f"data.{name}": key.fingerprint(value) for name, value in of.data.items()}
    if (commit := suite_commit(plan.suite.root)) is not None:
        facts["suite.commit"] = commit
    if of.database is not None:
        facts |= schema_facts(of.database, base=base)
        facts["data.digest"] = key.fingerprint(data_state(of.database, base=base))
    return facts
