"""Reads the deep records of session files (docs/deep.md)."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

from harness.errors import BundleError
from harness.model import DeepRecord, Outcome, RerunKind, SuiteParts, VacuousPlan

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from harness.evidence.bundle import Bundle
    from harness.evidence.session import SessionName

_DEEP = b'{"e":"deep",'
_PLAN = "vacuous"
_RESULT = b'{"e":"result",'


def deep_records(path: Path, name: SessionName) -> Iterator[DeepRecord]:
    """The deep records of one session, each with the outcome of its test, in order; the last of a test that was run again.

    Those of fresh pairs are whole; of the others, which may be many, the details are left out. Raises BundleError for a damaged line.
    """
    whole = name.kind is RerunKind.PAIR and name.pair > 0
    waiting: dict[str, DeepRecord] = {}
    with path.open("rb") as file:
        for number, raw in enumerate(file, start=1):
            if not raw.startswith((_DEEP, _RESULT)) or not raw.endswith(b"}\n"):
                continue
            if raw.startswith(_RESULT) and not waiting:
                continue
            try:
                line = json.loads(raw)
                if line["e"] == "deep":
                    read = DeepRecord.from_line if whole else DeepRecord.slim_from_line
                    record = read(line, name.side, pair=name.pair, kind=name.kind)
                    waiting[record.test_id] = record
                    continue
                found = waiting.pop(line["id"], None)
                outcome = Outcome(line["outcome"])
            except (ValueError, KeyError, TypeError):
                raise BundleError(
                    "a line of this session file is damaged", where=f"{path}:{number}", hint="Restore the bundle from a copy, or run the suite again."
                ) from None
            if found is not None:
                yield replace(found, outcome=outcome)


def deep_of(files: Iterable[tuple[SessionName, Path]]) -> tuple[DeepRecord, ...]:
    """The deep records of several sessions."""
    found: list[DeepRecord] = []
    for name, path in files:
        found += deep_records(path, name)
    return tuple(found)


def write_vacuous(bundle: Bundle, plan: VacuousPlan) -> None:
    """Record what the full run counts, before its first session."""
    bundle.write_plan_of(_PLAN, {"parts": list(plan.parts.numbers), "of": plan.parts.of, "last": plan.last, "day": plan.day})


def vacuous_plan(bundle: Bundle) -> VacuousPlan | None:
    """What the full run counts; None where that was nothing, or where a bundle is of a version that ran a sample once more. Raises BundleError."""
    plan = bundle.plan_of(_PLAN)
    if plan is None or "parts" not in plan:
        return None
    try:
        parts = SuiteParts(numbers=tuple(map(int, plan["parts"])), of=int(plan["of"]))
        return VacuousPlan(parts=parts, last=int(plan["last"]), day=int(plan["day"]))
    except (KeyError, TypeError, ValueError):
        raise BundleError(
            "a file of this bundle is damaged",
            where=str(bundle.path / f"{_PLAN}.json"),
            hint="Restore the bundle from a copy, or run the suite again.",
        ) from None
