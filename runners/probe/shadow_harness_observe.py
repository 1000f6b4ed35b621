"""What tests observe: values on their way to trees of shapes and keyed fingerprints (docs/observations.md).

A companion of the probe (shadow_harness_probe), which loads it when a test asks for the fixture `observe`. Python 3.8 or newer and the standard
library alone. PYTEST_DONT_REWRITE
"""

# Observed values are anything at all, hence Any.
# ruff: noqa: ANN401

from __future__ import annotations

import collections.abc
import dataclasses
import enum
import functools
import hashlib
import hmac
import json
import operator
import os
import re
import time
from collections import Counter
from typing import Any, Callable, Collection, Pattern, Sequence, Tuple

if __package__:  # within the harness
    from runners.probe.shadow_harness_shapes import VOCABULARY, shape_message
else:  # in the process of a test, where the probe has loaded the other companion
    from shadow_harness_shapes import VOCABULARY, shape_message  # type: ignore[import-not-found,no-redef]  # it lies beside this file

_encode: Callable[[Any], str] = json.JSONEncoder(ensure_ascii=True, separators=(",", ":")).encode

# ---------------------------------------------------------------------------------------------------------------------------------------------
# Observations: what a value is made of
# ---------------------------------------------------------------------------------------------------------------------------------------------

MAX_NODES = 250_000  # parts of one observed value that are looked at
MAX_SECONDS = 3.0  # for one observed value
MAX_DEPTH = 40
MAX_OBSERVATIONS = 1_000  # of one test
MAX_TREES = 16_000_000  # characters of all trees of one test
_HEAP_TYPE = 1 << 9  # a flag of classes that were made by a class statement
_Leaf = Tuple[str, str]  # type, text that is equal for equal values of the type


class _Content:
    """The parts of a value: of an object pairs of key and value, of a list or set its elements. `schema`: its keys are names from code."""

    __slots__ = ("items", "kind", "schema", "size")

    def __init__(self, kind: str, items: Any, size: int, *, schema: bool = False) -> None:
        self.kind = kind
        self.items = items
        self.size = size
        self.schema = schema


class _Record:
    """A row of a table whose values come without their columns."""

    __slots__ = ("pairs", "schema")

    def __init__(self, columns: Sequence[Any], values: Sequence[Any], *, schema: bool = False) -> None:
        seen: Counter[Any] = Counter()
        names = []
        for column in columns:
            seen[column] += 1
            names.append(column if seen[column] == 1 else f"{column}_{seen[column]}")
        self.pairs = list(zip(names, values))  # noqa: B905 strict came with Python 3.10
        self.schema = schema


