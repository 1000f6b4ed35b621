"""Tells from a sample what the values of a column are. Standards are checked with python-stdnum and phonenumbers."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import phonenumbers
from stdnum import iban, luhn
from stdnum.br import cpf
from stdnum.de import idnr
from stdnum.dk import cpr
from stdnum.es import nif
from stdnum.eu import vat
from stdnum.fi import hetu
from stdnum.fr import nir
from stdnum.it import codicefiscale
from stdnum.no import fodselsnummer
from stdnum.pl import pesel
from stdnum.se import personnummer

from harness.model.canonical import canonical

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_MOST = 0.8
"""The share of a sample that must be of one kind: real columns have their blunders."""
_TAX_NUMBERS = (cpf, idnr, cpr, nif, vat, hetu, nir, codicefiscale, fodselsnummer, pesel, personnummer)
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")
_CARD_LENGTHS = range(13, 20)
_PREFIXED = re.compile(r"([A-Za-z]{2,10}_)[A-Za-z0-9]{6,}")
_REFERENCE = re.compile(r"(?=.*\d)[A-Za-z0-9][\w\-./:#]{4,39}")
_NAME = re.compile(r"[^\W\d_][^\d_@/\\]{1,60}")
_PHONE_CHARACTERS = re.compile(r"[+(]?[\d\s()./\-]{6,24}(?:\s*(?:x|ext\.?)\s*\d+)?", re.IGNORECASE)
_PHONE_WORDS = re.compile(r"phone|\btel|telefon|mobil|cell|\bfax|handy|gsm|msisdn|whatsapp", re.IGNORECASE)
_NAME_WORDS = re.compile(
    r"name|surname|vorname|nachname|\bnom\b|prenom|apellid|nombre|cognome|company|firma|organi[sz]ation|contact|holder|owner",
    re.IGNORECASE,
)
_SECTION = re.compile(r"(?<=[a-z])(?=[A-Z])|_")
_FEWEST = 3
_MOST_OF_NAME = 5
_SHORTEST_FAMILY = 4


def content_of(name: str, values: Sequence[object]) -> str | None:
    """What a column called `name` holds, by `values` (without None): `email`, `phone`, `iban`, `card`, `tax_number`, `uuid`, `prefixed`, `name`,
    `reference`; None where nothing can be said.
    """
    if len(values) < _FEWEST and not any(_is_email(value) for value in values):
        return None
    for content, is_one in _CHECKS:
        if _share(values, is_one) >= _MOST:
            return content
    return "tax_number" if _one_tax_kind(values) else _by_name_too(name, values)


def content_of_one(value: str) -> str | None:
    """What a single text is, as far as it can be told alone: `email`, `uuid`, `iban`, or a `phone` number with its country."""
    if _is_email(value):
        return "email"
    if _is_uuid(value):
        return "uuid"
    if value[:1] == "+" and _is_phone(value):
        return "phone"
    return "iban" if value[:2].isalpha() and value[2:4].isdigit() and _is_iban(value) else None


def _by_name_too(name: str, values: Sequence[object]) -> str | None:
    """Contents whose values alone would not tell."""
    words = _SECTION.sub(" ", name)
    text = [value for value in values if isinstance(value, str)]
    if text and _PHONE_WORDS.search(words) and _share(values, _like_phone) >= _MOST:
        return "phone"
    if len(text) >= len(values) * _MOST:
        if _common_prefix(text):
            return "prefixed"
        if _NAME_WORDS.search(words) and _share(values, _like_name) >= _MOST and distinct_share(text) >= 0.3:
            return "name"
        if _share(values, _like_reference) >= _MOST and distinct_share(text) >= 0.95:
            return "reference"
    return None


def distinct_share(values: Sequence[object]) -> float:
    """Distinct values per value, 0.0 for none."""
    return len({str(value) for value in values}) / len(values) if values else 0.0


def national_number(value: str) -> str | None:
    """The digits of a telephone number without its country, as somebody there would write it; None where the country is not told."""
    number = _parsed(value)
    return str(number.national_number) if number is not None and number.national_number else None


def family_names(value: str) -> list[str]:
    """The words of a full name behind the first, as somebody would search for them: `Holmes` and `Watson` of `Mary Holmes-Watson`."""
    words = value.split()
    if not 1 < len(words) <= _MOST_OF_NAME:
        return []
    family = words[:1] if words[0].endswith(",") else words[1:]
    pieces = [piece for word in family for piece in dict.fromkeys((word, *word.split("-")))]
    return [piece for one in pieces if len(piece := one.strip(",.")) >= _SHORTEST_FAMILY and not any(map(str.isdigit, piece))]


def _share(values: Sequence[object], is_one: Callable[[object], bool]) -> float:
    return sum(map(is_one, values)) / len(values)


def _is_email(value: object) -> bool:
    return isinstance(value, str) and _EMAIL.fullmatch(value.strip()) is not None


def _is_uuid(value: object) -> bool:
    return (canonical(value) or "").startswith("u:")


def _is_iban(value: object) -> bool:
    return isinstance(value, str) and bool(iban.is_valid(value, check_country=False))


def _is_card(value: object) -> bool:
    digits = re.sub(r"[\s-]", "", str(value))
    return isinstance(value, str | int) and digits.isdigit() and len(digits) in _CARD_LENGTHS and bool(luhn.is_valid(digits))


def _is_phone(value: object) -> bool:
    """A number with its country: without one, too many other numbers look the same."""
    number = _parsed(value) if isinstance(value, str) else None
    return number is not None and phonenumbers.is_possible_number(number)


def _parsed(value: str) -> phonenumbers.PhoneNumber | None:
    text = value.strip()
    if text.startswith("00"):
        text = "+" + text[2:]
    if not text.startswith("+"):
        return None
    try:
        return phonenumbers.parse(text, None)
    except phonenumbers.NumberParseException:
        return None


def _like_phone(value: object) -> bool:
    return isinstance(value, str) and _PHONE_CHARACTERS.fullmatch(value.strip()) is not None


def _like_name(value: object) -> bool:
    return isinstance(value, str) and _NAME.fullmatch(value.strip()) is not None and len(value.split()) <= 8


def _like_reference(value: object) -> bool:
    return isinstance(value, str) and _REFERENCE.fullmatch(value) is not None and not (canonical(value) or "m:").startswith(("m:", "n:"))


def _common_prefix(values: Sequence[str]) -> bool:
    prefixes = [found.group(1) if (found := _PREFIXED.fullmatch(value)) else "" for value in values]
    most = max(set(prefixes), key=prefixes.count)
    return bool(most) and prefixes.count(most) >= len(values) * _MOST


def _one_tax_kind(values: Sequence[object]) -> bool:
    """Whether one country's rules hold for most: a check digit alone is right by chance once in ten."""
    texts = [str(value) for value in values if isinstance(value, str | int) and not isinstance(value, bool)]
    wanted = len(values) * _MOST
    return any(
        sum(map(kind.is_valid, texts)) >= wanted for kind in _TAX_NUMBERS if sum(map(kind.is_valid, texts[:20])) >= min(10, len(texts[:20]) / 2)
    )


_CHECKS: tuple[tuple[str, Callable[[object], bool]], ...] = (
    ("email", _is_email),
    ("uuid", _is_uuid),
    ("iban", _is_iban),
    ("card", _is_card),
    ("phone", _is_phone),
)
