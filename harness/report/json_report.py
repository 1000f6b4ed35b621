"""report.json, `shadow-report/1`: the report that other programs read. A test stands on a line of its own."""

from __future__ import annotations

from functools import lru_cache
from json import JSONEncoder
from typing import TYPE_CHECKING

from harness.model import PairResult, SideResult, Verdict
from harness.report.escaping import scalar
from harness.report.findings import Findings, dataset, finite, in_suite, moment, suite_frames
from harness.report.output import open_report
from harness.report.schema import SCHEMA_NAME

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import TextIO

    from harness.model import (
        Cluster,
        Comparison,
        Coupling,
        ExperimentResult,
        Failure,
        Floor,
        Frame,
        ObservationResult,
        OrderDependence,
        Outcome,
        Rate,
        Remedy,
        Totals,
        VacuousReason,
    )
    from harness.model.suggestion import Suggestion
    from harness.report.nights import Nights
    from harness.report.output import Destination

_UNKNOWN = (None,) * 7
_encode = JSONEncoder(ensure_ascii=True, allow_nan=False).encode


def write_json(comparison: Comparison, path: Destination, *, nights: Nights | None = None) -> None:
    """Write report.json. `harness.report.published_schema` describes it. `nights` is what a store knows besides. Raises UsageError where it cannot
    be written.
    """
    findings = Findings.of(comparison)
    with open_report(path, "JSON report") as out:
        out.write(f'{{"schema": {_encode(SCHEMA_NAME)},\n')
        out.write(f'"run": {_encode(_run(comparison, findings))},\n')
        out.write(f'"totals": {_encode(_totals(findings.totals, comparison))},\n')
        _write_list(out, "tests", map(_test_line, comparison.pairs))
        _write_list(out, "latent", (_encode(_latent(one)) for one in comparison.latent))
        _write_clusters(out, comparison.clusters)
        _write_list(out, "effects", ())
        out.write(f'"nights": {_encode(_nights(nights))},\n')
        out.write(f'"aa": {_encode(_aa(comparison.floor))},\n')
        out.write(f'"safety": {_encode(_safety(comparison))}}}\n')


def _write_list(out: TextIO, key: str, rows: Iterable[str]) -> None:
    out.write(f'"{key}": [')
    out.writelines(_separated(rows))
    out.write("],\n")


def _separated(rows: Iterable[str]) -> Iterator[str]:
    before = "\n"
    for row in rows:
        yield before + row
        before = ",\n"


def _write_clusters(out: TextIO, clusters: Iterable[Cluster]) -> None:
    """A cluster may hold every test of a suite, so its ids are written one by one."""
    out.write('"clusters": [')
    before = "\n"
    for cluster in clusters:
        out.write(before + _encode(_cluster(cluster))[:-1] + ', "tests": [')
        out.writelines((", " if index else "") + _encode(scalar(test_id)) for index, test_id in enumerate(cluster.tests))
        out.write("]}")
        before = ",\n"
    out.write("],\n")


def _run(comparison: Comparison, findings: Findings) -> dict[str, object]:
    run, bound = comparison.run, findings.bound
    return {
        "id": scalar(run.id),
        "suite": scalar(run.suite),
        "started_at": moment(run.started_at),
        "finished_at": moment(run.finished_at),
        "complete": run.complete,
        "exit": int(comparison.exit),
        "harness_version": scalar(run.harness_version),
        "parity": [{"name": scalar(fact.name), "legacy": _text(fact.legacy), "shadow": _text(fact.shadow)} for fact in comparison.parity],
        "legacy": _facts(comparison.legacy),
        "shadow": _facts(comparison.shadow),
        "infrastructure": [
            {"kind": fault.kind.value, "side": fault.side.value if fault.side else None, "message": scalar(fault.message), "hint": scalar(fault.hint)}
            for fault in comparison.infrastructure
        ],
        "warnings": [scalar(warning) for warning in comparison.warnings],
        "error_bound": {"alpha": bound.alpha, "holds": bound.holds, "reason": bound.reason},
    }


def _totals(totals: Totals, comparison: Comparison) -> dict[str, object]:
    return {
        "tests": totals.tests,
        "equivalent": totals.equivalent,
        "divergent": totals.divergent,
        "flaky": totals.flaky,
        "both_failing": totals.both_failing,
        "inconclusive": totals.inconclusive,
        "vacuous": comparison.vacuity.vacuous if comparison.vacuity else 0,
        "vacuous_checked": comparison.vacuity.measured if comparison.vacuity else 0,
    }


