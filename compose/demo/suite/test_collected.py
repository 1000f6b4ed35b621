"""Tests whose cases are read from the database while they are collected."""

from __future__ import annotations

import pytest

from ledger import book, service

from . import lookups


@pytest.mark.parametrize("account_id", lookups.largest_accounts(2))
def test_large_account_is_not_overdrawn(conn, account_id):
    assert service.balance(conn, account_id) > 0


@pytest.mark.parametrize("period", lookups.periods())
def test_period_is_a_month(period):
    assert 1 <= int(period.split("-")[1]) <= 12


@pytest.mark.parametrize("code", lookups.currencies())
def test_currency_in_use_is_known(conn, code):
    assert code in book.all_currencies(conn)
