"""Redacted texts: what a template leaves out, as tokens such as `email:7f3a91`, so that equality survives and the value does not (docs/security.md).

A companion of the probe (shadow_harness_probe), which loads it with the first failure, or with the first test id that may hold a value. The harness
uses it for texts that come from elsewhere. Python 3.8 or newer and the standard library alone. PYTEST_DONT_REWRITE
"""

from __future__ import annotations

import ast
import functools
import hashlib
import hmac
import re
from typing import Any, Callable, Collection, Dict, Iterable, Iterator, List, Match, NamedTuple, Optional, Pattern, Tuple

if __package__:  # within the harness
    from runners.probe import shadow_harness_shapes as _shapes
    from runners.probe.shadow_harness_deep_values import canonical
else:  # in the process of a test, where the probe has loaded the other companions
    import shadow_harness_shapes as _shapes  # type: ignore[import-not-found,no-redef]  # it lies beside this file
    from shadow_harness_deep_values import canonical  # type: ignore[import-not-found,no-redef]  # the same

DIGITS = 6  # of a fingerprint in a token
DIGITS_IN_IDS = 12  # there they are told apart by it
MAX_MESSAGE = 400  # characters of a redacted message: a token is longer than a placeholder
PLAIN_BELOW = 100  # a smaller whole number that stands alone names nobody
_LONGEST = 200  # characters of a text that is looked at as a whole

# ---------------------------------------------------------------------------------------------------------------------------------------------
# What a value looks like
# ---------------------------------------------------------------------------------------------------------------------------------------------

MAY_HOLD_A_VALUE = re.compile(r"[0-9@](?:(?<=@)[^\W_]|(?:[ ().+/-]{0,3}[0-9]){6}|[0-9a-fA-F-]{11}|[A-Z][0-9]{2}[A-Z][0-9]{3})")
"""What every value has that is recognised in an id. The probe has the same, so that it loads this module only where an id asks for it."""

TOKEN_IN_ID = re.compile(r"(?<!\w)(?:email|uuid|iban|card|phone|tax_number):[0-9a-f]{12}(?:\.[0-9a-f]{4})?(?!\w)")

# Lengths of the IBAN registry, by country.
_IBAN_LENGTHS = (
    "AD24AE23AL28AT20AZ28BA20BE16BG22BH22BI27BR29BY28CH21CR22CY28CZ24DE22DJ27DK18DO28EE20EG29ES24FI18FO18FR27GB22GE22GI23GL18GR27GT28HN28HR21HU28"
    "IE22IL23IQ23IS26IT27JO30KW30KZ20LB28LC32LI21LT20LU20LV21LY25MC27MD24ME22MK19MN20MR27MT31MU30NI28NL18NO15OM23PK24PL28PS29PT25QA29RO24RS22RU33"
    "SA24SC31SD18SE24SI19SK24SM27SO23ST25SV28TL23TN24TR26UA29VA22VG24XK20YE30"
)
_CARD_LENGTHS = range(13, 20)
_PHONE_LENGTHS = range(7, 16)
_TOGETHER = 7  # digits; so many in groups are one number
_NIF_LETTERS = "TRWAGMYFPDXBNJZSQVHLCKE"

