"""The file of an identity index.

    magic, 8 bytes | length of the description, 8 bytes | number of entries, 8 bytes | description, JSON | zeros up to a page | entries | directory

An entry is one fingerprint in one column, 64 bits: 48 bits of fingerprint, 14 bits of column number, 1 bit each for shadow and legacy. Sorted.
The directory repeats every 512th entry, so that an answer needs one small read. Numbers are little-endian.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from harness.errors import InputError
from harness.model import CouplingKind
from harness.model.coupling import IdentifyingColumn

if TYPE_CHECKING:
    from pathlib import Path

MAGIC = b"SHDWIDX1"
PAGE = 4096
BLOCK = 512
SIDE_BITS = 2
COLUMN_BITS = 14
LOW_BITS = SIDE_BITS + COLUMN_BITS
LEGACY, SHADOW = 1, 2
MOST_COLUMNS = 1 << COLUMN_BITS
ENTRY_BYTES = 8
ANY_SHAPE = 0
"""Of a value that is known by its fingerprint alone."""
TEXT_SHAPE = -ord("t")
CHECK = "identity index"
"""What the key's own fingerprint is taken of, so that an index is not asked under another key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What an index holds of one column besides fingerprints: enough for base rates, too little to tell a value.

    `whole` counts distinct whole numbers of the production copy by their number of digits; `by_name` is the chance that an invented text meets one
    of the column's, from how often those of shadow do.
    """

    column: IdentifyingColumn
    whole: tuple[tuple[int, int], ...] = ()
    by_name: float = 0.0

    def density(self, shape: int) -> float:
        """The share of the plausible values of a shape (see `shape_of`) that the column holds, 0.0 to 1.0."""
        if shape == ANY_SHAPE:
            return max([self.by_name, *(self.of_digits(digits) for digits, _ in self.whole)])
        if shape > 0:
            return self.of_digits(shape)
        return self.by_name if shape == TEXT_SHAPE else 0.0

    def of_digits(self, digits: int) -> float:
        """The same, for whole numbers of so many digits."""
        plausible = 10 if digits == 1 else 9 * 10 ** (digits - 1)
        return min(1.0, dict(self.whole).get(digits, 0) / plausible)


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """All of an index but its entries. `referring` are foreign keys whose values stand under another column, each with that."""

    key_check: str
    profiles: tuple[Profile, ...]
    entries: int
    referring: tuple[tuple[str, str], ...] = ()

    def to_bytes(self) -> bytes:
        """As JSON."""
        profiles = [{"column": asdict(one.column), "whole": one.whole, "by_name": one.by_name} for one in self.profiles]
        told = {"key_check": self.key_check, "entries": self.entries, "profiles": profiles, "referring": self.referring}
        return json.dumps(told).encode()


def shape_of(canonical: str) -> int:
    """What a base rate depends on besides the column: of a whole number how many digits it has, TEXT_SHAPE for plain text, else another negative."""
    if canonical.startswith("n:") and canonical[2] != "-":
        return len(canonical) - 2
    return -ord(canonical[0])


def read_header(path: Path) -> tuple[Description, int]:
    """The description and the place of the first entry. Raises InputError for a file that is no index."""
    try:
        with path.open("rb") as file:
            head = file.read(24)
            length = int.from_bytes(head[8:16], "little") if head[:8] == MAGIC else 0
            raw = json.loads(file.read(length))
        description = Description(
            key_check=raw["key_check"],
            entries=raw["entries"],
            profiles=tuple(_profile(one) for one in raw["profiles"]),
            referring=tuple((str(column), str(target)) for column, target in raw.get("referring", ())),
        )
    except OSError:
        raise InputError("the identity index cannot be read", where=str(path), hint="Make it with `shadow index`.") from None
    except (ValueError, KeyError, TypeError):
        raise InputError("this is no identity index", where=str(path), hint="Make it again with `shadow index`.") from None
    return description, first_entry(length)


def first_entry(description_length: int) -> int:
    """Where entries begin: at a page."""
    return -(-(24 + description_length) // PAGE) * PAGE


def _profile(raw: dict[str, Any]) -> Profile:
    column = {**raw["column"], "kind": CouplingKind(raw["column"]["kind"])}
    return Profile(
        column=IdentifyingColumn(**column), whole=tuple((int(digits), int(count)) for digits, count in raw["whole"]), by_name=raw["by_name"]
    )