def _test_line(pair: PairResult) -> str:
    """One test as JSON. Of most tests of a large suite only the id and the times are their own: the rest is encoded once."""
    if not _is_plain(pair):
        return _encode(_test(pair))
    head = f'{{"id": {_encode(scalar(pair.test_id))}, "legacy": {_plain_side(pair.legacy)}, "shadow": {_plain_side(pair.shadow)}, '
    return head + _plain_rest(pair.reason, pair.remedy)


def _is_plain(pair: PairResult) -> bool:
    """Whether nothing is known of a pair but that both sides agree."""
    known = (pair.direction, pair.confirmed, pair.e_value, pair.cluster, pair.cause, pair.legacy.failure, pair.shadow.failure)
    return not pair.is_remarkable and known == _UNKNOWN


def _plain_side(side: SideResult) -> str:
    return _side_text(side.outcome, side.attempts, side.failed, side.seconds)


@lru_cache(maxsize=65_536)
def _side_text(outcome: Outcome | None, attempts: int, failed: int, seconds: float | None) -> str:
    return _encode(_side(SideResult(outcome=outcome, attempts=attempts, failed=failed, seconds=seconds)))


@lru_cache(maxsize=64)
def _plain_rest(reason: str, remedy: Remedy) -> str:
    """What follows both sides of a pair of which nothing is known but that they agree."""
    nothing = SideResult(outcome=None)
    pair = PairResult(test_id="", legacy=nothing, shadow=nothing, verdict=Verdict.EQUIVALENT, reason=reason, remedy=remedy)
    return _encode({name: value for name, value in _test(pair).items() if name not in {"id", "legacy", "shadow"}})[1:]


def _test(pair: PairResult) -> dict[str, object]:
    return {
        "id": scalar(pair.test_id),
        "legacy": _side(pair.legacy),
        "shadow": _side(pair.shadow),
        "verdict": pair.verdict.value,
        "confirmed": pair.confirmed,
        "direction": pair.direction.value if pair.direction else None,
        "e_value": finite(pair.e_value),
        "cluster": _text(pair.cluster),
        "cause": pair.cause.value if pair.cause else None,
        "couplings": [_coupling(one) for one in pair.couplings],
        "remedy": pair.remedy.value,
        "reason": scalar(pair.reason),
        "failure": _shown_failure(pair),
        "order": _order(pair.order),
        "observations": [_observation(result) for result in pair.observations],
        "vacuous": [_vacuous(reason) for reason in pair.vacuous],
        "experiments": [_experiment(one) for one in pair.experiments],
        "suggestion": _suggestion(pair.suggestion),
    }


def _suggestion(one: Suggestion | None) -> dict[str, object] | None:
    if one is None:
        return None
    return {
        "kind": one.kind.value,
        "text": scalar(one.text),
        "command": scalar(one.command),
        "proven": one.proven,
        "obstacle": scalar(one.obstacle) if one.obstacle else None,
        "notes": [scalar(note) for note in one.notes],
    }


def _experiment(one: ExperimentResult) -> dict[str, object]:
    return {
        "kind": one.kind.value,
        "side": one.side.value,
        "outcome": one.outcome.value if one.outcome else None,
        "obstacle": scalar(one.obstacle) if one.obstacle else None,
        "path": scalar(one.path) if one.path else None,
        "line": one.line,
        "column": one.column,
        "setting": scalar(one.setting) if one.setting else None,
        "sentence": scalar(one.sentence),
    }


def _vacuous(reason: VacuousReason) -> dict[str, object]:
    return {
        "kind": reason.kind.value,
        "legacy": reason.legacy,
        "shadow": reason.shadow,
        "path": scalar(reason.place.path) if reason.place else None,
        "line": reason.place.line if reason.place else None,
        "sentence": scalar(reason.sentence),
    }


def _observation(result: ObservationResult) -> dict[str, object]:
    return {
        "name": scalar(result.name),
        "number": result.number,
        "compare": result.compare.value,
        "status": result.status.value,
        "budget": result.budget.value if result.budget else None,
        "differences": [
            {
                "path": scalar(one.path),
                "kind": one.kind.value,
                "legacy": scalar(one.legacy),
                "shadow": scalar(one.shadow),
                "count": one.count,
                "sentence": scalar(one.sentence),
            }
            for one in result.differences
        ],
    }


def _coupling(one: Coupling) -> dict[str, object]:
    return {
        "kind": one.kind.value,
        "pattern": one.pattern.value if one.pattern else None,
        "strength": one.strength.value,
        "latent": one.latent,
        "path": scalar(one.path),
        "line": one.line,
        "column": one.column,
        "entity": scalar(one.entity),
        "token": _text(one.token),
        "signals": [signal.value for signal in one.signals],
        "sentence": scalar(one.sentence),
    }


