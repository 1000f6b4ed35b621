"""What a bundle keeps of the search for order-dependence and of A/A runs: `order.json`, `aa.json` and their sessions (docs/bundle.md)."""

from __future__ import annotations

import json
from collections import defaultdict, deque
from dataclasses import asdict
from typing import TYPE_CHECKING

from harness.errors import BundleError
from harness.evidence.session import parse_name
from harness.model import FloorEvidence, FloorPlan, OrderEvidence, OrderSession, OrderSuspect, RerunKind, Side, Tally

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from harness.evidence.bundle import Bundle
    from harness.model import Attempt

_ORDER, _FLOOR = "order", "aa"
_HEAD = 24  # bytes of a line within which its kind stands


def write_order(bundle: Bundle, order: OrderEvidence) -> None:
    """Record whom the search for order-dependence is about, before its first session."""
    content = asdict(order)
    del content["sessions"]
    bundle.write_plan_of(_ORDER, content)


def order_evidence(bundle: Bundle) -> OrderEvidence | None:
    """The search for order-dependence as recorded; None where there was none. Raises BundleError."""
    plan = bundle.plan_of(_ORDER)
    if plan is None:
        return None
    try:
        return OrderEvidence(
            budget=int(plan["budget"]),
            suspects=tuple(
                OrderSuspect(test_id=one["test_id"], side=Side(one["side"]), before=tuple(one["before"]), earlier=int(one["earlier"]))
                for one in plan["suspects"]
            ),
            unavailable=plan["unavailable"],
            sessions=tuple(
                session
                for number, kind, side in _recorded(bundle, {RerunKind.BEHIND, RerunKind.AHEAD})
                if (session := order_session(bundle, number, kind, side)) is not None
            ),
        )
    except (KeyError, TypeError, ValueError):
        raise _damaged(bundle, _ORDER) from None


def order_session(bundle: Bundle, number: int, kind: RerunKind, side: Side) -> OrderSession | None:
    """One session of the search; None where it was cut short, by an interrupt or the end of the harness, and is to be run again.

    Where a test ended the process, others in fresh processes did the rest: then it is not `whole`, since the order was broken.
    """
    sessions = list(bundle.pair_sessions(side, number, kind))
    attempts = tuple(attempt for session in sessions for attempt in session.attempts)
    shown = {attempt.test_id for attempt in attempts}
    if not sessions or not (sessions[-1].finished or shown.issuperset(sessions[0].selected or ())):
        return None
    return OrderSession(number=number, kind=kind, side=side, attempts=attempts, whole=len(sessions) == 1 and sessions[0].finished)


def write_floor(bundle: Bundle, plan: FloorPlan) -> None:
    """Record what an A/A run is about, before its first session."""
    bundle.write_plan_of(_FLOOR, asdict(plan))


def floor_evidence(bundle: Bundle) -> FloorEvidence | None:
    """The A/A run as recorded; None where there was none. Raises BundleError."""
    plan = floor_plan(bundle)
    if plan is None:
        return None
    found: dict[RerunKind, list[Attempt]] = defaultdict(list)
    for number, kind, side in _recorded(bundle, {RerunKind.SERIES, RerunKind.ONE, RerunKind.TWO}):
        found[kind] += bundle.pair_attempts(side, number, kind)
    return FloorEvidence(plan=plan, series=tuple(found[RerunKind.SERIES]), one=tuple(found[RerunKind.ONE]), two=tuple(found[RerunKind.TWO]))


def floor_plan(bundle: Bundle) -> FloorPlan | None:
    """What an A/A run of this bundle is about; None where there was none. Raises BundleError."""
    plan = bundle.plan_of(_FLOOR)
    if plan is None:
        return None
    try:
        return FloorPlan(
            sample=tuple(plan["sample"]),
            flaky=tuple(plan["flaky"]),
            reruns=int(plan["reruns"]),
            tests=int(plan["tests"]),
            rotation=int(plan["rotation"]),
            why=plan["why"],
            earlier=Tally(**plan["earlier"]),
        )
    except (KeyError, TypeError, ValueError):
        raise _damaged(bundle, _FLOOR) from None


def predecessors(bundle: Bundle, side: Side, wanted: Iterable[str], *, most: int) -> dict[str, tuple[tuple[str, ...], int]]:
    """For each of these tests, those that ran before it in the same process of the full run: the `most` nearest in order, and how many more.

    A process is a session, or a worker of pytest-xdist within one. Tests that the side did not run are left out.
    """
    sought = frozenset(wanted)
    found: dict[str, tuple[tuple[str, ...], int]] = {}
    for path in sorted((bundle.path / "sessions").glob(f"{side.value}-full-*.jsonl")) if sought else ():
        _look_through(path, sought, most, found)
    return found


def _look_through(path: Path, sought: frozenset[str], most: int, found: dict[str, tuple[tuple[str, ...], int]]) -> None:
    nearest: dict[str, deque[str]] = defaultdict(lambda: deque(maxlen=most))
    count: dict[str, int] = defaultdict(int)
    with path.open("rb") as file:
        for raw in file:
            if b'"result"' not in raw[:_HEAD]:
                continue
            try:
                line = json.loads(raw)
                test_id, worker = line["id"], str(line.get("worker", ""))
            except (ValueError, KeyError, TypeError):
                continue  # cut off by the end of its process
            if test_id in sought and test_id not in found:
                found[test_id] = tuple(nearest[worker]), count[worker] - len(nearest[worker])
            nearest[worker].append(test_id)
            count[worker] += 1


def _recorded(bundle: Bundle, kinds: set[RerunKind]) -> list[tuple[int, RerunKind, Side]]:
    names = (parse_name(path) for path in (bundle.path / "sessions").glob("*.jsonl"))
    return sorted({(name.pair, name.kind, name.side) for name in names if name.pair and name.kind in kinds})


def _damaged(bundle: Bundle, what: str) -> BundleError:
    return BundleError(
        "a file of this bundle is damaged", where=str(bundle.path / f"{what}.json"), hint="Restore the bundle from a copy, or run the suite again."
    )
