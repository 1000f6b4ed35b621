"""Faults of single keys: what pydantic found, told in the words of the file."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from harness.config.notation import key_text, kind_of, short_text, string_text
from harness.config.problems import Fault
from harness.config.schema import all_keys, expectation, known_keys, node_at
from harness.config.values import FAULT

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pydantic import ValidationError
    from pydantic_core import ErrorDetails

    from harness.config.places import Key

# Types of pydantic's errors whose input is an enumerated word or a number out of range. These may be shown: they never stand in settings, data or
# database.
_SHOWN = frozenset({"literal_error", "enum", "greater_than", "greater_than_equal", "less_than", "less_than_equal", "finite_number"})
_ONE_A_WORD = 'write an array: ["one"], or for a command a string a word, ["pytest", "-q"]'


def faults_of(error: ValidationError) -> Iterator[Fault]:
    """The faults that a validation found. A key that is missing because it was misspelt is reported once, as misspelt."""
    details = error.errors(include_url=False)
    unknown = [_unknown(_key(detail)) for detail in details if detail["type"] == "extra_forbidden"]
    meant = {fault.nearest for fault in unknown}
    yield from unknown
    for detail in details:
        if detail["type"] == "missing":
            if _key(detail) not in meant:
                yield Fault(key=_key(detail), found="this key is missing", expected=expectation(_key(detail)))
        elif detail["type"] != "extra_forbidden" and not (detail["type"] == "too_short" and detail["input"]):
            yield _wrong(detail)  # an array is too short for pydantic also where its elements are at fault, and these are reported


def _key(detail: ErrorDetails) -> Key:
    """The key of an error; pydantic marks an error in a key's own name with a last part of its own."""
    key = detail["loc"]
    return key[:-1] if key[-1] == "[key]" else key


def _unknown(key: Key) -> Fault:
    table, name = key[:-1], str(key[-1])
    known = known_keys(table)
    nearest = _nearest(name, known)
    home: Key | None = (*table, nearest) if nearest else next((other for other in all_keys() if other[-1] == name), None)
    found = f"unknown key; the nearest known key is {key_text(home)}" if home else "unknown key"
    return Fault(key=key, found=found, expected=f"one of {', '.join(known)}", nearest=home)


def _nearest(name: str, known: Sequence[str]) -> str | None:
    written = name.lower().replace("-", "_")
    close = get_close_matches(written, known, n=1, cutoff=0.6)
    if close:
        return close[0]
    return next((key for key in known if key in written or (len(written) > 2 and written in key)), None)


def _wrong(detail: ErrorDetails) -> Fault:
    key = _key(detail)
    context: dict[str, Any] = detail.get("ctx", {})
    if detail["type"] == FAULT:
        return Fault(key=key, found=f"found {context['found']}", expected=context["expected"], hint=context["hint"] or None)
    value = detail["input"]
    expected = expectation(key)
    if detail["type"] in _SHOWN and not isinstance(value, (dict, list)):
        close = get_close_matches(str(value), [str(item) for item in (node_at(key) or {}).get("enum", ())], n=1)
        return Fault(key=key, found=f"found {short_text(value)}", expected=expected, hint=f"write {string_text(close[0])}" if close else None)
    if detail["type"] == "too_short":
        return Fault(key=key, found="found an empty array", expected=expected)
    words = detail["type"] == "tuple_type" and isinstance(value, str)
    return Fault(key=key, found=f"found {kind_of(value)}", expected=expected, hint=_ONE_A_WORD if words else None)
