"""Chooses the fewest rows of the production copy that show a pattern: rows of a kind that shadow's data lack, seen by what the test itself names."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from harness.errors import UsageError
from harness.model import Pattern
from harness.model.case import KeyPlace
from runners.cases.named import moment_of
from runners.cases.totals import by_total, per_parent
from runners.cases.wanted import Chosen, Root

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence

    from runners.cases.dataset import Dataset, Row
    from runners.cases.named import Named
    from runners.cases.wanted import Wanted

    Feature = Callable[[Mapping[str, Any]], Hashable]

_MOST_FEATURES = 3
"""Kinds of rows that shadow lacks and that a case shows at most: the most frequent ones."""
_MOST_ALIKE = 25
_MOST_PLACES = 12
_EACH = 4
"""Rows of one kind, which differ in the signs of their numbers and in what is NULL."""
_RUNS = (re.compile(r"[^\W\d_]+"), re.compile(r"\d+"), re.compile(r"\s+"))


def choose(wanted: Wanted, legacy: Dataset, shadow: Dataset, near: Named) -> Chosen:
    """The rows for a pattern. Raises UsageError, which says what is missing, where none can be told."""
    table = shadow.table(wanted.table.name)
    if table is None:
        raise _missing(f"shadow has no table {wanted.table.name}")
    chosen = _RULES[wanted.pattern](wanted, legacy, shadow, near)
    if chosen is None:
        of = f"{wanted.table.name}.{wanted.columns[0]}" if wanted.columns else wanted.table.name
        raise _missing(f"seen by what the test names, both datasets hold the same kinds of rows by {of}")
    return chosen


def _missing(what: str) -> UsageError:
    return UsageError(
        f"no case can be made: {what}",
        hint="Write what the test needs by hand, beginning with the case of another test; or see `shadow report` for what it depends on.",
    )


# --------------------------------------------------------------------------------------------------------------------------------------------
# Rows of a kind that shadow lacks
# --------------------------------------------------------------------------------------------------------------------------------------------


def _by_kind(wanted: Wanted, legacy: Dataset, shadow: Dataset, near: Named) -> Chosen | None:
    mine, theirs = legacy.rows(wanted.table), shadow.rows(shadow.tables[wanted.table.name])
    texts = _matched(mine, near)
    for names in (wanted.columns, () if wanted.columns else tuple(_free(wanted, legacy))):
        for name in names:
            rows = _of_kinds(wanted.pattern, name, mine, theirs, near, texts)
            if rows:
                return _of(wanted, rows, f"a kind of {wanted.table.name}.{name} that shadow lacks")
    if wanted.pattern is Pattern.TIME_WINDOW:
        return per_parent(wanted, legacy, shadow, near) or _beyond(wanted, mine, theirs)
    return _by_named_text(wanted, legacy, shadow, near)


def _free(wanted: Wanted, legacy: Dataset) -> Iterable[str]:
    """The columns that are no keys, where nothing tells which one is meant."""
    return (one.name for one in wanted.table.columns if not legacy.is_key(wanted.table, one.name))


def _of_kinds(pattern: Pattern, name: str, mine: Sequence[Row], theirs: Sequence[Row], near: Named, texts: Feature) -> list[Row]:
    """Rows of kinds that shadow lacks: of the coarsest kinds that show any, and a row each of finer ones."""
    found: list[Row] = []
    for feature in _features(pattern, name, near):
        for also in (None, texts):
            rows = _lacking(mine, theirs, feature, also, near)
            if rows:
                found += rows if not found else [row for row in rows[:1] if row not in found]
                break
        if len(found) > _MOST_FEATURES:
            break
    return found


def _beyond(wanted: Wanted, mine: Sequence[Row], theirs: Sequence[Row]) -> Chosen | None:
    """The earliest and the latest row, where it lies beyond all of shadow's."""
    for name in wanted.columns:
        dated = [(moment, row) for row in mine if (moment := moment_of(row.get(name))) is not None]
        known = [moment for row in theirs if (moment := moment_of(row.get(name))) is not None]
        if not dated or not known:
            continue
        first, last = min(dated, key=lambda one: one[0]), max(dated, key=lambda one: one[0])
        rows = [*([first[1]] if first[0] < min(known) else []), *([last[1]] if last[0] > max(known) else [])]
        if rows:
            return _of(wanted, rows, f"{wanted.table.name}.{name} beyond what shadow has")
    return None