# One character of a word: anything but white space and ASCII punctuation (the underscore is part of words).
_W = r"[^\s!-/:-@\[-^`{-~]"
_EMAIL = r"[^\s@'\"<>()\[\]{},;:=]{1,64}@[^\s@'\"<>()\[\]{},;:=]{1,255}"
_UUID = r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
_CLOCK = r"\d\d:\d\d(?::\d\d(?:[.,]\d{1,9})?)?(?:Z|[+-]\d\d:?\d\d)?"
_DATE = rf"(?:\d{{4}}-\d\d-\d\d(?:[T ]{_CLOCK})?|\d{{4}}/\d\d/\d\d|[0-3]?\d[./][0-3]?\d[./](?:19|20)\d\d)"
_MOMENT = r"(?:datetime\.)?date(?:time)?\(\d{4}, \d{1,2}, \d{1,2}(?:, \d{1,6}){0,4}\)"  # as Python writes it
_IBAN = r"[A-Za-z]{2}[0-9]{2}(?: ?[A-Za-z0-9]{4}){2,7}(?: ?[A-Za-z0-9]{1,3})?"
_TAX = (
    r"(?:ATU|AT|BE|BG|CY|CZ|DE|DK|EE|EL|ES|FI|FR|GB|HR|HU|IE|IT|LT|LU|LV|MT|NL|PL|PT|RO|SE|SI|SK) ?[0-9]{8,12}"  # of value added tax
    r"|[A-CEGHJ-PR-TW-Z]{2} ?\d\d ?\d\d ?\d\d ?[A-D]"  # British
    r"|[A-Z]{6}\d\d[A-EHLMPRST]\d\d[A-Z]\d{3}[A-Z]"  # Italian
    r"|[XYZ]?\d{7,8}-?[A-Z]"  # Spanish, with a check letter
)
# What its digits alone tell; the separators are those that people write.
_TAX_DIGITS = r"(?!000|666|9)\d{3}-\d\d-\d{4}|\d{3}\.\d{3}\.\d{3}-\d\d|\d\d\.\d{3}\.\d{3}/\d{4}-\d\d|\d\d \d{3} \d{3} \d{3}|\d{11}|[12]\d{14}"
_PHONE = (
    r"\+ ?\(?\d[\d ()/.-]{5,24}\d"
    r"|00[1-9]\d[\d ()/.-]{5,20}\d"
    r"|\(?0\d{1,5}\)?(?:[ /]| ?- ?)[\d /-]{3,16}\d"
    r"|(?:1[ .-])?(?:\([2-9]\d\d\) ?|[2-9]\d\d[ .-])[2-9]\d\d[ .-]\d{4}"
)
_GROUP = r"(?:\+ ?)?(?:\([0-9]{1,6}\)[ /-]?)?[0-9]+(?:(?:[ .:/,-]| ?\([0-9]{1,6}\) ?| [/-] )[0-9]+)*"


class _Patterns(NamedTuple):
    scan: Pattern[str]
    plain: Pattern[str]
    in_ids: Pattern[str]
    email: Pattern[str]
    uuid: Pattern[str]
    date: Pattern[str]
    tax: Pattern[str]
    tax_digits: Pattern[str]
    phone: Pattern[str]
    number: Pattern[str]


