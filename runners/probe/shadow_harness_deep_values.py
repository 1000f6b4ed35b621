"""Values on their way to keyed fingerprints and classes: a companion of shadow_harness_deep (docs/deep.md).

It runs in the user's test process: Python 3.8 or newer and the standard library alone. What it makes of a value never holds the value.
PYTEST_DONT_REWRITE
"""

# Values are anything at all, hence Any.
# ruff: noqa: ANN401

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import json
import operator
import re
import unicodedata
from decimal import Decimal
from fractions import Fraction
from typing import Any, Callable, Dict, Sequence, Tuple
from uuid import UUID

MOST_PARTS = 8  # of a value of several parts
MOST_VALUES = 20  # different values of a column that are kept as an enumeration
MOST_HELD = 50  # parts of a list or document that are looked at
MOST_FORMATS = 500  # texts of a column whose format is looked at
MOST_DISTINCT = 1_001  # different values of a column that are told apart
_LONGEST = 1_000

# ---------------------------------------------------------------------------------------------------------------------------------------------
# The canonical spelling: the same as harness.model.canonical, word for word (a property test holds them together)
# ---------------------------------------------------------------------------------------------------------------------------------------------

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
_UUID_BYTES = 16


def canonical(value: Any) -> str | None:  # noqa: PLR0911 one for each kind, as in the original
    """The one spelling of a value, None for what identifies nobody."""
    if value.__class__ is int:
        return _whole(value)
    if isinstance(value, str):
        return _text(value) if len(value) <= _LONGEST else None
    if value is None or isinstance(value, bool):
        return None
    if isinstance(value, int):
        return _whole(int(value))
    if isinstance(value, (float, Decimal)):
        return _whole(int(value)) if _is_whole(value) else None
    if isinstance(value, UUID):
        return f"u:{value.hex}"
    if isinstance(value, (bytes, bytearray, memoryview)):
        return _bytes(bytes(value))
    if isinstance(value, (tuple, list)):
        parts = [canonical(part) for part in value]
        return "c:" + "\x1f".join(part or "" for part in parts) if len(parts) > 1 and all(parts) else None
    return None


def _whole(value: int) -> str:
    return f"n:{value}"


def _is_whole(value: Any) -> bool:
    try:
        return bool(value == int(value))
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
    found = _UUID.fullmatch(text)
    if found is not None:
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


# ---------------------------------------------------------------------------------------------------------------------------------------------
# What is written of a value
# ---------------------------------------------------------------------------------------------------------------------------------------------

