"""Invented texts that are made like real ones: as long, in the same characters, with the same signs in the same places."""

from __future__ import annotations

import re
import string
import uuid
from functools import lru_cache
from typing import TYPE_CHECKING

from faker import Faker

if TYPE_CHECKING:
    import random
    from collections.abc import Sequence

_RUN = re.compile(r"[^\W\d_]+|\d+|[\W_]+")
_UUID = re.compile(r"[0-9a-fA-F]{8}-?(?:[0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}")
_ACCENTS = str.maketrans("aeiouncyAEIOUNCY", "áéíóúñçýÁÉÍÓÚÑÇÝ")
_LONG = 60
_DOMAINS = ("example.com", "example.org", "example.net")
_TELEPHONE = 7
_LATIN = 0x250


class Words:
    """Invents texts from a source of chance: the same source gives the same texts."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._pool = _pool()

    def like(self, text: str, content: str | None, keep: Sequence[str], stock: Sequence[str]) -> str:
        """A text like another. Pieces in `keep` stay as they are; `stock` are texts of shadow: letters that these share may stay in a reference."""
        if _UUID.fullmatch(text):
            return self.uuid_like(text)
        for piece in keep:
            before, found, behind = text.partition(piece)
            if found and len(piece) < len(text):
                return (self.like(before, None, keep, ()) if before else "") + piece + (self.like(behind, None, keep, ()) if behind else "")
        return self._of_content(text, content, stock)

    def _of_content(self, text: str, content: str | None, stock: Sequence[str]) -> str:
        if text.count("@") == 1 and " " not in text:
            return self._email(text)
        if content in {"phone", "card"}:
            return self._telephone(text) if content == "phone" else _with_luhn(self._runs(text, ()))
        if content == "iban":
            return self._iban(text, stock)
        return self._sentence(text) if len(text) > _LONG else self._runs(text, stock)

    def uuid_like(self, text: str) -> str:
        """Another UUID in the same spelling."""
        new = str(uuid.UUID(int=self._chance.getrandbits(128), version=4))
        new = new if "-" in text else new.replace("-", "")
        return new.upper() if text.isupper() else new

    def bytes_like(self, value: bytes) -> bytes:
        """Other bytes, as many."""
        return self._chance.randbytes(len(value))

    def _runs(self, text: str, stock: Sequence[str]) -> str:
        has_digits = any(sign.isdigit() for sign in text)
        return "".join(self._run(run, stock if has_digits else ()) for run in _RUN.findall(text))

    def _run(self, run: str, stock: Sequence[str]) -> str:
        if run[0].isdigit():
            return self._digits(run)
        if not run[0].isalpha():
            return run
        if stock and 2 * sum(run in one for one in stock) >= len(stock):  # a prefix that is the same everywhere
            return run
        return self._word(run)

    def _digits(self, run: str) -> str:
        zeros = len(run) - len(run.lstrip("0"))
        rest = len(run) - zeros
        return run[:zeros] + "".join(self._chance.choice("123456789" if not place else string.digits) for place in range(rest))

    def _word(self, run: str) -> str:
        if any(ord(sign) >= _LATIN for sign in run):
            return "".join(self._beside(sign) for sign in run)
        if len(run) <= 2 or (run.isupper() and len(run) < 4):
            letters = string.ascii_uppercase if run.isupper() else string.ascii_lowercase
            word = "".join(self._chance.choice(letters) for _ in run)
        else:
            lengths = sorted(self._pool, key=lambda length: (abs(length - len(run)), length))
            word = self._chance.choice(self._pool[lengths[0]])
            word = (word + "".join(self._chance.choices("aeinorst", k=len(run))))[: len(run)]
        if not run.isascii():
            word = "".join(own if not own.isascii() else sign for own, sign in zip(run, word, strict=True))  # which accents is a matter of form
        return word.upper() if run.isupper() else word.lower() if run.islower() else word.capitalize() if run[0].isupper() else word.lower()

    def _beside(self, sign: str) -> str:
        """A letter near another one in the same alphabet."""
        near = [chr(ord(sign) + step) for step in range(-6, 7) if step and chr(ord(sign) + step).isalpha()]
        near = [one for one in near if one.isupper() == sign.isupper() and (ord(one) >= _LATIN) == (ord(sign) >= _LATIN)]
        return self._chance.choice(near or [sign])

    def _email(self, text: str) -> str:
        local, _, _ = text.rpartition("@")
        name = re.sub(r"[^\w.+-]", "", self._runs(local, ())) or "somebody"
        domain = self._chance.choice(_DOMAINS)
        new = f"{name}@{domain}"
        return new.upper() if text.isupper() else new if any(sign.isupper() for sign in local) else new.lower()

    def _telephone(self, text: str) -> str:
        """With 555 01.. at its end, which nobody has."""
        signs = list(self._runs(text, ()))
        places = [place for place, sign in enumerate(signs) if sign.isdigit()]
        end = f"55501{self._chance.randrange(100):02d}"[-min(_TELEPHONE, len(places)) :] if places else ""
        for place, sign in zip(places[-len(end) :] if end else (), end, strict=True):
            signs[place] = sign
        if text.startswith("+") and places:
            signs[places[0]] = text[places[0]]
        return "".join(signs)

    def _iban(self, text: str, stock: Sequence[str]) -> str:
        invented = self._runs(text, stock)
        bare = re.sub(r"\s", "", text[:2] + invented[2:]).upper()
        number = bare[4:] + bare[:2] + "00"
        check = 98 - int("".join(str(int(sign, 36)) for sign in number if sign.isalnum())) % 97
        signs = iter(f"{bare[:2]}{check:02d}{bare[4:]}")
        return "".join(sign if sign.isspace() else next(signs) for sign in invented)

    def _sentence(self, text: str) -> str:
        faker = Faker("en_US")
        faker.seed_instance(self._chance.getrandbits(64))
        new = faker.text(max_nb_chars=max(20, len(text)))[: len(text)]
        return new if text.isascii() else new.translate(_ACCENTS)


@lru_cache(maxsize=1)
def _pool() -> dict[int, list[str]]:
    """Invented names and words by their length."""
    faker = Faker("en_US")
    faker.seed_instance(1)
    found: dict[int, list[str]] = {}
    for word in (*(faker.last_name() for _ in range(300)), *(faker.first_name() for _ in range(300)), *faker.words(120)):
        if word.isalpha():
            found.setdefault(len(word), []).append(word)
    return found


def _with_luhn(text: str) -> str:
    """The last digit made right for what checks card numbers."""
    places = [place for place, sign in enumerate(text) if sign.isdigit()]
    total = 0
    for number, place in enumerate(reversed(places[:-1])):
        digit = int(text[place]) * (2 if number % 2 == 0 else 1)
        total += digit - 9 if digit > 9 else digit
    return text[: places[-1]] + str(-total % 10) + text[places[-1] + 1 :] if places else text
