"""The ledger's routes, without a server: a request goes in, a status and a body come out."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ledger import book, service, statements
from ledger.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection


@dataclass(frozen=True, slots=True)
class Response:
    """What a route answers: an HTTP status and a body."""

    status: int
    body: dict[str, Any] = field(default_factory=dict)


NOT_FOUND = Response(404, {"error": "not found"})


def respond(conn: Connection, method: str, path: str) -> Response:
    """Answer a request; the API only reads."""
    for pattern, route in ROUTES:
        match = re.fullmatch(pattern, path)
        if match is not None:
            if method != "GET":
                return Response(405, {"error": f"{method} is not allowed"})
            return route(conn, *(int(group) for group in match.groups()))
    return NOT_FOUND


def _status(conn: Connection) -> Response:
    return Response(200, {"status": "ok", "currencies": len(book.all_currencies(conn))})


def _customer(conn: Connection, customer_id: int) -> Response:
    found = service.find_customer(conn, customer_id)
    return NOT_FOUND if found is None else Response(200, found)


def _accounts(conn: Connection, customer_id: int) -> Response:
    if service.find_customer(conn, customer_id) is None:
        return NOT_FOUND
    return Response(200, {"items": service.accounts_of(conn, customer_id)})


def _balance(conn: Connection, account_id: int) -> Response:
    found = service.account(conn, account_id)
    if found is None:
        return NOT_FOUND
    body = {"cents": service.balance(conn, account_id), "currency": found["currency"]}
    return Response(200, body)


def _transactions(conn: Connection, account_id: int) -> Response:
    if service.account(conn, account_id) is None:
        return NOT_FOUND
    return Response(200, {"items": service.transactions_of(conn, account_id)})


def _statements(conn: Connection, account_id: int) -> Response:
    if not Settings.from_environment().statements_enabled:
        return Response(503, {"error": "statements are switched off"})
    if service.account(conn, account_id) is None:
        return NOT_FOUND
    return Response(200, {"items": statements.of_account(conn, account_id)})


ROUTES: tuple[tuple[str, Callable[..., Response]], ...] = (
    (r"/status", _status),
    (r"/customers/(\d+)", _customer),
    (r"/customers/(\d+)/accounts", _accounts),
    (r"/accounts/(\d+)/balance", _balance),
    (r"/accounts/(\d+)/transactions", _transactions),
    (r"/accounts/(\d+)/statements", _statements),
)
