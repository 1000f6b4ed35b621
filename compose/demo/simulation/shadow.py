"""The synthetic dataset: as many customers, none of production's oddities, other numbers.

It is what a first generator makes: complete, tidy and evenly spread. Where the old book has
a clearing account, yen, chargebacks and a past, this one has not.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from ledger import numbers, service, statements
from ledger.book import all_accounts
from ledger.clock import ManualClock
from ledger.settings import Settings
from simulation.names import shadow_person
from simulation.world import Rows, World, live

SEED = 20260202
OPENING = datetime(2026, 2, 2, 7, 0, 0)  # noqa: DTZ001 - the book is naive UTC
LAST_KEYS = (84000, 910000, 7_000_000, 66000)

CUSTOMERS = 120
CURRENCIES = ("EUR", "GBP", "DKK")
SORT_CODE = 110022
LEAVERS = (12, 47, 88)
KINDS = ("deposit", "withdrawal", "deposit", "fee")
MONTH_END = datetime(2026, 3, 1, 6, 0, 0)  # noqa: DTZ001


def history(world: World) -> None:
    """Open all accounts, keep them busy for six weeks, issue a statement for each."""
    customers = [_customer(world, serial) for serial in range(CUSTOMERS)]
    accounts = [account["account_id"] for account in all_accounts(world.conn)]
    for round_ in range(8 + 2):
        world.clock.moment = OPENING + timedelta(days=4 * (round_ + 1))
        for account in accounts:
            if round_ < 8 or world.rng.random() < 0.5:
                _posting(world, account, round_)
    on = Settings(statements_enabled=True)
    for account in accounts:
        statements.issue(world.conn, account, "2026-02", now=MONTH_END, settings=on)
    for serial in LEAVERS:
        service.mark_churned(world.conn, customers[serial])
        service.purge(world.conn, customers[serial], now=world.clock.now())


def _customer(world: World, serial: int) -> int:
    customer = world.welcome(shadow_person(world.rng, serial))
    currency = CURRENCIES[serial % len(CURRENCIES)]
    iban = numbers.iban(SORT_CODE, 50_000_000 + serial * 37)
    account = world.open_account(customer, iban, currency, "main")
    world.post(account, 50_000, "deposit", "opening")
    world.clock.advance(timedelta(minutes=9))
    return customer


def _posting(world: World, account: int, round_: int) -> None:
    kind = KINDS[round_ % len(KINDS)]
    cents = {"deposit": 5_000, "withdrawal": -2_000, "fee": -100}[kind]
    world.post(account, cents + world.rng.randrange(0, 90), kind, f"round {round_ + 1}")
    world.clock.advance(timedelta(seconds=40))


def rows() -> Rows:
    """Return the rows of the synthetic book, always the same."""
    return live(SEED, ManualClock(OPENING), LAST_KEYS, history)