@functools.lru_cache(maxsize=None)
def _patterns() -> _Patterns:
    """Compiled when a text is first redacted. Every alternative is bounded, or begins with a character that the one before it cannot hold."""
    first = (
        r"(?P<placeholder><(?:n|str|addr|email|url|uuid|date|hex|path|word|unprintable)>)"
        r"|(?P<url>[A-Za-z][A-Za-z0-9+.-]{0,20}://[^\s'\"<>]*)"
        rf"|(?P<email>{_EMAIL})"
        rf"|(?P<uuid>{_UUID}(?!{_W}))"
        rf"|(?P<date>(?<!{_W}){_DATE}(?!{_W}))"
        rf"|(?P<addr>0[xX][0-9a-fA-F]+(?!{_W}))"
    )
    checked = rf"|(?P<iban>(?<!{_W}){_IBAN}(?!{_W}))|(?P<tax>(?<!{_W})(?:{_TAX})(?!{_W}))"
    rest = (
        rf"|(?P<hex>(?<!\d\.)(?=[a-fA-F]{{0,64}}\d)(?=\d{{0,64}}[a-fA-F])[0-9a-fA-F]{{16,}}(?!{_W}))"
        r"|(?P<str>(?<![\w\\>])[bBuUrR]{0,2}(?:'(?:[^'\\\n]|\\.)*'|\"(?:[^\"\\\n]|\\.)*\"))"
        r"|(?P<path>(?<![\w<>/.)\]])(?:[A-Za-z]:[\\/]|~?/|\.{1,2}/)[^\s'\"<>()\[\]{},;:]{2,})"
        rf"|(?P<float>(?<!{_W})\d{{1,40}}(?:\.\d{{1,40}})?[eE][+-]?\d{{1,4}}(?!{_W}))"
        rf"|(?P<moment>(?<!{_W}){_MOMENT})"
        rf"|(?P<code>(?<!{_W})(?=[A-Za-z_-]{{0,64}}[0-9])(?=[0-9_-]{{0,64}}[A-Za-z])[A-Za-z0-9_]+(?:-[A-Za-z0-9_]+)+(?!{_W}))"
        rf"|(?P<number>(?:(?<![\w)\]])-)?(?<!{_W}){_GROUP}(?!{_W}))"
        rf"|(?P<run>{_W}+(?:'(?:t|s|re|ve|ll|d|m)(?!{_W}))?)"
        r"|(?P<newline>[\r\n\v\f\x1c-\x1e\x85\u2028\u2029]+)"
        r"|(?P<space>\s+)"
        r"|(?P<other>.)"
    )
    # In a test id a hyphen separates parameters, and an address has a domain with an end: what is less than that may be anything.
    in_ids = (
        r"(?P<email>[^\s@'\"<>()\[\],;:=|/?&]{1,64}@(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.){1,8}[^\W\d_]{2,24}(?![^\W_]))"
        r"|(?P<uuid>(?<![0-9a-zA-Z])(?:" + _UUID + r"|[0-9a-fA-F]{32})(?![0-9a-zA-Z]))"
        rf"|(?P<iban>(?<![0-9a-zA-Z]){_IBAN}(?![0-9a-zA-Z]))"
        rf"|(?P<tax>(?<![0-9a-zA-Z])(?:{_TAX})(?![0-9a-zA-Z]))"
        rf"|(?P<number>(?<![0-9a-zA-Z.]){_GROUP}(?![0-9a-zA-Z]))"
    )
    return _Patterns(
        scan=re.compile(first + checked + rest, re.DOTALL),
        plain=re.compile(first + rest, re.DOTALL),
        in_ids=re.compile(in_ids),
        email=re.compile(_EMAIL),
        uuid=re.compile(rf"\{{?{_UUID}\}}?|[0-9a-fA-F]{{32}}"),
        date=re.compile(_DATE),
        tax=re.compile(_TAX),
        tax_digits=re.compile(_TAX_DIGITS),
        phone=re.compile(_PHONE),
        number=re.compile(r"[+-]?\d{1,60}(?:[.,]\d{1,60})?(?:[eE][+-]?\d{1,4})?"),
    )


def content_of(text: str) -> Optional[str]:
    """What a text as a whole is: `email`, `uuid`, `iban`, `card`, `tax_number`, `phone`, `date`, `number`; None where it cannot be recognised."""
    if len(text) > _LONGEST:
        return None
    patterns = _patterns()
    if "@" in text:
        return "email" if patterns.email.fullmatch(text) else None
    if patterns.uuid.fullmatch(text):
        return "uuid"
    if iban_within(text) == len(text) > 0:
        return "iban"
    return "tax_number" if patterns.tax.fullmatch(text) and _is_tax(text) else _content_of_digits(text)


def _content_of_digits(text: str) -> Optional[str]:
    patterns = _patterns()
    digits = re.sub(r"[^0-9]", "", text)
    if not digits:
        return None
    if len(digits) in _CARD_LENGTHS and re.fullmatch(r"[0-9 .-]+", text) and digits[0] in "23456" and _luhn(digits):
        return "card"
    if patterns.date.fullmatch(text):
        return "date"
    if patterns.tax_digits.fullmatch(text) and _is_tax_of_digits(text, digits):
        return "tax_number"
    if len(digits) in _PHONE_LENGTHS and patterns.phone.fullmatch(text):
        return "phone"
    return "number" if patterns.number.fullmatch(text) else None


