"""Confirmation: what differs is rerun as fresh pairs until the stopping time (compare.confirmation)."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import TYPE_CHECKING

from compare.confirmation import standing
from compare.judge import candidates_of, next_pair
from harness.errors import InfrastructureError
from harness.model import InfrastructureKind, Outcome, Shard
from harness.pipeline.events import ConfirmationStarted, PairConfirmed
from harness.pipeline.side import SideTask

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from harness.evidence import Bundle
    from harness.model import Evidence, Plan, SideEvidence
    from harness.pipeline.events import Event


def confirm(evidence: Evidence, plan: Plan, bundle: Bundle, *, carry_out: Callable[[SideTask], None], emit: Callable[[Event], None]) -> None:
    """Rerun the candidates of a full run. `carry_out` runs one side of a fresh pair. A pair that an earlier try left half-done is completed first.

    Raises InfrastructureError, and what `carry_out` raises.
    """
    number = bundle.last_pair()
    chance = random.Random(f"{plan.seed} {evidence.run.id} {number}")  # noqa: S311 - an order, no secret
    if number:
        _fresh_pair(number, bundle.pair_selection(number), chance, plan, carry_out)
        evidence = bundle.evidence()
    evidence = replace(evidence, decided=True)
    if not next_pair(evidence):
        return
    candidates = candidates_of(evidence)
    ids = {candidate.test_id for candidate in candidates}
    parents = subtest_parents(ids, (evidence.legacy.collected, evidence.shadow.collected))
    evidence = narrowed(evidence, ids)
    emit(ConfirmationStarted(candidates=len(candidates)))
    for _ in range(plan.confirm.max_pairs):
        if not (chosen := next_pair(evidence)):
            return
        number += 1
        _fresh_pair(number, _to_ask(chance.sample(chosen, len(chosen)), parents), chance, plan, carry_out)
        evidence = _with_pair(evidence, bundle, number)
        if not plan.suite.is_pytest:
            _refuse_lost(evidence, bundle, number)
        where = standing(candidates_of(evidence), plan.confirm)
        emit(PairConfirmed(number=number, confirmed=len(where.confirmed), dropped=len(where.dropped), open=len(where.open)))


def narrowed(evidence: Evidence, ids: Collection[str]) -> Evidence:
    """The evidence of some tests alone: all that confirmation looks at, and little even of a large suite."""
    modules = {test_id.partition("::")[0] for test_id in ids}

    def of(side: SideEvidence) -> SideEvidence:
        return replace(
            side,
            collected=tuple(test_id for test_id in side.collected if test_id in ids),
            full=tuple(attempt for attempt in side.full if attempt.test_id in ids or attempt.test_id in modules),
        )

    return replace(evidence, legacy=of(evidence.legacy), shadow=of(evidence.shadow))


def subtest_parents(ids: Iterable[str], collected: Iterable[Sequence[str]]) -> dict[str, str]:
    """The tests to which subtests belong, by the subtest's id: a subtest runs with its test only."""
    maybe = [test_id for test_id in ids if test_id.endswith("]") and " [" in test_id]
    known = {test_id for side in collected for test_id in side} if maybe else set()
    found = {}
    for test_id in maybe:
        cut = -1 if test_id in known else test_id.find(" [")
        while cut >= 0 and test_id[:cut] not in known:
            cut = test_id.find(" [", cut + 1)
        if cut >= 0:
            found[test_id] = test_id[:cut]
    return found


def _to_ask(ids: Iterable[str], parents: Mapping[str, str]) -> tuple[str, ...]:
    """What a session is asked for: each id, a subtest's behind its test. The probe passes over ids that no collected test has."""
    return tuple(dict.fromkeys(name for test_id in ids for name in (parents.get(test_id, test_id), test_id)))


def _fresh_pair(number: int, ids: tuple[str, ...], chance: random.Random, plan: Plan, carry_out: Callable[[SideTask], None]) -> None:
    """One fresh pair: the same tests in the same order, each side in a process of its own, one side after the other in random order."""
    sides = [side.side for side in plan.sides]
    chance.shuffle(sides)
    for side in sides:
        carry_out(SideTask(side=side, shard=Shard(), pair=number, select=ids))


def _with_pair(evidence: Evidence, bundle: Bundle, number: int) -> Evidence:
    """The evidence with the attempts of a pair that has just been run."""

    def grown(side: SideEvidence) -> SideEvidence:
        return replace(side, reruns=(*side.reruns, *bundle.pair_attempts(side.side, number)))

    return replace(evidence, legacy=grown(evidence.legacy), shadow=grown(evidence.shadow))


def _refuse_lost(evidence: Evidence, bundle: Bundle, number: int) -> None:
    """Raise InfrastructureError where `[suite] rerun` reported nothing of a test that the full run has a result of: the command does not reach it,
    and the pair is no evidence.
    """
    for side in (evidence.legacy, evidence.shadow):
        had = {attempt.test_id for attempt in side.full}
        lost = [a.test_id for a in side.reruns if a.pair == number and a.outcome is Outcome.ABSENT and a.test_id in had]
        if lost:
            details = [session.end.detail for session in bundle.pair_sessions(side.side, number) if session.end and session.end.detail]
            bundle.drop_pair(number)
            raise InfrastructureError(
                f"{side.side.value}: [suite] rerun reported no result for {len(lost)} of its tests, {lost[0]!a} for one; {' '.join(details)}",
                hint="Run the command by hand for that test: its placeholders must name the one test, and its JUnit XML must give it the same file, "
                "class and name as the full run does.",
                kind=InfrastructureKind.COMMAND_FAILED,
            )
