"""SQL statements as templates, and what is learned while they run: a companion of shadow_harness_deep (docs/deep.md).

It runs in the user's test process: Python 3.8 or newer and the standard library alone. PYTEST_DONT_REWRITE
"""

# Objects of drivers are anything at all, hence Any; their own exceptions pass through, whatever they are.
# ruff: noqa: ANN401

from __future__ import annotations

import contextlib
import functools
import re
import types
from typing import Any, Callable, Dict, List, NamedTuple, Tuple, Union

if __package__:  # within the harness
    from runners.probe.shadow_harness_deep_values import Column
else:  # in the process of a test
    from shadow_harness_deep_values import Column  # type: ignore[import-not-found,no-redef]  # it lies beside this file

MOST_CHARACTERS = 4_000  # of a template
MOST_PARAMETERS = 60  # of a statement
MOST_SETS = 3  # of parameters of an `executemany`
MOST_COLUMNS = 60
MOST_ROWS = 5_000  # whose values are looked at, of a statement
_LONGEST_SQL = 100_000

# ---------------------------------------------------------------------------------------------------------------------------------------------
# Templates
# ---------------------------------------------------------------------------------------------------------------------------------------------


class Inline(NamedTuple):
    """A literal that stood in the text."""

    value: Any


class Position(NamedTuple):
    """A placeholder by its number, from 0."""

    number: int


class Name(NamedTuple):
    """A placeholder by its name."""

    name: str


_Slot = Union[Inline, Position, Name]
_TOKEN = re.compile(
    r"(?P<comment>--[^\n]*|/\*.*?(?:\*/|\Z))"
    r"|(?P<space>\s+)"
    r"|(?P<escaped>[eE]'(?:[^'\\]|\\.|'')*(?:'|\Z))"
    r"|(?P<text>(?:[nNbBxXrR]|[uU]&)?'(?:[^']|'')*(?:'|\Z))"
    r"|(?P<dollar>\$(?P<tag>\w*)\$.*?(?:\$(?P=tag)\$|\Z))"
    r'|(?P<double>"(?:[^"]|"")*(?:"|\Z))'
    r"|(?P<tick>`[^`]*(?:`|\Z))"
    r"|(?P<bracket>\[[A-Za-z_][\w ]{0,128}\])"
    r"|(?P<cast>::)"
    r"|(?P<pyname>%\([^)]{0,128}\)[a-z])"
    r"|(?P<percent>%[sbt%])"
    r"|(?P<numbered>[?:$]\d+)"
    r"|(?P<named>[:@$][A-Za-z_]\w*)"
    r"|(?P<mark>\?)"
    r"|(?P<hexadecimal>0[xX][0-9a-fA-F]+)"
    r"|(?P<number>\d+(?:\.\d*)?(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?)"
    r"|(?P<word>[^\W\d][\w$]*)"
    r"|(?P<operator>[<>=!~]+|\|\|)"
    r"|(?P<other>.)",
    re.DOTALL,
)
_BACKSLASHED = re.compile(r"'(?:[^'\\]|\\.|'')*(?:'|\Z)", re.DOTALL)
_NO_DATA = re.compile(
    r"\A(?:pragma|show|set|explain|describe)\b|\b(?:sqlite_\w+|pg_catalog|pg_\w+|information_schema)\b|\A\s*select\s+(?:current_\w+|version|database)\(\)\Z",
    re.IGNORECASE,
)
_IDENTIFIER = re.compile(r"[^\W\d][\w$]*")
_COMPARING = frozenset(("like", "ilike", "between", "values", "in", "glob", "regexp", "escape", "then", "else", "when"))
_SQL = """
    select from where and or not in is null as on join left right inner outer full cross group by having order asc desc limit offset insert into
    values update set delete create table index view drop alter begin commit rollback savepoint release pragma explain with recursive union all
    distinct case when then else end exists between like ilike count sum min max avg coalesce lower upper cast date time timestamp interval true
    false returning conflict do nothing replace using over partition primary key foreign references default integer text real blob varchar unique"""
_SQL_WORDS = frozenset(_SQL.split())


class Template(NamedTuple):
    """A statement without its values: the text, and where each `?` or `:name` of it gets its value from. `cut`: it is longer than is kept."""

    sql: str
    slots: Tuple[_Slot, ...]
    cut: bool


def template(
    sql: str, *, style: str = "qmark", loose_quotes: bool = False, backslashes: bool = False, known: Callable[[str], bool] | None = None
) -> Template:
    """The template of a statement.

    `style` is the driver's paramstyle. With `loose_quotes`, text in double quotes may be a value (SQLite, MySQL): it is taken for one where one is
    expected. With `backslashes` they escape quotes (MySQL). With `known`, words that it does not know become `?`: a statement that failed may hold a
    value without quotes.
    """
    reading = _Reading(sql, style, known, loose_quotes=loose_quotes, backslashes=backslashes)
    text = reading.whole().strip().rstrip(";").rstrip()
    return Template(text[:MOST_CHARACTERS], tuple(reading.slots), len(text) > MOST_CHARACTERS or len(sql) > _LONGEST_SQL)


