"""Couplings in words: what a test depends on, where that stands, and why it is believed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.model.suggestion import SuggestionKind

if TYPE_CHECKING:
    from harness.model import Coupling, PairResult

_SIGNALS = {
    "literal": "the test reaches it",
    "legacy_only": "only legacy holds it",
    "name": "it is named so",
    "bound_parameter": "it was bound in a statement",
    "requested": "it was requested",
    "found_nothing": "it finds nothing on shadow",
    "result_shape": "results differ in shape",
    "assertion": "the assertion speaks of it",
    "counterfactual": "with shadow's own the test passes",
    "other_record": "another record fails",
}

_PATTERNS = {
    "null": "NULLs in",
    "fan_out": "the fan-out of",
    "cardinality": "the number of",
    "ordering": "the order by",
    "time_window": "the time window of",
    "value_set": "the set of values of",
    "aggregate": "an aggregate of",
    "format": "the format of",
}

_REMEDIES = {
    "make_data_agnostic": "take the record from a fixture or a query, so that any dataset will do",
    "add_synthetic_case": "add a synthetic case with this pattern to shadow's data",
    "document_scenario": "put the scenario into the inventory",
    "fix_environment": "mend the environment: settings differ, not data",
    "quarantine_flaky": "quarantine the test until it is stable",
    "none": "",
}


def coupling_place(coupling: Coupling) -> str:
    """`path:line:column`, as editors take it."""
    return f"{coupling.path}:{coupling.line}:{coupling.column}"


def coupling_line(coupling: Coupling) -> str:
    """`suite/test_web.py:9:12 depends on Customer.CustomerId (number:7f3a91): the test reaches it, only legacy holds it; likely`."""
    return f"{coupling_place(coupling)} depends on {coupling_subject(coupling)}: {coupling_reasons(coupling)}; {coupling.strength.value}"


def coupling_subject(coupling: Coupling) -> str:
    """What is depended on: the entity with the token, or the pattern of it."""
    if coupling.pattern is not None:
        return f"{_PATTERNS[coupling.pattern.value]} {coupling.entity}"
    return f"{coupling.entity} ({coupling.token})" if coupling.token else coupling.entity


def coupling_reasons(coupling: Coupling) -> str:
    """Its signals in words."""
    return ", ".join(_SIGNALS.get(signal.value, signal.value.replace("_", " ")) for signal in coupling.signals) or "no signal is known"


def explanation(pair: PairResult) -> tuple[str, ...]:
    """Why a pair diverges and what to do, as sentences; empty where neither is known."""
    known = [f"cause: {pair.cause.value.replace('_', ' ')}"] if pair.cause and pair.cause.value != "unknown" else []
    known += [coupling_line(one) for one in pair.couplings if not one.latent]
    known += [one.sentence for one in pair.couplings if one.sentence and not one.latent]
    todo = _REMEDIES[pair.remedy.value]
    untried = dict.fromkeys(f"no experiment {one.kind.value.replace('_', ' ')}: {one.obstacle}" for one in pair.experiments if one.obstacle)
    notes = pair.suggestion.notes if pair.suggestion is not None and pair.suggestion.kind is SuggestionKind.CASE else ()
    return (*known, *((f"do: {todo}{suggested(pair)}",) if todo else ()), *notes, *untried)


def suggested(pair: PairResult) -> str:
    """What was suggested, in one phrase behind a remedy: the command, or why there is none; empty where nothing was."""
    one = pair.suggestion
    if one is None:
        return ""
    if one.obstacle:
        return f" (no patch: {one.obstacle})"
    return f": {one.command}{' (proven)' if one.proven else ''}"
