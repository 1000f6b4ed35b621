"""Whether the source calls a literal what the schema calls its column: `GERMAN_CUSTOMER_ID` and `Customer.CustomerId`."""

from __future__ import annotations

import re
import unicodedata

_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+|[^\W\d_A-Za-z]+")
_SHORTEST_STEM = 4
_LONGEST_ENDING = 2
_GENERAL = frozenset(
    {
        "id",
        "ids",
        "key",
        "pk",
        "no",
        "nr",
        "num",
        "number",
        "code",
        "ref",
        "uuid",
        "guid",
        "value",
        "name",
        "test",
        "the",
        "of",
        "a",
        "in",
        "default",
    },
)


def affinity(name: str | None, entity: str) -> float:
    """Share of the telling words of the entity (table and column, without `id`, `number` and the like) that `name` holds too: 0.0 to 1.0.

    Words are compared without case, accents and short endings (`Kunde`, `Kunden`). A `name` of None, or without a telling word, has none.
    """
    if not name:
        return 0.0
    wanted = _telling(entity)
    if not wanted:
        return 0.0
    given = _telling(name)
    return sum(1 for word in wanted if word in given or any(_one_stem(word, other) for other in given)) / len(wanted)


def is_called(name: str | None, entity: str) -> bool:
    """Whether `name` is the column's own: `emp_no` of `employees.emp_no`, `order_id` of `orders.id`. A column called `id` alone needs its table."""
    table, _, column = entity.rpartition(".")
    own, spelled = _plain(column), _plain(name or "")
    of_table = {_plain(table.rpartition(".")[2]) + own, _singular(_plain(table.rpartition(".")[2])) + own}
    return bool(spelled) and (spelled in of_table or (spelled == own and bool(_telling(column))))


def _plain(text: str) -> str:
    return text.replace("_", "").casefold()


def is_general(name: str | None) -> bool:
    """Whether a name says of nothing what it is of: `id`, `number`, `code`."""
    return bool(name) and not _telling(name or "")


def _telling(text: str) -> frozenset[str]:
    plain = text if text.isascii() else "".join(one for one in unicodedata.normalize("NFKD", text) if not unicodedata.combining(one))
    return frozenset(_singular(word) for word in (found.lower() for found in _WORDS.findall(plain)) if word not in _GENERAL)


def _one_stem(one: str, other: str) -> bool:
    short, long = sorted((one, other), key=len)
    return len(short) >= _SHORTEST_STEM and len(long) - len(short) <= _LONGEST_ENDING and long.startswith(short)


def _singular(word: str) -> str:
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith("ses") and len(word) > 4:
        return word[:-2]
    return word[:-1] if word.endswith("s") and not word.endswith("ss") and len(word) > 3 else word