class _Reading:
    """Goes through a statement token by token; each kind has a method that gives what stands for it and, for a value, its slot."""

    def __init__(self, sql: str, style: str, known: Callable[[str], bool] | None, *, loose_quotes: bool, backslashes: bool) -> None:
        self._sql = sql
        self._style = style
        self._known = known or (lambda _: True)
        self._strict = known is not None
        self._loose_quotes = loose_quotes
        self._backslashes = backslashes
        self._at, self._end = 0, min(len(sql), _LONGEST_SQL)
        self._previous = ""
        self._values = 0  # depth of parentheses within VALUES or IN
        self._positions = 0
        self.slots: List[_Slot] = []

    def whole(self) -> str:
        """The text of the template; `slots` is filled meanwhile."""
        parts: List[str] = []
        while self._at < self._end:
            found = _TOKEN.match(self._sql, self._at, self._end)
            assert found is not None  # noqa: S101 the last alternative takes anything
            kind, piece = found.lastgroup or "", found.group()
            self._at += len(piece)
            if kind in ("comment", "space"):
                if parts and parts[-1] != " ":
                    parts.append(" ")
                continue
            take = getattr(self, f"_{kind}", None)
            piece, slot = take(piece) if take is not None else (piece, None)
            if slot is not None:
                self.slots.append(slot)
                piece = f":{slot.name}" if isinstance(slot, Name) and _IDENTIFIER.fullmatch(slot.name) else "?"
            self._follow(piece)
            parts.append(piece)
        return "".join(parts)

    def _follow(self, piece: str) -> None:
        """Keep in mind where values are listed."""
        if piece == "(" and (self._values or self._previous in ("values", "in")):
            self._values += 1
        elif piece == ")" and self._values:
            self._values -= 1
            if not self._values:
                self._previous = "values"  # another row may follow
                return
        if not (piece == "," and self._previous == "values"):
            self._previous = piece.lower()

    def _text(self, piece: str) -> Tuple[str, _Slot | None]:
        backslashed = self._backslashes or piece[0] in "eE"
        if self._backslashes:
            begin = self._at - len(piece) + piece.index("'")
            whole = _BACKSLASHED.match(self._sql, begin, self._end)
            if whole:
                piece, self._at = whole.group(), whole.end()
        return piece, Inline(_unquoted(piece, backslashes=backslashed))

    _escaped = _text

    def _tag(self, piece: str) -> Tuple[str, _Slot | None]:
        """Text between dollars; the innermost group is the one that is named."""
        mark = piece[: piece.index("$", 1) + 1]
        return piece, Inline(piece[len(mark) : -len(mark)])

    _dollar = _tag

    def _double(self, piece: str) -> Tuple[str, _Slot | None]:
        inner = piece[1:-1].replace('""', '"')
        dotted = self._previous == "." or self._sql[self._at : self._at + 1] == "."
        expected = self._values > 0 or self._previous in _COMPARING or self._previous.startswith(("<", ">", "=", "!", "~", "|"))
        is_value = self._loose_quotes and not dotted and expected
        return piece, Inline(inner) if is_value or not _IDENTIFIER.fullmatch(inner) or not self._known(inner) else None

    def _tick(self, piece: str) -> Tuple[str, _Slot | None]:
        return (piece if self._known(piece.strip("`")) else "`?`"), None

    def _bracket(self, piece: str) -> Tuple[str, _Slot | None]:
        return (piece if all(map(self._known, piece[1:-1].split())) else "[?]"), None

    def _number(self, piece: str) -> Tuple[str, _Slot | None]:
        return piece, Inline(_number(piece))

    _hexadecimal = _number

    def _pyname(self, piece: str) -> Tuple[str, _Slot | None]:
        if self._style in ("pyformat", "format"):
            return piece, Name(piece[2 : piece.index(")")])
        return self._operator_first(piece)

    def _percent(self, piece: str) -> Tuple[str, _Slot | None]:
        if self._style not in ("pyformat", "format"):
            return self._operator_first(piece)
        return ("%", None) if piece == "%%" else (piece, self._next_position())

    def _mark(self, piece: str) -> Tuple[str, _Slot | None]:
        return piece, self._next_position() if self._style == "qmark" else None

    def _next_position(self) -> _Slot:
        self._positions += 1
        return Position(self._positions - 1)

    def _numbered(self, piece: str) -> Tuple[str, _Slot | None]:
        return piece, Position(max(int(piece[1:]) - 1, 0))

    def _named(self, piece: str) -> Tuple[str, _Slot | None]:
        if self._style not in ("named", "qmark", "numeric") and piece[0] != ":":
            return self._operator_first(piece)
        return (piece, Name(piece[1:])) if self._known(piece[1:]) else ("?", None)

    def _word(self, piece: str) -> Tuple[str, _Slot | None]:
        return (piece if not self._strict or piece.lower() in _SQL_WORDS or self._known(piece) else "?"), None

    def _operator_first(self, piece: str) -> Tuple[str, _Slot | None]:
        """An operator; what follows it is read again."""
        self._at -= len(piece) - 1
        return piece[0], None