def iban_within(text: str) -> int:
    """The length of the IBAN that a text begins with, spaces counted; 0 where it begins with none."""
    place = _IBAN_LENGTHS.find(text[:2].upper()) if text[:2].isascii() and text[:2].isalpha() else -1
    if place < 0 or place % 4:
        return 0
    length = int(_IBAN_LENGTHS[place + 2 : place + 4])
    found = re.match(r"(?:[A-Za-z0-9] ?){%d}(?<! )(?![A-Za-z0-9])" % length, text)
    if found is None:
        return 0
    plain = found.group().replace(" ", "").upper()
    moved = "".join(str(int(one, 36)) for one in plain[4:] + plain[:4])
    return found.end() if int(moved) % 97 == 1 else 0


def _luhn(digits: str) -> bool:
    doubled = (sum(divmod(2 * int(one), 10)) for one in digits[-2::-2])
    return len(set(digits)) > 1 and (sum(map(int, digits[-1::-2])) + sum(doubled)) % 10 == 0


def _is_tax(text: str) -> bool:
    """Whether a text of such a form is a tax number: Spanish ones have a letter to check, the others a form that nothing else has."""
    plain = text.replace("-", "").replace(" ", "")
    if not plain[-1].isalpha() or not plain[1:-1].isdigit():
        return True
    digits = plain[:-1].replace("X", "0").replace("Y", "1").replace("Z", "2")
    return len(digits) == 8 and _NIF_LETTERS[int(digits) % 23] == plain[-1]


def _is_tax_of_digits(text: str, digits: str) -> bool:
    if len(digits) == 15:  # French
        return (97 - int(digits[:13]) % 97) == int(digits[13:])
    if len(digits) != 11 or "." in text:
        return True
    rest = 10  # German: ISO 7064, MOD 11,10
    for one in digits[:10]:
        rest = ((rest + int(one)) % 10 or 10) * 2 % 11
    polish = -sum(int(digits[place]) * (1, 3, 7, 9)[place % 4] for place in range(10)) % 10
    return (11 - rest) % 10 == int(digits[10]) or polish == int(digits[10])


# ---------------------------------------------------------------------------------------------------------------------------------------------
# The redactor
# ---------------------------------------------------------------------------------------------------------------------------------------------

_BETWEEN_WORDS = re.compile(r"[ .'/&-]{1,3}")
_UNKNOWN = "\0"  # in place of a word that may not be kept, until its neighbours are known
_CHECKED = frozenset(("iban", "tax"))
_ALIKE = str.maketrans("23456789", "11111111")
_Span = Tuple[str, int, int]  # the kind of a piece, and its place
_Piece = Tuple[str, int, int]  # what is written, and the place that it is written for


