"""First and last names that stand beside each other: together they may be one person's, which says more than either."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from harness.model.coupling import Literal, LiteralForm

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from runners.literals.leaves import Key, Leaf

_NAME = re.compile(r"[^\W\d_a-z][^\W\d_]+(?:[ '\u2019-][^\W\d_]+){0,2}")


def is_name(value: object) -> bool:
    """Whether a value may be a first or last name: a word or two that begin with a capital letter, without digits."""
    return isinstance(value, str) and _NAME.fullmatch(value) is not None


def full_names(path: str, leaves: Sequence[Leaf]) -> Iterator[Literal]:
    """The names that two values beside each other in one record of a data file make, at the place of the first."""
    before: dict[Key, Leaf] = {}
    for leaf in leaves:
        if leaf.is_comment or not leaf.key:
            continue
        record = leaf.key[:-1]
        first = before.get(record)
        if first is not None and is_name(first.value) and is_name(leaf.value):
            yield Literal(value=f"{first.value} {leaf.value}", path=path, line=first.line, column=first.column, form=LiteralForm.COMPUTED)
        before[record] = leaf