class _Open:
    """A leaf that is a word of a protocol and no data: the status of an HTTP response, its media type."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text


class _Opaque(Exception):  # noqa: N818 it is caught where it is meant
    """A value cannot be looked into, and so not be called equal to another."""


@functools.lru_cache(maxsize=None)
def _makers() -> dict[type, Callable[[Any], _Leaf]]:
    """What makes a leaf of a value, by type: made at first use, since most sessions observe nothing."""
    import datetime as dt  # noqa: PLC0415 as the docstring says
    import decimal  # noqa: PLC0415
    import fractions  # noqa: PLC0415
    import ipaddress  # noqa: PLC0415
    import pathlib  # noqa: PLC0415
    import uuid  # noqa: PLC0415

    def of_datetime(value: dt.datetime) -> _Leaf:
        if value.utcoffset() is None:
            return "datetime", value.isoformat()
        try:
            return "datetime with zone", value.astimezone(dt.timezone.utc).isoformat()
        except OverflowError:
            return "datetime with zone", value.isoformat()

    def of_decimal(value: decimal.Decimal) -> _Leaf:
        if not value.is_finite():
            return ("nan", "") if value.is_nan() else ("inf", "-inf" if value.is_signed() else "inf")
        sign, digits, exponent = value.as_tuple()
        text = "".join(map(str, digits)).lstrip("0")
        kept = text.rstrip("0")
        return "decimal", f"{sign}|{kept}|{int(exponent) + len(text) - len(kept)}" if kept else "0"

    return {
        str: lambda value: ("str", str.__str__(value)),
        bool: lambda value: ("bool", "1" if value else "0"),
        int: lambda value: ("int", hex(value)),  # the decimal form of a huge one is refused
        float: _float_leaf,
        type(None): lambda _: ("null", ""),
        bytes: lambda value: ("bytes", bytes(value).decode("latin-1")),
        bytearray: lambda value: ("bytes", bytes(value).decode("latin-1")),
        memoryview: lambda value: ("bytes", value.tobytes().decode("latin-1")),
        complex: lambda value: ("complex", repr(value)),
        decimal.Decimal: of_decimal,
        fractions.Fraction: lambda value: ("fraction", f"{value.numerator:x}/{value.denominator:x}"),
        dt.datetime: of_datetime,
        dt.date: lambda value: ("date", value.isoformat()),
        dt.time: lambda value: ("time", value.isoformat()),
        dt.timedelta: lambda value: ("timedelta", str(value // dt.timedelta(microseconds=1))),
        uuid.UUID: lambda value: ("uuid", value.hex),
        pathlib.PurePath: lambda value: ("path", value.as_posix()),
        ipaddress.IPv4Address: lambda value: ("ip", str(value)),
        ipaddress.IPv6Address: lambda value: ("ip", str(value)),
        _Open: lambda value: (value.text, ""),
    }


def _float_leaf(value: float) -> _Leaf:
    if value != value:  # noqa: PLR0124 nothing else is unlike itself
        return "nan", ""
    if value in (float("inf"), float("-inf")):
        return "inf", repr(value)
    return "float", repr(value + 0.0)  # there is one zero


_MISSING_TYPES = frozenset(("NAType", "NaTType"))  # of pandas; the second is a datetime that equals nothing


def _look(value: Any) -> Any:
    """What a value is: a leaf or its content. Raises whatever a foreign object raises, and _Opaque for what cannot be looked into."""
    makers = _makers()
    for _ in range(8):  # an enumeration may hold a secret that holds a number of numpy
        make = makers.get(type(value))
        if make is not None:
            return make(value)
        inner = _unwrapped(value)
        if inner is value:
            break
        value = inner
    if type(value).__name__ in _MISSING_TYPES:
        return "null", ""
    content = _content(value)
    if content is not None:
        return content
    return next((make(value) for kind, make in makers.items() if isinstance(value, kind)), None) or _plain_object(value)


def _unwrapped(value: Any) -> Any:
    """The value within a member of an enumeration, a secret of pydantic, a scalar of Arrow or numpy; any other as it is."""
    if isinstance(value, enum.Enum):
        return value.value
    if _has(value, "get_secret_value"):
        return value.get_secret_value()
    if _has(value, "as_py"):
        return value.as_py()
    if _has(value, "dtype") and _has(value, "item") and not getattr(value, "shape", True):
        return value.item()
    return value


def _has(value: Any, name: str) -> bool:
    """Whether a value really has an attribute: mocks answer to every name."""
    return hasattr(type(value), name) or name in getattr(value, "__dict__", ())


def _content(value: Any) -> _Content | None:
    kind = type(value)
    if kind is list or kind is tuple:
        return _Content("list", value, len(value))
    if kind is dict:
        return _Content("object", list(value.items()), len(value))
    if kind is _Record:
        return _Content("object", value.pairs, len(value.pairs), schema=value.schema)
    if isinstance(value, (str, bytes, bytearray, type)):
        return None
    return _model(value) or _response(value) or _table(value) or _row(value) or _collection(value)


def _object(pairs: list[Any]) -> _Content:
    return _Content("object", pairs, len(pairs), schema=True)


def _model(value: Any) -> _Content | None:
    """Objects whose classes name their fields: dataclasses, pydantic, attrs, msgspec, named tuples, rows of SQLAlchemy."""
    kind = type(value)
    extra: Any = None
    if dataclasses.is_dataclass(value):
        names: Any = [field.name for field in dataclasses.fields(value)]
    elif hasattr(kind, "__pydantic_validator__"):
        names, extra = kind.model_fields, getattr(value, "__pydantic_extra__", None)
    elif hasattr(kind, "__fields__") and hasattr(kind, "__fields_set__"):  # pydantic before 2
        names, extra = kind.__fields__, {name: part for name, part in vars(value).items() if name not in kind.__fields__}
    elif hasattr(kind, "__attrs_attrs__"):
        names = [field.name for field in kind.__attrs_attrs__]
    elif hasattr(kind, "__struct_fields__"):
        names = kind.__struct_fields__
    elif hasattr(kind, "_fields") and (isinstance(value, tuple) or hasattr(kind, "_mapping")):
        return _object(_Record([str(name) for name in value._fields], tuple(value)).pairs)
    else:
        return None
    pairs = [(name, getattr(value, name)) for name in names if hasattr(value, name)]
    return _object([*pairs, ("extra", dict(extra))] if extra else pairs)


def _response(value: Any) -> _Content | None:
    """A response of HTTP as requests, httpx, Flask, Django and Starlette have it: status, media type and body."""
    if not (_has(value, "status_code") and _has(value, "headers")):
        return None
    media = str(value.headers.get("content-type") or value.headers.get("Content-Type") or "").partition(";")[0].strip().lower()
    return _object(
        [
            ("status", _Open(f"status {int(value.status_code)}" if 100 <= int(value.status_code) <= 999 else "status")),
            ("media", _Open(f"media {media}" if re.fullmatch(_MEDIA, media) else "media")),
            ("body", _body(value, media)),
        ]
    )


_MEDIA = r"(?:application|audio|font|image|multipart|text|video)/[a-z0-9.+-]{1,60}"


def _body(value: Any, media: str) -> Any:
    try:
        if "json" in media:
            found = value.json
            return found() if callable(found) else found
        if _has(value, "text") and (not media or media.startswith("text/") or "xml" in media):
            return value.text or None
        return (value.content if _has(value, "content") else value.data) or None
    except ValueError:
        return _Open("broken json")
    except Exception:  # noqa: BLE001 a body that was streamed, or not yet read
        return _Opaque()


def _table(value: Any) -> _Content | None:
    """Frames and columns of pandas, polars, Arrow and numpy; none of them is imported here. Keys of a frame are judged like keys of mappings."""
    if _has(value, "itertuples") and _has(value, "columns"):
        value = _with_index(value)
        columns = list(value.columns)
        rows: Any = (_Record(columns, [None if _is_missing(part) else part for part in row]) for row in value.itertuples(index=False, name=None))
        return _Content("list", rows, len(value))
    if _has(value, "iter_rows") and _has(value, "columns"):
        columns = list(value.columns)
        return _Content("list", (_Record(columns, row) for row in value.iter_rows()), len(value))
    if _has(value, "to_batches") and _has(value, "num_rows"):
        return _Content("list", (row for batch in value.to_batches(max_chunksize=1000) for row in batch.to_pylist()), value.num_rows)
    return _column(value)


def _column(value: Any) -> _Content | None:
    if _has(value, "dtype") and _has(value, "isna") and _has(value, "tolist"):
        indexed = _with_index(value)
        if indexed is not value:
            return _table(indexed)
        return _Content("list", (None if _is_missing(part) else part for part in value.tolist()), len(value))
    method = next((name for name in ("to_pylist", "tolist", "to_list") if _has(value, name)), None)
    if method is None or not (method == "to_pylist" or _has(value, "dtype")):
        return None
    return _Content("list", getattr(value, method)(), len(value))


def _with_index(value: Any) -> Any:
    """A frame or column of pandas with its index for columns, where the index has names and so says something."""
    names = getattr(getattr(value, "index", None), "names", ())
    return value.reset_index() if any(name is not None for name in names) else value


def _is_missing(part: Any) -> bool:
    return type(part).__name__ in _MISSING_TYPES or (isinstance(part, float) and part != part)  # noqa: PLR0124 nothing else is unlike itself


def _row(value: Any) -> _Content | None:
    """A row of sqlite3 or asyncpg: it has keys, and iterates over its values."""
    if not (hasattr(type(value), "keys") and hasattr(type(value), "__getitem__")) or isinstance(value, collections.abc.Mapping):
        return None
    columns, values = [str(name) for name in value.keys()], list(value)  # noqa: SIM118 it iterates over its values
    return _object(_Record(columns, [value[name] for name in columns] if values == columns else values).pairs)


def _collection(value: Any) -> _Content | None:
    if isinstance(value, collections.abc.Mapping):
        return _Content("object", list(value.items()), len(value))
    if isinstance(value, collections.abc.Set):
        return _Content("set", value, len(value))
    kind = type(value)
    if hasattr(kind, "__iter__") and hasattr(kind, "__len__"):
        return _Content("list", value, len(value))
    return None  # an iterator is not used up


def _plain_object(value: Any) -> _Content:
    """An instance of an ordinary class, by its attributes: loaded ones only, and no property is called."""
    kind = type(value)
    if callable(value) or hasattr(kind, "__next__") or not all(base.__flags__ & _HEAP_TYPE for base in kind.__mro__[:-1]):
        raise _Opaque
    slots = [
        name
        for base in kind.__mro__
        for name in ([base.__dict__["__slots__"]] if isinstance(base.__dict__.get("__slots__"), str) else base.__dict__.get("__slots__", ()))
    ]
    parts = {name: getattr(value, name) for name in slots if not name.startswith("__") and hasattr(value, name)}
    parts.update(getattr(value, "__dict__", {}))
    pairs = [(name, part) for name, part in parts.items() if name not in _BOOKKEEPING]
    if not pairs:
        raise _Opaque
    return _object(pairs)


_BOOKKEEPING = frozenset(("_sa_instance_state", "_state", "__weakref__"))  # of SQLAlchemy, of Django

# ---------------------------------------------------------------------------------------------------------------------------------------------
# Observations: what may be read of a value
# ---------------------------------------------------------------------------------------------------------------------------------------------

# What keys of records are made of beside the words of messages. No given names and no surnames here either.
_KEY_WORDS = """
actor actors addresses age ages alias aliases amounts answer answers approval approved archived areas article articles attachment attachments author
authors avatar average award background balances bank basket best bic billing birth birthday board bonus book booking bookings books brand brands
budget building bundle business campaign campaigns canceled cancellation capacity caption card cards carrier cart carts case cases categories category
cause changes channel channels chapter cities city claim claims click clicks clients coin color colour comment comments commission companies company
components confirmation confirmed contact contacts contracts coordinates copies cost costs counter countries country county coupon course courses
creation creator credit credits currencies currency daily day days deadline debit debits debt delay delivered deliveries delivery department
departments deposit deposits description devices discount discounts display distance district document documents download downloads draft due duration
ean effective emails employee employees enrolled estimated events exchange expense expenses expiry external factor family fax featured fee feedback
fees film films finish flags flight floor follower followers footer forecast frequency friends gender geo goal grade gross guest guests guid handling
headline health hidden highlights history holiday home hotel hour hours house household href iban icon images incident income installment insurance
interest inventories inventory invoiced issued issuer issues job jobs journal labels landing lang language languages lat latitude lead leads lease
ledger legal lesson levels license link linked links listing lng loan loans locations logo logs lon longitude lot loyalty machine mail mailing
maintenance manufacturer margin market marketing material measure media median medium member members membership memo menu merchant meta middle mileage
minute minutes mobile money month monthly months mortgage newsletter nick nickname notes notification notifications offer offers office online
organisation organisations organization organizations outstanding overdue owners package packages page pages paid parcel parents participant
participants partner partners passport payable payee payer payroll penalty percent percentage performance period periods person persons phase phones
photo photos picture pictures place places plan planned plans plate platform plus point points policies policy population portfolio postal postcode
posted posts preference preferences premium prescription prev price prices print priority production profession profile profiles profit program
progress project projects promo promotion published publisher purchase purchased purchases quantities quarter question questions quota rank ranking
rate rates rating ratings ratio receipt receipts recipient recipients recommended refund refunded refunds region regions registration rel remark
remarks reminder renewal rent rental rentals rented replacement replies reply reports reservation reservations restaurant retail revenue review
reviewed reviews revision roles room rooms salary sale sales salutation schedule scheduled score scores screen season seat seats segment seller sender
serial series services severity shares shelf shift ship shipment shipments shipped shipping shop shops sidebar site sites sku slug snapshot snippet
sold special speed spent ssn staff stage stages star stars stats statuses stock stores street streets student students style submitted subscriber
subscription subscriptions subtitle subtotal summary supplier suppliers surname survey tags tax taxes teacher team teams telephone temperature tenant
term terms theme thumbnail ticket tickets tier title titles topic topics totals tracking trade train training transport travel trial turnover uid
units upload urls vacation validity variant variants vat vehicle vehicles vendor vendors venue video videos views visibility visit visitor visitors
visits volume vote votes voucher vouchers warehouse warranty website weekday weekly weeks weight wholesale withdrawal word words work workers yearly
zip zones
"""
_KEY_VOCABULARY = VOCABULARY | frozenset(_KEY_WORDS.split())
_pattern: Callable[[str], Pattern[str]] = functools.lru_cache(maxsize=None)(lambda text: re.compile(text, re.ASCII))  # made at first use
_KEY_NAME = r"[A-Za-z_@$][A-Za-z0-9_@$.: -]{0,79}"
_KEY_PART = r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+"
_FIELD_NAME = r"[A-Za-z_]\w{0,79}"
_PERSONAL_WORDS = """
name names first last middle given family surname nick title author user username login owner city street address phone mobile fax email mail company
contact iban bic account passport birth birthday ssn customer employee recipient sender payer payee postcode zip district person
"""
# Places whose few distinct texts are people or addresses rather than states.
_PERSONAL = frozenset(_PERSONAL_WORDS.split())
# The last words of names of identifiers; no number there travels, whatever the tolerance.
_IDENTIFYING_WORDS = """
id ids no nos nr num nums number numbers key keys pk fk uid guid uuid code codes account accounts iban bic phone phones mobile fax zip postcode plz
ssn pin ean isbn sku passport birth birthday lat lon lng latitude longitude card token hash ref reference
"""
_IDENTIFYING = frozenset(_IDENTIFYING_WORDS.split())
_NOT_IDENTIFYING = frozenset(("paid", "unpaid", "prepaid", "bid", "grid", "valid", "invalid", "void", "aid", "solid", "fluid", "rapid", "avoid"))
_LARGEST_COUNT = 9_999  # a whole number above it may be an identifier

_LONGEST_FORMAT = 512
_YEAR, _MONTH, _DAY, _CLOCK = r"\d{4}", r"(?:0[1-9]|1[0-2])", r"(?:0[1-9]|[12]\d|3[01])", r"(?:[01]\d|2[0-4]):[0-5]\d(?::[0-6]\d(?:[.,]\d{1,9})?)?"
_DATE = f"{_YEAR}-{_MONTH}-{_DAY}"
_FORMATS = (
    ("integer", r"[+-]?\d{1,40}"),
    ("decimal", r"[+-]?\d{0,40}[.,]\d{1,40}|[+-]?\d{1,3}(?:[ .,']\d{3}){1,9}[.,]\d{1,9}"),
    ("date", _DATE),
    ("datetime", f"{_DATE}[T ]{_CLOCK}"),
    ("datetime with zone", f"{_DATE}[T ]{_CLOCK} ?(?:Z|[+-]\\d\\d:?\\d\\d|UTC)"),
    ("time", f"{_CLOCK}(?:Z|[+-]\\d\\d:?\\d\\d)?"),
    ("date (day first, dots)", rf"(?:0?[1-9]|[12]\d|3[01])\.(?:0?[1-9]|1[0-2])\.{_YEAR}"),
    ("date (slashes)", rf"\d{{1,2}}/\d{{1,2}}/{_YEAR}|{_YEAR}/\d{{1,2}}/\d{{1,2}}"),
    ("uuid", r"\{?[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\}?"),
    ("ip", r"(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)|(?=[^:]*:[^:]*:)[0-9a-fA-F:]{2,39}"),
    ("phone", r"\+\d[\d ()/.-]{5,24}\d|\(?0\d{1,5}\)?[ /-][\d -]{3,16}\d|\(?\d{3}\)?[ -]\d{3}[ -]\d{4}"),
    ("iban", r"[A-Z]{2}\d{2} ?(?:[A-Z0-9]{4} ?){2,7}[A-Z0-9]{1,4}"),
    ("hex", r"(?:0[xX])?(?=[a-fA-F]{0,64}\d)[0-9a-fA-F]{16,128}"),
)
_EMAIL = r"[^\s@]{1,64}@[^\s@.]{1,63}(?:\.[^\s@.]{1,63}){1,8}"
_URL = r"[A-Za-z][A-Za-z0-9+.-]{1,20}://\S+"
_CODED = r"[A-Za-z][A-Za-z0-9]{0,31}(?:[_./-][A-Za-z0-9]{1,32}){0,5}"


def _format_of(text: str) -> str:
    """The format of a text: `empty`, `blank`, one that is recognised, or `text`."""
    if not text:
        return "empty"
    first = text[0]
    if len(text) > _LONGEST_FORMAT or not first.isascii() or first in " \t\r\n":
        return "text" if text.strip() else "blank"
    if "@" in text and _pattern(_EMAIL).fullmatch(text):
        return "email"
    if "://" in text and _pattern(_URL).fullmatch(text):
        return "url"
    if first in _FORMAT_STARTS or "0" <= text[-1] <= "9" or (len(text) > 3 and "0" <= text[2] <= "9"):  # most words are done with here
        return next((name for name, pattern in _FORMATS if _pattern(pattern).fullmatch(text)), "text")
    return "text"


_FORMAT_STARTS = frozenset("0123456789+-.,({:abcdefABCDEF")


def _key_words(name: str) -> list[str]:
    return [part.lower() for part in _pattern(_KEY_PART).findall(name)]


def _is_identifying(name: str | None) -> bool:
    words = [word for word in _key_words(name or "") if not word.isdigit()]
    if not words:
        return False
    return not _IDENTIFYING.isdisjoint(words[-1:]) or (words[-1].endswith(("id", "ids", "nr")) and words[-1] not in _NOT_IDENTIFYING)


def _size_class(size: int) -> str:
    """0, 1, 2-9, 10-99, 100-999, ..."""
    if size < 2:
        return str(size)
    digits = len(str(size))
    return "2-9" if digits == 1 else f"{10 ** (digits - 1)}-{10**digits - 1}"


def _rules(patterns: Sequence[str]) -> Any:
    """One expression for all paths to ignore; ValueError where one is none."""
    made = []
    for pattern in patterns:
        if not isinstance(pattern, str) or not pattern.startswith("$"):
            raise ValueError("observe: a path to ignore begins with $, for example $.orders[*].updated_at or $..updated_at")
        parts, position = [], 1
        while position < len(pattern):
            found = re.compile(_PATH_PART).match(pattern, position)
            if found is None:
                raise ValueError(
                    'observe: paths to ignore are made of .name, ..name, .*, [*] and ["any key"]; all elements of a list are meant by [*]'
                )
            deep, name, quoted = found.group("deep"), found.group("name"), found.group("quoted")
            if deep:
                parts.append(rf"(?:\x1e[^\x1e\x1f]*|\x1f)*\x1e{re.escape(deep)}")
            elif name or quoted:
                parts.append(r"\x1e[^\x1e\x1f]*" if name == "*" else rf"\x1e{re.escape(name or quoted)}")
            else:
                parts.append(r"\x1f")
            position = found.end()
        made.append("".join(parts))
    return re.compile("|".join(f"(?:{one})" for one in made)) if made else None


_PATH_PART = r"\.\.(?P<deep>\w+)|\.(?P<name>\w+|\*)|\[\*\]|\[\"(?P<quoted>[^\"]+)\"\]"

# ---------------------------------------------------------------------------------------------------------------------------------------------
# Observations on their way to a line
# ---------------------------------------------------------------------------------------------------------------------------------------------

MANY = 24  # more distinct values than this are no enumeration
FEW = 12  # at most as many are one
ENOUGH = 20  # values, to tell
_MOST_KEYS = 200  # of mappings at one place, before they are taken for data
_canonical: Callable[[Any], str] = json.JSONEncoder(ensure_ascii=True, sort_keys=True, separators=(",", ":")).encode
_REAL_CLOCK = (time.perf_counter,)  # within a tuple, where a library that freezes time does not replace it


class _Hiding:
    """Hides values and keys: a keyed fingerprint for each, and no name but words of code."""

    def __init__(self, key: bytes | None, words: Collection[str]) -> None:
        self._mac = None if key is None else hmac.new(key, b"observe\0", "sha256")
        self._words = words
        self._names: dict[Any, str] = {}

    @property
    def keyed(self) -> bool:
        """Whether there is a project key."""
        return self._mac is not None

    def fingerprint(self, kind: str, text: str) -> str:
        """12 hexadecimal digits, equal for equal values of one type under one key."""
        if self._mac is None:
            raise _Opaque
        mac = self._mac.copy()  # three times as fast as to begin with the key
        mac.update(f"{kind}\0{text}".encode("utf-8", "surrogatepass"))
        return mac.digest()[:6].hex()

    def name(self, key: Any, *, schema: bool) -> str:
        """The key as it may be read, or `#` and its fingerprint; without a project key `#` alone."""
        known = (type(key), key, schema)
        try:
            return self._names[known]
        except KeyError:
            pass
        except TypeError:  # a key that cannot be hashed: rows of strange mappings
            return "#"
        if type(key) is str and self.readable(key, schema=schema):
            name = key
        elif not self.keyed:
            name = "#"
        else:
            leaf = _look(key)
            name = "#" + self.fingerprint(*leaf) if type(leaf) is tuple else "#" + self.fingerprint("key", repr(key))
        self._names[known] = name
        return name

    def readable(self, key: str, *, schema: bool) -> bool:
        """Whether a key is a name from code: of a field, in the test's own file, or made of ordinary words."""
        if schema and _pattern(_FIELD_NAME).fullmatch(key):
            return True
        if not _pattern(_KEY_NAME).fullmatch(key):
            return False
        if key in self._words:
            return True
        parts = _key_words(key)
        return bool(parts) and all(part in _KEY_VOCABULARY or len(part) == 1 or (part.isdigit() and len(part) == 2) for part in parts)

    def like_data(self, keys: Collection[Any]) -> bool:
        """Whether keys of mappings are rather data than names: dates, identifiers, numbers, names of things."""
        readable = sum(1 for key in keys if type(key) is str and self.readable(key, schema=False))
        like_names = sum(1 for key in keys if type(key) is str and not self.readable(key, schema=False) and self._like_name(key))
        return (len(keys) - readable - like_names) * 2 >= len(keys) or (len(keys) > FEW and not readable)

    @staticmethod
    def _like_name(key: str) -> bool:
        return len(key) <= 40 and _pattern(_FIELD_NAME).fullmatch(key) is not None and _format_of(key) == "text" and sum(map(str.isdigit, key)) < 3


