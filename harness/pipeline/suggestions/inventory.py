"""Entries of the scenario inventory, from what a run recorded: in words that disclose nothing."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from compare.causes.sql import outline
from compare.explanation import deep_records_of
from harness.model import CouplingKind, Remedy, Side, Verdict
from harness.model.suggestion import InventoryEntry

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from harness.model import Coupling, DeepRecord, DeepStatement, Evidence, PairResult

_VOLUMES = ((10, "a few"), (100, "tens"), (1_000, "hundreds"), (10_000, "thousands"), (100_000, "tens of thousands"))
_DIGITS = 10


def entries_of(pairs: Sequence[PairResult], evidence: Evidence) -> tuple[InventoryEntry, ...]:
    """An entry for each scenario that divergent tests with the remedy document_scenario need, by id. Tests that need the same are one entry."""
    wanted = [pair for pair in pairs if pair.verdict is Verdict.DIVERGENT and pair.remedy is Remedy.DOCUMENT_SCENARIO]
    groups: dict[tuple[str, str], list[PairResult]] = {}
    for pair in wanted:
        groups.setdefault(_what(pair), []).append(pair)
    return tuple(sorted((entry_of(group, evidence) for group in groups.values()), key=lambda entry: entry.id))


def entry_of(pairs: Sequence[PairResult], evidence: Evidence) -> InventoryEntry:
    """The entry of tests that need the same scenario."""
    pattern, entity = _what(pairs[0])
    statement = _statement(deep_records_of(evidence, Side.LEGACY, pairs), pairs, entity)
    sentence = next((one.sentence for pair in pairs for one in pair.couplings if one.sentence), "")
    identity = hashlib.sha256(f"{pattern}\n{entity}".encode()).hexdigest()[:_DIGITS]
    return InventoryEntry(
        id=f"{pattern}-{identity}",
        scenario=sentence or f"{entity}: the {pattern.replace('_', ' ')} that legacy's data show is not in shadow's",
        pattern=pattern,
        entity=entity,
        volume=_volume(statement.rows if statement else 0),
        statement=statement.shape if statement else "",
        tests=tuple(sorted(pair.test_id for pair in pairs)),
        since=evidence.run.started_at.date().isoformat(),
        run=evidence.run.id,
    )


def _what(pair: PairResult) -> tuple[str, str]:
    coupling: Coupling | None = next((one for one in pair.couplings if one.kind is CouplingKind.PATTERN), next(iter(pair.couplings), None))
    if coupling is None:
        return "scenario", pair.test_id
    return (coupling.pattern.value if coupling.pattern else coupling.kind.value), coupling.entity


def _statement(records: Mapping[str, DeepRecord], pairs: Sequence[PairResult], entity: str) -> DeepStatement | None:
    """The statement of legacy that touches the entity's table and brings the most rows."""
    table = entity.rpartition(".")[0].rpartition(".")[2].casefold()
    found = [
        one
        for pair in pairs
        if (record := records.get(pair.test_id)) is not None
        for one in record.statements
        if one.touches_data and (not table or table in {name.casefold().rpartition(".")[2] for name in outline(one.sql).tables})
    ]
    return max(found, key=lambda one: one.rows, default=None)


def _volume(rows: int) -> str:
    """How many rows it takes, as a class."""
    if not rows:
        return "not known"
    return next((word for limit, word in _VOLUMES if rows < limit), "hundreds of thousands and more")
