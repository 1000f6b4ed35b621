"""Writes cases as a session file of `shadow-probe/1` (docs/bundle.md), so that a bundle has one format whatever ran the tests."""

from __future__ import annotations

import json
import tempfile
from dataclasses import dataclass
from json.encoder import encode_basestring_ascii as quoted
from typing import TYPE_CHECKING, TextIO

from runners.junit.ledger import Ledger

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from harness.model import Failure
    from runners.junit.case import Case

SCHEMA = "shadow-probe/1"
IDS_A_LINE = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionSummary:
    """What a session file holds. `apart`: ids that several suites carry and that were written with their suites' names; `duplicates`: ids
    that more than one case carries all the same.
    """

    count: int
    apart: tuple[str, ...]
    duplicates: tuple[str, ...]


def to_session_file(cases: Iterable[Case], path: Path, header: Mapping[str, object]) -> SessionSummary:
    """Write `cases` to `path`: header, ids, duplicates, results, footer. The runner adds its `end` line.

    `header` gives the keys of the header line beyond `e` and `schema`. Every case has its `result` line, also where ids repeat. The file
    appears under its name once it is whole: where `cases` raises, nothing is left. Ids are kept in memory, results are not.
    """
    ledger = Ledger()
    part = path.with_name(f"{path.name}.part")
    with tempfile.TemporaryFile("w+", encoding="ascii", dir=path.parent) as results:
        for case in cases:
            ledger.add(case)
            results.write(_result(case))
        results.seek(0)
        apart = ledger.apart()
        summary = SessionSummary(count=len(ledger), apart=tuple(sorted(apart)), duplicates=ledger.duplicates(apart))
        try:
            with part.open("w", encoding="ascii") as out:
                _write(out, header, ledger, summary, results)
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
    return summary


def _write(out: TextIO, header: Mapping[str, object], ledger: Ledger, summary: SessionSummary, results: TextIO) -> None:
    apart = frozenset(summary.apart)
    out.write(_line({"e": "header", "schema": SCHEMA, **header}))
    out.writelines(_line({"e": "collected", "ids": chunk}) for chunk in _chunks(ledger.names(apart)))
    if summary.duplicates:
        out.write(_line({"e": "duplicate", "ids": list(summary.duplicates)}))
    out.write(_line({"e": "collection_finished", "count": summary.count, "deselected": 0}))
    out.writelines(f'{{"e":"result","id":{quoted(name)},{rest}' for name, rest in zip(ledger.names(apart), results, strict=True))
    out.write(_line({"e": "footer", "complete": True, "exit_status": None, "stopped": None}))


def _result(case: Case) -> str:
    """A result line from behind its id on: the id is final only when all cases are known."""
    failure = "" if case.failure is None else f',"failure":{json.dumps(_failure(case.failure), separators=(",", ":"))}'
    seconds = "null" if case.seconds is None else repr(case.seconds)
    return f'"outcome":"{case.outcome}","seconds":{seconds}{failure}}}\n'


def _failure(failure: Failure) -> dict[str, object]:
    frames = [[frame.path, frame.line, frame.function] for frame in failure.frames]
    told: dict[str, object] = {"type": failure.type, "message": failure.message, "phase": failure.phase, "frames": frames}
    if failure.template != failure.message:
        told["template"] = failure.template
    if failure.values:
        told["values"] = failure.values
    return told


def _line(event: Mapping[str, object]) -> str:
    return json.dumps(event, separators=(",", ":")) + "\n"


def _chunks(names: Iterator[str]) -> Iterator[list[str]]:
    chunk: list[str] = []
    for name in names:
        chunk.append(name)
        if len(chunk) == IDS_A_LINE:
            yield chunk
            chunk = []
    if chunk:
        yield chunk
