"""The pieces of a longer text that may name somebody: numbers in paths, addresses in sentences, values in SQL."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from sqlglot import TokenType, tokenize
from sqlglot.errors import SqlglotError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlglot import Token

_EMAIL = re.compile(r"[\w.+%'-]+@[\w-]+(?:\.[\w-]+)+")
_UUID = re.compile(r"(?<![0-9A-Fa-f])[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}(?![0-9A-Fa-f])")
_ACCOUNT = re.compile(r"(?<!\w)[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,4})?(?!\w)")
_ACCOUNT_TYPED = re.compile(r"(?<!\w)[A-Z]{2}\d{2}(?: ?[A-Z0-9]{1,4}){3,8}(?!\w)", re.IGNORECASE | re.ASCII)
_GROUPED = re.compile(r"(?<![\w.+])[+(]?\d(?:[ ()/.-]{0,2}\d){6,18}(?![\w])")
_MOMENT = re.compile(r"(?<!\d)(?:\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}[\d:.+Z-]*)?|\d{1,2}[./]\d{1,2}[./]\d{4}|\d{1,2}:\d{2}(?::\d{2})?)(?!\d)")
_TOKEN = re.compile(r"(?<![\w.])-?[^\W_]\w*(?:[-/_#]\w+)*(?!\w|\.\d)")
_JOINED = re.compile(r"[^-/_#]+")
_SEGMENT = re.compile(r"[^/]+")
_DRAWN = re.compile(r"[A-Za-z]{2,10}_(?=[A-Z]*[a-z]+[A-Z])[A-Za-z]{6,}")
"""Prefixed identifiers are drawn without a digit now and then, `ord_wfSbCKDWwIfVbthJ`: capitals behind small letters tell them from names."""
_NUMBER = re.compile(r"(?<![\w.])-?\d+(?![\w]|\.\d)")
_NAMES = re.compile(r"[^\W\d_a-z][\w'\u2019-]*(?: (?:(?:de|da|van|von|der|di|la|le|el|al|bin) )*[^\W\d_a-z][\w'\u2019-]*){1,3}")
_QUOTED = re.compile(r"'([^'\n]{2,80})'|\"([^\"\n]{2,80})\"|`([^`\n]{2,80})`")
_SQL = re.compile(r"\s*(?:--[^\n]*\n\s*)*(?:select|insert|update|delete|with|merge|replace|call|exec(?:ute)?)\b", re.IGNORECASE)
_COMPARED = frozenset(
    {TokenType.EQ, TokenType.NEQ, TokenType.IN, TokenType.LIKE, TokenType.ILIKE, TokenType.GT, TokenType.LT, TokenType.GTE, TokenType.LTE}
)
_IN_FRONT = re.compile(r"([A-Za-z_][\w-]*)(?:/|=| ?== ?|: ?| )$")
_LONGEST = 20_000
_SHORTEST_ACCOUNT = 15
"""Signs of the shortest IBAN (Norway's)."""


class Part(NamedTuple):
    """A piece of a text: what it says, where it begins, and what the text calls it (a column)."""

    value: str
    offset: int
    name: str | None


def parts_of(text: str) -> tuple[Part, ...]:
    """The pieces that may name somebody, without the text itself; each once per place."""
    if len(text) > _LONGEST:
        return ()
    found: dict[tuple[str, int], Part] = {}
    for part in (*(_in_sql(text) if _SQL.match(text) else ()), *_in_prose(text)):
        if part.value != text.strip():
            found.setdefault((part.value, part.offset), part)
    return tuple(found.values())


def _in_prose(text: str) -> Iterator[Part]:
    moments = [found.span() for found in _MOMENT.finditer(text)]
    for shape in (_EMAIL, _UUID, _ACCOUNT, _GROUPED):
        yield from (Part(found.group().strip(".'- "), found.start(), None) for found in shape.finditer(text) if not _within(found.start(), moments))
    yield from _accounts(text)
    for value, offset in _with_digits(text):
        if not _within(offset, moments):
            yield Part(value, offset, _in_front(text, offset))
    yield from _names(text)
    for found in _QUOTED.finditer(text):
        yield Part(next(filter(None, found.groups())), found.start() + 1, None)


def _accounts(text: str) -> Iterator[Part]:
    """Account numbers (IBAN) in small letters too: their check digits tell them, and where they end, from other words."""
    for found in _ACCOUNT_TYPED.finditer(text):
        groups = found.group().split(" ")
        for count in range(len(groups), 0, -1):
            told = " ".join(groups[:count])
            if _has_check_digits(told.replace(" ", "")):
                yield Part(told, found.start(), None)
                break


def _has_check_digits(account: str) -> bool:
    """ISO 13616: letters as 10 to 35, the first four signs behind the others, are 1 modulo 97."""
    return len(account) >= _SHORTEST_ACCOUNT and int("".join(str(int(sign, 36)) for sign in account[4:] + account[:4])) % 97 == 1


def _with_digits(text: str) -> Iterator[tuple[str, int]]:
    """Words with a digit in them, and the numbers that they are joined of: `ST-2025-17`, `2025`, `17`; what is as plainly drawn and has none."""
    for found in _TOKEN.finditer(text):
        token = found.group()
        if any(character.isdigit() for character in token):
            yield token, found.start()
            yield from ((one.group(), found.start() + one.start()) for one in _JOINED.finditer(token) if one.group().isdigit())
            if "/" in token:
                yield from ((one.group(), found.start() + one.start()) for one in _SEGMENT.finditer(token) if re.search(r"\d", one.group()))
        if "_" in token:
            yield from ((one.group(), found.start() + one.start()) for one in _SEGMENT.finditer(token) if _DRAWN.fullmatch(one.group()))
    yield from ((found.group(), found.start()) for found in _NUMBER.finditer(text))


def _names(text: str) -> Iterator[Part]:
    """Two to four capitalised words in a row, in every way they can be cut: one of them may begin the sentence."""
    for found in _NAMES.finditer(text):
        words = list(re.finditer(r"\S+", found.group()))
        for first in range(len(words)):
            for last in range(first + 1, min(len(words), first + 4)):
                yield Part(found.group()[words[first].start() : words[last].end()], found.start() + words[first].start(), None)


def _in_front(text: str, offset: int) -> str | None:
    """The word right in front of a piece: `customers` of `/customers/17`, `id` of `?id=17`."""
    found = _IN_FRONT.search(text, max(0, offset - 40), offset)
    return found.group(1) if found else None


def _within(offset: int, spans: list[tuple[int, int]]) -> bool:
    return any(start <= offset < end for start, end in spans)


def _in_sql(text: str) -> Iterator[Part]:
    """Values of a statement with the column each is compared with; of an INSERT, the column it goes into."""
    try:
        tokens = tokenize(text)
    except (SqlglotError, ValueError):
        return
    columns, column, compared, place = _inserted(tokens), None, False, 0
    for number, token in enumerate(tokens):
        kind = token.token_type
        if kind in {TokenType.STRING, TokenType.NUMBER}:
            called = columns[place % len(columns)] if columns and not compared else column if compared else None
            sign = "-" if number and tokens[number - 1].token_type is TokenType.DASH and kind is TokenType.NUMBER else ""
            yield Part(sign + token.text, token.start + (kind is TokenType.STRING), called)
            place += 1
        elif kind in {TokenType.VAR, TokenType.IDENTIFIER}:
            column, compared = token.text, False
        elif kind in _COMPARED:
            compared = column is not None
        elif kind in {TokenType.AND, TokenType.OR, TokenType.SEMICOLON}:
            compared = False


def _inserted(tokens: Sequence[Token]) -> list[str]:
    """The columns that an INSERT names."""
    names: list[str] = []
    opened = False
    for token in tokens:
        kind = token.token_type
        if kind is TokenType.VALUES:
            return names
        if kind is TokenType.SELECT:
            return []
        if kind is TokenType.L_PAREN:
            opened, names = True, []
        elif opened and kind in {TokenType.VAR, TokenType.IDENTIFIER}:
            names.append(token.text)
    return []
