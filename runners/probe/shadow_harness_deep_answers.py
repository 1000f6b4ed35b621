"""JSON answers as tables: how many records an answer holds, and what their members are like. A companion of shadow_harness_deep (docs/deep.md).

It runs in the user's test process: Python 3.8 or newer and the standard library alone. No value of an answer leaves it but as a keyed fingerprint or
a class, and no member's name that may be data. PYTEST_DONT_REWRITE
"""

# Answers are anything at all, hence Any.
# ruff: noqa: ANN401

from __future__ import annotations

import json
from typing import Any, Dict, List, Tuple

if __package__:  # within the harness
    from runners.probe.shadow_harness_deep_values import Column
else:  # in the process of a test
    from shadow_harness_deep_values import Column  # type: ignore[import-not-found,no-redef]  # it lies beside this file

MOST_ANSWER = 512_000  # bytes of an answer that is looked into
MOST_RECORDS = 1_000  # of a list that are looked at
MOST_MEMBERS = 60  # of all records together
_DEEPEST = 4

_AROUND = """
    total count size page pages per limit offset next previous prev first last cursor links link meta pagination paging status
    ok success error errors message messages version took has more"""
_FRAME = frozenset(_AROUND.split())
"""Words of what stands around the records of an answer: `next_page`, `totalCount`, `has_more`."""
_COUNTS = frozenset(("total", "count"))
_FAULTS = frozenset(("error", "errors"))


def looks_like_json(media: Any, body: Any) -> bool:
    """Whether a body is worth reading: by what it says of itself, or by its first sign."""
    if not isinstance(body, (bytes, bytearray)) or not body or len(body) > MOST_ANSWER:
        return False
    return "json" in str(media or "").lower() or bytes(body[:1]) in (b"{", b"[")


def answer_of(recording: Any, body: Any) -> Dict[str, Any]:
    """What is written of an answer: `rows`, how many records it holds, and `columns`, what their members are like. Empty for what is no JSON."""
    try:
        held = json.loads(bytes(body).decode("utf-8"))
    except (ValueError, RecursionError):
        return {}
    if not isinstance(held, (dict, list)):
        return {}
    table = _Table(recording)
    records, around = _records(held)
    for record in records[:MOST_RECORDS]:
        table.add(record, shared=len(records) > 1)
    for member, value in around.items():
        table.put(member, value, shared=True)
    found: Dict[str, Any] = {"rows": len(records)}
    if isinstance(held, dict):
        found["single"] = not isinstance(_inner(held)[0], list)
    columns = table.told()
    if columns:
        found["columns"] = columns
    return found


def _records(held: Any) -> Tuple[List[Any], Dict[str, Any]]:
    """The records of an answer, and the plain members that stand around them."""
    inner, around = _inner(held)
    if isinstance(inner, list):
        return inner, around
    return ([inner] if _holds_anything(inner) else []), around


def _inner(held: Any) -> Tuple[Any, Dict[str, Any]]:
    """What an answer is about: `[...]` of `{"items": [...], "total": 3}`, the object of `{"data": {"customer": {...}}}`, the result of JSON-RPC."""
    around: Dict[str, Any] = {}
    for _ in range(_DEEPEST):
        if not isinstance(held, dict):
            break
        if "jsonrpc" in held and "result" in held:
            held = held["result"]
            continue
        main = [member for member, value in held.items() if not _is_frame(member, value)]
        lists = [member for member, value in held.items() if isinstance(value, list) and member not in _FAULTS]
        chosen = main[0] if len(main) == 1 else lists[0] if len(lists) == 1 and not main else None
        if chosen is None or not isinstance(held[chosen], (list, dict, type(None))) or (main and chosen not in main):
            break
        around.update((member, value) for member, value in held.items() if member != chosen and not isinstance(value, (dict, list)))
        held = held[chosen]
    return held, around


def _is_frame(member: Any, value: Any) -> bool:
    parts = [part for part in "".join(f"_{sign.lower()}" if sign.isupper() else sign for sign in str(member)).replace("-", "_").split("_") if part]
    if isinstance(value, int) and not _COUNTS.isdisjoint(parts):
        return True
    return all(part in _FRAME or part in ("is", "of") for part in parts)


def _holds_anything(value: Any) -> bool:
    if isinstance(value, dict):
        return any(_holds_anything(each) for member, each in value.items() if member not in _FAULTS)
    if isinstance(value, list):
        return bool(value)
    return value is not None


class _Table:
    """The members of records, by name; those of nested objects bear the names of both, and of nested lists the number is taken."""

    def __init__(self, recording: Any) -> None:
        self._recording = recording
        self._columns: Dict[str, Column] = {}
        self._words: Dict[Tuple[Any, bool], str] = {}
        self._several: Dict[str, bool] = {}

    def add(self, record: Any, *, shared: bool, within: str = "", depth: int = 0) -> None:
        """Take in a record; `shared` tells that several records have its members, so that their names are none of data."""
        if not isinstance(record, dict):
            self._column("", "{}").add(record if not isinstance(record, list) else len(record))
            return
        for member, value in record.items():
            self.put(member, value, shared=shared, within=within, depth=depth)

    def put(self, member: Any, value: Any, *, shared: bool, within: str = "", depth: int = 0) -> None:
        """Take in one member."""
        word = self._words.get((member, shared))
        if word is None:
            word = self._words[(member, shared)] = self._recording.word_of_member(str(member), shared=shared)
        name = f"{within}_{word}" if within else word
        column = self._column(name, name)
        if isinstance(value, dict):
            for key in list(value)[:MOST_MEMBERS]:
                column.add(key)
            if depth < _DEEPEST:
                self.add(value, shared=shared, within=name, depth=depth + 1)
        elif isinstance(value, list):
            self._several[name] = True
            column.add(len(value))
            if depth < _DEEPEST:
                for each in value[:MOST_MEMBERS]:
                    if isinstance(each, dict):
                        self.add(each, shared=shared, within=name, depth=depth + 1)
        else:
            column.add(value)

    def _column(self, key: str, name: str) -> Any:
        found = self._columns.get(key)
        if found is None:
            if len(self._columns) >= MOST_MEMBERS:
                return _NOWHERE
            found = self._columns[key] = Column(name, self._recording.values)
        return found

    def told(self) -> List[Dict[str, Any]]:
        """What is written of the members; lists are told by their `list` among the types."""
        told = []
        for key, column in self._columns.items():
            one = column.told()
            if self._several.get(key):
                one["types"] = sorted({*one["types"], "list"})
            told.append(one)
        return told


class _Nowhere:
    """Stands in for a column too many."""

    def add(self, value: Any) -> None:
        """Forget a value."""


_NOWHERE = _Nowhere()
