"""SARIF 2.1.0 for code scanning: divergent pairs at the line of the suite where they show.

GitHub refuses a run with more than 25,000 results and an upload above 10 MB compressed; what is cut is counted in a notification.
"""

from __future__ import annotations

import hashlib
import zlib
from dataclasses import dataclass
from json import JSONEncoder
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from harness.model import Direction, Verdict
from harness.report.couplings import coupling_line
from harness.report.escaping import scalar, shorten, visible
from harness.report.findings import Findings, failure_line, finite, moment, outcomes, suite_frames, with_verdict
from harness.report.output import open_report
from harness.report.sarif_places import ROOT, SCHEMA_URI, location, place_results, place_rule, plain

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import TextIO

    from harness.model import Comparison, Frame, PairResult
    from harness.report.output import Destination

MAX_RESULTS: Final = 25_000
"""Results in one run; code scanning shows the first 5,000."""

MAX_COMPRESSED: Final = 9_000_000
"""Bytes of results after compression at zlib's fastest level, which uploads stay below."""

_LONGEST_MESSAGE = 1_000
_MAX_RELATED = 5

_RULES: Final = {
    None: "The test differs between the sides.",
    Direction.LEGACY_ONLY_PASS: "The test passes on legacy and fails on shadow.",
    Direction.SHADOW_ONLY_PASS: "The test passes on shadow and fails on legacy.",
    Direction.LEGACY_ONLY_COLLECTED: "The test is collected on legacy only.",
    Direction.SHADOW_ONLY_COLLECTED: "The test is collected on shadow only.",
    Direction.SKIP_MISMATCH: "The test is skipped on one side only.",
    Direction.OBSERVATION: "The test passes on both sides and observes different shapes.",
    Direction.EFFECT: "The test passes on both sides and has different effects.",
}
_RULE_INDEX = {direction: index for index, direction in enumerate(_RULES)}

_encode = JSONEncoder(ensure_ascii=True, allow_nan=False).encode


def write_sarif(comparison: Comparison, path: Destination) -> None:
    """Write SARIF 2.1.0. Pairs without a line inside the suite are left out and counted. Raises UsageError where it cannot be written."""
    with open_report(path, "SARIF report") as out:
        out.write(f'{{"$schema": {_encode(SCHEMA_URI)},\n"version": "2.1.0",\n"runs": [{{\n')
        out.write(f'"tool": {_encode(_tool(comparison))},\n')
        out.write(f'"automationDetails": {_encode({"id": _category(comparison)})},\n')
        out.write(f'"originalUriBaseIds": {_encode({ROOT: {"description": {"text": "The root of the suite."}}})},\n')
        out.write('"columnKind": "unicodeCodePoints",\n"results": [')
        left_out = _write_results(out, comparison)
        out.write(f'],\n"invocations": [{_encode(_invocation(comparison, left_out))}]\n}}]}}\n')


@dataclass(slots=True)
class _LeftOut:
    """Divergent pairs that are no result, by why; `places` are latent couplings that are none."""

    placeless: int = 0
    cut: int = 0
    places: int = 0


def _write_results(out: TextIO, comparison: Comparison) -> _LeftOut:
    left_out = _LeftOut()
    gauge = zlib.compressobj(level=1)
    written = compressed = 0
    for pair in with_verdict(comparison, Verdict.DIVERGENT):
        frames = suite_frames(pair.failure)
        if not frames and not pair.couplings:
            left_out.placeless += 1
            continue
        if left_out.cut or written == MAX_RESULTS:
            left_out.cut += 1
            continue
        row = _encode(_result(pair, frames))
        compressed += len(gauge.compress(row.encode("ascii")))
        if compressed > MAX_COMPRESSED:
            left_out.cut += 1
            continue
        out.write((",\n" if written else "\n") + row)
        written += 1
    for number, result in enumerate(place_results(comparison.latent, len(_RULES))):
        row = _encode(result)
        compressed += len(gauge.compress(row.encode("ascii")))
        if written == MAX_RESULTS or compressed > MAX_COMPRESSED:
            left_out.places = len(comparison.latent) - number
            break
        out.write((",\n" if written else "\n") + row)
        written += 1
    return left_out


def _tool(comparison: Comparison) -> dict[str, object]:
    driver: dict[str, object] = {
        "name": "Shadow Harness",
        "rules": [
            {
                "id": _rule_id(direction),
                "shortDescription": {"text": sentence},
                "fullDescription": {"text": f"{sentence} The suite ran against a production copy (legacy) and against synthetic data (shadow)."},
                "help": {"text": "Look at both sides' failures in the HTML report or the dashboard; tests of one cluster are mended by one change."},
                "defaultConfiguration": {"level": "error"},
                "properties": {"tags": ["shadow", "divergence"]},
            }
            for direction, sentence in _RULES.items()
        ]
        + [place_rule()],
    }
    if comparison.run.harness_version:
        driver["version"] = scalar(comparison.run.harness_version)
    return {"driver": driver}