def _unquoted(piece: str, *, backslashes: bool) -> str:
    inner = piece[piece.index("'") + 1 : -1].replace("''", "'")
    return re.sub(r"\\(.)", r"\1", inner, flags=re.DOTALL) if backslashes else inner


def _number(piece: str) -> Any:
    try:
        if piece[:2] in ("0x", "0X"):
            return int(piece, 16)
        return int(piece) if piece.isdigit() else float(piece)
    except ValueError:
        return None


# ---------------------------------------------------------------------------------------------------------------------------------------------
# Statements under way
# ---------------------------------------------------------------------------------------------------------------------------------------------


class Driver(NamedTuple):
    """What is to be known of a driver: its name, its paramstyle, and how it reads quotes."""

    name: str
    style: str = "qmark"
    loose_quotes: bool = False
    backslashes: bool = False


class Statement:
    """One statement while it runs and its rows are fetched. `recording` is the test that it belongs to."""

    __slots__ = ("_columns", "_driver", "_offered", "_recording", "_template", "told")
    takes_parameters = True

    def __init__(self, recording: Any, driver: Driver, sql: str) -> None:
        self._recording = recording
        self._driver = driver
        self._template = templated(sql, driver)
        self._columns: List[Column] | None = None
        self._offered = 0
        at, through = recording.frames()
        self.told: Dict[str, Any] = {"sql": self._template.sql, "driver": driver.name, "phase": recording.phase}
        if at:
            self.told["at"] = at
        if through:
            self.told["through"] = through
        if self._template.cut:
            recording.cut("sql")
        if len(self._template.slots) > MOST_PARAMETERS:
            recording.cut("parameters", len(self._template.slots) - MOST_PARAMETERS)
        self._set(None)

    def bind(self, parameters: Any) -> None:
        """Take in the parameters of its only, or of its first, execution."""
        self._set(parameters)

    def bind_all(self, sets: Any) -> None:
        """Take in the sets of parameters of an `executemany`."""
        for number, parameters in enumerate(list(sets)[:MOST_SETS], start=1):
            self.bind_more(parameters, number)
        if sets:
            self.told["sets"] = len(sets)

    def bind_more(self, parameters: Any, number: int) -> None:
        """Take in the n-th set of parameters, from 1."""
        self.told["sets"] = number
        if number == 1:
            self._set(parameters)
        elif number <= MOST_SETS:
            self.told["parameters"] += self._described(parameters)

    def _set(self, parameters: Any) -> None:
        described = self._described(parameters)
        self.told.pop("parameters", None)
        if described:
            self.told["parameters"] = described

    def _described(self, parameters: Any) -> List[Dict[str, Any]]:
        values, described = self._recording.values, []
        for slot in self._template.slots[:MOST_PARAMETERS]:
            if isinstance(slot, Inline):
                described.append(values.described(slot.value, inline=True))
                continue
            found, value = _bound(parameters, slot)
            if found:
                described.append(values.described(value, name=slot.name if isinstance(slot, Name) else None))
            elif parameters is not None:
                described.append({"type": "unknown", **({"name": slot.name} if isinstance(slot, Name) else {})})
        return described

    def failed(self, sql: str) -> None:
        """It raised: what stands in its text is no longer known to be words of a schema."""
        driver, known = self._driver, self._recording.knows
        self.told["sql"] = ""
        for parameter in self.told.get("parameters", ()):
            if "name" in parameter and not known(parameter["name"]):
                del parameter["name"]
        with contextlib.suppress(Exception):
            strict = template(sql, style=driver.style, loose_quotes=driver.loose_quotes, backslashes=driver.backslashes, known=known)
            self.told["sql"] = strict.sql
        self.told["failed"] = True

    def ran(self, cursor: Any) -> None:
        """It was executed: rows are to be fetched, or were affected."""
        with contextlib.suppress(Exception):  # a driver may refuse to tell
            if cursor.description is not None:
                self.describe(cursor.description)
                offered = cursor.rowcount
                self._offered = offered if type(offered) is int and offered > 0 else 0
                return
            count = cursor.rowcount
            if type(count) is int and count >= 0:
                self.affected(count)

    def affected(self, rows: int) -> None:
        """It wrote so many rows."""
        self.told["affected"] = rows
        self._count(rows)

    @property
    def hands_out_rows(self) -> bool:
        """Whether it is known to have rows to be fetched."""
        return "fetched" in self.told

    def describe(self, description: Any) -> None:
        """Take in the names of the columns."""
        names = [str(column[0]) for column in description]
        if len(names) > MOST_COLUMNS:
            self._recording.cut("columns", len(names) - MOST_COLUMNS)
        self._columns = [Column(_column_name(name), self._recording.values) for name in names[:MOST_COLUMNS]]
        self.told.setdefault("fetched", 0)

    def take(self, rows: Any, *, exhausted: bool = False) -> None:
        """Take in rows as they were handed out."""
        told = self.told
        before = told.get("fetched", 0)
        told["fetched"] = before + len(rows)
        self._count(len(rows))
        if exhausted:
            told["exhausted"] = True
        columns = self._columns
        if columns is None:
            return
        rows_read = rows[: max(0, MOST_ROWS - before)]
        looked_at = [values for values in map(row_values, rows_read) if values is not None]
        for column, values in zip(columns, zip(*looked_at)):  # noqa: B905 strict came with Python 3.10
            column.add_all(values)
        if len(looked_at) < len(rows_read):
            made = [row for row in rows_read if row_values(row) is None]
            for column in columns:
                column.add_all([value for row in made for found, value in (_kept(row, column.name),) if found])
        if told["fetched"] > MOST_ROWS:
            self._recording.cut("rows", min(len(rows), told["fetched"] - MOST_ROWS))

    def _count(self, rows: int) -> None:
        if rows and is_about_data(self._template.sql):
            self._recording.count_rows(rows)

    def finish(self) -> Dict[str, Any]:
        """What is written of it. Rows that the driver counted and nobody fetched were looked at by their number at most."""
        if self._offered and not self.told.get("fetched") and not self.told.get("exhausted"):
            self.told["fetched"] = self._offered
            self._count(self._offered)
        if self._columns:
            self.told["columns"] = [column.told() for column in self._columns]
        return self.told


