"""Hands what a run recorded to `compare.causes`: which deep record of a test counts, and which settings differ."""

from __future__ import annotations

from typing import TYPE_CHECKING

from compare.causes import explain
from compare.causes.experiments import by_settings
from compare.parity import parity
from harness.model import RerunKind, Side, Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.model import DeepRecord, Evidence, PairResult

_SETTING = "setting."


def explained(evidence: Evidence, results: Sequence[PairResult]) -> Sequence[PairResult]:
    """The pairs, those that diverge with couplings, cause and remedy as far as something was recorded to tell them by.

    Without the identity index nothing is explained but by settings that an experiment has swapped: a real record that a test asks for would be taken
    for a pattern of the data.
    """
    if evidence.sources is None or evidence.sources.unavailable:
        tried = {one.test_id: [other for other in evidence.experiments if other.test_id == one.test_id] for one in evidence.experiments}
        return [by_settings(pair, tried[pair.test_id]) if pair.test_id in tried else pair for pair in results]
    return explain(
        results,
        sources=evidence.sources,
        legacy=deep_records_of(evidence, Side.LEGACY, results),
        shadow=deep_records_of(evidence, Side.SHADOW, results),
        experiments=evidence.experiments,
        settings=differing_settings(evidence),
        assertions=evidence.assertions,
    )


def differing_settings(evidence: Evidence) -> tuple[str, ...]:
    """Names of the variables in `settings` that differ between the sides."""
    facts = parity(evidence.legacy.facts, evidence.shadow.facts)
    return tuple(fact.name.removeprefix(_SETTING) for fact in facts if fact.name.startswith(_SETTING))


def deep_records_of(evidence: Evidence, side: Side, results: Sequence[PairResult]) -> dict[str, DeepRecord]:
    """For each divergent test the deep record of a fresh pair on one side, by test id: the first that ended as the full run did, else the first."""
    wanted = {result.test_id: result.of(side).outcome for result in results if result.verdict is Verdict.DIVERGENT}
    found: dict[str, DeepRecord] = {}
    alike: set[str] = set()
    for record in (evidence.legacy if side is Side.LEGACY else evidence.shadow).deep:
        if record.kind is not RerunKind.PAIR or not record.pair or record.test_id not in wanted or record.test_id in alike:
            continue  # what is recorded of the full run has no details
        expected = wanted[record.test_id]
        if expected is not None and record.outcome is not None and record.outcome.kind is expected.kind:
            alike.add(record.test_id)
            found[record.test_id] = record
        else:
            found.setdefault(record.test_id, record)
    return found
