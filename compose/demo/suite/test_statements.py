"""Statements: their numbers, their sums, and the switch that turns them on."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy.exc import IntegrityError

from ledger import service, statements
from ledger.settings import Settings

ON = Settings(statements_enabled=True)


def test_statement_of_a_new_account(conn, clock, till):
    assert statements.issue(conn, till, "2026-09", now=clock.now())


def test_statement_closes_with_the_balance(conn, clock, till):
    service.post(conn, till, 640, kind="deposit", now=clock.now())
    number = statements.issue(conn, till, "2026-09", now=clock.now())
    assert statements.with_number(conn, number)["closing_cents"] == 640


def test_statement_of_march(conn):
    assert statements.with_number(conn, "ST-202503-00007403") is not None


def test_statement_of_an_appeal(conn):
    number = "ST-202503-" + "00007598"
    assert statements.with_number(conn, number)["closing_cents"] > 0


def test_statements_can_be_off(conn, clock, till):
    with pytest.raises(statements.StatementsDisabledError):
        statements.issue(conn, till, "2026-09", now=clock.now(), settings=Settings())


def test_statement_number_names_the_month(conn, clock, till):
    number = statements.issue(conn, till, "2026-11", now=clock.now(), settings=ON)
    assert re.fullmatch(r"ST-202611-\d{8}", number)


def test_statement_is_issued_once(conn, clock, till):
    statements.issue(conn, till, "2026-12", now=clock.now(), settings=ON)
    with pytest.raises(IntegrityError):
        statements.issue(conn, till, "2026-12", now=clock.now(), settings=ON)


def test_december_ends_with_the_year(conn, clock, till):
    service.post(conn, till, 30, kind="deposit", now=clock.now() + timedelta(days=200))
    number = statements.issue(conn, till, "2026-12", now=clock.now(), settings=ON)
    assert statements.with_number(conn, number)["closing_cents"] == 0


def test_account_without_statements(conn, till):
    assert statements.of_account(conn, till) == []
