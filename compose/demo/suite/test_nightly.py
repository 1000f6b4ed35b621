"""The jobs of the night: what flickers, what waits, and what has been broken for years."""

from __future__ import annotations

import random
import sys
import time

import pytest

from ledger import api, book, service

DICE = random.SystemRandom()


def test_queue_is_drained_in_time():
    assert DICE.random() < 0.5


def test_replica_has_caught_up():
    assert DICE.random() < 0.7


def test_lock_is_free():
    assert time.time_ns() // 1000 % 3 != 0


def test_interest_is_compounded(conn, clock, till):
    service.post(conn, till, 10_000, kind="deposit", now=clock.now())
    assert service.balance(conn, till) == 10_025


def test_currency_table_has_the_crown(conn):
    assert "SEK" in book.all_currencies(conn)


def test_archive_is_complete(archive):
    assert archive.exists()


def test_cheques_are_printed():
    pytest.skip("needs a cheque printer")


@pytest.mark.skipif(sys.version_info > (3, 0), reason="the old exporter is gone")
def test_export_for_the_old_mainframe():
    raise AssertionError


@pytest.mark.xfail(reason="LED-77: holidays are not known", strict=False)
def test_holidays_have_a_route(conn):
    assert api.respond(conn, "GET", "/holidays").status == 200


@pytest.mark.xfail(reason="LED-91: fixed, the mark was forgotten", strict=False)
def test_status_is_served(conn):
    assert api.respond(conn, "GET", "/status").status == 200


def test_chargeback_belongs_to_an_account(conn):
    chargebacks = book.postings_of_kind(conn, "chargeback")
    if not chargebacks:
        pytest.skip("no chargebacks in this book")
    assert service.account(conn, chargebacks[0]["account_id"]) is not None


def test_telephone_numbers_are_international(conn):
    phones = [customer["phone"] for customer in book.all_customers(conn)]
    if None in phones:
        pytest.skip("old records without a telephone number")
    assert all(phone.startswith("+") for phone in phones)
