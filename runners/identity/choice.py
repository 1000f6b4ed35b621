"""Chooses the columns whose values identify somebody or something, and says why. Pure: from schemas and a sample to a list."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from harness.errors import ConfigurationError
from harness.model import CouplingKind
from harness.model.coupling import IdentifyingColumn
from runners.identity.content import content_of, content_of_one, distinct_share
from runners.identity.documents import leaves

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from runners.identity.schema import Table

_AROUND_PEOPLE = re.compile(
    r"customer|client|user|person|people|member|patient|employee|staff|contact|account|order|invoice|booking|reservation|subscri|payment|policy|"
    r"contract|tenant|guest|passenger|student|supplier|vendor|loan|card|shipment|ticket|claim|rental|transaction|kunde|cliente|konto|compte",
    re.IGNORECASE,
)
_KEY_NAME = re.compile(
    r"(?:^|_)(?:id|uuid|guid|pk|number|no|nr|num|code|ref|reference|sku)$|(?<=[a-z])(?:Id|ID|Uuid|Guid|No|Nr|Number|Code|Ref)$", re.IGNORECASE
)
_PERSONAL = {
    "email": "email addresses",
    "phone": "telephone numbers",
    "iban": "account numbers (IBAN)",
    "card": "card numbers",
    "tax_number": "tax numbers with valid check digits",
    "uuid": "UUIDs",
    "prefixed": "prefixed identifiers",
    "name": "names",
    "reference": "references (letters and digits, nearly all different)",
}
_NO_KEY_NAME = re.compile(r"post(?:al)?_?code|zip|country|currency|area|state|region|language|locale|status|house|street|building", re.IGNORECASE)
_KEY_CONTENT = frozenset({"uuid", "prefixed", "number", "text", "reference"})
_MOST_PARTS = 4
_SHARE_OF_PART = 0.2
_FEWEST_OF_PART = 20
_FEWEST_IN_DOCUMENTS = 3
_ADDRESS = re.compile(r"address|street|strasse|adresse|direccion|indirizzo", re.IGNORECASE)
_NO_PERSON = re.compile(r"compan|firm|organi[sz]ation|product|title|brand|file|login|user_?name", re.IGNORECASE)
_FIRST = re.compile(r"^(?:first|given|fore)_?name$|^vorname$|^prenom$|^nombre$|^nome$", re.IGNORECASE)
_LAST = re.compile(r"^(?:last|family|sur)_?name$|^nachname$|^nom$|^apellidos?$|^cognome$", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Columns of one table that are read as one value. `stored` is False for those whose values stand under another entity; `within` tells that what
    identifies somebody is read out of documents.
    """

    table: Table
    columns: tuple[str, ...]
    shown: IdentifyingColumn
    joined_by: str | None = None
    within: bool = False

    @property
    def stored(self) -> bool:
        """Whether the values themselves go into the index."""
        return self.shown.covered_by is None

    @property
    def of_people(self) -> bool:
        """Whether it holds full names of people, who are searched for by a word of theirs as well."""
        whole = self.shown.content == "name" and len(self.columns) == 1 and not self.within
        return whole and _AROUND_PEOPLE.search(self.table.bare) is not None and _NO_PERSON.search(self.columns[0]) is None


def choose(
    tables: Sequence[Table],
    samples: Mapping[str, Mapping[str, Sequence[object]]],
    *,
    add: Sequence[str] = (),
    ignore: Sequence[str] = (),
) -> tuple[Choice, ...]:
    """What goes into the index, by table and column. `samples` are values (not None) by table name and column.

    `add` and `ignore` name columns as `table.column` in any case, or `table.*`. Raises ConfigurationError for one that names nothing.
    """
    added, ignored = _resolved(tables, add), _resolved(tables, ignore)
    chosen: list[Choice] = []
    for table in tables:
        chosen += [choice for choice in _of_table(table, samples.get(table.name, {}), added) if _named(choice) - ignored]
    return tuple(_with_covers(chosen))


def _named(choice: Choice) -> set[tuple[str, str]]:
    return {(choice.table.name, column) for column in choice.columns}


