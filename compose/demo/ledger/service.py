"""What the ledger does. Every function takes an open connection and commits nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import func, insert, select, update

from ledger import numbers
from ledger.schema import accounts, customers, transactions

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection, Select

Record = dict[str, Any]


class UnknownRecordError(LookupError):
    """Raised where a record that has to be there is not."""


class RefusedError(ValueError):
    """Raised where a posting breaks a rule of the book."""


def register_customer(
    conn: Connection,
    *,
    full_name: str,
    email: str,
    country: str,
    now: datetime,
    phone: str | None = None,
) -> int:
    """Add an active customer and return its number."""
    values = {"full_name": full_name, "email": email, "country": country, "phone": phone}
    statement = insert(customers).values(**values, status="active", joined_at=now)
    return _key(conn.execute(statement))


def customer(conn: Connection, customer_id: int) -> Record:
    """Return a customer; raises `UnknownRecordError` where there is none."""
    found = _first(conn, select(customers).where(customers.c.customer_id == customer_id))
    if found is None:
        message = f"no customer {customer_id}"
        raise UnknownRecordError(message)
    return found


def find_customer(conn: Connection, customer_id: int) -> Record | None:
    """Return a customer, or None where there is none."""
    return _first(conn, select(customers).where(customers.c.customer_id == customer_id))


def customer_with_email(conn: Connection, email: str) -> Record | None:
    """Find a customer by address; upper and lower case are the same."""
    return _first(conn, select(customers).where(func.lower(customers.c.email) == email.lower()))


def customer_with_phone(conn: Connection, phone: str) -> Record | None:
    """Find a customer by telephone number, written as it is stored."""
    return _first(conn, select(customers).where(customers.c.phone == phone))


def mark_churned(conn: Connection, customer_id: int) -> None:
    """Note that a customer left. The purge of the night sets `deleted_at`."""
    condition = customers.c.customer_id == customer_id
    conn.execute(update(customers).where(condition).values(status="churned"))


def purge(conn: Connection, customer_id: int, *, now: datetime) -> None:
    """Set the day on which a churned customer's record is closed."""
    condition = customers.c.customer_id == customer_id
    conn.execute(update(customers).where(condition).values(deleted_at=now))


def open_account(
    conn: Connection,
    *,
    customer_id: int,
    iban: str,
    currency: str,
    now: datetime,
    nickname: str | None = None,
) -> int:
    """Open an account and return its number; refuses check digits that do not fit."""
    if not numbers.is_valid(iban):
        message = "the check digits of the account number do not fit"
        raise RefusedError(message)
    values = {"customer_id": customer_id, "iban": iban, "currency": currency}
    statement = insert(accounts).values(**values, nickname=nickname, opened_at=now)
    return _key(conn.execute(statement))


def account(conn: Connection, account_id: int) -> Record | None:
    """Return an account, or None where there is none."""
    return _first(conn, select(accounts).where(accounts.c.account_id == account_id))


def account_with_iban(conn: Connection, iban: str) -> Record | None:
    """Find an account by its number, with or without spaces."""
    wanted = numbers.compact(iban)
    return _first(conn, select(accounts).where(func.replace(accounts.c.iban, " ", "") == wanted))


def accounts_of(conn: Connection, customer_id: int) -> list[Record]:
    """Return a customer's accounts, the oldest number first."""
    query = select(accounts).where(accounts.c.customer_id == customer_id)
    return _all(conn, query.order_by(accounts.c.account_id))


def post(
    conn: Connection,
    account_id: int,
    amount_cents: int,
    *,
    kind: str,
    now: datetime,
    reference: str | None = None,
) -> int:
    """Book an amount on an account and return the transaction's number; zero is refused."""
    if amount_cents == 0:
        message = "a posting of nothing"
        raise RefusedError(message)
    values = {"account_id": account_id, "amount_cents": amount_cents, "kind": kind}
    statement = insert(transactions).values(**values, booked_at=now, reference=reference)
    return _key(conn.execute(statement))


def transfer(
    conn: Connection,
    source: int,
    target: int,
    amount_cents: int,
    *,
    now: datetime,
) -> tuple[int, int]:
    """Move an amount between two accounts; both postings bear the same reference."""
    if amount_cents <= 0:
        message = "a transfer moves more than nothing"
        raise RefusedError(message)
    reference = f"transfer {now:%y%m%d}"
    out = post(conn, source, -amount_cents, kind="transfer_out", now=now, reference=reference)
    return out, post(conn, target, amount_cents, kind="transfer_in", now=now, reference=reference)


def transactions_of(conn: Connection, account_id: int) -> list[Record]:
    """Return an account's transactions, the oldest first."""
    query = select(transactions).where(transactions.c.account_id == account_id)
    return _all(conn, query.order_by(transactions.c.booked_at, transactions.c.transaction_id))


def balance(conn: Connection, account_id: int) -> int:
    """Return the sum of an account's transactions in cents."""
    total = func.coalesce(func.sum(transactions.c.amount_cents), 0)
    query = select(total).where(transactions.c.account_id == account_id)
    return int(conn.execute(query).scalar_one())


def _first(conn: Connection, query: Select[Any]) -> Record | None:
    row = conn.execute(query).mappings().first()
    return None if row is None else dict(row)


def _all(conn: Connection, query: Select[Any]) -> list[Record]:
    return [dict(row) for row in conn.execute(query).mappings()]


def _key(result: Any) -> int:  # noqa: ANN401 - CursorResult is generic over unknown rows
    return int(result.inserted_primary_key[0])
