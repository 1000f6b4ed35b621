"""Reads session files (docs/bundle.md): from the probe's JSON lines to attempts."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from harness.errors import BundleError
from harness.model import Attempt, EndReason, Failure, Frame, Observation, Outcome, Phase, RerunKind, SessionEnd, Shard, Side

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

SCHEMA = "shadow-probe/1"
_FULL = "full"
_OBSERVE = b'{"e":"observe",'
_DEEP = b'{"e":"deep",'


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionName:
    """What a session file's name says: side, pair (0 is the full run, else the number among reruns of this kind), shard, restart number."""

    side: Side
    pair: int
    shard: Shard
    number: int
    kind: RerunKind = RerunKind.PAIR

    def __str__(self) -> str:
        """The file's name."""
        part = f"{self.kind.value}{self.pair:02d}" if self.pair else _FULL
        return f"{self.side.value}-{part}-s{self.shard.index}of{self.shard.count}-n{self.number}.jsonl"


def parse_name(path: Path) -> SessionName:
    """The meaning of a session file's name. Raises BundleError."""
    try:
        side, part, shard, number = path.stem.split("-")
        index, count = shard.removeprefix("s").split("of")
        word = part.rstrip("0123456789")
        return SessionName(
            side=Side(side),
            pair=0 if part == _FULL else int(part.removeprefix(word)),
            shard=Shard(index=int(index), count=int(count)),
            number=int(number.removeprefix("n")),
            kind=RerunKind.PAIR if part == _FULL else RerunKind(word),
        )
    except ValueError:
        raise BundleError("this is no name of a session file", where=str(path), expected="for example legacy-full-s1of1-n1.jsonl") from None


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One session as recorded. `collected` is complete where `collection_finished`; `end` is None where the harness itself died."""

    name: SessionName
    facts: Mapping[str, str] = field(default_factory=dict)
    collected: tuple[str, ...] = ()
    collection_finished: bool = False
    attempts: tuple[Attempt, ...] = ()
    duplicates: tuple[str, ...] = ()
    selected: tuple[str, ...] | None = None
    end: SessionEnd | None = None

    @property
    def finished(self) -> bool:
        """Whether it ran to its own end."""
        return self.end is not None and self.end.reason is EndReason.FINISHED


class _Reading:
    """What a session file has said so far."""

    def __init__(self, name: SessionName, ids: dict[str, str]) -> None:
        self.name = name
        self.ids = ids
        self.facts: dict[str, str] = {}
        self.collected: list[str] = []
        self.collection_finished = False
        self.attempts: dict[str, Attempt] = {}
        self.observed: dict[str, list[Observation]] = {}
        self.duplicates: list[str] = []
        self.end: SessionEnd | None = None

    def take(self, line: dict[str, Any]) -> None:
        """Take one line in; KeyError, TypeError or ValueError where it is not as the format says. Kinds of a newer probe are passed over."""
        kind = line["e"]
        if kind == "result":
            self._attempt(line["id"], line)
        elif kind == "observe":
            observation = Observation.from_text(line["text"], self.name.side)
            self.observed.setdefault(observation.test_id, []).append(observation)
        elif kind == "subtest":
            self._attempt(f"{line['id']} [{line['key']}]", line)
        elif kind == "collected":
            self.collected.extend(self._shared(test_id) for test_id in line["ids"])
        elif kind == "collect_error":
            self._attempt(line["id"], {**line, "outcome": Outcome.ERROR})
        elif kind == "collection_finished":
            self.collection_finished = True
        elif kind == "duplicate":
            self.duplicates.extend(line["ids"])
        elif kind == "header":
            self.facts = _facts(line)
        elif kind == "end":
            self._close(line)

    def _attempt(self, test_id: str, line: Mapping[str, Any]) -> None:
        test_id = self._shared(test_id)
        self.attempts[test_id] = Attempt(
            test_id=test_id,
            side=self.name.side,
            pair=self.name.pair,
            outcome=Outcome(line["outcome"]),
            seconds=line.get("seconds"),
            failure=_failure(line.get("failure")),
            observations=tuple(self.observed.pop(test_id, ())),
        )

    def _close(self, line: Mapping[str, Any]) -> None:
        self.end = SessionEnd(
            reason=EndReason(line["reason"]),
            exit_status=line.get("exit_status"),
            guilty=tuple(line.get("guilty", ())),
            detail=line.get("detail", ""),
        )
        outcome = {EndReason.CRASHED: Outcome.CRASHED, EndReason.OUT_OF_MEMORY: Outcome.CRASHED, EndReason.TEST_TIMEOUT: Outcome.TIMEOUT}
        for guilty in map(self._shared, self.end.guilty):
            if guilty not in self.attempts and self.end.reason in outcome:
                self.attempts[guilty] = Attempt(
                    test_id=guilty,
                    side=self.name.side,
                    pair=self.name.pair,
                    outcome=outcome[self.end.reason],
                    failure=_ended_failure(self.end.reason),
                )

    def _shared(self, test_id: str) -> str:
        """One string object for an id, however often it is read: a large suite is held in memory by both sides."""
        if not isinstance(test_id, str):
            raise TypeError("a test id is text")
        return self.ids.setdefault(test_id, test_id)


def read_session(path: Path, *, ids: dict[str, str] | None = None, name: SessionName | None = None) -> Session:
    """Read one session file. `ids` may be shared between calls, so that equal ids are one object.

    A last line that was cut off is dropped. Raises BundleError for any other damage, naming the line.
    """
    reading = _Reading(name or parse_name(path), {} if ids is None else ids)
    for number, line in _lines(path):
        try:
            reading.take(line)
        except (KeyError, TypeError, ValueError):
            raise _damage(path, number) from None
    selected = _selected(path)
    attempts = {**reading.attempts, **_not_found(reading, selected)}
    return Session(
        name=reading.name,
        facts=reading.facts,
        collected=tuple(reading.collected),
        collection_finished=reading.collection_finished,
        attempts=tuple(attempts.values()),
        duplicates=tuple(reading.duplicates),
        selected=selected,
        end=reading.end,
    )


def _not_found(reading: _Reading, selected: tuple[str, ...] | None) -> dict[str, Attempt]:
    """Selected tests that a finished session did not collect are absent; subtests count as found with their test."""
    if selected is None or reading.end is None or reading.end.reason is not EndReason.FINISHED:
        return {}
    missing = [reading.ids.setdefault(i, i) for i in selected if i not in reading.attempts]
    return {i: Attempt(test_id=i, side=reading.name.side, pair=reading.name.pair, outcome=Outcome.ABSENT) for i in missing}


def _selected(path: Path) -> tuple[str, ...] | None:
    selection = path.with_suffix(".select.json")
    try:
        chosen = json.loads(selection.read_text(encoding="utf-8"))["select"]
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError):
        raise BundleError("this selection file is damaged", where=str(selection)) from None
    return None if chosen is None else tuple(chosen)


def _lines(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Parsed lines with their numbers, those of observations as `text` alone, since most of their trees are never looked into.

    One damaged line is let pass where it is the last the dying process wrote, that is before the runner's `end` or at the end.
    """
    damaged = 0
    number = 0
    with path.open("rb") as file:
        for number, raw in enumerate(file, start=1):
            if not raw.strip() or (raw.startswith(_DEEP) and raw.endswith(b"}\n")):  # `harness.evidence.deep` reads these
                continue
            try:
                line = {"e": "observe", "text": raw.decode("ascii")} if raw.startswith(_OBSERVE) and raw.endswith(b"}\n") else json.loads(raw)
                is_end = line["e"] == "end"
            except (ValueError, KeyError, TypeError):
                if damaged:
                    raise _damage(path, damaged) from None
                damaged = number
                continue
            if damaged and not is_end:
                raise _damage(path, damaged)
            yield number, _checked(line, path, number)
    if damaged and damaged < number - 1:
        raise _damage(path, damaged)