def _of_table(table: Table, sample: Mapping[str, Sequence[object]], added: set[tuple[str, str]]) -> list[Choice]:
    found: dict[tuple[str, ...], Choice] = {}
    for key in _keys(table):
        choice = _key(table, key, sample)
        if choice is not None:
            found.setdefault(key, choice)
    for column in table.columns:
        single = (column.name,)
        if single in found:
            continue
        if column.family == "document":
            if (documents := _document(table, column.name, sample.get(column.name, ()))) is not None:
                found[single] = documents
            continue
        if (table.name, column.name) in added:
            found[single] = _choice(table, single, _kind(sample.get(column.name, ()), column.name), "named in [coupling]")
        elif (reason := _by_content(table, column.name, column.family, sample.get(column.name, ()))) is not None:
            found[single] = _choice(table, single, *reason)
    found |= {choice.columns: choice for choice in (*_parts(table, sample), *_full_names(table, sample)) if choice.columns not in found}
    return list(found.values())


def _parts(table: Table, sample: Mapping[str, Sequence[object]]) -> list[Choice]:
    """The parts of keys of several columns: a test hands them over one by one. What few rows of the table share tells a record, `kind` does not."""
    led = {one.columns for one in table.foreign}
    parts = dict.fromkeys(name for key in _keys(table) if 1 < len(key) <= _MOST_PARTS for name in key)
    return [
        _choice(table, (name,), _kind(sample.get(name, ()), name), "part of a key of several columns")
        for name in parts
        if (column := table.column(name)) is not None and column.family != "other" and (name,) not in led and _tells_records(sample.get(name, ()))
    ]


def _document(table: Table, name: str, documents: Sequence[object]) -> Choice | None:
    """A column of documents that hold email addresses, telephone numbers, account numbers or UUIDs."""
    kinds = [kind for document in documents for value in leaves(document) if (kind := content_of_one(value)) is not None]
    if len(kinds) < _FEWEST_IN_DOCUMENTS:
        return None
    content = max(sorted(set(kinds)), key=kinds.count)
    return replace(_choice(table, (name,), content, f"documents that hold {_PERSONAL[content]}"), within=True)


def _tells_records(values: Sequence[object]) -> bool:
    """Whether a part of a key takes enough different values to tell a record from most others: a line number or a kind does not."""
    return distinct_share(values) >= _SHARE_OF_PART or len({str(value) for value in values}) >= _FEWEST_OF_PART


def _keys(table: Table) -> list[tuple[str, ...]]:
    return [key for key in (table.primary, *(foreign.columns for foreign in table.foreign), *table.unique) if key]


def _key(table: Table, key: tuple[str, ...], sample: Mapping[str, Sequence[object]]) -> Choice | None:
    if len(key) > _MOST_PARTS:
        return None
    families = [column.family if (column := table.column(name)) is not None else "other" for name in key]
    if {"other", "document"} & set(families):
        return None
    foreign = next((one for one in table.foreign if one.columns == key), None)
    if foreign is not None and len(key) == 1:
        shown = _choice(table, key, _kind(sample.get(key[0], ()), key[0]), f"foreign key to {foreign.table}.{foreign.referred[0]}")
        return replace(shown, shown=replace(shown.shown, covered_by=f"{foreign.table}.{foreign.referred[0]}"))
    if len(key) > 1:
        parts = {name for one in table.foreign for name in one.columns}
        return None if set(key) <= parts else _choice(table, key, "text", f"{'primary' if key == table.primary else 'unique'} key of several columns")
    content = _kind(sample.get(key[0], ()), key[0])
    what = "primary key" if key == table.primary else "unique column"
    around = ", of a table around people, accounts or orders" if _is_around_people(table, sample) else ""
    holds = f"; holds {_PERSONAL[content]}" if content in _PERSONAL else ""
    return _choice(table, key, content, f"{what}{around}{holds}")


def _kind(values: Sequence[object], name: str) -> str:
    content = content_of(name, values)
    if content in {"card", "tax_number"} and values and all(isinstance(value, int) for value in values):
        content = None  # a counted key, whatever its check digits
    if content is not None:
        return content
    return "number" if values and all(str(value).strip().isdigit() for value in values[:100]) else "text"


def _is_around_people(table: Table, sample: Mapping[str, Sequence[object]]) -> bool:
    return _AROUND_PEOPLE.search(table.bare) is not None or any(content_of(name, values) in {"email", "phone"} for name, values in sample.items())