def _features(pattern: Pattern, name: str, near: Named) -> Iterable[Feature]:
    """What rows are told apart by, the coarsest first."""
    yield lambda row: "null" if row.get(name) is None else "empty" if row[name] == "" else "filled"
    if pattern is Pattern.TIME_WINDOW:
        yield lambda row: (moment := moment_of(row.get(name))) is not None and near.period(moment)
        return
    if pattern is Pattern.NULL:
        return
    yield (
        lambda row: (
            _telling(near.within(row[name]))[:1] if isinstance(row.get(name), str) else near.cell(row[name]) if _is_number(row.get(name)) else ()
        )
    )
    yield lambda row: _telling(near.within(row[name])) if isinstance(row.get(name), str) else ()
    yield lambda row: "".join(sorted({sign for sign in row[name] if not sign.isascii()})) if isinstance(row.get(name), str) else ""
    if pattern is Pattern.FORMAT:
        yield lambda row: isinstance(row.get(name), str) and row[name].isascii()
        yield lambda row: _skeleton(row.get(name))
        yield lambda row: near.cell(len(row[name])) if isinstance(row.get(name), str) else -1


def _telling(pieces: Sequence[str]) -> tuple[str, ...]:
    """Pieces that are more than a letter or two."""
    return tuple(one for one in pieces if len(one) > 2 or not one.isalnum())


def _is_number(value: object) -> bool:
    return not isinstance(value, bool | str | bytes) and hasattr(value, "__float__")


def _skeleton(value: object) -> str:
    """How a text is made: runs of letters, digits and spaces, and the signs between them."""
    text = value if isinstance(value, str) else ""
    for run, sign in zip(_RUNS, ("a", "9", " "), strict=True):
        text = run.sub(sign, text)
    return text


def _matched(rows: Sequence[Row], near: Named) -> Feature:
    """Which columns hold a text that the test names, and which one."""
    texts = set(near.texts)
    names = [name for name in (rows[0] if rows else ()) if any(isinstance(row[name], str) and row[name] in texts for row in rows)]
    return lambda row: tuple(row.get(name) if row.get(name) in texts else "" for name in names)


def _lacking(mine: Sequence[Row], theirs: Sequence[Row], feature: Feature, also: Feature | None, near: Named) -> list[Row]:
    """Rows of kinds that the others lack: a few of each, and as many as a small number that the test names asks for."""

    def kind(row: Row) -> Hashable:
        return (feature(row), also(row) if also else None)

    known = {kind(row) for row in theirs}
    lacking = Counter(found for row in mine if (found := kind(row)) not in known)
    rows: list[Row] = []
    for wanted, _ in lacking.most_common(_MOST_FEATURES):
        alike = [row for row in mine if kind(row) == wanted]
        asked = min((int(number) for number in near.numbers if 0 < number <= min(len(alike), _MOST_ALIKE)), default=0)
        few = _varied(alike)
        if asked == len(alike) or asked >= len(few):  # exactly as many as legacy has, or more than the number
            few = [*few, *(row for row in alike if row not in few)][: asked + (asked < len(alike))]
        rows += few
    return rows


def _varied(rows: Sequence[Row]) -> list[Row]:
    """A few rows that differ in the signs of their numbers and in what is NULL."""
    signs: dict[Hashable, Row] = {}
    for row in rows:
        signs.setdefault(tuple((value is None, _is_number(value) and value < 0) for value in row.values()), row)
    return list(signs.values())[:_EACH]


def _by_named_text(wanted: Wanted, legacy: Dataset, shadow: Dataset, near: Named) -> Chosen | None:
    """Rows in any column of which a text stands that the test names, and that shadow does not hold there."""
    rows = legacy.rows(wanted.table)
    feature = _matched(rows, near)
    found = _lacking(rows, shadow.rows(shadow.tables[wanted.table.name]), feature, None, near)
    return _of(wanted, found, f"values of {wanted.table.name} that the test names") if found else None


def _of(wanted: Wanted, rows: Sequence[Row], shows: str, **given: Any) -> Chosen:  # noqa: ANN401  # fields of Root
    return Chosen(roots=tuple(Root(table=wanted.table, row=row, **given) for row in rows), shows=(shows,))


# --------------------------------------------------------------------------------------------------------------------------------------------
# How many, and in which order
# --------------------------------------------------------------------------------------------------------------------------------------------


def _cardinality(wanted: Wanted, legacy: Dataset, shadow: Dataset, near: Named) -> Chosen | None:
    """As many rows, or as many different values, as bring shadow past the number that the test names, or else to what legacy has."""
    theirs = shadow.tables[wanted.table.name]
    if not wanted.columns:
        have, there = shadow.count(theirs), legacy.count(wanted.table)
        more = _goal(have, there, near) - have
        rows = legacy.rows(wanted.table, most=max(more, 0)) if more > 0 else []
        return _of(wanted, rows, f"more rows of {wanted.table.name} than shadow has") if rows else _by_named_text(wanted, legacy, shadow, near)
    name = wanted.columns[0]
    known, _ = shadow.values(theirs, name)
    values, _ = legacy.values(wanted.table, name)
    more = _goal(len(known), len(values), near) - len(known)
    if more <= 0:
        return _by_kind(wanted, legacy, shadow, near)
    first: dict[Any, Row] = {}
    for row in legacy.rows(wanted.table):
        if row[name] is not None and row[name] not in known:
            first.setdefault(row[name], row)
    rows = list(first.values())[:more]
    shows = f"different values of {wanted.table.name}.{name}"
    return _of(wanted, rows, shows, new=frozenset({name})) if rows else None


