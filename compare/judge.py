"""From evidence to verdicts: the one place where a run is decided. Pure; every verdict carries its reason."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from operator import attrgetter
from typing import TYPE_CHECKING

from compare.agreeing import Merged
from compare.clusters import cluster
from compare.confirmation import Confirmation
from compare.explanation import explained
from compare.latent import latent
from compare.mass import spoiled_confirmation
from compare.order import investigated
from compare.parity import parity
from compare.results import Night, disputed, undisputed
from compare.survey import confirmation_of, survey
from compare.vacuous import flagged
from harness.errors import ExitCode
from harness.model import Comparison, PairResult, Totals, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from compare.agreeing import Agreeing
    from compare.confirmation import Candidate
    from harness.model import Cluster, Evidence, InfrastructureFailure
    from harness.model.suggestion import Suggestion


def judge(evidence: Evidence, agreeing: Agreeing | None = None) -> Comparison:
    """Decide every pair of a run. `agreeing` are tests that `compare.agreeing` took out of the evidence before.

    The result depends on the attempts alone, not on the order of tests; swapping the sides mirrors every direction.
    """
    results: list[PairResult] = []
    seen = survey(evidence, lambda pair: results.append(undisputed(pair, evidence.planned)), agreeing=len(agreeing or ()))
    confirmation = investigated(confirmation_of(evidence, (candidate for _, candidate in seen.differing)), evidence.order)
    where = confirmation.standing()
    night = Night(
        standing=where,
        policy=evidence.run.confirm,
        rerun=evidence.run.confirm.enabled and evidence.can_rerun,
        fault=next(iter(seen.mass_failures), None),
    )
    found = seen.mass_failures or (
        *(outage.failure() for outage in where.outages),
        *spoiled_confirmation(candidate for candidate in confirmation.candidates if candidate.test_id in where.open),
    )
    faults = (*evidence.infrastructure, *found)
    decided = [disputed(pair, candidate, night) for (pair, _), candidate in zip(seen.differing, confirmation.candidates, strict=True)]
    finished = all(side.finished for side in (evidence.legacy, evidence.shadow) if side.side in evidence.planned)
    complete = evidence.run.complete and night.fault is None and finished
    results += decided
    results.sort(key=attrgetter("test_id"))
    vacuous, vacuity = flagged(evidence, results)
    if vacuous:
        results = [replace(result, vacuous=vacuous[result.test_id]) if result.test_id in vacuous else result for result in results]
    results = list(explained(evidence, results))
    if evidence.suggestions:
        results = [_with_suggestion(result, evidence.suggestions.get(result.test_id)) for result in results]
    found_latent = latent(evidence.sources, results) if evidence.sources else None
    if found_latent is not None and found_latent.tests:
        results = [
            replace(result, couplings=found_latent.tests[result.test_id]) if result.test_id in found_latent.tests else result for result in results
        ]
    totals = _totals(results, agreeing=len(agreeing or ()))
    return Comparison(
        run=replace(evidence.run, complete=complete),
        pairs=Merged(agreeing, results) if agreeing else tuple(results),
        totals=totals,
        exit=_exit(totals, faults, complete=complete),
        clusters=_clusters(decided, confirmation.candidates),
        parity=parity(evidence.legacy.facts, evidence.shadow.facts),
        legacy=evidence.legacy.facts,
        shadow=evidence.shadow.facts,
        infrastructure=faults,
        latent=found_latent.everywhere if found_latent else (),
        vacuity=vacuity,
    )


def _with_suggestion(result: PairResult, suggestion: Suggestion | None) -> PairResult:
    """A pair with what was suggested for it, where that is still what is to be done."""
    fits = suggestion is not None and result.verdict is Verdict.DIVERGENT and result.remedy is suggestion.kind.remedy
    return replace(result, suggestion=suggestion) if fits else result


def candidates_of(evidence: Evidence) -> tuple[Candidate, ...]:
    """The candidates of a run as far as it went, with their fresh pairs."""
    return confirmation_of(evidence, (candidate for _, candidate in survey(evidence).differing)).candidates


def confirmation_so_far(evidence: Evidence) -> Confirmation:
    """How far the confirmation of a run is. It has no candidates where nothing can be rerun, or where the night is an infrastructure failure."""
    seen = survey(evidence)
    if not evidence.can_rerun or seen.mass_failures:
        return Confirmation(policy=evidence.run.confirm)
    return confirmation_of(evidence, (candidate for _, candidate in seen.differing))


def next_pair(evidence: Evidence) -> tuple[str, ...]:
    """Ids of the tests that the next fresh pair is for; empty once the stopping time is reached, or where nothing is to be rerun."""
    return confirmation_so_far(evidence).next_pair()


def _clusters(decided: Sequence[PairResult], candidates: Sequence[Candidate]) -> tuple[Cluster, ...]:
    members = zip(decided, candidates, strict=True)
    return cluster((result, candidate.difference.failing) for result, candidate in members if result.cluster)


def _totals(results: Iterable[PairResult], *, agreeing: int) -> Totals:
    counts = Counter(result.verdict for result in results)
    counts[Verdict.EQUIVALENT] += agreeing
    return Totals(
        tests=counts.total(),
        equivalent=counts[Verdict.EQUIVALENT],
        divergent=counts[Verdict.DIVERGENT],
        flaky=counts[Verdict.FLAKY],
        both_failing=counts[Verdict.BOTH_FAILING],
        inconclusive=counts[Verdict.INCONCLUSIVE],
    )


def _exit(totals: Totals, faults: Sequence[InfrastructureFailure], *, complete: bool) -> ExitCode:
    if faults or not complete:
        return ExitCode.INFRASTRUCTURE
    return ExitCode.DIVERGENT if totals.divergent else ExitCode.OK
