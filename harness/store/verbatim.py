"""Any Python text in a database, and back unchanged.

PostgreSQL refuses NUL in text, and no database can encode a lone surrogate; a test id may hold both. Such characters are stored as a mark and six
digits, all from a reserved corner of a private use area, where the reserved ones themselves are written the same way. The code is free of
context, so a text contains another exactly where its stored form contains the other's: searching works on stored forms.
"""

from __future__ import annotations

import hashlib
import re

_LONGEST_KEY = 1_000  # bytes; an index entry of PostgreSQL holds 2,700
_MARK = "\U0010fff0"
_DIGITS = "".join(chr(0x10FFE0 + digit) for digit in range(16))
_SPECIAL = re.compile("[\x00\ud800-\udfff\U0010ffe0-\U0010fff0]")
_ESCAPED = re.compile(f"{_MARK}([{_DIGITS}]{{6}})")
_TO_DIGITS = str.maketrans("0123456789abcdef", _DIGITS)
_FROM_DIGITS = str.maketrans(_DIGITS, "0123456789abcdef")


def stored(text: str) -> str:
    """The form of a text that every database takes; the text itself in all but rare cases."""
    if text.isascii() and "\0" not in text:  # nearly all
        return text
    return _SPECIAL.sub(_escape, text)


def original(text: str) -> str:
    """The text of which this is the stored form."""
    return _ESCAPED.sub(_unescape, text) if _MARK in text else text


def folded(text: str) -> str:
    """The stored form with case folded: what case-insensitive search compares."""
    return stored(text.casefold())


def digest(text: str) -> bytes:
    """16 bytes that stand for a text: what texts of any length are unique and indexed by."""
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def sort_key(text: str) -> bytes:
    """Bytes in whose order texts come by code point; of those above 1,000 bytes that begin alike the order is another, and always the same."""
    encoded = text.encode("utf-8", "surrogatepass")
    return encoded if len(encoded) <= _LONGEST_KEY else encoded[:_LONGEST_KEY] + digest(text)


def _escape(match: re.Match[str]) -> str:
    return _MARK + f"{ord(match.group()):06x}".translate(_TO_DIGITS)


def _unescape(match: re.Match[str]) -> str:
    return chr(int(match.group(1).translate(_FROM_DIGITS), 16))