_DATE = r"\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])"
_CLOCK = r"(?:[01]\d|2[0-4]):[0-5]\d(?::[0-6]\d(?:[.,]\d{1,9})?)?"
_FORMATS = (
    ("integer", re.compile(r"[+-]?\d{1,40}")),
    ("decimal", re.compile(r"[+-]?\d{0,40}[.,]\d{1,40}")),
    ("date", re.compile(_DATE)),
    ("datetime", re.compile(rf"{_DATE}[T ]{_CLOCK}")),
    ("datetime with zone", re.compile(rf"{_DATE}[T ]{_CLOCK} ?(?:Z|[+-]\d\d:?\d\d|UTC)")),
    ("time", re.compile(rf"{_CLOCK}(?:Z|[+-]\d\d:?\d\d)?")),
    ("uuid", re.compile(r"\{?[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\}?")),
    ("ip", re.compile(r"(?:\d{1,3}\.){3}\d{1,3}")),
    ("phone", re.compile(r"\+\d[\d ()/.-]{5,24}\d|\(?0\d{1,5}\)?[ /-][\d -]{3,16}\d|\(?\d{3}\)?[ -]\d{3}[ -]\d{4}")),
    ("iban", re.compile(r"[A-Z]{2}\d{2} ?(?:[A-Z0-9]{4} ?){2,7}[A-Z0-9]{1,4}")),
    ("hex", re.compile(r"(?=[a-fA-F]{0,64}\d)[0-9a-fA-F]{16,128}")),
)
_DAYS_OF = re.compile(r"\d{4}-(?:(?:0[1-9]|1[0-2])(?:-[0-3]?)?)?%")
"""How LIKE asks for all days of a year or month that are kept as text: `2015-%`, `2015-03%`."""
_EMAIL = re.compile(r"[^\s@]{1,64}@[^\s@.]{1,63}(?:\.[^\s@.]{1,63}){1,8}")
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{1,20}://\S+")
_FORMAT_STARTS = frozenset("0123456789+-.,({abcdefABCDEF")
_SHORTEST_IBAN = 14
_LONGEST_FORMAT = 400
_TYPES: Tuple[Tuple[type, str], ...] = (
    (type(None), "null"),
    (bool, "bool"),
    (int, "int"),
    (float, "float"),
    (str, "str"),
    (bytes, "bytes"),
    (bytearray, "bytes"),
    (memoryview, "bytes"),
    (Decimal, "decimal"),
    (Fraction, "fraction"),
    (dt.datetime, "datetime"),
    (dt.date, "date"),
    (dt.time, "time"),
    (dt.timedelta, "timedelta"),
    (UUID, "uuid"),
    (tuple, "list"),
    (list, "list"),
    (dict, "object"),
)
_EXACT = dict(_TYPES)
_NUMBERS = frozenset(("int", "float", "decimal"))
_MOMENTS = frozenset(("date", "datetime"))


def kind_of(value: Any) -> str:
    """The word for the type of a value; `other` for what is none of the plain ones."""
    kind = _EXACT.get(type(value))
    return kind if kind is not None else next((word for one, word in _TYPES if isinstance(value, one)), "other")


def format_of(text: str) -> str:  # noqa: PLR0911 one for each kind of text
    """What a text looks like: `empty`, `blank`, one of the formats, or `text`."""
    if not text:
        return "empty"
    if not text.strip():
        return "blank"
    if len(text) > _LONGEST_FORMAT or text.isalpha():
        return "text"
    if "@" in text and _EMAIL.fullmatch(text):
        return "email"
    if "://" in text and _URL.fullmatch(text):
        return "url"
    if text[0] in _FORMAT_STARTS or (len(text) > _SHORTEST_IBAN and text[2].isdigit()):  # most words are done with here
        for name, pattern in _FORMATS:
            if pattern.fullmatch(text):
                return name
    return "text"


def class_of(number: Any) -> int | None:
    """0 for 0, 1 for 1, 2 for 2 to 9, 3 for 10 to 99 and so on, negative below zero; fractions count by their whole part."""
    try:
        whole = int(number)
    except (ValueError, OverflowError):
        return None
    size = abs(whole)
    count = size if size < 2 else _digits(size) + 1
    return -count if whole < 0 else count


def is_zero(value: Any) -> bool:
    """Whether it is a number that is nothing, fractions by their whole part."""
    return _EXACT.get(type(value)) in _NUMBERS and class_of(value) == 0


def _digits(size: int) -> int:
    return len(str(size)) if size < 10**300 else 301  # the decimal form of a huge one is refused