@functools.lru_cache(maxsize=512)
def templated(sql: str, driver: Driver) -> Template:
    """The template of a statement of a driver."""
    return template(sql, style=driver.style, loose_quotes=driver.loose_quotes, backslashes=driver.backslashes)


def is_about_data(sql: str) -> bool:
    """Whether a statement is about data, and not about the schema or the connection."""
    return _NO_DATA.search(sql) is None


def _column_name(name: str) -> str:
    if _IDENTIFIER.fullmatch(name):
        return name
    return "?" if '"' in name else template(name, style="none").sql


def _bound(parameters: Any, slot: Position | Name) -> Tuple[bool, Any]:
    """The value for a placeholder, read without running code of the user."""
    if isinstance(parameters, dict):
        if isinstance(slot, Name):
            return dict.__contains__(parameters, slot.name), dict.get(parameters, slot.name)
        return False, None
    if not isinstance(slot, Position):
        return False, None
    number = slot.number
    if isinstance(parameters, tuple) and number < tuple.__len__(parameters):
        return True, tuple.__getitem__(parameters, number)
    if isinstance(parameters, list) and number < list.__len__(parameters):
        return True, list.__getitem__(parameters, number)
    alone = number == 0 and type(parameters) in (int, str)  # PyMySQL takes a value by itself for its only placeholder
    return alone, parameters if alone else None


_SQLITE = ("sqlite3", "_sqlite3")


def row_values(row: Any) -> Any:
    """The values of a row in order of the columns; None for an object that a factory made."""
    if isinstance(row, tuple):
        return tuple.__iter__(row)
    if isinstance(row, list):
        return list.__iter__(row)
    if isinstance(row, dict):
        return iter(dict.values(row))
    kind = type(row)
    if kind.__name__ == "Row" and kind.__module__ in _SQLITE:
        return iter(tuple(row))
    if any(base.__name__ == "Row" and base.__module__ in _SQLITE for base in kind.__mro__):
        plain: Any = next(base for base in kind.__mro__ if base.__module__ in _SQLITE)  # its own, whatever the subclass makes of it
        return plain.__iter__(row)
    return None


def _kept(row: Any, name: str) -> Tuple[bool, Any]:
    """An attribute of an object that a factory made of a row, read without running code of the user."""
    try:
        return True, object.__getattribute__(row, "__dict__")[name]
    except (AttributeError, KeyError):
        pass
    slot = next((kind.__dict__[name] for kind in type(row).__mro__ if name in kind.__dict__), None)
    if type(slot) is not types.MemberDescriptorType:
        return False, None
    try:
        return True, slot.__get__(row)
    except AttributeError:  # not set
        return False, None
