"""The file of a case (`shadow-case/1`, TOML): written for a person to look through, read with the place of every fault."""

from __future__ import annotations

import tomllib
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from harness.config.notation import key_text, kind_of, string_text, value_text
from harness.config.places import Places, marks_of
from harness.errors import InputError, UsageError
from harness.model import CouplingKind, Pattern
from harness.model.case import Case, CaseRow, NeededChange, RowReference
from harness.pipeline.cases.notation import EXPECTED, cell_of, cell_text, reference_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from harness.config.places import Key

SCHEMA = "shadow-case/1"
_TOP = ("schema", "test", "suite", "run", "coupling", "note", "facts", "named_by_test", "moments", "change", "rows")
_COUPLING = ("kind", "pattern", "entity", "sentence")
_CHANGE = ("at", "to")
_HEAD = """# A synthetic case: rows for shadow's data, with the structure of what the test finds in the production copy.
# Their values are invented. Look through it; `shadow case check` tells whether any of them is one of the production copy.
#   "$new" a key chosen when it is loaded, "$row.column" a value of another row here, "$null" NULL,
#   "$anchor-12d 08:30:00" twelve days before the latest day in shadow's data
"""


def case_text(case: Case) -> str:
    """The file's text: the same for the same case."""
    lines = [
        _HEAD,
        f"schema = {string_text(SCHEMA)}",
        f"test = {string_text(case.test_id)}",
        f"suite = {string_text(case.suite)}",
        f"run = {string_text(case.run)}",
    ]
    lines += [f"note = {string_text(case.note)}"] if case.note else []
    lines += [f"facts = {_several(case.facts)}"]
    lines += [f"named_by_test = {_several(case.named)}"] if case.named else []
    lines += [f"moments = {_several(case.moments)}"] if case.moments else []
    lines += ["", "[coupling]", f"kind = {string_text(case.kind.value)}"]
    lines += [f"pattern = {string_text(case.pattern.value)}"] if case.pattern else []
    lines += [f"entity = {string_text(case.entity)}", f"sentence = {string_text(case.sentence)}"]
    for change in case.changes:
        place = f"{change.path}:{change.line}:{change.column}"
        lines += [
            "",
            "[[change]]  # the test names a real record here",
            f"at = {string_text(place)}",
            f"to = {string_text(reference_text(change.to))}",
        ]
    for row in case.rows:
        lines += ["", f"[rows.{key_text((row.table,))}.{key_text((row.name,))}]"]
        lines += [f"{key_text((name,))} = {cell_text(cell)}" for name, cell in row.cells]
    return "\n".join(lines) + "\n"


def _several(texts: Sequence[str]) -> str:
    return value_text(texts) if len(texts) < 2 else "[\n" + "".join(f"    {string_text(text)},\n" for text in texts) + "]"


def write_case(case: Case, path: Path) -> None:
    """Write a case to a file. Raises UsageError where that cannot be."""
    try:
        path.write_text(case_text(case), encoding="utf-8")
    except OSError as error:
        raise UsageError(f"the case cannot be written: {error.strerror}", where=str(path), expected="a file in a directory that is there") from None


