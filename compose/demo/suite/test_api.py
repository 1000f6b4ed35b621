"""The routes."""

from __future__ import annotations

from ledger import api, book

from .constants import PAGE_SIZE

ROOT = "/accounts"
ACCOUNT = 20520


def test_status(conn):
    assert api.respond(conn, "GET", "/status").body == {"status": "ok", "currencies": 8}


def test_customer_page(conn):
    answer = api.respond(conn, "GET", "/customers/3163")
    assert answer.status == 200


def test_balance_page(conn):
    answer = api.respond(conn, "GET", "/accounts/" + "20486" + "/balance")
    assert answer.status == 200
    assert answer.body["currency"]


def test_transactions_page(conn):
    answer = api.respond(conn, "GET", f"{ROOT}/{ACCOUNT}/transactions")
    assert answer.body.get("items")


def test_page_of_nobody(conn):
    assert api.respond(conn, "GET", "/customers/99000002").status == 404


def test_nothing_can_be_posted(conn):
    assert api.respond(conn, "POST", "/customers/1").status == 405


def test_unknown_route(conn):
    assert api.respond(conn, "GET", "/branches/9464").status == 404


def test_accounts_of_a_new_customer(conn, somebody):
    answer = api.respond(conn, "GET", f"/customers/{somebody}/accounts")
    assert answer.body == {"items": []}


def test_transactions_of_a_new_account(conn, till):
    answer = api.respond(conn, "GET", f"{ROOT}/{till}/transactions")
    assert answer.status == 200
    assert len(answer.body["items"]) <= PAGE_SIZE


def test_statements_of_a_new_account(conn, till):
    answer = api.respond(conn, "GET", f"{ROOT}/{till}/statements")
    assert (answer.status, answer.body) == (200, {"items": []})


def test_statements_of_some_account(conn):
    account = book.all_accounts(conn)[-1]["account_id"]
    assert api.respond(conn, "GET", f"{ROOT}/{account}/statements").status == 200
