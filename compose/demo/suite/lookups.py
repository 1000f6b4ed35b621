"""Lookups that the tests share."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ledger import book, service, statements
from ledger.engine import open_engine

if TYPE_CHECKING:
    from sqlalchemy import Connection

DATA = Path(__file__).parent / "data"


def contact_of(conn: Connection, customer_id: int = 3192) -> str:
    """Return the address of a customer; without a number, of the one in the manual."""
    return str(service.customer(conn, customer_id)["email"])


def cases(name: str) -> list[dict[str, Any]]:
    """Read test cases from a JSON file."""
    return list(json.loads((DATA / name).read_text(encoding="utf-8")))


def table(name: str) -> list[dict[str, str]]:
    """Read test cases from a CSV file."""
    with (DATA / name).open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def largest_accounts(count: int) -> list[int]:
    """Ask the database, while tests are collected, for the accounts with the most money."""
    engine = open_engine()
    with engine.connect() as conn:
        ranked = sorted(book.balances(conn).items(), key=lambda item: (-item[1], item[0]))
    engine.dispose()
    return [account for account, _ in ranked[:count]]


def periods() -> list[str]:
    """Ask the database, while tests are collected, for which months statements exist."""
    engine = open_engine()
    with engine.connect() as conn:
        first = book.all_accounts(conn)[0]["account_id"]
        found = {statement["period"] for statement in statements.of_account(conn, first)}
    engine.dispose()
    return sorted(found)


def currencies() -> list[str]:
    """Ask the database, while tests are collected, for the currencies of all accounts."""
    engine = open_engine()
    with engine.connect() as conn:
        found = book.currencies_in_use(conn)
    engine.dispose()
    return found
