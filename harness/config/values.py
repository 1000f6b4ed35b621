"""The kinds of values that a configuration holds, each checked and turned into what the program works with.

Validators raise `fault(...)`, which carries what was found and what is expected separately; none tells a value that may be confidential.
"""

import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, ValidationInfo, WithJsonSchema
from pydantic_core import PydanticCustomError

from harness.config import variables
from harness.config.notation import kind_of, short_text

FAULT = "shadow"
"""The type under which pydantic reports an error made by `fault`."""

_DURATION = re.compile(r"(?:(?P<h>\d+(?:\.\d+)?)h)?(?:(?P<m>\d+(?:\.\d+)?)m)?(?:(?P<s>\d+(?:\.\d+)?)s)?")
_SECONDS = {"h": 3600.0, "m": 60.0, "s": 1.0}
_MEMORY = re.compile(r"[1-9]\d*[bkmg]?", re.IGNORECASE)
_HOST = re.compile(r"(?:[^\s/:@\[\]]+|\[[0-9A-Fa-f:.]+\])(?::(?P<port>\d{1,5}))?")
_COLUMN = re.compile(r"[^\s.][^.]*(?:\.[^\s.][^.]*)+")


class Table(BaseModel):
    """A table of the configuration: frozen, no key beyond its fields, and no value bent into another type."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid", allow_inf_nan=False, hide_input_in_errors=True)


def fault(found: str, expected: str, hint: str | None = None) -> PydanticCustomError:
    """The error of a value."""
    return PydanticCustomError(FAULT, "{found}", {"found": found, "expected": expected, "hint": hint or ""})


def _text(value: str) -> str:
    if not value:
        raise fault("an empty string", "a text that is not empty")
    if "\0" in value:
        raise fault("a text that holds a NUL character", "a text without it: no process takes it")
    return value


def _word(value: str) -> str:
    if "\0" in value:
        raise fault("a text that holds a NUL character", "a text without it: no process takes it")
    return value


def _title(value: str) -> str:
    if not value.strip() or not value.isprintable() or value != value.strip():
        raise fault("a name that is empty, or holds control characters or outer spaces", "a short name on one line")
    return value


def _duration(value: object) -> float:
    expected = 'a duration such as "30m", "90s" or "1h30m", or a number of seconds, above 0'
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise fault(kind_of(value), expected)
    if isinstance(value, str):
        match = _DURATION.fullmatch(value)
        if not value or match is None:
            raise fault(short_text(value), expected)
        seconds = sum(float(number) * _SECONDS[unit] for unit, number in match.groupdict().items() if number)
    else:
        seconds = float(value) if abs(value) < 1e15 else math.inf
    if not (math.isfinite(seconds) and seconds > 0):
        raise fault(short_text(value), expected)
    return seconds


def _workers(value: object) -> int:
    if value == "auto":
        return -1
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        found = short_text(value) if isinstance(value, (str, int)) else kind_of(value)
        raise fault(found, '"auto" (one a core) or a number of 0 or more; 0 turns pytest-xdist off')
    return value


def _executions(value: object) -> int | None:
    if value == "auto" or value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        found = short_text(value) if isinstance(value, (str, int)) else kind_of(value)
        raise fault(found, '"auto" (by the size of the suite) or a number of 0 or more; 0 turns experiments off')
    return value


def _memory(value: str) -> str:
    if not _MEMORY.fullmatch(value):
        raise fault(short_text(value), 'a size such as "2g" or "512m"')
    return value


def _host(value: str) -> str:
    match = _HOST.fullmatch(value)
    if match is None or (match["port"] and not 0 < int(match["port"]) < 65536):
        raise fault(
            "a text that is no host", 'a host, or host and port, such as "stripe-mock:12111"', "leave out the scheme, the path and any credentials"
        )
    return value


def _column(value: str) -> str:
    if not _COLUMN.fullmatch(value):
        raise fault(short_text(value), 'a table and its column, such as "customer.email"')
    return value


def _variable_name(value: str) -> str:
    if not value or "=" in value or not value.isprintable() or " " in value:
        raise fault("a name that no environment variable can have", "a name without '=', spaces and control characters, such as DATABASE_URL")
    return value


def _variable_value(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if not isinstance(value, str):
        raise fault(kind_of(value), "a string, an integer or a boolean", "variables are text: write the value in quotes")
    return _template(_word(value))


def _template(value: str) -> str:
    if not variables.well_formed(value):
        raise fault('a "${" that names no variable', "${NAME}, of letters, digits and underscores", 'write "$${" for the text "${" itself')
    return value


def _database(value: str) -> str:
    if "://" not in value and not variables.names_in(value):
        raise fault(
            "a text that is no database URL",
            'a SQLAlchemy URL such as "postgresql+psycopg://user@host/name"',
            'keep passwords out of the file: "${LEGACY_DATABASE_URL}" reads a variable',
        )
    return value


def _scalar(value: object) -> object:
    if not isinstance(value, (bool, int, float, str)) or (isinstance(value, float) and not math.isfinite(value)):
        raise fault("a number that is not finite" if isinstance(value, float) else kind_of(value), "a number, a boolean or a string")
    return value


def _path(value: object, info: ValidationInfo) -> Path:
    """A path as written, made absolute against the directory of the file (the validation's context)."""
    if not isinstance(value, str):
        raise fault(kind_of(value), "a path in quotes, relative to this file")
    base: Path = info.context["base"] if info.context else Path.cwd()
    try:
        return (base / _text(value)).resolve()
    except (OSError, RuntimeError):
        raise fault(short_text(value), "a path that can be followed") from None


def _existing(test: Callable[[Path], bool], what: str) -> Callable[[Path], Path]:
    def check(path: Path) -> Path:
        try:
            there = test(path)
        except OSError:
            there = False
        if not there:
            raise fault(f"no {what} at {path}", f"an existing {what}", "relative paths start at the directory of this file")
        return path

    return check


_PATH = {"type": "string", "minLength": 1}
_TEXT = {"type": "string", "minLength": 1}

Text = Annotated[str, AfterValidator(_text), WithJsonSchema(_TEXT)]
Word = Annotated[str, AfterValidator(_word)]
Title = Annotated[str, AfterValidator(_title), WithJsonSchema(_TEXT)]
Duration = Annotated[
    float,
    BeforeValidator(_duration),
    WithJsonSchema(
        {"anyOf": [{"type": "string", "pattern": r"^(?=.)(\d+(\.\d+)?h)?(\d+(\.\d+)?m)?(\d+(\.\d+)?s)?$"}, {"type": "number", "exclusiveMinimum": 0}]}
    ),
]
Workers = Annotated[int, BeforeValidator(_workers), WithJsonSchema({"anyOf": [{"const": "auto"}, {"type": "integer", "minimum": 0}]})]
Executions = Annotated[int | None, BeforeValidator(_executions), WithJsonSchema({"anyOf": [{"const": "auto"}, {"type": "integer", "minimum": 0}]})]
Memory = Annotated[str, AfterValidator(_memory), WithJsonSchema({"type": "string", "pattern": r"^[1-9]\d*[bkmgBKMG]?$"})]
Host = Annotated[str, AfterValidator(_host), WithJsonSchema(_TEXT)]
Column = Annotated[str, AfterValidator(_column), WithJsonSchema(_TEXT)]
VariableName = Annotated[str, AfterValidator(_variable_name)]
VariableValue = Annotated[str, BeforeValidator(_variable_value), WithJsonSchema({"type": ["string", "integer", "boolean"]})]
DatabaseUrl = Annotated[str, AfterValidator(_text), AfterValidator(_template), AfterValidator(_database), WithJsonSchema(_TEXT)]
Scalar = Annotated[bool | int | float | str, BeforeValidator(_scalar), WithJsonSchema({"type": ["string", "number", "boolean"]})]
ExistingFile = Annotated[Path, BeforeValidator(_path), AfterValidator(_existing(Path.is_file, "file")), WithJsonSchema(_PATH)]
ExistingDirectory = Annotated[Path, BeforeValidator(_path), AfterValidator(_existing(Path.is_dir, "directory")), WithJsonSchema(_PATH)]