def _goal(have: int, there: int, near: Named) -> int:
    """The first number past that which the test names between what shadow has and what legacy has; that of legacy where there is none."""
    between = [int(number) for number in near.numbers if have < number <= there]
    if not between:
        return there
    return min(there, min(between) + 1)


def _ordering(wanted: Wanted, legacy: Dataset, _shadow: Dataset, near: Named) -> Chosen | None:
    """The rows that come first and last in the query's order, with what makes them come there on shadow, too: of the first as many as lead to a place
    that the test names.
    """
    order = wanted.order or wanted.table.primary
    if not order:
        return None
    name = wanted.table.column(order[0])
    if name is None:
        return None
    rows = legacy.rows(wanted.table, by=[name.name])
    if not rows:
        return None
    place = max((int(number) for number in near.numbers if 0 < number < min(len(rows), _MOST_PLACES)), default=0)
    first, last = rows[place::-1], rows[-1:] if len(rows) > place + 1 else []
    shows = f"what comes first and last by {wanted.table.name}.{name.name}"
    if name.name in wanted.table.primary:  # keys are given downwards, so the first comes last
        ends = [(row, KeyPlace.FIRST) for row in first] + [(row, KeyPlace.LAST) for row in last]
        return Chosen(roots=tuple(Root(table=wanted.table, row=row, place=end) for row, end in ends), shows=(shows,))
    sides = [(row, -1) for row in first[-1:]] + [(row, 1) for row in last]
    return Chosen(roots=tuple(Root(table=wanted.table, row=row, outside={name.name: side}) for row, side in sides), shows=(shows,))


def _fan_out(wanted: Wanted, legacy: Dataset, shadow: Dataset, near: Named) -> Chosen | None:
    own = legacy.up(wanted.table.name)
    named = [link for link in own if set(link.columns) & set(wanted.columns)]
    links = [*named, *(link for link in (*own, *legacy.down(wanted.table.name)) if link not in named)]
    links = [link for link in links if link.table in shadow.tables and link.parent in shadow.tables]
    for lacking in (_lacking_counts, _extremes):  # what the test names first
        for link in links:
            keys = lacking(_with_none(legacy, link), _with_none(shadow, link), near)
            parent = legacy.tables[link.parent]
            rows = [row for key in keys for row in legacy.rows(parent, dict(zip(link.referred, key, strict=True)), most=1)]
            if rows:
                roots = tuple(Root(table=parent, row=row, whole=frozenset({link.table})) for row in rows)
                return Chosen(roots=roots, shows=(f"how many rows of {link.table} a row of {link.parent} has",))
    return _by_kind(wanted, legacy, shadow, near)


def _lacking_counts(mine: Mapping[tuple[Any, ...], int], theirs: Mapping[tuple[Any, ...], int], near: Named) -> list[tuple[Any, ...]]:
    """Parents whose number of rows compares with what the test names, and with none at all, as that of none on shadow does; the smallest of each."""
    with_none = replace(near, numbers=(*near.numbers, 0))
    known = {with_none.cell(count) for count in theirs.values()}
    lacking: dict[int, tuple[Any, ...]] = {}
    for key, count in sorted(mine.items(), key=lambda one: one[1]):
        if with_none.cell(count) not in known:
            lacking.setdefault(with_none.cell(count), key)
    return list(lacking.values())[:_MOST_FEATURES]


def _with_none(data: Dataset, link: Any) -> dict[tuple[Any, ...], int]:  # noqa: ANN401  # a Link
    """Rows of each parent, 0 for those that have none."""
    own = next((one for one in data.links if (one.table, one.columns) == (link.table, link.columns)), link)
    counts = data.counts(own)
    return {key: counts.get(key, 0) for key in data.keys(own)}


def _extremes(mine: Mapping[tuple[Any, ...], int], theirs: Mapping[tuple[Any, ...], int], _near: Named) -> list[tuple[Any, ...]]:
    """The parents with the most and the fewest rows, where that is more or fewer than any on shadow."""
    if not mine:
        return []
    most, fewest = max(mine, key=lambda key: mine[key]), min(mine, key=lambda key: mine[key])
    found = [most] if mine[most] > max(theirs.values(), default=0) else []
    return [*found, fewest] if mine[fewest] < min(theirs.values(), default=0) else found


_RULES: Mapping[Pattern, Callable[[Wanted, Dataset, Dataset, Named], Chosen | None]] = {
    Pattern.NULL: _by_kind,
    Pattern.FORMAT: _by_kind,
    Pattern.VALUE_SET: _by_kind,
    Pattern.TIME_WINDOW: _by_kind,
    Pattern.CARDINALITY: _cardinality,
    Pattern.ORDERING: _ordering,
    Pattern.FAN_OUT: _fan_out,
    Pattern.AGGREGATE: by_total,
}