class Values:
    """Makes what is written of values, under a key; without a key there are no fingerprints."""

    def __init__(self, key: bytes | None) -> None:
        self._begun = None if key is None else hmac.new(key, digestmod=hashlib.sha256)
        self._today = dt.date.today()  # noqa: DTZ011 classes of days are rough
        self._makers: Dict[str, Callable[[Any], Any]] = {}

    def fingerprint(self, value: Any) -> str | None:
        """The keyed fingerprint of a value's canonical spelling, None for what identifies nobody."""
        try:
            spelled = canonical(value)
        except RecursionError:
            return None
        return None if spelled is None else self._keyed(spelled)

    def _keyed(self, text: str) -> str | None:
        if self._begun is None:
            return None
        keyed = self._begun.copy()
        keyed.update(text.encode("utf-8", "surrogatepass"))
        return keyed.hexdigest()[:12]

    def element(self, value: Any) -> str | None:
        """A fingerprint by which equal values of an enumeration are equal, also where they identify nobody."""
        return self.fingerprint(value) or self._keyed(f"x:{kind_of(value)}:{value!r}" if kind_of(value) in _PLAIN else "x:")

    def described(self, value: Any, *, name: str | None = None, inline: bool = False) -> dict[str, Any]:
        """What is written of one value; the members of docs/deep.md, those that say nothing left out."""
        plain = _plain(value)
        kind = kind_of(plain)
        told: dict[str, Any] = {"type": kind}
        if kind == "str":
            told["format"] = "date" if plain[-1:] == "%" and _DAYS_OF.fullmatch(plain) else format_of(plain)
        fingerprints = self._fingerprints(plain, kind)
        if fingerprints:
            told["fingerprints"] = fingerprints
        magnitude = self.magnitude(plain, kind)
        if magnitude is not None:
            told["magnitude"] = magnitude
        if name is not None:
            told["name"] = name
        if inline:
            told["inline"] = True
        return told

    def _fingerprints(self, value: Any, kind: str) -> list[str]:
        if kind in _MOMENTS:
            value = value.isoformat(" ") if kind == "datetime" else value.isoformat()
        elif kind == "list":
            value = value[:MOST_PARTS]
        found = [self.fingerprint(value)]
        if kind == "str":
            found += [self.fingerprint(part) for part in (*_within(value), *_in_document(value))]
        elif kind == "list":
            found += [self.fingerprint(_plain(part)) for part in value]
        return list(dict.fromkeys(one for one in found if one))

    def magnitude(self, value: Any, kind: str) -> int | None:
        """The class of a number, or of a moment's distance from today in days; None for anything else."""
        if kind in _NUMBERS:
            return class_of(value)
        if kind in _MOMENTS:
            return self._distance(value)
        if kind == "str" and len(value) <= 40 and format_of(value) in ("date", "datetime", "datetime with zone"):
            return self._distance_of_text(value)
        return None

    def _distance(self, moment: Any) -> int | None:
        day = moment.date() if isinstance(moment, dt.datetime) else moment
        return class_of((self._today - day).days)

    def _distance_of_text(self, text: str) -> int | None:
        try:
            return self._distance(dt.date(int(text[:4]), int(text[5:7]), int(text[8:10])))
        except ValueError:
            return None


_PLAIN = frozenset(("bool", "float", "decimal", "fraction", "datetime", "date", "time", "timedelta", "bytes"))


def _plain(value: Any) -> Any:
    """A value of a subclass of text or number as plain as it can be had without running code of the subclass."""
    if type(value) in _EXACT:
        return value
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, bool) or not isinstance(value, int):
        return value
    return int.__add__(value, 0)


def _within(text: str) -> list[str]:
    """What stands between the wildcards of LIKE."""
    inner = text.strip("%")
    return [inner] if inner and inner != text else []


def _in_document(text: str) -> list[Any]:
    """The plain values of a JSON document: what is looked for in documents is bound as one."""
    if text[:1] not in ("{", "[") or len(text) > _LONGEST:
        return []
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return []
    values = list(document.values()) if isinstance(document, dict) else document
    return [value for value in values if isinstance(value, (str, int))][:MOST_PARTS]


# ---------------------------------------------------------------------------------------------------------------------------------------------
# Columns
# ---------------------------------------------------------------------------------------------------------------------------------------------

_SAME, _UP, _DOWN = 0, 1, 2


