"""Accounts: their numbers, their owners, their currencies."""

from __future__ import annotations

import pytest

from ledger import book, numbers, service

from . import lookups
from .constants import LIMIT_CENTS, PORTFOLIO_ACCOUNT

ESCALATIONS = lookups.cases("escalations.json")


class TestClearing:
    account_id = 20411

    def test_is_kept_in_euro(self, conn):
        assert service.account(conn, self.account_id)["currency"] == "EUR"

    def test_has_seen_thousands(self, conn):
        assert len(service.transactions_of(conn, self.account_id)) > 2000


def test_portfolio_account_has_an_owner(conn):
    assert service.account(conn, PORTFOLIO_ACCOUNT)["customer_id"]


def test_account_by_number(conn):
    assert service.account_with_iban(conn, "GB73DEMO99014100007975") is not None


def test_account_by_number_from_a_letter(conn):
    found = service.account_with_iban(conn, "GB32 DEMO 9901 4100 0081 31")
    assert found is not None


def test_customer_has_accounts(conn):
    assert service.accounts_of(conn, 3177)


@pytest.mark.parametrize("case", ESCALATIONS, ids=[case["name"] for case in ESCALATIONS])
def test_escalated_account_is_open(conn, case):
    found = service.account(conn, case["account_id"])
    assert found is not None


def test_opened_account_can_be_read(conn, till):
    assert service.account(conn, till)["currency"] == "EUR"


def test_opened_account_belongs_to_its_owner(conn, somebody, till, vault):
    keys = [account["account_id"] for account in service.accounts_of(conn, somebody)]
    assert keys == [till, vault]


def test_opened_account_is_found_by_number(conn, till):
    spelled = numbers.grouped(numbers.iban(770077, 1)).lower()
    assert service.account_with_iban(conn, spelled)["account_id"] == till


def test_opened_account_is_empty(conn, till):
    assert service.balance(conn, till) == 0


def test_wrong_check_digits_are_refused(conn, clock, somebody):
    with pytest.raises(service.RefusedError):
        service.open_account(
            conn,
            customer_id=somebody,
            iban="GB00DEMO77007700000003",
            currency="EUR",
            now=clock.now(),
        )


@pytest.mark.parametrize(
    ("written", "valid"),
    [
        ("GB62 DEMO 7700 7700 0000 04", True),
        ("GB35DEMO77007700000006", False),
        ("", False),
    ],
    ids=["good", "bad", "empty"],
)
def test_check_digits(written, valid):
    assert numbers.is_valid(written) is valid


def test_limit_of_a_deposit(conn, clock, till):
    service.post(conn, till, LIMIT_CENTS, kind="deposit", now=clock.now())
    assert service.balance(conn, till) <= LIMIT_CENTS


def test_every_account_has_a_known_currency(conn):
    known = set(book.all_currencies(conn))
    assert {account["currency"] for account in book.all_accounts(conn)} <= known


def test_every_account_number_is_valid(conn):
    assert all(numbers.is_valid(account["iban"]) for account in book.all_accounts(conn))


def test_watched_account_is_not_ours(conn, till):
    watched = {"GB46DEMO99014100008170": "fraud desk"}
    assert service.account(conn, till)["iban"] not in watched