def _category(comparison: Comparison) -> str:
    """`shadow/SUITE/RUN`: code scanning takes what stands before the last slash for the category."""
    return f"shadow/{_quoted(comparison.run.suite, safe='')}/{_quoted(comparison.run.id, safe='')}"


def _result(pair: PairResult, frames: tuple[Frame, ...]) -> dict[str, object]:
    result: dict[str, object] = {
        "ruleId": _rule_id(pair.direction),
        "ruleIndex": _RULE_INDEX[pair.direction],
        "level": "error",
        "message": {"text": _message(pair)},
        "locations": [_at(pair, frames) | _named(pair.test_id)],
        "partialFingerprints": _fingerprints(pair),
        "properties": {
            "test": scalar(pair.test_id),
            "verdict": pair.verdict.value,
            "confirmed": bool(pair.confirmed),
            "eValue": finite(pair.e_value),
            "cluster": None if pair.cluster is None else scalar(pair.cluster),
        },
    }
    related = [location(one.path, one.line, one.column) | {"message": {"text": plain(coupling_line(one))}} for one in pair.couplings[:_MAX_RELATED]]
    related += [location(frame.path, frame.line) | {"message": {"text": "called from here"}} for frame in frames[:-1][-_MAX_RELATED:]]
    if related:
        result["relatedLocations"] = related
    return result


def _at(pair: PairResult, frames: tuple[Frame, ...]) -> dict[str, object]:
    """Where the failure shows; without a frame in the suite, where its first coupling is."""
    return location(frames[-1].path, frames[-1].line) if frames else location(pair.couplings[0].path, pair.couplings[0].line)


def _named(test_id: str) -> dict[str, object]:
    return {"logicalLocations": [{"fullyQualifiedName": shorten(visible(test_id), _LONGEST_MESSAGE), "kind": "function"}]}


def _rule_id(direction: Direction | None) -> str:
    return direction.value if direction else "divergence"


def _message(pair: PairResult) -> str:
    """The first sentence stands alone, because code scanning shows no more where there is little room."""
    causes = [plain(coupling_line(one)) for one in pair.couplings[:_MAX_RELATED]]
    sentences = [f"{plain(pair.test_id)} diverges: {outcomes(pair)}.", *causes, plain(failure_line(pair.failure)), plain(pair.reason)]
    return "\n".join(sentence for sentence in sentences if sentence)


def _fingerprints(pair: PairResult) -> dict[str, str]:
    """No line number in them: an edit above a test makes no new alert. GitHub tells alerts apart by the first."""
    identity = hashlib.sha256()
    for part in (pair.test_id, _rule_id(pair.direction), pair.fingerprint or ""):
        encoded = part.encode("utf-8", "surrogatepass")
        identity.update(len(encoded).to_bytes(8, "big") + encoded)
    known = {"primaryLocationLineHash": f"{identity.hexdigest()[:16]}:1"}
    if pair.cluster:
        known["shadowCluster/v1"] = scalar(pair.cluster)
    return known


def _quoted(text: str, *, safe: str) -> str:
    return quote(scalar(text), safe=safe)


def _invocation(comparison: Comparison, left_out: _LeftOut) -> dict[str, object]:
    run = comparison.run
    known: dict[str, object] = {
        "executionSuccessful": run.complete and not comparison.infrastructure,
        "exitCode": int(comparison.exit),
        "startTimeUtc": moment(run.started_at),
        "toolExecutionNotifications": list(_notifications(comparison, left_out)),
    }
    if run.finished_at:
        known["endTimeUtc"] = moment(run.finished_at)
    return known


def _notifications(comparison: Comparison, left_out: _LeftOut) -> Iterator[dict[str, object]]:
    for fault in comparison.infrastructure:
        side = f"{fault.side}: " if fault.side else ""
        yield _notification("error", f"{side}{plain(fault.message)} Do: {plain(fault.hint)}")
    bound = Findings.of(comparison).bound
    if not bound.holds:
        yield _notification("warning", bound.reason)
    if left_out.cut:
        yield _notification("warning", f"{left_out.cut:,} more divergent tests are left out, for GitHub's limits; report.json has them all.")
    if left_out.places:
        yield _notification("warning", f"{left_out.places:,} more latent couplings are left out, for GitHub's limits; report.json has them all.")
    if left_out.placeless:
        yield _notification("note", f"{left_out.placeless:,} divergent tests have no line in the suite and are left out; report.json has them all.")


def _notification(level: str, text: str) -> dict[str, object]:
    return {"level": level, "message": {"text": text}}