class _Recording:
    """One value on its way to a tree: what it may still cost, and what was cut."""

    def __init__(self, hiding: _Hiding, options: _Options, name: str) -> None:
        self.hiding = hiding
        self.options = options
        self.makers = _makers()
        self.cut: str | None = None  # what ended it
        self.lost: str | None = None  # what a part was left out for
        self._left = MAX_NODES
        self._now = _REAL_CLOCK[0]
        self._end = self._now() + MAX_SECONDS
        self._open: dict[int, int] = {}
        self._root = name
        self._known: dict[_Leaf, str] = {}

    def spent(self) -> bool:
        """Count one part; True once a budget has run out."""
        self._left -= 1
        if self._left < 0:
            self.cut = self.cut or "nodes"
        elif not self._left & 255 and self._now() > self._end:
            self.cut = self.cut or "time"
        return self.cut is not None

    def look(self, value: Any, depth: int) -> Any:
        """A leaf, content, or None where a part is left out; the reason is kept."""
        if id(value) in self._open:
            return f"cycle of {depth - self._open[id(value)]}", ""
        if depth > MAX_DEPTH:
            self.lost = self.lost or "depth"
            return None
        try:
            return _look(value)
        except Exception:  # noqa: BLE001 code of the suite runs in here
            self.lost = self.lost or "unreadable"
            return None

    def enter(self, value: Any, depth: int) -> None:
        self._open[id(value)] = depth

    def leave(self, value: Any) -> None:
        self._open.pop(id(value), None)

    def ignored(self, path: str) -> bool:
        return self.options.rules is not None and self.options.rules.fullmatch(path) is not None

    def tree(self, value: Any, *, exact: bool) -> Any:
        if exact:
            return self._node(value, 0, "", self._root)
        place = _Place(self._root)
        place.add(value, self, 0, "")
        return place.node(self.hiding)

    # A value as fingerprints

    def _node(self, value: Any, depth: int, path: str, name: str | None) -> Any:
        if self.spent():
            return {"!cut": self.cut}
        make = self.makers.get(type(value))
        if make is not None:
            return self._leaf(make(value), value, name)
        found = self.look(value, depth)
        if not isinstance(found, _Content):
            return {"!cut": self.lost} if found is None else self._leaf(found, value, name)
        self.enter(value, depth)
        try:
            return self._members(found, depth, path) if found.kind == "object" else self._elements(found, depth, path, name)
        except Exception:  # noqa: BLE001 lazy content may raise while it is walked
            self.lost = self.lost or "unreadable"
            return {"!cut": self.lost}
        finally:
            self.leave(value)

    def _leaf(self, leaf: _Leaf, value: Any, name: str | None) -> Any:
        kind = leaf[0]
        if self.options.tolerance is not None and kind in ("int", "float", "decimal") and not _is_identifying(name):
            number = float(value) if abs(value) < _EXACT_FLOATS else None
            if number is not None and (abs(number) <= _LARGEST_COUNT or not number.is_integer()):
                return number + 0.0
            return "number?:" + self.hiding.fingerprint("number", repr(number) if number is not None else f"{kind} {leaf[1]}")
        text = self._known.get(leaf)
        if text is None:
            text = kind if not leaf[1] and kind not in ("str", "bytes", "path") else f"{kind}:{self.hiding.fingerprint(*leaf)}"
            if len(leaf[1]) <= _LONGEST_FORMAT:
                self._known[leaf] = text
        return text

    def _members(self, content: _Content, depth: int, path: str) -> dict[str, Any]:
        members: dict[str, Any] = {}
        for key, part in content.items:
            below = f"{path}\x1e{key}" if self.options.rules is not None else ""
            if self.options.rules is not None and self.ignored(below):
                continue
            name = self.hiding.name(key, schema=content.schema)
            members[name] = self._node(part, depth + 1, below, key if type(key) is str else None)
            if self.cut is not None:
                members["!cut"] = self.cut
                break
        return members

    def _elements(self, content: _Content, depth: int, path: str, name: str | None) -> Any:
        below = f"{path}\x1f" if self.options.rules is not None else ""
        nodes: list[Any] = []
        ended: dict[str, Any] = {}
        if not self.ignored(below):
            for part in content.items:
                nodes.append(self._node(part, depth + 1, below, name))
                if self.cut is not None:
                    ended = {"!cut": self.cut}
                    break
        if content.kind == "set":
            return {"!set": sorted(nodes, key=_canonical), **ended}
        keyed = self._keyed(nodes)
        if keyed is not None:
            return {"!rows": keyed, **ended}
        if self.options.unordered:
            return {"!unordered": sorted(nodes, key=_canonical), **ended}
        return [*nodes, ended] if ended else nodes

    def _keyed(self, nodes: list[Any]) -> list[Any] | None:
        """Rows with the fingerprints of their keys, in the order of these; None where a list is none of rows with these keys."""
        fields = [[self.hiding.name(field, schema=schema) for schema in (True, False)] for field in self.options.key]
        if not fields or not nodes:
            return None
        rows = []
        for node in nodes:
            if type(node) is not dict:
                return None
            key = [node.get(field, node.get(plain)) for field, plain in fields]
            if any(part is None for part in key):
                return None
            rows.append([self.hiding.fingerprint("row", _canonical(key)), node])
        return sorted(rows, key=_canonical if len({row[0] for row in rows}) < len(rows) else operator.itemgetter(0))


