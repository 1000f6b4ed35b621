"""Invented people. No name, address or number here belongs to anybody.

Mail addresses lie under domains reserved by RFC 2606, telephone numbers in the ranges that
Ofcom and the North American Numbering Plan keep for fiction.
"""
# ruff: noqa: SIM905 - names read better on a line than in a column

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from random import Random

LEGACY_FIRST = (
    "Ailsa Anaïs Bożena Bram Ciarán Dagný Edda Émile Fenna Gaspard Hálldora Ines Ingmar Jytte "
    "Kerttu Lóránt Maëlle Malvina Nikos Noémie Odhrán Oskar Pádraig Quirin Ragnhild Renske "
    "Saoirse Søren Tamsin Tomáš Ulrike Väinö Wiebke Xanthe Ysolde Željko"
).split()
LEGACY_LAST = (
    "Aldermoor Bäckström Cartwheel Dunmarrow Eikenhout Fjellborg Gärtnerin Holtzapfel Ironbrook "
    "Jägerskog Kováčik Lindqvarn Møllegaard Nordhaven Ørstrup Pfirsich Quillmere Rosenzweil "
    "Škorpik Thornquay Ülemiste Vannevik Wolkenstern Yarrowfell Żurawka"
).split()
LEGACY_COUNTRIES = "AT BE CZ DE DK EE ES FI FR GB IE IS LT NL NO PL PT SE".split()
LEGACY_DOMAINS = ("mail.example.test", "kontor.invalid", "post.example.test", "familj.invalid")

SHADOW_FIRST = "Amber Basil Cedar Dale Fern Garnet Hazel Iris Jasper Laurel Robin Sage".split()
SHADOW_LAST = "Archer Baker Carter Draper Fisher Glover Hooper Mason Porter Sawyer Tanner".split()
SHADOW_COUNTRIES = "DE ES FR GB IE NL".split()

UNFOLDED = str.maketrans({"ø": "o", "ł": "l"})
CENTURY = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody who becomes a customer."""

    full_name: str
    email: str
    country: str
    phone: str | None


def legacy_person(rng: Random, serial: int) -> Person:
    """Invent the `serial`-th customer of the old book; one in twelve gave no telephone number."""
    name = f"{rng.choice(LEGACY_FIRST)} {rng.choice(LEGACY_LAST)}"
    return Person(
        full_name=name,
        email=f"{_slug(name)}{serial * 7 + 11}@{rng.choice(LEGACY_DOMAINS)}",
        country=rng.choice(LEGACY_COUNTRIES),
        phone=None if serial % 12 == 5 else f"+44 7700 900{serial * 8 + 3:03d}",
    )


def shadow_person(rng: Random, serial: int) -> Person:
    """Invent the `serial`-th synthetic customer: complete and plain."""
    name = f"{rng.choice(SHADOW_FIRST)} {rng.choice(SHADOW_LAST)}"
    return Person(
        full_name=name,
        email=f"{_slug(name)}.{serial:03d}@corpus.test",
        country=SHADOW_COUNTRIES[serial % len(SHADOW_COUNTRIES)],
        phone=f"+1 {202 + serial // CENTURY} 555 01{serial % CENTURY:02d}",
    )


def _slug(name: str) -> str:
    folded = unicodedata.normalize("NFKD", name.lower().translate(UNFOLDED))
    return "".join(letter if letter.isalnum() else "." for letter in folded if letter.isascii())
