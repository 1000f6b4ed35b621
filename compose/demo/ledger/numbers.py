"""Account numbers in the form of an IBAN. The bank code DEMO belongs to no bank."""

from __future__ import annotations

COUNTRY = "GB"
BANK = "DEMO"
GROUP = 4


def iban(sort_code: int, number: int) -> str:
    """Make the account number of `number` in the branch `sort_code`, check digits included.

    The check is ISO 7064 mod 97-10, as ISO 13616 asks for.
    """
    body = f"{BANK}{sort_code:06d}{number:08d}"
    return f"{COUNTRY}{98 - _digits(body + COUNTRY + '00') % 97:02d}{body}"


def compact(text: str) -> str:
    """Take the spaces out of an account number and make it upper case."""
    return "".join(text.split()).upper()


def grouped(text: str) -> str:
    """Write an account number in groups of four, as letters and old imports have it."""
    whole = compact(text)
    return " ".join(whole[at : at + GROUP] for at in range(0, len(whole), GROUP))


def is_valid(text: str) -> bool:
    """Tell whether the check digits fit."""
    whole = compact(text)
    return whole.isalnum() and len(whole) > GROUP and _digits(whole[4:] + whole[:4]) % 97 == 1


def _digits(text: str) -> int:
    return int("".join(str(int(letter, 36)) for letter in text))
