"""What a case has to show, from what a run recorded of a divergent test."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING

from compare.causes.results import groups
from compare.explanation import deep_records_of
from harness.errors import UsageError
from harness.model import CouplingKind, Side, Verdict
from harness.model.canonical import canonical
from harness.model.coupling import Presence
from harness.pipeline.suggestions.unlooked import not_looked_for
from harness.pipeline.verdict import decide
from runners.cases.wanted import Wanted

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from compare.causes.results import Group
    from harness.evidence import Bundle, ProjectKey
    from harness.model import Coupling, Evidence, PairResult
    from runners.cases.dataset import Dataset
    from runners.identity.schema import Table

_REQUEST = re.compile(r"[A-Z]+ /")
_DESCENDING = re.compile(r"\border\s+by\b[^,)]*?\bdesc\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A divergent test of a run, with the coupling that its case is for and the statements that both sides issued."""

    evidence: Evidence
    pair: PairResult
    coupling: Coupling
    groups: tuple[Group, ...]


def asked_in(bundle: Bundle, test_id: str) -> Asked:
    """What a run says of a test. Raises UsageError where it says nothing that a case could be for."""
    evidence = bundle.evidence()
    pairs = {pair.test_id: pair for pair in decide(evidence).pairs}
    run = evidence.run.id
    pair = pairs.get(test_id)
    if pair is None:
        near = get_close_matches(test_id, list(pairs), n=1)
        raise UsageError(f"run {run} has no such test", where=test_id, hint=f"Did you mean {near[0]}?" if near else "See: shadow report")
    if pair.verdict is not Verdict.DIVERGENT:
        raise UsageError(f"this test is {pair.verdict.value} in run {run}", where=test_id, expected="a divergent test")
    if not pair.couplings and (unlooked := not_looked_for(evidence)) is not None:
        raise unlooked
    if not pair.couplings:
        cause = pair.cause.value if pair.cause else "unknown"
        raise UsageError(
            f"nothing is known of the data that this test needs (cause: {cause})",
            where=test_id,
            hint="A case is made of a coupling to the data, and the run has found none. See what its report says: shadow report",
        )
    records = [deep_records_of(evidence, side, [pair]).get(test_id) for side in Side]
    return Asked(evidence=evidence, pair=pair, coupling=pair.couplings[0], groups=groups(*records))


def asked_for(asked: Asked) -> tuple[int, ...]:
    """Literals (places in `SourceEvidence.literals`) of records that both sides asked for by their key, and that legacy alone has.

    What a pattern shows of one such record, no other record shows as long as the test names this one.
    """
    sources = asked.evidence.sources
    if sources is None:
        return ()
    bound = [_bound(asked.groups, side) for side in Side]
    found = []
    for one in sources.reached.get(asked.pair.test_id, ()):
        literal = sources.literals[one.literal]
        columns = {match.entity.rpartition(".")[2].casefold() for match in literal.matches if match.presence is Presence.LEGACY}
        if any(all((column, mark) in side for side in bound) for column in columns for mark in literal.fingerprints[:1]):
            found.append(one.literal)
    return tuple(dict.fromkeys(found))


def asked_texts(asked: Asked, legacy: Dataset, key: ProjectKey) -> tuple[str, ...]:
    """Texts of enumerations that a statement asked for on shadow, which does not hold them: they came from the source, not from data."""
    marks = {mark for _, mark in _bound(asked.groups, Side.SHADOW)}
    named = {name.rpartition(".")[2].casefold() for group in asked.groups for name in group.outline.tables}
    tables = [table for table in legacy.tables.values() if table.bare.casefold() in named]
    columns = [(table, one.name) for table in tables for one in table.columns if one.family == "text" and legacy.is_few_valued(table, one.name)]
    values = {value for table, name in columns for value in legacy.values(table, name)[0] if isinstance(value, str)}
    return tuple(sorted(value for value in values if (spelling := canonical(value)) is not None and key.fingerprint(spelling) in marks))


