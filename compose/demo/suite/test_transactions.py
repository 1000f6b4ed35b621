"""Transactions: postings, transfers and what they add up to."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text

from ledger import book, service

from . import lookups
from .constants import RETRIES

FEES = lookups.cases("fees.json")


def test_deposit_raises_the_balance(conn, clock, till):
    service.post(conn, till, 12_500, kind="deposit", now=clock.now())
    assert service.balance(conn, till) == 12_500


def test_withdrawal_lowers_the_balance(conn, clock, till):
    service.post(conn, till, 900, kind="deposit", now=clock.now())
    service.post(conn, till, -400, kind="withdrawal", now=clock.now())
    assert service.balance(conn, till) == 500


def test_nothing_cannot_be_posted(conn, clock, till):
    with pytest.raises(service.RefusedError):
        service.post(conn, till, 0, kind="deposit", now=clock.now())


@pytest.mark.parametrize("cents", [1, 99, 10_000])
def test_transfer_keeps_the_sum(conn, clock, till, vault, cents):
    service.transfer(conn, till, vault, cents, now=clock.now())
    assert service.balance(conn, till) + service.balance(conn, vault) == 0


@pytest.mark.parametrize("cents", [0, -5])
def test_transfer_of_nothing_is_refused(conn, clock, till, vault, cents):
    with pytest.raises(service.RefusedError):
        service.transfer(conn, till, vault, cents, now=clock.now())


def test_both_ends_of_a_transfer_agree(conn, clock, till, vault):
    service.transfer(conn, till, vault, 75, now=clock.now())
    (out,) = service.transactions_of(conn, till)
    (into,) = service.transactions_of(conn, vault)
    assert out["reference"] == into["reference"] == "transfer 260901"


def test_transactions_come_in_order(conn, clock, till):
    for hours in (30, 10, 20):
        moment = clock.now() + timedelta(hours=hours)
        service.post(conn, till, hours, kind="deposit", now=moment)
    assert [line["amount_cents"] for line in service.transactions_of(conn, till)] == [10, 20, 30]


@pytest.mark.parametrize("case", FEES, ids=[case["name"] for case in FEES])
def test_fees_add_up(conn, clock, till, case):
    for _ in range(case["postings"]):
        service.post(conn, till, -250, kind="fee", now=clock.now())
    assert service.balance(conn, till) == case["cents"]


def test_repeated_postings_are_all_kept(conn, clock, till):
    keys = {service.post(conn, till, 5, kind="deposit", now=clock.now()) for _ in range(RETRIES)}
    assert len(keys) == RETRIES


def test_disputed_posting(conn):
    query = text("SELECT kind FROM transactions WHERE transaction_id = :wanted")
    assert conn.execute(query, {"wanted": 501171}).scalar() == "chargeback"


def test_balance_of_the_oldest_account(conn):
    assert service.balance(conn, 20462) == 55_486


def test_saver_has_not_touched_the_account(conn):
    saver = 20519
    (only,) = service.transactions_of(conn, saver)
    assert only["kind"] == "deposit"


def test_currencies_are_seeded(conn):
    assert len(book.all_currencies(conn)) == 8


def test_incident_adds_up(conn, clock, till):
    (incident,) = lookups.cases("incident.json")
    for cents in incident["amounts"]:
        service.post(conn, till, cents, kind="card", now=clock.now(), reference=incident["ticket"])
    assert service.balance(conn, till) == 780
