"""One spelling for every way to write an identifying value, so that a literal in a test and a value in a database meet.

Written for the standard library of Python 3.8 alone: what runs in a test process carries a copy, and both must give the same text.
"""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal
from uuid import UUID

_SIGNED = re.compile(r"[+-]?[0-9]+")
_UUID = re.compile(r"(?:urn:uuid:)?\{?([0-9a-f]{8})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{12})\}?")
_GROUPED = re.compile(r"[+(]?[0-9][0-9\s()./-]*")
_MOMENT = re.compile(
    r"[0-9]{4}[-/.][0-9]{1,2}[-/.][0-9]{1,2}(?:[t ].*)?|[0-9]{1,2}[-/.][0-9]{1,2}[-/.][0-9]{2,4}(?: .*)?|[0-9]{4}-[0-9]{2}|[0-9]{1,2}:[0-9]{2}.*"
)
_FRACTION = re.compile(r"[+-]?[0-9]*[.,][0-9]+")
_SEPARATORS = re.compile(r"[\s\-_./:#]+")
_MAIL_TO = re.compile("^mailto:")
_DIGIT = re.compile(r"[0-9]")
_APOSTROPHES = str.maketrans("\u2018\u2019\u02bc\u00b4`", "'''''")
_FEWEST_GROUPED_DIGITS = 7
_LONGEST = 1000
_UUID_BYTES = 16


def canonical(value: object) -> str | None:
    """The one spelling of `value`, with a prefix for its family; None for what identifies nobody (None, truth values, fractions, empty text).

    `n:` whole numbers, also as text, with leading zeros, with a sign, or in groups (telephone, card, account numbers); `u:` UUIDs in any spelling,
    also as 16 bytes; `e:` email addresses; `r:` references, text with digits (IBAN, `cus_8Fh2`, `ST-2025-0042`), without separators; `t:` other text;
    `m:` moments; `c:` several values together, a composite key. Case and Unicode forms (NFKC) do not matter in any of them.
    """
    if value.__class__ is int:
        return f"n:{value}"
    if isinstance(value, str):
        return _text(value) if len(value) <= _LONGEST else None
    if value is None or isinstance(value, bool):
        return None
    return _other(value)


def _other(value: object) -> str | None:
    if isinstance(value, int):
        return f"n:{int(value)}"
    if isinstance(value, (float, Decimal)):
        return f"n:{int(value)}" if _is_whole(value) else None
    if isinstance(value, UUID):
        return f"u:{value.hex}"
    if isinstance(value, (bytes, bytearray, memoryview)):
        return _bytes(bytes(value))
    if isinstance(value, (tuple, list)):
        parts = [canonical(part) for part in value]
        return "c:" + "\x1f".join(part or "" for part in parts) if len(parts) > 1 and all(parts) else None
    return None


def _is_whole(value: float | Decimal) -> bool:
    try:
        return value == int(value)
    except (ValueError, OverflowError):  # not a number, infinite
        return False


def _bytes(value: bytes) -> str | None:
    try:
        text = value.decode("utf-8")
    except UnicodeDecodeError:
        text = ""
    if text.isprintable() and text:
        return _text(text) if len(text) <= _LONGEST else None
    return f"u:{value.hex()}" if len(value) == _UUID_BYTES else None


def _text(value: str) -> str | None:
    text = value.strip().lower() if value.isascii() else unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", value).casefold()).strip()
    if not text:
        return None
    if "@" in text:
        return "e:" + re.sub(r"\s", "", _MAIL_TO.sub("", text))
    if not _DIGIT.search(text):
        return "t:" + " ".join(text.translate(_APOSTROPHES).split())
    return _with_digits(text)


def _with_digits(text: str) -> str | None:
    if _SIGNED.fullmatch(text):
        return _number(text)
    if (found := _UUID.fullmatch(text)) is not None:
        return "u:" + "".join(found.groups())
    if _FRACTION.fullmatch(text):
        return None
    if _MOMENT.fullmatch(text):
        return f"m:{text}"
    if _GROUPED.fullmatch(text):
        digits = re.sub(r"[^0-9]", "", text.replace("(0)", ""))
        if len(digits) >= _FEWEST_GROUPED_DIGITS:
            return _number(digits)
    return "r:" + _SEPARATORS.sub("", text)


def _number(text: str) -> str:
    """Not by int(): text of thousands of digits is refused there."""
    digits = text.lstrip("+-0") or "0"
    return f"n:-{digits}" if text.startswith("-") and digits != "0" else f"n:{digits}"