class Redactor:
    """Redacts texts under a key. Equal values become equal tokens, however they are spelled; without a key there are placeholders alone."""

    def __init__(self, keyed: Optional[Callable[[str], str]]) -> None:
        """`keyed` gives the hexadecimal fingerprint of a canonical spelling, at least 12 digits of it; None where there is no key."""
        self._keyed = keyed
        self._met: Optional[Dict[str, str]] = None

    @classmethod
    def of_key(cls, key: Optional[bytes]) -> Redactor:
        """The redactor of the probe's key."""
        if key is None:
            return cls(None)
        begun = hmac.new(key, digestmod=hashlib.sha256)

        def keyed(text: str) -> str:
            one = begun.copy()
            one.update(text.encode("utf-8", "surrogatepass"))
            return one.hexdigest()

        return cls(keyed)

    def message(self, text: str, names: Collection[str] = frozenset(), *, alike: bool = False) -> Tuple[str, Tuple[str, ...]]:
        """A message with tokens, at most 5 lines and 400 characters, and the fingerprints that its tokens begin (12 digits each).

        Words are kept as in templates (`shadow_harness_shapes.shape_message`), and whole numbers below 100 that stand alone. Without a key it is the
        template. `alike`: many messages differ in their digits alone, so that their pieces are remembered.
        """
        if self._keyed is None:
            return _shapes.shape_message(text, names), ()
        return _Message(self._keyed, names).redact(text, alike=alike)

    def line(self, text: str) -> str:
        """A line of a log, redacted."""
        return self.message(text)[0]

    def key_of(self, value: Any) -> Tuple[str, Tuple[str, ...]]:  # noqa: ANN401 the key of a KeyError is anything at all
        """What is written of a value that stands alone, such as the key that a dictionary does not hold; no code of the value is run."""
        if self._keyed is None or type(value) not in (str, int):
            return "<str>", ()
        message = _Message(self._keyed, frozenset())
        shown = message.quoted(value) if type(value) is str else message.whole(str(value))
        return shown, tuple(message.fingerprints)

    def test_id(self, test_id: str) -> str:
        """A test id with the recognisable values in it as tokens of 12 digits. The file stays as it is, and of Python's ids all but the parameters.

        A value that is not spelled canonically gets four digits of its spelling beside them: ids that differ stay different. Without a key the values
        become `<email>` and the like, which do not tell them apart.
        """
        file, colons, rest = test_id.partition("::")
        if not colons:
            return test_id
        before = ""
        if file.endswith(".py"):
            before, bracket, rest = rest.partition("[")
            before += bracket
        return file + colons + before + self.name(rest)

    def name(self, text: str) -> str:
        """A name with the recognisable values in it as tokens, as in a test id."""
        return _patterns().in_ids.sub(self._in_name, text)

    def tokens_of(self, text: str) -> Dict[str, str]:
        """The tokens that the recognisable values in a text become in a test id, with the values."""
        met: Dict[str, str] = {}
        self._met = met
        self.name(text)
        self._met = None
        return met

    def _in_name(self, found: Match[str]) -> str:
        kind, text = str(found.lastgroup), found.group()
        if kind in ("email", "uuid"):
            return self._named(kind, text)
        if kind == "iban":
            length = iban_within(text)
            return self._named(kind, text[:length]) + self.name(text[length:]) if length else self._within_name(text)
        if kind == "tax":
            return self._named("tax_number", text) if _is_tax(text) else self._within_name(text)
        return self._number_in_name(text)

    def _within_name(self, text: str) -> str:
        """What only looked like it may hold numbers all the same."""
        return re.sub(rf"(?<![0-9a-zA-Z.]){_GROUP}(?![0-9a-zA-Z])", lambda found: self._number_in_name(found.group()), text)

    def _number_in_name(self, text: str) -> str:
        """Parameters are joined by hyphens: the longest stretch that can be recognised counts, and what is left is looked at again."""
        cuts = [found.start() for found in re.finditer(r"[-/ .]|$", text)]
        starts = [0, *(found.end() for found in re.finditer(r"[-/ ]", text))]
        for start in starts[:12]:
            for cut in reversed(cuts[:24]):
                content = _content_of_digits(text[start:cut]) if cut - start >= 7 else None
                if content in ("card", "phone", "tax_number"):
                    return text[:start] + self._named(str(content), text[start:cut]) + self._number_in_name(text[cut:])
        return text

    def _named(self, content: str, text: str) -> str:
        if self._keyed is None:
            return f"<{content}>"
        spelled = canonical(text) or f"x:{text}"
        usual = text.replace("-", "") if content == "uuid" and "-" in text else text
        suffix = "" if spelled.partition(":")[2] == usual else f".{self._keyed('s:' + text)[:4]}"
        token = f"{content}:{self._keyed(spelled)[:DIGITS_IN_IDS]}{suffix}"
        if self._met is not None:
            self._met[token] = text
        return token