_EXACT_FLOATS = 2**53


class _Place:
    """What is learned of one place in a value, over every element that has it."""

    __slots__ = (
        "coded",
        "cut",
        "formats",
        "high",
        "items",
        "key",
        "keys",
        "low",
        "map",
        "map_formats",
        "map_high",
        "map_low",
        "objects",
        "seen",
        "types",
        "values",
    )

    def __init__(self, key: str | None) -> None:
        self.key = key
        self.types: set[str] = set()
        self.formats: set[str] = set()
        self.values: set[str] = set()  # at most one more than MANY
        self.coded = True
        self.seen = 0
        self.items: _Place | None = None
        self.low = self.high = -1  # number of elements of its lists
        self.keys: dict[Any, list[Any]] = {}  # a key: how many mappings have it, its place, whether it is a name from code
        self.objects = 0
        self.map: _Place | None = None
        self.map_formats: set[str] = set()
        self.map_low = self.map_high = -1
        self.cut: str | None = None

    def add(self, value: Any, recording: _Recording, depth: int, path: str) -> None:
        """Learn from one more value."""
        if recording.spent():
            return
        kind = type(value)
        if kind is str:
            self._text(value)
            return
        make = recording.makers.get(kind)
        found = recording.look(value, depth) if make is None else make(value)
        if not isinstance(found, _Content):
            if found is None:
                self.cut = recording.lost
            else:
                self._leaf(found)
            return
        recording.enter(value, depth)
        try:
            self._content(found, recording, depth, path)
        except Exception:  # noqa: BLE001 lazy content may raise while it is walked
            self.cut = recording.lost = recording.lost or "unreadable"
        finally:
            recording.leave(value)

    def _leaf(self, leaf: _Leaf) -> None:
        if leaf[0] == "str":
            self._text(leaf[1])
            return
        self.types.add(leaf[0])
        if leaf[0] == "bool":
            self.seen += 1
            self.values.add(leaf[1])

    def _text(self, text: str) -> None:
        self.types.add("str")
        self.formats.add(_format_of(text))
        self.seen += 1
        if len(self.values) <= MANY:
            self.coded = self.coded and (not text or _pattern(_CODED).fullmatch(text) is not None)
            self.values.add(text)

    def _content(self, content: _Content, recording: _Recording, depth: int, path: str) -> None:
        ruled = recording.options.rules is not None
        if content.kind != "object":
            below = f"{path}\x1f" if ruled else ""
            if ruled and recording.ignored(below):
                self.types.add(content.kind)
                return
            self.types.add(content.kind)
            self.low, self.high = _wider(self.low, self.high, content.size)
            if self.items is None:
                self.items = _Place(self.key)
            for part in content.items:
                self.items.add(part, recording, depth + 1, below)
                if recording.cut is not None:
                    return
            return
        self.types.add("object")
        self.objects += 1
        self.map_low, self.map_high = _wider(self.map_low, self.map_high, content.size)
        for key, part in content.items:
            below = f"{path}\x1e{key}" if ruled else ""
            if ruled and recording.ignored(below):
                continue
            self._member(key, schema=content.schema).add(part, recording, depth + 1, below)
            if recording.cut is not None:
                return

    def _member(self, key: Any, *, schema: bool) -> _Place:
        if self.map is None:
            known = self.keys.get(key)
            if known is not None:
                known[0] += 1
                place: _Place = known[1]
                return place
            if schema or len(self.keys) < _MOST_KEYS:
                place = _Place(key if type(key) is str else None)
                self.keys[key] = [1, place, schema]
                return place
            self._to_map()
        self._map_key(key)
        assert self.map is not None  # noqa: S101 for the type checker
        return self.map

    def _map_key(self, key: Any) -> None:
        leaf = _look(key)
        self.map_formats.add(_format_of(key) if type(key) is str else leaf[0] if type(leaf) is tuple else leaf.kind)

    def _to_map(self) -> None:
        self.map = self.map or _Place(None)
        for key, (_, place, _) in self.keys.items():
            self._map_key(key)
            self.map.absorb(place)
        self.keys = {}

    def absorb(self, other: _Place) -> None:
        """Take in what another place has learned."""
        self.types |= other.types
        self.formats |= other.formats
        self.coded = self.coded and other.coded
        self.seen += other.seen
        self.values = set(list(self.values | other.values)[: MANY + 1])
        self.cut = self.cut or other.cut
        self.objects += other.objects
        for size in (other.low, other.high):
            self.low, self.high = _wider(self.low, self.high, size)
        for size in (other.map_low, other.map_high):
            self.map_low, self.map_high = _wider(self.map_low, self.map_high, size)
        if other.items is not None:
            self.items = self.items or _Place(other.items.key)
            self.items.absorb(other.items)
        if other.map is not None:
            self._to_map()
            self.map_formats |= other.map_formats
            self.map.absorb(other.map)  # type: ignore[union-attr] # it was made in the line before the last
        for key, (count, place, schema) in other.keys.items():
            if self.map is not None:
                self._map_key(key)
                self.map.absorb(place)
                continue
            known = self.keys.setdefault(key, [0, _Place(place.key), schema])
            known[0] += count
            known[1].absorb(place)

    def node(self, hiding: _Hiding) -> dict[str, Any]:
        """The shape as docs/observations.md describes it."""
        node: dict[str, Any] = {"types": sorted(self.types)}
        if self.formats:
            node["formats"] = sorted(self.formats)
        enumeration = self._enumeration(hiding)
        if enumeration is not None:
            node["values"] = enumeration
        if self.items is not None:
            node["size"] = [_size_class(self.low), _size_class(self.high)]
            node["items"] = self.items.node(hiding)
        if self.keys and self.map is None and not any(known[2] for known in self.keys.values()) and hiding.like_data(self.keys):
            self._to_map()
        if self.map is not None:
            node["map_size"] = [_size_class(self.map_low), _size_class(self.map_high)]
            node["map_keys"] = sorted(self.map_formats)
            node["map"] = self.map.node(hiding)
        elif self.objects:
            self._named(node, hiding)
        if self.cut is not None:
            node["cut"] = self.cut
        return node

    def _named(self, node: dict[str, Any], hiding: _Hiding) -> None:
        places: dict[str, _Place] = {}
        optional = set()
        for key, (count, place, schema) in self.keys.items():
            name = hiding.name(key, schema=schema)
            if name in places:
                places[name].absorb(place)
            else:
                places[name] = place
            if count < self.objects:
                optional.add(name)
        node["keys"] = {name: place.node(hiding) for name, place in places.items()}
        if optional:
            node["optional"] = sorted(optional)

    def _enumeration(self, hiding: _Hiding) -> dict[str, Any] | None:
        if self.seen < ENOUGH or not self.types <= {"str", "bool", "null"} or not _PERSONAL.isdisjoint(_key_words(self.key or "")):
            return None
        distinct = len(self.values)
        if distinct > MANY:
            return {"n": None}
        if not self.coded or distinct > FEW or distinct * 3 > self.seen or not self.formats <= {"text", "empty"}:
            return None
        if not hiding.keyed:
            return {"n": distinct}
        return {"n": distinct, "set": hiding.fingerprint("set", _canonical(sorted(self.values)))}


