"""Monthly statements: issued once for an account and a period, and only where switched on."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, insert, select

from ledger import numbers, service
from ledger.schema import statements, transactions
from ledger.settings import Settings

if TYPE_CHECKING:
    from sqlalchemy import Connection

DECEMBER = 12
TAIL = 8


class StatementsDisabledError(RuntimeError):
    """Raised where statements are switched off in this environment."""


def issue(
    conn: Connection,
    account_id: int,
    period: str,
    *,
    now: datetime,
    settings: Settings | None = None,
) -> str:
    """Issue the statement of `period` (`YYYY-MM`) and return its number."""
    if not (settings or Settings.from_environment()).statements_enabled:
        message = "statements are switched off (STATEMENTS_ENABLED)"
        raise StatementsDisabledError(message)
    account = service.account(conn, account_id)
    if account is None:
        message = f"no account {account_id}"
        raise service.UnknownRecordError(message)
    first, after = _bounds(period)
    number = f"ST-{period.replace('-', '')}-{numbers.compact(account['iban'])[-TAIL:]}"
    values = {"account_id": account_id, "number": number, "period": period, "issued_at": now}
    sums = {
        "opening_cents": _sum_before(conn, account_id, first),
        "closing_cents": _sum_before(conn, account_id, after),
    }
    conn.execute(insert(statements).values(**values, **sums))
    return number


def with_number(conn: Connection, number: str) -> dict[str, Any] | None:
    """Find a statement by the number printed on it."""
    row = conn.execute(select(statements).where(statements.c.number == number)).mappings().first()
    return None if row is None else dict(row)


def of_account(conn: Connection, account_id: int) -> list[dict[str, Any]]:
    """Return an account's statements, the oldest period first."""
    query = select(statements).where(statements.c.account_id == account_id)
    return [dict(row) for row in conn.execute(query.order_by(statements.c.period)).mappings()]


def _bounds(period: str) -> tuple[datetime, datetime]:
    year, month = (int(part) for part in period.split("-"))
    following = (year + 1, 1) if month == DECEMBER else (year, month + 1)
    return datetime(year, month, 1), datetime(*following, 1)  # noqa: DTZ001 - the book is naive UTC


def _sum_before(conn: Connection, account_id: int, moment: datetime) -> int:
    total = func.coalesce(func.sum(transactions.c.amount_cents), 0)
    query = select(total).where(transactions.c.account_id == account_id)
    return int(conn.execute(query.where(transactions.c.booked_at < moment)).scalar_one())
