"""Types of columns that databases do not have alike."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import BigInteger, Text, TypeDecorator

from harness.store.verbatim import original, stored

if TYPE_CHECKING:
    from sqlalchemy import Dialect

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def microseconds(moment: datetime) -> int:
    """The stored form of an instant: microseconds since 1970."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


def instant(stored_form: int) -> datetime:
    """The instant of which this is the stored form."""
    return _EPOCH + timedelta(microseconds=stored_form)


class Verbatim(TypeDecorator[str]):
    """Any Python text; the database holds its stored form."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - the signature is SQLAlchemy's
        """To the stored form."""
        return None if value is None else stored(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - the signature is SQLAlchemy's
        """From the stored form."""
        return None if value is None else original(value)


class Instant(TypeDecorator[datetime]):
    """An aware datetime, exact to the microsecond in both databases."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:  # noqa: ARG002 - the signature is SQLAlchemy's
        """To microseconds since 1970."""
        return None if value is None else microseconds(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - the signature is SQLAlchemy's
        """To an aware datetime in UTC."""
        return None if value is None else instant(value)
