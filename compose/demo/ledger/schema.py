"""Tables of the ledger, for SQLite and PostgreSQL alike.

Amounts are whole cents, moments are naive datetimes in UTC.
"""

from __future__ import annotations

from sqlalchemy import Column, DateTime, ForeignKey, Integer, MetaData, String, Table
from sqlalchemy.dialects import sqlite

METADATA = MetaData()
WHOLE_SECONDS = sqlite.DATETIME(truncate_microseconds=True)  # type: ignore[no-untyped-call]
MOMENT = DateTime().with_variant(WHOLE_SECONDS, "sqlite")

currencies = Table(
    "currencies",
    METADATA,
    Column("code", String(3), primary_key=True),
    Column("name", String(40), nullable=False),
    Column("minor_digits", Integer, nullable=False),
)

customers = Table(
    "customers",
    METADATA,
    Column("customer_id", Integer, primary_key=True),
    Column("full_name", String(120), nullable=False),
    Column("email", String(120), nullable=False, unique=True),
    Column("phone", String(24)),
    Column("country", String(2), nullable=False),
    Column("status", String(10), nullable=False),
    Column("joined_at", MOMENT, nullable=False),
    Column("deleted_at", MOMENT),
    sqlite_autoincrement=True,
)

accounts = Table(
    "accounts",
    METADATA,
    Column("account_id", Integer, primary_key=True),
    Column("customer_id", ForeignKey("customers.customer_id"), nullable=False, index=True),
    Column("iban", String(34), nullable=False, unique=True),
    Column("currency", ForeignKey("currencies.code"), nullable=False),
    Column("nickname", String(40)),
    Column("opened_at", MOMENT, nullable=False),
    sqlite_autoincrement=True,
)

transactions = Table(
    "transactions",
    METADATA,
    Column("transaction_id", Integer, primary_key=True),
    Column("account_id", ForeignKey("accounts.account_id"), nullable=False, index=True),
    Column("kind", String(12), nullable=False),
    Column("amount_cents", Integer, nullable=False),
    Column("booked_at", MOMENT, nullable=False),
    Column("reference", String(40)),
    sqlite_autoincrement=True,
)

statements = Table(
    "statements",
    METADATA,
    Column("statement_id", Integer, primary_key=True),
    Column("account_id", ForeignKey("accounts.account_id"), nullable=False, index=True),
    Column("number", String(24), nullable=False, unique=True),
    Column("period", String(7), nullable=False),
    Column("opening_cents", Integer, nullable=False),
    Column("closing_cents", Integer, nullable=False),
    Column("issued_at", MOMENT, nullable=False),
    sqlite_autoincrement=True,
)

NUMBERED = (customers, accounts, transactions, statements)
"""The tables whose keys the database counts up."""
