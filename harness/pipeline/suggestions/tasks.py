"""What is asked of a patch, from what a run recorded and what the suite's source says now. Values are in memory only."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from compare.causes.sql import outline
from harness.model import CouplingKind, Remedy, Side, Verdict
from harness.model.canonical import canonical
from harness.model.coupling import LiteralForm, LiteralSource
from runners.patching.asked import Case, Spot, Task, Touched

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from harness.evidence import ProjectKey
    from harness.model import Coupling, DeepRecord, KnownLiteral, PairResult, SourceEvidence
    from harness.model.coupling import Reached
    from runners.literals.suite import SuiteLiterals

_SUM = re.compile(r"\bsum\s*\(\s*(?:\w+\.)?[\"`\[]?(\w+)", re.IGNORECASE)
_COUNT = re.compile(r"\bcount\s*\(", re.IGNORECASE)
_CASE = re.compile(r"(?:\[| \[).*\Z", re.DOTALL)
_PIECE = re.compile(r"[^\s\"'/?&=,;()\[\]{}<>]+")
_FALSE_WORDS = {LiteralSource.COMMENT, LiteralSource.DOCSTRING}


def function_of(test_id: str) -> str:
    """The test function of a test, without its parameters or its subtest."""
    path, separator, rest = test_id.partition("::")
    return f"{path}{separator}{_CASE.sub('', rest)}"


def is_for_patch(pair: PairResult) -> bool:
    """Whether a divergence is one that a patch is for."""
    return pair.verdict is Verdict.DIVERGENT and pair.remedy is Remedy.MAKE_DATA_AGNOSTIC


def tasks_of(
    pairs: Iterable[PairResult], sources: SourceEvidence, suite: SuiteLiterals, deep: Mapping[Side, Mapping[str, DeepRecord]], key: ProjectKey
) -> tuple[Task, ...]:
    """The tasks of the pairs that a patch is for, a test function each, in the order of their ids."""
    by_function: dict[str, list[Case]] = {}
    for pair in pairs:
        if is_for_patch(pair):
            by_function.setdefault(function_of(pair.test_id), []).append(_case(pair, sources, suite, deep.get(Side.LEGACY, {}), key))
    return tuple(Task(function=name, cases=tuple(cases)) for name, cases in sorted(by_function.items()))


def _case(pair: PairResult, sources: SourceEvidence, suite: SuiteLiterals, deep: Mapping[str, DeepRecord], key: ProjectKey) -> Case:
    places = {(one.path, one.line, one.column, one.token): one.entity for one in pair.couplings if one.kind is not CouplingKind.PATTERN}
    known = [one for one in sources.literals if (one.path, one.line, one.column, one.token) in places]
    select = _CASE.sub("", pair.test_id) if " [" in pair.test_id else pair.test_id
    placed = {(one.path, one.line, one.column, one.token) for one in known}
    loose = [one for one in pair.couplings if one.kind is not CouplingKind.PATTERN and (one.path, one.line, one.column, one.token) not in placed]
    found = [spot for one in loose for spot in _on_line(one, suite.files.root, key)]
    spots = dict.fromkeys(found) | dict.fromkeys(
        _spot(one, known, places, key) for one in suite.literals_of(select) if one.source not in _FALSE_WORDS
    )
    record = deep.get(pair.test_id)
    return Case(test_id=pair.test_id, spots=_without_doubles(tuple(spots)), touched=touched_by(record) if record else ())


def _on_line(coupling: Coupling, root: Path, key: ProjectKey) -> Iterator[Spot]:
    """The pieces of a line whose value has a coupling's token: where it was seen in a request, the literal itself is not known."""
    digits = (coupling.token or "").rpartition(":")[2]
    try:
        lines = (root / coupling.path).read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError):
        return
    line = lines[coupling.line - 1] if coupling.line <= len(lines) else ""
    for piece in _PIECE.finditer(line) if digits else ():
        spelling = canonical(piece.group())
        if spelling is not None and key.fingerprint(spelling).startswith(digits):
            yield Spot(
                value=piece.group(),
                path=coupling.path,
                line=coupling.line,
                column=piece.start() + 1,
                form=LiteralForm.PART,
                source=LiteralSource.BODY,
                entity=coupling.entity,
            )


def _spot(reached: Reached, known: Sequence[KnownLiteral], places: Mapping[tuple[str, int, int, str | None], str], key: ProjectKey) -> Spot:
    literal = reached.literal
    spelling = canonical(literal.value)
    fingerprint = key.fingerprint(spelling) if spelling is not None else ""
    entity = next(
        (
            places[one.path, one.line, one.column, one.token]
            for one in known
            if (one.path, one.line, one.column) == (literal.path, literal.line, literal.column) and fingerprint in one.fingerprints
        ),
        None,
    )
    return Spot(
        value=literal.value,
        path=literal.path,
        line=literal.line,
        column=literal.column,
        form=literal.form,
        source=reached.source,
        name=literal.name,
        entity=entity,
    )


def _without_doubles(spots: tuple[Spot, ...]) -> tuple[Spot, ...]:
    """Of a value that is reached as a whole and as a part of itself, at one place, the whole."""
    found: dict[tuple[str, int, int, str], Spot] = {}
    for spot in spots:
        place = (spot.path, spot.line, spot.column, str(spot.value))
        if place not in found or (spot.entity and not found[place].entity) or (spot.form == "written" and found[place].form == "part"):
            found[place] = spot
    return tuple(found.values())


def touched_by(record: DeepRecord) -> tuple[Touched, ...]:
    """The statements of a deep record, as far as a patch asks."""
    found = (
        Touched(tables=outline(one.sql).tables, sums=tuple(_SUM.findall(one.sql)), counts=_COUNT.search(one.sql) is not None, rows=one.fetched)
        for one in record.statements
        if one.touches_data and not one.failed
    )
    return tuple(dict.fromkeys(found))
