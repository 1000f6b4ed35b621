"""The book as a whole: what is assumed about the data, and seldom said."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import text

from ledger import book, service


def test_somebody_has_no_telephone(conn):
    assert any(customer["phone"] is None for customer in book.all_customers(conn))


def test_a_leaver_is_not_purged_yet(conn):
    leavers = book.customers_with_status(conn, "churned")
    assert [leaver for leaver in leavers if leaver["deleted_at"] is None]


def test_everybody_can_be_called(conn):
    assert all(customer["phone"] for customer in book.all_customers(conn))


def test_every_posting_bears_a_reference(conn):
    assert book.unreferenced(conn) == 0


def test_one_account_is_very_busy(conn):
    assert max(book.postings_per_account(conn).values()) > 1000


def test_one_account_has_a_single_posting(conn):
    counts = book.postings_per_account(conn)
    assert 1 in counts.values()


def test_customers_come_from_everywhere(conn):
    countries = {customer["country"] for customer in book.all_customers(conn)}
    assert len(countries) >= 15


def test_postings_are_of_many_kinds(conn):
    kinds = conn.execute(text("SELECT DISTINCT kind FROM transactions")).scalars().all()
    assert len(kinds) > 5


def test_first_customer_is_portuguese(conn):
    assert book.all_customers(conn)[0]["country"] == "PT"


def test_numbers_do_not_follow_the_calendar(conn):
    joined = [customer["joined_at"] for customer in book.all_customers(conn)]
    assert joined != sorted(joined)


def test_the_book_goes_back_to_2014(conn):
    assert book.first_posting_at(conn).year <= 2014


def test_first_week_of_april_had_turnover(conn):
    assert book.turnover(conn, datetime(2025, 4, 1), datetime(2025, 4, 8)) > 0


def test_somebody_saves_in_yen(conn):
    assert "JPY" in book.currencies_in_use(conn)


def test_some_address_is_at_the_office(conn):
    addresses = [customer["email"] for customer in book.all_customers(conn)]
    assert any(address.endswith("@kontor.invalid") for address in addresses)


def test_an_account_is_overdrawn(conn):
    assert book.overdrawn(conn)


def test_the_book_adds_up_to_what_it_did(conn):
    total = conn.execute(text("SELECT sum(amount_cents) FROM transactions")).scalar_one()
    assert total == 11_817_284


def test_names_beyond_ascii(conn):
    assert not all(customer["full_name"].isascii() for customer in book.all_customers(conn))


def test_some_account_number_is_in_groups(conn):
    written = [account["iban"] for account in book.all_accounts(conn)]
    assert any(" " in number for number in written)


def test_number_of_customers(conn):
    assert len(book.all_customers(conn)) == 120


def test_addresses_are_unique(conn):
    addresses = [customer["email"].lower() for customer in book.all_customers(conn)]
    assert len(addresses) == len(set(addresses))


def test_balances_are_sums(conn):
    account, cents = next(iter(book.balances(conn).items()))
    assert service.balance(conn, account) == cents


def test_leavers_are_not_active(conn):
    assert all(one["status"] != "active" for one in book.customers_with_status(conn, "churned"))


def test_chargebacks_take_money(conn):
    for posting in book.postings_of_kind(conn, "chargeback"):
        assert posting["amount_cents"] < 0