def _wider(low: int, high: int, size: int) -> tuple[int, int]:
    if size < 0:
        return low, high
    return (size if low < 0 else min(low, size)), max(high, size)


class _Options:
    """How one value is to be compared; ValueError or TypeError where that makes no sense."""

    __slots__ = ("exact", "key", "rules", "said", "tolerance", "unordered")

    def __init__(self, name: Any, compare: Any, ignore: Any, tolerance: Any, key: Any, unordered: Any) -> None:
        if not isinstance(name, str) or not name.strip():
            raise TypeError("observe: the first argument is the observation's name, a text")
        if compare not in ("shape", "exact"):
            raise ValueError('observe: compare is "shape" or "exact"')
        self.exact = compare == "exact"
        if not self.exact and (tolerance is not None or key is not None or unordered):
            raise ValueError('observe: tolerance, key and unordered belong to compare="exact"; a shape knows no values and no order')
        if tolerance is not None and (isinstance(tolerance, bool) or not isinstance(tolerance, (int, float)) or not 0 < tolerance < float("inf")):
            raise ValueError("observe: tolerance is a number above 0; without one numbers are compared exactly")
        keys = (key,) if isinstance(key, str) else tuple(key or ())
        if not all(isinstance(field, str) and field for field in keys):
            raise TypeError("observe: key is the name of a field, or several")
        patterns = (ignore,) if isinstance(ignore, str) else tuple(ignore)
        self.rules = _rules(patterns)
        self.tolerance: float | None = None if tolerance is None else float(tolerance)
        self.key: tuple[str, ...] = keys
        self.unordered = bool(unordered)
        said = {"tolerance": self.tolerance, "ignore": len(patterns), "key": len(keys), "unordered": self.unordered}
        self.said = {option: given for option, given in said.items() if given}


