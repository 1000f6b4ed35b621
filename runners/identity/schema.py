"""The tables of a database: columns, keys and what is unique, as far as the index needs them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import inspect, types

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy import Connection, Inspector

_SYSTEM_SCHEMAS = frozenset({"information_schema", "pg_catalog", "pg_toast", "mysql", "performance_schema", "sys"})
_LONGEST_TEXT = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignKey:
    """Columns of a table that hold keys of another."""

    columns: tuple[str, ...]
    table: str
    referred: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column; `family` is `number`, `text`, `binary` (UUIDs perhaps), `document` (JSON) or `other` (moments, fractions, truth values)."""

    name: str
    family: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table; `name` carries the schema where it is not the default one. `unique` are the column sets of unique constraints and indexes."""

    name: str
    schema: str | None
    bare: str
    columns: tuple[Column, ...]
    primary: tuple[str, ...]
    unique: tuple[tuple[str, ...], ...]
    foreign: tuple[ForeignKey, ...]

    def column(self, name: str) -> Column | None:
        """The column of that name, whatever its case."""
        return next((column for column in self.columns if column.name.casefold() == name.casefold()), None)


def tables_of(connection: Connection) -> tuple[Table, ...]:
    """All tables by name: of the default schema, and of every other that is not the system's (PostgreSQL)."""
    inspector = inspect(connection)
    default = inspector.default_schema_name
    others = [name for name in inspector.get_schema_names() if name != default and name not in _SYSTEM_SCHEMAS and not name.startswith("pg_")]
    schemas: list[str | None] = [None, *(others if connection.dialect.name == "postgresql" else [])]
    found = [_table(inspector, schema, name) for schema in schemas for name in inspector.get_table_names(schema=schema)]
    return tuple(sorted(found, key=lambda table: table.name))


def _table(inspector: Inspector, schema: str | None, name: str) -> Table:
    unique: list[Sequence[str | None]] = [constraint["column_names"] for constraint in inspector.get_unique_constraints(name, schema=schema)]
    unique += [index["column_names"] for index in inspector.get_indexes(name, schema=schema) if index.get("unique") and not _is_partial(index)]
    return Table(
        name=f"{schema}.{name}" if schema else name,
        schema=schema,
        bare=name,
        columns=tuple(Column(name=column["name"], family=_family(column["type"])) for column in inspector.get_columns(name, schema=schema)),
        primary=tuple(inspector.get_pk_constraint(name, schema=schema).get("constrained_columns") or ()),
        unique=tuple(dict.fromkeys(_whole(unique))),
        foreign=tuple(
            ForeignKey(
                columns=tuple(key["constrained_columns"]),
                table=f"{key['referred_schema']}.{key['referred_table']}" if key["referred_schema"] else key["referred_table"],
                referred=tuple(key["referred_columns"]),
            )
            for key in inspector.get_foreign_keys(name, schema=schema)
        ),
    )


def _whole(sets: Iterable[Sequence[str | None]]) -> list[tuple[str, ...]]:
    """Without those on expressions, which stand as None."""
    return [tuple(name for name in names if name is not None) for names in sets if names and None not in names]


def _is_partial(index: Any) -> bool:  # noqa: ANN401  # a dictionary whose options depend on the dialect
    return any(str(option).endswith("_where") and value is not None for option, value in index.get("dialect_options", {}).items())


def _family(kind: types.TypeEngine[Any]) -> str:
    if isinstance(kind, types.JSON):
        return "document"
    if isinstance(kind, types.Boolean | types.Date | types.DateTime | types.Time | types.Interval | types.Float):
        return "other"
    if isinstance(kind, types.Integer):
        return "number"
    if isinstance(kind, types.Numeric):
        return "other" if kind.scale else "number"
    if isinstance(kind, types.LargeBinary | types.BINARY):
        return "binary" if getattr(kind, "length", None) in {None, 16} else "other"
    return "text" if isinstance(kind, types.String | types.Uuid | types.NullType) else "other"
