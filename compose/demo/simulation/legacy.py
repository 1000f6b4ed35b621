"""Forty-five days in the life of a ledger that has been in use for too long.

The service's own functions do all of it. What production has and a specification has not:
a clearing account with thousands of transactions beside many with a single one, a book taken
over from another bank with moments of 2014 and account numbers written in groups, missing
telephone numbers and references, names outside ASCII, chargebacks, an overdraft, and a
customer who left on the one night on which the purge did not run.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from ledger import numbers, service, statements
from ledger.book import all_accounts
from ledger.clock import ManualClock
from ledger.settings import Settings
from simulation.names import Person, legacy_person
from simulation.world import Rows, World, live

SEED = 20250303
OPENING = datetime(2025, 3, 3, 6, 0, 0)  # noqa: DTZ001 - the book is naive UTC
DAYS = 45
LAST_KEYS = (3106, 20410, 500000, 7100)

NEWCOMERS = 110
TAKEN_OVER = 10
TAKEOVER_DAY = 20
MONTH_END = 28
CHURN_DAYS = {15: 4, 22: 9, 30: 17, 38: 23, 41: 31}
NIGHT_WITHOUT_PURGE = 38
CHARGEBACK_DAYS = {9, 17, 33}
OVERDRAFT_DAY = 40
YEN_SERIALS = {41, 73}
SORT_CODE = 990141
OLD_SORT_CODE = 990007
NICKNAMES = ("household", "rent", "holiday", "Sparbuch", "réserve")
REFERENCES = ("rent", "groceries", "invoice", "salary", "tram pass", "Strøm", "café")

CLEARING_HOUSE = Person(
    full_name="Câmara de Compensação Atlântida",
    email="operacoes@clearing.invalid",
    country="PT",
    phone=None,
)


class Activity:
    """The days of the old book, one method for everything that may happen on one."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.serial = 0
        self.customers: list[int] = []
        self.busy: list[int] = []
        self.clearing = 0

    def run(self) -> None:
        """Live all days, from the opening of the clearing account to the last night."""
        clock = self.world.clock
        owner = self.world.welcome(CLEARING_HOUSE)
        self.clearing = self.world.open_account(owner, numbers.iban(SORT_CODE, 1), "EUR", None)
        for day in range(DAYS):
            clock.moment = OPENING + timedelta(days=day)
            self.newcomers(day)
            if day == TAKEOVER_DAY:
                self.takeover()
            self.clear_cards()
            self.daily_business(day)
            if day == MONTH_END:
                self.month_end()
            if day in CHURN_DAYS:
                self.churn(day)

    def newcomers(self, day: int) -> None:
        """Two or three people a day; a third of them go on using their account."""
        already = len(self.customers)
        for _ in range((NEWCOMERS - 1) * (day + 1) // DAYS - already):
            self.serial += 1
            customer = self.world.welcome(legacy_person(self.world.rng, self.serial))
            self.customers.append(customer)
            account = self.account_for(customer, self.serial)
            self.world.post(account, self.world.rng.randrange(2_000, 90_000, 50), "deposit")
            if self.serial % 3 == 1:
                self.busy.append(account)
            self.pause()

    def account_for(self, customer: int, serial: int) -> int:
        """Open a first account: in yen for two of them, without a nickname for most."""
        currency = "JPY" if serial in YEN_SERIALS else ("EUR", "EUR", "GBP", "DKK")[serial % 4]
        nickname = self.world.rng.choice(NICKNAMES) if serial % 5 == 0 else None
        iban = numbers.iban(SORT_CODE, 7_000 + serial * 13)
        return self.world.open_account(customer, iban, currency, nickname)

    def clear_cards(self) -> None:
        """Book the cards of the day: this is the account that has thousands."""
        for _ in range(self.world.rng.randrange(48, 58)):
            cents = self.world.rng.randrange(250, 12_000)
            sign = self.world.rng.choice((1, 1, -1))
            self.world.post(self.clearing, sign * cents, "card", "cards")
            self.pause(1)

    def daily_business(self, day: int) -> None:
        """Book postings and a transfer on the accounts in use, most without a reference."""
        rng = self.world.rng
        for _ in range(9):
            kind = rng.choice(("deposit", "deposit", "withdrawal", "fee"))
            amounts = {"deposit": rng.randrange(500, 40_000, 5), "fee": -250}
            cents = amounts.get(kind, -rng.randrange(500, 20_000, 5))
            reference = rng.choice(REFERENCES) if rng.random() < 0.4 else None
            self.world.post(rng.choice(self.busy), cents, kind, reference)
            self.pause()
        if len(self.busy) > 1:
            source, target = rng.choice(self.busy[:-1]), self.busy[-1]
            cents = rng.randrange(1_000, 9_000)
            service.transfer(self.world.conn, source, target, cents, now=self.world.clock.now())
        if day in CHARGEBACK_DAYS:
            self.world.post(rng.choice(self.busy), -rng.randrange(1_000, 5_000), "chargeback")
        if day == OVERDRAFT_DAY:
            for account in self.busy[2:4]:
                self.world.post(account, -1_250_000, "withdrawal", "garnishment")

    def takeover(self) -> None:
        """Take over the book of another bank, as it was: its moments and spelling included."""
        clock, today = self.world.clock, self.world.clock.now()
        for number in range(TAKEN_OVER):
            self.serial += 1
            clock.moment = datetime(2014, 5, 12, 9, 30) + timedelta(days=number * 17)  # noqa: DTZ001
            customer = self.world.welcome(legacy_person(self.world.rng, self.serial))
            iban = numbers.grouped(numbers.iban(OLD_SORT_CODE, 310 + number * 29))
            account = self.world.open_account(customer, iban, "EUR", None)
            for _ in range(2 + number % 4):
                self.world.post(account, self.world.rng.randrange(1_000, 30_000), "deposit")
                clock.advance(timedelta(days=31))
        clock.moment = today

    def month_end(self) -> None:
        """Issue March's statement for every account that has been open for a week."""
        now = self.world.clock.now()
        on = Settings(statements_enabled=True)
        for account in all_accounts(self.world.conn):
            if account["opened_at"] < now - timedelta(days=7):
                key = account["account_id"]
                statements.issue(self.world.conn, key, "2025-03", now=now, settings=on)

    def churn(self, day: int) -> None:
        """Let a customer go. The purge runs the same night, but for one night."""
        leaver = self.customers[CHURN_DAYS[day]]
        service.mark_churned(self.world.conn, leaver)
        if day != NIGHT_WITHOUT_PURGE:
            tonight = self.world.clock.now().replace(hour=23, minute=30)
            service.purge(self.world.conn, leaver, now=tonight)

    def pause(self, minutes: int = 7) -> None:
        """Let a little time pass."""
        self.world.clock.advance(timedelta(minutes=self.world.rng.randrange(1, minutes + 1)))


def rows() -> Rows:
    """Return the rows of the old book, always the same."""
    return live(SEED, ManualClock(OPENING), LAST_KEYS, lambda world: Activity(world).run())
