"""What a bundle keeps of the suite's source and the identity index: `couplings.json`, without a value of the data (docs/bundle.md)."""

from __future__ import annotations

import itertools
import json
import os
import re
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from harness.errors import BundleError
from harness.model import CouplingKind, KnownLiteral, ReachedLiteral, SourceEvidence
from harness.model.coupling import LiteralForm, LiteralSource, Match, Presence

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
    from typing import TextIO

    from harness.evidence.bundle import Bundle

SCHEMA = "shadow-couplings/1"
_FILE = "couplings.json"
_DEEP = b'"deep"'
_HEAD = 24  # bytes of a line within which its kind stands
_FINGERPRINT = re.compile(rb'"([0-9a-f]{12})"')
_Numbered = TypeVar("_Numbered", bound="Hashable")


def write_sources(bundle: Bundle, sources: SourceEvidence) -> None:
    """Record it, in place of what was recorded before. Raises OSError."""
    path = bundle.path / _FILE
    draft = path.with_name(f".{_FILE}.tmp")
    with draft.open("w", encoding="ascii") as file:
        _write(file, sources)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def source_evidence(bundle: Bundle) -> SourceEvidence | None:
    """What was recorded; None where couplings were not looked for. Raises BundleError."""
    path = bundle.path / _FILE
    try:
        content = json.loads(path.read_text(encoding="ascii"))
        if content["schema"] != SCHEMA:
            raise BundleError(f"this file has the format {content['schema']!a}", where=str(path), expected=SCHEMA)
        return _evidence(content)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, IndexError, AttributeError):
        raise BundleError(
            "a file of this bundle is damaged", where=str(path), hint="Restore the bundle from a copy, or run the suite again."
        ) from None


def deep_fingerprints(bundle: Bundle) -> frozenset[str]:
    """All fingerprints in the deep records of a bundle's fresh pairs: of values that were bound, requested or fetched."""
    found: set[bytes] = set()
    for path in (bundle.path / "sessions").glob("*-pair*.jsonl"):
        with path.open("rb") as file:
            for line in file:
                if _DEEP in line[:_HEAD]:
                    found.update(_FINGERPRINT.findall(line))
    return frozenset(one.decode("ascii") for one in found)


def _write(file: TextIO, sources: SourceEvidence) -> None:
    """A literal and a test on a line of its own. What says the same of many values stands once, and is referred to by its number."""
    matches = _Numbers[Match](itertools.chain.from_iterable((*(one.matches for one in sources.literals), *sources.values.values())))
    kinds = _Numbers[LiteralSource](LiteralSource)
    file.write(f'{{"schema": "{SCHEMA}",\n"unavailable": {json.dumps(sources.unavailable)},\n"sources": {json.dumps(list(kinds))},\n')
    _rows(file, "matches", ([one.entity, one.kind, one.content, one.presence, one.density] for one in matches))
    _rows(file, "literals", (_literal_row(one, matches) for one in sources.literals))
    _rows(file, "everywhere", (_reached_row(one, kinds) for one in sources.everywhere))
    _table(file, "reached", ((test_id, [_reached_row(one, kinds) for one in found]) for test_id, found in sources.reached.items()))
    _table(file, "values", ((fingerprint, matches.of(found)) for fingerprint, found in sources.values.items()))
    file.write('"end": true}\n')


class _Numbers(Generic[_Numbered]):
    """Different values in the order in which they first came, with their numbers."""

    def __init__(self, values: Iterable[_Numbered]) -> None:
        self._known: dict[_Numbered, int] = {}
        for value in values:
            self._known.setdefault(value, len(self._known))

    def __iter__(self) -> Iterator[_Numbered]:
        return iter(self._known)

    def of(self, values: Iterable[_Numbered]) -> list[int]:
        return [self._known[value] for value in values]


def _rows(file: TextIO, key: str, rows: Iterable[object]) -> None:
    file.write(f'"{key}": [')
    _separated(file, map(_encode, rows))
    file.write("],\n")


def _table(file: TextIO, key: str, rows: Iterable[tuple[str, object]]) -> None:
    file.write(f'"{key}": {{')
    _separated(file, (f"{_encode(name)}: {_encode(row)}" for name, row in rows))
    file.write("},\n")


def _separated(file: TextIO, rows: Iterable[str]) -> None:
    before = "\n"
    for row in rows:
        file.write(before + row)
        before = ",\n"


_encode = json.JSONEncoder(separators=(",", ":")).encode


def _literal_row(one: KnownLiteral, matches: _Numbers[Match]) -> list[object]:
    return [one.path, one.line, one.column, one.form, one.token, one.fingerprints, matches.of(one.matches), one.name]


def _reached_row(one: ReachedLiteral, kinds: _Numbers[LiteralSource]) -> list[int]:
    return [one.literal, *kinds.of([one.source]), one.distance]


def _evidence(content: Mapping[str, Any]) -> SourceEvidence:
    matches = [
        Match(entity=entity, kind=CouplingKind(kind), content=what, presence=Presence(presence), density=float(density))
        for entity, kind, what, presence, density in content["matches"]
    ]
    kinds = [LiteralSource(kind) for kind in content["sources"]]
    literals = tuple(_literal(row, matches) for row in content["literals"])
    if not content["end"]:
        raise ValueError("cut short")
    return SourceEvidence(
        literals=literals,
        reached={test_id: tuple(_reached(row, kinds, len(literals)) for row in rows) for test_id, rows in content["reached"].items()},
        everywhere=tuple(_reached(row, kinds, len(literals)) for row in content["everywhere"]),
        values={fingerprint: tuple(matches[number] for number in numbers) for fingerprint, numbers in content["values"].items()},
        unavailable=str(content["unavailable"]),
    )


def _literal(row: Sequence[Any], matches: Sequence[Match]) -> KnownLiteral:
    path, line, column, form, token, fingerprints, numbers, name = row
    return KnownLiteral(
        path=path,
        line=int(line),
        column=int(column),
        form=LiteralForm(form),
        token=token,
        fingerprints=tuple(fingerprints),
        matches=tuple(matches[number] for number in numbers),
        name=name,
    )


def _reached(row: Sequence[int], kinds: Sequence[LiteralSource], literals: int) -> ReachedLiteral:
    literal, kind, distance = row
    if not 0 <= literal < literals:
        raise IndexError(literal)
    return ReachedLiteral(literal=literal, source=kinds[kind], distance=int(distance))