class Observed:
    """What one run of one test observes: the function behind the fixture, and the lines it has made."""

    def __init__(self, key: bytes | None, words: Collection[str]) -> None:
        self.lines: list[str] = []
        self._hiding = _Hiding(key, words)
        self._words = words
        self._numbers: Counter[str] = Counter()
        self._room = MAX_TREES
        self._process = os.getpid()

    def __call__(
        self,
        name: str,
        value: Any,
        *,
        compare: str = "shape",
        ignore: Any = (),
        tolerance: float | None = None,
        key: Any = None,
        unordered: bool = False,
    ) -> None:
        """Record a value; the arguments are those of the fixture `observe`."""
        options = _Options(name, compare, ignore, tolerance, key, unordered)
        if len(self.lines) > MAX_OBSERVATIONS or os.getpid() != self._process:
            return
        shown = (shape_message(name, self._words) or "<str>").replace("\n", " ")
        self._numbers[shown] += 1
        tree: Any = None
        exact = options.exact and self._hiding.keyed
        if len(self.lines) == MAX_OBSERVATIONS:
            cut: str | None = "count"
        elif self._room <= 0:
            cut = "size"
        else:
            recording = _Recording(self._hiding, options, name)
            try:
                tree = recording.tree(value, exact=exact)
                cut = recording.cut or recording.lost
            except Exception:  # noqa: BLE001 the suite's own run must never fail because of its observer
                cut = "unreadable"
        text = "" if tree is None else _canonical(tree)
        self._room -= len(text)
        if self._room < 0:
            cut, text = ("size" if text else cut), ""
        if options.exact and not exact:
            text, cut = ("" if cut in ("nodes", "time") else text), "key"
        text = text or _canonical({"!cut": cut} if exact else {"types": [], "cut": cut})
        event = {
            "name": shown,
            "n": self._numbers[shown],
            "compare": compare,
            "digest": hashlib.sha256(f"{compare}\0{text}".encode("ascii")).hexdigest()[:32],
            "options": options.said,
            "cut": cut,
        }
        self.lines.append(f'{_encode(event)[:-1]},"tree":{text}}}')


def unobserved(
    name: str, value: Any, *, compare: str = "shape", ignore: Any = (), tolerance: float | None = None, key: Any = None, unordered: bool = False
) -> None:
    """Stands in for the function of the fixture where nothing is recorded: only the arguments are looked at."""
    del value
    _Options(name, compare, ignore, tolerance, key, unordered)