def _spans(text: str, place: int, stop: int) -> Iterator[_Span]:
    """The pieces of a text. What looks like an account or tax number and is none is looked at again, as words and numbers."""
    scan, plain = _patterns().scan, _patterns().plain
    while place < stop:
        found = scan.match(text, place, stop)
        kind, end = str(found.lastgroup), found.end()  # type: ignore[union-attr]  # its last alternative takes any character
        if kind in _CHECKED:
            end = place + iban_within(text[place:end]) if kind == "iban" else end if _is_tax(text[place:end]) else place
            if end == place:
                found = plain.match(text, place, stop)
                kind, end = str(found.lastgroup), found.end()  # type: ignore[union-attr]  # the same
        yield kind, place, end
        place = end


@functools.lru_cache(maxsize=4096)
def _spans_of_alike(text: str) -> Optional[Tuple[_Span, ...]]:
    """The pieces of every text with these digits or others; None where it depends on the digits themselves."""
    scan = _patterns().scan
    if any(found.lastgroup in _CHECKED for found in scan.finditer(text)):
        return None
    return tuple(_spans(text, 0, len(text)))


class _Message:
    """One message on its way."""

    def __init__(self, keyed: Callable[[str], str], names: Collection[str]) -> None:
        self._keyed = keyed
        self._names = names
        self.fingerprints: List[str] = []

    def redact(self, text: str, *, alike: bool) -> Tuple[str, Tuple[str, ...]]:
        text = _shapes.without_methods(text[: _shapes.MAX_INPUT])
        spans = _spans_of_alike(text.translate(_ALIKE)) if alike else None
        lines: List[str] = []
        for pieces in self._lines(text, spans or _spans(text, 0, len(text))):
            line = " ".join("".join(self._rendered(pieces, text)).split())
            if line:
                lines.append(line)
            if len(lines) == _shapes.MAX_LINES:
                break
        whole = "\n".join(lines)
        shown = whole if len(whole) <= MAX_MESSAGE else re.sub(r"[\w<>'.:]{1,400}$", "", whole[:MAX_MESSAGE]).rstrip()
        return shown, tuple(dict.fromkeys(one for one in self.fingerprints if f":{one[:DIGITS]}" in shown))

    def _lines(self, text: str, spans: Iterable[_Span]) -> List[List[_Piece]]:
        """The pieces of each line: unknown words, which may belong together, and everything else as it is written."""
        lines: List[List[_Piece]] = [[]]
        opening = True
        for kind, start, end in self._words_apart(text, spans):
            if kind == "newline":
                lines.append([])
                opening = True
                if len(lines) > 4 * _shapes.MAX_LINES:
                    break
            elif kind == "space":
                lines[-1].append((" ", start, end))
            elif kind == "other":
                piece = text[start:end]
                lines[-1].append((" " if piece in "'\"" else piece, start, end))
                opening = piece in _shapes.OPENERS
            else:
                lines[-1].append((self._piece(kind, text[start:end], opening=opening), start, end))
                opening = False
        return lines

    def _words_apart(self, text: str, spans: Iterable[_Span]) -> Iterator[_Span]:
        """Letters and digits joined by hyphens are a code, unless they begin with a word that may be kept, as in `utf-8`."""
        for kind, start, end in spans:
            first = text.find("-", start) if kind == "code" else end
            if first < end and self._kept(text[start:first], opening=True):
                yield "run", start, first
                yield from _spans(text, first, end)
            else:
                yield kind, start, end

    def _kept(self, run: str, *, opening: bool) -> bool:
        return _shapes.is_kept(run, self._names, opening=opening)

    def _piece(self, kind: str, piece: str, *, opening: bool) -> str:
        """What is written in place of a piece."""
        if kind == "run":
            if self._kept(piece, opening=opening):
                return piece
            return self._token("word", piece) if "0" <= piece[0] <= "9" else _UNKNOWN
        if kind == "number":  # most have a few digits and nothing else
            return self.whole(piece) if len(piece) < _TOGETHER and piece.isdigit() else self._numbers(piece)
        if kind == "str":
            return self.quoted(piece)
        if kind in ("placeholder", "addr"):
            return piece if kind == "placeholder" else "<addr>"
        if kind == "moment":
            kind, piece = "date", _as_iso(piece)
        if kind == "hex" and len(piece) == 32:
            kind = "uuid"
        return self._token({"tax": "tax_number", "code": "word", "float": "number"}.get(kind, kind), piece)

    def quoted(self, piece: str) -> str:
        """A quoted text as what it is as a whole; a number keeps its quotes, since its type may be what differs."""
        inner = piece
        if piece[-1:] in ("'", '"') and len(piece) > 1:
            inner = piece.lstrip("bBuUrR")[1:-1]
            if inner in _shapes.TYPES and len(piece) - len(inner) == 2:  # as in: 'NoneType' object has no attribute 'x'
                return inner
            if "\\" in inner:
                inner = _unescaped(piece, inner)
        content = content_of(inner.strip())
        if content == "number":
            return f"'{self.whole(inner.strip())}'"
        return self._token(content or "text", inner)

    def whole(self, text: str) -> str:
        """A number that stands alone."""
        digits = text.lstrip("-")
        plain = digits.isascii() and digits.isdigit() and len(digits) <= 2 and int(digits) < PLAIN_BELOW and str(int(digits)) == digits
        return text if plain else self._token("number", text)

    def _numbers(self, piece: str) -> str:
        """Numbers that stand together: one value where they look like one or are long, else each by itself."""
        content = _content_of_digits(piece)
        if content == "number":
            return self.whole(piece)
        if content is not None or sum(map(str.isdigit, piece)) >= _TOGETHER or " " not in piece:
            return self._token(content or "number", piece)
        return " ".join(self._token("number", one) if one.strip("-/") else one for one in piece.split(" "))

    def _rendered(self, pieces: List[_Piece], text: str) -> List[str]:
        """The line, with unknown words that stand together as one token: a name has several."""
        shown: List[str] = []
        place = 0
        while place < len(pieces):
            written, start, end = pieces[place]
            place += 1
            if written != _UNKNOWN:
                shown.append(written)
                continue
            while True:
                ahead = place
                while ahead < len(pieces) and pieces[ahead][0] != _UNKNOWN and _BETWEEN_WORDS.fullmatch(text, end, pieces[ahead][2]):
                    ahead += 1
                if ahead == place or ahead == len(pieces) or pieces[ahead][0] != _UNKNOWN:
                    break
                end, place = pieces[ahead][2], ahead + 1
            run = text[start:end]
            shown.append(self._token("word", re.sub("'s$", "", run)))
        return shown

    def _token(self, content: str, text: str) -> str:
        value: Any = text
        if content == "number" and "." in text and re.fullmatch(r"[+-]?\d{1,60}\.0{1,60}", text):
            value = text.partition(".")[0]  # 5.0 is 5
        fingerprint = self._keyed(canonical(value) or f"x:{text}")
        self.fingerprints.append(fingerprint[:12])
        return f"{content}:{fingerprint[:DIGITS]}"


def _as_iso(piece: str) -> str:
    """A date or moment as Python writes it, in the spelling that others use."""
    year, month, day, *clock = (int(one) for one in re.findall(r"\d+", piece))
    date = f"{year:04}-{month:02}-{day:02}"
    if "datetime(" not in piece:
        return date
    hour, minute, second, micro = [*clock, 0, 0, 0, 0][:4]
    return f"{date} {hour:02}:{minute:02}:{second:02}" + (f".{micro:06}" if micro else "")


def _unescaped(piece: str, inner: str) -> str:
    """The text that a repr stands for; the repr itself where it is none."""
    try:
        value = ast.literal_eval(piece)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return inner
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    return value if isinstance(value, str) else inner