class Column:
    """What is learned of one column while its rows go by. Holds no value but the last one, the extremes and few different ones, until it is told."""

    __slots__ = ("_down", "_formats", "_high", "_last", "_low", "_null", "_ordered", "_seen", "_types", "_unread", "_up", "_values", "name")

    def __init__(self, name: str, values: Values) -> None:
        self.name = name
        self._values = values
        self._types: set[str] = set()
        self._formats: set[str] = set()
        self._unread = MOST_FORMATS
        self._null = False
        self._seen: set[Any] = set()
        self._low: Any = None
        self._high: Any = None
        self._last: Any = None
        self._ordered = True
        self._up = self._down = False

    def add_all(self, values: Sequence[Any]) -> None:
        """Take in the values of several rows, in order: in bulk where they are of one type, since most columns are."""
        kinds = set(map(type, values))
        if type(None) in kinds:
            self._null = True
            kinds.discard(type(None))
            values = [value for value in values if value is not None]
        kind = _EXACT.get(next(iter(kinds))) if len(kinds) == 1 else None
        if kind not in _IN_BULK or not self._ordered or not self._types <= {kind}:
            for value in values:
                self.add(value)
            return
        self._types.add(str(kind))
        if kind == "str" and self._unread:
            self._formats.update(map(format_of, values[: self._unread]))
            self._unread -= min(self._unread, len(values))
        before = values if self._last is None else [self._last, *values]
        self._up = self._up or any(map(operator.lt, before, before[1:]))
        self._down = self._down or any(map(operator.gt, before, before[1:]))
        self._last = values[-1]
        self._low = min(values) if self._low is None else min(self._low, *values)
        self._high = max(values) if self._high is None else max(self._high, *values)
        self._seen.update(values)

    def add(self, value: Any) -> None:
        """Take in the value of one row."""
        if value is None:
            self._null = True
            return
        kind = _EXACT.get(type(value)) or kind_of(value)
        self._types.add(kind)
        if kind == "str" and self._unread:
            self._unread -= 1
            self._formats.add(format_of(value))
        if kind in _ORDERED:
            if kind == "bytes":
                value = bytes(value)
            if self._ordered:
                self._compare(value)
            if len(self._seen) < MOST_DISTINCT:
                self._seen.add(value)
        else:
            self._ordered = False
            if kind in _HOLDING:
                self._add_held(value)

    def _add_held(self, value: Any) -> None:
        """The parts of a list, the keys and plain values of a document: what a test looks for in it."""
        parts = [*dict.keys(value), *dict.values(value)] if isinstance(value, dict) else list(value) if type(value) in (list, tuple) else []
        for part in parts[:MOST_HELD]:
            if len(self._seen) < MOST_DISTINCT and _EXACT.get(type(part)) in _ORDERED and not isinstance(part, (bytearray, memoryview)):
                self._seen.add(part)

    def _compare(self, value: Any) -> None:
        last, self._last = self._last, value
        try:
            if last is None:
                self._low = self._high = value
            elif value > last:
                self._up = True
                self._high = max(self._high, value)
            elif value < last:
                self._down = True
                self._low = min(self._low, value)
        except TypeError:  # of two types
            self._ordered = False

    def told(self) -> dict[str, Any]:
        """What is written of the column."""
        values = self._values
        told: dict[str, Any] = {"name": self.name, "types": sorted(self._types), "null": self._null, "distinct": class_of(len(self._seen))}
        if self._formats:
            told["formats"] = sorted(self._formats)
        if 0 < len(self._seen) <= MOST_VALUES:
            told["values"] = sorted(filter(None, map(values.element, self._seen)))
        if self._ordered and (self._up or self._down):
            told["order"] = "none" if self._up and self._down else "asc" if self._up else "desc"
        if self._low is not None:
            low, high = (values.magnitude(one, kind_of(one)) for one in (self._low, self._high))
            if low is not None:
                told["low"] = low
            if high is not None:
                told["high"] = high
        return told


_IN_BULK = frozenset(("bool", "int", "float", "str", "date", "timedelta", "uuid"))  # any two of one of these can be compared
_HOLDING = frozenset(("list", "object"))
_ORDERED = frozenset(("bool", "int", "float", "decimal", "str", "bytes", "date", "datetime", "time", "timedelta", "uuid"))