def _latent(one: Coupling) -> dict[str, object]:
    return {
        "kind": one.kind.value,
        "path": scalar(one.path),
        "line": one.line,
        "column": one.column,
        "entity": scalar(one.entity),
        "token": _text(one.token),
        "strength": one.strength.value,
    }


def _order(order: OrderDependence | None) -> dict[str, object] | None:
    if order is None:
        return None
    return {
        "side": order.side.value,
        "behind": [scalar(test_id) for test_id in order.behind],
        "shortest": order.shortest,
        "rounds": order.rounds,
        "e_value": finite(order.e_value),
    }


def _aa(floor: Floor | None) -> dict[str, object] | None:
    if floor is None:
        return None
    found = floor.stickiness
    return {
        "why": scalar(floor.plan.why),
        "sample": len(floor.plan.sample),
        "tests": floor.plan.tests,
        "runs": floor.plan.rotation + 1,
        "executions": floor.executions,
        "complete": floor.complete,
        "false_divergences": _rate(floor.confirmed),
        "seen_once": _rate(floor.once),
        "stickiness": {
            "state": found.state.value,
            "series": found.series,
            "reruns": floor.plan.reruns,
            "changes": found.changes,
            "expected": finite(found.expected),
            "p_value": finite(found.p_value),
            "estimate": finite(found.estimate),
            "most": finite(found.most),
        },
        "sentences": [scalar(sentence) for sentence in floor.sentences],
        "caveat": _text(floor.caveat),
    }


def _rate(rate: Rate) -> dict[str, object]:
    return {"count": rate.count, "of": rate.of, "low": rate.low, "high": rate.high, "level": rate.level}


def _side(side: SideResult) -> dict[str, object]:
    return {
        "outcome": side.outcome.value if side.outcome else None,
        "attempts": side.attempts,
        "failed": side.failed,
        "seconds": finite(side.seconds),
        "failure": _failure(side.failure),
    }


def _shown_failure(pair: PairResult) -> dict[str, object] | None:
    """The failure that the pair is about. Its frames stand with its side, so that they are not written twice."""
    if pair.failure is None:
        return None
    return {
        "type": scalar(pair.failure.type),
        "message": scalar(pair.failure.message),
        "fingerprint": _text(pair.fingerprint),
        "side": "shadow" if pair.shadow.failure else "legacy",
    }


def _failure(failure: Failure | None) -> dict[str, object] | None:
    if failure is None:
        return None
    return {
        "type": scalar(failure.type),
        "message": scalar(failure.message),
        "phase": failure.phase.value,
        "frames": [_frame(frame) for frame in suite_frames(failure)],
    }


def _frame(frame: Frame) -> dict[str, object]:
    return {"path": scalar(frame.path), "line": frame.line, "function": scalar(frame.function)}


def _cluster(cluster: Cluster) -> dict[str, object]:
    return {
        "id": scalar(cluster.id),
        "exception": scalar(cluster.exception),
        "message": scalar(cluster.template),
        "frame": _frame(cluster.frame) if cluster.frame and in_suite(cluster.frame) else None,
        "sentence": scalar(cluster.sentence),
    }


def _nights(nights: Nights | None) -> dict[str, object] | None:
    if nights is None:
        return None
    return {
        "new": nights.new,
        "open": nights.open,
        "reopened": nights.reopened,
        "converged": nights.converged,
        "removed": nights.removed,
        "alpha": nights.alpha,
        "intermittent": [
            {
                "id": scalar(item.test_id),
                "failing": item.failing.value,
                "worse": item.worse,
                "reverse": item.reverse,
                "nights": item.nights,
                "e_value": finite(item.e_value),
                "reason": scalar(item.reason),
            }
            for item in nights.intermittent
        ],
    }


def _safety(comparison: Comparison) -> dict[str, object]:
    """What is known about the safety of the run. Honest by default: what was not checked says so."""
    known: dict[str, object] = {"effects": "not_checked"}
    for key, facts in (("legacy_dataset", comparison.legacy), ("shadow_dataset", comparison.shadow)):
        kind = dataset(facts)
        if kind is not None:
            known[key] = scalar(kind)
    return known


def _facts(facts: Mapping[str, str]) -> dict[str, str]:
    return {scalar(name): scalar(value) for name, value in facts.items()}


def _text(text: str | None) -> str | None:
    return None if text is None else scalar(text)
