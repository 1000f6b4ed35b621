"""Places of a suite's source as SARIF results: couplings of tests that agree, and what `shadow scan` finds."""

from __future__ import annotations

import hashlib
from collections import Counter
from json import JSONEncoder
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from harness import __version__
from harness.report.escaping import scalar, shorten, visible
from harness.report.output import open_report

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from harness.model import Coupling
    from harness.report.output import Destination

ROOT: Final = "SRCROOT"
SCHEMA_URI: Final = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
RULE: Final = "real_identifier"
MAX_PLACES: Final = 20_000
"""Results of a scan, below GitHub's limits whatever they hold."""

_LONGEST: Final = 1_000
_SAID: Final = "The source holds a real identifier: a value that only the production copy has."
_encode = JSONEncoder(ensure_ascii=True, allow_nan=False).encode


def place_rule() -> dict[str, object]:
    """The rule that such places break."""
    return {
        "id": RULE,
        "shortDescription": {"text": _SAID},
        "fullDescription": {
            "text": f"{_SAID} No test has to diverge for it to be an exposure. The value itself is not shown: a token stands for it."
        },
        "help": {"text": "Take the record from a fixture or a query, or write an invented value where it only has to look right."},
        "defaultConfiguration": {"level": "warning"},
        "properties": {"tags": ["shadow", "coupling"]},
    }


def place_results(couplings: Iterable[Coupling], index: int) -> Iterator[dict[str, object]]:
    """A result for each place; `index` is that of the rule. In their fingerprints stands no line: the count among equal ones in a file does."""
    seen: Counter[tuple[str, str, str | None]] = Counter()
    for one in couplings:
        mark = (one.path, one.entity, one.token)
        seen[mark] += 1
        yield {
            "ruleId": RULE,
            "ruleIndex": index,
            "level": "warning",
            "message": {"text": plain(f"{one.sentence or _SAID} ({one.token}).")},
            "locations": [location(one.path, one.line, one.column)],
            "partialFingerprints": {"primaryLocationLineHash": f"{_identity(*mark, seen[mark])}:1"},
            "properties": {"kind": one.kind.value, "entity": scalar(one.entity), "token": one.token, "strength": one.strength.value},
        }


def location(path: str, line: int, column: int | None = None) -> dict[str, object]:
    """A place of the suite."""
    region = {"startLine": line} | ({} if column is None else {"startColumn": column})
    artifact = {"uri": quote(scalar(path), safe="/"), "uriBaseId": ROOT}
    return {"physicalLocation": {"artifactLocation": artifact, "region": region}}


def plain(text: str) -> str:
    """Text in which nothing is read as SARIF's embedded link."""
    return shorten(visible(text), _LONGEST).replace("](", "] (")


def write_places_sarif(couplings: Sequence[Coupling], path: Destination) -> None:
    """Write SARIF 2.1.0 of places alone, as `shadow scan` finds them. Raises UsageError where it cannot be written."""
    left_out = len(couplings) - MAX_PLACES
    notes = [{"level": "warning", "message": {"text": f"{left_out:,} more places are left out, for GitHub's limits."}}] if left_out > 0 else []
    run = {
        "tool": {"driver": {"name": "Shadow Harness", "version": __version__, "rules": [place_rule()]}},
        "automationDetails": {"id": "shadow/scan/"},
        "originalUriBaseIds": {ROOT: {"description": {"text": "The root of the suite."}}},
        "columnKind": "unicodeCodePoints",
        "results": list(place_results(couplings[:MAX_PLACES], 0)),
        "invocations": [{"executionSuccessful": True, "toolExecutionNotifications": notes}],
    }
    with open_report(path, "SARIF report") as out:
        out.write(_encode({"$schema": SCHEMA_URI, "version": "2.1.0", "runs": [run]}) + "\n")


def _identity(*parts: object) -> str:
    identity = hashlib.sha256()
    for part in parts:
        encoded = str(part).encode("utf-8", "surrogatepass")
        identity.update(len(encoded).to_bytes(8, "big") + encoded)
    return identity.hexdigest()[:16]
