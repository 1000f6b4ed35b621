"""Questions about the whole book: what reports and month-end jobs read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select

from ledger.schema import accounts, currencies, customers, transactions

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

Record = dict[str, Any]


def all_customers(conn: Connection) -> list[Record]:
    """Return every customer in the order of their numbers."""
    query = select(customers).order_by(customers.c.customer_id)
    return [dict(row) for row in conn.execute(query).mappings()]


def customers_with_status(conn: Connection, status: str) -> list[Record]:
    """Return the customers with a status, in the order of their numbers."""
    query = select(customers).where(customers.c.status == status).order_by(customers.c.customer_id)
    return [dict(row) for row in conn.execute(query).mappings()]


def all_accounts(conn: Connection) -> list[Record]:
    """Return every account in the order of their numbers."""
    query = select(accounts).order_by(accounts.c.account_id)
    return [dict(row) for row in conn.execute(query).mappings()]


def all_currencies(conn: Connection) -> list[str]:
    """Return the codes that the ledger knows: reference data, the same everywhere."""
    return list(conn.execute(select(currencies.c.code).order_by(currencies.c.code)).scalars())


def currencies_in_use(conn: Connection) -> list[str]:
    """Return the codes of the currencies in which somebody has an account."""
    return sorted(conn.execute(select(accounts.c.currency).distinct()).scalars())


def postings_of_kind(conn: Connection, kind: str) -> list[Record]:
    """Return the transactions of one kind, in the order of their numbers."""
    query = select(transactions).where(transactions.c.kind == kind)
    ordered = query.order_by(transactions.c.transaction_id)
    return [dict(row) for row in conn.execute(ordered).mappings()]


def postings_per_account(conn: Connection) -> dict[int, int]:
    """Return how many transactions each account has."""
    query = select(transactions.c.account_id, func.count()).group_by(transactions.c.account_id)
    ordered = query.order_by(transactions.c.account_id)
    return {int(account): int(count) for account, count in conn.execute(ordered)}


def balances(conn: Connection) -> dict[int, int]:
    """Return the balance of each account that has transactions, in cents."""
    total = func.sum(transactions.c.amount_cents)
    query = select(transactions.c.account_id, total).group_by(transactions.c.account_id)
    ordered = query.order_by(transactions.c.account_id)
    return {int(account): int(cents) for account, cents in conn.execute(ordered)}


def overdrawn(conn: Connection) -> list[int]:
    """Return the numbers of the accounts below zero."""
    return [account for account, cents in balances(conn).items() if cents < 0]


def turnover(conn: Connection, since: datetime, until: datetime) -> int:
    """Return what came in from `since` to before `until`, in cents."""
    incoming = func.coalesce(func.sum(transactions.c.amount_cents), 0)
    query = select(incoming).where(transactions.c.amount_cents > 0)
    window = query.where(transactions.c.booked_at >= since, transactions.c.booked_at < until)
    return int(conn.execute(window).scalar_one())


def first_posting_at(conn: Connection) -> datetime | None:
    """Return the moment of the oldest transaction."""
    first: datetime | None = conn.execute(select(func.min(transactions.c.booked_at))).scalar_one()
    return first


def unreferenced(conn: Connection) -> int:
    """Return how many transactions bear no reference."""
    query = select(func.count()).where(transactions.c.reference.is_(None))
    return int(conn.execute(query).scalar_one())
