"""Proves a case: the test is run on both sides in fresh processes, before and after it is loaded."""

from __future__ import annotations

import contextlib
import os
import shlex
from typing import TYPE_CHECKING

from harness.errors import InfrastructureError, UsageError
from harness.evidence import project_key, suite_digest
from harness.model import Side
from harness.model.canonical import canonical
from harness.model.case import Proof
from harness.model.coupling import LiteralForm
from harness.pipeline.experiments.change import Change, Exchange
from harness.pipeline.experiments.session import Seen, execute
from harness.pipeline.experiments.trials import Trial
from harness.pipeline.experiments.values import Place
from harness.plan import Choices, build_plan

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from harness.model import Plan
    from harness.model.case import Case, NeededChange
    from harness.model.coupling import Reached, Value
    from harness.pipeline.cases.use import Cases
    from harness.pipeline.suggestions.proving import Providers
    from harness.ports import EnvironmentProvider, TestRunner


def prove(cases: Cases, case: Case, *, keep: bool, providers: Providers, tell: Callable[[str], None] = lambda _text: None) -> Proof:
    """Whether a case makes its test pass on shadow. What is loaded when this begins is taken out for a while; the case stays loaded afterwards where
    it was, or where `keep` is asked for and the proof holds.

    Raises what `Cases.load` raises, UsageError where shadow's services are containers and for suites that pytest does not run, InfrastructureError
    where an environment fails.
    """
    plan = _provable(cases, case)
    with _runners(plan, providers) as runners:
        return _proven(cases, case, runners, keep=keep, tell=tell)


def _proven(cases: Cases, case: Case, runners: Mapping[Side, TestRunner], *, keep: bool, tell: Callable[[str], None]) -> Proof:
    trial = Trial(test_id=case.test_id, select=_select(case.test_id), literals=(), settings=())
    was_loaded = cases.find(case) is not None
    if was_loaded:
        cases.remove(case)
    proof: Proof | None = None
    try:
        tell("before: both sides")
        before = {side: _run(trial, (), side, runners) for side in Side}
        loaded, _ = cases.load(case)
        tell("after: both sides")
        sets = _exchanges(cases, case, cases.values(loaded, case.changes)) if case.changes else [()]
        legacy = _run(trial, (), Side.LEGACY, runners)
        shadow = Seen(obstacle="a literal that the case needs changed is not there any more: make it again")
        for exchanges in sets:
            shadow = _run(trial, exchanges, Side.SHADOW, runners)
            if shadow.passed:
                break
        proof = Proof(
            legacy_before=before[Side.LEGACY].outcome,
            shadow_before=before[Side.SHADOW].outcome,
            legacy_after=legacy.outcome,
            shadow_after=shadow.outcome,
            obstacle=next((one.obstacle for one in (*before.values(), legacy, shadow) if one.obstacle), _remaining(case, shadow)),
        )
    finally:
        _leave(cases, case, loaded=was_loaded or (keep and proof is not None and proof.holds))
    return proof


def _remaining(case: Case, shadow: Seen) -> str:
    """Why the test may still fail with the case in place; empty where it does not."""
    if not shadow.failed:
        return ""
    return (
        case.note
        or "with the case in place the test still fails on shadow: rows that are there already break it, or it asks for more than these rows show"
    )


def _leave(cases: Cases, case: Case, *, loaded: bool) -> None:
    """Leave shadow's data with the case, or without."""
    if loaded:
        cases.load(case)
    elif cases.find(case) is not None:
        cases.remove(case)


def _run(trial: Trial, exchanges: tuple[Exchange, ...], side: Side, runners: Mapping[Side, TestRunner]) -> Seen:
    return execute([Change(trial=trial, exchanges=exchanges)], side, runners[side], may_begin=lambda: True)[trial.test_id]


def _select(test_id: str) -> str:
    """The test of a subtest; any other id as it is."""
    return test_id.rpartition(" [")[0] if " [" in test_id and "[" not in test_id.partition(" [")[0] else test_id


def _provable(cases: Cases, case: Case) -> Plan:
    """The plan of the project, where one test can be run with a case loaded and without."""
    config = cases.config
    plan = build_plan(config, Choices(), environ=os.environ, digest=suite_digest(config.suite.root))
    if not plan.suite.is_pytest:
        raise UsageError("a case is proven by running one test, and this suite's command is not pytest", where=config.where("suite", "command"))
    if plan.of(Side.SHADOW).compose:
        name = shlex.quote(case.test_id.rpartition("::")[2].partition("[")[0].partition(" ")[0])
        raise UsageError(
            "shadow's services are containers: their data is made anew each time they come up, and a case that is loaded now is not in it",
            where=config.where("environments", "shadow", "compose"),
            hint=f"Add what `shadow case sql FILE` prints to the SQL that shadow's data is loaded from; then: shadow run --select {name}",
        )
    return plan


@contextlib.contextmanager
def _runners(plan: Plan, providers: Providers) -> Iterator[Mapping[Side, TestRunner]]:
    """What runs tests on both sides, whose environments are up meanwhile."""
    with contextlib.ExitStack() as stack:
        found: dict[Side, TestRunner] = {}
        for side in plan.sides:
            environment = providers(side, plan)
            environment.check()
            stack.callback(_end, environment)
            environment.up()
            found[side.side] = environment.runner()
        yield found


def _end(environment: EnvironmentProvider) -> None:
    with contextlib.suppress(InfrastructureError):  # what was proven stands
        environment.down()


def _exchanges(cases: Cases, case: Case, values: Mapping[NeededChange, Sequence[object]]) -> list[tuple[Exchange, ...]]:
    """What is replaced in the test process: only where the case says so, and then wherever the test reaches the same value."""
    from runners.identity.twins import spelled_like  # noqa: PLC0415 - the extra may be missing
    from runners.literals.suite import scan_suite  # noqa: PLC0415 - the same

    reached = scan_suite(cases.config.suite.root, key=project_key(cases.place.workdir).of_probe()).literals_of(_select(case.test_id))
    near: dict[tuple[str, int, int], Exchange] = {}
    every: dict[tuple[str, int, int], Exchange] = {}
    for change, parts in values.items():
        place = _place(change, reached)
        new = spelled_like(place.old, parts) if place is not None else None
        if place is None or new is None:
            return []
        near[place.path, place.line, place.column] = Exchange(place=place, new=new)
        for other in reached:
            if canonical(other.literal.value) == canonical(place.old) and other.literal.form is not LiteralForm.COMPUTED:
                at = _of(other)
                spelled = spelled_like(at.old, parts)
                if spelled is not None:
                    every.setdefault((at.path, at.line, at.column), Exchange(place=at, new=spelled))
    return [tuple(near.values()), *([tuple((every | near).values())] if every.keys() - near.keys() else [])]


def _place(change: NeededChange, reached: Sequence[Reached]) -> Place | None:
    """The literal at a place: the whole one, where it stands by itself and as part of another."""
    here = [one for one in reached if (one.literal.path, one.literal.line, one.literal.column) == (change.path, change.line, change.column)]
    order = {LiteralForm.WRITTEN: 0, LiteralForm.PART: 1, LiteralForm.COMPUTED: 2}
    return _of(min(here, key=lambda one: order[one.literal.form])) if here else None


def _of(reached: Reached) -> Place:
    one = reached.literal
    value: Value = one.value
    return Place(
        path=one.path, line=one.line, column=one.column, part=one.form is LiteralForm.PART, old=value, computed=one.form is LiteralForm.COMPUTED
    )