def read_case(path: Path) -> Case:
    """The case in a file. Raises InputError, which names line, column and key."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise InputError(f"the case cannot be read: {reason}", where=str(path), hint="Make one with: shadow case make TEST_ID") from None
    try:
        table = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        told = str(error) if isinstance(error, tomllib.TOMLDecodeError) else type(error).__name__
        raise InputError(f"this is not TOML: {told}", where=str(path), expected="TOML 1.0") from None
    return _Reader(table, Places(file=str(path), marks=marks_of(text))).case()


class _Reader:
    def __init__(self, table: Mapping[str, Any], places: Places) -> None:
        self._table, self._places = table, places

    def case(self) -> Case:
        if self._table.get("schema") != SCHEMA:
            raise self._fault(("schema",), "this is no case that this version reads", expected=f"schema = {string_text(SCHEMA)}")
        self._known((), self._table, _TOP)
        coupling = self._sub(("coupling",), self._table, "coupling")
        self._known(("coupling",), coupling, _COUPLING)
        rows = tuple(self._rows())
        if not rows:
            raise self._fault(("rows",), "a case has a row at least", expected="[rows.TABLE.NAME]")
        case = Case(
            test_id=self._text(("test",), self._table, "test"),
            suite=self._text(("suite",), self._table, "suite", default=""),
            run=self._text(("run",), self._table, "run", default=""),
            kind=CouplingKind(self._one_of(("coupling", "kind"), coupling, "kind", [one.value for one in CouplingKind])),
            pattern=self._pattern(coupling),
            entity=self._text(("coupling", "entity"), coupling, "entity", default=""),
            sentence=self._text(("coupling", "sentence"), coupling, "sentence", default=""),
            note=self._text(("note",), self._table, "note", default=""),
            facts=self._texts("facts"),
            named=self._texts("named_by_test"),
            moments=self._texts("moments"),
            rows=rows,
            changes=tuple(self._changes(rows)),
        )
        self._refuse_unknown_rows(case)
        return case

    def _pattern(self, coupling: Mapping[str, Any]) -> Pattern | None:
        known = [one.value for one in Pattern]
        return Pattern(self._one_of(("coupling", "pattern"), coupling, "pattern", known)) if "pattern" in coupling else None

    def _rows(self) -> Iterator[CaseRow]:
        """In the order in which they stand in the file."""
        tables = self._sub(("rows",), self._table, "rows")
        found: list[tuple[tuple[int, int], CaseRow]] = []
        seen: set[str] = set()
        for name in tables:
            for row in self._sub(("rows", name), tables, name):
                key: Key = ("rows", name, row)
                if row in seen:
                    raise self._fault(key, "two rows have one name", expected="a name of its own for every row")
                seen.add(row)
                cells = tuple((column, self._cell((*key, column), value)) for column, value in self._sub(key, tables[name], row).items())
                mark = self._places.mark(key)
                found.append(((mark.line, mark.column) if mark else (0, 0), CaseRow(name=row, table=name, cells=cells)))
        yield from (row for _, row in sorted(found, key=lambda one: one[0]))

    def _cell(self, key: Key, value: object) -> Any:  # noqa: ANN401 - a Cell
        try:
            return cell_of(value)
        except ValueError:
            raise self._fault(key, f"{kind_of(value)} that means nothing here", expected=f"a value; or {EXPECTED}") from None

    def _changes(self, rows: Sequence[CaseRow]) -> Iterator[NeededChange]:
        every = self._table.get("change", [])
        columns = {row.name: frozenset(name for name, _ in row.cells) for row in rows}
        if not isinstance(every, list):
            raise self._fault(("change",), f"found {kind_of(every)}", expected="[[change]] with at and to")
        for number, one in enumerate(every):
            key: Key = ("change", number)
            self._known(key, one, _CHANGE)
            path, line, column = [*self._text((*key, "at"), one, "at").rsplit(":", 2), "", ""][:3]
            to = self._cell((*key, "to"), one.get("to"))
            if not (line.isdecimal() and column.isdecimal()):
                raise self._fault((*key, "at"), "this is no place of the suite", expected="path:line:column")
            if not isinstance(to, RowReference) or not set(to.column.split("+")) <= columns.get(to.row, frozenset()):
                raise self._fault((*key, "to"), "this is no value of a row of this case", expected='"$row.column"')
            yield NeededChange(path=path, line=int(line), column=int(column), to=to)

    def _refuse_unknown_rows(self, case: Case) -> None:
        known: dict[str, set[str]] = {}
        for row in case.rows:
            known[row.name] = {name for name, _ in row.cells}
            for column, cell in row.cells:
                if isinstance(cell, RowReference) and cell.column not in known.get(cell.row, ()):
                    raise self._fault(
                        ("rows", row.table, row.name, column),
                        f"refers to {reference_text(cell)}, which does not stand above it",
                        expected="a row above this one, and one of its columns",
                    )

    def _known(self, table: Key, content: object, known: Sequence[str]) -> None:
        if not isinstance(content, dict):
            raise self._fault(table, f"found {kind_of(content)}", expected=f"a table with {', '.join(known)}")
        for name in content:
            if name not in known:
                near = get_close_matches(name.lower().replace("-", "_"), known, n=1)
                told = f"unknown key; the nearest known key is {key_text((*table, near[0]))}" if near else "unknown key"
                raise self._fault((*table, name), told, expected=f"one of {', '.join(known)}")

    def _sub(self, key: Key, content: Mapping[str, Any], name: str) -> Mapping[str, Any]:
        value = content.get(name, {})
        if not isinstance(value, dict):
            raise self._fault(key, f"found {kind_of(value)}", expected="a table")
        return value

    def _text(self, key: Key, content: Mapping[str, Any], name: str, *, default: str | None = None) -> str:
        value = content.get(name, default)
        if not isinstance(value, str):
            raise self._fault(key, "this key is missing" if value is None else f"found {kind_of(value)}", expected="a string")
        return value

    def _texts(self, name: str) -> tuple[str, ...]:
        value = self._table.get(name, [])
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            raise self._fault((name,), f"found {kind_of(value)}", expected="an array of strings")
        return tuple(value)

    def _one_of(self, key: Key, content: Mapping[str, Any], name: str, known: Sequence[str]) -> str:
        value = self._text(key, content, name)
        if value not in known:
            raise self._fault(key, "unknown word", expected=f"one of {', '.join(known)}")
        return value

    def _fault(self, key: Key, found: str, *, expected: str) -> InputError:
        return InputError(found, where=self._places.where(key), expected=expected)
