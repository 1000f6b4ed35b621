"""What both simulations share: a book in memory, a clock, a seed, and rows to take away."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, insert, select, text

from ledger import service
from ledger.engine import open_engine
from ledger.schema import METADATA, NUMBERED, currencies

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ledger.clock import ManualClock
    from simulation.names import Person

Rows = dict[str, list[dict[str, Any]]]

CURRENCIES = (
    ("CHF", "Swiss franc", 2),
    ("CZK", "Czech koruna", 2),
    ("DKK", "Danish krone", 2),
    ("EUR", "euro", 2),
    ("GBP", "pound sterling", 2),
    ("JPY", "yen", 0),
    ("PLN", "Polish zloty", 2),
    ("USD", "US dollar", 2),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """One simulated environment: everything that happens, happens through it."""

    conn: Connection
    rng: Random
    clock: ManualClock

    def welcome(self, person: Person) -> int:
        """Register somebody now."""
        return service.register_customer(
            self.conn,
            full_name=person.full_name,
            email=person.email,
            country=person.country,
            phone=person.phone,
            now=self.clock.now(),
        )

    def open_account(
        self,
        customer_id: int,
        iban: str,
        currency: str,
        nickname: str | None,
    ) -> int:
        """Open an account now."""
        return service.open_account(
            self.conn,
            customer_id=customer_id,
            iban=iban,
            currency=currency,
            nickname=nickname,
            now=self.clock.now(),
        )

    def post(self, account_id: int, cents: int, kind: str, reference: str | None = None) -> None:
        """Book an amount now."""
        now = self.clock.now()
        service.post(self.conn, account_id, cents, kind=kind, now=now, reference=reference)


def live(
    seed: int,
    clock: ManualClock,
    last_keys: Iterable[int],
    history: Callable[[World], None],
) -> Rows:
    """Let `history` happen in an empty book and return every row of every table.

    `last_keys` are the keys after which customers, accounts, transactions and statements
    count up, in this order.
    """
    engine = open_engine("sqlite://")
    with engine.begin() as conn:
        METADATA.create_all(conn)
        conn.execute(insert(currencies), [_currency(*line) for line in CURRENCIES])
        for table, last in zip(NUMBERED, last_keys, strict=True):
            start = text("INSERT INTO sqlite_sequence (name, seq) VALUES (:name, :seq)")
            conn.execute(start, {"name": table.name, "seq": last})
        history(World(conn=conn, rng=Random(seed), clock=clock))  # noqa: S311 - a simulation
        return _rows(conn)


def _currency(code: str, name: str, minor_digits: int) -> dict[str, Any]:
    return {"code": code, "name": name, "minor_digits": minor_digits}


def _rows(conn: Connection) -> Rows:
    return {
        table.name: [
            dict(row)
            for row in conn.execute(select(table).order_by(*table.primary_key.columns)).mappings()
        ]
        for table in METADATA.sorted_tables
    }