def _by_content(table: Table, name: str, family: str, values: Sequence[object]) -> tuple[str, str] | None:
    """What a column without any constraint holds and why it is chosen."""
    if family == "other" or not values:
        return None
    content = content_of(name, values)
    if content in _PERSONAL and content is not None:
        if content in {"card", "tax_number"} and family == "number" and not re.search(r"card|tax|ssn|vat|cpf|pesel|pan|nif", name, re.IGNORECASE):
            return None
        return content, f"holds {_PERSONAL[content]}"
    if _ADDRESS.search(name) and family == "text" and distinct_share(values) >= 0.5:
        return "text", "holds addresses of streets"
    return _by_name(table, name, values) if _KEY_NAME.search(name) and not _NO_KEY_NAME.search(name) and name not in table.primary else None


def _by_name(table: Table, name: str, values: Sequence[object]) -> tuple[str, str] | None:
    """A column that is called like a key, but that no constraint says to be one."""
    mostly_different = distinct_share(values) >= 0.5
    if all(str(value).strip().isdigit() for value in values):
        wanted = mostly_different or not table.primary or _AROUND_PEOPLE.search(name) is not None
        return ("number", "named like a key, holds whole numbers") if wanted else None
    return ("text", "named like a key, nearly all different") if mostly_different else None


def _full_names(table: Table, sample: Mapping[str, Sequence[object]]) -> list[Choice]:
    """First and last name in columns of their own are also read together, as they are written; last names by themselves, however few there are."""
    first = next((column.name for column in table.columns if _FIRST.search(column.name) and sample.get(column.name)), None)
    last = next((column.name for column in table.columns if _LAST.search(column.name) and sample.get(column.name)), None)
    if first is None or last is None:
        return []
    together = _choice(table, (first, last), "name", "first and last name, as they are written together", joined_by=" ")
    return [together, _choice(table, (last,), "name", "last names")]


def _choice(table: Table, columns: tuple[str, ...], content: str, reason: str, *, joined_by: str | None = None) -> Choice:
    is_key = (
        columns == table.primary
        or any(columns == foreign.columns for foreign in table.foreign)
        or reason.startswith(("named like a key", "part of a key"))
    )
    kind = CouplingKind.IDENTIFIER if (is_key and content in _KEY_CONTENT) or content in {"uuid", "prefixed", "number"} else CouplingKind.NATURAL_KEY
    shown = IdentifyingColumn(entity=f"{table.name}.{'+'.join(columns)}", kind=kind, content=content, reason=reason)
    return Choice(table=table, columns=columns, shown=shown, joined_by=joined_by)


def _with_covers(chosen: Sequence[Choice]) -> list[Choice]:
    """Foreign keys whose target is not in the index are read themselves; chains of them lead to the last."""
    by_entity = {choice.shown.entity.casefold(): choice for choice in chosen}

    def covering(choice: Choice, seen: frozenset[str]) -> str | None:
        target = choice.shown.covered_by
        if target is None:
            return choice.shown.entity
        onward = by_entity.get(target.casefold())
        return None if onward is None or target in seen else covering(onward, seen | {target})

    def settled(choice: Choice) -> Choice:
        if choice.stored:
            return choice
        return replace(choice, shown=replace(choice.shown, covered_by=covering(choice, frozenset())))

    return [settled(choice) for choice in chosen]


def _resolved(tables: Sequence[Table], entities: Sequence[str]) -> set[tuple[str, str]]:
    known = {f"{table.name}.{column.name}".casefold(): (table.name, column.name) for table in tables for column in table.columns}
    found: set[tuple[str, str]] = set()
    for entity in entities:
        wanted = entity.casefold()
        if wanted.endswith(".*"):
            matched = {place for name, place in known.items() if name.rpartition(".")[0] == wanted[:-2]}
        else:
            matched = {known[part] for part in [wanted] if part in known}
        if not matched:
            near = difflib.get_close_matches(wanted, known, n=1)
            raise ConfigurationError(
                f"no column is called {entity}",
                where="[coupling]",
                expected="table.column, or table.* for all of a table",
                hint=f"Did you mean {'.'.join(known[near[0]])}?" if near else "`shadow index` prints the columns that it chose.",
            )
        found |= matched
    return found
