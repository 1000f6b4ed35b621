"""`retention.jsonl` beside the bundles: the tombstones of those that were removed, and what a rebuild has to go on from without them."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Any

from harness.errors import BundleError
from harness.model import (
    Carried,
    Direction,
    Discordance,
    DivergenceRow,
    DivergenceState,
    Moment,
    RecordedRename,
    Rename,
    RenameReason,
    Retention,
    Tombstone,
    Totals,
)

if TYPE_CHECKING:
    from pathlib import Path

SCHEMA = "shadow-retention/1"
FILE = "retention.jsonl"


def read_retention(runs: Path) -> Retention:
    """What was removed from a folder of bundles; nothing where no file says so. Raises BundleError where it cannot be read."""
    path = runs / FILE
    if not path.exists():
        return Retention()
    try:
        lines = [json.loads(line) for line in path.read_text(encoding="ascii").splitlines()]
        if lines[0]["schema"] != SCHEMA:
            raise BundleError(f"this file has the format {lines[0]['schema']!r}", where=str(path), expected=SCHEMA)
        return _parsed(lines[1:])
    except (OSError, ValueError, KeyError, TypeError, IndexError) as error:
        raise BundleError(
            f"the list of removed runs cannot be read ({type(error).__name__})",
            where=str(path),
            hint="Restore it from a copy; without it, divergences begin with the oldest run that is left.",
        ) from None


def write_retention(runs: Path, retention: Retention) -> None:
    """Write what was removed, whole or not at all."""
    temporary = runs / f".{FILE}.tmp"
    with temporary.open("w", encoding="ascii") as file:
        for line in ({"schema": SCHEMA}, *_lines(retention)):
            file.write(json.dumps(line, default=datetime.isoformat) + "\n")
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(runs / FILE)


def _lines(retention: Retention) -> Iterator[Mapping[str, object]]:
    for stone in retention.tombstones:
        yield {"kind": "tombstone", **asdict(stone)}
    for item in retention.renames:
        yield {"kind": "rename", **asdict(item)}
    for carried in retention.carried:
        plain = {"suite": carried.suite, "until": asdict(carried.until), "epoch": carried.epoch, "epoch_nights": carried.epoch_nights}
        yield {"kind": "carried", **plain}
        for row in carried.divergences:
            yield {"kind": "divergence", **asdict(row)}
        for counts in carried.discordances:
            yield {"kind": "discordance", **asdict(counts)}


def _parsed(lines: list[dict[str, Any]]) -> Retention:
    kinds: dict[str, list[dict[str, Any]]] = {kind: [] for kind in ("tombstone", "rename", "carried", "divergence", "discordance")}
    for line in lines:
        kinds[line.pop("kind")].append(line)
    followed: dict[str, list[DivergenceRow]] = {}
    counted: dict[str, list[Discordance]] = {}
    for line in kinds["divergence"]:
        followed.setdefault(line["suite"], []).append(_divergence(line))
    for line in kinds["discordance"]:
        counted.setdefault(line["suite"], []).append(Discordance(**line))
    return Retention(
        tombstones=tuple(_tombstone(line) for line in kinds["tombstone"]),
        renames=tuple(_rename(line) for line in kinds["rename"]),
        carried=tuple(
            Carried(
                suite=line["suite"],
                until=_moment(line["until"]),
                epoch=line["epoch"],
                epoch_nights=line["epoch_nights"],
                divergences=tuple(followed.get(line["suite"], ())),
                discordances=tuple(counted.get(line["suite"], ())),
            )
            for line in kinds["carried"]
        ),
    )


def _tombstone(line: dict[str, Any]) -> Tombstone:
    times = {name: datetime.fromisoformat(line[name]) for name in ("started_at", "removed_at")}
    totals = None if line["totals"] is None else Totals(**line["totals"])
    return Tombstone(run_id=line["run_id"], suite=line["suite"], totals=totals, **times)


def _rename(line: dict[str, Any]) -> RecordedRename:
    of = line["rename"]
    rename = Rename(old=of["old"], new=of["new"], reason=RenameReason(of["reason"]))
    return RecordedRename(suite=line["suite"], moment=_moment(line["moment"]), rename=rename)


def _divergence(line: dict[str, Any]) -> DivergenceRow:
    typed = {
        "state": DivergenceState(line["state"]),
        "direction": None if line["direction"] is None else Direction(line["direction"]),
        "first_seen": _moment(line["first_seen"]),
        "last_seen": _moment(line["last_seen"]),
    }
    return DivergenceRow(**{**line, **typed})


def _moment(line: dict[str, Any]) -> Moment:
    return Moment(at=datetime.fromisoformat(line["at"]), run_id=line["run_id"])