def _bound(every: Sequence[Group], side: Side) -> frozenset[tuple[str, str]]:
    """The columns that a side compared with values, with the fingerprints of these."""
    found: set[tuple[str, str]] = set()
    for group in every:
        places = group.outline.placeholders
        for statement in (group.legacy if side is Side.LEGACY else group.shadow).executions:
            if len(places) == len(statement.parameters):
                pairs = zip(places, statement.parameters, strict=True)
                found |= {(place.column.name.casefold(), mark) for place, value in pairs if place.column is not None for mark in value.fingerprints}
    return frozenset(found)


def wanted_of(asked: Asked, legacy: Dataset) -> Wanted:
    """The pattern, with table and columns of legacy's data. Raises UsageError where the table cannot be told."""
    coupling = asked.coupling
    if coupling.kind is not CouplingKind.PATTERN or coupling.pattern is None:
        raise ValueError("only patterns are wanted")
    is_request = _REQUEST.match(coupling.entity) is not None
    table, column = _by_request(coupling.entity, legacy) if is_request else _placed(coupling.entity, asked.groups, legacy)
    if table is None:
        raise UsageError(
            f"no case can be made: {coupling.entity or 'what the test asks'} is no table or column of legacy's database",
            where=asked.pair.test_id,
            hint="Tests that see the data through another process alone do not show which rows they need: write the case by hand.",
        )
    ours = [group for group in asked.groups if table.bare.casefold() in {name.rpartition(".")[2].casefold() for name in group.outline.tables}]
    columns = tuple(dict.fromkeys([column] if column else _columns(ours, table)))
    return Wanted(
        pattern=coupling.pattern,
        table=table,
        columns=columns,
        order=tuple(_real(table, [one.name for group in ours for one in group.outline.ordered])),
        descending=any(_DESCENDING.search(group.sql) for group in ours),
    )


def _placed(entity: str, every: Sequence[Group], legacy: Dataset) -> tuple[Table | None, str | None]:
    """The table and column that an entity names: `Table.Column`, a table, or a column of one of the statements' tables."""
    if (table := legacy.table(entity)) is not None:
        return table, None
    name, _, column = entity.rpartition(".")
    table = legacy.table(name) or next((one for one in legacy.tables.values() if one.bare.casefold() == name.casefold()), None)
    if table is not None:
        found = table.column(column)
        return table, found.name if found else None
    for group in every:
        for one in group.outline.tables:
            table = legacy.table(one)
            if table is not None and (found := table.column(column)) is not None:
                return table, found.name
    return None, None


def _by_request(entity: str, legacy: Dataset) -> tuple[Table | None, str | None]:
    """The table that is called like a word of a request's path, the last first, and the column that the answer's key is called like."""
    path, _, key = entity.partition(" ")[2].rpartition(".")
    words = re.findall(r"[a-z]\w*", (path or key).casefold())
    for word in reversed(words):
        for table in legacy.tables.values():
            if _singular(word) in {_singular(table.bare.casefold()), _singular(table.bare.casefold().rpartition("_")[2])}:
                return table, _column_called(key, table)
    for table in legacy.tables.values():
        if (name := _column_called(key, table)) is not None:
            return table, name
    return None, None


def _column_called(key: str, table: Table) -> str | None:
    """The column that an answer's key is called like: the same word, one of its parts, or nearly."""
    plain = {re.sub(r"[^a-z0-9]", "", one.name.casefold()): one.name for one in table.columns}
    for word in (key, key.rpartition("_")[2]):
        near = get_close_matches(re.sub(r"[^a-z0-9]", "", word.casefold()), plain, n=1, cutoff=0.75)
        if near:
            return plain[near[0]]
    return None


def _singular(word: str) -> str:
    """A word without the ending of its plural, near enough for two spellings to meet."""
    return word[:-3] + "y" if word.endswith("ies") else word.removesuffix("es") if word.endswith("sses") else word.removesuffix("s")


def _columns(ours: Sequence[Group], table: Table) -> Iterator[str]:
    """The columns that the statements work on, where the coupling names none: those of functions, and of what is selected as different values."""
    yield from _real(table, [column.name for group in ours for _, column in group.outline.selected if column is not None])
    yield from _real(table, [column.name for group in ours if group.outline.distinct for column in group.outline.selected_columns])


def _real(table: Table, names: Sequence[str]) -> Iterator[str]:
    for name in names:
        found = table.column(name)
        if found is not None:
            yield found.name