def _checked(line: dict[str, Any], path: Path, number: int) -> dict[str, Any]:
    if line["e"] == "header" and line.get("schema") != SCHEMA:
        raise BundleError(
            f"this session file has the format {line.get('schema')!r}",
            where=f"{path}:{number}",
            expected=SCHEMA,
            hint="Read it with the version of the harness that wrote it.",
        )
    return line


def _damage(path: Path, number: int) -> BundleError:
    return BundleError(
        "a line of this session file is damaged",
        where=f"{path}:{number}",
        expected=f"one JSON object a line ({SCHEMA})",
        hint="Restore the bundle from a copy, or run the suite again.",
    )


def _failure(shape: Mapping[str, Any] | None) -> Failure | None:
    if shape is None:
        return None
    return Failure(
        type=shape["type"],
        message=shape["message"],
        phase=Phase(shape["phase"]),
        frames=tuple(Frame(path=path, line=line, function=function) for path, line, function in shape.get("frames", ())),
        template=shape.get("template", shape["message"]),
        values=tuple(shape.get("values", ())),
    )


def _ended_failure(reason: EndReason) -> Failure:
    kind = {EndReason.TEST_TIMEOUT: "Timeout", EndReason.OUT_OF_MEMORY: "OutOfMemory"}.get(reason, "Crash")
    message = {
        EndReason.TEST_TIMEOUT: "the test exceeded its time and its process was ended",
        EndReason.OUT_OF_MEMORY: "the process ran out of memory in this test",
    }.get(reason, "the process died in this test")
    return Failure(type=kind, message=message, phase=Phase.CALL)


def _facts(header: Mapping[str, Any]) -> dict[str, str]:
    """What of a header parity compares."""
    names = ("python", "implementation", "pytest", "xdist", "timezone", "locale", "hash_seed", "seed", "command")
    facts = {name: str(header[name]) for name in names if header.get(name) is not None}
    facts.update({f"plugin.{plugin}": str(version) for plugin, version in dict(header.get("plugins") or {}).items()})
    return facts
